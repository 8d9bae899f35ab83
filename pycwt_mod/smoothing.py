"""Smoothing in time and scale for wavelet coherence.

Torrence & Webster (1999), J. Climate 12, 2679–2690, appendix; Grinsted et al. (2004),
Nonlin. Processes Geophys. 11, 561–566, section 3.4: in time a window shaped like |ψ₀| at each
scale, in scale a boxcar of the width δj₀, both of unit weight.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import scipy
from scipy import fft as sp_fft
from scipy.ndimage import correlate1d
from scipy.special import eval_hermitenorm, gammaln, kve, roots_hermitenorm, roots_legendre

from pycwt_mod import checks
from pycwt_mod.morse import morse_window
from pycwt_mod.transform import MAX_DJ
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


#: Beyond this sω no |W|² of a DOG wavelet up to order 40 has anything left to smooth: its
#: transform is band-limited to twice √m + 6.
_DOG_LIMIT = 40.0
#: Smoothed power below this share of the scale's largest is rounding of the FFT: no power.
_ROUNDING = 1e-13
#: Scales × padded length up to which windows are kept: 1 MiB each.
_CACHED = 1 << 18


def scale_weights(dj: float, wavelet: str | Wavelet) -> tuple[float, ...]:
    """Weights of the smoothing over scales, on a grid of spacing ``dj``.

    With d = δj₀/(2·dj) grid steps to either side: frac(d), then 1 repeated 2·round(d) − 1
    times, then frac(d), over their sum. At dj = 1/12 the Morlet wavelet has d = 3.6, seven
    weights of 1 and two of 0.6, sum 8.2, as in Grinsted's toolbox. For d < ½ the window is
    narrower than the grid: a single weight of 1.

    Args:
        dj: spacing of the scales in octaves.
        wavelet: name or instance; its ``smoothing_width`` stands for δj₀.

    Returns:
        An odd number of symmetric weights, sum 1.

    Raises:
        TypeError: an argument isn't a number or a wavelet.
        ValueError: an argument is out of range.
    """
    half = find_wavelet(wavelet).smoothing_width / (2 * checks.within(dj, "dj", 0, MAX_DJ))
    # Grids like 0.1 aren't exact in binary; 2.999… steps are three.
    half = round(half, 9)
    if half < 0.5:
        return (1.0,)
    fraction = half - math.floor(half)
    weights = [fraction, *[1.0] * (2 * math.floor(half + 0.5) - 1), fraction]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def time_window(wavelet: Wavelet, scales: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Transform of the window |ψ₀(t/s)|, of unit weight, at the frequencies of a real FFT.

    Morlet: exp(−½ s²ω²). Paul: |ψ₀| ∝ (1 + η²)^(−(m+1)/2), whose transform is
    2^(1−ν)/Γ(ν) · x^ν K_ν(x) with ν = m/2, x = sω. DOG, |He_m(η)| exp(−η²/2), and Morse: by
    quadrature.

    Args:
        wavelet: the mother wavelet.
        scales: in samples, shape (scales,).
        n: length of the FFT.

    Returns:
        float64, shape (scales, n//2 + 1); 1 at zero frequency.
    """
    x = scales[:, None] * (2 * np.pi * sp_fft.rfftfreq(n))
    if wavelet.family == "morlet":
        gauss: NDArray[np.float64] = np.exp(-0.5 * x**2)
        return gauss
    if wavelet.family == "paul":
        nu = wavelet.order / 2
        size = np.where(x > 0, x, 1.0)
        log_norm = (1 - nu) * math.log(2) - float(gammaln(nu))
        # K_ν itself overflows near zero for high orders; its scaled logarithm doesn't.
        bessel = log_norm + nu * np.log(size) + np.log(kve(nu, size)) - size
        return np.where(x > 1e-6, np.exp(bessel), 1.0)
    if wavelet.family == "morse":
        return morse_window(wavelet, x)
    return np.where(x < _DOG_LIMIT, _dog_window(int(wavelet.order))(x), 0.0)


@lru_cache(maxsize=8)
def _dog_window(m: int) -> scipy.interpolate.CubicSpline:
    """∫|He_m(η)| exp(−η²/2) cos(xη) dη over its value at 0, for 0 ≤ x ≤ 40, to about 1e−9."""
    # Gauss–Legendre between the kinks, which are the polynomial's roots; it is even in η.
    roots = roots_hermitenorm(m)[0]
    edges = np.concatenate([[0.0], roots[roots > 1e-9], [2 * math.sqrt(m) + 9]])
    nodes, weights = roots_legendre(400)
    half = np.diff(edges)[:, None] / 2
    eta = (edges[:-1, None] + half * (nodes + 1)).ravel()
    density = (half * weights).ravel() * np.abs(eval_hermitenorm(m, eta)) * np.exp(-(eta**2) / 2)
    x = np.arange(0, _DOG_LIMIT + 1, 1 / 128)
    return scipy.interpolate.CubicSpline(x, np.cos(x[:, None] * eta) @ density / density.sum())


@lru_cache(maxsize=8)
def _cached_window(wavelet: Wavelet, scales: bytes, n: int) -> NDArray[np.float64]:
    window = time_window(wavelet, np.frombuffer(scales), n)
    window.flags.writeable = False
    return window


class Smoother:
    """Smooths arrays of shape (scales, N) in time, then in scale.

    Time is padded with zeros to the next power of two not below N, as in Grinsted's toolbox:
    what is smoothed over the ends lies within the cone of influence. Beyond the first and
    the last scale there is nothing, on both sides of the coherence's fraction.

    Args:
        wavelet: whose |ψ₀| is the window.
        scales: in samples, shape (scales,).
        weights: of the smoothing over scales, see :func:`scale_weights`; or a matrix of shape
            (scales, scales).
        n: number of samples N.
    """

    def __init__(
        self,
        wavelet: Wavelet,
        scales: NDArray[np.float64],
        weights: Sequence[float] | NDArray[np.float64],
        n: int,
    ) -> None:
        self.scales = scales
        self._weights = np.asarray(weights)
        self._n = n
        self._padded = 1 << (n - 1).bit_length()
        if scales.size * self._padded <= _CACHED:
            self._window = _cached_window(wavelet, scales.tobytes(), self._padded)
        else:
            self._window = time_window(wavelet, scales, self._padded)

    def real(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Smooth real values, shape (scales, N)."""
        spectrum = sp_fft.rfft(values, self._padded, axis=1)
        in_time = sp_fft.irfft(spectrum * self._window, self._padded, axis=1)[:, : self._n]
        if self._weights.ndim == 2:
            summed: NDArray[np.float64] = self._weights @ in_time
            return summed
        smoothed: NDArray[np.float64] = correlate1d(in_time, self._weights, axis=0, mode="constant")
        return smoothed

    def complex(self, values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Smooth complex values, shape (scales, N)."""
        return self.real(values.real) + 1j * self.real(values.imag)


def squared_coherence(
    W1: NDArray[np.complex128], W2: NDArray[np.complex128], smoother: Smoother
) -> NDArray[np.float64]:
    """R² = |⟨W₁W₂*/s⟩|² / (⟨|W₁|²/s⟩ ⟨|W₂|²/s⟩), ⟨⟩ being the smoothing (Grinsted 2004, eq. 5).

    Where the smoothed power of either vanishes, to the rounding of the smoothing itself,
    there is nothing to cohere and R² is 0.

    Args:
        W1: transform of the first series, of unit size (see
            :func:`pycwt_mod.transform.unit_series`), shape (scales, N).
        W2: that of the second.
        smoother: made for the same scales and N.

    Returns:
        float64 in [0, 1], shape (scales, N).
    """
    return coherence_and_cross(W1, W2, smoother)[0]


def coherence_and_cross(
    W1: NDArray[np.complex128], W2: NDArray[np.complex128], smoother: Smoother
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """The :func:`squared_coherence`, and the smoothed cross spectrum ⟨W₁W₂*/s⟩ behind it."""
    s = smoother.scales[:, None]
    s1 = smoother.real((W1.real**2 + W1.imag**2) / s)
    s2 = smoother.real((W2.real**2 + W2.imag**2) / s)
    s12 = smoother.complex(W1 * W2.conj() / s)
    return coherence_ratio(s1, s2, s12), s12


def coherence_ratio(
    s1: NDArray[np.float64], s2: NDArray[np.float64], s12: NDArray[np.complex128]
) -> NDArray[np.float64]:
    """|s12|² / (s1·s2) of smoothed spectra, shape (scales, N); see :func:`squared_coherence`."""
    there = (s1 > _ROUNDING * s1.max(axis=1, keepdims=True)) & (
        s2 > _ROUNDING * s2.max(axis=1, keepdims=True)
    )
    cross = s12.real**2 + s12.imag**2
    # One division after the other: the product of two small powers could vanish.
    ratio = np.divide(cross, s1, out=np.zeros_like(cross), where=there)
    ratio = np.divide(ratio, s2, out=ratio, where=there)
    return np.clip(ratio, 0.0, 1.0)
