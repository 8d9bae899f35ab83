"""A line of progress for long work on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pycwt_mod.backends import NoControl

if TYPE_CHECKING:
    from pycwt_mod.backends import Control


def progress_line(wanted: bool, count: int) -> Control | None:
    """A control that shows progress on standard error, where that is a terminal."""
    return _ProgressLine(count) if wanted and sys.stderr.isatty() else None


class _ProgressLine(NoControl):
    def __init__(self, count: int) -> None:
        self._count = count

    def advance(self, done: int) -> None:
        """Write over the line before."""
        end = "\n" if done >= self._count else ""
        sys.stderr.write(f"\rcoherence of noise: {done} of {self._count} realisations{end}")
        sys.stderr.flush()
