"""What the chip is told of one octave, in whole numbers, and what its counts stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pycwtd_drivers.tang_nano_9k.fixed.image import image
from pycwtd_drivers.tang_nano_9k.fixed.limits import BINS, LANES, LARGEST_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask
    from pycwt_mod.monte_carlo.cascade import Octave


@dataclass(frozen=True, slots=True)
class Row:
    """One scale."""

    #: Right half of the filter from the middle on, real and imaginary parts; the middle one halved.
    real: tuple[int, ...]
    imag: tuple[int, ...]
    #: Right half of the smoothing window in time, from the middle on; sum with its image ≤ 2¹⁶.
    window: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Points of a scale that are counted alike."""

    #: Row of the chip's histogram.
    row: int
    #: How many there are in a series.
    points: int
    #: What each of them counts.
    weight: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The points of a scale that are counted."""

    #: First and last; none where first > last.
    outside: tuple[int, int]
    #: First and last that are ``beyond`` the ends' reach; the others are ``near`` them.
    inner: tuple[int, int]
    near: Stratum
    beyond: Stratum


@dataclass(frozen=True)
class Configuration:
    """Work for the chip: short series of one octave, seen at up to 32 scales.

    A unit of work is a configuration, a seed and a span of the octave's series.
    """

    part: Octave
    #: Row of the task that the first counted scale is.
    row: int
    length: int
    #: Lag-1 coefficients in 2⁻¹⁷.
    lags: tuple[int, int]
    #: Gains of the first sample and of the later ones, in 2⁻⁷.
    first_gains: tuple[int, int]
    gains: tuple[int, int]
    #: Places that coefficients are computed at: samples from one to the next, the first one's
    #: sample, how many.
    step: int
    offset: int
    places: int
    #: Empty places between the last and the first one on the circle of the smoothing.
    gap: int
    #: Scales, with those beside the counted ones that the smoothing needs.
    scales: tuple[Row, ...]
    #: Binary digits that are dropped of products.
    shift: int
    #: The first scale that is counted.
    own: int
    counted: tuple[Counted, ...]
    #: Weights of the smoothing over scales; sum at most 2¹⁷ − 1.
    weights: tuple[int, ...]
    #: Lanes that the image is made for.
    lanes: int = LANES

    @property
    def half(self) -> int:
        """Half the width of the widest window, in places."""
        return max(len(scale.window) for scale in self.scales) - 1

    @property
    def used(self) -> tuple[int, int]:
        """The first place that is counted at any scale, and the last."""
        spans = [one.outside for one in self.counted if one.near.points or one.beyond.points]
        return min(span[0] for span in spans), max(span[1] for span in spans)

    @property
    def strata(self) -> tuple[Stratum, ...]:
        """Those that have points, in the order of the chip's rows."""
        both = (one for counted in self.counted for one in (counted.near, counted.beyond))
        return tuple(one for one in both if one.points)

    @property
    def rows(self) -> int:
        """Rows of the chip's histogram that are used."""
        return len(self.strata)

    @property
    def points(self) -> tuple[int, ...]:
        """Points of each such row in one series."""
        return tuple(one.points for one in self.strata)

    @cached_property
    def words(self) -> tuple[tuple[int, int], ...]:
        """The image: addresses and words, by address."""
        return image(self)

    @property
    def largest_unit(self) -> int:
        """Series in a unit, at most: no bin can overflow."""
        return LARGEST_COUNT // max(self.points)

    @property
    def cycles(self) -> int:
        """Clock cycles of a series, about: the filters', if nothing else takes longer."""
        lanes, rows = self.lanes, self.scales
        taps = sum(
            max(len(row.real) for row in rows[i : i + lanes]) + 1
            for i in range(0, len(rows), lanes)
        )
        smoothing = sum(2 * len(row.window) + 6 for row in rows)
        return max(self.places * max(taps, smoothing), 18 * self.length) + 200

    def span(self, first: int, count: int) -> tuple[int, int]:
        """The octave's series that belong to a span of realisations: the first, and how many."""
        start = self.part.series(first)
        return start, self.part.series(first + count) - start

    def spread(self, counts: NDArray[np.int64], task: SignificanceTask) -> NDArray[np.int64]:
        """What the chip's counts add to the histogram of a task.

        A point stands for more than one of the whole series, see the strata's weights; and a bin
        of the chip is spread evenly over the task's bins that it covers. Both are whole numbers,
        so that parts of a run add up to the whole.

        Args:
            counts: int64[rows, BINS].
            task: the whole one.

        Returns:
            int64[task.rows, task.bins].
        """
        found = np.zeros((task.rows, task.bins), np.int64)
        shares = _shares(task.bins)
        for j, counted in enumerate(self.counted):
            for one in (counted.near, counted.beyond):
                if one.points:
                    found[self.row + j] += one.weight * (counts[one.row] @ shares)
        return found


def _shares(bins: int) -> NDArray[np.int64]:
    """How much of each of the chip's bins lies in each of a task's, shape (BINS, bins).

    In units of which a bin of the chip has ``bins`` over the greatest common divisor.
    """
    low, high = np.arange(BINS)[:, None] * bins, np.arange(bins) * BINS
    overlap = np.minimum(low + bins, high + BINS) - np.maximum(low, high)
    shares: NDArray[np.int64] = np.maximum(overlap, 0) // math.gcd(bins, BINS)
    return shares
