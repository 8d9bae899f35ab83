"""Levels of coherence from a simulated board, beside those of the CPU on the same noise."""

from __future__ import annotations

import os
import threading
import time

from pycwt_mod.backends import get_backend
from pycwt_mod.datasets import ao_baltic
from pycwt_mod.monte_carlo.run import MonteCarlo, coherence_task, monte_carlo
from pycwt_mod.noise import ar1
from pycwtd_drivers.elm11.ports import PACE, PORT
from pycwtd_drivers.elm11.simulator.prompt import SimulatedBoard
from pycwtd_drivers.line.simulator.faults import Faults

#: A share of the bytes, so that there is something to be mended.
_FAULTS = Faults(loss=3e-5, flips=3e-5, duplication=3e-5)
_COUNT = 100


def main() -> None:
    """Run the Arctic Oscillation's and the Baltic ice's null hypothesis on both."""
    board = SimulatedBoard(None, _FAULTS)
    threading.Thread(target=board.serve, daemon=True).start()
    os.environ.update({PORT: board.terminal.path, PACE: "0"})
    backend = get_backend("elm11_lua")
    found = backend.probe()
    print(f"{', '.join(found.devices) or found.error} (simulated, on a line with faults)")
    _, ao, ice = ao_baltic()
    task = coherence_task(ar1(ao).g, ar1(ice).g, 1.0, 0.25, 2.0, 20)
    runs: list[MonteCarlo] = []
    for name in ("elm11_lua", "sequential"):
        started = time.perf_counter()
        runs.append(monte_carlo(task, _COUNT, backend=name, seed=1))
        seconds = time.perf_counter() - started
        print(f"{name:>10}: {_COUNT} realisations in {seconds:.3f} s, {runs[-1].numerics}")
    print("\n  scale   95 % level: board   CPU")
    rows = zip(task.scales, *(run.levels for run in runs), strict=True)
    for scale, ours, theirs in rows:
        print(f"{scale:7.1f}              {ours:.3f}   {theirs:.3f}")
    backend.close()


if __name__ == "__main__":
    main()
