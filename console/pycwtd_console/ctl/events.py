"""``pycwtctl events``: what happens, as it happens."""

from __future__ import annotations

from pathlib import Path

import click

from pycwtd_console.ctl.connection import ask
from pycwtd_console.ctl.session import InputError, Session, json_option, pass_session


@click.command()
@click.option(
    "--record",
    "target",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a recording for pycwtd-console --replay, until Ctrl-C.",
)
@json_option
@pass_session
def events(session: Session, target: Path) -> None:
    """Record what happens."""
    from pycwtd_console.tui.recorder import record  # noqa: PLC0415 - --help doesn't need it

    if target.exists():
        raise InputError(f"{target} is there already; a recording doesn't replace it")
    session.say(f"recording into {target}; Ctrl-C ends it")
    try:
        ask(session, lambda client: record(client, target))
    except KeyboardInterrupt:
        session.say(f"play it with pycwtd-console --replay {target}")
