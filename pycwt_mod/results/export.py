"""Results as xarray's and pandas' objects, and as files.

NetCDF is written by ``scipy.io.netcdf_file``, which is there anyway: classic NetCDF-3 with 64-bit
offsets, which every program of the field reads. netCDF4 and h5netcdf would add compression, and
each a C library of their own (HDF5) to keep; who wants NetCDF-4 writes ``to_xarray()`` by them.
NetCDF has no complex numbers: W and W12 are written as two variables, ``…_real`` and ``…_imag``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import pycwt_mod
from pycwt_mod.results.kinds import Coherence, CrossTransform, Transform

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pycwt_mod.monte_carlo.run import MonteCarlo
    from pycwt_mod.results.base import Result

_MAP = ("period", "time")
_EPOCH = np.datetime64("1970-01-01")


@dataclass(frozen=True, slots=True)
class _Variable:
    dims: tuple[str, ...]
    values: NDArray[Any]
    attrs: dict[str, str] = field(default_factory=dict)


def to_xarray(result: Result) -> Any:
    """A result as an ``xarray.Dataset``, for which xarray must be installed.

    Args:
        result: from :func:`pycwt_mod.cwt`, ``xwt`` or ``wct``.

    Returns:
        The maps over ``period`` and ``time``, the levels over ``period``; coordinates are
        ``period``, ``time``, ``scale``, ``frequency`` and the cone of influence ``coi`` over
        ``time``. Units and names are attributes of the variables; wavelet, sampling interval,
        level, seed, backend, estimator, realisations and versions are those of the data set.
        Of series with gaps there are also ``coverage``, ``outside`` (1 where neither the ends nor
        gaps reach) and ``present``.

    Raises:
        ModuleNotFoundError: xarray isn't installed.
        ValueError: the result was put together by hand and has no time.
    """
    import xarray as xr

    coordinates, data = _coordinates(result), _data(result)
    return xr.Dataset(
        {name: (v.dims, v.values, v.attrs) for name, v in data.items()},
        {name: (v.dims, v.values, v.attrs) for name, v in coordinates.items()},
        _attributes(result),
    )


def to_pandas(result: Result) -> Any:
    """What a result says of each period, as a ``pandas.DataFrame``; pandas must be installed.

    Args:
        result: from :func:`pycwt_mod.cwt`, ``xwt`` or ``wct``.

    Returns:
        One row a period, with scale and frequency. Of a transform: the global power, its 95 %
        level against AR(1) noise (NaN for wavelets that TC98's table 2 lacks), the level of single
        points and the noise's mean spectrum. Of two series: the mean of the map outside the cone,
        the level (and its Monte Carlo error) and the share of points outside the cone that reach
        it. NaN where there are none.

    Raises:
        ModuleNotFoundError: pandas isn't installed.
        ValueError: the result was put together by hand.
    """
    import pandas as pd

    columns = _table(result)
    index = pd.Index(columns.pop("period"), name="period")
    frame = pd.DataFrame(columns, index)
    frame.attrs.update(_attributes(result), time_units=result.time_units)
    return frame


def to_netcdf(result: Result, path: str | os.PathLike[str]) -> None:
    """Write a result to a NetCDF file, with what :func:`to_xarray` has; nothing is needed for it.

    Dates become seconds since 1970, as the CF conventions have it.

    Args:
        result: from :func:`pycwt_mod.cwt`, ``xwt`` or ``wct``.
        path: of the file; an old one is replaced when the new one is complete.

    Raises:
        OSError: the file can't be written.
        ValueError: a variable is larger than the 4 GiB that the format allows, or the result
            was put together by hand.
    """
    from scipy.io import netcdf_file

    variables = {**_coordinates(result), **dict(_parts(_data(result)))}
    for name, variable in variables.items():
        if variable.values.nbytes >= 2**32 - 4:
            raise ValueError(f"{name} exceeds the 4 GiB of a NetCDF-3 variable: write to_xarray()")
    target = Path(path)
    partial = target.with_name(target.name + ".part")
    try:
        with netcdf_file(partial, "w", version=2) as file:
            for name, text in {"Conventions": "CF-1.11", **_attributes(result)}.items():
                setattr(file, name, _plain(text))
            file.createDimension("period", result.periods.size)
            file.createDimension("time", result.n)
            for name, variable in variables.items():
                _write(file, name, variable)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def to_csv(result: Result, path: str | os.PathLike[str], *, points: bool = False) -> None:
    """Write a result as comma-separated text; nothing is needed for it.

    Args:
        result: from :func:`pycwt_mod.cwt`, ``xwt`` or ``wct``.
        path: of the file.
        points: writes a line for every point of the map (time, period, values, outside) in
            place of one for every period as :func:`to_pandas` has it.

    Raises:
        OSError: the file can't be written.
        ValueError: the result was put together by hand.
    """
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if not points:
            table = _table(result)
            writer.writerow(table)
            writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))
            return
        maps = {n: v.values for n, v in _parts(_data(result)) if v.dims == _MAP}
        maps.pop("outside", None)  # the last column of any table
        outside = result.outside
        writer.writerow(["time", "period", *maps, "outside"])
        times = _texts(result.time)
        for row, period in enumerate(result.periods.tolist()):
            columns = [values[row].tolist() for values in maps.values()]
            flags = outside[row].astype(int).tolist()
            periods = [period] * len(times)
            writer.writerows(zip(times, periods, *columns, flags, strict=True))


def _texts(time: NDArray[Any]) -> list[Any]:
    """Dates as ISO 8601 writes them; numbers as they are."""
    plain = np.datetime_as_string(time) if time.dtype.kind == "M" else time
    return list(plain.tolist())


def _coordinates(result: Result) -> dict[str, _Variable]:
    units = {"units": result.time_units} if result.time_units else {}
    dated = result.time.dtype.kind == "M"
    return {
        "period": _Variable(("period",), result.periods, {"long_name": "Fourier period", **units}),
        "time": _Variable(("time",), result.time, {} if dated else units),
        "scale": _Variable(("period",), result.scales, {"long_name": "wavelet scale", **units}),
        "frequency": _Variable(("period",), result.frequencies, {"long_name": "Fourier frequency"}),
        "coi": _Variable(
            ("time",),
            result.coi,
            {"long_name": "cone of influence: longest period free of edge effects", **units},
        ),
    }


def _data(result: Result) -> dict[str, _Variable]:
    data = _values(result)
    if result.gapped:
        told = "share of the wavelet's energy on samples that are there"
        data["coverage"] = _Variable(_MAP, result.coverage, {"long_name": told, "units": "1"})
        told = "1 outside the cones of influence of the ends and of gaps, 0 within"
        outside = result.outside.astype(np.int8)
        data["outside"] = _Variable(_MAP, outside, {"long_name": told, "units": "1"})
        present = result.present.astype(np.int8)
        data["present"] = _Variable(("time",), present, {"long_name": "1 where samples are there"})
    return data


def _values(result: Result) -> dict[str, _Variable]:
    if isinstance(result, Transform):
        units = {"units": result.units[0]} if any(result.units) else {}
        squared = {"units": f"({result.units[0]})^2"} if any(result.units) else {}
        point = result.significance()
        name = {"long_name": f"wavelet transform of {(result.names or ('',))[0] or 'the series'}"}
        return {
            "W": _Variable(_MAP, result.W, {**name, **units}),
            "global_power": _Variable(("period",), result.global_power, squared),
            "level": _Variable(("period",), point.signif, squared),
            "background": _Variable(("period",), point.fft_theor, squared),
        }
    if isinstance(result, CrossTransform):
        return {
            "W12": _Variable(_MAP, result.W12, {"long_name": "cross wavelet transform"}),
            "level": _Variable(("period",), result.signif, {"long_name": "level of |W12|"}),
        }
    if not isinstance(result, Coherence):
        raise TypeError(f"result must be a transform or a coherence, not {type(result).__name__}")
    data = {
        "coherence": _Variable(_MAP, result.WCT, {"long_name": "squared coherence", "units": "1"}),
        "phase": _Variable(
            _MAP,
            result.aWCT,
            {"long_name": "phase, positive where the first series leads", "units": "radian"},
        ),
    }
    if result.tested:
        data["level"] = _Variable(("period",), result.sig, {"units": "1"})
    if result.level_map is not None:
        data["level_map"] = _Variable(_MAP, result.level_map.levels, {"units": "1"})
        errors = result.level_map.standard_errors
        data["level_map_error"] = _Variable(_MAP, errors, {"units": "1"})
    if result.monte_carlo is not None:
        errors = _errors(result.monte_carlo)
        data["level_error"] = _Variable(("period",), errors, {"units": "1"})
    return data


def _errors(run: MonteCarlo) -> NDArray[np.float64]:
    """Standard errors in the order of the coherence's rows."""
    return run.standard_errors if run.rows is None else run.standard_errors[run.rows]


def _parts(data: dict[str, _Variable]) -> Iterator[tuple[str, _Variable]]:
    """The variables, complex ones in two."""
    for name, v in data.items():
        if np.iscomplexobj(v.values):
            yield f"{name}_real", _Variable(v.dims, v.values.real, v.attrs)
            yield f"{name}_imag", _Variable(v.dims, v.values.imag, v.attrs)
        else:
            yield name, v


def _table(result: Result) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {
        "period": result.periods,
        "scale": result.scales,
        "frequency": result.frequencies,
    }
    if isinstance(result, Transform):
        point = result.significance()
        # Averages over time have a level where TC98 tell the wavelet's γ.
        known = result.wavelet.order in result.wavelet.tabulated
        mean = result.significance(test=1).signif if known else np.full(point.signif.shape, np.nan)
        return columns | {
            "global_power": result.global_power,
            "global_level": mean,
            "level": point.signif,
            "background": point.fft_theor,
        }
    outside = result.outside
    count = outside.sum(axis=1)

    def mean_outside(values: NDArray[Any]) -> NDArray[np.float64]:
        means: NDArray[np.float64] = np.full(count.size, np.nan)
        np.divide(np.where(outside, values, 0).sum(axis=1), count, out=means, where=count > 0)
        return means

    if isinstance(result, CrossTransform):
        columns["mean_power"] = mean_outside(result.power)
        columns["level"] = result.signif
        columns["significant_share"] = mean_outside(result.significant)
    elif isinstance(result, Coherence):
        columns["mean_coherence"] = mean_outside(result.WCT)
        if result.tested:
            columns["level"] = result.sig
            columns["significant_share"] = mean_outside(result.significant)
        if result.monte_carlo is not None:
            columns["level_error"] = _errors(result.monte_carlo)
    return columns


def _attributes(result: Result) -> dict[str, Any]:
    """What the result was made with, as numbers and texts."""
    known: dict[str, Any] = {
        "title": type(result).__name__,
        "series": ", ".join(filter(None, result.names)),
        "wavelet": repr(result.wavelet),
        "dt": result.dt,
        "dj": result.dj,
        "time_units": result.time_units,
        "compat": result.about.compat if result.about else None,
        "gaps": result.about.gaps if result.about else None,
        "missing": int((~result.present).sum()) if result.gapped else None,
        "prepared": " | ".join("; ".join(s) for s in result.about.steps) if result.about else None,
        "software": f"pycwt_mod {pycwt_mod.__version__}, numpy {np.__version__}",
    }
    if isinstance(result, Transform):
        known["significance_level"] = 0.95
    elif isinstance(result, CrossTransform):
        known["significance_level"] = result.significance_level
    elif isinstance(result, Coherence) and (run := result.monte_carlo) is not None:
        known |= {
            "significance_level": run.significance_level,
            # As text: NetCDF-3 has no integers of 64 bits.
            "seed": str(run.seed),
            "mc_count": run.mc_count,
            "backend": run.backend,
            "estimator": run.estimator,
            "numerics": run.numerics,
        }
    return {name: value for name, value in known.items() if value not in {None, ""}}


def _write(file: Any, name: str, variable: _Variable) -> None:
    values, attrs = variable.values, variable.attrs
    if values.dtype.kind == "M":
        values = (values - _EPOCH) / np.timedelta64(1, "s")
        attrs = {"units": "seconds since 1970-01-01 00:00:00", "calendar": "proleptic_gregorian"}
    written = file.createVariable(name, values.dtype.newbyteorder("="), variable.dims)
    written[:] = values
    for key, text in attrs.items():
        setattr(written, key, _plain(text))


def _plain(value: Any) -> Any:
    """NetCDF-3 takes texts as bytes; everybody reads them as UTF-8."""
    return value.encode() if isinstance(value, str) else value
