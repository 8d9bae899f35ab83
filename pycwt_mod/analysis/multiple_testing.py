"""Many tests at once: the false discovery rate of maps of p-values.

A pointwise level of 95 % marks one point in twenty of pure noise. The false discovery rate is
the expected share of false ones among those marked (Benjamini & Hochberg 1995, J. R. Stat. Soc.
B 57, 289–300; Benjamini & Yekutieli 2001, Ann. Stat. 29, 1165–1188). For contiguous patches see
:mod:`pycwt_mod.analysis.areawise`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pycwt_mod import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, repr=False)
class Discoveries:
    """What :func:`false_discovery` gives."""

    #: Points where the null hypothesis is rejected, shaped as the p-values.
    significant: NDArray[np.bool_]
    #: Smallest rate at which each point would be; NaN where there was no test.
    adjusted: NDArray[np.float64]
    #: Largest p-value that is rejected; 0 where none is.
    threshold: float
    #: Number of tests.
    tests: int

    def __repr__(self) -> str:
        return (
            f"<Discoveries: {int(self.significant.sum()):,} of {self.tests:,} tests, "
            f"p up to {self.threshold:.3g}>"
        )


def false_discovery(
    p_values: ArrayLike,
    rate: float = 0.05,
    *,
    method: Literal["bh", "by"] = "bh",
    where: ArrayLike | None = None,
) -> Discoveries:
    """Which points are significant at a false discovery rate.

    With the m p-values in order, the largest p₍ₖ₎ ≤ k·rate/(m·c) is the threshold. "bh", c = 1,
    holds for independent tests and for positively dependent ones, as neighbouring points of
    wavelet power are; "by", c = Σ 1/k, for any dependence, at the price of power.

    A Monte Carlo run of n values can't tell p-values below 1/n: with few of them either nothing
    or too much is found.

    Args:
        p_values: in [0, 1], any shape; NaN where there is no test.
        rate: false discovery rate, between 0 and 1.
        method: "bh" or "by".
        where: mask of the tests, shaped alike, such as the points outside the cone of influence;
            None takes all.

    Returns:
        The points and the threshold.

    Raises:
        TypeError: the rate isn't a number.
        ValueError: an argument is out of range, or there is no test.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if ((p < 0) | (p > 1)).any():
        raise ValueError("p_values must lie between 0 and 1")
    alpha = checks.within(rate, "rate", 0, 1)
    if method not in {"bh", "by"}:
        raise ValueError(f"method must be 'bh' or 'by', not {method!r}")
    tested = ~np.isnan(p)
    if where is not None:
        mask = np.asarray(where)
        if mask.dtype != np.bool_ or mask.shape != p.shape:
            raise ValueError(f"where must be a mask of shape {p.shape}")
        tested &= mask
    values = p[tested]
    m = values.size
    if not m:
        raise ValueError("p_values: there is no test among them")
    order = np.argsort(values, kind="stable")
    ranks = np.arange(1, m + 1)
    factor = float((1 / ranks).sum()) if method == "by" else 1.0
    scaled = values[order] * (m * factor) / ranks
    # What a larger p-value passes, a smaller one passes too.
    lowest = np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted = np.full(p.shape, np.nan)
    flat = np.empty(m)
    flat[order] = np.minimum(lowest, 1.0)
    adjusted[tested] = flat
    significant = np.zeros(p.shape, np.bool_)
    significant[tested] = flat <= alpha
    threshold = float(p[significant].max()) if significant.any() else 0.0
    return Discoveries(significant, adjusted, threshold, m)
