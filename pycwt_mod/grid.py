"""Scales, periods and the cone of influence as plain arithmetic, without numpy.

Formulas: Torrence & Compo (1998), *A practical guide to wavelet analysis*, Table 1 and
section 3f-3h. The daemon uses these to judge a request before any worker sees it.
"""

from __future__ import annotations

import cmath
import math
from functools import lru_cache
from typing import Literal

#: Of wavelets.
Family = Literal["morlet", "paul", "dog", "morse"]

#: Order of each family when none is given.
DEFAULT_ORDERS: dict[Family, float] = {"morlet": 6.0, "paul": 4.0, "dog": 2.0, "morse": 20.0}
#: γ of the Morse wavelets when none is given.
DEFAULT_SHAPE = 3.0

#: Shortest surrogate series, in samples.
MIN_LENGTH = 16


def check_order(family: Family, order: float, shape: float = 0.0) -> None:
    """Refuse an order that the wavelet doesn't have; ``shape`` is γ of Morse.

    Raises:
        ValueError: it isn't positive, or not whole where it must be.
    """
    if family == "morlet":
        if not 2 <= order <= 100:
            raise ValueError(f"ω0 of the Morlet wavelet must be 2 to 100, not {order:g}")
    elif family == "morse":
        if not 1 <= order <= 200:
            raise ValueError(f"β of the Morse wavelet must be 1 to 200, not {order:g}")
        if not 1 <= shape <= 10:
            raise ValueError(f"γ of the Morse wavelet must be 1 to 10, not {shape:g}")
    elif order != math.floor(order) or not 1 <= order <= 40:
        raise ValueError(f"the order of {family} must be a whole number, 1 to 40, not {order:g}")


def fourier_factor(family: Family, order: float, shape: float = DEFAULT_SHAPE) -> float:
    """Fourier period over wavelet scale; of Morse at the peak frequency of ψ̂₀."""
    if family == "morlet":
        return 4 * math.pi / (order + math.sqrt(2 + order**2))
    if family == "paul":
        return 4 * math.pi / (2 * order + 1)
    if family == "morse":
        return 2 * math.pi / morse_peak(order, shape)
    return 2 * math.pi / math.sqrt(order + 0.5)


def cone_factor(family: Family, order: float = 0.0, shape: float = DEFAULT_SHAPE) -> float:
    """E-folding time of the wavelet's power at an edge, in scales.

    TC98's figures for Morlet and Paul are where |ψ₀|² has fallen to e⁻² of its peak (exactly
    for Morlet, to 1 % for Paul of order 4); that is the rule for Morse.
    """
    if family == "morse":
        return _morse_efolding(order, shape)
    return 1 / math.sqrt(2) if family == "paul" else math.sqrt(2)


def morse_peak(beta: float, gamma: float) -> float:
    """Peak frequency (β/γ)^(1/γ) of a Morse wavelet, in radians per scale."""
    return math.pow(beta / gamma, 1 / gamma)


def morse_contour(beta: float, gamma: float) -> tuple[float, float, int, float]:
    """Where to sum ψ₀(η) ∝ ∫₀^∞ x^β exp(−x^γ + ixη) dx for any real η ≥ 0.

    On the ray x = exp(u + iθ) the integrand dies off at both ends, whatever η. It is analytic
    in a strip of half-width θ about real u, so that the trapezoidal rule converges as
    exp(−2πθ/step); within it, it grows by less than 2^((β + 1)/2γ) and e². Step and span are for
    1e−15 of the peak.

    Returns:
        u of the first node, the step, the number of nodes, θ.
    """
    theta = min(math.pi / (8 * gamma), 1 / math.sqrt(beta * gamma))
    step = 2 * math.pi * theta / 37
    # x^(β+1) exp(−x^γ cos γθ) peaks at the middle; with z = γ(u − middle), exp(z) − 1 − z must
    # reach 37/q at either end.
    q = (beta + 1) / gamma
    middle = math.log(q / math.cos(gamma * theta)) / gamma
    drop = 37 / q
    low = middle - (drop + math.sqrt(2 * drop)) / gamma
    high = middle + math.sqrt(2 * drop) / gamma
    return low, step, math.ceil((high - low) / step) + 1, theta


@lru_cache(maxsize=64)
def _morse_efolding(beta: float, gamma: float) -> float:
    """Where |ψ₀(η)| is |ψ₀(0)|/e, to nine digits."""
    low, step, count, theta = morse_contour(beta, gamma)
    nodes = [cmath.exp(complex(low + i * step, theta)) for i in range(count)]
    # Over what they are about at their largest: powers of β + 1 would overflow.
    q = (beta + 1) / gamma
    peak = q * math.log(q) - q
    terms = [cmath.exp((beta + 1) * cmath.log(x) - x**gamma - peak) for x in nodes]

    def size(eta: float) -> float:
        return abs(sum(a * cmath.exp(1j * eta * x) for a, x in zip(terms, nodes, strict=True)))

    wanted = size(0.0) / math.e
    width = math.sqrt(beta * gamma) / morse_peak(beta, gamma)
    inner, outer = 0.0, width / 4
    while size(outer) > wanted:
        inner, outer = outer, outer + width / 4
    while outer - inner > 1e-11 * outer:
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if size(middle) > wanted else (inner, middle)
    return round(outer, 9)


def surrogate_length(largest: float, cone: float = math.sqrt(2)) -> int:
    """Samples of a surrogate series whose largest scale has ``largest`` samples.

    Six times that scale, so that part of it lies outside the cone of influence (Grinsted et
    al. 2004, ``wtcsignif``), and in proportion where the cone is wider than √2 scales; at least
    16.
    """
    spans = 6 * max(1.0, cone / math.sqrt(2))
    # Rounded first: 96.00000000001 is 96.
    return max(MIN_LENGTH, math.ceil(round(spans * largest, 6)))


def default_s0(dt: float, family: Family, order: float, shape: float = DEFAULT_SHAPE) -> float:
    """The scale whose Fourier period is two samples."""
    return 2 * dt / fourier_factor(family, order, shape)


def largest_scale(span: float, family: Family, order: float, shape: float = DEFAULT_SHAPE) -> float:
    """The scale that grids end at by default: of the length of the series, as in TC98.

    A scale of Morse is a third of its period, and series of noise are some times as long as the
    scale: its grids end at the period of that length.
    """
    return span / fourier_factor(family, order, shape) if family == "morse" else span


def default_count(largest: float, dj: float, s0: float) -> int:
    """J, the number of scales less one, from ``s0`` up to the largest.

    Negative where not even the smallest scale fits.
    """
    return round(math.log2(largest / s0) / dj)
