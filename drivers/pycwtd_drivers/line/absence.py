"""Waiting for a board that was unplugged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pycwt_mod.backends import BackendUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Between two looks.
LOOK_SECONDS = 0.05


class Absence:
    """One board that is away, from the first time that it isn't found.

    Args:
        seconds: that it is waited for.
        beat: called between two looks; may raise.
    """

    def __init__(self, seconds: float, beat: Callable[[], None]) -> None:
        self._seconds, self._beat = seconds, beat
        self._since: float | None = None

    def wait(self, error: Exception) -> None:
        """Wait until the next look.

        Args:
            error: what the last one has found.

        Raises:
            BackendUnavailableError: it has been away for too long.
        """
        self._since = self._since or time.monotonic()
        if time.monotonic() - self._since > self._seconds:
            raise BackendUnavailableError(
                f"{error}; it was waited for, {self._seconds:g} s"
            ) from None
        time.sleep(LOOK_SECONDS)
        self._beat()
