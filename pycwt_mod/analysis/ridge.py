"""Ridges of a transform: the oscillations in a series, followed through time.

Delprat et al. (1992), IEEE Trans. Inf. Theory 38, 644–664; Lilly & Olhede (2010), IEEE Trans.
Inf. Theory 56, 4135–4156: a ridge is where |W|/√s, the transform that shows a sinusoid of any
period at its amplitude, has a maximum over scales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from pycwt_mod import checks
from pycwt_mod.analysis.planes import Plane, plane_of
from pycwt_mod.gaps import outside_ends

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.wavelets import Wavelet


@dataclass(frozen=True, slots=True, repr=False)
class Ridge:
    """A chain of ridge points at successive samples; all vectors of shape (points,)."""

    #: Numbers of the samples.
    index: NDArray[np.int64]
    #: Scale of the maximum, between those of the grid, in units of time.
    scale: NDArray[np.float64]
    #: Period of the sinusoid that has its maximum there, in units of time.
    period: NDArray[np.float64]
    #: Frequency in 1/time from the advance of the phase; it follows faster than ``period``.
    frequency: NDArray[np.float64]
    #: Amplitude of the oscillation in units of the series.
    amplitude: NDArray[np.float64]
    #: Its phase in radians, −π to π: the oscillation is amplitude · cos(phase).
    phase: NDArray[np.float64]
    #: Whether the points lie outside the cone of influence.
    outside: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of points."""
        return int(self.index.size)

    def __repr__(self) -> str:
        return (
            f"<Ridge: samples {self.index[0]} to {self.index[-1]}, periods "
            f"{self.period.min():.4g} to {self.period.max():.4g}, mean amplitude "
            f"{self.amplitude.mean():.4g}>"
        )


@dataclass(frozen=True, slots=True)
class _Points:
    """All ridge points of a plane, ordered by time; ``first[t]`` is the first of sample t."""

    first: NDArray[np.int64]
    octave: NDArray[np.float64]
    size: NDArray[np.float64]
    phasor: NDArray[np.complex128]


def ridges(
    transform: TransformLike,
    *,
    min_cycles: float = 2.0,
    max_jump: float = 0.25,
    min_amplitude: float = 0.0,
    level: ArrayLike | None = None,
    wavelet: str | Wavelet | None = None,
) -> list[Ridge]:
    """The ridges of a transform, as chains of points from sample to sample.

    A point is a maximum of |W|/√s over the scales, found between them by a parabola through
    three values of its logarithm on the logarithm of the scale; maxima at the smallest and the
    largest scale aren't points. A point and one of the next sample belong to a chain when each
    is the nearest to the other, and at most ``max_jump`` octaves off. A chain has no gaps.

    Where the frequency changes, at a rate of r radians per squared time, the amplitude is too
    small and the phase too early: with the Morlet wavelet by the factor (1 + s⁴r²)^(−1/4) and
    the angle ½·arctan(s²r).

    Args:
        transform: of a complex wavelet, as :func:`pycwt_mod.cwt` gives it, at evenly spaced
            scales, three at least.
        min_cycles: chains that last fewer cycles, Σ dt/period, are left out.
        max_jump: in octaves a sample; a quarter suits all but wild series.
        min_amplitude: weaker points, in units of the series, are left out.
        level: |W|² that a point must reach at its scale, such as that of
            :func:`pycwt_mod.significance`, one number or shape (scales,).
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        The chains, that of the largest Σ amplitude² first.

    Raises:
        TypeError: an argument isn't a number or a transform.
        ValueError: an argument is out of range, or the wavelet is real: its transform has no
            amplitude and phase.
    """
    plane = plane_of(transform, wavelet)
    if plane.wavelet.is_real:
        raise ValueError(f"transform must be of a complex wavelet, not of {plane.wavelet!r}")
    cycles = checks.positive(min_cycles, "min_cycles")
    jump = checks.positive(max_jump, "max_jump")
    least = 0.0 if min_amplitude == 0 else checks.positive(min_amplitude, "min_amplitude")
    peak, height = _peak(plane.wavelet)
    # A sinusoid of unit amplitude has |W|/√s = ½√(2π/dt)·ψ̂ at its maximum.
    unit = 0.5 * math.sqrt(2 * math.pi / plane.dt) * height
    points = _points(plane, unit, least, _level(level, plane))
    found = []
    for chain in _chains(points, jump):
        ridge = _ridge(plane, points, chain, peak)
        if plane.dt * float((1 / ridge.period).sum()) >= cycles:
            found.append(ridge)
    return sorted(found, key=lambda ridge: -float((ridge.amplitude**2).sum()))


def _peak(wavelet: Wavelet) -> tuple[float, float]:
    """sω where |ψ̂| is largest, and how large it is there."""
    guess = 2 * math.pi / wavelet.flambda()

    def depth(x: float) -> float:
        return -float(np.abs(wavelet.psi_ft(np.array([x])))[0])

    best = scipy.optimize.minimize_scalar(
        depth, bounds=(guess / 2, guess * 2), options={"xatol": 1e-10}
    )
    return float(best.x), -float(best.fun)


def _level(level: ArrayLike | None, plane: Plane) -> NDArray[np.float64]:
    if level is None:
        return np.zeros(plane.sj.size)
    values = np.asarray(level, dtype=np.float64)
    if values.shape not in {(), (1,), (plane.sj.size,)} or not (values >= 0).all():
        raise ValueError(
            f"level must be one number or one for each of the {plane.sj.size} scales, and not "
            "negative"
        )
    return np.broadcast_to(values, plane.sj.shape)


def _points(plane: Plane, unit: float, least: float, level: NDArray[np.float64]) -> _Points:
    if plane.sj.size < 3:
        raise ValueError("transform must have at least three scales")
    dj = plane.dj
    W = plane.W.astype(np.complex128, copy=False) / (np.sqrt(plane.sj)[:, None] * unit)
    size = np.abs(W)
    middle = size[1:-1]
    high = (middle > size[:-2]) & (middle >= size[2:]) & (middle >= max(least, 1e-300))
    high &= middle * unit * np.sqrt(plane.sj[1:-1])[:, None] >= np.sqrt(level[1:-1])[:, None]
    time, row = np.nonzero(high.T)
    row += 1
    tiny = np.finfo(np.float64).tiny
    below, here, above = (np.log(np.maximum(size[row + k, time], tiny)) for k in (-1, 0, 1))
    # The denominator is negative at a maximum; of a flat top the middle is taken.
    curve = below - 2 * here + above
    shift = np.where(curve < 0, 0.5 * (below - above) / np.where(curve < 0, curve, -1), 0.0)
    neighbour = W[row + np.where(shift < 0, -1, 1), time]
    own = W[row, time]
    turn = np.angle(neighbour * own.conj())
    return _Points(
        first=np.searchsorted(time, np.arange(plane.size + 1)),
        octave=math.log2(plane.sj[0]) + np.asarray(dj * (row + shift), np.float64),
        size=np.exp(here - 0.25 * (below - above) * shift),
        phasor=own / np.abs(own) * np.exp(1j * np.abs(shift) * turn),
    )


def _chains(points: _Points, jump: float) -> list[tuple[int, NDArray[np.int64]]]:
    """Chains as the sample that they begin at and the numbers of their points."""
    ended: list[tuple[int, list[int]]] = []
    # The chains that reach the sample before, by the number of their last point.
    live: dict[int, tuple[int, list[int]]] = {}
    for t in range(points.first.size - 1):
        now = np.arange(points.first[t], points.first[t + 1])
        before = np.array(sorted(live), dtype=np.int64)
        following: dict[int, tuple[int, list[int]]] = {}
        for old, new in _matches(points.octave, before, now, jump):
            chain = live.pop(old)
            chain[1].append(new)
            following[new] = chain
        ended.extend(live.values())
        for new in now.tolist():
            following.setdefault(new, (t, [new]))
        live = following
    ended.extend(live.values())
    return [(start, np.array(numbers)) for start, numbers in ended]


def _matches(
    octave: NDArray[np.float64], before: NDArray[np.int64], now: NDArray[np.int64], jump: float
) -> list[tuple[int, int]]:
    """Points of two samples that are nearest to each other."""
    if not before.size or not now.size:
        return []
    distance = np.abs(octave[before][:, None] - octave[now])
    forth, back = distance.argmin(axis=1), distance.argmin(axis=0)
    return [
        (int(before[i]), int(now[k]))
        for i, k in enumerate(forth)
        if back[k] == i and distance[i, k] <= jump
    ]


def _ridge(
    plane: Plane, points: _Points, chain: tuple[int, NDArray[np.int64]], peak: float
) -> Ridge:
    start, numbers = chain
    index = np.arange(start, start + numbers.size)
    scale = np.exp2(points.octave[numbers])
    phase = np.angle(points.phasor[numbers])
    period = 2 * np.pi * scale / peak
    if numbers.size > 1:
        frequency = np.gradient(_unwrapped(phase, period, plane.dt)) / (2 * np.pi * plane.dt)
    else:
        frequency = 1 / period
    # The cone is told in Fourier periods, which aren't quite those of the maximum.
    outside = outside_ends(plane.wavelet.flambda() * scale, plane.coi[index])
    if plane.present is not None:
        nearest = np.abs(np.log(scale[:, None] / plane.sj)).argmin(axis=1)
        outside &= plane.outside_gaps[nearest, index]
    return Ridge(index, scale, period, frequency, points.size[numbers], phase, outside)


def _unwrapped(
    phase: NDArray[np.float64], period: NDArray[np.float64], dt: float
) -> NDArray[np.float64]:
    """The phase without jumps, each advance the nearest to what the period lets expect."""
    advance = np.diff(phase)
    expected = np.pi * dt * (1 / period[1:] + 1 / period[:-1])
    advance += 2 * np.pi * np.round((expected - advance) / (2 * np.pi))
    total: NDArray[np.float64] = phase[0] + np.concatenate([[0.0], np.cumsum(advance)])
    return total
