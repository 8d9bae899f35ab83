"""Curves in braille characters: two dots wide and four high to the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Bits of the dots by column and by row from above, as Unicode's block U+2800 has them.
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
#: Lowest and highest value in a column of dots; None where there is nothing.
Span = tuple[float, float] | None


class Canvas:
    """Dots in an area of cells.

    Args:
        width: in cells.
        height: in cells.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._cells = [[0] * width for _ in range(height)]

    def dot(self, x: int, y: int) -> None:
        """Set a dot, counted from the upper left; outside the area nothing is set."""
        if 0 <= x < 2 * self.width and 0 <= y < 4 * self.height:
            self._cells[y // 4][x // 2] |= _BITS[x % 2][y % 4]

    def column(self, x: int, top: int, bottom: int) -> None:
        """Set the dots of a column from one row to another, both included."""
        for y in range(top, bottom + 1):
            self.dot(x, y)

    def lines(self) -> list[str]:
        """The area; cells without a dot are blanks."""
        return ["".join(chr(_BLANK + c) if c else " " for c in row) for row in self._cells]


def curve(minimum: Sequence[float | None], maximum: Sequence[float | None], n: int) -> list[Span]:
    """A series in bins, over so many columns of dots.

    With more bins than columns a column has the least and the greatest of its bins, so no peak
    is lost; with fewer, bins are joined by straight lines. Missing bins stay missing.

    Args:
        minimum: least value in each bin; None and NaN are missing.
        maximum: greatest value in each.
        n: columns of dots.
    """
    spans = [_span(low, high) for low, high in zip(minimum, maximum, strict=True)]
    if len(spans) >= n:
        return [_together(spans[k * len(spans) // n : (k + 1) * len(spans) // n]) for k in range(n)]
    return [_between(spans, k * (len(spans) - 1) / max(n - 1, 1)) for k in range(n)]


def plot(canvas: Canvas, spans: Sequence[Span], low: float, high: float) -> None:
    """Draw what :func:`curve` gives, joined up, with low and high at the canvas' rims.

    Args:
        canvas: is drawn on.
        spans: one for each of its columns of dots.
        low: value of the lowest row of dots.
        high: value of the highest; where it isn't above it, all is drawn in the middle.
    """
    before: tuple[int, int] | None = None
    for x, span in enumerate(spans):
        if span is None:
            before = None
            continue
        top, bottom = row(span[1], low, high, canvas), row(span[0], low, high, canvas)
        begin, end = top, bottom
        if before is not None:
            begin, end = min(top, before[1] + 1), max(bottom, before[0] - 1)
        canvas.column(x, begin, end)
        before = (top, bottom)


def row(value: float, low: float, high: float, canvas: Canvas) -> int:
    """The row of dots, from above, that a value is at."""
    last = 4 * canvas.height - 1
    return last // 2 if not high > low else round((high - value) / (high - low) * last)


def _span(low: float | None, high: float | None) -> Span:
    # NaN is the one number that differs from itself.
    if low is None or high is None or low != low or high != high:  # noqa: PLR0124
        return None
    return (low, high)


def _together(spans: Sequence[Span]) -> Span:
    there = [span for span in spans if span is not None]
    if not there:
        return None
    return (min(low for low, _ in there), max(high for _, high in there))


def _between(spans: Sequence[Span], place: float) -> Span:
    if not spans:
        return None
    first = min(int(place), len(spans) - 1)
    share = place - first
    left, right = spans[first], spans[min(first + 1, len(spans) - 1)]
    if left is None or right is None:
        return left if share < 0.5 else right
    return (
        left[0] + share * (right[0] - left[0]),
        left[1] + share * (right[1] - left[1]),
    )
