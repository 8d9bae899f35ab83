"""CPU time of pycwt's significance test, as JSON; runs under the interpreter that has pycwt.

The peer's start-up and set-up (one realisation's worth) are taken off by the difference of two
runs. It prints to stdout while it works, which is diverted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import platform
import time
from importlib.metadata import version

import pycwt  # type: ignore[import-not-found]


def cpu_seconds(problem: argparse.Namespace, count: int) -> float:
    """CPU seconds, of all threads, for ``count`` realisations."""
    before = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        pycwt.wct_significance(
            *problem.ar1,
            dt=1.0,
            dj=problem.dj,
            s0=problem.s0,
            J=problem.J,
            wavelet=pycwt.Morlet(6),
            mc_count=count,
            progress=False,
            cache=False,
        )
    return time.process_time() - before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ar1", type=float, nargs=2, required=True)
    parser.add_argument("--dj", type=float, required=True)
    parser.add_argument("--s0", type=float, required=True)
    parser.add_argument("--J", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    problem = parser.parse_args()
    cpu_seconds(problem, 1)
    one = cpu_seconds(problem, 1)
    many = cpu_seconds(problem, 1 + problem.count)
    result = {
        "cpu_seconds": (many - one) / problem.count,
        "versions": {
            "pycwt": version("pycwt"),
            "numpy": version("numpy"),
            "scipy": version("scipy"),
            "python": platform.python_version(),
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
