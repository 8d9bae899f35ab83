"""Files that are either whole or not there: tmp, fsync, rename, fsync of the directory."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from typing import IO, TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from pycwt_mod.backends import SignificanceTask
from pycwtd.store.files import DamagedFileError, whole_file, write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


#: In ``task.json``, beside the task: the digests of the rest of it, and of the arrays' file.
_DIGEST = "sha256"
_ARRAYS = "arrays_sha256"
#: Bytes copied at a time.
_BLOCK = 2**20


def save_array(path: Path, array: NDArray[Any], *, sync: bool = True) -> str:
    """Write one array as ``.npy``, see :func:`write_durably`; returns the SHA-256 of the file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return write_durably(path, buffer.getbuffer(), sync=sync)


def load_array(path: Path, sha256: str | None) -> NDArray[Any]:
    """Read what :func:`save_array` wrote.

    Args:
        path: of the file.
        sha256: of what was written; None where there was no time for damage.

    Raises:
        DamagedFileError: the digest doesn't fit, or it can't be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DamagedFileError(f"{path.name} can't be read: {error.strerror}") from None
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedFileError(f"{path.name} has been changed or cut off since it was written")
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array


class _Hashed:
    """A file that is written from front to back and, if wanted, hashed on the way."""

    def __init__(self, file: IO[bytes], wanted: bool) -> None:
        self._file = file
        self.digest = hashlib.sha256() if wanted else None

    def write(self, data: bytes) -> int:
        if self.digest:
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
    digest = _save_arrays(path, arrays, files or {}, sync=sync, hashed=True)
    assert digest
    return digest


def save_result(
    folder: Path,
    arrays: Mapping[str, Any],
    files: Mapping[str, Path] | None = None,
    *,
    sync: bool,
) -> str | None:
    """Write a job's ``result.npz`` as :func:`save_arrays` does.

    Returns:
        Its SHA-256, by which damage is found later; ``None`` without ``sync``, for a result that
        goes when it has been sent. Whoever keeps it after all takes the digest then.
    """
    return _save_arrays(folder / "result.npz", arrays, files or {}, sync=sync, hashed=sync)


def _save_arrays(
    path: Path,
    arrays: Mapping[str, Any],
    files: Mapping[str, Path],
    *,
    sync: bool,
    hashed: bool,
) -> str | None:
    with whole_file(path, sync=sync) as file:
        out = _Hashed(file, hashed)
        _write_members(cast("IO[bytes]", out), arrays, files)
    return out.digest.hexdigest() if out.digest else None


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
    """Members of an ``.npz``, all of them where none are named.

    Raises:
        DamagedFileError: it can't be read, or a member's checksum doesn't fit.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in (archive.files if names is None else names)}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedFileError(f"{path.name} can't be read: {error}") from None


def save_task(folder: Path, values: Mapping[str, Any], *, sync: bool = True) -> None:
    """Write a Monte Carlo task: its arrays to ``task.npz``, all else to ``task.json``.

    The latter is written last, because its presence tells that the preparation is complete. It
    has the digest of what is in it, and of the arrays' file.
    """
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in values.items() if name not in arrays}
    if arrays:
        plain[_ARRAYS] = save_arrays(folder / "task.npz", arrays, sync=sync)
    data = msgspec.json.encode({**plain, _DIGEST: _digest(plain)})
    write_durably(folder / "task.json", data, sync=sync)


def _digest(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def load_task(folder: Path) -> dict[str, Any]:
    """Read what :func:`save_task` wrote.

    Raises:
        DamagedFileError: it can't be read, or a digest doesn't fit.
    """
    path, arrays = folder / "task.json", folder / "task.npz"
    try:
        values = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"{path.name} can't be read: {error}") from None
    # Earlier versions wrote none.
    if (written := values.pop(_DIGEST, None)) is not None and written != _digest(values):
        raise DamagedFileError(f"{path.name} has been changed since it was written")
    if (written := values.pop(_ARRAYS, None)) is None:
        return values
    try:
        found = hashlib.sha256(arrays.read_bytes()).hexdigest()
    except OSError as error:
        raise DamagedFileError(f"{arrays.name} can't be read: {error.strerror}") from None
    if found != written:
        raise DamagedFileError(f"{arrays.name} has been changed since it was written")
    return {**values, **load_arrays(arrays)}


def task_of(values: Mapping[str, Any]) -> SignificanceTask:
    """A task of the driver contract.

    Raises:
        ValueError: a field is missing, unknown or out of range.
    """
    # Written before there was a choice of estimators, it is a full one.
    return SignificanceTask.from_dict({"estimator": "full", **values})
