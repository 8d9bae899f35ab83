"""What has been measured of each backend's speed on this appliance."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

#: So many measurements are kept: a lasting change is known after half of them.
_MEASUREMENTS = 5
#: What took less than this was mostly overhead, and says nothing of the rate (seconds).
_SHORTEST = 0.04


@dataclass(frozen=True, slots=True)
class Work:
    """An amount of Monte Carlo work; amounts can be compared where only ``units`` differ."""

    #: For backends: of the noise, and of wavelets. Else: the kind of job, and nothing.
    estimator: str
    family: str
    #: 0 where the amount isn't known.
    units: float
    #: Whether it counts within the cone of influence, too, which is done another way.
    edges: bool = False

    def times(self, count: float) -> Work:
        """So many times as much."""
        return replace(self, units=self.units * count)


class Pace:
    """The speed lately: that of the median unit of the last measurements.

    A median, since a computation during which the machine stood still, or a first one that is
    small and has all the tables to make, says nothing of the next ones.
    """

    def __init__(self) -> None:
        #: Seconds per unit, and units.
        self._lately: deque[tuple[float, float]] = deque(maxlen=_MEASUREMENTS)

    @property
    def seconds_per_unit(self) -> float | None:
        """``None`` before anything has been measured."""
        half = sum(units for _, units in self._lately) / 2
        for each, units in sorted(self._lately):
            half -= units
            if half <= 0:
                return each
        return None

    def measured(self, units: float, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        if units <= 0:
            return
        each, known = seconds / units, self.seconds_per_unit
        # Who is faster than was known, overhead included, can't be held back by it: work that
        # was cut too small by a slow measurement would never be measured again.
        if seconds < _SHORTEST and (known is None or each >= known):
            return
        self._lately.append((each, units))


class Rates:
    """Seconds per unit of work, for each backend and each way of computing."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, str, str, bool], Pace] = {}

    def measured(self, backend: str, work: Work, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        self._paces.setdefault(_way(backend, work), Pace()).measured(work.units, seconds)

    def seconds(self, backend: str, work: Work) -> float | None:
        """Time that so much work would take; ``None`` before its like has been measured."""
        pace = self._paces.get(_way(backend, work))
        each = pace.seconds_per_unit if pace and work.units > 0 else None
        return None if each is None else each * work.units

    def speedup(self, backend: str, reference: str, work: Work) -> float | None:
        """How many times faster than the reference."""
        ours, theirs = self.seconds(backend, work), self.seconds(reference, work)
        return None if ours is None or theirs is None else theirs / ours


def _way(backend: str, work: Work) -> tuple[str, str, str, bool]:
    """What amounts of work must have in common to be compared."""
    return backend, work.estimator, work.family, work.edges
