"""Measures one case in a process of its own and prints what it found as JSON.

Run as ``python -m bench.child SPEC``, SPEC being a JSON object: ``case`` is a function of
:mod:`bench.ours`, :mod:`bench.peers`, :mod:`bench.floor` or :mod:`bench.beside` as "module.name",
``args`` its arguments, ``warm`` the number of calls after the first, ``cpus`` how many processors
it may use. The function imports and prepares, and returns what is timed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def cpu() -> float:
    """CPU seconds of all threads of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def memory(field: str) -> int:
    """A field of this process's memory in KiB: VmRSS is what it has now, VmHWM the peak."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {field}")


def timed(run: Callable[[], object]) -> tuple[float, float, object]:
    """CPU seconds, elapsed seconds and the result of a call."""
    start, clock = cpu(), time.monotonic()
    result = run()
    return cpu() - start, time.monotonic() - clock, result


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """The first call and the warm ones, and the peak of the memory in the first."""
    allowed = sorted(os.sched_getaffinity(0))
    if spec["cpus"] > len(allowed):
        return {"missing": f"this machine has {len(allowed)} processor"}
    os.sched_setaffinity(0, set(allowed[-spec["cpus"] :]))
    module, name = spec["case"].split(".")
    try:
        run = getattr(importlib.import_module(f"bench.{module}"), name)(**spec["args"])
    except ImportError as error:
        return {"missing": str(error)}
    before = memory("VmRSS")
    first_cpu, first_elapsed, result = timed(run)
    found: dict[str, Any] = {
        "first": first_cpu,
        "first_elapsed": first_elapsed,
        "before_kib": before,
        "peak_kib": memory("VmHWM"),
        "warm": [],
        "warm_elapsed": [],
        "values": result if isinstance(result, dict) else {},
    }
    for _ in range(spec["warm"]):
        # Dropped before the next call: two results at once are more than anybody needs.
        result = None
        seconds, elapsed, result = timed(run)
        found["warm"].append(seconds)
        found["warm_elapsed"].append(elapsed)
    return found


def main() -> None:
    """Measure, with what others print diverted."""
    warnings.simplefilter("ignore")
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        answer = measure(json.loads(sys.argv[1]))
    print(json.dumps(answer), file=out)


if __name__ == "__main__":
    main()
