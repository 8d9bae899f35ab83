"""From histograms of squared coherence to significance levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod import checks
from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends.task import FIRST_STAGE, LAST_STAGE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def levels(
    histogram: ArrayLike, level: float = 0.95, independent: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The squared coherence that stays below a probability, and its Monte Carlo error.

    The cumulative histogram is read at the edges of the bins and interpolated between them.
    The error is half the distance between the quantiles of p ± √(p(1−p)/n), n being the
    number of independent values.

    Args:
        histogram: counts, shape (scales, bins), bins evenly over [0, 1].
        level: the probability p, between 0 and 1.
        independent: independent values per scale, shape (scales,) or one number. Neighbouring
            points of one realisation aren't independent; see
            :func:`pycwt_mod.monte_carlo.run.independent_values`. None takes every count for
            independent, which understates the error.

    Returns:
        levels and standard errors, each of shape (scales,); NaN where nothing was counted.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: the histogram isn't one, or an argument is out of range.
    """
    counts = np.asarray(histogram)
    if counts.ndim != 2 or counts.shape[1] < 2 or counts.dtype.kind not in "iuf":
        raise ValueError(
            f"histogram must be counts of shape (scales, bins), not {counts.dtype} of "
            f"shape {counts.shape}"
        )
    p = checks.within(level, "level", 0, 1)
    rows, bins = counts.shape
    whole = np.can_cast(counts.dtype, np.int64)
    cells = np.require(counts, np.int64 if whole else np.float64, ["C", "A"])
    given = ffi.from_buffer("int64_t[]" if whole else "double[]", cells)
    found, errors = both = np.empty((2, rows))
    told = ffi.NULL
    if independent is not None:
        values = np.empty(rows)
        values[:] = np.broadcast_to(np.asarray(independent, dtype=np.float64), rows)
        told = ffi.from_buffer("double[]", values)
    code = lib.pk_levels(
        *((given, ffi.NULL) if whole else (ffi.NULL, given)),
        *(rows, bins, p, told),
        *(ffi.from_buffer("double[]", part) for part in both),
    )
    if code != lib.PK_OK:
        raise ValueError("histogram must not have negative counts")
    return found, errors


def upper_tail(histogram: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the counts at or above values, interpolated within their bin.

    Args:
        histogram: counts, shape (scales, bins), bins evenly over [0, 1].
        values: in [0, 1], shape (scales, N) or (scales,).

    Returns:
        Shares in [0, 1] of the shape of ``values``; NaN where nothing was counted.
    """
    bins = histogram.shape[1]
    edges = np.linspace(0, 1, bins + 1)
    shares = np.full(values.shape, np.nan)
    for row, counts in enumerate(histogram):
        if total := counts.sum():
            above = np.concatenate([np.cumsum(counts[::-1])[::-1], [0]]) / total
            shares[row] = np.interp(values[row], edges, above)
    return shares


def mean_values(histogram: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each row; of few realisations, steadier than a level.

    Args:
        histogram: of values in [0, 1], shape (rows, bins).

    Returns:
        float64, shape (rows,); NaN where a row counts nothing.
    """
    centres = (np.arange(histogram.shape[1]) + 0.5) / histogram.shape[1]
    counts = histogram.sum(axis=1)
    means: NDArray[np.float64] = np.divide(
        histogram @ centres, counts, out=np.full(len(counts), np.nan), where=counts > 0
    )
    return means


def stages(count: int, precision: float | None, done: int) -> list[int]:
    """Numbers of realisations at which levels are judged; what is done already isn't undone.

    Args:
        count: realisations wanted, where no precision is.
        precision: standard error wanted; None goes by the count.
        done: realisations that there are.
    """
    if precision is None:
        return [max(count, done)]
    found = [FIRST_STAGE]
    while found[-1] < LAST_STAGE:
        found.append(min(2 * found[-1], LAST_STAGE))
    return [done, *(stage for stage in found if stage > done)] if done else found
