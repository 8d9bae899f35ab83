"""Series that bring their time along: pandas, xarray and the library's own data sets.

Neither pandas nor xarray is imported here: who hands over one of their objects has done so. A
series of plain numbers passes through untouched.

**Units of time.** An index of dates is even in one of two senses. Steps of whole calendar months
(monthly, quarterly, yearly data; stamps may wander by five days, as ends and middles of months
do) count as parts of a year, whatever the months' lengths. All other steps must be of one
duration. A year has 365.25 days and a month a twelfth of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pycwt_mod import checks
from pycwt_mod.datasets import Dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.preprocess import Prepared

    #: Series with a time axis.
    Labels: TypeAlias = "pd.Series[Any] | xr.DataArray | Dataset | Prepared"

#: Seconds of the units that ``time_units`` takes for an index of dates, the longest first.
SECONDS = {
    "years": 31_557_600.0,
    "months": 2_629_800.0,
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
}
#: Units that ``time_units="auto"`` takes for steps of one duration.
_DURATIONS = ("days", "hours", "minutes", "seconds")
#: Share of a step by which a sample may miss its place; as dt enters as a factor, more would
#: show in no period, but a gap must.
_TOLERANCE = 0.01
#: How far stamps may wander within their month.
_WANDER = np.timedelta64(5, "D")
_UNEVEN = (
    "{name} is unevenly sampled: the step from sample {at} to {next} isn't that of the others. "
    "Where samples are missing, put NaN in their places (with pandas by series.asfreq(…) or "
    "reindex) and take gaps='mask'; else interpolate, by series.resample(…).mean().interpolate(), "
    "or take pycwt_mod.wwz(times, values), which needs no even steps"
)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """When the samples were taken."""

    #: Times, float64 in ``units`` or datetime64 (UTC where the index knew its time zone).
    values: NDArray[Any]
    #: Units of dt, scales and periods; empty where nothing tells.
    units: str
    #: Name of the index or coordinate.
    name: str = "time"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Series without their labels, and the labels."""

    #: As they were, or numpy arrays of what was labelled.
    values: tuple[ArrayLike, ...]
    #: Sampling interval, checked.
    dt: float
    #: None where the series are plain numbers.
    axis: TimeAxis | None = None
    #: Names of the series; empty strings where nothing tells.
    names: tuple[str, ...] = ()
    #: Their units, likewise.
    units: tuple[str, ...] = ()
    #: Units of dt; those of the axis where there is one.
    time_units: str = ""
    #: What was done to each series beforehand, where :mod:`pycwt_mod.preprocess` did it.
    steps: tuple[tuple[str, ...], ...] = ()


def read(dt: float | None, time_units: str, **series: Any) -> Labelled:
    """Take series apart into numbers, sampling interval and labels.

    Args:
        dt: sampling interval; None takes that of the index.
        time_units: of dt. For an index of dates one of :data:`SECONDS`, or "auto": years for
            steps of whole months, else the longest of days, hours, minutes and seconds that
            isn't longer than a step; with a ``dt`` the units in which it is the step. For
            anything else any text; "auto" takes what the labels say.
        series: by the names of the arguments, for messages.

    Returns:
        The series and their labels.

    Raises:
        TypeError: dt is None and a series of plain numbers tells none, or isn't a number.
        ValueError: an index is uneven, falling, or of no use; two of them differ; or dt
            doesn't agree with the index.
    """
    if not isinstance(time_units, str):
        raise TypeError(f"time_units must be a text, not {time_units!r}")
    found = {name: label for name, value in series.items() if (label := _label(value, name))}
    indexed = {name: label for name, label in found.items() if label.index is not None}
    if indexed:
        step, axis = _axis(*_common(indexed), dt, time_units)
        given = axis.units
    else:
        step, axis = _step_without_index(dt, series, found), None
        given = "" if time_units == "auto" else time_units
    steps = tuple(_steps(value) for value in series.values())
    return Labelled(
        tuple(found[n].values if n in found else v for n, v in series.items()),
        step,
        axis,
        _texts(series, {name: label.name for name, label in found.items()}),
        _texts(series, {name: label.units for name, label in found.items()}),
        given,
        steps if any(steps) else (),
    )


def _texts(series: Mapping[str, Any], told: Mapping[str, str]) -> tuple[str, ...]:
    """What is told of each series; nothing where nothing is told of any."""
    return tuple(told.get(name, "") for name in series) if told else ()


def _step_without_index(
    dt: float | None, series: Mapping[str, Any], found: Mapping[str, _Label]
) -> float:
    """The sampling interval of series of which none tells its time."""
    if dt is not None:
        return checks.positive(dt, "dt")
    if found:
        raise TypeError(
            f"dt must be given: the default index of {' and '.join(found)} counts samples "
            "and tells no time. Or give it an index of dates or times"
        )
    raise TypeError(
        f"dt must be given: {' and '.join(series)} {_BARE[len(series) > 1]} no time index"
    )


def _common(indexed: Mapping[str, _Label]) -> tuple[_Label, str]:
    """The first of series with time indices, which have to be the same, and its name."""
    (name, label), *others = indexed.items()
    for other, its in others:
        if not _same(label.index, its.index):
            raise ValueError(
                f"{name} and {other} have different time indices: bring them to the same one "
                f"first, by {label.cure}"
            )
    return label, name


def unlabelled(**series: Any) -> tuple[ArrayLike, ...]:
    """The numbers of series, for what needs no time: labels are taken off.

    Raises:
        TypeError: one is a table.
        ValueError: one has no time axis for an index, or isn't one-dimensional.
    """
    found = {name: _label(value, name) for name, value in series.items()}
    return tuple(series[name] if one is None else one.values for name, one in found.items())


def positions(axis: TimeAxis, origin: Any) -> NDArray[np.float64]:
    """Times in units of the axis after an origin: calendar months count as twelfths of years.

    Args:
        axis: evenly sampled, as :func:`read` gives it.
        origin: a time of the same kind.
    """
    times = axis.values
    if times.dtype.kind != "M":
        return np.asarray(times, np.float64) - float(origin)
    if _months(times):
        elapsed = times.astype("datetime64[M]") - np.datetime64(origin, "M")
        seconds = elapsed.astype(np.float64) * SECONDS["months"]
    else:
        seconds = (times - origin) / np.timedelta64(1, "s")
    at: NDArray[np.float64] = seconds / SECONDS[axis.units]
    return at


_BARE = {False: "has", True: "have"}


@dataclass(frozen=True, slots=True)
class _Label:
    values: NDArray[Any]
    #: datetime64, timedelta64 or float64; None where the index only counts.
    index: NDArray[Any] | None
    index_name: str
    index_units: str
    name: str
    units: str
    cure: str


def _label(value: Any, argument: str) -> _Label | None:
    """What a labelled series says; None for anything else."""
    if (prepared := _prepared(value)) is not None:
        label = None if prepared.origin is None else _label(prepared.origin, argument)
        if label is None:
            return None
        units = "" if prepared.dimensionless else label.units
        return replace(label, values=prepared.values, units=units)
    if isinstance(value, Dataset):
        cure = "cutting both to the years they share"
        return _Label(
            value.values, value.time, "time", value.time_units, value.label, value.units, cure
        )
    # What hasn't been imported can't have made the series.
    pandas, xarray = sys.modules.get("pandas"), sys.modules.get("xarray")
    if xarray is not None and isinstance(value, xarray.DataArray):
        return _of_xarray(value, argument)
    if pandas is not None:
        if isinstance(value, pandas.DataFrame):
            raise TypeError(f"{argument} must be one series, not a table: pass one of its columns")
        if isinstance(value, pandas.Series):
            return _of_pandas(value, argument)
    return None


def _prepared(value: Any) -> Prepared | None:
    """The value, where it comes from :mod:`pycwt_mod.preprocess`."""
    module = sys.modules.get("pycwt_mod.preprocess")
    return value if module is not None and isinstance(value, module.Prepared) else None


def _steps(value: Any) -> tuple[str, ...]:
    """What was done to a series beforehand."""
    prepared = _prepared(value)
    return () if prepared is None else prepared.steps


def _of_pandas(series: Any, argument: str) -> _Label:
    kind = series.dtype
    # Types of pandas' own, with missing values, become numbers and NaN.
    own = not isinstance(kind, np.dtype) and getattr(kind, "kind", "O") in "iuf"
    values = series.to_numpy(dtype=np.float64, na_value=np.nan) if own else series.to_numpy()
    return _Label(
        values,
        _index(series.index, argument),
        str(series.index.name or "time"),
        "",
        "" if series.name is None else str(series.name),
        str(series.attrs.get("units", "")),
        'y1, y2 = y1.align(y2, join="inner")',
    )


def _of_xarray(array: Any, argument: str) -> _Label:
    if array.ndim != 1:
        raise ValueError(
            f"{argument} must be one-dimensional, not of dimensions {array.dims}: choose a point "
            "by isel or sel, or take a mean"
        )
    (dimension,) = array.dims
    index = array.indexes.get(dimension)
    units = array.coords[dimension].attrs.get("units", "") if index is not None else ""
    return _Label(
        array.to_numpy(),
        None if index is None else _index(index, argument),
        str(dimension),
        str(units),
        str(array.name or array.attrs.get("long_name", "")),
        str(array.attrs.get("units", "")),
        'y1, y2 = xarray.align(y1, y2, join="inner")',
    )


def _index(index: Any, argument: str) -> NDArray[Any] | None:
    """An index as datetime64, timedelta64 or float64."""
    pandas = sys.modules["pandas"]
    if isinstance(index, pandas.RangeIndex) and (index.start, index.step) == (0, 1):
        return None
    if isinstance(index, pandas.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pandas.DatetimeIndex) and index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    times = np.asarray(index)
    if times.ndim != 1 or times.dtype.kind not in "iufmM":
        raise ValueError(
            f"{argument} has an index of {type(index).__name__} ({times.dtype}), which is no time "
            "axis: make it one of dates by pandas.to_datetime, or of numbers"
        )
    if not (np.isfinite(times).all()):
        raise ValueError(f"{argument} has an index with missing times: drop them first")
    return times if times.dtype.kind in "mM" else times.astype(np.float64)


def _same(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    if a is None or b is None or a.shape != b.shape or a.dtype.kind != b.dtype.kind:
        return False
    if a.dtype.kind in "mM":
        return bool((a == b).all())
    return bool(np.allclose(a, b, rtol=1e-9, atol=0))


def _axis(label: _Label, argument: str, dt: float | None, units: str) -> tuple[float, TimeAxis]:
    times = label.index
    if times is None:  # for the type checker: callers have looked
        raise TypeError("the series has no index")
    if times.size < checks.MIN_LENGTH:
        raise ValueError(
            f"{argument} must have at least {checks.MIN_LENGTH} samples, not {times.size}"
        )
    if times.dtype.kind in "mM":
        months = _months(times) if times.dtype.kind == "M" else 0
        seconds = months * SECONDS["months"] if months else _step(_seconds(times), argument)
        units, step = _dated_step(seconds, months, dt, units)
        if times.dtype.kind == "m":
            times = times / np.timedelta64(1, "s") / SECONDS[units]
        return step, TimeAxis(times, units, label.index_name)
    step = _step(times, argument)
    if dt is not None:
        dt = checks.positive(dt, "dt")
        if abs(step / dt - 1) > _TOLERANCE:
            raise ValueError(
                f"dt = {dt:g} doesn't agree with the index of {argument}, whose step is {step:g}: "
                "leave dt out"
            )
        step = dt
    return step, TimeAxis(times, label.index_units if units == "auto" else units, label.index_name)


def _dated_step(seconds: float, months: int, dt: float | None, units: str) -> tuple[str, float]:
    """Units and sampling interval of an index of dates."""
    if units != "auto" and units not in SECONDS:
        raise ValueError(f"time_units must be auto or one of {', '.join(SECONDS)}, not {units!r}")
    if dt is None:
        if units == "auto":
            fitting = [name for name in _DURATIONS if SECONDS[name] <= seconds]
            units = "years" if months else (fitting or ["seconds"])[0]
        return units, seconds / SECONDS[units]
    dt = checks.positive(dt, "dt")
    candidates = SECONDS if units == "auto" else {units: SECONDS[units]}
    for name, length in candidates.items():
        if abs(seconds / length / dt - 1) <= _TOLERANCE:
            return name, dt
    steps = ", ".join(f"{seconds / length:g} {name}" for name, length in candidates.items())
    raise ValueError(
        f"dt = {dt:g} doesn't agree with the index, whose step is {steps}: leave it out"
    )


def _months(times: NDArray[Any]) -> int:
    """Whole calendar months from sample to sample; 0 where it isn't so."""
    month = times.astype("datetime64[M]")
    steps = np.diff(month.astype(np.int64))
    if steps[0] < 1 or (steps != steps[0]).any():
        return 0
    within = times - month
    wander = within.max() - within.min()
    # Steps of one duration that happen to keep to the months for a while aren't calendar months.
    even = np.ptp(np.diff(times)) == np.timedelta64(0)
    if wander > (np.timedelta64(0) if even else _WANDER):
        return 0
    return int(steps[0])


def _seconds(times: NDArray[Any]) -> NDArray[np.float64]:
    elapsed: NDArray[np.float64] = (times - times[0]) / np.timedelta64(1, "s")
    return elapsed


def _step(times: NDArray[np.float64], argument: str) -> float:
    """The step of even, rising times."""
    step = float(times[-1] - times[0]) / (times.size - 1)
    if step < 0 and (np.diff(times) < 0).all():
        raise ValueError(f"{argument} runs backwards in time: sort it first (sort_index, sortby)")
    off = np.abs(times - times[0] - step * np.arange(times.size)) > _TOLERANCE * abs(step)
    if step <= 0 or off.any():
        steps = np.diff(times)
        at = int(np.argmax(np.abs(steps - np.median(steps))))
        raise ValueError(_UNEVEN.format(name=argument, at=at, next=at + 1))
    return step
