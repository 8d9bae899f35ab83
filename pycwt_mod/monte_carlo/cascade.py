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

A series of full length has few independent values at the largest scale, which pycwt's errors
are largest at. One of an octave has more; so not every realisation draws a series in every
octave: of 300 so many do that each scale has as many independent values as the largest one has
of 300 whole series.

This module is plain arithmetic: the oracle and every kernel follow the same plan. Whoever
changes what it gives must raise the estimator's revision in :mod:`pycwt_mod.backends.task`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pycwt_mod import grid
from pycwt_mod.backends.task import FIRST_STAGE
from pycwt_mod.monte_carlo import edges

if TYPE_CHECKING:
    from pycwt_mod.backends.task import SignificanceTask
    from pycwt_mod.grid import Family

#: Samples of an octave's smallest scale, at least: with fewer, the decimated noise aliases into
#: its band.
_SAMPLES = 7
#: How far beyond the upper end of the band the Nyquist frequency lies, at least.
_NYQUIST = 1.5
#: Length of an octave's series, in its largest scale, at least: measured, the cost of an
#: independent value falls by two fifths from 13 to 26, and hardly from there on.
_SPANS = 26.0
#: Lengths of series, times a power of two: the longest that are padded to 256, 512, ….
_PADDED_WELL = 181
#: The shortest of them: below some 3.5 samples the Nyquist frequency cuts the wavelet, which
#: then reaches far beyond the edges.
_LENGTH = 2 * _PADDED_WELL
#: A whole series of less than so many of its largest scale isn't replaced by a short one: it has
#: hardly a point beyond the edges, and windows reach round the circle that it is padded to.
_ROUND = 20.0
#: Near an edge R² decorrelates sooner, so that a series of full length, all edge at its largest
#: scale, is worth so many times what the formula of the independent values makes of it beside a
#: long one: measured, by the spread of the 95 % level over 400 runs.
_EDGE_WORTH = 1.49
#: Beyond so many scales from an edge the distribution is that of the interior: measured, the
#: 95 % level falls from 0.72 at 2 scales to 0.703 at 3.5, and stays there.
EDGE = 4.0
#: The wavelet's peak frequency at the smallest scale of an octave, in radians a sample, at most:
#: closer to the Nyquist frequency an AR(1) spectrum no longer has its slope.
_PEAK = 0.86
#: A blue series has little power at large scales, (1 + α)/(1 − α) of white noise's, while the
#: samples at its ends stand out like any: below so many times 1/scale they are felt.
_QUIET = 4.0
#: What a sample of the whole series counts where a short one replaces it: weights are integers.
_UNIT = 16
#: Streams of random numbers; the first belongs to the ``full`` estimator.
_STREAMS = 64
#: Digits of scales and lengths in samples: so that octaves alike have the same ones.
_DIGITS = 9
#: Correlation of R² at points t apart, for the Morlet wavelet at scale s: exp(−t²/3s²). The cross
#: power of independent noises is correlated as exp(−t²/2s²); the window exp(−t²/2s²), passed over
#: both, widens it to exp(−t²/6s²); R² goes as its squared modulus. Passing a high level
#: decorrelates faster. So it is taken as exp(−t²/w²s²), with the widths w that leave the stated
#: errors somewhat above the spread of the 95 % level over 600 runs: 5 to 10 % on the average of the
#: scales, 20 % where all is near an edge.
_WIDTHS: dict[Family, float] = {"morlet": 1.5, "paul": 0.8, "dog": 1.8}
#: The same of Morse wavelets, in e-folding times instead of scales, for ``full`` tasks alone:
#: Paul's is 1.13 of them, Morlet's 1.06. It leaves the errors 5 to 20 % above the spread of the
#: 95 % level over 200 runs, for γ of 1 to 10 and β of 2 to 80.
_MORSE_WIDTH = 1.1


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
    #: For each own row: independent values of R² in one series.
    independent: tuple[float, ...]
    #: Series that the realisations 0 … 299 draw.
    draws: int = FIRST_STAGE

    def series(self, realisations: int) -> int:
        """How many series the realisations before that number draw.

        Realisation k draws the series from ``series(k)`` to ``series(k + 1) − 1``: one or none.
        So every series belongs to one realisation, and the first realisation has one of every
        octave.
        """
        return -(-realisations * self.draws // FIRST_STAGE)


@lru_cache(maxsize=16)
def whole(task: SignificanceTask) -> Octave:
    """A full task as the one part of itself."""
    scales = len(task.scales)
    weights = ((1, 1),) * scales
    independent = tuple(_independent(task, s, 1, 1) for s in task.scales)
    return Octave(task, 0, (0, scales), 0, weights, independent)


def parts(task: SignificanceTask) -> tuple[Octave, ...]:
    """The octaves of a cascade; of a full task, one that is all of it."""
    return octaves(task) if task.estimator == "cascade" else (whole(task),)


@lru_cache(maxsize=16)
def octaves(task: SignificanceTask) -> tuple[Octave, ...]:
    """The octaves of a ``cascade`` task, smallest scales first.

    Raises:
        ValueError: the scales span more octaves than there are streams of random numbers.
    """
    halo = len(task.scale_weights) // 2
    groups = _groups(task, halo)
    if len(groups) >= _STREAMS:
        raise ValueError(f"scales must span less than {_STREAMS} octaves, not {len(groups)}")
    fewest = _fewest(task)
    return tuple(
        _octave(task, number, rows, halo, fewest) for number, rows in enumerate(groups, start=1)
    )


def decorrelation(task: SignificanceTask) -> float:
    """The time t over which R² decorrelates as exp(−t²/w²): w, in scales."""
    if task.family == "morse":
        return _MORSE_WIDTH * _cone(task)
    return _WIDTHS[task.family]


def _cone(task: SignificanceTask) -> float:
    return grid.cone_factor(task.family, task.order, task.shape)


def _groups(task: SignificanceTask, halo: int) -> list[range]:
    """Rows of each octave."""
    groups: list[range] = []
    below = -1
    for j, scale in enumerate(task.scales):
        # Rounded first: the top of one octave is the bottom of the next.
        number = math.floor(round(math.log2(scale / task.scales[0]), 9))
        if number == below:
            groups[-1] = range(groups[-1].start, j + 1)
        else:
            groups.append(range(j, j + 1))
        below = number
    # By itself, a short rest at the top would cost more scales beside it than it has.
    if len(groups) > 1 and len(groups[-1]) <= halo:
        rest = groups.pop()
        groups[-1] = range(groups[-1].start, rest.stop)
    return groups


def _fewest(task: SignificanceTask) -> float:
    """Independent values of a series of full length at the largest scale that is counted."""
    cone = _cone(task)
    counted = (s for s in reversed(task.scales) if points_beyond(s * cone, task.length))
    return _independent(task, next(counted, task.scales[0]), 1, 1)


def _octave(task: SignificanceTask, number: int, rows: range, halo: int, fewest: float) -> Octave:
    low, high = rows.start, rows.stop
    smallest, largest = task.scales[low], task.scales[high - 1]
    short = _is_short(task, smallest, largest)
    step, length = (_short if short else _whole)(task, smallest, largest)
    first, last = max(0, low - halo), min(len(task.scales), high + halo)
    middle = _peak(task) / math.sqrt(smallest * largest)
    a1, a2 = (_decimated(a, step, middle) for a in task.ar1)
    derived = replace(
        task,
        scales=tuple(round(s / step, _DIGITS) for s in task.scales[first:last]),
        length=length,
        ar1=(a1, a2),
        estimator="full",
    )
    own = (low - first, high - first)
    scales = derived.scales[slice(*own)]
    weigh = _weights if short else _counted
    weights = tuple(weigh(task, scale, step, length) for scale in task.scales[low:high])
    independent = tuple(
        _independent(derived, scale, *weight) for scale, weight in zip(scales, weights, strict=True)
    )
    worst = min((n for n, (near, _) in zip(independent, weights, strict=True) if near), default=1)
    # Rounded, lest the last digit of erf decide.
    wanted = math.ceil(round(FIRST_STAGE * _EDGE_WORTH * fewest / worst, _DIGITS))
    # The ends of a series have two values however long it is: with nodes, none is left out.
    draws = FIRST_STAGE if task.edge_nodes else min(wanted, FIRST_STAGE)
    return Octave(derived, number, own, low, weights, independent, draws)


def _is_short(task: SignificanceTask, smallest: float, largest: float) -> bool:
    """Whether a short series replaces the whole one.

    At the ends the whole one is exact: with nodes, the short one has to be shorter, too.
    """
    if not task.edge_nodes or task.length < _ROUND * largest:
        return task.length >= _ROUND * largest
    step, length = _short(task, smallest, largest)
    return step * length < task.length


def _short(task: SignificanceTask, smallest: float, largest: float) -> tuple[float, int]:
    """Distance of two samples of an octave's series, in those of the whole one, and its length."""
    step = _step(task, smallest)
    # Twice the length costs twice as much, and has two ends like any.
    share = 2 if task.edge_nodes else 1
    length = max(_LENGTH // share, math.ceil(round(_SPANS / share * largest / step, _DIGITS)))
    # As many as are padded to the same power of two.
    filled = _PADDED_WELL
    while filled < length:
        filled *= 2
    return edges.short_series(task, largest, step, filled) if task.edge_nodes else (step, filled)


def _whole(task: SignificanceTask, smallest: float, largest: float) -> tuple[float, int]:
    """The same where the octave's series is the whole one.

    It is in the same proportion to the power of two that it is padded to, as the windows of the
    largest scales come round the circle.
    """
    del largest
    step = edges.whole_step(task, _step(task, smallest))
    return step, max(16, math.ceil(round(task.length / step, _DIGITS)))


def _step(task: SignificanceTask, smallest: float) -> float:
    """The largest distance of two samples that the smallest scale of an octave bears."""
    if any(smallest * (1 + a) / (1 - a) < _QUIET for a in task.ar1 if a < 0):
        return 1.0
    return max(1.0, smallest / _samples(task))


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


def _weights(task: SignificanceTask, scale: float, step: float, length: int) -> tuple[int, int]:
    """What the points of a short series stand for in the whole one, times a constant.

    Args:
        task: the whole task.
        scale: in its samples.
        step: from one sample of the short series to the next, in samples of the whole series.
        length: of the short series.
    """
    distance = scale * max(EDGE, _cone(task))
    share = points_beyond(distance, task.length) / points_beyond(distance / step, length)
    return round(_UNIT * step), round(_UNIT * share)


def _counted(task: SignificanceTask, scale: float, step: float, length: int) -> tuple[int, int]:
    """The same of the whole series at fewer samples: all alike, where it has any."""
    del step, length
    any_ = points_beyond(scale * _cone(task), task.length) > 0
    return int(any_), int(any_)


def points_beyond(distance: float, length: int) -> int:
    """Points of a series that are at least ``distance`` samples from both its ends."""
    return max(0, length - 2 * math.ceil(distance))


def _independent(task: SignificanceTask, scale: float, near: int, beyond: int) -> float:
    """How many independent values of R² a series gives at a scale.

    Points next to one another are correlated, over less than three scales with the Morlet
    wavelet. A mean of correlated values of weights w is worth (Σw)²/ΣΣ w·w'·ρ independent ones,
    ρ being the correlation of either pair (without correlation, Kish 1965, *Survey sampling*,
    section 11.7).

    Args:
        task: of the series.
        scale: in its samples.
        near: weight of a point within EDGE scales of an edge.
        beyond: of one beyond.
    """
    cone, length = _cone(task), task.length
    all_ = points_beyond(scale * cone, length)
    inner = points_beyond(scale * max(cone, EDGE), length)
    more, width = beyond - near, decorrelation(task) * scale
    edge = (all_ - inner) / 2
    # Of the zones with themselves, and with each other.
    pairs = (
        near**2 * _correlated(all_, width)
        + more**2 * _correlated(inner, width)
        + 2 * near * more * (_correlated(edge + inner, width) - _correlated(edge, width))
    )
    return (near * all_ + more * inner) ** 2 / pairs if pairs > 0 else 1.0


def _correlated(span: float, width: float) -> float:
    """∫∫ exp(−(t − u)²/width²) dt du over 0 … span."""
    x = span / width
    return width**2 * (math.sqrt(math.pi) * x * math.erf(x) + math.expm1(-(x**2)))
