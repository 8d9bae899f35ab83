"""The 95 % levels of the gateware's arithmetic beside the library's: a table for the README.

``python fpga_gateware/bench/core_levels.py [REALISATIONS]`` takes 20,000 of the model and 100,000
of the library's kernel, which ``tests/kernel`` compares with the float64 reference.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from pycwt_mod.backends import SignificanceTask, get_backend
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.smoothing import scale_weights
from pycwt_mod.wavelets import wavelet_of
from pycwtd_drivers.tang_nano_9k.fixed import configurations, histogram

SEED = 7
#: What the differences of all scales may be.
LARGEST, RMS = 0.01, 0.003
#: Wavelet, its order, smallest scale, octaves, dj, length, lag-1 coefficients.
SETTINGS: list[tuple[Any, ...]] = [
    ("morlet", 6.0, 2.0, 6, 1 / 4, 768, (0.5, 0.5)),
    ("morlet", 6.0, 2.0, 6, 1 / 4, 1024, (0.7, 0.3)),
    ("morlet", 6.0, 2.0, 5, 1 / 8, 384, (0.0, 0.9)),
    ("morlet", 6.0, 4.0, 5, 1 / 4, 900, (-0.4, 0.95)),
    ("morlet", 6.0, 2.0, 7, 1 / 12, 1536, (0.4, 0.6)),
    ("morlet", 10.0, 4.0, 5, 1 / 4, 768, (0.5, 0.2)),
    ("paul", 4.0, 1.4, 6, 1 / 4, 768, (0.5, 0.5)),
    ("paul", 4.0, 1.4, 4, 1 / 12, 300, (0.7, 0.2)),
    ("dog", 2.0, 0.5, 7, 1 / 4, 768, (0.5, 0.5)),
    ("dog", 6.0, 0.8, 5, 1 / 12, 400, (0.2, 0.6)),
]


def main() -> int:
    """Print the table; 1 where a limit is passed, which chance alone does with few realisations."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    kernel = get_backend("sequential")
    print("| wavelet | s0 | octaves | dj | N | α | max Δ | rms Δ | mean Δ |", flush=True)
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    good = True
    for family, order, s0, octaves, dj, length, ar1 in SETTINGS:
        scales = tuple(float(s0 * 2 ** (j * dj)) for j in range(round(octaves / dj) + 1))
        weights = scale_weights(dj, wavelet_of(family, order))
        task = SignificanceTask(family, order, scales, weights, length, ar1, estimator="cascade")
        found = sum(
            c.spread(histogram(c, SEED, *c.span(0, count)), task) for c in configurations(task)
        )
        expected = levels(kernel.run(task, SEED, 0, 5 * count))[0]
        apart = levels(np.asarray(found))[0] - expected
        # Scales beyond the series have no level; one that the gateware alone lacks is NaN here.
        apart = apart[np.isfinite(expected)]
        largest, rms = np.abs(apart).max(), math.sqrt((apart**2).mean())
        good = good and bool(largest <= LARGEST and rms <= RMS)
        print(
            f"| {family} {order:g} | {s0:g} | {octaves} | 1/{round(1 / dj)} | {length} "
            f"| {ar1[0]:g}, {ar1[1]:g} | {largest:.4f} | {rms:.4f} | {apart.mean():+.4f} |",
            flush=True,
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
