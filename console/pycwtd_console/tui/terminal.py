"""The terminal: whether there is one that the console can be shown on, and its end."""

from __future__ import annotations

import locale
import os
import select
import signal
import sys
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

#: Fewer columns and lines than that show nothing that is of use.
LEAST = (60, 15)


def trouble() -> str | None:
    """Why the console can't be shown here, and what to do; None where it can."""
    if not all(stream is not None and stream.isatty() for stream in _streams()):
        return (
            "this isn't a terminal: the console needs one for what it shows and for the keys; "
            "pycwtctl is for pipes and scripts"
        )
    if os.environ.get("TERM", "") in {"", "dumb"}:
        return (
            f"a terminal of the type {os.environ.get('TERM', '')!r} can't move its cursor; "
            "set TERM to what it is, such as TERM=xterm-256color"
        )
    encoding = locale.getencoding() if hasattr(locale, "getencoding") else sys.stderr.encoding
    if encoding.lower().replace("-", "").replace("_", "") != "utf8":
        return (
            f"the locale's encoding is {encoding}, and the console draws with characters that "
            "only UTF-8 has; where the terminal knows them, 'LC_ALL=C.UTF-8 pycwtd-console' does"
        )
    return None


def _streams() -> tuple[TextIO | None, ...]:
    return (sys.stdin, sys.stdout, sys.__stderr__)


@contextmanager
def painted(line: str) -> Iterator[None]:
    """Show the first line of the screen while what draws the rest is loaded.

    That takes a third of a second, in which a person would look at nothing.
    """
    width = os.get_terminal_size(sys.stderr.fileno()).columns
    sys.stderr.write(f"\x1b[?1049h\x1b[2J\x1b[H\x1b[7m{line[:width].ljust(width)}\x1b[0m")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write("\x1b[?1049l")
        raise


def end_with_terminal() -> None:
    """Let the process end when its terminal goes, whoever has told it to outlive that.

    Reading from a terminal that has gone returns nothing, at once and for ever, and writing to
    it fails: there is nothing left to do, and nothing to say it to.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    Thread(target=_watch, args=(sys.stdin.fileno(),), name="terminal", daemon=True).start()


def _watch(terminal: int) -> None:
    poll = select.poll()
    # A hangup and an error are told of without being asked for.
    poll.register(terminal, 0)
    poll.poll()
    os.kill(os.getpid(), signal.SIGHUP)
