"""Running the programs that an upgrade is made of, and telling what comes of it."""

from __future__ import annotations

import os
import subprocess
import syslog
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "pycwtd"
#: Unless the configuration names another one.
STATE = "/var/lib/pycwtd"
#: Of dpkg and of a backup, however large (seconds).
LONG = 6 * 3600.0
#: Of a question (seconds).
SHORT = 60.0


class RefusedError(Exception):
    """It can't be begun; nothing was changed."""


class UnwellError(Exception):
    """The daemon isn't well; the text says in what."""


def say(text: str) -> None:
    """Tell it, and the journal; a terminal that is gone is no reason to stop half-way."""
    with suppress(OSError):
        print(text, flush=True)
    syslog.syslog(text)


def run(
    words: list[str | Path], seconds: float = SHORT, user: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end.

    Args:
        words: it and its arguments.
        seconds: that it may take.
        user: to run it as.

    Raises:
        UnwellError: it doesn't end in time, or isn't there.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYCWTD_")}
    environment = {**kept, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    if user:
        # As systemd has it for the service.
        environment["STATE_DIRECTORY"] = STATE
    try:
        return subprocess.run(  # noqa: S603 - no shell
            words,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            env=environment,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        shown = " ".join(map(str, words))
        raise UnwellError(f"{shown!r} hasn't ended within {seconds:.0f} s") from None
    except OSError as error:
        raise UnwellError(f"{words[0]}: {error.strerror}") from None


def need(words: list[str | Path], seconds: float = SHORT, user: str | None = None) -> str:
    """What a program says on stdout.

    Raises:
        UnwellError: it fails; the text has its last words.
    """
    ran = run(words, seconds, user)
    if ran.returncode:
        told = (ran.stderr or ran.stdout).strip().splitlines()[-3:]
        shown = " ".join(map(str, words[:3]))
        raise UnwellError(f"{shown!r} ends with {ran.returncode}: {' '.join(told)}")
    return ran.stdout
