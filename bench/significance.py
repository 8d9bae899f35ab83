"""The kernel against pycwt on the demo's problem, in one run, as one table.

CPU time of the whole process per realisation: of several runs that alternate between the
variants, the least, as that is the one least disturbed by others on the machine. pycwt runs in
an environment of its own; ``make bench`` builds it under ``build/``.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import pycwt_mod
from pycwt_mod.backends import SignificanceTask
from pycwt_mod.cascade import octaves
from pycwt_mod.histogram import levels
from pycwt_mod.kernel import Path as KernelPath
from pycwt_mod.kernel import Plan, instruction_sets
from pycwt_mod.montecarlo import independent_values

#: Realisations of the cascade that are timed as a whole, as pycwt takes them by default.
COUNT = 300
#: Standard error of the 95 % levels that is asked for at every scale.
PRECISION = 0.005

#: The Arctic Oscillation and the Baltic's ice: lag-1 coefficients of the two, yearly values.
AR1 = (0.018, 0.0976)
DJ, S0 = 1 / 12, 2.0


@dataclass(frozen=True)
class Variant:
    """A way of running the kernel."""

    path: KernelPath
    isa: str
    threads: int
    count: int

    @property
    def label(self) -> str:
        """The row's heading."""
        plural = "" if self.threads == 1 else "s"
        return f"pycwt_mod {self.path}, {self.isa}, {self.threads} thread{plural}"


def demo_task(J: int) -> SignificanceTask:
    """What ``pycwt.wct_significance`` computes for these arguments, with Grinsted's window."""
    scales = tuple(S0 * 2 ** (j * DJ) for j in range(J + 1))
    ends = 0.6 / 8.2
    weights = (ends, *([1 / 8.2] * 7), ends)
    # pycwt takes six times the largest scale, rounded up.
    length = int(np.ceil(round(6 * scales[-1], 6)))
    return SignificanceTask("morlet", 6.0, scales, weights, length, AR1)


def measure(plan: Plan, variant: Variant) -> tuple[float, float]:
    """CPU and elapsed seconds per realisation."""
    cpu, elapsed = time.process_time(), time.monotonic()
    plan.run(1, 0, variant.count, variant.threads)
    return (
        (time.process_time() - cpu) / variant.count,
        (time.monotonic() - elapsed) / variant.count,
    )


def measure_peer(python: Path, J: int, count: int) -> tuple[float, dict[str, str]]:
    """CPU seconds of pycwt per realisation, and the versions it ran with."""
    script = Path(__file__).with_name("peer_pycwt.py")
    command = [str(python), str(script), "--ar1", *map(str, AR1), "--dj", str(DJ)]
    command += ["--s0", str(S0), "--J", str(J), "--count", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    return float(answer["cpu_seconds"]), dict(answer["versions"])


def machine() -> str:
    """Name of the processor."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def variants(task: SignificanceTask, count: int) -> list[Variant]:
    """What is compared: both paths, one and two threads, and the other instruction sets."""
    best = Plan(task).isa
    few = max(16, count // 10)
    listed = [
        Variant("multirate", best, 1, count),
        Variant("multirate", best, 2, count),
        Variant("plain", best, 1, few),
        Variant("plain", best, 2, few),
    ]
    return listed + [
        Variant("multirate", isa, 1, count) for isa in instruction_sets() if isa != best
    ]


def report(task: SignificanceTask, listed: list[Variant], runs: int, peer: float | None) -> None:
    """Measure the variants in turn, ``runs`` times, and print the table."""
    plans = {v: Plan(task, v.isa, v.path) for v in listed}
    for variant, plan in plans.items():
        plan.run(1, 0, variant.threads * plan.lanes, variant.threads)
    measured = [{v: measure(plan, v) for v, plan in plans.items()} for _ in range(runs)]
    print(f"| {'':44} | CPU ms | elapsed ms | pycwt / CPU |")
    print(f"|{'-' * 46}|-------:|-----------:|------------:|")
    if peer is not None:
        print(f"| {'pycwt':44} | {peer * 1e3:6.1f} | {'':10} | {1:11} |")
    for variant in listed:
        cpu = min(m[variant][0] for m in measured)
        elapsed = min(m[variant][1] for m in measured)
        ratio = "" if peer is None else f"{peer / cpu:.0f}"
        print(f"| {variant.label:44} | {cpu * 1e3:6.3f} | {elapsed * 1e3:10.3f} | {ratio:>11} |")


def largest_error(task: SignificanceTask) -> float:
    """Largest standard error of a level with :data:`COUNT` realisations.

    From sixteen times as many: of few, the error is itself uncertain by a fifth.
    """
    many = 16 * COUNT
    _, errors = levels(Plan(task).run(1, 0, many), 0.95, independent_values(task, many))
    return float(errors.max()) * 4


def measure_cascade(task: SignificanceTask, plan: Plan | None, count: int) -> float:
    """CPU seconds from the task to the levels on one thread.

    Args:
        task: the job, of a cascade.
        plan: made before; None makes it here, as a first call does.
        count: realisations.
    """
    if plan is None:
        octaves.cache_clear()
    start = time.process_time()
    histogram = (plan or Plan(task)).run(1, 0, count)
    levels(histogram, 0.95, independent_values(task, count))
    return time.process_time() - start


def report_cascade(task: SignificanceTask, runs: int, peer: float | None) -> None:
    """Whole runs of the cascade, with their largest standard error, as a table."""
    plan = Plan(task)
    cascade, full = largest_error(task), largest_error(replace(task, estimator="full"))
    enough = int(COUNT * (cascade / PRECISION) ** 2) + 1
    print("\nAll of a run, one thread, up to the 95 % levels and their standard errors:\n")
    print("| cascade                            | CPU ms | largest SE | 300 of pycwt / CPU |")
    print("|------------------------------------|-------:|-----------:|-------------------:|")
    print(f"| {f'{COUNT} realisations of full':34} |        | {full:10.4f} | {'':18} |")
    for label, made, count in (
        ("first call", None, COUNT),
        ("plan cached", plan, COUNT),
        ("first call", None, enough),
    ):
        cpu = min(measure_cascade(task, made, count) for _ in range(runs * 3))
        error = cascade * (COUNT / count) ** 0.5
        ratio = "" if peer is None or count != COUNT else f"{COUNT * peer / cpu:.0f}"
        text = f"{count} realisations, {label}"
        print(f"| {text:34} | {cpu * 1e3:6.2f} | {error:10.4f} | {ratio:>18} |")


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", type=Path, help="an interpreter that has pycwt")
    parser.add_argument("--J", type=int, default=84, help="number of scales less one")
    parser.add_argument("--count", type=int, default=960, help="realisations a run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer-count", type=int, default=6, help="realisations of pycwt")
    options = parser.parse_args()
    task = demo_task(options.J)
    peer: float | None = None
    versions: dict[str, str] = {}
    if options.peer_python:
        peer, versions = measure_peer(options.peer_python, options.J, options.peer_count)
    print(f"{machine()}; Python {platform.python_version()}, numpy {np.__version__}, ", end="")
    print(f"pycwt_mod {pycwt_mod.__version__}")
    if versions:
        print("peer: " + ", ".join(f"{name} {text}" for name, text in versions.items()))
    print(f"{len(task.scales)} scales, {task.length} samples, per realisation:\n")
    report(task, variants(task, options.count), options.runs, peer)
    report_cascade(replace(task, estimator="cascade"), options.runs, peer)


if __name__ == "__main__":
    main()
