"""The map of a result, in the terminal: colours or shades, cone, contour, cursor and read-out."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from pycwtd_console.tui.drawing.axes import octave_ticks
from pycwtd_console.tui.drawing.palette import PALETTES, Depth, Palette
from pycwtd_console.tui.drawing.view import View

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType

    from pycwtd_console.tui.drawing.raster import How
    from pycwtd_console.tui.result import Part, ResultMap

_NUMERICS = ("drawing.sheet", "result")
#: Lines beneath the map: labels of time, key, two of the read-out.
_BENEATH = 4


class MapView(Widget, can_focus=True):
    """Coherence or power over time and period.

    Arrow keys move the cursor by a cell, with shift by a sample or scale.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"map--axis", "map--reading"}
    DEFAULT_CSS = """
    MapView { height: 1fr; }
    MapView > .map--axis { color: $text-muted; }
    MapView > .map--reading { text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1, 0)", "Left", show=False),
        Binding("right", "move(1, 0)", "Right", show=False),
        Binding("up", "move(0, -1)", "Up", show=False),
        Binding("down", "move(0, 1)", "Down", show=False),
        Binding("shift+left", "step(-1, 0)", "Sample before", id="map.before", show=False),
        Binding("shift+right", "step(1, 0)", "Sample after", id="map.after", show=False),
        Binding("shift+up", "step(0, -1)", "Scale below", id="map.shorter", show=False),
        Binding("shift+down", "step(0, 1)", "Scale above", id="map.longer", show=False),
        Binding("pageup", "page(-1)", "Earlier", show=False),
        Binding("pagedown", "page(1)", "Later", show=False),
        Binding("plus,equals_sign", "zoom(2.0, 1.0)", "Zoom in", id="map.in"),
        Binding("minus", "zoom(0.5, 1.0)", "Zoom out", id="map.out"),
        Binding("right_square_bracket", "zoom(1.0, 2.0)", "Fewer periods", id="map.fewer"),
        Binding("left_square_bracket", "zoom(1.0, 0.5)", "More periods", id="map.more"),
        Binding("0", "whole", "Whole", id="map.whole"),
        Binding("n", "how", "Mean or maximum", id="map.how", show=False),
        Binding("t", "palette", "Colours", id="map.palette", show=False),
        Binding("a", "arrows", "Phase", id="map.arrows"),
    ]

    how: reactive[How] = reactive("mean")
    palette: reactive[Palette] = reactive("viridis")
    arrows: reactive[bool] = reactive(False)
    #: None finds out what the terminal shows.
    depth: reactive[Depth | None] = reactive[Depth | None](None)
    point: reactive[Any] = reactive(None)

    class Drawn(Message):
        """What was to be seen is."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.map: ResultMap | None = None
        self.view: View | None = None
        #: All of the map, in steps where it is long.
        self.whole: Part | None = None
        self._part: Part | None = None
        self._lines: list[Strip] = []
        self._drawn_for: tuple[int, int] | None = None

    # -- what is shown ----------------------------------------------------------------------

    async def open(self, result: ResultMap) -> None:
        """Show a result.

        Raises:
            ClientError: it can't be had.
        """
        for name in _NUMERICS:
            await asyncio.to_thread(importlib.import_module, f"pycwtd_console.tui.{name}")
        self.whole = self._part = await result.open(max(self._cells()[0], 80))
        self.map = result
        self.view = View.whole(result.rims.tolist(), result.samples, result.last)
        self._look()

    def _cells(self) -> tuple[int, int]:
        """Columns and lines that the map itself has."""
        return max(self.size.width - self._gutter(), 1), max(self.size.height - _BENEATH, 1)

    def _gutter(self) -> int:
        if self.map is None:
            return 0
        ticks = octave_ticks(float(self.map.periods[0]), float(self.map.periods[-1]), 99)
        return max((len(tick.label) for tick in ticks), default=4) + 1

    def _look(self) -> None:
        """Show what the view says; what isn't at hand is fetched meanwhile."""
        assert self.view is not None
        part = self._best(self.view)
        if part is not None and part.has(self.view):
            self._part = part
            self._draw()
        if part is None or part.step > 1:
            self.run_worker(self._fetch(self.view), group="map", exclusive=True)
        self._read()

    def _best(self, view: View) -> Part | None:
        """The finest part at hand that has all of a view."""
        there = [part for part in (self._part, self.whole) if part and part.has(view)]
        return min(there, key=lambda part: part.step, default=None)

    async def _fetch(self, view: View) -> None:
        from pycwtd.client import ClientError  # noqa: PLC0415

        assert self.map is not None
        try:
            part = await self.map.part(view.rows, view.columns, self._cells()[0])
        except ClientError as error:
            self.notify(error.detail, severity="error")
            return
        if self.view is not None and part.has(self.view):
            self._part = part
            self._draw()

    def _read(self) -> None:
        """Look up what is under the cursor."""
        assert self.view is not None
        assert self.map is not None
        part = self._best(self.view)
        if part is not None and part.step == 1:
            self.point = self.map.of(part, self.view.row, self.view.column)
        else:
            self.run_worker(self._ask(self.view), group="point", exclusive=True)

    async def _ask(self, view: View) -> None:
        from pycwtd.client import ClientError  # noqa: PLC0415

        assert self.map is not None
        try:
            self.point = await self.map.point(view.row, view.column)
        except ClientError as error:
            self.notify(error.detail, severity="error")

    # -- keys -------------------------------------------------------------------------------

    def _go(self, view: View) -> None:
        self.view = view
        self._look()

    def action_move(self, right: int, down: int) -> None:
        """The cursor by so many cells."""
        if self.view is not None:
            self._go(self.view.moved(right, down, *self._cells()))

    def action_step(self, right: int, down: int) -> None:
        """The cursor by so many samples and scales."""
        if self.view is not None:
            self._go(self.view.placed(self.view.row + down, self.view.column + right))

    def action_page(self, pages: int) -> None:
        """The cursor by half of what is shown."""
        if self.view is not None:
            half = (self.view.columns[1] - self.view.columns[0]) // 2
            self._go(self.view.placed(self.view.row, self.view.column + pages * half))

    def action_zoom(self, time: float, period: float) -> None:
        """So many times as close, about the cursor."""
        if self.view is not None:
            self._go(self.view.zoomed(time=time, period=period))

    def action_whole(self) -> None:
        """All of the map that has points outside the cone; once more, really all of it."""
        if self.view is None or self.map is None:
            return
        usual = View.whole(self.view.rims, self.view.samples, self.map.last)
        shown = (self.view.rows, self.view.columns)
        again = shown == (usual.rows, usual.columns)
        whole = View.whole(self.view.rims, self.view.samples) if again else usual
        kept = replace(whole, row=min(self.view.row, whole.rows[1] - 1), column=self.view.column)
        self._go(kept)

    def action_how(self) -> None:
        """Mean or maximum of what is in a pixel."""
        self.how = "maximum" if self.how == "mean" else "mean"

    def action_palette(self) -> None:
        """The next table of colours."""
        self.palette = PALETTES[(PALETTES.index(self.palette) + 1) % len(PALETTES)]

    def action_arrows(self) -> None:
        """Arrows of the phase, or none."""
        self.arrows = not self.arrows

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No phase, no arrows."""
        if action == "arrows":
            return self.map is None or self.map.kind != "cwt"
        return True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there."""
        x, y = event.x - self._gutter(), event.y
        width, height = self._cells()
        if self.view is not None and 0 <= x < width and 0 <= y < height:
            self._go(self.view.at(x, y, width, height))

    def watch_how(self) -> None:
        """Draw anew."""
        self._draw()

    watch_palette = watch_arrows = watch_depth = watch_how

    def watch_point(self) -> None:
        """The read-out is of the lines that are drawn."""
        self._draw()

    # -- drawing ----------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Every pixel is another one."""
        if self.view is not None:
            self._look()

    def notify_style_update(self) -> None:
        """Another theme has another background."""
        super().notify_style_update()
        self._draw()

    @property
    def shown_depth(self) -> Depth:
        """What the terminal shows."""
        if self.depth is not None:
            return self.depth
        if self.app.no_color:
            return "none"
        return "sixteen" if self.app.console.color_system in {"standard", "windows"} else "full"

    def render_line(self, y: int) -> Strip:
        """A line of what was drawn."""
        if y < len(self._lines):
            return self._lines[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> None:
        view, part = self.view, self._part
        if self.map is None or view is None or part is None or not self.size or not part.has(view):
            return
        from pycwtd_console.tui.drawing.sheet import Look, Sheet  # noqa: PLC0415 - numpy

        look = Look(
            self.shown_depth,
            self.palette,
            self.how,
            self.arrows,
            self.background_colors[1].rgb,
            self.rich_style,
            self.rich_style + self.get_component_rich_style("map--axis", partial=True),
            self.rich_style + self.get_component_rich_style("map--reading", partial=True),
        )
        sheet = Sheet(
            self.map, part.cut(view), view, look, size=self._cells(), gutter=self._gutter()
        )
        self._lines = [
            Strip(line).adjust_cell_length(self.size.width, self.rich_style)
            for line in sheet.lines(self.point)
        ]
        self.refresh()
        self.post_message(self.Drawn())
