"""The backend ``dask`` against the kernel alone: ``python -m bench.dask``. Prints a table.

Scheduler and workers are processes on this machine, each worker with one thread; what the
network between machines takes is not in it.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.__main__ import machine
from pycwt_mod.backends import SignificanceTask, get_backend, setting_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: As the Arctic Oscillation's: 500 samples, 12 scales to the octave.
TASK = SignificanceTask(
    "morlet",
    6.0,
    tuple(2 * 2 ** (j / 12) for j in range(72)),
    tuple(1 / 7 for _ in range(7)),
    500,
    (0.3, 0.1),
    1000,
    "cascade",
)
FULL = replace(TASK, estimator="full")
#: Seconds of work that a case is given, and times that it is done: the least counts.
SECONDS, ROUNDS = 3.0, 6
#: The kernel on one thread.
ALONE = "sequential"
#: Calls for the overhead of a chunk.
CHUNKS = 60


@contextmanager
def workers(count: int) -> Iterator[str]:
    """The address of a scheduler with so many workers."""
    from distributed import LocalCluster  # noqa: PLC0415 - slow to import, and optional

    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        memory_limit=0,
    ) as cluster:
        yield cluster.scheduler_address


def seconds(place: str, task: SignificanceTask, count: int) -> float:
    """Wall time of one run, by another backend or, where the place is an address, by Dask."""
    if "://" in place:
        os.environ[setting_variable("dask", "scheduler")] = place
        place = "dask"
    backend = get_backend(place)
    started = time.perf_counter()
    backend.run(task, 1, 0, count)
    return time.perf_counter() - started


def overheads(address: str) -> tuple[float, float]:
    """What a run of 16 realisations takes more than the kernel alone, ms: least and median."""
    more = [1e3 * (seconds(address, TASK, 16) - seconds(ALONE, TASK, 16)) for _ in range(CHUNKS)]
    return min(more), statistics.median(more)


def busy(address: str, task: SignificanceTask, count: int) -> tuple[float, float]:
    """Wall time of a run by two workers, and the share of it that they compute."""
    from pycwtd_drivers.dask.cluster import connect  # noqa: PLC0415 - needs the optional library

    seconds(address, task, 16)
    pace = connect().pace(task.fingerprint())
    before = pace.spent
    took = seconds(address, task, count)
    return took, (pace.spent - before) / (2 * took)


def measure() -> dict[str, Any]:
    """All figures; the variants take turns, because the machine may have other work."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        one, two = (stack.enter_context(workers(number)) for number in (1, 2))
        for name, task in (("cascade", TASK), ("full", FULL)):
            places = (ALONE, "joblib", one)
            for place in (*places, two):  # tables and paces are made here
                seconds(place, task, 1000)
            each = min(seconds(ALONE, task, 160) for _ in range(5)) / 160
            count = 160 * round(SECONDS / each / 160)
            took = [
                (*(seconds(place, task, count) for place in places), *busy(two, task, count))
                for _ in range(ROUNDS)
            ]
            *least, share = zip(*took, strict=True)
            found[name] = (count, [min(times) for times in least], statistics.median(share))
        found["overhead"] = overheads(one)
        get_backend("dask").close()
    return found


def main() -> None:
    """Measure and print."""
    about = machine()
    print(f"{about['processor']}, {about['processors']} processors, load {about['load'][0]:.1f}")
    found = measure()
    print("\n| task | realisations | 1 thread | joblib | 1 worker | 2 workers | computing |")
    print("|---|---|---|---|---|---|---|")
    for name in ("cascade", "full"):
        count, took, share = found[name]
        times = " | ".join(f"{each:.2f} s" for each in took)
        print(f"| {name} | {count:,} | {times} | {100 * share:.0f} % |")
    low, middle = found["overhead"]
    print(f"\nA run of 16 realisations takes {low:.1f} ms more than the kernel alone at best,")
    print(f"{middle:.1f} ms in the median. Load at the end: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    if not (Path(__file__).parent.parent / "pyproject.toml").exists():
        sys.exit("run it in a clone: python -m bench.dask")
    main()
