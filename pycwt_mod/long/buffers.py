"""Memory for what long series need on the way."""

from __future__ import annotations

import mmap
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

#: Columns that the largest arrays have room for beyond what is asked for: what filters reach.
_ROOM = 1 << 14
#: Bytes that pieces of results begin at multiples of.
_ALIGNMENT = 64


def touch(array: NDArray[np.generic]) -> None:
    """Have the system find the memory of an array, whose contents are lost."""
    array.reshape(-1)[:: mmap.PAGESIZE // array.itemsize] = 0


class _Result:
    """A result whose last rows nobody has written yet."""

    def __init__(self, array: NDArray[np.floating], dtype: type[np.floating]) -> None:
        raw, size = array.reshape(-1).view(np.uint8), np.dtype(dtype).itemsize
        self.memory = raw[: raw.size // size * size].view(dtype)
        #: Numbers to a row; rows need not begin with a whole one.
        self._row = array.shape[1] * array.itemsize / size
        #: Where they begin that are lent or were.
        self.end = self.memory.size
        #: Numbers from here on aren't being written.
        self.free_from = 0

    def keep(self, rows: int) -> None:
        """These rows are about to be written."""
        self.free_from = int(np.ceil(rows * self._row))

    def cut(self, size: int) -> int | None:
        """The beginning of a piece of that size; ``None`` where there is none."""
        start, itemsize = self.end - size, self.memory.itemsize
        start -= (self.memory.ctypes.data + start * itemsize) % _ALIGNMENT // itemsize
        if start < self.free_from:
            return None
        self.end = start
        return start


@dataclass(eq=False, slots=True)
class _Piece:
    """A piece of memory, of one dimension."""

    memory: NDArray[np.floating]
    #: What it is a piece of, if it is one, and where it begins there.
    result: _Result | None = None
    start: int = 0

    def halves(self) -> tuple[_Piece, _Piece]:
        half = self.memory.size // 2
        return (
            _Piece(self.memory[:half], self.result, self.start),
            _Piece(self.memory[half:], self.result, self.start + half),
        )

    @property
    def free(self) -> bool:
        """Whether nothing else is about to be written there."""
        return self.result is None or self.start >= self.result.free_from


class Buffers:
    """Memory that is used again: fresh memory costs more time than what is done with it.

    Arrays have four rows, and room for as many columns as the largest ones, or half as many, or a
    quarter …: as scales ascend, arrays that have become too large are cut in two. Threads may take
    and give at the same time.

    Args:
        dtype: of the arrays.
        columns: of the largest ones, about.
        results: of two dimensions and contiguous, whose rows are written in ascending order. The
            last of them are lent as long as :meth:`keep` doesn't reach them, so that what is only
            needed early takes no memory of its own.
    """

    def __init__(
        self,
        dtype: type[np.floating],
        columns: int,
        results: Sequence[NDArray[np.floating]] = (),
    ) -> None:
        self._dtype = dtype
        self._largest = columns + _ROOM
        self._results = [_Result(array, dtype) for array in results]
        #: By the columns that there is room for.
        self._spare: dict[int, list[_Piece]] = {}
        self._lent: list[_Piece] = []
        self._lock = threading.Lock()

    @property
    def lent(self) -> list[NDArray[np.floating]]:
        """What somebody has now, of one dimension."""
        return [piece.memory for piece in self._lent]

    def keep(self, rows: int) -> None:
        """No more is lent of the first ``rows`` rows of the results.

        What was lent of them must be given back before they are written.
        """
        with self._lock:
            for result in self._results:
                result.keep(rows)
            for pitch, pieces in self._spare.items():
                self._spare[pitch] = [piece for piece in pieces if piece.free]

    def take(self, columns: int) -> NDArray[np.floating]:
        """An array of so many columns, its contents undefined."""
        piece = self._lend(columns)
        return piece.memory.reshape(4, -1)[:, :columns]

    def give(self, array: NDArray[np.floating]) -> None:
        """Take back an array of here, or a part of one that begins in its first row."""
        at = array.ctypes.data
        with self._lock:
            lent = list(self._lent)
        for piece in lent:
            if 0 <= at - piece.memory.ctypes.data < piece.memory.nbytes // 4:
                self._back(piece)
                return

    @contextmanager
    def room(self, size: int) -> Iterator[NDArray[np.floating]]:
        """Memory of one dimension and at least ``size`` bytes, for as long as that lasts."""
        piece = self._lend(-(-size // (4 * np.dtype(self._dtype).itemsize)))
        try:
            yield piece.memory
        finally:
            self._back(piece)

    def _lend(self, columns: int) -> _Piece:
        pitch = max(columns, self._largest)
        while pitch % 2 == 0 and pitch // 2 >= columns:
            pitch //= 2
        with self._lock:
            # Scales ascend: what is much too large won't be wanted again.
            for other in [other for other in self._spare if other > 2 * pitch]:
                del self._spare[other]
            pieces = self._spare.setdefault(pitch, [])
            piece = pieces.pop() if pieces else self._cut(pitch)
            self._lent.append(piece)
        return piece

    def _back(self, piece: _Piece) -> None:
        with self._lock:
            self._lent.remove(piece)
            pieces = self._spare.get(piece.memory.size // 4)
            if pieces is not None and piece.free:
                pieces.append(piece)

    def _cut(self, pitch: int) -> _Piece:
        if twice := self._spare.get(2 * pitch):
            piece, other = twice.pop().halves()
            self._spare[pitch].append(other)
            return piece
        size = 4 * pitch
        for result in self._results:
            start = result.cut(size)
            if start is not None:
                return _Piece(result.memory[start : start + size], result, start)
        return _Piece(np.empty(size, self._dtype))
