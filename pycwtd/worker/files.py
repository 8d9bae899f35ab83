"""Files that are either whole or not there: tmp, fsync, rename, fsync of the directory."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zipfile
from typing import IO, TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from pycwt_mod.backends import SignificanceTask
from pycwtd.store.files import sync_directory, write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


#: Bytes copied at a time.
_BLOCK = 2**20


class DamagedFileError(ValueError):
    """A file's content isn't what was written there."""


def save_array(path: Path, array: NDArray[Any], *, sync: bool = True) -> str:
    """Write one array as ``.npy``, see :func:`write_durably`; returns the SHA-256 of the file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return write_durably(path, buffer.getbuffer(), sync=sync)


def load_array(path: Path, sha256: str) -> NDArray[Any]:
    """Read what :func:`save_array` wrote.

    Raises:
        DamagedFileError: the digest doesn't fit.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedFileError(f"{path.name} has been changed or cut off since it was written")
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array


class _Hashed:
    """A file that is written from front to back and hashed on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def save_arrays(
    path: Path,
    arrays: Mapping[str, Any],
    files: Mapping[str, Path] | None = None,
    *,
    sync: bool = True,
) -> str:
    """Write arrays and scalars as ``.npz``; returns the SHA-256 of the file.

    Args:
        path: of the archive; it appears when it is whole.
        arrays: by name. Each is stored row by row, so that rows can be cut out of the file.
        files: further members, ``.npy`` files that are copied without being loaded.
        sync: False where it may go with a power cut.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            hashed = _Hashed(file)
            _write_members(cast("IO[bytes]", hashed), arrays, files or {})
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_directory(path.parent)
    return hashed.digest.hexdigest()


def _write_members(out: IO[bytes], arrays: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(out, "w") as archive:
        for name, source in files.items():
            with (
                archive.open(f"{name}.npy", "w", force_zip64=True) as member,
                source.open("rb") as part,
            ):
                shutil.copyfileobj(part, member, _BLOCK)
        for name, value in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                # Row by row, which for 0-d arrays changes nothing.
                array = np.asarray(value, order="C")
                np.lib.format.write_array(member, array, allow_pickle=False)


def load_arrays(path: Path, names: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Members of an ``.npz``, all of them where none are named."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in (archive.files if names is None else names)}


def save_task(path: Path, task: SignificanceTask, *, sync: bool = True) -> None:
    """Write a Monte Carlo task as JSON."""
    write_durably(path, msgspec.json.encode(task.to_dict()), sync=sync)


def load_task(path: Path) -> SignificanceTask:
    """Read what :func:`save_task` wrote.

    Raises:
        ValueError: a field is missing, unknown or out of range.
    """
    # Written before there was a choice of estimators, it is a full one.
    fields = {"estimator": "full", **msgspec.json.decode(path.read_bytes())}
    return SignificanceTask.from_dict(fields)
