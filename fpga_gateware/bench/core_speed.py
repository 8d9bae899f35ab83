"""Cycles of the simulated core for whole cascades: a table for the README."""

from __future__ import annotations

import math
import sys
from typing import Any

from core_bench import Core, build

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.smoothing import scale_weights
from pycwt_mod.wavelets import wavelet_of
from pycwtd_drivers.tang_nano_9k.fixed import configurations

CLOCK = 54e6
#: Wavelet, its order, smallest scale, octaves, dj, length, lanes.
SETTINGS: list[tuple[Any, ...]] = [
    ("morlet", 6.0, 2.0, 6, 1 / 4, 768, 2),
    ("morlet", 6.0, 2.0, 6, 1 / 4, 768, 1),
    ("morlet", 6.0, 2.0, 6, 1 / 4, 768, 4),
    ("morlet", 6.0, 2.0, 7, 1 / 12, 1536, 2),
    ("paul", 4.0, 1.4, 6, 1 / 4, 768, 2),
    ("dog", 2.0, 0.5, 7, 1 / 4, 768, 2),
]


def main() -> int:
    """Print the table."""
    print("| wavelet | dj | octaves | N | lanes | cycles a realisation | a second at 54 MHz |")
    print("|---|---|---|---|---|---|---|")
    for family, order, s0, octaves, dj, length, lanes in SETTINGS:
        scales = tuple(float(s0 * 2 ** (j * dj)) for j in range(round(octaves / dj) + 1))
        weights = scale_weights(dj, wavelet_of(family, order))
        task = SignificanceTask(
            family, order, scales, weights, length, (0.5, 0.5), estimator="cascade"
        )
        with Core(build(lanes)) as core:
            cycles = sum(
                c.part.draws / 300 * series_cycles(core, c) for c in configurations(task, lanes)
            )
        rate = CLOCK / cycles
        print(
            f"| {family} {order:g} | 1/{round(1 / dj)} | {octaves} | {length} | {lanes} "
            f"| {math.ceil(cycles):,} | {math.floor(rate):,} |",
            flush=True,
        )
    return 0


def series_cycles(core: Core, configuration: Any) -> float:
    """Cycles of one series among many: without what a unit costs by itself."""
    core.configure(configuration)
    few, many = (core.run(1, 0, count).cycles for count in (4, 24))
    return (many - few) / 20


if __name__ == "__main__":
    sys.exit(main())
