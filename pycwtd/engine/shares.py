"""What each owner has had of the devices lately."""

from __future__ import annotations

import time

#: Half-life of an owner's share in the scheduler's memory (seconds).
_HALF_LIFE = 60.0
_NOTHING = 1e-3


class Shares:
    """Device seconds of each owner, of which the older ones count less and less."""

    def __init__(self) -> None:
        self._served: dict[str, float] = {}
        self._at = time.monotonic()

    def lately(self) -> dict[str, float]:
        """Device seconds by owner, as of now."""
        now = time.monotonic()
        factor = 0.5 ** ((now - self._at) / _HALF_LIFE)
        self._served = {o: v * factor for o, v in self._served.items() if v * factor > _NOTHING}
        self._at = now
        return self._served

    def spent(self, owner: str, seconds: float) -> None:
        """Take note of a step."""
        self._served[owner] = self._served.get(owner, 0.0) + seconds
