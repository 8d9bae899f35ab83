"""Cases of other programs, run by the Python that has them.

Each function imports and prepares, and returns what is timed.
"""

from __future__ import annotations

import importlib
import math
import os
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import ours, work
from bench.ours import least_times

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGES = ("pycwt", "fcwt", "ssqueezepy", "PyWavelets", "numba", "numpy", "scipy")


def versions() -> Callable[[], dict[str, str]]:
    """Versions of what the peers' Python has."""

    def run() -> dict[str, str]:
        found = {}
        for name in _PACKAGES:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
        return found

    return run


def pycwt(n: int) -> Callable[[], object]:
    """Pycwt's cwt, complex128."""
    run, x = importlib.import_module("pycwt").cwt, work.noise(n)[0]
    return lambda: run(x, 1.0, work.spacing(n), work.S0, work.SCALES - 1)


def fcwt(n: int) -> Callable[[], object]:
    """FCWT at logarithmic scales over the same range, complex64.

    Its wavelet has σ = 2 and one cycle to σ·2π samples: the same shape, scales named otherwise.
    """
    run, x = importlib.import_module("fcwt").cwt, work.noise(n)[0].astype(np.float32)
    scales = work.scales(n)
    low, high = (float(work.ORDER / (2 * math.pi * s)) for s in (scales[-1], scales[0]))
    return lambda: run(x, 1, low, high, work.SCALES, nthreads=1, scaling="log")


def ssqueezepy(n: int) -> Callable[[], object]:
    """Ssqueezepy's cwt in its default precision, complex64."""
    os.environ["SSQ_PARALLEL"] = "0"
    run, x = importlib.import_module("ssqueezepy").cwt, work.noise(n)[0]
    return lambda: run(x, ("morlet", {"mu": work.ORDER}), scales=work.scales(n))


def pywavelets(n: int) -> Callable[[], object]:
    """PyWavelets' cwt by FFT, complex128: a wavelet of the same shape, sampled and differenced."""
    run, x = importlib.import_module("pywt").cwt, work.noise(n)[0]
    wavelet = f"cmor2.0-{work.ORDER / (2 * math.pi):.6f}"
    return lambda: run(x, work.scales(n), wavelet, method="fft")


def _loop(n: int, dtype: str) -> Callable[[], object]:
    fft, x = importlib.import_module("scipy.fft"), work.noise(n)[0].astype(dtype)
    size = 1 << math.ceil(math.log2(2 * n) - 0.5)  # TC98's padding

    def run() -> object:
        spectrum = fft.rfft(x, size)
        omega = (2 * math.pi / size * np.arange(spectrum.size)).astype(dtype)
        W = np.empty((work.SCALES, n), np.result_type(dtype, np.complex64))
        for row, s in zip(W, work.scales(n).tolist(), strict=True):
            padded = np.zeros(size, W.dtype)
            daughter = (2 * math.pi * s) ** 0.5 * math.pi**-0.25
            psi = daughter * np.exp(-0.5 * (s * omega - work.ORDER) ** 2)
            padded[: spectrum.size] = spectrum * psi.astype(dtype)
            row[:] = fft.ifft(padded, overwrite_x=True)[:n]
        return W

    return run


def loop32(n: int) -> Callable[[], object]:
    """A loop over scales with scipy.fft in single precision, as one would write it."""
    return _loop(n, "float32")


def loop64(n: int) -> Callable[[], object]:
    """The same in double precision."""
    return _loop(n, "float64")


def small(calls: int) -> Callable[[], object]:
    """Calls of pycwt's cwt with a short series and default arguments."""
    return ours.small(calls, "pycwt")


def cold() -> Callable[[], object]:
    """The import of pycwt and one small transform."""
    return ours.cold("pycwt")


def scan(lengths: list[int], who: str) -> Callable[[], dict[str, Any]]:
    """A program's transform at several lengths."""
    prepare = globals()[who]
    prepare(lengths[0])  # an ImportError must come before the timing
    return lambda: least_times(lengths, prepare)


def significance(J: int, count: int) -> Callable[[], dict[str, Any]]:
    """CPU seconds of pycwt's ``wct_significance`` for one realisation.

    Its setting up is taken off: by the difference of two runs, or for ``count`` 1 by timing the
    transform that it consists of.
    """
    module = importlib.import_module("pycwt")
    mother = module.Morlet(6)
    grid = {"dt": 1.0, "dj": work.SIG_DJ, "s0": work.SIG_S0, "J": J, "wavelet": mother}

    def seconds(realisations: int) -> float:
        start = time.process_time()
        module.wct_significance(
            *work.AR1, **grid, mc_count=realisations, progress=False, cache=False
        )
        return time.process_time() - start

    def setting_up() -> float:
        x = work.noise(work.realisation(J))[0]
        start = time.process_time()
        module.cwt(x, **grid)
        return time.process_time() - start

    def run() -> dict[str, Any]:
        if count == 1:
            each = seconds(1) - setting_up()
        else:
            seconds(1)
            one = seconds(1)
            each = (seconds(1 + count) - one) / count
        return {"J": J, "n": work.realisation(J), "each": each}

    return run
