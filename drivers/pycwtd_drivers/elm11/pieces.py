"""The lines of bins of one group, put together, and which are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.blocks import read_bins

if TYPE_CHECKING:
    from pycwtd_drivers.elm11.protocol import Answer


class Pieces:
    """Which lines have arrived.

    Args:
        lengths: points of each row.
        bins: of the histogram.
    """

    def __init__(self, lengths: list[int], bins: int) -> None:
        self._lengths = lengths
        self._bins = bins
        self._found: list[list[int | None]] = [[None] * length for length in lengths]
        #: Points of all rows.
        self.points = sum(lengths)

    def take(self, answer: Answer) -> None:
        """Keep a line, if it is one of these; anything else is as good as lost."""
        if answer.tag != "r" or len(answer.fields) != 3:
            return
        row, start, text = answer.fields
        if not (row.isdecimal() and start.isdecimal() and int(row) < len(self._lengths)):
            return
        at = int(start)
        length = self._lengths[int(row)]
        bins = read_bins(text)
        if bins and at + len(bins) <= length and max(bins) < self._bins:
            self._found[int(row)][at : at + len(bins)] = bins

    def complete(self) -> bool:
        """Whether there is a bin for every point."""
        return self.missing() is None

    def missing(self) -> tuple[int, int, int] | None:
        """A row, and its first and its last but one point between which some are missing."""
        for row, found in enumerate(self._found):
            gaps = [at for at, one in enumerate(found) if one is None]
            if gaps:
                return row, gaps[0], gaps[-1] + 1
        return None

    def left(self) -> int:
        """How many points are missing."""
        return sum(row.count(None) for row in self._found)

    def rows(self) -> list[list[int]]:
        """The bins of each row; of complete pieces."""
        return [[one for one in found if one is not None] for found in self._found]
