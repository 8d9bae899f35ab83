"""What is measured, in which order, and who runs it."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import work

ROOT = Path(__file__).resolve().parent.parent
#: Seconds after which a case is given up.
_LIMIT = 150
#: Times of the time for repetitions after which nothing at all is begun.
_LATEST = 1.15


@dataclass(frozen=True)
class Case:
    """Something to be measured.

    Attributes:
        key: its name in the raw results.
        case: function, as :mod:`bench.child` takes it; those of ``peers`` run there.
        args: of the function.
        warm: calls after the first, in the same process.
        rounds: fresh processes.
        cpus: processors that the process may use.
        quick: measured in the quick run, too.
    """

    key: str
    case: str
    args: dict[str, Any] = field(default_factory=dict)
    warm: int = 0
    rounds: int = 1
    cpus: int = 1
    quick: bool = True


def error_cases() -> list[Case]:
    """Standard errors, which decide how many realisations of the cascade are a fair match."""
    found = []
    for J, estimator, many, runs in (
        (work.TYPICAL, "full", 4800, 64),
        (work.TYPICAL, "cascade", 9600, 64),
        (work.LARGE, "full", 1200, 0),
        (work.LARGE, "cascade", 9600, 0),
    ):
        args = {"J": J, "estimator": estimator, "many": many, "runs": runs}
        quick = estimator == "cascade" or work.TYPICAL == J
        found.append(Case(f"errors-{estimator}-{J}", "ours.errors", args, quick=quick))
    return found


def equal_count(cascade: float, full: float) -> int:
    """Realisations that give the cascade an error not above that of :data:`work.COUNT` of full.

    Args:
        cascade: largest standard error of :data:`work.COUNT` realisations of the cascade.
        full: the same of ``full``.
    """
    return max(work.COUNT, math.ceil(work.COUNT * (cascade / full) ** 2))


def significance_cases(counts: dict[int, int]) -> list[Case]:
    """Realisations of pycwt's and whole runs of ours.

    Args:
        counts: realisations of the cascade, for each number of scales less one.
    """
    ours, typical, count = "ours.significance", work.TYPICAL, work.COUNT
    full = {"J": typical, "estimator": "full", "count": count}
    cascade = {"J": typical, "estimator": "cascade", "count": counts[typical]}
    large = {"J": work.LARGE, "estimator": "cascade", "count": counts[work.LARGE]}
    precise = {"estimator": "cascade", "count": None}
    return [
        Case("pycwt-typical", "peers.significance", {"J": typical, "count": 4}, rounds=4),
        Case("full", ours, full, warm=10, rounds=5),
        Case("full-two", ours, full, warm=10, rounds=5, cpus=2),
        Case("full-turns", "beside.threads", full, rounds=3, cpus=2),
        Case("full-beside", "beside.significance", full, rounds=3, cpus=2),
        Case("cascade", ours, cascade, warm=10, rounds=5),
        Case("cascade-two", ours, cascade, warm=10, rounds=5, cpus=2),
        Case("cascade-turns", "beside.threads", cascade | {"rounds": 200}, rounds=3, cpus=2),
        Case("cascade-another", ours, cascade | {"another": True}, warm=10, rounds=5),
        Case("cascade-large", ours, large, warm=10, rounds=5),
        Case("precise", ours, precise | {"J": typical}, warm=3, rounds=4),
        Case("precise-largest", ours, precise | {"J": work.LARGEST}, warm=3, rounds=4),
    ]


def transform_cases() -> list[Case]:
    """Small calls, what the machine does at best, and the long transforms."""
    n = {"n": work.N}
    c64, c128 = n | {"dtype": "complex64"}, n | {"dtype": "complex128"}
    return [
        Case("small", "ours.small", {"calls": work.CALLS}, warm=10, rounds=4),
        Case("small-pycwt", "peers.small", {"calls": work.CALLS}, warm=10, rounds=4),
        Case("one", "ours.small", {"calls": 1}, rounds=5),
        Case("one-pycwt", "peers.small", {"calls": 1}, rounds=5),
        Case("cold", "ours.cold", rounds=5),
        Case("cold-pycwt", "peers.cold", rounds=5),
        Case("rates", "floor.rates", rounds=3),
        Case("fill800", "floor.fill", {"size": 8 * work.N * work.SCALES}, warm=3, rounds=4),
        Case(
            "fill1600",
            "floor.fill",
            {"size": 16 * work.N * work.SCALES},
            warm=3,
            rounds=4,
            quick=False,
        ),
        Case("ffts64", "floor.transforms", c64, warm=3, rounds=4),
        Case("ffts128", "floor.transforms", c128, warm=3, rounds=4, quick=False),
        Case("ffts64x2", "floor.transforms", c64 | {"series": 2}, warm=3, rounds=4),
        Case("c64", "ours.cwt", c64, warm=3, rounds=4),
        Case("fcwt", "peers.fcwt", n, warm=2, rounds=4),
        Case("c128", "ours.cwt", c128, warm=2, rounds=4),
        Case("into", "ours.cwt_into", c64, warm=3, rounds=4),
        Case("streamed", "ours.cwt_streamed", c64, warm=2, rounds=4),
        Case("wct32", "ours.wct", n | {"dtype": "float32"}, warm=2, rounds=4),
        Case("pycwt", "peers.pycwt", n, warm=1, rounds=3),
        Case("wct64", "ours.wct", n | {"dtype": "float64"}, warm=2, rounds=4, quick=False),
        Case("ssqueezepy", "peers.ssqueezepy", n, warm=1, rounds=3, quick=False),
        Case("pywavelets", "peers.pywavelets", n, warm=1, rounds=2, quick=False),
        Case("loop32", "peers.loop32", n, warm=1, rounds=2, quick=False),
        Case("loop64", "peers.loop64", n, warm=1, rounds=2, quick=False),
    ]


def scan_cases() -> list[Case]:
    """The lines of the plot, and pycwt's realisation at the large number of scales."""
    lengths = {"lengths": list(work.LENGTHS)}
    one = {"J": work.LARGE, "count": 1}
    found = [Case(f"pycwt-{work.LARGE}", "peers.significance", one, quick=False)]
    found += [
        Case(f"scan-{key}", "ours.scan", lengths | {"dtype": dtype}, quick=False)
        for key, dtype in (("c64", "complex64"), ("c128", "complex128"))
    ]
    for who in ("pycwt", "fcwt", "ssqueezepy", "pywavelets", "loop32", "loop64"):
        found.append(Case(f"scan-{who}", "peers.scan", lengths | {"who": who}, quick=False))
    for J, count in ((36, 12), (60, 8), (108, 2)):
        args = {"J": J, "count": count}
        found.append(Case(f"pycwt-{J}", "peers.significance", args, quick=False))
    octaves = list(range(36, work.LARGEST + 1, 12))
    for estimator, Js, counts in (
        ("full", [36, 60, 84, 108, 132, 156], [300, 300, 300, 300, 64, 32]),
        ("cascade", octaves, [work.COUNT] * len(octaves)),
    ):
        line: dict[str, Any] = {"Js": Js, "counts": counts, "estimator": estimator}
        key = f"scan-{estimator}"
        found.append(Case(key, "ours.significance_scan", line, quick=False))
    return found


class Runner:
    """Runs cases and collects what they find.

    Args:
        peer_python: the Python that has the peers.
        minutes: after so long nothing is measured a second time, and a little later nothing at
            all, so that a busy machine makes gaps in the table and not an endless run.
        quick: one round, few warm calls, and only the cases of the quick run.
    """

    def __init__(self, peer_python: Path, minutes: float, *, quick: bool) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        self._peer_python = peer_python
        self._start = time.monotonic()
        self._seconds = minutes * 60
        self._quick = quick

    def run(self, cases: list[Case]) -> None:
        """Measure the cases, a process each: all of them, then all of them again."""
        listed = [case for case in cases if case.quick or not self._quick]
        for number in range(1 if self._quick else max(case.rounds for case in listed)):
            for case in listed:
                limit = self._seconds * (1 if number or self._quick else _LATEST)
                if number < case.rounds and self.elapsed < limit:
                    self._add(case, number)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def _add(self, case: Case, number: int) -> None:
        entry = self.found.setdefault(case.key, {"runs": []})
        if "missing" in entry:
            return
        print(f"{self.elapsed:4.0f} s  round {number + 1}  {case.key}", file=sys.stderr, flush=True)
        answer = self._measure(case)
        if "missing" in answer:
            entry["missing"] = answer["missing"]
        else:
            entry["runs"].append(answer)

    def _measure(self, case: Case) -> dict[str, Any]:
        peer = case.case.startswith("peers.")
        python = str(self._peer_python) if peer else sys.executable
        warm = min(case.warm, 1) if self._quick else case.warm
        spec = {"case": case.case, "args": case.args, "warm": warm, "cpus": case.cpus}
        try:
            done = subprocess.run(
                [python, "-m", "bench.child", json.dumps(spec)],
                cwd=ROOT,
                env=self._environment(case.cpus),
                capture_output=True,
                text=True,
                check=False,
                timeout=_LIMIT,
            )
        except FileNotFoundError:
            return {"missing": f"there is no {python}"}
        except subprocess.TimeoutExpired:
            return {"missing": f"took more than {_LIMIT} s"}
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1]
            killed = done.returncode < 0
            return {"missing": f"killed by signal {-done.returncode}" if killed else last}
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def _environment(self, cpus: int) -> dict[str, str]:
        """Everybody's libraries with so many threads; fCWT finds FFTW."""
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        path = [os.environ.get("LD_LIBRARY_PATH", ""), str(self._peer_python.parents[1] / "fftw")]
        libraries = os.pathsep.join(entry for entry in path if entry)
        return {
            **os.environ,
            **dict.fromkeys(names, str(cpus)),
            "LD_LIBRARY_PATH": libraries,
            "PYTHONHASHSEED": "0",
        }
