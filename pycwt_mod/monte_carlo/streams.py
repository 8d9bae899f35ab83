"""The random numbers of a realisation: a counter-based generator, in NumPy.

Threefry2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
A number depends on the seed, the realisation and the time index alone, so that any split of the
work gives the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.noise import ar1_filter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Rotations of the rounds and parity constant of the key schedule (Salmon et al., table 2).
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry2x32(
    key: tuple[int, int], counter: tuple[ArrayLike, ArrayLike]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Two 32-bit words for each counter.

    Args:
        key: two 32-bit words.
        counter: two arrays of 32-bit words, of shapes that broadcast.

    Returns:
        Two uint32 arrays of the broadcast shape.
    """
    words = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    schedule = [np.uint32(word) for word in words]
    words0, words1 = np.broadcast_arrays(*counter)
    # Arrays wrap round silently, as wanted; NumPy's scalars would warn.
    x0, x1 = words0.astype(np.uint32).ravel(), words1.astype(np.uint32).ravel()
    x0 += schedule[0]
    x1 += schedule[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x0 += x1
            x1 = (x1 << np.uint32(rotation)) | (x1 >> np.uint32(32 - rotation))
            x1 ^= x0
        x0 += schedule[(group + 1) % 3]
        x1 += schedule[(group + 2) % 3]
        x1 += np.uint32(group + 1)
    return x0.reshape(words0.shape), x1.reshape(words0.shape)


def normals(seed: int, realisation: int, length: int, stream: int = 0) -> NDArray[np.float64]:
    """Independent standard normal numbers by the Box–Muller transform.

    The key is the seed's low and high word, the counter (realisation, time index
    + 2²⁶·stream); output words
    (w0, w1) become u = (w0 + ½)·2⁻³², θ = 2π·w1·2⁻³² and √(−2 ln u)·(cos θ, sin θ).

    Args:
        seed: 0 ≤ seed < 2⁶⁴.
        realisation: 0 ≤ realisation < 2³².
        length: samples, at most 2²⁶.
        stream: 0 ≤ stream < 64.

    Returns:
        float64, shape (2, length): a row for each series of the pair.

    Raises:
        ValueError: the seed is out of range.
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be from 0 to 2^64 − 1, not {seed}")
    key = (seed & 0xFFFFFFFF, seed >> 32)
    time = np.arange(length, dtype=np.uint32) | np.uint32(stream << 26)
    w0, w1 = threefry2x32(key, (np.uint32(realisation), time))
    radius = np.sqrt(-2 * np.log((w0 + 0.5) * 2.0**-32))
    angle = 2 * np.pi * (w1 * 2.0**-32)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)])


def noise_pair(
    seed: int, realisation: int, length: int, lag1: tuple[float, float], stream: int = 0
) -> NDArray[np.float64]:
    """A realisation's pair of stationary AR(1) series, without their means.

    Args:
        seed: 0 ≤ seed < 2⁶⁴.
        realisation: number of the realisation.
        length: samples.
        lag1: lag-1 coefficient of either series.
        stream: of the noise; the series of a ``full`` task have stream 0.

    Returns:
        float64, shape (2, length).

    Raises:
        ValueError: the seed is out of range.
    """
    z = normals(seed, realisation, length, stream)
    x = np.stack([ar1_filter(row, a) for row, a in zip(z, lag1, strict=True)])
    pair: NDArray[np.float64] = x - x.mean(axis=1, keepdims=True)
    return pair
