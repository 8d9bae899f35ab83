"""What a Monte Carlo realisation costs, up to a factor that is measured on each backend.

Costs with the same estimator and family of wavelets, and both with or both without ``edges``, can
be compared, and no others. Their shapes are those of the C kernel's ways of computing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pycwt_mod import grid

if TYPE_CHECKING:
    from pycwt_mod.backends.task import Estimator
    from pycwt_mod.grid import Family

#: What backends are timed with at the start and compared by: smallest scale, dj and J. Small
#: enough for a microcontroller.
USUAL_FAMILY: Family = "morlet"
USUAL_GRID = (2.0, 0.25, 24)
#: Spacing of scales in octaves, where a request names none.
DEFAULT_DJ = 0.25


def realisation_cost(
    estimator: Estimator,
    family: Family,
    smallest: float,
    dj: float,
    J: int,
    *,
    cone: float = math.sqrt(2),
    samples: int | None = None,
) -> float:
    """The cost of one realisation.

    Args:
        estimator: a cascade costs a short pair of series for each octave, and a short transform
            for each scale, whatever the length. Of ``full``, the Morlet wavelet's scales are
            computed at rates of their own, in proportion to length over scale, after one
            transform of the whole; the other wavelets' at every sample of every scale.
        family: of wavelets.
        smallest: scale, in samples.
        dj: spacing of scales in octaves.
        J: number of scales less one.
        cone: e-folding time of the wavelet, in scales; series are longer where it is.
        samples: of one that counts within the cone of influence, too: every sample of every
            scale is computed then, whatever the wavelet; None: it doesn't count there.
    """
    if estimator == "cascade":
        return float(J + 1 + octaves(dj, J))
    if samples is not None:
        return float(samples * (J + 1))
    length = grid.surrogate_length(smallest * 2 ** (J * dj), cone)
    if family != "morlet":
        return float(length * (J + 1))
    # Σ 1/s over the scales, a geometric series.
    inverse = (1 - 2 ** (-dj * (J + 1))) / (1 - 2**-dj) / smallest
    # Measured: 7.5 ns a unit at 1,536 samples, 19 to 22 at 49,152, out of a core's cache.
    crowded = 1 + min(1.5, length / 2**15)
    return length * (1 + inverse) * crowded


def usual_grid(samples: int) -> tuple[float, float, int]:
    """Smallest scale, spacing and J that a request gets which names none, at dt = 1."""
    s0 = grid.default_s0(1.0, USUAL_FAMILY, grid.DEFAULT_ORDERS[USUAL_FAMILY])
    return s0, DEFAULT_DJ, grid.default_count(samples, DEFAULT_DJ, s0)


def octaves(dj: float, J: int) -> int:
    """Octaves that the scales reach into."""
    # Rounded first: twelve twelfths are one.
    return int(round(J * dj, 9)) + 1
