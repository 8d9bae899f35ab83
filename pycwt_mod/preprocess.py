"""Preparing a series, step by step, with a record of what was done.

A transform takes a series as it is but for its mean. A trend, a seasonal cycle or a wildly skewed
distribution is for the analyst to decide upon: each helper here does one thing and says so.

    prepared = remove_cycle(monthly, 12).detrend().standardise()
    prepared.values      # what to analyse
    print(prepared)      # what was done to it, for the methods section
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from pycwt_mod import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Highest degree of a polynomial trend: beyond, it follows the oscillations themselves.
_DEGREES = 10


@dataclass(frozen=True)
class Prepared:
    """A series and what was done to it. It counts as an array wherever one is taken."""

    #: The series, float64[N].
    values: NDArray[np.float64]
    #: What was done, in order, with figures.
    steps: tuple[str, ...]

    def detrend(self, degree: int = 1) -> Prepared:
        """As :func:`detrend`, after what was done already."""
        return self._then(detrend(self.values, degree))

    def standardise(self) -> Prepared:
        """As :func:`standardise`, after what was done already."""
        return self._then(standardise(self.values))

    def normalise(self) -> Prepared:
        """As :func:`normalise`, after what was done already."""
        return self._then(normalise(self.values))

    def remove_cycle(self, period: int) -> Prepared:
        """As :func:`remove_cycle`, after what was done already."""
        return self._then(remove_cycle(self.values, period))

    def _then(self, more: Prepared) -> Prepared:
        return Prepared(more.values, self.steps + more.steps)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NDArray[np.float64]:
        """The values, for NumPy and for every function of this library."""
        return np.array(self.values, dtype=dtype, copy=copy)  # type: ignore[call-overload,no-any-return]

    def __str__(self) -> str:
        return f"{self.values.size} samples: " + "; ".join(self.steps)


def detrend(x: ArrayLike, degree: int = 1) -> Prepared:
    """Take off the polynomial that fits best, in the sense of least squares.

    Args:
        x: N real samples, not constant.
        degree: of the polynomial, 0 (the mean) to 10 and below N − 1.

    Returns:
        The residuals.

    Raises:
        TypeError: the series isn't made of real numbers, or the degree isn't a whole number.
        ValueError: an argument is out of range, or nothing is left: the series is its trend.
    """
    values = checks.series(x, "x")
    order = checks.whole(degree, "degree", 0, min(_DEGREES, values.size - 2))
    # Chebyshev's polynomials on [−1, 1]: powers of the time itself would be ill-conditioned.
    at = np.linspace(-1, 1, values.size)
    basis = np.polynomial.chebyshev.chebvander(at, order)
    fit = basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    rest = values - fit
    # What rounding leaves of a perfect fit would pass for a series.
    if np.abs(rest).max() <= 1e-12 * np.abs(values).max():
        raise ValueError(f"x is a polynomial of degree {order}: nothing is left without it")
    share = 1 - rest.var() / values.var()
    what = "mean" if order == 0 else f"trend of degree {order} ({share:.1%} of the variance)"
    return Prepared(rest, (f"took off the {what}",))


def standardise(x: ArrayLike) -> Prepared:
    """Take off the mean and divide by the standard deviation.

    Args:
        x: N real samples, not constant.

    Returns:
        The series with mean 0 and variance 1 (the mean square of all N).

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: it is unfit.
    """
    values = checks.series(x, "x")
    mean = values.mean()
    centred = values - mean
    size = np.abs(centred).max()
    deviation = size * np.sqrt(np.mean((centred / size) ** 2))
    step = f"took off the mean {mean:.6g} and divided by the standard deviation {deviation:.6g}"
    return Prepared(centred / deviation, (step,))


def normalise(x: ArrayLike) -> Prepared:
    """Replace each value by the normal quantile of its rank.

    For series whose distribution is far from normal, like ice extents and rainfall (Grinsted et
    al. 2004, section 2, did so with the Baltic's ice). Ties share their mean rank; rank r of N is
    taken at the probability (r − 3/8)/(N + 1/4) (Blom 1958).

    Args:
        x: N real samples, not constant.

    Returns:
        Normal values in the order of the series.

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: it is unfit.
    """
    values = checks.series(x, "x")
    ranks = rankdata(values)
    normal = ndtri((ranks - 0.375) / (values.size + 0.25))
    tied = values.size - np.unique(values).size
    ties = f", {tied} of them tied" if tied else ""
    return Prepared(normal, (f"replaced {values.size} values by normal quantiles{ties}",))


def remove_cycle(x: ArrayLike, period: int) -> Prepared:
    """Take off the mean cycle: anomalies from the mean of each phase, as of each calendar month.

    Args:
        x: N real samples, not constant, starting at any phase.
        period: samples of a cycle, 2 to N/2.

    Returns:
        The anomalies.

    Raises:
        TypeError: the series isn't made of real numbers, or the period isn't a whole number.
        ValueError: an argument is out of range, or nothing is left: the series is its cycle.
    """
    values = checks.series(x, "x")
    length = checks.whole(period, "period", 2, values.size // 2)
    phase = np.arange(values.size) % length
    cycle = np.bincount(phase, values) / np.bincount(phase)
    rest = values - cycle[phase]
    if np.abs(rest).max() <= 1e-12 * np.abs(values).max():
        raise ValueError(f"x repeats every {length} samples: nothing is left without its cycle")
    share = 1 - rest.var() / values.var()
    step = f"took off the mean cycle of {length} samples ({share:.1%} of the variance)"
    return Prepared(rest, (step,))
