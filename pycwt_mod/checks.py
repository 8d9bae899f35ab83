"""Checks of arguments: one clear message that names the argument, what it got, what it takes."""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

#: Shorter series have no scale between the sampling interval and their length.
MIN_LENGTH = 4
_GAPS = "pycwt_mod.gaps.filled fills gaps"


def series(values: ArrayLike, name: str, minimum: int = MIN_LENGTH) -> NDArray[np.float64]:
    """A series of real, finite numbers that isn't constant.

    Args:
        values: any sequence of integers or floats, one-dimensional.
        name: of the argument, for the message.
        minimum: fewest samples.

    Returns:
        The series as float64, shape (N,); the caller's array where it is that already.

    Raises:
        TypeError: it isn't made of real numbers.
        ValueError: it isn't one-dimensional, is too short, constant, masked or not finite.
    """
    x = real(values, name)
    if x.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {x.shape}")
    if x.size < minimum:
        raise ValueError(f"{name} must have at least {minimum} samples, not {x.size}")
    _all_finite(x, name, _GAPS)
    if x.min() == x.max():
        raise ValueError(f"{name} is constant ({x[0]}): it has nothing to analyse")
    return x


def samples(values: ArrayLike, name: str, cure: str = "") -> NDArray[np.float64]:
    """Real, finite numbers in one dimension, as many as there are: part of a series.

    Raises:
        TypeError: they aren't real numbers.
        ValueError: they aren't one-dimensional, or not finite.
    """
    x = real(values, name)
    if x.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {x.shape}")
    _all_finite(x, name, cure)
    return x


def pair(y1: ArrayLike, y2: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two series of the same length, as :func:`series` takes them.

    Raises:
        TypeError: one of them isn't made of real numbers.
        ValueError: one of them isn't a fit series, or their lengths differ.
    """
    a, b = series(y1, "y1"), series(y2, "y2")
    if a.size != b.size:
        raise ValueError(f"y1 and y2 must have the same length, not {a.size} and {b.size}")
    return a, b


def positives(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """A vector of positive finite numbers, not empty.

    Raises:
        TypeError: they aren't real numbers.
        ValueError: the vector is empty, not one-dimensional, or an element isn't positive.
    """
    x = real(values, name)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"{name} must be a vector, not of shape {x.shape}")
    _all_finite(x, name)
    if not (x > 0).all():
        bad = int(np.argmin(x > 0))
        raise ValueError(f"{name} must be positive, not {x[bad]} (at index {bad})")
    return x


def positive(value: float, name: str) -> float:
    """A positive finite number.

    Raises:
        TypeError: it isn't a number.
        ValueError: it isn't positive or isn't finite.
    """
    number = _number(value, name)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{name} must be a positive number, not {value!r}")
    return number


def finite(value: float, name: str) -> float:
    """A finite number.

    Raises:
        TypeError: it isn't a number.
        ValueError: it is infinite or not a number.
    """
    number = _number(value, name)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, not {value!r}")
    return number


def within(value: float, name: str, low: float, high: float) -> float:
    """A number strictly between two bounds.

    Raises:
        TypeError: it isn't a number.
        ValueError: it is out of bounds.
    """
    number = _number(value, name)
    if not low < number < high:
        raise ValueError(f"{name} must lie between {low} and {high}, not {value!r}")
    return number


def whole(value: float, name: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``; a float is taken where it is integral.

    Raises:
        TypeError: it isn't a number.
        ValueError: it isn't whole or is out of bounds.
    """
    number = _number(value, name)
    # Python's integers keep all their digits; a float has lost some above 2⁵³.
    integral = isinstance(value, int | np.integer) or number.is_integer()
    exact = int(value) if integral else None
    if exact is None or not low <= exact <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return exact


def seed(value: int | None) -> int:
    """The seed of a run, 0 ≤ seed < 2⁶⁴; None draws one.

    Raises:
        TypeError: it isn't a number.
        ValueError: it isn't whole or is out of bounds.
    """
    return secrets.randbits(64) if value is None else whole(value, "seed", 0, 2**64 - 1)


def complex_type(dtype: DTypeLike, name: str) -> np.dtype[Any]:
    """complex64 or complex128.

    Raises:
        TypeError: it doesn't stand for a type.
        ValueError: it is something else.
    """
    return _one_of(dtype, name, ("complex64", "complex128"))


def float_type(dtype: DTypeLike, name: str) -> np.dtype[Any]:
    """float32 or float64.

    Raises:
        TypeError: it doesn't stand for a type.
        ValueError: it is something else.
    """
    return _one_of(dtype, name, ("float32", "float64"))


def one_of(value: str, name: str, choices: tuple[str, ...]) -> str:
    """One of a few words.

    Raises:
        ValueError: it is something else.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def _one_of(dtype: DTypeLike, name: str, kinds: tuple[str, str]) -> np.dtype[Any]:
    # NumPy takes None for float64.
    if not isinstance(dtype, str | type | np.dtype):
        raise TypeError(f"{name} must be {kinds[0]} or {kinds[1]}, not {dtype!r}")
    try:
        kind: np.dtype[Any] | None = np.dtype(dtype)
    except TypeError:
        kind = None
    if kind is None or kind not in map(np.dtype, kinds):
        raise ValueError(f"{name} must be {kinds[0]} or {kinds[1]}, not {dtype!r}")
    return kind


def _number(value: float, name: str) -> float:
    if isinstance(value, str | bytes | bool | np.bool_) or np.ndim(value) != 0:
        raise TypeError(f"{name} must be a number, not {value!r}")
    try:
        return float(value)
    except OverflowError:  # an integer beyond the floats
        return math.copysign(math.inf, value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None


def real(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Real numbers of any shape, finite or not, as float64.

    Raises:
        TypeError: they aren't real numbers.
        ValueError: some are masked.
    """
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        first = int(np.argmax(np.ma.getmaskarray(values).ravel()))
        raise ValueError(f"{name} has masked values (first at index {first}): {_GAPS}")
    try:
        x = np.asarray(values)
    except ValueError as error:  # ragged lists
        raise TypeError(f"{name} must be real numbers: {error}") from None
    if x.dtype.kind not in "iuf" and x.size:
        raise TypeError(f"{name} must be real numbers, not of type {x.dtype}")
    return x.astype(np.float64, copy=False)


def _all_finite(x: NDArray[np.float64], name: str, cure: str = "") -> None:
    good = np.isfinite(x)
    if not good.all():
        first = int(np.argmin(good))
        hint = f": {cure}" if cure and np.isnan(x[first]) else ""
        raise ValueError(f"{name} must be finite, but is {x[first]} at index {first}{hint}")
