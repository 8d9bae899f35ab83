"""What the checks came to: a line each, with its time; and by name what couldn't be tried."""

from __future__ import annotations

import sys
import time
import traceback
from contextlib import contextmanager
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

from machine import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRONG = (AssertionError, MachineError, OSError, ValueError, KeyError, TimeoutExpired)


class Report:
    """Prints as it goes, and remembers what failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.passed = 0
        self._notes: list[str] = []

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """One check: what is done in it takes so long, and mustn't raise."""
        began = time.monotonic()
        self._notes = []
        try:
            yield
        except _WRONG as error:
            self.failed.append(name)
            self._line("FAILED", name, time.monotonic() - began)
            text = str(error) or "".join(traceback.format_exception(error)[-2:])
            for line in text.splitlines()[-25:]:
                print(f"            {line}")
        else:
            self.passed += 1
            self._line("ok", name, time.monotonic() - began)
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """A figure to be shown on the line of the check that is under way."""
        self._notes.append(text)

    def _line(self, word: str, name: str, seconds: float) -> None:
        notes = f": {', '.join(self._notes)}" if self._notes else ""
        print(f"{word:7}{seconds:7.2f} s  {name}{notes}")

    @staticmethod
    def untried(name: str, reason: str) -> None:
        """Name what this machine can't show."""
        print(f"untried           {name}: {reason}")

    def end(self) -> int:
        """Say what it came to; returns the exit status."""
        if self.failed:
            print(f"{len(self.failed)} of {self.passed + len(self.failed)} checks failed:")
            for name in self.failed:
                print(f"    {name}")
            return 1
        print(f"all {self.passed} checks passed")
        return 0
