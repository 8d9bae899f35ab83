"""Samples from arrays in files: ``.npy``, ``.npz`` and NetCDF."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwtd.worker.bounds import (
    RefusedError,
    check_directory,
    check_kind,
    check_links,
    check_size,
    load_member,
)
from pycwtd.worker.columns import FILL_FIRST, find_column, find_variable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_npy(path: Path, column: str | int | None, _gaps: bool, _limit: int) -> NDArray[Any]:
    """The samples of an array, or of one of its columns."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise RefusedError("npy", f"file: {_without_pickles(error)}") from None
    return _chosen(values, column)


def read_npz(path: Path, column: str | int | None, _gaps: bool, limit: int) -> NDArray[Any]:
    """The samples of one array of an archive."""
    try:
        check_directory(path)
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            return load_member(archive, find_variable(names, column), limit)
    except (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError("npz", f"file: {_without_pickles(error)}") from None


def _without_pickles(error: Exception) -> str:
    if "allow_pickle" in str(error) or "Python objects" in str(error):
        return "holds Python objects (a pickle), which are never loaded; save plain numbers"
    return f"can't be read: {error}"


def read_netcdf(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    """The samples of one variable of a NetCDF file, of version 3 or 4."""
    with path.open("rb") as file:
        classic = file.read(3) == b"CDF"
    return (_classic if classic else _hdf5)(path, column, gaps, limit)


def _classic(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    from scipy.io import netcdf_file  # noqa: PLC0415 - only where needed

    try:
        # Mapped: variables may lie over each other, and be more than the file.
        with netcdf_file(path, mmap=True, maskandscale=False) as file:
            name = find_variable(_data_variables(file.variables), column)
            variable = file.variables[name]
            check_size(variable.shape, variable.itemsize(), limit)
            values, attributes = np.array(variable[:]), dict(variable._attributes)
            del variable  # else the map couldn't be closed
            return _unpacked(values, attributes, name, gaps)
    except (ValueError, TypeError, EOFError, IndexError, KeyError, AssertionError) as error:
        raise RefusedError("netcdf", f"file: can't be read as NetCDF: {error}") from None


def _hdf5(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    import h5netcdf  # noqa: PLC0415 - only where needed
    import h5py  # noqa: PLC0415

    try:
        with h5py.File(path, "r") as whole:
            check_links(whole)
        with h5netcdf.File(path, "r") as file:
            name = find_variable(_data_variables(file.variables), column)
            variable = file.variables[name]
            kind = np.dtype(variable.dtype)
            check_kind(kind)
            check_size(variable.shape, kind.itemsize, limit)
            return _unpacked(np.asarray(variable[...]), dict(variable.attrs), name, gaps)
    except (ValueError, TypeError, OSError, KeyError, RuntimeError) as error:
        raise RefusedError("netcdf", f"file: can't be read as NetCDF: {error}") from None


def _data_variables(variables: Any) -> list[str]:
    """The variables that aren't the coordinate of their own dimension."""
    names = [n for n, v in variables.items() if tuple(v.dimensions) != (n,)]
    return names or list(variables)


def _unpacked(
    values: NDArray[Any], attributes: dict[str, Any], name: str, gaps: bool
) -> NDArray[Any]:
    """Values by the conventions for packed data (NetCDF Users Guide, appendix A)."""
    absent = np.zeros(values.shape, bool)
    for marker in ("_FillValue", "missing_value"):
        if marker in attributes:
            missing = np.isin(values, np.asarray(attributes[marker]))
            absent |= missing
            if missing.any() and not gaps:
                raise RefusedError(
                    "missing",
                    f"file: sample {int(np.argmax(missing.ravel()))} (from 0 on) of {name} is "
                    f"missing{FILL_FIRST}",
                )
    scale = attributes.get("scale_factor")
    offset = attributes.get("add_offset")
    if scale is not None or offset is not None:
        factor = 1.0 if scale is None else float(np.asarray(scale).item())
        values = values * factor + (0.0 if offset is None else float(np.asarray(offset).item()))
    return np.where(absent, np.nan, values) if absent.any() else values


def _chosen(values: NDArray[Any], column: str | int | None) -> NDArray[Any]:
    """A column of a table, or of a structured array."""
    if values.dtype.names:
        names = list(values.dtype.names)
        return values[find_variable(names, column)]
    if column is None or values.ndim < 2:
        return values
    if values.ndim != 2 or isinstance(column, str):
        raise RefusedError(
            "column", f"metadata.column: an array of shape {values.shape} has no such column"
        )
    return values[:, find_column(column, None, values.shape[1])]
