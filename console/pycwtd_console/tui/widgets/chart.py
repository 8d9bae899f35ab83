"""A chart that draws itself for the room that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_console.tui.drawing.chart import Line


class ChartView(Widget):
    """Shows what a function draws for a width and a height; a sentence before there is one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--main",
        "chart--error",
        "chart--level",
        "chart--quiet",
    }
    DEFAULT_CSS = """
    ChartView { height: 1fr; }
    ChartView > .chart--axis { color: $text-muted; }
    ChartView > .chart--main { color: $text-primary; }
    ChartView > .chart--error { color: $text-accent; }
    ChartView > .chart--level { color: $text-warning; }
    ChartView > .chart--quiet { color: $text-disabled; }
    """

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._make: Callable[[int, int], list[Line]] | None = None
        self._drawn: list[Line] = []
        self._drawn_for: tuple[int, int] | None = None

    def show(self, make: Callable[[int, int], list[Line]]) -> None:
        """Show what ``make(width, height)`` draws, now and after every resize."""
        self._make, self._drawn_for = make, None
        self.refresh()

    def say(self, empty: str) -> None:
        """Show a sentence in place of a chart."""
        self._empty, self._make, self._drawn_for = empty, None, None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line of the chart, in its tones."""
        size = (self.content_size.width, self.content_size.height)
        if self._drawn_for != size:
            self._drawn = self._make(*size) if self._make else []
            self._drawn_for = size
        plain = self.rich_style
        if y < len(self._drawn):
            segments = [
                Segment(text, plain + self.get_component_rich_style(f"chart--{tone}", partial=True))
                for text, tone in self._drawn[y]
            ]
            return Strip(segments).adjust_cell_length(size[0], plain)
        text = self._empty if y == 0 and not self._drawn else ""
        return Strip([Segment(text, plain)]).adjust_cell_length(size[0], plain)
