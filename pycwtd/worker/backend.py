"""What a backend's host process does: probe the backend, run chunks on it. Has numpy."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.backends import BackendUnavailableError, MonteCarloBackend, get_backend
from pycwt_mod.grid import DEFAULT_ORDERS
from pycwt_mod.monte_carlo.histogram import mean_values
from pycwt_mod.monte_carlo.reference import coherence_histogram
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.wavelets import wavelet_of
from pycwtd.worker.control import DriverDefectError
from pycwtd.worker.files import load_task, save_array, save_result, task_of
from pycwtd.workloads.wavelet.cost import USUAL_GRID, realisation_cost, usual_grid

if TYPE_CHECKING:
    from pycwt_mod.backends import SignificanceTask
    from pycwtd.worker.control import Operation, TaskControl

#: Long enough to be measured, short enough for the start of the daemon.
_CALIBRATION_SECONDS = 0.05
_CALIBRATION_RUNS = 2
#: Realisations of a self-test: the float64 reference takes a few milliseconds for each.
_TEST_RUNS = 24


def operations(name: str) -> dict[str, Operation]:
    """The operations of the host of one backend."""
    backend = get_backend(name)
    return {
        "probe": partial(_probe, backend),
        "calibrate": partial(_calibrate, backend),
        "run": partial(_run, backend),
        "time": partial(_time, backend),
        "self_test": partial(_self_test, backend),
    }


def _probe(
    backend: MonteCarloBackend, _message: dict[str, Any], _control: TaskControl
) -> dict[str, Any]:
    found = backend.probe()
    return {"available": found.available, "reason": found.error, "devices": found.devices}


def _calibrate(
    backend: MonteCarloBackend, message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """Time a small task, so that the first estimate is a measurement, too."""
    estimator, family = message["estimator"], message["family"]
    wavelet = wavelet_of(family, DEFAULT_ORDERS[family])
    s0, dj, J = USUAL_GRID
    task = coherence_task(0.5, 0.5, 1.0, dj, s0, J, wavelet, estimator=estimator)
    count = 1
    _timed(backend, task, count, control)  # plans and pages are made here
    while True:
        # The best of some, because others use the cores, too.
        best = min(_timed(backend, task, count, control) for _ in range(_CALIBRATION_RUNS))
        if best >= _CALIBRATION_SECONDS:
            break
        count *= min(16, 1 + int(_CALIBRATION_SECONDS / best))
    cost = realisation_cost(estimator, family, s0, dj, J)
    return {"cost": count * cost, "seconds": best}


def _timed(
    backend: MonteCarloBackend, task: SignificanceTask, count: int, control: TaskControl
) -> float:
    started = time.perf_counter()
    backend.run(task, 0, 0, count, control)
    return time.perf_counter() - started


def _time(
    backend: MonteCarloBackend, message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """Time so many realisations at the grid that a series of some length gets by default."""
    s0, dj, J = usual_grid(message["samples"])
    task = coherence_task(0.5, 0.5, 1.0, dj, s0, J, estimator=message["estimator"])
    _timed(backend, task, 1, control)  # plans and pages are made here
    return {"seconds": _timed(backend, task, message["count"], control)}


def _self_test(
    backend: MonteCarloBackend, message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """Whether it repeats itself, its spans add up, and its levels are the reference's."""
    started = time.perf_counter()
    info = backend.info
    estimator, family = info.estimators[0], info.families[0]
    s0, dj, J = USUAL_GRID
    wavelet = wavelet_of(family, DEFAULT_ORDERS[family])
    task = coherence_task(0.5, 0.5, 1.0, dj, s0, J, wavelet, estimator=estimator)
    whole = backend.run(task, 1, 0, _TEST_RUNS, control)
    cut = _TEST_RUNS // 3
    parts = backend.run(task, 1, 0, cut, control)
    parts = parts + backend.run(task, 1, cut, _TEST_RUNS - cut, control)
    expected = coherence_histogram(task, 1, 0, _TEST_RUNS)
    deviation = float(np.abs(mean_values(whole) - mean_values(expected)).max())
    results = {
        "repeats": bool((backend.run(task, 1, 0, _TEST_RUNS, control) == whole).all()),
        "adds_up": bool((parts == whole).all()),
        "agrees": deviation <= info.tolerance,
    }
    arrays = {
        "passed": all(results.values()),
        **results,
        "deviation": deviation,
        "backend_used": info.name,
        "computation_time": time.perf_counter() - started,
    }
    return {"sha256": save_result(Path(message["folder"]), arrays, sync=message["sync"])}


def _run(
    backend: MonteCarloBackend, message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """One chunk: its histogram is in the file ``out`` before the answer goes."""
    folder = Path(message["folder"])
    task = task_of(load_task(folder))
    started = time.perf_counter()
    try:
        histogram = backend.run(task, message["seed"], message["first"], message["count"], control)
    except MemoryError:
        raise BackendUnavailableError("its process ran out of memory") from None
    seconds = time.perf_counter() - started
    shape = (task.rows, task.bins)
    if histogram.shape != shape or histogram.dtype != np.int64 or histogram.min() < 0:
        raise DriverDefectError(
            f"backend {backend.info.name} gave an impossible histogram: "
            f"{histogram.dtype}{histogram.shape} instead of int64{shape}, or negative counts"
        )
    digest = save_array(folder / message["out"], histogram, sync=message["sync"])
    return {"seconds": seconds, "sha256": digest}
