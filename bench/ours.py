"""Cases of this project, through its public entry points alone.

Each function imports and prepares, and returns what is timed.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import work

if TYPE_CHECKING:
    from collections.abc import Callable


def versions() -> Callable[[], dict[str, str]]:
    """Versions of what runs here."""
    return lambda: {name: version(name) for name in ("pycwtd", "numpy", "scipy")}


def cwt(n: int, dtype: str) -> Callable[[], object]:
    """The transform into memory."""
    run, x = importlib.import_module("pycwt_mod").cwt, work.noise(n)[0]
    return lambda: run(x, 1.0, work.spacing(n), work.S0, work.SCALES - 1, dtype=dtype)


def cwt_into(n: int, dtype: str) -> Callable[[], object]:
    """The transform into an array that the caller has, and that the system has found memory for."""
    run, x = importlib.import_module("pycwt_mod").cwt, work.noise(n)[0]
    out = np.empty((work.SCALES, n), dtype)
    out.fill(0)
    return lambda: run(x, 1.0, work.spacing(n), work.S0, work.SCALES - 1, dtype=dtype, out=out)


def cwt_streamed(n: int, dtype: str) -> Callable[[], object]:
    """The transform into a file of the temporary directory."""
    transform, x = importlib.import_module("pycwt_mod").cwt, work.noise(n)[0]

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            grid = (1.0, work.spacing(n), work.S0, work.SCALES - 1)
            transform(x, *grid, dtype=dtype, out=Path(folder) / "W.npy")

    return run


def wct(n: int, dtype: str) -> Callable[[], object]:
    """Coherence without significance."""
    run, (y1, y2) = importlib.import_module("pycwt_mod").wct, work.noise(n, 2)
    grid = (1.0, work.spacing(n), work.S0, work.SCALES - 1)
    return lambda: run(y1, y2, *grid, sig=False, dtype=dtype)


def small(calls: int, package: str = "pycwt_mod") -> Callable[[], object]:
    """Calls of a package's cwt with a short series and default arguments."""
    transform, x = importlib.import_module(package).cwt, work.noise(work.SMALL)[0]

    def run() -> None:
        for _ in range(calls):
            transform(x, 1.0)

    return run


def cold(package: str = "pycwt_mod") -> Callable[[], object]:
    """The import of a package and one small transform: what a short script waits for."""
    x = work.noise(work.SMALL)[0]
    return lambda: importlib.import_module(package).cwt(x, 1.0)


def scan(lengths: list[int], dtype: str) -> Callable[[], dict[str, Any]]:
    """The transform at several lengths."""
    return lambda: least_times(lengths, lambda n: cwt(n, dtype))


def least_times(
    lengths: list[int], prepare: Callable[[int], Callable[[], object]]
) -> dict[str, Any]:
    """Least CPU time of some warm calls at each length."""
    found = []
    for n in lengths:
        run = prepare(n)
        run()
        seconds: list[float] = []
        while not seconds or (len(seconds) < 20 and sum(seconds) < 0.3):
            start = time.process_time()
            run()
            seconds.append(time.process_time() - start)
        found.append(min(seconds))
    return {"n": lengths, "cpu": found}


def _task(J: int, estimator: str, shift: float = 0.0) -> Any:
    make = importlib.import_module("pycwt_mod.monte_carlo.run").coherence_task
    al1, al2 = work.AR1
    return make(al1 + shift, al2, 1.0, work.SIG_DJ, work.SIG_S0, J, estimator=estimator)


def significance(
    J: int, estimator: str, count: int | None = None, *, another: bool = False
) -> Callable[[], dict[str, Any]]:
    """A run up to the 95 % levels and their errors, without the cache of histograms.

    Args:
        J: number of scales less one.
        estimator: ``full`` or ``cascade``.
        count: realisations; None asks for :data:`bench.work.PRECISION` in their place.
        another: each call has other coefficients, so that no plan is found ready.
    """
    monte_carlo = importlib.import_module("pycwt_mod.monte_carlo.run").monte_carlo
    calls = iter(range(1_000_000))

    def run() -> dict[str, Any]:
        number = next(calls)
        task = _task(J, estimator, 1e-6 * number if another else 0.0)
        if count is None:
            found = monte_carlo(task, precision=work.PRECISION, seed=number, cache=None)
        else:
            found = monte_carlo(task, count, seed=number, cache=None)
        worst = float(np.nanmax(found.standard_errors))
        return {"count": found.mc_count, "error": worst, "backend": found.backend}

    return run


def significance_scan(
    Js: list[int], estimator: str, counts: list[int]
) -> Callable[[], dict[str, Any]]:
    """CPU time of :data:`bench.work.COUNT` realisations at several numbers of scales.

    Of ``counts`` where that is less; then the time is scaled.
    """

    def run() -> dict[str, Any]:
        found = []
        for J, count in zip(Js, counts, strict=True):
            call = significance(J, estimator, count)
            call()
            start = time.process_time()
            call()
            found.append((time.process_time() - start) * work.COUNT / count)
        return {"J": Js, "n": [work.realisation(J) for J in Js], "cpu": found}

    return run


def errors(J: int, estimator: str, many: int, runs: int) -> Callable[[], dict[str, Any]]:
    """Standard error of the levels of a run of :data:`bench.work.COUNT`, at the worst scale.

    Once as ``MonteCarlo.standard_errors`` tells it, read from ``many`` realisations, since of
    few it is itself uncertain; once from the spread of ``runs`` runs, each with its own seed.
    """
    monte_carlo = importlib.import_module("pycwt_mod.monte_carlo.run").monte_carlo
    kernel = importlib.import_module("pycwt_mod.monte_carlo.kernel")

    def run() -> dict[str, Any]:
        task = _task(J, estimator)
        told = monte_carlo(task, many, seed=1, cache=None).standard_errors
        levels = [monte_carlo(task, work.COUNT, seed=2 + i, cache=None).levels for i in range(runs)]
        spread = float(np.nanmax(np.std(levels, axis=0, ddof=1))) if runs > 1 else None
        plan = kernel.Plan(task)
        return {
            "told": float(np.nanmax(told)) * (many / work.COUNT) ** 0.5,
            "many": many,
            "spread": spread,
            "runs": runs,
            "points": plan.points,
            "isa": plan.isa,
        }

    return run
