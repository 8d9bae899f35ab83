"""All of a map's widget, line by line: axes, cells, cursor, key and read-out.

Needs numpy, so it is imported when a map is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from pycwtd_console.tui.drawing import cells, raster
from pycwtd_console.tui.drawing.axes import cell_of, label_line, linear_ticks, octave_ticks
from pycwtd_console.tui.drawing.palette import SHADES, Depth, Palette, Rgb, luminance, table
from pycwtd_console.tui.drawing.words import VALUES, arrow, reading, sampling
from pycwtd_console.tui.result import OCTAVES

if TYPE_CHECKING:
    from pycwtd_console.tui.drawing.cells import Cell
    from pycwtd_console.tui.drawing.view import View
    from pycwtd_console.tui.result import Part, Point, ResultMap

_CELLS_A_LABEL = 12
#: An arrow for so many cells and lines.
_ARROW_CELLS, _ARROW_LINES = 6, 3
#: Arrows stand where R² is that large, or the power that far up the colours.
_STRONG = 0.5
_KEY_CELLS = 12
_CURSOR = "┼"
#: Behind it: vermilion of Okabe & Ito 2008, which neither table has.
_CURSOR_BEHIND: Rgb = (213, 94, 0)
#: Where colours are sixteen: the contour, the cone, everything else.
_SIXTEEN = ("bright_yellow", "bright_black", "cyan")


@dataclass(frozen=True, slots=True)
class Look:
    """How a map is drawn.

    Attributes:
        depth: what the terminal shows.
        palette: the table of colours.
        how: what becomes of several points in a pixel.
        arrows: whether arrows of the phase are drawn.
        background: of the screen.
        plain: style of everything.
        axis: style of labels.
        reading: style of the read-out.
    """

    depth: Depth
    palette: Palette
    how: raster.How
    arrows: bool
    background: Rgb
    plain: Style
    axis: Style
    reading: Style


class Sheet:
    """A map, drawn.

    Args:
        result: whose map it is.
        part: of it, exactly what is looked at.
        view: which part that is, and where the cursor is.
        look: how it is drawn.
        size: columns and lines of the map itself.
        gutter: columns of the labels beside it.
    """

    def __init__(
        self,
        result: ResultMap,
        part: Part,
        view: View,
        look: Look,
        *,
        size: tuple[int, int],
        gutter: int,
    ) -> None:
        self._map, self._part, self._view, self._look = result, part, view, look
        self._width, self._height = size
        self._gutter = gutter

    def lines(self, point: Point | None) -> list[list[Segment]]:
        """All lines: the map, the axis of time, the key, and two about a point."""
        drawn, labels = self.picture(), self._periods()
        lines = [self._line(drawn[y], labels[y], y) for y in range(self._height)]
        return [*lines, self._times(), self._key(), *self._reading(point)]

    def picture(self) -> list[list[Cell]]:
        """The map's cells, line by line."""
        part, view, height = self._part, self._view, 2 * self._height
        rims = self._map.rims[view.rows[0] : view.rows[1] + 1]
        rows = raster.rows_of(rims, view.low, view.high, height)
        columns = raster.columns_of(part.values.shape[1], self._width)
        how = self._look.how
        share = self._map.share(raster.resample(part.values, rows, columns, how))
        if part.within is None:
            cone = raster.beyond(part.coi, view.low, view.high, height, columns)
        else:
            cone = raster.resample(part.within.astype(np.float64), rows, columns, "mean") >= 0.5
        edge = np.zeros_like(cone)
        if part.ratio is not None:
            edge = raster.contour(raster.resample(part.ratio, rows, columns, how) > 1.0)
        picture = raster.Picture(share, cone, edge)
        if self._look.depth == "full":
            return cells.coloured(picture, self._look.palette, self._look.background)
        return cells.shaded(picture)

    # -- beside and beneath -----------------------------------------------------------------

    def _periods(self) -> list[str]:
        wide = self._gutter - 1
        labels = [" " * wide + "│"] * self._height
        low, high = self._view.low, self._view.high
        for tick in octave_ticks(2.0**low, 2.0**high, self._height):
            line = cell_of(math.log2(tick.value), low, high, self._height)
            labels[line] = f"{tick.label:>{wide}}┤"
        return labels

    def _times(self) -> list[Segment]:
        first, last = (edge * self._map.dt for edge in self._view.columns)
        ticks = linear_ticks(first, last, max(self._width // _CELLS_A_LABEL, 2))
        text = f"{'t':>{self._gutter - 1}} " + label_line(ticks, first, last, self._width)
        return [Segment(text, self._look.axis)]

    def _key(self) -> list[Segment]:
        """What the colours say, and how points became pixels."""
        look, power = self._look, self._map.kind != "wct"
        low = f"{self._map.top / 2**OCTAVES:.3g}" if power else "0"
        high = f"{self._map.top:.4g}" if power else "1"
        segments = [Segment(f"{' ' * self._gutter}{VALUES[self._map.kind]} {low} ", look.axis)]
        full = look.depth == "full"
        if full:
            colours = table(look.palette)
            for k in range(_KEY_CELLS):
                left, right = (colours[(2 * k + h) * 255 // (2 * _KEY_CELLS - 1)] for h in (0, 1))
                style = Style(color=Color.from_rgb(*left), bgcolor=Color.from_rgb(*right))
                segments.append(Segment("▌", style))
        else:
            segments.append(Segment("".join(c * 2 for c in SHADES), look.axis))
        share = f"{100 * (self._map.probability or 0.95):g} % level"
        level = "" if self._map.levels is None else f"{'black' if full else '█'}: {share}; "
        cone = "dark: cone" if full else "╱: cone"
        segments.append(Segment(f" {high}  {level}{cone}; {self._sampling()}", look.axis))
        return segments

    def _sampling(self) -> str:
        view = self._view
        samples = (view.columns[1] - view.columns[0]) / self._width
        scales = (view.rows[1] - view.rows[0]) / (2 * self._height)
        return sampling(self._look.how, samples, self._part.step, scales)

    def _reading(self, point: Point | None) -> list[list[Segment]]:
        texts = ("", "")
        if point is not None and (point.row, point.column) == (self._view.row, self._view.column):
            texts = reading(point, self._map.kind, self._map.probability)
        return [[Segment(" " * self._gutter + text, self._look.reading)] for text in texts]

    # -- cells ------------------------------------------------------------------------------

    def _line(self, drawn: list[Cell], label: str, y: int) -> list[Segment]:
        cursor = self._view.cell(self._width, self._height)
        segments = [Segment(label, self._look.axis)]
        for x, cell in enumerate(drawn):
            text, style = cell.text, self._colours(cell)
            if (x, y) == cursor:
                text, style = _CURSOR, self._over(cell, cursor=True)
            elif self._look.arrows and (sign := self._arrow(x, y)):
                text, style = sign, self._over(cell)
            segments.append(Segment(text, self._look.plain + style))
        return list(Segment.simplify(segments))

    def _colours(self, cell: Cell) -> Style:
        if cell.above is not None and cell.below is not None:
            return Style(color=Color.from_rgb(*cell.above), bgcolor=Color.from_rgb(*cell.below))
        if self._look.depth == "none":
            return Style()
        contour, cone, other = _SIXTEEN
        return Style(color=contour if cell.edge else cone if cell.cone else other)

    def _over(self, cell: Cell, *, cursor: bool = False) -> Style:
        """Of a sign over a cell: black on what is light, white on what is dark."""
        if cell.above is None or cell.below is None:
            return Style(reverse=cursor)
        if cursor:
            return Style(
                color=Color.from_rgb(255, 255, 255),
                bgcolor=Color.from_rgb(*_CURSOR_BEHIND),
                bold=True,
            )
        light = luminance(cell.above) + luminance(cell.below) > 0.9
        front = Color.from_rgb(0, 0, 0) if light else Color.from_rgb(255, 255, 255)
        return Style(color=front, bgcolor=Color.from_rgb(*cell.below), bold=True)

    def _arrow(self, x: int, y: int) -> str:
        """The phase's arrow in a cell, or nothing."""
        part = self._part
        if part.phase is None or x % _ARROW_CELLS != 3 or y % _ARROW_LINES != 1:
            return ""
        there = self._view.at(x, y, self._width, self._height)
        row = there.row - part.rows[0]
        column = min((there.column - part.columns[0]) // part.step, part.values.shape[1] - 1)
        strong = self._map.share(part.values[row : row + 1, column : column + 1])[0, 0]
        return arrow(float(part.phase[row, column])) if strong >= _STRONG else ""
