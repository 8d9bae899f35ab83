"""The lines of bins of one group, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.blocks import read_bins

if TYPE_CHECKING:
    from pycwtd_drivers.elm11.protocol import Answer

#: Bins in a line, as the firmware has it.
WIDTH = 96


class Pieces:
    """Which lines have arrived.

    Args:
        lengths: points of each row.
        bins: of the histogram.
    """

    def __init__(self, lengths: list[int], bins: int) -> None:
        self._lengths = lengths
        self._bins = bins
        self._found: dict[tuple[int, int], list[int]] = {}
        #: Points of all rows.
        self.points = sum(lengths)

    def take(self, answer: Answer) -> None:
        """Keep a line, if it is one of these; anything else is as good as lost."""
        if answer.tag != "r" or len(answer.fields) != 3:
            return
        row, start, text = answer.fields
        if not (row.isdecimal() and start.isdecimal() and int(row) < len(self._lengths)):
            return
        place = (int(row), int(start))
        bins = read_bins(text)
        expected = min(WIDTH, self._lengths[place[0]] - place[1])
        if bins and place[1] % WIDTH == 0 and len(bins) == expected and max(bins) < self._bins:
            self._found[place] = bins

    def complete(self) -> bool:
        """Whether there is a bin for every point."""
        return sum(len(bins) for bins in self._found.values()) == self.points

    def rows(self) -> list[list[int]]:
        """The bins of each row; of complete pieces."""
        return [
            [found for start in range(0, length, WIDTH) for found in self._found[row, start]]
            for row, length in enumerate(self._lengths)
        ]
