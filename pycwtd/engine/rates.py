"""What has been measured of each backend's speed on this appliance."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: After so much computing a measurement counts half (seconds).
_HALF_LIFE = 2.0
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
    """The speed lately: seconds over units, of which the older ones count less and less."""

    def __init__(self) -> None:
        self._seconds = self._units = 0.0

    @property
    def seconds_per_unit(self) -> float | None:
        """``None`` before anything has been measured."""
        return self._seconds / self._units if self._units else None

    def measured(self, units: float, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        if units <= 0 or (seconds < _SHORTEST and not self._units):
            return
        kept = 0.5 ** (seconds / _HALF_LIFE)
        # Sums, not a mean of quotients: a first chunk, small and with all the tables to be
        # made, is outweighed by the next ones.
        self._seconds = kept * self._seconds + seconds
        self._units = kept * self._units + units


class Rates:
    """Seconds per unit of work, for each backend and each way of computing."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, str, str, bool], Pace] = {}

    def measured(self, backend: str, work: Work, seconds: float) -> None:
        """Take note of a computation that took ``seconds`` of wall time."""
        if seconds < _SHORTEST:
            return
        pace = self._paces.setdefault(_way(backend, work), Pace())
        pace.measured(work.units, seconds)

    def seconds(self, backend: str, work: Work) -> float | None:
        """Time that so much work would take; ``None`` before its like has been measured."""
        pace = self._paces.get(_way(backend, work))
        if pace is None or pace.seconds_per_unit is None or work.units <= 0:
            return None
        return pace.seconds_per_unit * work.units

    def speedup(self, backend: str, reference: str, work: Work) -> float | None:
        """How many times faster than the reference."""
        ours, theirs = self.seconds(backend, work), self.seconds(reference, work)
        return None if ours is None or theirs is None else theirs / ours


def _way(backend: str, work: Work) -> tuple[str, str, str, bool]:
    """What amounts of work must have in common to be compared."""
    return backend, work.estimator, work.family, work.edges
