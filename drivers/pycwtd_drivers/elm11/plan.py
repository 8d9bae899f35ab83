"""From a task to the integers that the board computes with.

The board knows nothing of wavelets: it filters two series of noise with taps that it is given, at
every ``step``-th sample, squares, smooths with weights that it is given, and divides. All that
depends on the task is worked out here. The arithmetic is in 32-bit integers; the bounds below keep
every sum within them, so that Lua with 64-bit integers gives the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod import grid
from pycwt_mod.monte_carlo.cascade import EDGE, parts
from pycwt_mod.transform import edge_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask
    from pycwt_mod.monte_carlo.cascade import Octave

#: Standard deviation of the series: six of them are within 16 bits.
SIGMA = 4000
#: Bits after the point of the lag-1 coefficients and of the weights at the ends.
LAG_BITS, END_BITS = 15, 5
#: Sum of the sizes of a filter's taps, at most: times 32767 it stays below 2^31.
_TAP_SUM = 60_000
#: Sums of the weights of a window in time, and of those over scales, at most. Products of
#: coefficients are below 2^20 on the board, and what a window makes of them is divided by 256.
_WINDOW_SUM, _SCALE_SUM = 2000, 255
#: Root mean square of a coefficient, at most; the board limits its parts to ±2047.
_RMS = 420.0
#: Samples of the coefficients in a scale: |W|² is known from 1.34 of them.
_STEP = 0.75
#: Half a filter's length in scales; its envelope has fallen to 7e-4 there.
_REACH = 3.8
#: The band of a Morlet wavelet ends so far above its peak, times scale.
_BAND = 4.5
#: Taps to either side of a filter whose band the Nyquist frequency cuts, at most.
_CUT_REACH = 40
#: Half a window's length in scales.
_WINDOW_REACH = 3.2
#: Bytes that a plan may take on the board: its heap has 1 MB, of which Lua and the program take
#: a fifth, and garbage waits for its collection.
MEMORY = 500_000
#: Of an element of a Lua table's array part.
_ELEMENT = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One scale of a group."""

    #: Right half of the filter, real and imaginary part in turn, from the middle on.
    taps: tuple[int, ...]
    #: Right half of the smoothing window in time, from the middle on.
    window: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """Which points of an own row are counted, and how often."""

    #: First and last point; none where first > last.
    outside: tuple[int, int]
    #: What each of them counts: the weights of the samples that it is the nearest to, so that a
    #: row has as many counts as the reference's.
    weights: tuple[int, ...]

    @property
    def points(self) -> int:
        """Points counted."""
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Group:
    """Scales about an octave wide that are looked at at the same samples."""

    #: Scales with those beside them that the smoothing needs.
    rows: tuple[Row, ...]
    #: Of the group's rows, the first that is counted.
    own: int
    counted: tuple[Counted, ...]
    #: Row of the histogram that ``counted[0]`` is.
    row: int
    step: int
    #: Sample of the first point.
    offset: int
    points: int
    #: What the first and the last point stand for, of 2^END_BITS.
    ends: tuple[int, int]
    #: Binary digits that are dropped of either series' coefficients.
    shifts: tuple[int, int]
    #: Weights of the smoothing over scales.
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The noise of a part, and what is made of it."""

    part: Octave
    length: int
    #: Lag-1 coefficient of either series, in 2^-LAG_BITS.
    lags: tuple[int, int]
    #: Standard deviation of either's innovations.
    innovations: tuple[int, int]
    groups: tuple[Group, ...]

    @property
    def pad(self) -> int:
        """Zeros that the filters need beyond either end."""
        return max(len(row.taps) // 2 for group in self.groups for row in group.rows)


def memory(series: tuple[Series, ...]) -> int:
    """Bytes that a plan and its work take on the board, about.

    Filters and windows that are alike are there once; of the series, and of the coefficients of a
    group, there are those at hand.
    """
    noise = max(2 * (one.length + 2 * one.pad) for one in series)
    rows = {row for one in series for group in one.groups for row in group.rows}
    fixed = sum(len(row.taps) + len(row.window) for row in rows)
    work = max((len(g.weights) + 2) * 4 * g.points for one in series for g in one.groups)
    # The text of a group's bins, two characters each, is kept; that of a row is put together.
    groups = [g for one in series for g in one.groups]
    kept = max(2 * sum(c.points for c in g.counted) for g in groups)
    row = max(2 * g.points for g in groups)
    return _ELEMENT * (noise + fixed + work + row) + kept


@lru_cache(maxsize=8)
def plan(task: SignificanceTask) -> tuple[Series, ...]:
    """The work of a task: one entry for each octave of a cascade, one for a ``full`` task.

    Raises:
        ValueError: the task has ``edge_nodes``, another wavelet than Morlet's, or doesn't fit into
            the board.
    """
    if task.family != "morlet":
        raise ValueError(f"backend elm11_lua runs the wavelet morlet, not {task.family}")
    if task.edge_nodes:
        raise ValueError(
            "backend elm11_lua doesn't count within the cone of influence: take edges=False, "
            "or another backend"
        )
    # Two characters tell a bin on the line.
    if task.bins > 4096:
        raise ValueError(f"backend elm11_lua counts in at most 4096 bins, not {task.bins}")
    found = tuple(_series(part) for part in parts(task))
    if (needed := memory(found)) > MEMORY:
        raise ValueError(
            f"the task takes about {needed // 1000} kB on an ELM11, which has "
            f"{MEMORY // 1000} kB for it: take the estimator cascade, fewer scales, "
            "or another backend"
        )
    return found


def _series(part: Octave) -> Series:
    task = part.task
    a1, a2 = task.ar1
    return Series(
        part=part,
        length=task.length,
        lags=(_lag(a1), _lag(a2)),
        innovations=(_innovation(a1), _innovation(a2)),
        groups=tuple(_group(part, rows) for rows in _octaves(task, part.own)),
    )


def _lag(coefficient: float) -> int:
    limit = (1 << LAG_BITS) - 1
    return max(-limit, min(limit, round(coefficient * (1 << LAG_BITS))))


def _innovation(coefficient: float) -> int:
    exact = _lag(coefficient) / (1 << LAG_BITS)
    return round(SIGMA * math.sqrt(1 - exact**2))


def _octaves(task: SignificanceTask, own: tuple[int, int]) -> list[range]:
    """Rows of each octave of those that are counted."""
    found: list[range] = []
    first = own[0]
    for j in range(own[0] + 1, own[1] + 1):
        # Rounded first: the top of one octave is the bottom of the next.
        if j == own[1] or round(math.log2(task.scales[j] / task.scales[first]), 9) >= 1:
            found.append(range(first, j))
            first = j
    return found


def _group(part: Octave, own: range) -> Group:
    task = part.task
    halo = len(task.scale_weights) // 2
    first, last = max(0, own.start - halo), min(len(task.scales), own.stop + halo)
    scales = task.scales[first:last]
    step = max(1, int(_STEP * task.scales[own.start]))
    points = (task.length - 1) // step + 1
    offset = (task.length - 1 - (points - 1) * step) // 2
    after = task.length - 1 - offset - (points - 1) * step
    rows = tuple(
        Row(taps, _window(s, step))
        for taps, s in zip(_taps(task.order, scales), scales, strict=True)
    )
    return Group(
        rows=rows,
        own=own.start - first,
        counted=tuple(
            _counted(part, j - part.own[0], offset + step * np.arange(points)) for j in own
        ),
        row=part.row + own.start - part.own[0],
        step=step,
        offset=offset,
        points=points,
        ends=(_end(offset, step), _end(after, step)),
        shifts=(_shift(rows, task.ar1[0]), _shift(rows, task.ar1[1])),
        weights=_whole_weights(task.scale_weights),
    )


def _end(margin: int, step: int) -> int:
    """What the point next to an end stands for: half a step, and what is between it and the end."""
    return round((1 << END_BITS) * min(1.0, (step / 2 + margin + 0.5) / step)) if step > 1 else 32


def _taps(order: float, scales: tuple[float, ...]) -> list[tuple[int, ...]]:
    """ψ₀(k/s)/s for k ≥ 0, times a factor that the scales have in common, whole.

    The other half is its conjugate. Divided by s, not √s: R² takes |W|²/s.
    """
    filters = [_filter(order, scale) for scale in scales]
    sums = [2 * max(np.abs(f.real).sum(), np.abs(f.imag).sum()) for f in filters]
    factor = _TAP_SUM / max(sums)
    found = []
    for values in filters:
        pairs = np.stack([values.real, values.imag], axis=1) * factor
        found.append(tuple(int(v) for v in pairs.round().ravel()))
    return found


def _filter(order: float, scale: float) -> NDArray[np.complex128]:
    if scale * math.pi <= order + _BAND:
        return _cut_filter(order, scale)
    k = np.arange(math.ceil(_REACH * scale) + 1)
    values: NDArray[np.complex128] = (
        np.exp(-0.5 * (k / scale) ** 2) * np.exp(1j * order * k / scale) / scale
    )
    return values


def _cut_filter(order: float, scale: float) -> NDArray[np.complex128]:
    """The same where the Nyquist frequency cuts the band: from its transform, and shortened."""
    size = 4096
    omega = 2 * np.pi * np.arange(size // 2 + 1) / size
    spectrum = np.zeros(size, np.complex128)
    spectrum[: size // 2 + 1] = np.exp(-0.5 * (scale * omega - order) ** 2) * (omega > 0)
    spectrum[size // 2] *= 0.5
    k = np.arange(_CUT_REACH + 1)
    taper = np.cos(np.pi / 2 * k / (_CUT_REACH + 1))
    values: NDArray[np.complex128] = (np.fft.ifft(spectrum)[k] * taper) * math.sqrt(2 * math.pi)
    return values


def _window(scale: float, step: int) -> tuple[int, ...]:
    """exp(−t²/2s²) at multiples of the step, for t ≥ 0; of nearly _WINDOW_SUM in all."""
    k = np.arange(int(_WINDOW_REACH * scale / step) + 1)
    values = np.exp(-0.5 * (k * step / scale) ** 2)
    unit = values / (2 * values.sum() - 1)
    for total in range(_WINDOW_SUM, 0, -1):
        whole = (unit * total).round().astype(int)
        if 2 * whole.sum() - whole[0] <= _WINDOW_SUM:
            break
    return tuple(int(v) for v in np.trim_zeros(whole, "b"))


def _whole_weights(weights: tuple[float, ...]) -> tuple[int, ...]:
    exact = np.array(weights)
    for total in range(_SCALE_SUM, 0, -1):
        whole = (exact * total).round().astype(int)
        if whole.sum() <= _SCALE_SUM:
            break
    return tuple(int(v) for v in whole)


def _shift(rows: tuple[Row, ...], coefficient: float) -> int:
    """Digits to drop so that no row's coefficients have a root mean square above ``_RMS``."""
    size = 1 << 14
    omega = 2 * np.pi * np.arange(size) / size
    exact = _lag(coefficient) / (1 << LAG_BITS)
    power = SIGMA**2 * (1 - exact**2) / np.abs(1 - exact * np.exp(-1j * omega)) ** 2
    largest = 0.0
    for row in rows:
        half = np.array(row.taps[::2]) + 1j * np.array(row.taps[1::2])
        whole = np.zeros(size, np.complex128)
        whole[: half.size] = half
        whole[-half.size + 1 :] += half[:0:-1].conj()
        largest = max(largest, float((np.abs(np.fft.fft(whole)) ** 2 * power).mean()))
    return max(0, math.ceil(math.log2(math.sqrt(largest) / _RMS)))


def _counted(part: Octave, own: int, grid_points: NDArray[np.int64]) -> Counted:
    """The points of a row outside the cone of influence.

    Args:
        part: what the row is of.
        own: which of its own rows.
        grid_points: the samples that coefficients are known at, evenly spaced.
    """
    task = part.task
    scale = task.scales[part.own[0] + own]
    near, beyond = part.weights[own]
    distance = edge_distance(task.length)
    samples = np.nonzero(scale * grid.cone_factor("morlet") <= distance)[0]
    if not samples.size:
        return Counted((0, -1), ())
    weights = np.where(distance < EDGE * scale, near, beyond)[samples]
    inside = np.nonzero((grid_points >= samples[0]) & (grid_points <= samples[-1]))[0]
    if not inside.size:
        # None of the points is among the samples: the one next to them stands for them.
        inside = np.abs(grid_points - samples[samples.size // 2]).argmin(keepdims=True)
    middles = (grid_points[inside][1:] + grid_points[inside][:-1]) / 2
    nearest = np.searchsorted(middles, samples, side="right")
    counts = np.zeros(inside.size, np.int64)
    np.add.at(counts, nearest, weights)
    return Counted((int(inside[0]), int(inside[-1])), tuple(int(c) for c in counts))
