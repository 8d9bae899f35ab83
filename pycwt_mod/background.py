"""Significance of wavelet power and cross power against red noise.

Torrence & Compo (1998, TC98), sections 4 to 6; the distribution of cross power is that of
their errata and of Grinsted et al. (2004), section 3.3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy
from scipy.special import gammaincinv, iti0k0, kv

from pycwt_mod import checks
from pycwt_mod.gaps import filled
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.results.kinds import Significance
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.gaps import Gaps


def significance(  # noqa: PLR0917 - pycwt's signature
    signal: ArrayLike,
    dt: float,
    scales: ArrayLike,
    sigma_test: int = 0,
    alpha: float | None = None,
    significance_level: float = 0.95,
    dof: ArrayLike = -1,
    wavelet: str | Wavelet = "morlet",
    *,
    gaps: Gaps | None = None,
) -> Significance:
    """Levels of wavelet power that AR(1) noise stays below with a given probability.

    Args:
        signal: the series, or its variance alone (a number).
        dt: sampling interval.
        scales: scales as :func:`pycwt_mod.cwt` gives them, shape (scales,).
        sigma_test: 0 for points of the spectrum (TC98, eq. 18); 1 for averages over time, as
            the global spectrum (eq. 23); 2 for averages over a band of scales (eq. 25–28).
        alpha: lag-1 autocorrelation of the noise. None estimates it by
            :func:`pycwt_mod.ar1`, or takes 0, white noise, where a variance alone is given.
        significance_level: probability, between 0 and 1.
        dof: for test 1 the number of points averaged (N of a global spectrum), one number or
            one per scale, with −1 for the length of ``signal``; for test 2 the smallest and
            the largest scale of the band; test 0 doesn't use it.
        wavelet: name or instance.
        gaps: how missing samples of ``signal`` are taken; see :func:`pycwt_mod.cwt`. Variance and
            lag-1 autocorrelation are those of the samples present.

    Returns:
        signif, fft_theor; see :class:`Significance`. Test 2 gives numbers (0-d arrays).

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range or doesn't fit the test, or TC98 doesn't give
            the factors (γ, δj₀) that the test needs for this wavelet.
    """
    mother = find_wavelet(wavelet)
    dt = checks.positive(dt, "dt")
    sj = checks.positives(scales, "scales")
    level = checks.within(significance_level, "significance_level", 0, 1)
    variance, lag1, length = _noise_of(signal, alpha, gaps)
    periods = mother.flambda() * sj
    background = variance * ar1_spectrum(dt / periods, lag1)
    test = checks.whole(sigma_test, "sigma_test", 0, 2)
    known: dict[str, Any] = {
        "level": level,
        "alpha": lag1,
        "variance": variance,
        "sigma_test": test,
        "periods": periods,
    }
    if test == 0:
        signif = background * _chi2_over_dof(level, mother.dofmin)
        return Significance(signif, background, **known)
    if test == 1:
        points = _averaged_points(dof, sj, length)
        # TC98, eq. 23; never below the freedom of a single point.
        freedom = mother.dofmin * np.hypot(1, points * dt / (mother.gamma * sj))
        return Significance(background * _chi2_over_dof(level, freedom), background, **known)
    average = _scale_average(background, sj, dt=dt, dof=dof, level=level, wavelet=mother)
    return Significance(*average, **known)


def scale_average_dof(band: ArrayLike, scales: ArrayLike, wavelet: str | Wavelet) -> float:
    """Degrees of freedom of the power averaged over a band of scales (TC98, eq. 28).

    Args:
        band: smallest and largest scale of the band.
        scales: all scales, evenly spaced in octaves, at least two.
        wavelet: name or instance.

    Returns:
        The degrees of freedom ν.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: no scale lies in the band, or δj₀ isn't known for this wavelet.
    """
    mother = find_wavelet(wavelet)
    inside, dj = _band(band, checks.positives(scales, "scales"))
    s_avg = 1 / float((1 / inside).sum())
    s_mid = math.sqrt(inside[0] * inside[-1])
    spread = math.hypot(1, inside.size * dj / mother.deltaj0)
    return mother.dofmin * inside.size * s_avg / s_mid * spread


def cross_level(significance_level: float, dof: int) -> float:
    """Level Z_ν(p) of the product of two χ²_ν variables' square root (TC98, eq. 30–31, errata).

    Its density is 2^(2−ν)/Γ²(ν/2) · z^(ν−1) K₀(z), so that the chance of exceeding z is
    1 − (2/π)∫₀^z K₀ for ν = 1, and z·K₁(z) for ν = 2.

    Args:
        significance_level: probability p of staying below the level.
        dof: ν, 1 for real wavelets and 2 for complex ones.

    Returns:
        Z; 3.999 for p = 0.95 and ν = 2.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
    """
    p = checks.within(significance_level, "significance_level", 0, 1)
    nu = checks.whole(dof, "dof", 1, 2)

    def excess(z: float) -> float:
        chance = z * kv(1, z) if nu == 2 else 1 - 2 / math.pi * iti0k0(z)[1]
        return float(chance) - (1 - p)

    # K decays as exp(−z): at 60 the chance is below what a double can tell from zero.
    return float(scipy.optimize.brentq(excess, 1e-12, 60.0, xtol=1e-12))


def _chi2_over_dof(level: float, dof: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantile of χ²_ν over ν."""
    nu = np.asarray(dof, dtype=np.float64)
    quantile: NDArray[np.float64] = np.asarray(2 * gammaincinv(nu / 2, level) / nu)
    return quantile


def _noise_of(
    signal: ArrayLike, alpha: float | None, gaps: Gaps | None
) -> tuple[float, float, int | None]:
    """Variance, lag-1 coefficient and, of a series, the length."""
    if np.isscalar(signal) or (isinstance(signal, np.ndarray) and signal.ndim == 0):
        variance = checks.positive(np.asarray(signal).item(), "signal")
        return variance, 0.0 if alpha is None else checks.within(alpha, "alpha", -1, 1), None
    x = filled(signal, gaps, "signal")
    lag1 = ar1(x.values, x.present).g if alpha is None else checks.within(alpha, "alpha", -1, 1)
    return float(x.there.var()), lag1, x.there.size


def _averaged_points(
    dof: ArrayLike, scales: NDArray[np.float64], length: int | None
) -> NDArray[np.float64]:
    points = np.asarray(dof, dtype=np.float64)
    if points.ndim == 0 and points == -1:
        if length is None:
            raise ValueError("dof must be the number of points averaged: signal has no length")
        points = np.asarray(float(length))
    if points.ndim > 1 or (points.ndim == 1 and points.size not in {1, scales.size}):
        raise ValueError(
            f"dof must be a number or one for each of the {scales.size} scales, "
            f"not of shape {points.shape}"
        )
    if not np.isfinite(points).all():
        raise ValueError("dof must be finite")
    # No average has fewer than one point; near the largest scales N − s runs below.
    clipped: NDArray[np.float64] = np.broadcast_to(np.maximum(points, 1), scales.shape)
    return clipped


def _band(band: ArrayLike, scales: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The scales inside the band, and the spacing of all."""
    limits = np.asarray(band, dtype=np.float64)
    if limits.shape != (2,) or not 0 < limits[0] <= limits[1]:
        raise ValueError(f"dof must be the band [s1, s2] with 0 < s1 ≤ s2, not {band!r}")
    if scales.size < 2 or scales[1] <= scales[0]:
        raise ValueError("scales must be at least two, and increase, for an average over scales")
    # A scale computed as a power of two may miss a limit of the same name by its last digits.
    inside = scales[(scales >= limits[0] * (1 - 1e-9)) & (scales <= limits[1] * (1 + 1e-9))]
    if not inside.size:
        raise ValueError(f"no scale lies in the band {limits[0]:g} to {limits[1]:g}")
    return inside, math.log2(scales[1] / scales[0])


def _scale_average(
    background: NDArray[np.float64],
    scales: NDArray[np.float64],
    *,
    dt: float,
    dof: ArrayLike,
    level: float,
    wavelet: Wavelet,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inside, dj = _band(dof, scales)
    chosen = background[np.isin(scales, inside)]
    s_avg = 1 / float((1 / inside).sum())  # eq. 25
    theory = s_avg * float((chosen / inside).sum())  # eq. 27
    freedom = scale_average_dof(dof, scales, wavelet)
    scale = dj * dt / (wavelet.cdelta * s_avg)  # eq. 26
    return np.asarray(scale * theory * _chi2_over_dof(level, freedom)), np.asarray(theory)
