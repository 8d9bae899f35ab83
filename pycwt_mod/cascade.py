"""The cascade estimator: every octave of scales gets short series at a rate of its own.

Squared coherence at a scale depends on what happens within a few scales of a point. So a level
at small scales needs no long series, and at large scales no fast sampling: each octave draws
its own pairs, some scales long, sampled so that its smallest scale has eight samples. An AR(1)
series looked at every m-th sample is an AR(1) series again, with the coefficient α^m. The cost
grows with the number of octaves, not with the length of the series.

Near an edge the distribution is a little different. Points within :data:`EDGE` scales of one
and points beyond are therefore weighted with the numbers that a series of full length has of
either, so that the length keeps its meaning.

This module is plain arithmetic: the oracle and every kernel follow the same plan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pycwt_mod import grid

if TYPE_CHECKING:
    from pycwt_mod.backends.task import SignificanceTask

#: Samples of an octave's smallest scale: fewer, and the decimated noise aliases into it.
_SAMPLES = 8
#: Length of an octave's series, in its largest scale.
_SPANS = 12
#: Beyond so many scales from an edge the distribution is that of the interior: measured, the
#: 95 % level falls from 0.72 at 2 scales to 0.703 at 3.5, and stays there.
EDGE = 4.0
#: A decimated coefficient below this is as good as none.
_NO_MEMORY = 0.01


@dataclass(frozen=True, slots=True)
class Octave:
    """The short series of one octave."""

    #: A ``full`` task of the octave's scales, with those beside it that smoothing needs, in
    #: samples of the octave's own rate.
    task: SignificanceTask
    #: Number of its random stream.
    stream: int
    #: Rows of ``task`` that belong to the octave.
    own: tuple[int, int]
    #: Row of the whole task that ``own[0]`` is.
    row: int
    #: For each own row: what a point within EDGE scales of an edge counts, and one beyond.
    weights: tuple[tuple[int, int], ...]


@lru_cache(maxsize=16)
def octaves(task: SignificanceTask) -> tuple[Octave, ...]:
    """The octaves of a ``cascade`` task, smallest scales first."""
    halo = len(task.scale_weights) // 2
    groups: dict[int, list[int]] = {}
    for j, scale in enumerate(task.scales):
        # Rounded first: the top of one octave is the bottom of the next.
        groups.setdefault(math.floor(round(math.log2(scale / task.scales[0]), 9)), []).append(j)
    return tuple(
        _octave(task, number, rows[0], rows[-1] + 1, halo)
        for number, rows in enumerate(groups.values(), start=1)
    )


def _octave(task: SignificanceTask, number: int, low: int, high: int, halo: int) -> Octave:
    step = max(1, math.floor(task.scales[low] / _SAMPLES))
    first, last = max(0, low - halo), min(len(task.scales), high + halo)
    whole = math.ceil(task.length / step)
    short = math.ceil(_SPANS * task.scales[high - 1] / step)
    length = max(16, min(whole, short))
    a1, a2 = (_decimated(a, step) for a in task.ar1)
    derived = replace(
        task,
        scales=tuple(s / step for s in task.scales[first:last]),
        length=length,
        ar1=(a1, a2),
        estimator="full",
    )
    return Octave(
        task=derived,
        stream=number,
        own=(low - first, high - first),
        row=low,
        weights=tuple(_weights(task, s, step, length) for s in task.scales[low:high]),
    )


def _decimated(coefficient: float, step: int) -> float:
    """Lag-``step`` correlation, with the coefficient's own sign.

    A negative coefficient is blue noise: what its even powers would make of it is red.
    """
    size = abs(coefficient) ** step
    return math.copysign(size, coefficient) if size >= _NO_MEMORY or step == 1 else 0.0


def _weights(task: SignificanceTask, scale: float, step: int, length: int) -> tuple[int, int]:
    """Points of the full series that a point of the short one stands for."""
    cone = grid.cone_factor(task.family)
    edge = max(EDGE, cone)
    beyond = _points(scale / step * edge, length)
    if not beyond or length * step >= task.length:
        return step, step
    return step, max(1, round(_points(scale * edge, task.length) / beyond))


def _points(distance: float, length: int) -> int:
    """Points of a series that are at least so far from both its ends."""
    return max(0, length - 2 * math.ceil(distance))
