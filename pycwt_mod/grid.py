"""Scales, periods and the cone of influence as plain arithmetic, without numpy.

Formulas: Torrence & Compo (1998), *A practical guide to wavelet analysis*, Table 1 and
section 3f-3h. The daemon uses these to judge a request before any worker sees it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycwt_mod.backends.task import Family

#: Order of each family when none is given.
DEFAULT_ORDERS: dict[Family, float] = {"morlet": 6.0, "paul": 4.0, "dog": 2.0}

#: Shortest surrogate series, in samples.
MIN_LENGTH = 16


def check_order(family: Family, order: float) -> None:
    """Refuse an order that the wavelet doesn't have.

    Raises:
        ValueError: it isn't positive, or not whole where it must be.
    """
    if family == "morlet":
        if not 2 <= order <= 100:
            raise ValueError(f"ω0 of the Morlet wavelet must be 2 to 100, not {order:g}")
    elif order != math.floor(order) or not 1 <= order <= 40:
        raise ValueError(f"the order of {family} must be a whole number, 1 to 40, not {order:g}")


def fourier_factor(family: Family, order: float) -> float:
    """Fourier period over wavelet scale."""
    if family == "morlet":
        return 4 * math.pi / (order + math.sqrt(2 + order**2))
    if family == "paul":
        return 4 * math.pi / (2 * order + 1)
    return 2 * math.pi / math.sqrt(order + 0.5)


def cone_factor(family: Family) -> float:
    """E-folding time of the wavelet's power at an edge, in scales."""
    return 1 / math.sqrt(2) if family == "paul" else math.sqrt(2)


def surrogate_length(largest: float) -> int:
    """Samples of a surrogate series whose largest scale has ``largest`` samples.

    Six times that scale, so that part of it lies outside the cone of influence (Grinsted et
    al. 2004, ``wtcsignif``); at least 16.
    """
    # Rounded first: 96.00000000001 is 96.
    return max(MIN_LENGTH, math.ceil(round(6 * largest, 6)))


def default_s0(dt: float, family: Family, order: float) -> float:
    """The scale whose Fourier period is two samples."""
    return 2 * dt / fourier_factor(family, order)


def default_count(samples: int, dt: float, dj: float, s0: float) -> int:
    """J, the number of scales less one, up to a scale of the whole series.

    Negative where not even the smallest scale fits.
    """
    return round(math.log2(samples * dt / s0) / dj)
