"""The line in which one types what a list shall be cut down to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.binding import BindingType

    from pycwtd_console.tui.widgets.listing import Listing


class FilterLine(Input):
    """Filters a listing while it is typed into; stays in sight as long as the filter holds.

    Args:
        listing: what is filtered.
    """

    DEFAULT_CSS = """
    FilterLine { dock: bottom; margin-bottom: 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "No filter", id="filter.drop"),
        Binding("down", "to_list", "To the list", id="filter.list", show=False),
    ]

    def __init__(self, listing: Listing[Any], words: str = "") -> None:
        super().__init__(
            words, placeholder="filter: words that lines must have", compact=True, id="filter"
        )
        self._listing = listing

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by what stands there now."""
        event.stop()
        self._listing.filter(event.value)
        self.border_title = event.value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Back to the list; an empty filter goes."""
        event.stop()
        if self.value.strip():
            self._listing.focus()
        else:
            self.action_drop()

    def action_to_list(self) -> None:
        """Leave the filter as it is, and go to the list."""
        self._listing.focus()

    def action_drop(self) -> None:
        """All lines again."""
        self._listing.filter("")
        self._listing.focus()
        self.remove()
