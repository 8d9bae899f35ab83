"""What has been measured of each backend's speed on this appliance."""

from __future__ import annotations

#: Largest weight of the newest measurement in the running mean, reached after a second.
_NEWEST = 0.3
#: What took less than this was mostly overhead, and says nothing of the rate (seconds).
_SHORTEST = 0.04


class Rates:
    """Seconds per unit of work, for each backend; a unit is one point of one scale."""

    def __init__(self) -> None:
        self._seconds_per_unit: dict[str, float] = {}

    def measured(self, backend: str, units: float, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        if units <= 0 or seconds < _SHORTEST:
            return
        value = seconds / units
        old = self._seconds_per_unit.get(backend, value)
        weight = _NEWEST * min(1.0, seconds)
        self._seconds_per_unit[backend] = old + weight * (value - old)

    def seconds(self, backend: str, units: float) -> float | None:
        """Time that so much work would take; ``None`` before anything has been measured."""
        rate = self._seconds_per_unit.get(backend)
        return None if rate is None else rate * units

    def speedup(self, backend: str, reference: str) -> float | None:
        """How many times faster than the reference."""
        ours, theirs = self._seconds_per_unit.get(backend), self._seconds_per_unit.get(reference)
        return None if ours is None or theirs is None else theirs / ours
