"""``pycwtctl events --record``: what happens, for the console to play."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd_console.ctl.connection import ask
from pycwtd_console.ctl.session import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd_console.ctl.session import Session


def record_to(session: Session, target: Path) -> None:
    """Record what happens until Ctrl-C.

    Raises:
        InputError: the file is there already.
    """
    from pycwtd_console.tui.recorder import record  # noqa: PLC0415 - --help doesn't need it

    if target.exists():
        raise InputError(f"{target} is there already; a recording doesn't replace it")
    session.say(f"recording into {target}; Ctrl-C ends it")
    try:
        ask(session, lambda client: record(client, target))
    except KeyboardInterrupt:
        session.say(f"play it with pycwtd-console --replay {target}")
