"""Scales that the caller names by their frequencies or periods, and their spacing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.wavelets import Wavelet

#: Steps of a grid that is evenly spaced in octaves differ by this share at most.
_EVEN = 1e-6


def own_scales(
    freqs: ArrayLike | None, periods: ArrayLike | None, wavelet: Wavelet
) -> NDArray[np.float64] | None:
    """The scales of Fourier frequencies or periods, in their order; None where none are given.

    Raises:
        TypeError: they aren't numbers.
        ValueError: one isn't positive, there are none, or both are given.
    """
    if freqs is None:
        if periods is None:
            return None
        return checks.positives(periods, "periods") / wavelet.flambda()
    if periods is not None:
        raise ValueError("freqs and periods mean the same scales: give one of them")
    scales: NDArray[np.float64] = 1 / (wavelet.flambda() * checks.positives(freqs, "freqs"))
    return scales


def spacing(scales: NDArray[np.float64]) -> float | None:
    """Spacing in octaves of scales in any order; None where it isn't even, or of one alone."""
    if scales.size == 1:
        return None
    return even_step(np.sort(scales), 0.0) or None


def even_step(scales: NDArray[np.float64], alone: float) -> float | None:
    """Spacing in octaves of ascending scales, None where it isn't even.

    Args:
        scales: ascending.
        alone: the spacing of a scale that has no neighbours.
    """
    if scales.size == 1:
        return alone
    step = math.log2(scales[-1] / scales[0]) / (scales.size - 1)
    even = np.allclose(np.diff(np.log2(scales)), step, rtol=_EVEN, atol=0)
    return step if even else None
