"""Coherence of one window of two series that are still coming in: a stream process's work."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pycwt_mod
from pycwt_mod.wavelets import wavelet_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


def window(
    series: Sequence[NDArray[np.float64]], arguments: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Coherence of a window.

    Args:
        series: two of the same length.
        arguments: wavelet and grid.
    """
    first, second = series
    wavelet = wavelet_of(arguments["family"], arguments["order"], arguments["shape"])
    grid = (arguments["dt"], arguments["dj"], arguments["s0"], arguments["J"])
    with warnings.catch_warnings():
        # What is worth a word about a series was so in every window.
        warnings.simplefilter("ignore")
        coherence, phase, coi, freqs, _ = pycwt_mod.wct(
            first, second, *grid, sig=False, wavelet=wavelet, normalize=arguments["normalize"]
        )
    return {
        "WCT": coherence,
        "aWCT": phase,
        "coi": coi,
        "freqs": freqs,
        "scales": 1 / (wavelet.flambda() * freqs),
    }
