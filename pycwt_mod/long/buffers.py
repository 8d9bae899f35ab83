"""Memory for what long series need on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Columns that the largest arrays have room for beyond the padded length: what filters reach.
_ROOM = 1 << 14


class Buffers:
    """Memory that is used again: fresh memory costs more time than what is done with it.

    Arrays have four rows, and room for as many columns as the largest ones, or half as many, or a
    quarter …: as scales ascend, arrays that have become too large are cut in two.

    Args:
        dtype: of the arrays.
        columns: of the largest ones, about.
    """

    def __init__(self, dtype: type[np.floating], columns: int) -> None:
        self._dtype = dtype
        self._largest = columns + _ROOM
        #: By the columns that there is room for, as arrays of one dimension.
        self._spare: dict[int, list[NDArray[np.floating]]] = {}

    def take(self, columns: int) -> NDArray[np.floating]:
        """An array of so many columns, its contents undefined."""
        pitch = max(columns, self._largest)
        while pitch % 2 == 0 and pitch // 2 >= columns:
            pitch //= 2
        # Scales ascend: what is much too large won't be wanted again.
        for other in [other for other in list(self._spare) if other > 2 * pitch]:
            self._spare.pop(other, None)
        try:
            whole = self._spare.setdefault(pitch, []).pop()
        except IndexError:
            whole = self._cut(pitch)
        return whole.reshape(4, pitch)[:, :columns]

    def _cut(self, pitch: int) -> NDArray[np.floating]:
        try:
            twice = self._spare.get(2 * pitch, []).pop()
        except IndexError:
            return np.empty(4 * pitch, self._dtype)
        self._spare.setdefault(pitch, []).append(twice[4 * pitch :])
        return twice[: 4 * pitch]

    def give(self, array: NDArray[np.floating]) -> None:
        """Take back an array of here, or a part of one that begins in its first row."""
        pitch = array.strides[0] // array.itemsize
        spare, memory = self._spare.get(pitch), array.base
        if spare is not None and isinstance(memory, np.ndarray):
            size = 4 * pitch
            # A piece that was cut off begins at a multiple of its size.
            at = (array.ctypes.data - memory.ctypes.data) // (size * array.itemsize) * size
            spare.append(memory[at : at + size])
