"""Whether something grows: a test of trend that a few outliers don't sway, and an amount.

The time after the warm-up is cut into :data:`BLOCKS` blocks of equal length, of which the medians
are taken. Two things have to hold for a verdict of growth:

- The medians rise: Kendall's test against their order being random (Kendall, Biometrika 30, 1938,
  81–93), one-sided, from the exact distribution of the number of inversions, with
  ``p <`` :data:`FALSE_ALARM`. Ties count for neither side, which makes it the more cautious.
- They rise by more than is allowed in an hour, by the median of all slopes between two of them
  (Sen, JASA 63, 1968, 1379–1389), of which a quarter may be anything.

False alarms: if a figure wanders about a level, the order of its blocks is random, and the first
condition alone fails once in a thousand figures; a run has about ten, so once in some hundred
runs, without the second condition. Memory doesn't wander: it rises until the process has met the
worst that it will meet, and stays. That the trend notices; the amount is there for it.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = 12
#: Of each figure, as far as its blocks are in random order.
FALSE_ALARM = 1e-3


@dataclass(frozen=True)
class Trend:
    """What became of one figure in a run."""

    name: str
    unit: str
    first: float
    last: float
    #: Growth within the run's hour, in the unit.
    per_hour: float
    allowed: float
    p: float

    @property
    def grows(self) -> bool:
        """Whether that is growth."""
        return self.p < FALSE_ALARM and self.per_hour > self.allowed


def medians(times: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    """Middle and median of each block; blocks without a value are left out.

    Args:
        times: when each value was taken.
        values: the figure.
    """
    begin, end = min(times), max(times)
    length = (end - begin) / BLOCKS or 1.0
    blocks: list[list[float]] = [[] for _ in range(BLOCKS)]
    for time, value in zip(times, values, strict=True):
        blocks[min(int((time - begin) / length), BLOCKS - 1)].append(value)
    return [
        (begin + (k + 0.5) * length, statistics.median(block))
        for k, block in enumerate(blocks)
        if block
    ]


def rising(values: Sequence[float]) -> float:
    """The probability that values in random order rise as much as these: Kendall, one-sided."""
    n = len(values)
    score = sum(int(b > a) - int(b < a) for a, b in combinations(values, 2))
    pairs = n * (n - 1) // 2
    # Permutations of n values by their inversions; the score is pairs less twice of these.
    counts = [1]
    for k in range(2, n + 1):
        longer = [0] * (len(counts) + k - 1)
        for i, count in enumerate(counts):
            for j in range(k):
                longer[i + j] += count
        counts = longer
    most = (pairs - score) // 2
    return sum(counts[: most + 1]) / math.factorial(n)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between any two points: Theil and Sen."""
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(points, 2)]
    return statistics.median(slopes) if slopes else 0.0


def trend(
    name: str,
    points: Sequence[tuple[float, float]],
    *,
    hour: float,
    allowed: float,
    unit: str = "",
) -> Trend:
    """What became of one figure.

    Args:
        name: of the figure.
        points: when it was taken (seconds), and what it was.
        hour: seconds in which the run plays an hour.
        allowed: growth in that hour that is none.
        unit: of the figure.
    """
    blocks = medians([x for x, _ in points], [y for _, y in points])
    values = [y for _, y in blocks]
    return Trend(
        *(name, unit, values[0], values[-1]),
        per_hour=slope(blocks) * hour,
        allowed=allowed,
        p=rising(values),
    )
