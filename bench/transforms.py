"""The plain transforms against other programs on the same work, in one run, as one table.

A million samples of noise, 100 scales, Morlet 6. Each case runs in a process of its own: the
least CPU time of several runs there, as that is the one least disturbed by others on the machine;
the first run, which on a virtual machine may pay for memory that the host hasn't given yet; and
the peak of the resident memory in the first run, everything included. Peers are run by the Python
of ``--peer-python``, which needs numpy and scipy, and pycwt, fcwt, ssqueezepy and PyWavelets where
they are to be compared; what is missing is listed as such.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

N, J, DJ, S0, ORDER = 1_000_000, 99, 1 / 8, 2.0, 6.0
SCALES = S0 * np.exp2(np.arange(J + 1) * DJ)
#: Samples of a short series.
SHORT = 500


def series(count: int = 1, size: int = N) -> Any:
    """White noise, the same for all."""
    return np.random.default_rng(1).standard_normal((count, size))


def ours(dtype: str) -> Callable[[], object]:
    """Cwt into memory."""
    cwt, x = importlib.import_module("pycwt_mod").cwt, series()[0]
    return lambda: cwt(x, 1.0, DJ, S0, J, dtype=dtype)


def ours_streamed() -> Callable[[], object]:
    """Cwt into a file."""
    cwt, x = importlib.import_module("pycwt_mod").cwt, series()[0]

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            cwt(x, 1.0, DJ, S0, J, dtype="complex64", out=Path(folder) / "W.npy")

    return run


def ours_coherence(dtype: str) -> Callable[[], object]:
    """Wct without significance."""
    wct, (y1, y2) = importlib.import_module("pycwt_mod").wct, series(2)
    return lambda: wct(y1, y2, 1.0, DJ, S0, J, sig=False, dtype=dtype)


def short(name: str) -> Callable[[], object]:
    """A hundred calls of cwt with a short series and default scales."""
    cwt, x = importlib.import_module(name).cwt, series(size=SHORT)[0]

    def run() -> None:
        for _ in range(100):
            cwt(x, 1.0)

    return run


def pycwt() -> Callable[[], object]:
    """Pycwt's cwt, complex128."""
    cwt, x = importlib.import_module("pycwt").cwt, series()[0]
    return lambda: cwt(x, 1.0, DJ, S0, J)


def fcwt() -> Callable[[], object]:
    """FCWT on 100 logarithmic frequencies over the same range, complex64."""
    module, x = importlib.import_module("fcwt"), series()[0].astype(np.float32)
    low, high = ORDER / (2 * np.pi * SCALES[-1]), ORDER / (2 * np.pi * SCALES[0])
    return lambda: module.cwt(x, 1, low, high, J + 1, nthreads=1, scaling="log")


def ssqueezepy() -> Callable[[], object]:
    """Ssqueezepy's cwt in its default precision, one thread."""
    os.environ["SSQ_PARALLEL"] = "0"
    cwt, x = importlib.import_module("ssqueezepy").cwt, series()[0]
    return lambda: cwt(x, ("morlet", {"mu": ORDER}), scales=SCALES)


def pywavelets() -> Callable[[], object]:
    """PyWavelets' cwt by FFT: a wavelet of the same shape, sampled and differenced."""
    pywt, x = importlib.import_module("pywt"), series()[0]
    centre = ORDER / (2 * np.pi)
    return lambda: pywt.cwt(x, SCALES, f"cmor2.0-{centre:.6f}", method="fft")


def loop(dtype: str) -> Callable[[], object]:
    """A loop over scales with scipy.fft, as one would write it."""
    fft, x = importlib.import_module("scipy.fft"), series()[0].astype(dtype)
    n = 1 << 21

    def run() -> object:
        spectrum = fft.rfft(x, n)
        omega = (2 * np.pi / n * np.arange(spectrum.size)).astype(dtype)
        W = np.empty((SCALES.size, N), np.result_type(dtype, np.complex64))
        for row, s in zip(W, SCALES.tolist(), strict=True):
            padded = np.zeros(n, W.dtype)
            daughter = (
                (2 * np.pi * s) ** 0.5 * np.pi**-0.25 * np.exp(-0.5 * (s * omega - ORDER) ** 2)
            )
            padded[: spectrum.size] = spectrum * daughter.astype(dtype)
            row[:] = fft.ifft(padded, overwrite_x=True)[:N]
        return W

    return run


def fill() -> Callable[[], object]:
    """Fresh memory for the complex64 result, written once."""

    def run() -> None:
        np.empty((J + 1, N), np.complex64).fill(0)

    return run


def transforms() -> Callable[[], object]:
    """A forward FFT, and an inverse one for each octave of scales at the rate that it needs."""
    fft, x = importlib.import_module("scipy.fft"), series()[0]
    bands = [np.ones((1 << 21) >> octave, np.complex64) for octave in range(7)]

    def run() -> None:
        fft.rfft(x, 1 << 21)
        for band in bands:
            fft.ifft(band)

    return run


#: Title, package, how it is made ready, and runs.
CASES: dict[str, tuple[str, str, Callable[[], Callable[[], object]], int]] = {
    "c64": ("pycwt_mod cwt complex64", "pycwt_mod", lambda: ours("complex64"), 5),
    "c128": ("pycwt_mod cwt complex128", "pycwt_mod", lambda: ours("complex128"), 5),
    "file": ("pycwt_mod cwt complex64, to a file", "pycwt_mod", ours_streamed, 3),
    "wct32": ("pycwt_mod wct float32", "pycwt_mod", lambda: ours_coherence("float32"), 5),
    "wct64": ("pycwt_mod wct float64", "pycwt_mod", lambda: ours_coherence("float64"), 3),
    "pycwt": ("pycwt cwt complex128", "pycwt", pycwt, 2),
    "fcwt": ("fCWT complex64", "fcwt", fcwt, 3),
    "ssqueezepy": ("ssqueezepy cwt complex64", "ssqueezepy", ssqueezepy, 2),
    "pywavelets": ("PyWavelets cwt complex128", "PyWavelets", pywavelets, 2),
    "loop32": ("scipy.fft loop complex64", "scipy", lambda: loop("float32"), 2),
    "loop64": ("scipy.fft loop complex128", "scipy", lambda: loop("float64"), 2),
    "short": ("pycwt_mod, 100 calls, N = 500", "pycwt_mod", lambda: short("pycwt_mod"), 5),
    "pycwt-short": ("pycwt, 100 calls, N = 500", "pycwt", lambda: short("pycwt"), 5),
    "fill": ("floor: 800 MB of fresh memory", "numpy", fill, 5),
    "ffts": ("floor: the FFTs of complex64", "scipy", transforms, 5),
}


def run_case(name: str) -> None:
    """Measure one case and print what was found as JSON."""
    _, package, prepare, count = CASES[name]
    try:
        run = prepare()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    seconds = []
    peak = 0
    for _ in range(count):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    version = importlib.metadata.version("pycwtd" if package == "pycwt_mod" else package)
    print(json.dumps({"seconds": seconds, "peak_kib": peak, "version": f"{package} {version}"}))


def measure(name: str, python: str) -> dict[str, Any]:
    """Have a case run by ``python``."""
    command = [python, __file__, "--case", name]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | threads
    )
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def machine() -> str:
    """Name of the processor."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--case", choices=sorted(CASES))
    parser.add_argument("--only", nargs="*", choices=sorted(CASES), default=sorted(CASES))
    chosen = parser.parse_args()
    if chosen.case:
        run_case(chosen.case)
        return
    print(f"{machine()}, Python {platform.python_version()}; {N:,} samples, {J + 1} scales\n")
    print(f"{'':36}{'CPU s':>9}{'first':>9}{'peak MB':>9}  version")
    for name, (title, package, _, _) in CASES.items():
        if name not in chosen.only:
            continue
        peer = package not in ("pycwt_mod", "numpy", "scipy")
        found = measure(name, chosen.peer_python if peer else sys.executable)
        if "missing" in found:
            print(f"{title:36}{'–':>9}{'–':>9}{'–':>9}  {found['missing'][:60]}")
            continue
        peak = found["peak_kib"] * 1024 / 1e6
        best, first = min(found["seconds"]), found["seconds"][0]
        print(f"{title:36}{best:9.3f}{first:9.3f}{peak:9.0f}  {found['version']}", flush=True)


if __name__ == "__main__":
    main()
