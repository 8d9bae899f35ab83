"""From an uploaded file to its samples: CSV, JSON, ``.npy``, ``.npz`` and NetCDF.

Whatever isn't a finite number is an error that says where it stands; nothing is dropped. Where
the metadata say that samples are missing, NaN, null, empty cells and fill values are such samples,
and become NaN.
Needs numpy, so the daemon's own process never imports this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwtd.worker.arrays import read_netcdf, read_npy, read_npz
from pycwtd.worker.bounds import RefusedError, check_kind, too_long
from pycwtd.worker.columns import FILL_FIRST
from pycwtd.worker.control import Beat
from pycwtd.worker.files import save_array
from pycwtd.worker.tables import read_csv, read_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwtd.worker.control import TaskControl

#: First bytes of the formats that have some.
_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"CDF": "netcdf",
    b"\x89HDF\r\n\x1a\n": "netcdf",
}
_READERS = {
    "csv": read_csv,
    "json": read_json,
    "npy": read_npy,
    "npz": read_npz,
    "netcdf": read_netcdf,
}


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
        cure = FILL_FIRST if np.isnan(values[where]) else ""
        raise RefusedError(
            "not_finite",
            f"file: sample {where} (from 0 on) is {values[where]}, not a number{cure}",
        )
    return values
