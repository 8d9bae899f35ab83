"""A series drawn with characters: braille where the terminal has it."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Dots of a braille character, by row and column (Unicode 15, block U+2800).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE = 0x2800
_WIDEST = 100


def readable_width() -> int:
    """Columns that a picture may take here."""
    return max(20, min(shutil.get_terminal_size().columns - 1, _WIDEST))


def drawn(
    minima: Sequence[float | None], maxima: Sequence[float | None], width: int, height: int
) -> list[str]:
    """The band between the extremes of stretches of a series; gaps stay empty.

    Args:
        minima: of each stretch, null where nothing is there.
        maxima: the same.
        width: characters of a line.
        height: lines.
    """
    known = [one for one in (*minima, *maxima) if one is not None]
    if not known:
        return []
    least, most = min(known), max(known)
    rows = 4 * height
    # Halved before they are subtracted: the whole range may be more than a number can be.
    span = most / 2 - least / 2

    def row(value: float) -> int:
        """Of dots, from the top."""
        share = 0.5 if span <= 0 else (value / 2 - least / 2) / span
        return min(rows - 1, int((1 - share) * rows))

    cells = [[0] * width for _ in range(height)]
    dots = 2 * width
    for column in range(dots):
        stretch = column * len(minima) // dots
        low, high = minima[stretch], maxima[stretch]
        if low is None or high is None:
            continue
        for y in range(row(high), row(low) + 1):
            cells[y // 4][column // 2] |= _DOTS[y % 4][column % 2]
    return ["".join(map(_character, line)).rstrip() for line in cells]


def _character(dots: int) -> str:
    if not dots:
        return " "
    try:
        chr(_BRAILLE | dots).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#"
    return chr(_BRAILLE | dots)
