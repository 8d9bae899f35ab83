"""The cascade estimator: every octave of scales gets short series at a rate of its own.

Squared coherence at a scale depends on what happens within a few scales of a point. So a level
at small scales needs no long series, and at large scales no fast sampling: each octave draws
its own pairs, some scales long, sampled so that its smallest scale has seven samples. An AR(1)
series looked at every m time units has the correlation α^m from sample to sample, and is an
AR(1) series again. The cost grows with the number of octaves, not with the length of the
series.

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

from pycwt_mod import edges, grid

if TYPE_CHECKING:
    from pycwt_mod.backends.task import SignificanceTask

#: Samples of an octave's smallest scale, at least: with fewer, the decimated noise aliases into
#: its band.
_SAMPLES = 7
#: How far beyond the upper end of the band the Nyquist frequency lies, at least.
_NYQUIST = 1.5
#: Length of an octave's series, in its largest scale. Beyond the edges it then has as many
#: independent values as the whole series has at the largest scale of all; and with less than
#: fourteen samples to that scale, 181 in all, it is padded to 256.
_SPANS = 13.0
#: Beyond so many scales from an edge the distribution is that of the interior: measured, the
#: 95 % level falls from 0.72 at 2 scales to 0.703 at 3.5, and stays there.
EDGE = 4.0
#: The wavelet's peak frequency at the smallest scale of an octave, in radians a sample, at most:
#: closer to the Nyquist frequency an AR(1) spectrum no longer has its slope.
_PEAK = 0.86
#: Samples of a short series, at least: below some 3.5 samples the Nyquist frequency cuts the
#: wavelet, which then reaches far beyond the edges.
_LENGTH = 180
#: A blue series has little power at large scales, (1 + α)/(1 − α) of white noise's, while the
#: samples at its ends stand out like any: below so many times 1/scale they are felt.
_QUIET = 4.0
#: A short series that would be that close to the whole one in length gives way to it.
_NEARLY = 1.5
#: Streams of random numbers; the first belongs to the ``full`` estimator.
_STREAMS = 64
#: Digits of scales and lengths in samples: so that octaves alike have the same ones.
_DIGITS = 9


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


def whole(task: SignificanceTask) -> Octave:
    """A full task as the one part of itself."""
    scales = len(task.scales)
    return Octave(task, 0, (0, scales), 0, ((1, 1),) * scales)


@lru_cache(maxsize=16)
def octaves(task: SignificanceTask) -> tuple[Octave, ...]:
    """The octaves of a ``cascade`` task, smallest scales first.

    Raises:
        ValueError: the scales span more octaves than there are streams of random numbers.
    """
    halo = len(task.scale_weights) // 2
    groups: dict[int, list[int]] = {}
    for j, scale in enumerate(task.scales):
        # Rounded first: the top of one octave is the bottom of the next.
        groups.setdefault(math.floor(round(math.log2(scale / task.scales[0]), 9)), []).append(j)
    if len(groups) >= _STREAMS:
        raise ValueError(f"scales must span less than {_STREAMS} octaves, not {len(groups)}")
    return tuple(
        _octave(task, number, rows[0], rows[-1] + 1, halo)
        for number, rows in enumerate(groups.values(), start=1)
    )


def _octave(task: SignificanceTask, number: int, low: int, high: int, halo: int) -> Octave:
    step, length = _sampling(task, task.scales[low], task.scales[high - 1])
    first, last = max(0, low - halo), min(len(task.scales), high + halo)
    middle = _peak(task) / math.sqrt(task.scales[low] * task.scales[high - 1])
    a1, a2 = (_decimated(a, step, middle) for a in task.ar1)
    derived = replace(
        task,
        scales=tuple(round(s / step, _DIGITS) for s in task.scales[first:last]),
        length=length,
        ar1=(a1, a2),
        estimator="full",
    )
    own = (low - first, high - first)
    weights = tuple(
        _weights(task, full, derived.scales[j], step, length)
        for j, full in enumerate(task.scales[low:high], start=own[0])
    )
    return Octave(task=derived, stream=number, own=own, row=low, weights=weights)


def _sampling(task: SignificanceTask, smallest: float, largest: float) -> tuple[float, int]:
    """Distance of two samples of an octave's series, in those of the whole one, and its length."""
    step = max(1.0, smallest / _samples(task))
    if any(smallest * (1 + a) / (1 - a) < _QUIET for a in task.ar1 if a < 0):
        step = 1.0
    length = max(_LENGTH, math.ceil(round(_SPANS * largest / step, _DIGITS)))
    if task.edge_nodes:
        step, length = edges.short_series(task, largest, step, length)
    whole_ = task.edge_nodes and edges.needs_whole(task)
    if _NEARLY * length * step < task.length and not whole_:
        return step, length
    # The whole series: in the same proportion to the power of two that it is padded to, as the
    # windows of the largest scales come round the circle.
    step = edges.whole_step(task, step)
    return step, max(16, math.ceil(round(task.length / step, _DIGITS)))


def _samples(task: SignificanceTask) -> float:
    """Samples that the smallest scale of an octave has."""
    m = task.order
    # Where the wavelet has fallen to some 1e-4 of its peak, times scale.
    end = {"morlet": m + 4.5, "paul": m + 4.5 * math.sqrt(m), "dog": math.sqrt(m) + 4.5}
    return max(_SAMPLES, _peak(task) / _PEAK, _NYQUIST * end[task.family] / math.pi)


def _peak(task: SignificanceTask) -> float:
    """Peak frequency of the wavelet, times scale."""
    return math.sqrt(task.order) if task.family == "dog" else task.order


def _decimated(coefficient: float, step: float, frequency: float) -> float:
    """The coefficient of samples ``step`` apart.

    A positive one goes as their correlation, α^step. The blue noise of a negative one is all
    but white at scales of many samples, which neither the odd powers of α are nor the even
    ones. R² of two noises depends on the slopes of their spectra: the short series gets the
    slope d ln S/d ln ω = −2a·ω·sin ω/(1 − 2a·cos ω + a²) of the whole one.

    Args:
        coefficient: lag-1, of the whole series.
        step: in its samples.
        frequency: where the slope is taken, in radians per sample of the whole series.
    """
    if step == 1 or coefficient >= 0:
        return math.pow(coefficient, step)
    power = 1 - 2 * coefficient * math.cos(frequency) + coefficient**2
    slope = 2 * coefficient * frequency * math.sin(frequency) / power
    at = step * frequency
    # a² − 2·half·a + 1 = 0, the root within the unit circle.
    half = math.cos(at) + at * math.sin(at) / slope
    root = half + math.sqrt(half**2 - 1) if half < -1 else -1.0
    return max(root, -math.pow(abs(coefficient), step))


def _weights(
    task: SignificanceTask, full: float, scale: float, step: float, length: int
) -> tuple[int, int]:
    """Points of the whole series that a point of the short one stands for.

    Args:
        task: the whole task.
        full: the scale in its samples.
        scale: the same in samples of the short series.
        step: of these, in samples of the whole series.
        length: of the short series.
    """
    cone = grid.cone_factor(task.family)
    if not points_beyond(full * cone, task.length):
        return 0, 0
    near = round(step)
    beyond = points_beyond(scale * max(EDGE, cone), length)
    if not beyond or length * step >= task.length:
        return near, near
    ratio = points_beyond(full * max(EDGE, cone), task.length) / step / beyond
    return near, max(1, round(near * ratio))


def points_beyond(distance: float, length: int) -> int:
    """Points of a series that are at least ``distance`` samples from both its ends."""
    return max(0, length - 2 * math.ceil(distance))
