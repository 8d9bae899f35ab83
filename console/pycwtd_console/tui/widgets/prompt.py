"""Small dialogues: one of a list, one line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from pycwtd_console.tui.widgets.listing import Column, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.suggester import Suggester


class Pick(ModalScreen[str | None]):
    """Asks for one of several; None where it is left with Escape. Typing filters.

    Args:
        title: what is to be chosen.
        choices: key and text of each.
        empty: what is said where there is none.
    """

    DEFAULT_CSS = """
    Pick { align: center middle; }
    Pick > Vertical {
        width: 76; max-width: 95%; height: 70%;
        background: $panel; border: round $primary;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="pick.close"),
        Binding("up", "move(-1)", "Up", id="pick.up", show=False),
        Binding("down", "move(1)", "Down", id="pick.down", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], empty: str) -> None:
        super().__init__()
        self._title = title
        self._choices = dict(choices)
        self._empty = empty

    def compose(self) -> ComposeResult:
        """A filter, and the list."""
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = "Enter chooses, Esc closes"
            yield Input(placeholder="filter", compact=True)
            columns: list[Column[str]] = [Column("", 40, str, flexible=True)]
            yield Listing(columns, empty=self._empty)

    def on_mount(self) -> None:
        """Show them."""
        self.query_one(Listing).show(self._choices)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Cut it down."""
        self.query_one(Listing).filter(event.value)

    def on_input_submitted(self) -> None:
        """The one that has the cursor."""
        key = self.query_one(Listing).key
        if key is not None:
            self.dismiss(key)

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        """This one."""
        self.dismiss(event.key)

    def action_move(self, lines: int) -> None:
        """Move the cursor from within the filter."""
        self.query_one(Listing).action_move(lines)

    def action_close(self) -> None:
        """None of them."""
        self.dismiss(None)


class Ask(ModalScreen[str | None]):
    """Asks for a line; None where it is left with Escape.

    Args:
        question: what is asked for.
        text: what stands there at first.
        suggester: completes it.
        wrong: says what is wrong with a line; empty where nothing is.
    """

    DEFAULT_CSS = """
    Ask { align: center middle; }
    Ask > Vertical {
        width: 76; max-width: 95%; height: auto;
        background: $panel; border: round $primary; padding: 0 1;
    }
    Ask #wrong { height: auto; color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="ask.close"),
        Binding("tab", "complete", "Complete", id="ask.complete", priority=True),
    ]

    def __init__(
        self,
        question: str,
        text: str = "",
        suggester: Suggester | None = None,
        wrong: Callable[[str], str] = lambda _: "",
    ) -> None:
        super().__init__()
        self._question = question
        self._text = text
        self._suggester = suggester
        self._wrong = wrong

    def compose(self) -> ComposeResult:
        """One line, and what is wrong with it."""
        with Vertical() as box:
            box.border_title = self._question
            box.border_subtitle = "Enter goes on, Tab completes, Esc closes"
            yield Input(self._text, compact=True, suggester=self._suggester)
            yield Static(id="wrong", markup=False)

    def on_input_changed(self) -> None:
        """What was wrong may be right now."""
        self.query_one("#wrong", Static).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, if it is right."""
        wrong = self._wrong(event.value.strip())
        if wrong:
            self.query_one("#wrong", Static).update(f"✗ {wrong}")
        else:
            self.dismiss(event.value.strip())

    async def action_complete(self) -> None:
        """What the suggester says."""
        field = self.query_one(Input)
        if self._suggester and (found := await self._suggester.get_suggestion(field.value)):
            field.value = found
            field.cursor_position = len(found)

    def action_close(self) -> None:
        """Nothing after all."""
        self.dismiss(None)
