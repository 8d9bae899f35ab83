"""``?``: the keys that hold where one is, in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.screen import Screen

Group = tuple[str, list[tuple[str, str]]]


def keys_of(screen: Screen[Any]) -> list[Group]:
    """Keys by what they belong to: here, lists and fields, everywhere, places."""
    groups: dict[str, dict[str, list[str]]] = {"Here": {}, "In what has the focus": {}}
    groups |= {"Everywhere": {}, "Places": {}}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not binding.description or not active.enabled:
            continue
        if (binding.id or "").startswith("go."):
            group = "Places"
        elif active.node is screen and not type(active.node).__module__.startswith("textual"):
            group = "Here"
        elif active.node is screen.app:
            group = "Everywhere"
        elif type(active.node).__module__.startswith("pycwtd_console"):
            group = "In what has the focus"
        else:
            continue
        # Those of Textual's own have no id.
        if binding.id is None and not binding.action.endswith("command_palette"):
            continue
        title = binding.tooltip or binding.description
        display = screen.app.get_key_display(binding)
        groups[group].setdefault(title, []).append(display)
    return [
        (name, [(" ".join(keys), title) for title, keys in rows.items()])
        for name, rows in groups.items()
        if rows
    ]


class KeyPage(ModalScreen[None]):
    """The keys, over the screen that they hold on."""

    DEFAULT_CSS = """
    KeyPage { align: center middle; }
    KeyPage > VerticalScroll {
        width: 76; max-width: 95%; height: auto; max-height: 90%;
        background: $panel; border: round $primary; padding: 0 1;
    }
    KeyPage Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "Close", id="keys.close"),
    ]

    def __init__(self, title: str, groups: list[Group]) -> None:
        super().__init__()
        self._title = title
        #: What is shown.
        self.groups = groups

    def compose(self) -> ComposeResult:
        """One table after the other."""
        with VerticalScroll() as scroll:
            scroll.border_title = f"Keys: {self._title}"
            scroll.border_subtitle = "Esc closes"
            for name, rows in self.groups:
                yield Static(Text(name, style="bold underline"))
                yield Static(_table(rows))

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)


def _table(rows: list[tuple[str, str]]) -> Table:
    """Two pairs of columns."""
    table = Table.grid(padding=(0, 1))
    for _ in range(2):
        table.add_column(width=9, no_wrap=True, style="bold")
        table.add_column(width=24)
    half = (len(rows) + 1) // 2
    for at in range(half):
        right = rows[at + half] if at + half < len(rows) else ("", "")
        table.add_row(*rows[at], *right)
    return table
