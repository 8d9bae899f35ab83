"""Results in the forms that other programs read: JSON and NetCDF."""

from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pycwtd.store.npz import members
from pycwtd.worker.files import load_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pycwtd.store.npz import Member
    from pycwtd.worker.control import TaskControl

#: Numbers that are in memory at a time on their way into NetCDF.
_BLOCK = 2**20


def render(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    """The result beside ``result.npz``, as ``result.json`` or ``result.nc``.

    Args:
        message: ``folder``, ``form``, ``limit``, the most numbers that JSON may have, and
            ``axes``, the names of the axes of each array.
        control: told of the progress.

    Returns:
        ``too_large``, the number of numbers, where JSON would have more than it may.
    """
    folder = Path(message["folder"])
    source = folder / "result.npz"
    found = members(source)
    if message["form"] == "netcdf":
        with _whole(folder / "result.nc") as path:
            _write_netcdf(path, source, found, message["axes"], control)
        return {}
    # The whole null distribution is for programs that read npz.
    found.pop("histogram", None)
    numbers = sum(member.numbers for member in found.values())
    if numbers > message["limit"]:
        return {"too_large": numbers}
    arrays = load_arrays(source, list(found))
    with _whole(folder / "result.json") as path:
        path.write_bytes(
            msgspec.json.encode({name: plain(array) for name, array in arrays.items()})
        )
    return {}


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A path to write to, which gets its name when it is complete."""
    part = path.with_name(path.name + ".tmp")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def plain(array: NDArray[Any]) -> Any:
    """An array as nested lists; complex numbers as ``[re, im]``; what isn't finite as null."""
    if array.dtype.kind in "US":
        return array.item() if array.ndim == 0 else array.tolist()
    if np.iscomplexobj(array):
        array = np.stack([array.real, array.imag], axis=-1)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return _with_nulls(array.tolist())
    return array.tolist()


def _with_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_nulls(element) for element in value]
    return value if math.isfinite(value) else None


def _write_netcdf(
    path: Path,
    source: Path,
    found: Mapping[str, Member],
    axes: Mapping[str, Sequence[str]],
    control: TaskControl,
) -> None:
    """NetCDF-4, as h5netcdf writes it; a complex array X becomes X_real and X_imag."""
    import h5netcdf  # noqa: PLC0415 - only where needed

    with h5netcdf.File(path, "w") as file:
        file.attrs["Conventions"] = "CF-1.11"
        for name, member in found.items():
            if member.descr[1] in "US":
                text = load_arrays(source, [name])[name]
                file.attrs[name] = "\n".join(np.atleast_1d(text).tolist())
                continue
            names = axes.get(name, ())
            # With ``edges``, more is counted than the scales.
            if len(names) != len(member.shape) or any(
                axis in file.dimensions and file.dimensions[axis].size != length
                for axis, length in zip(names, member.shape, strict=True)
            ):
                names = [f"{name}_{axis}" for axis in range(len(member.shape))]
            for axis, length in zip(names, member.shape, strict=True):
                if axis not in file.dimensions:
                    file.dimensions[axis] = length
            _write_variable(file, names, source, member, control)


def _write_variable(
    file: Any, axes: Sequence[str], source: Path, member: Member, control: TaskControl
) -> None:
    name = member.name
    dtype = np.dtype(member.descr)
    parts: dict[str, str] = {name: ""}
    if dtype.kind == "c":
        dtype = np.zeros(0, dtype).real.dtype
        parts = {f"{name}_real": "real", f"{name}_imag": "imag"}
    if dtype.kind == "b":  # which NetCDF hasn't
        dtype = np.dtype(np.int8)
    variables = {part: file.create_variable(part, tuple(axes), dtype) for part in parts}
    for where, block in _blocks(source, member):
        control.advance(0)
        for part, side in parts.items():
            values = getattr(block, side) if side else block
            variables[part][where] = values.astype(dtype, copy=False)


def _blocks(source: Path, member: Member) -> Iterator[tuple[Any, NDArray[Any]]]:
    """An array piece by piece, each with the index that it belongs at."""
    if len(member.shape) != 2 or member.fortran:
        yield ..., load_arrays(source, [member.name])[member.name]
        return
    height, width = member.shape
    step = max(1, _BLOCK // max(width, 1))
    with source.open("rb") as file:
        file.seek(member.start)
        for row in range(0, height, step):
            rows = min(step, height - row)
            data = np.fromfile(file, np.dtype(member.descr), rows * width)
            yield slice(row, row + rows), data.reshape(rows, width)
