"""Files that are either whole or not there: tmp, fsync, rename, fsync of the directory."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pycwt_mod.backends import SignificanceTask
from pycwtd.store.files import write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


class DamagedFileError(ValueError):
    """A file's content isn't what was written there."""


def save_array(path: Path, array: NDArray[Any]) -> str:
    """Write one array as ``.npy``; returns the SHA-256 of the file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return write_durably(path, buffer.getbuffer())


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


def save_arrays(path: Path, arrays: Mapping[str, Any]) -> str:
    """Write arrays and scalars as ``.npz``; returns the SHA-256 of the file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return write_durably(path, buffer.getbuffer())


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All members of an ``.npz``."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def save_task(path: Path, task: SignificanceTask) -> None:
    """Write a Monte Carlo task as JSON."""
    write_durably(path, msgspec.json.encode(task.to_dict()))


def load_task(path: Path) -> SignificanceTask:
    """Read what :func:`save_task` wrote.

    Raises:
        ValueError: a field is missing, unknown or out of range.
    """
    # Written before there was a choice of estimators, it is a full one.
    fields = {"estimator": "full", **msgspec.json.decode(path.read_bytes())}
    return SignificanceTask.from_dict(fields)
