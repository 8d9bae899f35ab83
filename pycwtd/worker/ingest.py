"""From an uploaded file to its samples: CSV, JSON, ``.npy``, ``.npz`` and NetCDF.

Whatever isn't a finite number is an error that says where it stands; nothing is dropped. Where
the metadata say that samples are missing, NaN, null, empty cells and fill values are such samples,
and become NaN.
Needs numpy, so the daemon's own process never imports this module.
"""

from __future__ import annotations

import itertools
import math
import zipfile
import zlib
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pycwtd.worker.bounds import (
    RefusedError,
    check_directory,
    check_kind,
    check_links,
    check_size,
    load_member,
    too_long,
)
from pycwtd.worker.control import Beat
from pycwtd.worker.files import save_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pycwtd.worker.control import TaskControl

#: First bytes of the formats that have some.
_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"CDF": "netcdf",
    b"\x89HDF\r\n\x1a\n": "netcdf",
}
_DELIMITERS = ",;\t"
#: Characters of a line of a table.
_LINE = 2**20
#: What tables write where a sample is missing; no column is named so.
_GAPS = "; if samples are missing, fill the gaps first, or say so by 'gaps' in the metadata"
_MISSING = {"", "-", "?", "na", "n/a", "null", "none", "missing"}


def ingest(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    """Read an upload's samples and write them to ``series.npy`` beside it.

    Args:
        message: ``folder`` that holds the file ``original``; ``column``, a name or a number
            from 0 on, or None; ``gaps``, whether samples may be missing; ``limit`` of samples.
        control: told that the process is alive.

    Returns:
        ``format``, ``length``, ``missing``, ``constant`` and the digest of ``series.npy``; or
        ``refused``, why the file isn't a series.
    """
    try:
        return _ingest(message, control)
    except RefusedError as error:
        refused = {"code": error.code, "combination": error.combination, "message": str(error)}
        return {"refused": refused}


def _ingest(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    folder = Path(message["folder"])
    path = folder / "original"
    form = _format(path)
    with Beat(control):
        values = _READERS[form](path, message["column"], message["gaps"], message["limit"])
    if values.size > message["limit"]:
        raise too_long(message["limit"], values.size)
    series = np.ascontiguousarray(_series(values, message["gaps"]), dtype=np.float64)
    there = series[~np.isnan(series)]
    if not there.size:
        raise RefusedError("empty", "file: all of its samples are missing")
    digest = save_array(folder / "series.npy", series)
    return {
        "format": form,
        "length": series.size,
        "missing": series.size - there.size,
        "constant": bool(there.min() == there.max()),
        "sha256": digest,
    }


def _format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    for magic, form in _MAGIC.items():
        if head.startswith(magic):
            return form
    if not head.strip():
        raise RefusedError("empty", "file: it is empty")
    if head.lstrip().startswith((b"[", b"{")):
        return "json"
    if b"\0" in head:
        raise RefusedError(
            "unknown_format",
            "file: is none of CSV, a JSON array, .npy, .npz and NetCDF, by its first bytes",
        )
    return "csv"


def _series(values: NDArray[Any], gaps: bool) -> NDArray[Any]:
    """The values as a series of finite real numbers, and NaN where samples may be missing."""
    check_kind(values.dtype)
    if values.ndim != 1:
        values = values.reshape(-1) if max(values.shape, default=1) == values.size else values
    if values.ndim != 1:
        raise RefusedError(
            "not_a_series",
            f"file: holds an array of shape {values.shape}; name one of its columns, by its "
            "number from 0 on, as 'column' in the metadata",
            combination=True,
        )
    if not values.size:
        raise RefusedError("empty", "file: holds no samples")
    finite = ~np.isinf(values) if gaps else np.isfinite(values)
    if not finite.all():
        where = int(np.argmin(finite))
        cure = _GAPS if np.isnan(values[where]) else ""
        raise RefusedError(
            "not_finite",
            f"file: sample {where} (from 0 on) is {values[where]}, not a number{cure}",
        )
    return values


# -- CSV ---------------------------------------------------------------------------------


def _read_csv(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    rows = _rows(path)
    try:
        number, first = next(rows)
    except StopIteration:
        raise RefusedError("empty", "file: holds no line but comments") from None
    index, titled = _place(column, [_clean(cell) for cell in first])
    values = array("d")
    if not titled:
        rows = itertools.chain([(number, first)], rows)
    width = len(first)
    for line, cells in rows:
        if len(cells) != width:
            raise RefusedError(
                "ragged", f"file: line {line} has {len(cells)} cells, the ones before it {width}"
            )
        cell = _clean(cells[index])
        value = _number(cell)
        missing = cell.lower() in _MISSING or (value is not None and math.isnan(value))
        if gaps and missing:
            value = math.nan
        elif value is None or not math.isfinite(value):
            cure = _GAPS if missing else ""
            raise RefusedError(
                "not_a_number", f"file: line {line}: {_short(cell)} isn't a number{cure}"
            )
        values.append(value)
        if len(values) > limit:
            raise too_long(limit)
    return np.frombuffer(values) if values else np.zeros(0)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines that aren't empty or comments, cut into cells, with their numbers."""
    delimiter: str | None = None
    known = False
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LINE + 1), ""), 1):
                if len(line) > _LINE:
                    raise RefusedError(
                        "ragged", f"file: line {number} has more than {_LINE} characters"
                    )
                text = line.strip(" \r\n")
                if not text or text[0] == "#" or text.isspace():
                    continue
                if not known:
                    delimiter = next((d for d in _DELIMITERS if d in text), None)
                    known = True
                yield number, text.split(delimiter)
    except UnicodeDecodeError as error:
        raise RefusedError("encoding", f"file: isn't UTF-8 text: {error.reason}") from None


def _clean(cell: str) -> str:
    return cell.strip().strip('"')


def _number(cell: str) -> float | None:
    # Python takes 1_000 for a number, tables don't.
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _place(column: str | int | None, first: list[str]) -> tuple[int, bool]:
    """Which column is meant, and whether the first line holds names."""
    titles = first if any(_number(cell) is None for cell in first) else None
    index = _column(column, titles, len(first))
    if isinstance(column, str):
        return index, True
    # Beside a date a number is a sample: a line of names has a name there, too.
    cell = first[index]
    return index, _number(cell) is None and cell.lower() not in _MISSING


def _column(column: str | int | None, titles: Sequence[str] | None, width: int) -> int:
    shown = ", ".join(_short(title) for title in (titles or [])[:20])
    if column is None:
        if width > 1:
            named = f" ({shown})" if titles else ""
            raise RefusedError(
                "column",
                f"file: has {width} columns{named}; say which, by name or by number from 0 on, "
                "as 'column' in the metadata",
                combination=True,
            )
        return 0
    if isinstance(column, int):
        if not 0 <= column < width:
            raise RefusedError("column", f"metadata.column: {column} isn't among 0 to {width - 1}")
        return column
    if titles is None or column not in titles:
        known = f"there are {shown}" if titles else "the file has no line of names"
        raise RefusedError("column", f"metadata.column: no {_short(column)}: {known}")
    return titles.index(column)


def _short(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "…")


# -- the others --------------------------------------------------------------------------


def _read_json(path: Path, _column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    kind: Any = list[float | None] if gaps else list[float]
    text = path.read_bytes()
    # In a list of numbers all commas are between two of them.
    if text.count(b",") >= limit:
        raise too_long(limit, text.count(b",") + 1)
    try:
        values = msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$")
        found = told.replace("Expected `float | null`", "expected a number or null")
        found = found.replace("Expected `float`", "expected a number").replace("`", "")
        found = found.replace("Expected array", "expected a list of numbers")
        where = f"sample {place.strip('`[]')} (from 0 on): " if place else ""
        raise RefusedError("not_a_number", f"file: {where}{found}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("json", f"file: isn't valid JSON: {error}") from None
    return np.asarray(values, dtype=np.float64)


def _read_npy(path: Path, column: str | int | None, _gaps: bool, _limit: int) -> NDArray[Any]:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise RefusedError("npy", f"file: {_without_pickles(error)}") from None
    return _chosen(values, column)


def _read_npz(path: Path, column: str | int | None, _gaps: bool, limit: int) -> NDArray[Any]:
    try:
        check_directory(path)
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            return load_member(archive, _variable(names, column), limit)
    except (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError("npz", f"file: {_without_pickles(error)}") from None


def _without_pickles(error: Exception) -> str:
    if "allow_pickle" in str(error) or "Python objects" in str(error):
        return "holds Python objects (a pickle), which are never loaded; save plain numbers"
    return f"can't be read: {error}"


def _read_netcdf(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    with path.open("rb") as file:
        classic = file.read(3) == b"CDF"
    return (_classic if classic else _hdf5)(path, column, gaps, limit)


def _classic(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    from scipy.io import netcdf_file  # noqa: PLC0415 - only where needed

    try:
        # Mapped: variables may lie over each other, and be more than the file.
        with netcdf_file(path, mmap=True, maskandscale=False) as file:
            name = _variable(_data_variables(file.variables), column)
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
            name = _variable(_data_variables(file.variables), column)
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
                    f"missing{_GAPS}",
                )
    scale = attributes.get("scale_factor")
    offset = attributes.get("add_offset")
    if scale is not None or offset is not None:
        factor = 1.0 if scale is None else float(np.asarray(scale).item())
        values = values * factor + (0.0 if offset is None else float(np.asarray(offset).item()))
    return np.where(absent, np.nan, values) if absent.any() else values


def _variable(names: list[str], column: str | int | None) -> str:
    shown = ", ".join(_short(name) for name in names[:20])
    if column is None and len(names) == 1:
        return names[0]
    if column is None or (isinstance(column, int) and not 0 <= column < len(names)):
        raise RefusedError(
            "column",
            f"file: has {len(names)} arrays ({shown}); name one as 'column' in the metadata",
            combination=column is None,
        )
    if isinstance(column, int):
        return names[column]
    if column not in names:
        raise RefusedError("column", f"metadata.column: no {_short(column)}: there are {shown}")
    return column


def _chosen(values: NDArray[Any], column: str | int | None) -> NDArray[Any]:
    """A column of a table, or of a structured array."""
    if values.dtype.names:
        names = list(values.dtype.names)
        return values[_variable(names, column)]
    if column is None or values.ndim < 2:
        return values
    if values.ndim != 2 or isinstance(column, str):
        raise RefusedError(
            "column", f"metadata.column: an array of shape {values.shape} has no such column"
        )
    return values[:, _column(column, None, values.shape[1])]


_READERS = {
    "csv": _read_csv,
    "json": _read_json,
    "npy": _read_npy,
    "npz": _read_npz,
    "netcdf": _read_netcdf,
}
