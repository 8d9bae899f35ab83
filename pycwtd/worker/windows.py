"""What a stream's process does: one window after the other."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pycwtd.worker.jobs import contained
from pycwtd.worker.render import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycwtd.worker.control import Operation, TaskControl
    from pycwtd.workloads.interface import Workload


def operations(workload: Workload, name: str) -> Mapping[str, Operation]:
    """What the process of one stream is asked for."""
    (stream,) = (one for one in workload.streams if one.name == name)
    compute = importlib.import_module(stream.compute)

    def window(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
        """Compute a window and write the message that the client gets.

        Args:
            message: ``folder`` with the samples of all series, one after the other, in the file
                ``window`` (float64); ``arguments``; and ``start``, the number of the first sample.
        """
        folder = Path(message["folder"])
        started = time.perf_counter()
        series = np.fromfile(folder / "window").reshape(len(stream.series), -1)
        with contained(workload):
            found = compute.window(tuple(series), message["arguments"])
        data = {
            **{name: plain(np.asarray(array)) for name, array in found.items()},
            "start": message["start"],
            "computation_time": time.perf_counter() - started,
        }
        (folder / "result").write_bytes(msgspec.json.encode({"type": "result", "data": data}))
        return {}

    return {"ping": lambda _message, _control: {}, "window": window}
