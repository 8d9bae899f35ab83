"""A line of progress for long work on a terminal.

It tells what is done, how fast it goes and how long it will take. tqdm would add nothing to that
but a dependency: here work has one loop, whose length is known.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from pycwt_mod.backends import NoControl

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwt_mod.backends import Control

    Emit = Callable[[int, Any], None]

#: Seconds after which work counts as long; what is shorter shows nothing.
LONG = 2.0
#: Seconds between two looks of the line.
_PAUSE = 0.1


def progress_line(wanted: bool, count: int) -> Control | None:
    """A control that shows progress on standard error, where that is a terminal."""
    if not (wanted and sys.stderr.isatty()):
        return None
    return _ProgressControl(ProgressLine("coherence of noise", "realisations", count, after=0.0))


def row_progress(what: str, count: int, emit: Emit) -> Emit:
    """``emit`` with a line of progress, where standard error is a terminal and the work is long.

    Args:
        what: is being done.
        count: rows in all.
        emit: takes the number of a row and what fills it; any thread may call it.

    Returns:
        What takes its place; ``emit`` itself where there is no terminal.
    """
    if not sys.stderr.isatty():
        return emit
    line, lock, done = ProgressLine(what, "scales", count), threading.Lock(), 0

    def counted(j: int, fill: Any) -> None:
        nonlocal done
        emit(j, fill)
        with lock:
            done += 1
            line.show(done)

    return counted


class ProgressLine:
    """One line on standard error, written over again and again.

    Args:
        what: is being done.
        unit: of what is counted.
        count: of it in all.
        after: seconds before the line appears.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        what: str,
        unit: str,
        count: int,
        *,
        after: float = LONG,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._unit, self._count = what, unit, count
        self._clock = clock
        self._started = clock()
        self._next = self._started + after
        self._done = 0
        self._width = 0

    def show(self, done: int) -> None:
        """Write how far it is, unless it did so just now."""
        now = self._clock()
        if done < self._done:  # a run in stages starts counting anew
            self._started = now
        self._done = done
        over = done >= self._count
        # The end of a line is shown at once, but a line isn't begun with it.
        if now < self._next and not (over and self._width):
            return
        self._next = now + _PAUSE
        elapsed = now - self._started
        text = f"{self._what}: {done:,} of {self._count:,} {self._unit}"
        if over:
            text += f" in {_span(elapsed)}"
        elif done > 0 and elapsed > 0:
            rate = done / elapsed
            text += f", {rate:.3g}/s, {_span((self._count - done) / rate)} left"
        # Blanks cover what a longer line has left behind.
        sys.stderr.write(f"\r{text:<{self._width}}" + ("\n" if over else ""))
        sys.stderr.flush()
        self._width = 0 if over else len(text)


class _ProgressControl(NoControl):
    def __init__(self, line: ProgressLine) -> None:
        self._line = line

    def advance(self, done: int) -> None:
        """Show it."""
        self._line.show(done)


def _span(seconds: float) -> str:
    """Seconds as people say them: 0.4 s, 12 s, 3:05 min, 2:10 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
