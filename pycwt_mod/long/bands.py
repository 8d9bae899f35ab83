"""Filters that make rows of the Morlet transform from decimated bands, and what they cost.

Interpolation is with a Kaiser–Bessel window, whose own transform the filter at the rate of the
band divides out, as in non-uniform FFTs (Barnett et al. 2019, SIAM J. Sci. Comput. 41, C479).

Filters are designed once for a grid of scales and kept, read-only: for some thousand samples they
cost as much as the transform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft as sp_fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Points of the filters' transforms, more than twice as many as any filter is long.
_GRID = 512
#: Filters that are kept: those of some grids. Each has some hundred numbers.
_KEPT = 1024
#: Points of the longest transforms that are kept: half a MiB each.
_LONGEST_KEPT = 1 << 16


@dataclass(frozen=True, slots=True)
class Precision:
    """What is spent to reach a precision."""

    complex_type: type[np.complexfloating]
    real_type: type[np.floating]
    #: x₁: exp(−x₁²/2) is negligible.
    cut: float
    #: Least scale in samples of its band, whose rate is so at least 2π·density/s.
    density: float
    #: Points K that an interpolation reaches over.
    reach: int
    #: Shape β of the Kaiser–Bessel window.
    beta: float


#: Reach and shape have the least alias error at the least density, found by a scan: 6e−8 and
#: 3e−14 of the rms for white series.
SINGLE = Precision(np.complex64, np.float32, 5.6, 2.0, 8, 2.24 * 8)
DOUBLE = Precision(np.complex128, np.float64, 8.0, 2.8, 14, 2.32 * 14)


def norm(s: float) -> float:
    """√(2πs) π^(−1/4), the Morlet daughter's height in frequency (TC98, eq. 6 and Table 1)."""
    return math.sqrt(2 * math.pi * s / math.sqrt(math.pi))


def _short(taps: NDArray[np.floating], precision: Precision) -> NDArray[np.floating]:
    """The right half of a symmetric filter, cut where nothing above ``precision`` is left."""
    rest = np.cumsum(np.abs(taps[::-1]))[::-1]
    rest = np.append(rest, 0.0)
    half = int(np.argmax(rest < math.exp(-0.5 * precision.cut**2) * rest[0])) - 1
    return _kept(taps[: half + 1].copy())


def _kept(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """What others will be given, too."""
    values.flags.writeable = False
    return values


@lru_cache(maxsize=_KEPT)
def gaussian_taps(s: float, decimation: int, precision: Precision) -> NDArray[np.floating]:
    """exp(−½ s²ω²) as a filter at the rate of the band that also levels the interpolation.

    Args:
        s: width in samples of the row.
        decimation: samples of the row for one of the band.
        precision: whose interpolation follows.

    Returns:
        Centre and right half of the symmetric filter, cut where nothing above ``precision`` is
        left.
    """
    if decimation == 1:
        return _short(_sampled_gaussian(s, precision), precision)
    gauss = np.exp(-0.5 * (2 * np.pi * s / decimation * _cycles(_GRID, "float64")) ** 2)
    # Beyond the main lobe the window's transform has zeros, but the Gaussian nothing left.
    level = _window_transform(_GRID, "float64", 1.0, precision)
    ratio = np.divide(gauss, level, out=np.zeros_like(gauss), where=gauss > 1e-18)
    return _short(sp_fft.irfft(ratio)[: _GRID // 2], precision)


def _sampled_gaussian(s: float, precision: Precision) -> NDArray[np.float64]:
    """exp(−½ s²ω²) as a filter, with its images at multiples of 2π."""
    t = np.arange(math.ceil(precision.cut * s) + 2)
    sampled: NDArray[np.float64] = np.exp(-0.5 * (t / s) ** 2) / (s * math.sqrt(2 * np.pi))
    return sampled


def smoothing_transform(
    s: float,
    before: int,
    after: int,
    n: int,
    precision: Precision,
    *,
    dtype: str = "float64",
) -> NDArray[np.floating]:
    """exp(−½ s²ω²) between an interpolation's adjoint and an interpolation, levelling both.

    Args:
        s: width in samples.
        before: samples for one of the points that are smoothed.
        after: samples for one of those that the result is interpolated from.
        n: points that are smoothed, round a circle.
        precision: whose interpolations surround it.
        dtype: of the work.

    Returns:
        At 0 … ½ cycles per point, shape (n//2 + 1,).
    """
    f = _cycles(n, dtype)
    gauss: NDArray[np.floating] = np.exp(-0.5 * (2 * np.pi * s / before * f) ** 2)
    level = np.ones_like(f)
    if before > 1:
        # The adjoint takes two outputs of each point (native/src/pt_pair.h).
        level *= 2 * _window_transform(n, dtype, 1.0, precision)
    if after > 1:
        level *= _window_transform(n, dtype, after / before, precision)
    # The level falls to 1e-9 before the Gaussian is nothing: cut earlier the filter gets long.
    there = gauss > 1e-40
    levelled: NDArray[np.floating] = np.divide(gauss, level, out=np.zeros_like(f), where=there)
    return levelled


@lru_cache(maxsize=_KEPT)
def smoothing_taps(
    s: float, before: int, after: int, precision: Precision
) -> tuple[NDArray[np.floating], NDArray[np.floating] | None]:
    """:func:`smoothing_transform` as a filter in time, at points as they come or two for each.

    Args:
        s: width in samples.
        before: samples for one of the points that are smoothed.
        after: samples for one of the points wanted: half of ``before``, or as many or more.
        precision: whose interpolations surround it.

    Returns:
        Centre and right half of the filter, h + 1 numbers; where points between are wanted, the
        right half of the filter for these, h numbers.
    """
    kind = precision.real_type
    if before == after == 1:
        return _kept(_short(_sampled_gaussian(s, precision), precision).astype(kind)), None
    # In doubles the rounding of two levels leaves 1e-16 in all taps, so that none is negligible.
    transform = smoothing_transform(s, before, after, _GRID, precision, dtype="longdouble")
    if after >= before:
        return _kept(_short(sp_fft.irfft(transform)[: _GRID // 2], precision).astype(kind)), None
    # Beyond half a cycle per point nothing is left of the Gaussian.
    both = _short(2 * sp_fft.irfft(transform, 2 * _GRID)[:_GRID], precision).astype(kind)
    if both.size % 2 == 0:
        both = np.append(both, both.dtype.type(0))
    return _kept(both[::2].copy()), _kept(both[1::2].copy())


@lru_cache(maxsize=32)
def window(decimation: int, precision: Precision) -> NDArray[np.floating]:
    """I₀(β√(1 − (2x/K)²))/I₀(β) at the distances x of outputs from the points around them.

    Returns:
        Shape (K, decimation), or (0, 1) for decimation 1.
    """
    if decimation == 1:
        return np.empty((0, 1), precision.real_type)
    k = np.arange(precision.reach)[:, None] - precision.reach // 2 + 1
    x = np.arange(decimation) / decimation - k
    inside = np.clip(1 - (2 * x / precision.reach) ** 2, 0.0, None)
    values = np.i0(precision.beta * np.sqrt(inside)) / np.i0(precision.beta)
    return values.astype(precision.real_type)


def window_transform(f: NDArray[np.floating], precision: Precision) -> NDArray[np.floating]:
    """The window's Fourier transform at ``f`` cycles per point, within its main lobe."""
    reach, beta = precision.reach, precision.beta
    inside = np.sqrt(np.maximum(beta**2 - (np.pi * reach * f) ** 2, 1e-30))
    values: NDArray[np.floating] = np.sinh(inside) / inside * (reach / _peak(beta))
    return values


def _cycles(n: int, dtype: str) -> NDArray[np.floating]:
    """0 … ½ cycles per point, of n points."""
    cycles: NDArray[np.floating] = np.arange(n // 2 + 1, dtype=dtype) / n
    return cycles


def _window_transform(
    n: int, dtype: str, factor: float, precision: Precision
) -> NDArray[np.floating]:
    """:func:`window_transform` at these times a factor."""
    if n <= _LONGEST_KEPT:
        return _kept_transform(n, dtype, factor, precision)
    return window_transform(_cycles(n, dtype) * factor, precision)


@lru_cache(maxsize=16)
def _kept_transform(
    n: int, dtype: str, factor: float, precision: Precision
) -> NDArray[np.floating]:
    return _kept(window_transform(_cycles(n, dtype) * factor, precision))


@lru_cache(maxsize=8)
def _peak(beta: float) -> float:
    """I₀(β): numpy takes longer over one number than over the sinh of hundreds."""
    return float(np.i0(beta))
