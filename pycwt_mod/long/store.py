"""Where the rows of a transform go: an array, or a ``.npy`` file that never is in memory whole."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import DTypeLike, NDArray

    #: Fills a row it is given.
    Fill = Callable[[NDArray[Any]], None]
    #: What ``out=`` takes.
    Destination = NDArray[Any] | str | os.PathLike[str] | None


class Store(ABC):
    """Takes the rows of an array."""

    #: The array, where nobody has seen it yet.
    fresh: NDArray[Any] | None = None

    @abstractmethod
    def emit(self, j: int, fill: Fill) -> None:
        """Have row ``j`` filled."""

    def emit_all(self, rows: NDArray[Any]) -> None:
        """Take all rows from an array."""
        for j, row in enumerate(rows):
            self.emit(j, partial(_copy, row))

    @abstractmethod
    def result(self) -> NDArray[Any]:
        """The array."""


def _copy(row: NDArray[Any], out: NDArray[Any]) -> None:
    out[:] = row


class ArrayStore(Store):
    """Rows of an array in memory."""

    def __init__(self, array: NDArray[Any], *, fresh: bool = False) -> None:
        self._array = array
        self.fresh = array if fresh else None

    def emit(self, j: int, fill: Fill) -> None:
        """Have row ``j`` filled."""
        fill(self._array[j])

    def result(self) -> NDArray[Any]:
        """The array."""
        return self._array


class FileStore(Store):
    """Rows of an array in a ``.npy`` file, written one by one; any number of threads may.

    The file appears under its name when the last row is written; until then it has ``.part``
    behind it.

    Args:
        path: of the file.
        shape: of the array.
        dtype: of the array.
    """

    def __init__(self, path: Path, shape: tuple[int, int], dtype: DTypeLike) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        array = np.lib.format.open_memmap(self._part, mode="w+", dtype=dtype, shape=shape)
        self._dtype, self._columns = array.dtype, shape[1]
        # The mapping only laid out the file: pages written through it would count as ours.
        self._offset = array.offset
        del array
        self._file = os.open(self._part, os.O_WRONLY)
        self._buffers: SimpleQueue[NDArray[Any]] = SimpleQueue()

    def emit(self, j: int, fill: Fill) -> None:
        """Have row ``j`` filled, and write it."""
        try:
            row = self._buffers.get_nowait()
        except Empty:
            row = np.empty(self._columns, self._dtype)
        fill(row)
        at, left = self._offset + j * row.nbytes, row.data.cast("B")
        while left:
            written = os.pwrite(self._file, left, at)
            at, left = at + written, left[written:]
        self._buffers.put(row)

    def close(self, complete: bool) -> None:
        """Give the file its name, or remove it."""
        os.close(self._file)
        if complete:
            self._part.replace(self._path)
        else:
            self._part.unlink()

    def result(self) -> NDArray[Any]:
        """The array, mapped from the file, to be read."""
        mapped: NDArray[Any] = np.load(self._path, mmap_mode="r")
        return mapped


@contextmanager
def opened(
    out: Destination, shape: tuple[int, int], dtype: DTypeLike, name: str = "out"
) -> Iterator[Store]:
    """A store for an array of that shape and type.

    Args:
        out: an array to fill, the path of a ``.npy`` file to write, or None for a new array.
        shape: of the array.
        dtype: of the array.
        name: of the argument, for messages.

    Raises:
        TypeError: ``out`` is something else.
        ValueError: the array has another shape or type, its rows aren't contiguous, it can't
            be written to, or the path doesn't end in ``.npy``.
        OSError: the file can't be written.
    """
    if out is None:
        yield ArrayStore(np.empty(shape, dtype), fresh=True)
    elif isinstance(out, np.ndarray):
        yield ArrayStore(_fitting(out, shape, np.dtype(dtype), name))
    elif isinstance(out, str | os.PathLike):
        path = Path(out)
        if path.suffix != ".npy":
            raise ValueError(f"{name} must be the path of a .npy file, not {str(path)!r}")
        store = FileStore(path, shape, dtype)
        complete = False
        try:
            yield store
            complete = True
        finally:
            store.close(complete)
    else:
        raise TypeError(f"{name} must be an array, a path or None, not {out!r}")


def _fitting(
    array: NDArray[Any], shape: tuple[int, int], dtype: np.dtype[Any], name: str
) -> NDArray[Any]:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f"{name} must have the shape {shape} and the type {dtype}, "
            f"not {array.shape} and {array.dtype}"
        )
    if array.strides[1] != array.itemsize or not array.flags.writeable or not array.flags.aligned:
        raise ValueError(f"{name} must be writeable, and its rows aligned and contiguous")
    return array
