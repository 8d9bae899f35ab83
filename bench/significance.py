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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import pycwt_mod
from pycwt_mod.backends import SignificanceTask
from pycwt_mod.kernel import Path as KernelPath
from pycwt_mod.kernel import Plan, instruction_sets

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


if __name__ == "__main__":
    main()
