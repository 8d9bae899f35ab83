"""Filters and windows of the gateware, as real numbers: what the library computes by FFT."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.smoothing import time_window
from pycwt_mod.wavelets import wavelet_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import Family

#: Points of the frequency grid that filters are made on; many times their length.
_GRID = 1 << 15
#: Share of its energy that what is left off a filter may have, and a window: a window's tails
#: average over independent values, and without them levels are too high.
_LOST_ENERGY, _LOST_OF_WINDOW = 1e-6, 1e-7
#: A spectrum that is larger than this at the Nyquist frequency, relative to its peak, is cut there.
_CUT = 1e-3
#: Taps to either side of a filter whose spectrum is cut, at most: its tails fall as 1/k.
_CUT_REACH = 64


@lru_cache(maxsize=256)
def half_filter(family: Family, order: float, scale: float) -> NDArray[np.complex128]:
    """The wavelet filter at one scale, its right half: taps k = 0 … K; the left one is conjugate.

    The transform √(2πs) ψ̂₀(sω) (Torrence & Compo 1998, eq. 6) over √s, as R² takes |W|²/s, and
    up to a phase that R² doesn't see. Where the Nyquist frequency cuts the spectrum, the filter
    is shortened; a taper would make it worse.

    Args:
        family: morlet, paul or dog.
        order: of the wavelet.
        scale: in samples.

    Returns:
        complex128, shape (K + 1,).
    """
    omega = 2 * np.pi * np.fft.fftfreq(_GRID)
    omega[_GRID // 2] = np.pi
    wavelet = wavelet_of(family, order)
    spectrum = np.asarray(wavelet.psi_ft(scale * omega))
    # An odd derivative's transform is imaginary: turned by a quarter, it is real.
    real = spectrum.imag if np.abs(spectrum.imag).max() > np.abs(spectrum.real).max() else None
    values = np.array(spectrum.real if real is None else real)
    cut = abs(values[_GRID // 2]) > _CUT * np.abs(values).max()
    values[_GRID // 2] *= 0.5
    taps: NDArray[np.complex128] = np.fft.ifft(values)[: _GRID // 2]
    reach = _reach(taps, _LOST_ENERGY)
    return taps[: min(reach, _CUT_REACH + 1) if cut else reach]


@lru_cache(maxsize=256)
def half_window(family: Family, order: float, scale: float, step: int) -> NDArray[np.float64]:
    """The window of the smoothing in time, its right half at multiples of ``step``.

    Args:
        family: morlet, paul or dog.
        order: of the wavelet.
        scale: in samples.
        step: samples from one point to the next.

    Returns:
        float64, shape (half width + 1,); with its mirror image of weight 1.
    """
    size = 1 << max(10, math.ceil(math.log2(64 * scale)))
    wavelet = wavelet_of(family, order)
    kernel = np.fft.irfft(time_window(wavelet, np.array([scale]), size)[0], size)
    half = kernel[: size // 2 : step]
    kept = half[: _reach(half, _LOST_OF_WINDOW)]
    window: NDArray[np.float64] = kept / (2 * kept.sum() - kept[0])
    return window


def _reach(values: NDArray[np.complex128] | NDArray[np.float64], lost: float) -> int:
    """How many of the values, from the middle on, hold all of the energy but a share."""
    energy = np.cumsum(np.abs(values[::-1]) ** 2)[::-1]
    return max(1, int(np.argmax(energy <= lost * energy[0])))


def powers(filters: NDArray[np.complex128], coefficient: float, length: int) -> NDArray[np.float64]:
    """Mean of |W|² where noise of unit variance, without its mean, is looked at with filters.

    Σ hᵢ a^|i−j| hⱼ of a filter h whose own mean is taken off, both for its real and its imaginary
    part: twice Σ hᵢ yᵢ less Σ hᵢ², with the recursion yᵢ = a yᵢ₋₁ + hᵢ.

    Args:
        filters: what each sample counts, shape (…, length).
        coefficient: lag-1, of the noise.
        length: of the series.

    Returns:
        float64, shape (…,).
    """
    halves = np.stack([filters.real, filters.imag])
    halves -= halves.mean(axis=-1, keepdims=True)
    # By sample, so that each step goes over what lies together.
    samples = np.ascontiguousarray(np.moveaxis(halves, -1, 0))
    past, power = np.zeros(samples.shape[1:]), np.zeros(samples.shape[1:])
    for k in range(length):
        past = coefficient * past + samples[k]
        power += samples[k] * (2 * past - samples[k])
    found: NDArray[np.float64] = power.sum(axis=0)
    return found
