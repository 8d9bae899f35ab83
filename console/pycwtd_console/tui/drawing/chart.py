"""Lines, bars and levels over two labelled axes, in braille characters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pycwtd_console.tui.drawing.axes import Tick, label_line, linear_ticks, number, octave_ticks
from pycwtd_console.tui.drawing.braille import Canvas

if TYPE_CHECKING:
    from collections.abc import Sequence

Scale = Literal["linear", "octaves", "decades"]
#: What a piece of a line is: it has a style of that name.
Tone = Literal["axis", "main", "error", "level", "quiet"]
Line = list[tuple[str, Tone]]

_CELLS_A_LABEL = 10
_ROWS_A_LABEL = 3
#: Dots drawn and left out of a dashed line.
_DASH = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where, and how values are spread: evenly, or by octaves or decades."""

    low: float
    high: float
    scale: Scale = "linear"

    def share(self, value: float) -> float:
        """Where a value is: 0 at the beginning, 1 at the end."""
        if not self.high > self.low:
            return 0.5
        if self.scale == "linear":
            return (value - self.low) / (self.high - self.low)
        return math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self, most: int) -> list[Tick]:
        """Labels, not more than so many."""
        if self.scale == "octaves":
            return octave_ticks(self.low, self.high, most)
        if self.scale == "linear":
            return linear_ticks(self.low, self.high, most)
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for figures in ((1, 2, 5), (1,)):
            values = [f * 10.0**k for k in range(first, last + 1) for f in figures]
            values = [
                v for v in values if self.low <= v * (1 + 1e-9) and v <= self.high * (1 + 1e-9)
            ]
            if len(values) <= most:
                break
        return [Tick(v, f"{v:,.0f}" if v >= 1000 else number(v)) for v in values]


class Chart:
    """An area of cells with axes.

    Args:
        width: in cells, labels included.
        height: in lines, the labels beneath included.
        x: to the right.
        y: upwards.
    """

    def __init__(self, width: int, height: int, x: Axis, y: Axis) -> None:
        self._x, self._y = x, y
        rows = max(height - 1, 1)
        labels = {}
        for tick in y.ticks(max(rows // _ROWS_A_LABEL, 2)):
            share = y.share(tick.value)
            labels[min(int((1.0 - share) * rows), rows - 1)] = tick.label
        wide = max(map(len, labels.values()), default=0)
        self._gutter = [
            f"{labels[row]:>{wide}} ┤" if row in labels else " " * wide + " │"
            for row in range(rows)
        ]
        self._canvas = Canvas(max(width - wide - 2, 1), rows)
        self._tones: dict[tuple[int, int], Tone] = {}

    def line(
        self, points: Sequence[tuple[float, float]], tone: Tone, *, dashed: bool = False
    ) -> None:
        """Straight lines from point to point; what is outside of the axes isn't drawn."""
        for (x0, y0), (x1, y1) in pairwise(points):
            a, b = self._place(x0, y0), self._place(x1, y1)
            steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]), 1)
            for k in range(steps + 1):
                x = round(a[0] + (b[0] - a[0]) * k / steps)
                y = round(a[1] + (b[1] - a[1]) * k / steps)
                if not dashed or (x // _DASH) % 2 == 0:
                    self._dot(x, y, tone)

    def level(self, value: float, tone: Tone) -> None:
        """A dashed line across."""
        self.line([(self._x.low, value), (self._x.high, value)], tone, dashed=True)

    def bar(self, x: float, low: float, high: float, tone: Tone) -> None:
        """A vertical bar, with a foot and a head one dot wide to either side."""
        (column, bottom), (_, top) = self._place(x, low), self._place(x, high)
        for y in range(top, bottom + 1):
            self._dot(column, y, tone)
        if bottom - top >= 2:
            for end in (top, bottom):
                self._dot(column - 1, end, tone)
                self._dot(column + 1, end, tone)

    def mark(self, x: float, y: float, tone: Tone) -> None:
        """A point, two dots wide and high."""
        column, row = self._place(x, y)
        for dx in (0, 1):
            for dy in (0, 1):
                self._dot(column + dx, row + dy, tone)

    def lines(self) -> list[Line]:
        """The chart, line by line, in pieces of one tone each."""
        drawn: list[Line] = []
        for y, text in enumerate(self._canvas.lines()):
            line: Line = [(self._gutter[y], "axis")]
            for x, c in enumerate(text):
                tone = self._tones.get((x, y), "main")
                if len(line) > 1 and line[-1][1] == tone:
                    line[-1] = (line[-1][0] + c, tone)
                else:
                    line.append((c, tone))
            drawn.append(line)
        return [*drawn, [(self._beneath(), "axis")]]

    def _beneath(self) -> str:
        cells = self._canvas.width
        ticks = [
            Tick(self._x.share(t.value), t.label)
            for t in self._x.ticks(max(cells // _CELLS_A_LABEL, 2))
        ]
        return " " * len(self._gutter[0]) + label_line(ticks, 0.0, 1.0, cells)

    def _place(self, x: float, y: float) -> tuple[int, int]:
        """Dots to the right and down."""
        right = self._x.share(x) * (2 * self._canvas.width - 1)
        down = (1.0 - self._y.share(y)) * (4 * self._canvas.height - 1)
        return round(right), round(down)

    def _dot(self, x: int, y: int, tone: Tone) -> None:
        self._canvas.dot(x, y)
        self._tones[x // 2, y // 4] = tone
