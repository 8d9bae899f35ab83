"""A table of things, newest first, in which tens of thousands of lines cost nothing.

Textual's DataTable lays out every row when one is added in front; this one asks for a row's
cells when its line is drawn, and knows filters and marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.binding import BindingType

R = TypeVar("R")
_MARK = "●"


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column: what its cells say of a row."""

    title: str
    #: Cells wide; the one flexible column takes what is left, and at least that.
    width: int
    cell: Callable[[R], str]
    align: Literal["left", "right"] = "left"
    #: Style of a row's cell: one of the listing's component classes, such as ``listing--good``.
    tone: Callable[[R], str] | None = None
    flexible: bool = False
    #: Left out of listings that are narrower than that.
    from_width: int = 0


class Listing(ScrollView, Generic[R], can_focus=True):
    """Rows by key, with a cursor, marks and a filter.

    The cursor stays with its row once somebody has moved it; before that, and after Home, it
    is on the first row, so that the newest is looked at.

    Posts :class:`Highlighted` when the cursor comes to another row and :class:`Chosen` when a
    row is opened with Enter or a click on the row that has the cursor.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "listing--header",
        "listing--cursor",
        "listing--marked",
        "listing--good",
        "listing--busy",
        "listing--warning",
        "listing--bad",
        "listing--quiet",
    }
    DEFAULT_CSS = """
    Listing { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Listing > .listing--header { text-style: bold; color: $text-muted; }
    Listing:focus > .listing--header { color: $text-primary; }
    Listing > .listing--cursor { background: $surface-lighten-2; }
    Listing:focus > .listing--cursor { background: $primary-background; text-style: bold; }
    Listing > .listing--marked { color: $accent; }
    Listing > .listing--good { color: $text-success; }
    Listing > .listing--busy { color: $text-primary; }
    Listing > .listing--warning { color: $text-warning; }
    Listing > .listing--bad { color: $text-error; }
    Listing > .listing--quiet { text-style: dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", id="listing.up", show=False),
        Binding("down,j", "move(1)", "Down", id="listing.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="listing.page-up", show=False),
        Binding("pagedown", "page(1)", "Page down", id="listing.page-down", show=False),
        Binding("home", "end(0)", "First", id="listing.first", show=False),
        Binding("end", "end(-1)", "Last", id="listing.last", show=False),
        Binding("enter", "choose", "Open", id="listing.open"),
        Binding("space", "mark", "Mark", id="listing.mark", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class Highlighted(Message):
        """The cursor is on another row."""

        def __init__(self, listing: Listing[Any], key: str | None) -> None:
            super().__init__()
            self.listing = listing
            self.key = key

    class Chosen(Message):
        """A row is opened."""

        def __init__(self, listing: Listing[Any], key: str) -> None:
            super().__init__()
            self.listing = listing
            self.key = key

    class NearEnd(Message):
        """The last lines come into sight: more of them may be fetched."""

        def __init__(self, listing: Listing[Any]) -> None:
            super().__init__()
            self.listing = listing

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._empty = empty
        self._rows: Mapping[str, R] = {}
        self._keys: list[str] = []
        self._words: list[str] = []
        #: Rows that have been compared with the filter, and whether they are shown.
        self._found: dict[str, tuple[R, bool]] = {}
        #: Keys of the marked rows.
        self.marked: set[str] = set()
        self._at: str | None = None
        #: Whether somebody has chosen the row: then the cursor stays with it.
        self._held = False

    # -- what is shown --------------------------------------------------------------------

    def show(self, rows: Mapping[str, R]) -> None:
        """Show these rows, in their order; the cursor stays with its row."""
        self._rows = rows
        self.marked &= rows.keys()
        self._choose_keys()

    def filter(self, text: str) -> None:
        """Show the rows alone in which every word of the text occurs, in any cell."""
        self._words = text.casefold().split()
        self._found.clear()
        self._choose_keys()

    @property
    def key(self) -> str | None:
        """Of the row with the cursor."""
        return self._keys[self.cursor] if self.cursor < len(self._keys) else None

    @property
    def keys(self) -> Sequence[str]:
        """Of the rows that are shown, in order."""
        return self._keys

    @property
    def picked(self) -> list[str]:
        """The marked rows in their order, else the one with the cursor."""
        marked = [key for key in self._rows if key in self.marked]
        return marked or ([self.key] if self.key else [])

    def _choose_keys(self) -> None:
        self._keys = self._matching() if self._words else list(self._rows)
        self.virtual_size = Size(self.size.width, len(self._keys) + 1)
        place = 0
        if self._held and self._at is not None:
            try:
                place = self._keys.index(self._at)
            except ValueError:
                place = max(min(self.cursor, len(self._keys) - 1), 0)
        moved = place - self.cursor
        self.set_reactive(Listing.cursor, place)
        top = self.scroll_offset.y
        if moved and top:
            # The lines that are looked at stay where they are.
            self.scroll_to(y=top + moved, animate=False)
        elif not top <= place < top + self._lines:
            self.scroll_to(y=max(place - self._lines + 1, 0), animate=False)
        self._tell()
        self.refresh()

    def _matching(self) -> list[str]:
        """Keys of the rows that the filter lets through; only new rows are looked at."""
        before, self._found = self._found, {}
        for key, row in self._rows.items():
            known = before.get(key)
            if known is None or known[0] is not row:
                known = row, _has(self._words, key, row, self._columns)
            self._found[key] = known
        return [key for key, (_, shown) in self._found.items() if shown]

    @property
    def _lines(self) -> int:
        """Rows that are in sight at a time."""
        return max(self.size.height - 1, 1)

    # -- drawing --------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Widths follow the listing's."""
        self.virtual_size = Size(event.size.width, len(self._keys) + 1)

    def _widths(self, width: int) -> list[tuple[Column[R], int]]:
        shown = [column for column in self._columns if column.from_width <= width]
        taken = 2 + sum(column.width + 1 for column in shown)
        spare = max(width - taken, 0)
        return [(c, c.width + (spare if c.flexible else 0)) for c in shown]

    def render_line(self, y: int) -> Strip:
        """The header, a row, or nothing."""
        width = self.size.width
        if y == 0:
            style = self.get_component_rich_style("listing--header")
            cells = [(_cell(c.title, w, c.align), style) for c, w in self._widths(width)]
            return self._strip("  ", style, cells, style, width)
        line = y - 1 + self.scroll_offset.y
        plain = self.rich_style
        if line >= len(self._keys):
            if not self._keys and y == 1:
                quiet = self.get_component_rich_style("listing--quiet")
                return Strip([Segment(f"  {self._empty}", quiet)]).adjust_cell_length(width, plain)
            return Strip.blank(width, plain)
        key = self._keys[line]
        row = self._rows[key]
        over = Style()
        if line == self.cursor:
            over = self.get_component_rich_style("listing--cursor", partial=True)
        marked = key in self.marked
        cells = []
        for column, wide in self._widths(width):
            tone = column.tone(row) if column.tone else ""
            style = plain
            if tone:
                style += self.get_component_rich_style(tone, partial=True)
            cells.append((_cell(column.cell(row), wide, column.align), style + over))
        mark = self.get_component_rich_style("listing--marked", partial=True)
        return self._strip(
            f"{_MARK} " if marked else "  ", plain + mark + over, cells, plain + over, width
        )

    def _strip(
        self,
        lead: str,
        lead_style: Style,
        cells: Sequence[tuple[str, Style]],
        rest: Style,
        width: int,
    ) -> Strip:
        segments = [Segment(lead, lead_style)]
        for text, style in cells:
            segments += [Segment(text, style), Segment(" ", rest)]
        return Strip(segments).adjust_cell_length(width, rest)

    # -- moving ---------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        """Stay on a row."""
        return max(0, min(cursor, len(self._keys) - 1))

    def watch_cursor(self, _before: int, _now: int) -> None:
        """Keep it in sight."""
        self._tell()
        top, lines = self.scroll_offset.y, self._lines
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + lines:
            self.scroll_to(y=self.cursor - lines + 1, animate=False)
        if self._held and self.cursor >= len(self._keys) - lines:
            self.post_message(self.NearEnd(self))
        self.refresh()

    def _tell(self) -> None:
        if self.key != self._at:
            self._at = self.key
            self.post_message(self.Highlighted(self, self.key))

    def action_move(self, lines: int) -> None:
        """By so many rows."""
        self._held = True
        self.cursor += lines

    def action_page(self, pages: int) -> None:
        """By so many screens."""
        self._held = True
        self.cursor += pages * max(self.size.height - 2, 1)

    def action_end(self, last: int) -> None:
        """To the last row (−1), or to the first (0), whichever that will be."""
        self._held = bool(last)
        self.cursor = len(self._keys) - 1 if last else 0

    def action_choose(self) -> None:
        """Open the row with the cursor."""
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def action_mark(self) -> None:
        """Mark the row or take its mark off, and go on to the next."""
        if self.key is not None:
            self._held = True
            self.marked ^= {self.key}
            self.cursor += 1
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; where it was already, open the row."""
        line = event.y - 1 + self.scroll_offset.y
        if event.y == 0 or not 0 <= line < len(self._keys):
            return
        self._held = True
        if line == self.cursor:
            self.action_choose()
        else:
            self.cursor = line


def _has(words: Sequence[str], key: str, row: R, columns: Sequence[Column[R]]) -> bool:
    text = " ".join([key, *(column.cell(row) for column in columns)]).casefold()
    return all(word in text for word in words)


def _cell(text: str, width: int, align: Literal["left", "right"]) -> str:
    """Exactly so many cells wide; what is cut says so."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, max(width - 1, 0)) + "…"[:width]
    return (
        text
        if size == width
        else (" " * (width - size) + text if align == "right" else text + " " * (width - size))
    )
