"""Tasks for the gateware's core, and the way to its bench."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.smoothing import scale_weights
from pycwt_mod.wavelets import wavelet_of

sys.path.insert(0, str(Path(__file__).parents[1] / "fpga_gateware" / "bench"))

import core_bench

__all__ = ["core_bench", "random_task", "task_of"]


def task_of(
    family="morlet", order=6.0, *, s0=2.0, dj=0.25, octaves=6.0, length=None, ar1=(0.5, 0.5),
    bins=1000, **fields,
):  # fmt: skip
    """A cascade on the scales s0 … s0·2^octaves; as long as six of the largest, if not told."""
    scales = tuple(s0 * 2 ** (np.arange(round(octaves / dj) + 1) * dj))
    return SignificanceTask(
        family=family,
        order=order,
        scales=tuple(float(s) for s in scales),
        scale_weights=scale_weights(dj, wavelet_of(family, order)),
        length=length or math.ceil(6 * scales[-1]),
        ar1=ar1,
        bins=bins,
        **{"estimator": "cascade", **fields},
    )


#: Wavelets that the chip knows.
WAVELETS = [
    *[("morlet", order) for order in (4.5, 6.0, 11.0)],
    *[("paul", order) for order in (2.0, 4.0)],
    *[("dog", order) for order in (2.0, 3.0, 6.0)],
]


def random_task(rng):
    """Any task that the chip may be given."""
    family, order = WAVELETS[rng.integers(len(WAVELETS))]
    s0 = float(rng.uniform(0.7, 6.0)) * (1.0 if family == "dog" else 1.5)
    ar1 = tuple(float(a) for a in rng.uniform([-0.5, -0.5], [0.97, 0.97]).round(3))
    dj = float(rng.choice([1 / 12, 0.125, 0.25, 0.5]))
    octaves, length = rng.integers(1, 6), int(rng.integers(100, 3000))
    return task_of(family, order, s0=s0, dj=dj, octaves=octaves, ar1=ar1, length=length)
