"""What has been measured of each backend's speed on this appliance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycwt_mod.backends import Estimator, Family

#: Largest weight of the newest measurement in the running mean, reached after a second.
_NEWEST = 0.3
#: What took less than this was mostly overhead, and says nothing of the rate (seconds).
_SHORTEST = 0.04


@dataclass(frozen=True, slots=True)
class Work:
    """An amount of Monte Carlo work; amounts can be compared where only ``units`` differ."""

    estimator: Estimator
    family: Family
    #: 0 where the amount isn't known.
    units: float

    def times(self, count: float) -> Work:
        """So many times as much."""
        return replace(self, units=self.units * count)


class Pace:
    """The running mean of seconds per unit; ``None`` before anything has been measured."""

    def __init__(self) -> None:
        self.seconds_per_unit: float | None = None

    def measured(self, units: float, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        if units <= 0 or seconds < _SHORTEST:
            return
        value = seconds / units
        old = self.seconds_per_unit
        weight = _NEWEST * min(1.0, seconds)
        self.seconds_per_unit = value if old is None else old + weight * (value - old)


class Rates:
    """Seconds per unit of work, for each backend and each way of computing."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, Estimator, Family], Pace] = {}

    def measured(self, backend: str, work: Work, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        pace = self._paces.setdefault((backend, work.estimator, work.family), Pace())
        pace.measured(work.units, seconds)

    def seconds(self, backend: str, work: Work) -> float | None:
        """Time that so much work would take; ``None`` before its like has been measured."""
        pace = self._paces.get((backend, work.estimator, work.family))
        if pace is None or pace.seconds_per_unit is None or work.units <= 0:
            return None
        return pace.seconds_per_unit * work.units

    def speedup(self, backend: str, reference: str, work: Work) -> float | None:
        """How many times faster than the reference."""
        ours, theirs = self.seconds(backend, work), self.seconds(reference, work)
        return None if ours is None or theirs is None else theirs / ours
