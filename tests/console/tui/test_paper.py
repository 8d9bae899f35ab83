"""What is written on the terminal: no more than is new, and nothing less."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from consoles import WatchedApp, press, recorded
from pycwtd_console.tui.paper import Paper
from terminals import Cells

COLUMNS, LINES = 14, 3
CONSOLE = Console(color_system="truecolor", force_terminal=True, _environ={})


styles = st.builds(
    Style,
    color=st.sampled_from([None, "#102030", "#ff0000"]),
    bgcolor=st.sampled_from([None, "#000000", "#0000ff"]),
    bold=st.booleans(),
    reverse=st.booleans(),
)
#: Seven pieces of two cells.
lines = st.lists(
    st.tuples(st.sampled_from(["ab", "  ", "é─", "宽", "全"]), styles),
    min_size=COLUMNS // 2,
    max_size=COLUMNS // 2,
)
screens = st.lists(lines, min_size=LINES, max_size=LINES)


def layout(rows, y=0):
    strips = [[Strip([Segment(text, style) for text, style in row])] for row in rows]
    return LayoutUpdate(strips, Region(0, y, COLUMNS, len(rows)))


def shown(rows):
    """The cells that a terminal has after all of it was written."""
    terminal = Cells(COLUMNS, LINES)
    terminal.take(Paper().write(layout(rows), Size(COLUMNS, LINES), CONSOLE))
    return terminal.cells


@settings(deadline=None, max_examples=60)
@given(st.lists(screens, min_size=1, max_size=4), lines, st.integers(0, LINES - 1))
def test_a_terminal_shows_what_was_drawn_last(drawn, line, y):
    paper, terminal, size = Paper(), Cells(COLUMNS, LINES), Size(COLUMNS, LINES)
    for rows in drawn:
        terminal.take(paper.write(layout(rows), size, CONSOLE))
        assert terminal.cells == shown(rows)
    terminal.take(paper.write(layout([line], y), size, CONSOLE))
    rows = [*drawn[-1][:y], line, *drawn[-1][y + 1 :]]
    assert terminal.cells == shown(rows)
    assert paper.write(layout(rows), size, CONSOLE) == ""
    text = "".join(piece for piece, _ in rows[0])
    assert text == "".join(character for character, _ in terminal.cells[0])


def test_a_resized_terminal_and_a_forgotten_one_are_drawn_whole():
    paper, rows = Paper(), [[("ab", Style())] * (COLUMNS // 2)] * LINES
    whole = paper.write(layout(rows), Size(COLUMNS, LINES), CONSOLE)
    assert paper.write(layout(rows), Size(COLUMNS, LINES), CONSOLE) == ""
    assert paper.write(layout(rows), Size(COLUMNS, LINES + 1), CONSOLE) == whole
    paper.forget()
    assert paper.write(layout(rows), Size(COLUMNS, LINES + 1), CONSOLE) == whole


class Counting(WatchedApp):
    """A console that counts the bytes that it would write."""

    written = 0

    def _display(self, screen, renderable):
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            self.written += len(self._paper.write(renderable, self.size, CONSOLE).encode())
        super()._display(screen, renderable)


#: Bytes for a key or a change; on a line of 20 kB/s a thousand of them take 50 ms.
BOUNDS = {"down": 700, "tab": 1000, "3 colon": 2500}


@pytest.mark.parametrize("keys", BOUNDS)
def test_a_key_costs_few_bytes(keys):
    """80 × 24 in true colour."""

    async def main():
        async with recorded(kind=Counting) as (app, pilot):
            await press(pilot, "down")
            *before, last = keys.split()
            await press(pilot, " ".join(before))
            app.written = 0
            await press(pilot, last)
            await pilot.pause()
            return app.written

    assert 20 < asyncio.run(main()) < BOUNDS[keys]


def test_a_change_costs_few_bytes_and_a_redrawing_all():
    async def main():
        async with recorded(kind=Counting) as (app, pilot):
            await press(pilot, "2")
            found = []
            for turn in range(3):
                app.written = 0
                job = next(iter(app.model.running.values()))
                app.model.keep_jobs([replace(job, progress=0.1 + 0.2 * turn)])
                app.changed(frozenset({"jobs"}))
                await pilot.pause()
                found.append(app.written)
            app.written = 0
            app.changed(frozenset({"jobs", "health", "link"}))
            await pilot.pause()
            unchanged = app.written
            await press(pilot, "ctrl+l")
            await pilot.pause()
            return found, unchanged, app.written

    found, unchanged, whole = asyncio.run(main())
    assert all(5 < size < 100 for size in found), found
    assert unchanged == 0
    assert whole > 1900  # there are 1,920 cells
