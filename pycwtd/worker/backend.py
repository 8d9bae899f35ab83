"""What a backend's host process does: probe the backend, run chunks on it. Has numpy."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycwt_mod.backends import BackendUnavailableError, MonteCarloBackend, get_backend
from pycwt_mod.grid import DEFAULT_ORDERS
from pycwt_mod.monte_carlo.conformity import (
    FEWEST,
    ImpossibleHistogramError,
    check_histogram,
    conformity,
    small_task,
)
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.wavelets import wavelet_of
from pycwtd.worker.control import DriverDefectError, RefusalError
from pycwtd.worker.files import load_task, save_array, save_result, task_of
from pycwtd.workloads.wavelet.cost import USUAL_GRID, realisation_cost, usual_grid

if TYPE_CHECKING:
    from pycwt_mod.backends import SignificanceTask
    from pycwtd.worker.control import Operation, TaskControl

#: Long enough to be measured, short enough for the start of the daemon.
_CALIBRATION_SECONDS = 0.05
_CALIBRATION_RUNS = 2
#: What a frame has room for, whatever a driver tells.
_MOST_READINGS = 100


def operations(name: str) -> dict[str, Operation]:
    """The operations of the host of one backend."""
    backend = get_backend(name)
    return {
        "probe": partial(_probe, backend),
        "calibrate": partial(_calibrate, backend),
        "run": partial(_run, backend),
        "time": partial(_time, backend),
        "self_test": partial(_self_test, backend),
        "flash": partial(_flash, backend),
        "readings": partial(_readings, backend),
    }


def _probe(
    backend: MonteCarloBackend, _message: dict[str, Any], _control: TaskControl
) -> dict[str, Any]:
    found = backend.probe()
    return {
        "available": found.available,
        "reason": found.error,
        "devices": found.devices,
        "firmware": found.firmware,
        "serial": found.serial,
    }


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
    """Whether it repeats itself, its spans add up, and its numbers are those of its class.

    As a job, which has a folder, its result is written there.
    """
    started = time.perf_counter()
    info = backend.info
    # Nobody can ask for a cascade of the Morse wavelet.
    family = next((one for one in info.families if one != "morse"), info.families[0])
    steering = _Percent(control, len(info.estimators))
    found = []
    try:
        for estimator in info.estimators:
            found.append(conformity(backend, small_task(estimator, family), FEWEST, steering))
            steering.next()
    except ImpossibleHistogramError as error:
        raise DriverDefectError(str(error)) from None
    worst = max(found, key=lambda one: (not one.passed, one.deviation - one.limit))
    answer = {"passed": all(one.passed for one in found), "figures": worst.told()}
    if "folder" not in message:
        return answer
    arrays = {
        "passed": answer["passed"],
        "repeats": all(one.repeats for one in found),
        "adds_up": all(one.adds_up for one in found),
        "agrees": all(one.agrees for one in found),
        "exact": all(one.exact for one in found),
        "deviation": worst.deviation,
        "limit": worst.limit,
        "realisations": sum(one.realisations for one in found),
        "figures": worst.told(),
        "backend_used": info.name,
        "computation_time": time.perf_counter() - started,
    }
    digest = save_result(Path(message["folder"]), arrays, sync=message["sync"])
    return {**answer, "sha256": digest}


class _Percent:
    """A control for the tests of a backend's estimators: progress is told as a percentage."""

    def __init__(self, control: TaskControl, tests: int) -> None:
        self._control = control
        self._tests = tests
        self._done = 0

    def next(self) -> None:
        self._done += 1

    def cancelled(self) -> bool:
        return self._control.cancelled()

    def advance(self, done: int) -> None:
        share = min(1.0, done / (2 * FEWEST + 1))
        self._control.advance(int(100 * (self._done + share) / self._tests))


def _flash(
    backend: MonteCarloBackend, message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """Write the firmware; progress is a percentage."""
    started = time.perf_counter()
    version = backend.flash(control)
    arrays = {
        "firmware": version,
        "backend_used": backend.info.name,
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
    except ValueError as error:
        # The contract's word for a task that it doesn't compute.
        raise RefusalError(str(error)) from None
    seconds = time.perf_counter() - started
    try:
        histogram = check_histogram(backend, task, histogram)
    except ImpossibleHistogramError as error:
        raise DriverDefectError(str(error)) from None
    digest = save_array(folder / message["out"], histogram, sync=message["sync"])
    return {"seconds": seconds, "sha256": digest, **_readings(backend, {}, control)}


def _readings(
    backend: MonteCarloBackend, _message: dict[str, Any], _control: TaskControl
) -> dict[str, Any]:
    """What its sensors and counters say, where its driver tells."""
    if "readings" not in backend.info.hooks:
        return {}
    told = [asdict(one) for one in backend.readings() if math.isfinite(one.value)]
    return {"readings": told[:_MOST_READINGS]}
