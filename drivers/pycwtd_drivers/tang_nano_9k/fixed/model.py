"""The gateware's arithmetic, integer for integer, for many realisations at a time.

Sums of products are formed by floating-point matrices, which is fast; all of them stay below 2⁵³,
so that every integer is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.monte_carlo.streams import threefry2x32
from pycwtd_drivers.tang_nano_9k.fixed.image import mean_shift, reciprocal
from pycwtd_drivers.tang_nano_9k.fixed.limits import (
    BINS,
    FILTER_SHIFT,
    GAIN_BITS,
    LAG_BITS,
    NOISE_MEAN,
    PRODUCT_LIMIT,
    SAMPLE_LIMIT,
    WINDOW_BITS,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwtd_drivers.tang_nano_9k.fixed.configuration import Configuration

    Integers = NDArray[np.int64]

#: Numbers held at a time, about.
_BLOCK = 4_000_000
#: Bits of the sums over scales before they are divided, without their sign.
_SUM_BITS = 34
#: Bits that are kept of them, without the sign.
_KEPT_BITS = 17


def histogram(configuration: Configuration, seed: int, first: int, count: int) -> Integers:
    """The chip's histogram of the octave's series ``first … first + count − 1``.

    Args:
        configuration: of the octave.
        seed: 0 ≤ seed < 2⁶⁴.
        first: number of the first series.
        count: how many.

    Returns:
        int64[configuration.rows, BINS].
    """
    found = np.zeros((configuration.rows, BINS), np.int64)
    widest = max(configuration.length, configuration.places * len(configuration.scales) * 4)
    block = max(1, _BLOCK // widest)
    for start in range(first, first + count, block):
        numbers = np.arange(start, min(start + block, first + count))
        samples = noise(configuration, seed, numbers)
        for j, bins in enumerate(coherence_bins(configuration, samples)):
            _count(found, configuration, j, bins)
    return found


def words(
    configuration: Configuration, seed: int, numbers: Integers
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The generator's two words for each series and sample, shape (series, length)."""
    time = np.arange(configuration.length, dtype=np.uint32)
    time |= np.uint32(configuration.part.stream << 26)
    key = (seed & 0xFFFFFFFF, seed >> 32)
    return threefry2x32(key, (numbers.astype(np.uint32)[:, None], time))


def innovations(word: NDArray[np.uint32]) -> Integers:
    """The sum of a word's nibbles, minus the mean."""
    nibbles = [(word >> np.uint32(4 * i)) & np.uint32(15) for i in range(8)]
    total: Integers = np.sum(nibbles, axis=0, dtype=np.int64)
    return total - NOISE_MEAN


def noise(configuration: Configuration, seed: int, numbers: Integers) -> Integers:
    """Pairs of AR(1) series without their means, shape (2, series, length)."""
    c = configuration
    out = np.empty((2, numbers.size, c.length), np.int64)
    for i, word in enumerate(words(c, seed, numbers)):
        z = innovations(word)
        now = np.zeros(numbers.size, np.int64)
        for t in range(c.length):
            gain = c.gains[i] if t else c.first_gains[i]
            total = now * c.lags[i] + ((z[:, t] * gain) << (LAG_BITS - GAIN_BITS))
            now = _limited(_rounded(total, LAG_BITS), SAMPLE_LIMIT)
            out[i, :, t] = now
        sums = out[i].sum(axis=1) >> mean_shift(c.length)
        mean = _rounded(sums * reciprocal(c.length), 16)
        out[i] = _limited(out[i] - mean[:, None], SAMPLE_LIMIT)
    return out


def coefficients(configuration: Configuration, row: int, samples: Integers) -> Integers:
    """Real and imaginary parts at one scale, shape (2 parts, …, places)."""
    real, imag = filter_matrix(configuration, row)
    values = samples.astype(np.float64)
    parts = [(values @ matrix).astype(np.int64) for matrix in (real, imag)]
    return _rounded(np.stack(parts), FILTER_SHIFT)


def filter_matrix(
    configuration: Configuration, row: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each sample counts at each point: real and imaginary parts, shape (length, places)."""
    scale = configuration.scales[row]
    centre = configuration.offset + configuration.step * np.arange(configuration.places)
    k = np.arange(configuration.length)[:, None] - centre
    inside = np.abs(k) < len(scale.real)
    at = np.where(inside, np.abs(k), 0)
    # The middle sample is both to the right and to the left.
    real = np.array(scale.real)[at] * np.where(k == 0, 2, 1) * inside
    imag = np.array(scale.imag)[at] * np.sign(k) * inside
    return real.astype(np.float64), imag.astype(np.float64)


def products(configuration: Configuration, first: Integers, second: Integers) -> Integers:
    """|W₁|², |W₂|², and the parts of W₁W₂*, shape (4, …, places).

    Args:
        configuration: of the octave.
        first: parts of the first series' coefficients, shape (2, …, places).
        second: those of the second.
    """
    (a, b), (c, d) = first, second
    found = np.stack([a * a + b * b, c * c + d * d, a * c + b * d, b * c - a * d])
    return _limited(_rounded(found, configuration.shift), PRODUCT_LIMIT)


def smoothed(configuration: Configuration, row: int, values: Integers) -> Integers:
    """Products of one scale, smoothed in time on a circle with a gap; the same shape."""
    window = np.array(configuration.scales[row].window)
    places, around = configuration.places, configuration.places + configuration.gap
    matrix = np.zeros((places, places))
    for k in range(1 - window.size, window.size):
        at = (np.arange(places) + k) % around
        there = at < places
        np.add.at(matrix, (at[there], np.arange(places)[there]), window[abs(k)])
    sums = (values.astype(np.float64) @ matrix).astype(np.int64)
    return _rounded(sums, WINDOW_BITS)


def coherence_bins(configuration: Configuration, samples: Integers) -> list[Integers]:
    """For each counted scale the bins of all places, shape (series, places)."""
    c = configuration
    smooth = []
    for row in range(len(c.scales)):
        both = coefficients(c, row, samples)
        smooth.append(smoothed(c, row, products(c, both[:, 0], both[:, 1])))
    found = []
    for j in range(len(c.counted)):
        base = c.own + j - len(c.weights) // 2
        pairs = [(w, base + i) for i, w in enumerate(c.weights) if 0 <= base + i < len(smooth)]
        found.append(squared_coherence_bins(sum_of(pairs, smooth)))
    return found


def sum_of(pairs: list[tuple[int, int]], smooth: list[Integers]) -> Integers:
    """Weighted sum of smoothed scales; pairs are weights and scales."""
    total = np.zeros_like(smooth[0])
    for weight, row in pairs:
        total += weight * smooth[row]
    return total


def squared_coherence_bins(sums: Integers) -> Integers:
    """floor(128·R²), at most 127, from ⟨|W₁|²⟩, ⟨|W₂|²⟩ and the parts of ⟨W₁W₂*⟩.

    The four are shifted to the left together until one of them fills its word, and cut to 18
    bits; the quotient is then exact. Without power there is no coherence: bin 0.

    Args:
        sums: shape (4, …).
    """
    size = np.where(sums < 0, ~sums, sums).max(axis=0)
    length = np.frexp(size.astype(np.float64))[1].astype(np.int64)
    s1, s2, c, q = (sums << (_SUM_BITS - length)) >> (_SUM_BITS - _KEPT_BITS)
    above, below = c * c + q * q, s1 * s2
    bins = np.minimum((above * BINS) // np.maximum(below, 1), BINS - 1)
    return np.where(below > 0, bins, 0)


def _count(found: Integers, configuration: Configuration, j: int, bins: Integers) -> None:
    counted = configuration.counted[j]
    low, high = counted.outside
    at = np.arange(bins.shape[1])
    inner = (at >= counted.inner[0]) & (at <= counted.inner[1])
    outside = (at >= low) & (at <= high)
    for one, where in ((counted.near, outside & ~inner), (counted.beyond, outside & inner)):
        if one.points:
            found[one.row] += np.bincount(bins[:, where].ravel(), minlength=BINS)


def _rounded(values: Integers, digits: int) -> Integers:
    """Without so many binary digits, halves upwards."""
    return (values + ((1 << digits) >> 1)) >> digits


def _limited(values: Integers, limit: int) -> Integers:
    return np.clip(values, -limit, limit)
