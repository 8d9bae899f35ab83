"""A series at a glance, in braille characters with labelled axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from pycwtd_console.tui.drawing.axes import cell_of, label_line, linear_ticks, number
from pycwtd_console.tui.drawing.braille import Canvas, curve, plot

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A label on the axis of time for every so many cells.
_CELLS_A_LABEL = 12
_ROWS_A_LABEL = 4
#: Narrower or lower than that there is room for the curve alone.
_LEAST_WIDTH = 24
_LEAST_HEIGHT = 3


class Curve(Widget):
    """A series by its least and greatest values in bins, over time or sample number.

    It takes what room it has, and draws anew when that changes::

        curve = Curve(id="preview")  # in compose; set its height in CSS, 5 lines or more
        curve.show(minimum, maximum, start=0.0, stop=503.0)

    One bin to a sample is a series itself (``curve.show(values, values, 0, len(values) - 1)``);
    with more bins than there are columns of dots, two to the cell, nothing of their ranges is
    lost. Missing bins (None, NaN) leave a gap in the curve, hatched from top to bottom.
    Component classes: ``curve--axis`` for labels, ``curve--gap`` for gaps.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"curve--axis", "curve--gap"}
    DEFAULT_CSS = """
    Curve { height: 8; color: $text-primary; }
    Curve > .curve--axis { color: $text-muted; }
    Curve > .curve--gap { color: $text-disabled; }
    """

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._minimum: Sequence[float | None] = ()
        self._maximum: Sequence[float | None] = ()
        self._start = self._stop = 0.0
        self._gaps: Sequence[tuple[float, float]] = ()
        self._lines: list[tuple[str, str]] = []
        self._drawn_for: tuple[int, int] | None = None

    def show(
        self,
        minimum: Sequence[float | None],
        maximum: Sequence[float | None],
        start: float,
        stop: float,
        gaps: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Show a series.

        Args:
            minimum: least value in each bin; None and NaN are missing.
            maximum: greatest value in each, as many.
            start: time, or number, of the first sample.
            stop: of the last one.
            gaps: from when to when samples are missing, to be hatched; for gaps that are
                shorter than a bin.

        Raises:
            ValueError: there are more bins of the one kind than of the other.
        """
        if len(minimum) != len(maximum):
            raise ValueError(f"minimum has {len(minimum)} bins, maximum {len(maximum)}")
        self._minimum, self._maximum = minimum, maximum
        self._start, self._stop, self._gaps = start, stop, gaps
        self._drawn_for = None
        self.refresh()

    def clear(self, empty: str | None = None) -> None:
        """Show nothing, or a sentence in its place."""
        if empty is not None:
            self._empty = empty
        self.show((), (), 0.0, 0.0)

    def render_line(self, y: int) -> Strip:
        """Label, curve; labels of time at the bottom."""
        size = (self.content_size.width, self.content_size.height)
        if self._drawn_for != size:
            self._lines, self._drawn_for = self._draw(*size), size
        if y >= len(self._lines):
            return Strip.blank(size[0], self.rich_style)
        label, text = self._lines[y]
        axis = self.rich_style + self.get_component_rich_style("curve--axis", partial=True)
        gap = self.rich_style + self.get_component_rich_style("curve--gap", partial=True)
        segments = [Segment(label, axis)]
        if text:
            # Runs of hatching and of curve, each in its own style.
            begin = 0
            for at in range(1, len(text) + 1):
                if at == len(text) or (text[at] == "░") != (text[begin] == "░"):
                    style = gap if text[begin] == "░" else self.rich_style
                    segments.append(Segment(text[begin:at], style))
                    begin = at
        return Strip(segments).adjust_cell_length(size[0], self.rich_style)

    def _draw(self, width: int, height: int) -> list[tuple[str, str]]:
        """Lines, each as what is on the axis and what is curve."""
        there = [v for v in (*self._minimum, *self._maximum) if v is not None and v == v]  # noqa: PLR0124
        if not there:
            return [(self._empty, "")]
        if width < 2 or height < 1:
            return []
        low, high = min(there), max(there)
        labelled = width >= _LEAST_WIDTH and height >= _LEAST_HEIGHT
        rows = height - 1 if labelled else height
        gutter = self._gutter(low, high, rows) if labelled else [""] * rows
        cells = width - len(gutter[0])
        canvas = Canvas(cells, rows)
        spans = curve(self._minimum, self._maximum, 2 * cells)
        plot(canvas, spans, low, high)
        hatched = self._hatched(spans, cells)
        drawn = [
            "".join("░" if c == " " and h else c for c, h in zip(line, hatched, strict=True))
            for line in canvas.lines()
        ]
        lines = list(zip(gutter, drawn, strict=True))
        if labelled:
            ticks = linear_ticks(self._start, self._stop, max(cells // _CELLS_A_LABEL, 2))
            labels = label_line(ticks, self._start, self._stop, cells)
            lines.append((" " * len(gutter[0]) + labels, ""))
        return lines

    def _gutter(self, low: float, high: float, rows: int) -> list[str]:
        """Labels of the least and the greatest value, and of round ones between them."""
        texts = [""] * rows
        for tick in linear_ticks(low, high, max(rows // _ROWS_A_LABEL, 1)):
            texts[rows - 1 - cell_of(tick.value, low, high, rows)] = tick.label
        texts[1:2] = [""] * len(texts[1:2])
        texts[-2:-1] = [""] * len(texts[-2:-1])
        texts[0], texts[-1] = number(high, 4), number(low, 4)
        wide = max(map(len, texts))
        return [f"{text:>{wide}} " + ("┤" if text else "│") for text in texts]

    def _hatched(self, spans: Sequence[object], cells: int) -> list[bool]:
        hatched = [spans[2 * k] is None and spans[2 * k + 1] is None for k in range(cells)]
        for begin, end in self._gaps:
            first = cell_of(begin, self._start, self._stop, cells)
            last = cell_of(end, self._start, self._stop, cells)
            hatched[first : last + 1] = [True] * (last + 1 - first)
        return hatched
