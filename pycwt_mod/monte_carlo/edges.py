"""Points near the ends of a series: where they are counted, and what short series must have there.

Within the cone of influence R² is higher than elsewhere, for noise too: less of the series is
averaged. By how much depends on the distance from the end in scales, and on what lies beyond the
end: the smoothing goes round a circle of the next power of two, and where the series fills it
the other end is averaged, too. So levels near the ends are read from counts at *nodes*, fixed
distances from either end, of series of the length of the data.

This module is plain arithmetic, without numpy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pycwt_mod import grid
from pycwt_mod.backends.task import EDGE_NODES

if TYPE_CHECKING:
    from pycwt_mod.backends.task import SignificanceTask
    from pycwt_mod.grid import Family

#: Of the cone, that the last node lies just within.
_WITHIN = 0.999
#: The largest scale that has nodes, in lengths of the series.
_LONGEST = 1.5
#: Share of the smoothing window that may come round the circle from the other end unseen.
_UNSEEN = 0.002
#: The Gaussian's quantile of that, and a bit.
_GAUSSIAN = 3.5
#: A gap on the circle of less than this many samples is none.
_NO_GAP = 0.25
#: Variance of a short series' mean that may be lost when the mean is removed, of the series'.
#: With its mean a red series loses part of the step at its ends, which the wavelet sees there.
_MEAN = 0.1
#: Samples of a whole series, at least, where there are so many: with fewer, its length in scales
#: and the places of the nodes are rounded.
_FEWEST = 128


def default_nodes(family: Family) -> tuple[float, ...]:
    """Nodes from the end of the series to the rim of the cone, evenly spaced, in scales.

    Raises:
        ValueError: there are none for the family, whose levels there aren't calibrated.
    """
    if family not in EDGE_NODES:
        raise ValueError(
            "edges=True isn't calibrated for wavelets of the family "
            f"{family}: take edges=False, or one of {', '.join(EDGE_NODES)}"
        )
    count = EDGE_NODES[family]
    rim = _WITHIN * grid.cone_factor(family)
    return tuple(round(rim * i / (count - 1), 6) for i in range(count))


def node_samples(task: SignificanceTask, scale: float) -> tuple[int, ...]:
    """The samples, from either end, at which the nodes of a scale are counted.

    Not beyond the middle of the series: there both ends are felt alike. A scale of which the
    series is but a part has none: its wavelet's band lies below the lowest frequency.

    Args:
        task: full, or that of an octave.
        scale: in its samples.

    Returns:
        One for each of ``task.edge_nodes``, or none.
    """
    if scale > _LONGEST * task.length:
        return ()
    return tuple(
        min(math.floor(node * scale + 0.5), (task.length - 1) // 2) for node in task.edge_nodes
    )


def short_series(
    task: SignificanceTask, largest: float, step: float, length: int
) -> tuple[float, int]:
    """Sampling step and length of short series whose ends are like those of the whole one.

    Args:
        task: a cascade with nodes.
        largest: the octave's largest scale.
        step: distance of two samples, at most.
        length: samples, at least.

    Returns:
        Step and length.
    """
    gap = padded(task.length) - task.length
    wanted = _reach(task) * largest
    if _NO_GAP * step <= gap < wanted:
        length = math.ceil(length * step)
        step = gap / math.ceil(gap / step)
        length = math.ceil(length / step)
    length = max(length, _steady(task, step))
    if gap >= wanted:
        return step, length if padded(length) - length >= wanted / step else padded(length) + 1
    left = round(gap / step)
    return step, padded(length + left) - left


def whole_step(task: SignificanceTask, step: float) -> float:
    """Distance of two samples of the whole series, a power of two, not more than ``step``."""
    if task.edge_nodes:
        step = min(step, max(1.0, task.length / _FEWEST))
    return 2.0 ** math.floor(math.log2(step))


def _steady(task: SignificanceTask, step: float) -> int:
    """Samples, ``step`` apart, whose mean varies little: by (1 + α)/(1 − α) over their number."""
    red = math.pow(max(0.0, *task.ar1), step)
    return math.ceil((1 + red) / (1 - red) / _MEAN)


def padded(length: int) -> int:
    """The power of two not below a length: the circle that the smoothing goes round."""
    return 1 << (length - 1).bit_length()


def _reach(task: SignificanceTask) -> float:
    """How far the smoothing window reaches, in scales."""
    m = task.order
    if task.family == "morlet":
        return _GAUSSIAN
    if task.family == "dog":
        return math.sqrt(m) + _GAUSSIAN
    # The tail of (1 + η²)^(−(m+1)/2) beyond x is about x^(−m)/m, of √π·Γ(m/2)/Γ((m+1)/2) in all.
    whole = math.sqrt(math.pi) * math.gamma(m / 2) / math.gamma((m + 1) / 2)
    return math.pow(_UNSEEN * m * whole, -1 / m)
