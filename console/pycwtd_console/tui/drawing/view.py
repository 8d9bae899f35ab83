"""Which part of a map is looked at, and where in it the cursor is: rows and samples, and cells."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Fewer samples or rows than that aren't zoomed into.
_LEAST_SAMPLES = 16
_LEAST_ROWS = 4


@dataclass(frozen=True, slots=True)
class View:
    """A window on a map, and a cursor in it.

    Attributes:
        rims: of the rows' bands in octaves (log2 of the period), ascending, one more than rows.
        samples: of the whole map.
        rows: first and last row that is shown, the last left out.
        columns: first and last sample that is shown, the last left out.
        row: of the cursor.
        column: of the cursor, a sample.
    """

    rims: Sequence[float]
    samples: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    row: int
    column: int

    @classmethod
    def whole(cls, rims: Sequence[float], samples: int, last: int | None = None) -> Self:
        """All of a map, or its rows before ``last``; the cursor in the middle."""
        rows = (0, last or len(rims) - 1)
        return cls(rims, samples, rows, (0, samples), rows[1] // 2, samples // 2)

    @property
    def low(self) -> float:
        """Upper rim of what is shown, in octaves: the shortest period."""
        return float(self.rims[self.rows[0]])

    @property
    def high(self) -> float:
        """Lower rim, in octaves."""
        return float(self.rims[self.rows[1]])

    # -- cells and places -------------------------------------------------------------------

    def cell(self, width: int, height: int) -> tuple[int, int]:
        """The cell that the cursor is in: column and line."""
        count = self.columns[1] - self.columns[0]
        x = int((self.column - self.columns[0] + 0.5) * width / count)
        middle = (self.rims[self.row] + self.rims[self.row + 1]) / 2
        y = int((middle - self.low) / (self.high - self.low) * height)
        return min(max(x, 0), width - 1), min(max(y, 0), height - 1)

    def at(self, x: float, y: float, width: int, height: int) -> Self:
        """The cursor at the middle of a cell."""
        first, last = self.columns
        column = first + int((x + 0.5) * (last - first) / width)
        octave = self.low + (y + 0.5) / height * (self.high - self.low)
        row = bisect.bisect_right(self.rims, octave) - 1
        return self.placed(row, column)

    def placed(self, row: int, column: int) -> Self:
        """The cursor at a row and sample, of those that there are; what is shown follows it."""
        row = min(max(row, 0), len(self.rims) - 2)
        column = min(max(column, 0), self.samples - 1)
        return replace(
            self,
            row=row,
            column=column,
            rows=_following(self.rows, row, len(self.rims) - 1),
            columns=_following(self.columns, column, self.samples),
        )

    def moved(self, right: int, down: int, width: int, height: int) -> Self:
        """The cursor by so many cells, at least by one row or sample for each."""
        x, y = self.cell(width, height)
        there = self.at(x + right, y + down, width, height)
        row, column = there.row, there.column
        if right == 0:
            column = self.column
        elif (column - self.column) * right <= 0:
            column = self.column + right
        if down == 0:
            row = self.row
        elif (row - self.row) * down <= 0:
            row = self.row + down
        return self.placed(row, column)

    # -- zoom -------------------------------------------------------------------------------

    def zoomed(self, *, time: float = 1.0, period: float = 1.0) -> Self:
        """So many times as close, about the cursor; below 1 farther away."""
        return replace(
            self,
            columns=_zoomed(self.columns, self.column, time, self.samples, _LEAST_SAMPLES),
            rows=_zoomed(self.rows, self.row, period, len(self.rims) - 1, _LEAST_ROWS),
        )


def _following(shown: tuple[int, int], place: int, most: int) -> tuple[int, int]:
    """The window moved so far that it has the place in it, and a quarter of itself beside it."""
    first, last = shown
    if first <= place < last:
        return shown
    size = last - first
    begin = place - size // 4 if place < first else place - size + 1 + size // 4
    begin = min(max(begin, 0), most - size)
    return begin, begin + size


def _zoomed(
    shown: tuple[int, int], place: int, factor: float, most: int, least: int
) -> tuple[int, int]:
    if factor == 1.0:
        return shown
    first, last = shown
    size = round((last - first) / factor)
    size = min(max(size, min(least, last - first)), most)
    share = (place - first) / (last - first)
    begin = min(max(place - int(share * size), 0), most - size)
    return begin, begin + size
