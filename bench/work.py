"""The work that everybody is given. Needs numpy alone, so that every peer's Python can load it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: The long transform: samples, scales, smallest scale, ω₀.
N, SCALES, S0, ORDER = 1_000_000, 100, 2.0, 6.0
#: Their spacing in octaves, so that the largest has some 10,600 samples.
DJ = 1 / 8
#: Samples of a small call, and calls that are timed together.
SMALL, CALLS = 500, 100
#: Lengths of the plot, below the long transform's.
LENGTHS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)

#: The significance: the Arctic Oscillation and the Baltic's ice, lag-1 coefficients of yearly
#: values, realisations as pycwt takes them by default.
AR1 = (0.018, 0.0976)
SIG_DJ, SIG_S0, COUNT = 1 / 12, 2.0, 300
#: Number of scales less one: the typical one, a large one, the largest.
TYPICAL, LARGE, LARGEST = 84, 144, 240
#: Standard error of the 95 % levels that is asked for at every scale.
PRECISION = 0.005


def noise(n: int, count: int = 1) -> Any:
    """White noise, the same for all, float64[count, n]."""
    return np.random.default_rng(1).standard_normal((count, n))


def spacing(n: int) -> float:
    """Octaves between scales so that :data:`SCALES` of them reach n/94 samples."""
    largest = S0 * 2 ** ((SCALES - 1) * DJ) * n / N
    return math.log2(largest / S0) / (SCALES - 1)


def scales(n: int) -> Any:
    """The scales for a series of n samples, float64[SCALES]."""
    return S0 * np.exp2(np.arange(SCALES) * spacing(n))


def sig_scales(J: int) -> list[float]:
    """The scales of a significance, in samples."""
    return [SIG_S0 * 2 ** (j * SIG_DJ) for j in range(J + 1)]


def realisation(J: int) -> int:
    """Samples of a realisation: six times the largest scale, as pycwt takes them."""
    return math.ceil(round(6 * sig_scales(J)[-1], 6))
