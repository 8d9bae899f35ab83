"""What a backend's host process does: probe the backend, run chunks on it. Has numpy."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pycwt_mod.backends import MonteCarloBackend, SignificanceTask, get_backend
from pycwtd.worker.arrays import save_array

if TYPE_CHECKING:
    from pycwtd.worker.__main__ import Operation, TaskControl

#: Long enough to be measured, short enough for the start of the daemon.
_CALIBRATION_SECONDS = 0.05
_CALIBRATION_RUNS = 3


def operations(name: str) -> dict[str, Operation]:
    """The operations of the host of one backend."""
    backend = get_backend(name)
    return {
        "probe": partial(_probe, backend),
        "calibrate": partial(_calibrate, backend),
        "run": partial(_run, backend),
    }


def _probe(
    backend: MonteCarloBackend, _message: dict[str, Any], _control: TaskControl
) -> dict[str, Any]:
    found = backend.probe()
    return {"available": found.available, "reason": found.error, "devices": found.devices}


def _calibrate(
    backend: MonteCarloBackend, _message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """Time a small task, so that the first estimate is a measurement, too."""
    task = SignificanceTask(
        family="morlet",
        order=6.0,
        scales=tuple(2.0 * 2 ** (j / 4) for j in range(25)),
        scale_weights=(1 / 7, 5 / 7, 1 / 7),
        length=768,
        ar1=(0.5, 0.5),
    )
    count = 1
    backend.run(task, 0, 0, count, control)  # plans and pages are made here
    while True:
        seconds = _timed(backend, task, count, control)
        if seconds >= _CALIBRATION_SECONDS:
            break
        count *= 2
    # The best of some, because others use the cores, too.
    best = min(_timed(backend, task, count, control) for _ in range(_CALIBRATION_RUNS))
    return {"units": count * task.length * len(task.scales), "seconds": best}


def _timed(
    backend: MonteCarloBackend, task: SignificanceTask, count: int, control: TaskControl
) -> float:
    started = time.perf_counter()
    backend.run(task, 0, 0, count, control)
    return time.perf_counter() - started


def _run(
    backend: MonteCarloBackend, message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    """One chunk: its histogram is in the file ``out``, durably, before the answer goes."""
    folder = Path(message["folder"])
    task = SignificanceTask.from_dict(msgspec.json.decode((folder / message["task"]).read_bytes()))
    started = time.perf_counter()
    histogram = backend.run(task, message["seed"], message["first"], message["count"], control)
    seconds = time.perf_counter() - started
    shape = (task.rows, task.bins)
    if histogram.shape != shape or histogram.dtype != np.int64 or histogram.min() < 0:
        raise ValueError(
            f"backend {backend.info.name} gave an impossible histogram: "
            f"{histogram.dtype}{histogram.shape} instead of int64{shape}, or negative counts"
        )
    digest = save_array(folder / message["out"], histogram)
    return {"seconds": seconds, "sha256": digest}
