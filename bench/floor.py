"""What the machine does at best: memory, FFTs, products of matrices. And the least work there is.

The functions that return a callable are cases for :mod:`bench.child`; the others count.
"""

from __future__ import annotations

import importlib
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import work

if TYPE_CHECKING:
    from collections.abc import Callable

#: Complex samples that W₁·W₂* needs for each s samples of the series, by the width of the band.
DENSITY = 1.34
#: Operations for a sample of noise: generator and transformation to a normal deviate.
NOISE = 30
#: For a sample of a decimated pair: |W₁|², |W₂|², W₁·W₂*.
PRODUCTS = 12
#: For a counted point: four quantities through a symmetric filter of 16 taps and a running sum,
#: weighted ends, R².
POINT = 120
#: Octaves of scales that the long transform decimates.
OCTAVES = 7


def fill(size: int) -> Callable[[], object]:
    """Bytes of fresh memory, written once."""

    def run() -> None:
        np.empty(size, np.uint8).fill(0)

    return run


def transforms(n: int, dtype: str, series: int = 1) -> Callable[[], object]:
    """A forward FFT in double precision, and an inverse one for each octave at its own rate."""
    fft, x = importlib.import_module("scipy.fft"), work.noise(n)[0]
    size = 1 << math.ceil(math.log2(2 * n) - 0.5)
    bands = [np.ones(size >> octave, dtype) for octave in range(OCTAVES)]

    def run() -> None:
        for _ in range(series):
            fft.rfft(x, size)
            for band in bands:
                fft.ifft(band)

    return run


def rates() -> Callable[[], dict[str, Any]]:
    """GFLOP/s on one thread: scipy's FFT at several lengths, and a product of matrices."""
    fft = importlib.import_module("scipy.fft")

    def best(run: Callable[[], object], flops: float) -> float:
        run()
        seconds = []
        for _ in range(7):
            start = time.process_time()
            run()
            seconds.append(time.process_time() - start)
        return flops / min(seconds) / 1e9

    def run() -> dict[str, Any]:
        found: dict[str, Any] = {"fft": {}}
        for b in (6, 8, 10, 12, 16, 21):
            size, batch = 1 << b, max(1, 1 << 20 >> b)
            x = np.ones((batch, size), np.complex64)
            found["fft"][size] = best(partial(fft.fft, x), fft_flops(size) * batch)
        for dtype in ("float32", "float64"):
            a = np.ones((1024, 1024), dtype)
            found[dtype] = best(partial(np.matmul, a, a), 2 * 1024**3)
        return found

    return run


def fft_flops(n: float) -> float:
    """Operations of a complex FFT by the usual count, 5·n·log₂ n."""
    return 5 * n * math.log2(max(n, 2))


def realisation_flops(J: int, points: int) -> float:
    """Operations of a realisation of ``full``: each scale at the rate it needs, and no more.

    Args:
        J: number of scales less one.
        points: ``Plan.points``, where coherence is counted.
    """
    n = work.realisation(J)
    padded = 2 ** math.ceil(math.log2(n))
    found = 2 * n * NOISE + fft_flops(padded) + points * POINT
    for scale in work.sig_scales(J):
        samples = DENSITY * padded / scale
        found += 2 * fft_flops(samples) + samples * PRODUCTS
    return found
