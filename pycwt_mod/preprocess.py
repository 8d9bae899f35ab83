"""Preparing a series, step by step, with a record of what was done.

A transform takes a series as it is but for its mean. A trend, a seasonal cycle or a wildly skewed
distribution is for the analyst to decide upon: each helper here does one thing and says so.

    prepared = remove_cycle(monthly, 12).detrend().standardise()
    prepared.values      # what to analyse
    print(prepared)      # what was done to it, for the methods section
    transform = cwt(prepared, dt)

A transform takes what comes out as it is, its labels included, and tells what was done
(``transform.about.steps``). Missing samples, where ``gaps="mask"`` allows them, take no part in
fits and means, and stay missing (NaN).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy
from scipy.special import ndtri

from pycwt_mod import checks
from pycwt_mod.datasets import Dataset
from pycwt_mod.gaps import filled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from pycwt_mod.results.labels import Labels

#: Highest degree of a polynomial trend: beyond, it follows the oscillations themselves.
_DEGREES = 10


@dataclass(frozen=True)
class Prepared:
    """A series and what was done to it. It counts as an array wherever one is taken."""

    #: The series, float64[N].
    values: NDArray[np.float64]
    #: What was done, in order, with figures.
    steps: tuple[str, ...]
    #: The labelled series that it was made from; None where that was plain numbers.
    origin: Any = field(default=None, repr=False, compare=False)
    #: Whether the values have lost the units of the series.
    dimensionless: bool = False

    def detrend(self, degree: int = 1) -> Prepared:
        """As :func:`detrend`, after what was done already."""
        return detrend(self, degree, gaps="mask")

    def standardise(self) -> Prepared:
        """As :func:`standardise`, after what was done already."""
        return standardise(self, gaps="mask")

    def normalise(self) -> Prepared:
        """As :func:`normalise`, after what was done already."""
        return normalise(self, gaps="mask")

    def remove_cycle(self, period: int) -> Prepared:
        """As :func:`remove_cycle`, after what was done already."""
        return remove_cycle(self, period, gaps="mask")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The values, for NumPy and for every function of this library."""
        return np.array(self.values, dtype=dtype, copy=copy)

    def __str__(self) -> str:
        return f"{self.values.size} samples: " + "; ".join(self.steps)

    def __repr__(self) -> str:
        return f"<Prepared: {self}>"


def detrend(
    x: ArrayLike | Labels, degree: int = 1, *, gaps: Literal["mask"] | None = None
) -> Prepared:
    """Take off the polynomial that fits best, in the sense of least squares.

    Args:
        x: N real samples, not constant.
        degree: of the polynomial, 0 (the mean) to 10 and below N − 1.
        gaps: "mask" leaves missing samples out of the fit; None refuses them.

    Returns:
        The residuals.

    Raises:
        TypeError: the series isn't made of real numbers, or the degree isn't a whole number.
        ValueError: an argument is out of range, or nothing is left: the series is its trend.
    """
    values, there = _present(x, gaps)
    order = checks.whole(degree, "degree", 0, min(_DEGREES, values.size - 2))
    # Chebyshev's polynomials on [−1, 1]: powers of the time itself would be ill-conditioned.
    at = np.linspace(-1, 1, there.size)[there]
    basis = np.polynomial.chebyshev.chebvander(at, order)
    fit = basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    rest = values - fit
    # What rounding leaves of a perfect fit would pass for a series.
    if np.abs(rest).max() <= 1e-12 * np.abs(values).max():
        raise ValueError(f"x is a polynomial of degree {order}: nothing is left without it")
    share = 1 - rest.var() / values.var()
    what = "mean" if order == 0 else f"trend of degree {order} ({share:.1%} of the variance)"
    return _prepared(x, rest, there, f"took off the {what}")


def standardise(x: ArrayLike | Labels, *, gaps: Literal["mask"] | None = None) -> Prepared:
    """Take off the mean and divide by the standard deviation.

    Args:
        x: N real samples, not constant.
        gaps: "mask" leaves missing samples out; None refuses them.

    Returns:
        The series with mean 0 and variance 1 (the mean square of all N).

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: it is unfit.
    """
    values, there = _present(x, gaps)
    mean = values.mean()
    centred = values - mean
    size = np.abs(centred).max()
    deviation = size * np.sqrt(np.mean((centred / size) ** 2))
    # What is left of a mean that was taken off before isn't worth a word.
    told = 0.0 if abs(mean) < 1e-12 * deviation else mean
    step = f"took off the mean {told:.6g} and divided by the standard deviation {deviation:.6g}"
    return _prepared(x, centred / deviation, there, step, dimensionless=True)


def normalise(x: ArrayLike | Labels, *, gaps: Literal["mask"] | None = None) -> Prepared:
    """Replace each value by the normal quantile of its rank.

    For series whose distribution is far from normal, like ice extents and rainfall (Grinsted et
    al. 2004, section 2, did so with the Baltic's ice). Ties share their mean rank; rank r of N is
    taken at the probability (r − 3/8)/(N + 1/4) (Blom 1958).

    Args:
        x: N real samples, not constant.
        gaps: "mask" leaves missing samples out; None refuses them.

    Returns:
        Normal values in the order of the series.

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: it is unfit.
    """
    values, there = _present(x, gaps)
    ranks = scipy.stats.rankdata(values)
    normal = ndtri((ranks - 0.375) / (values.size + 0.25))
    tied = values.size - np.unique(values).size
    ties = f", {tied} of them tied" if tied else ""
    step = f"replaced {values.size} values by normal quantiles{ties}"
    return _prepared(x, normal, there, step, dimensionless=True)


def remove_cycle(
    x: ArrayLike | Labels, period: int, *, gaps: Literal["mask"] | None = None
) -> Prepared:
    """Take off the mean cycle: anomalies from the mean of each phase, as of each calendar month.

    Args:
        x: N real samples, not constant, starting at any phase.
        period: samples of a cycle, 2 to N/2.
        gaps: "mask" leaves missing samples out of the means; None refuses them.

    Returns:
        The anomalies.

    Raises:
        TypeError: the series isn't made of real numbers, or the period isn't a whole number.
        ValueError: an argument is out of range, or nothing is left: the series is its cycle.
    """
    values, there = _present(x, gaps)
    length = checks.whole(period, "period", 2, there.size // 2)
    phase = np.arange(there.size)[there] % length
    # A phase that no sample has isn't asked for below.
    cycle = np.bincount(phase, values) / np.maximum(np.bincount(phase), 1)
    rest = values - cycle[phase]
    if np.abs(rest).max() <= 1e-12 * np.abs(values).max():
        raise ValueError(f"x repeats every {length} samples: nothing is left without its cycle")
    share = 1 - rest.var() / values.var()
    step = f"took off the mean cycle of {length} samples ({share:.1%} of the variance)"
    return _prepared(x, rest, there, step)


def _present(
    x: ArrayLike | Labels, gaps: Literal["mask"] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The samples that are there, and which they are, bool[N]."""
    if gaps not in {None, "mask"}:
        raise ValueError(f"gaps must be None or 'mask', not {gaps!r}")
    series = filled(_values(x), gaps, "x")
    mask = series.present
    return series.there, np.ones(series.values.size, bool) if mask is None else mask


def _values(x: Any) -> Any:
    """The numbers of a series, with NaN where types of pandas' own have nothing."""
    if isinstance(x, Dataset):
        return x.values
    dtype = getattr(x, "dtype", None)
    if isinstance(dtype, np.dtype) or not hasattr(x, "to_numpy"):
        return x
    return x.to_numpy(dtype=np.float64, na_value=np.nan)


def _prepared(
    x: Any,
    values: NDArray[np.float64],
    there: NDArray[np.bool_],
    step: str,
    *,
    dimensionless: bool = False,
) -> Prepared:
    """What came of a series: labels and earlier steps are kept."""
    whole = values
    if not there.all():
        whole = np.full(there.size, np.nan)
        whole[there] = values
    if isinstance(x, Prepared):
        dimensionless |= x.dimensionless
        return Prepared(whole, (*x.steps, step), x.origin, dimensionless)
    plain = isinstance(x, np.ndarray | list | tuple) and not isinstance(x, Dataset)
    return Prepared(whole, (step,), None if plain else x, dimensionless)
