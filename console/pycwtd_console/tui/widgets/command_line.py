"""The line at the bottom: ``:`` and what is to be done, with completion and history."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from pycwtd_console.tui.commands import completions

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from pycwtd_console.tui.commands import Command

#: So many candidates are listed above the line.
_SHOWN = 12


class _Completion(Suggester):
    def __init__(self, known: dict[str, Command]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._known = known

    async def get_suggestion(self, value: str) -> str | None:
        found = completions(value, self._known) if value else []
        return found[0] if found else None


class CommandLine(ModalScreen[str | None]):
    """Asks for a line; None where it is left with Escape.

    Args:
        known: what can be done.
        history: lines of before, oldest first.
    """

    DEFAULT_CSS = """
    CommandLine { background: transparent; align: left bottom; }
    CommandLine > Vertical { height: auto; background: $panel; }
    CommandLine Horizontal { height: 1; }
    CommandLine #colon { width: 2; color: $text-accent; text-style: bold; }
    CommandLine #offers { height: 1; color: $text-muted; padding: 0 1; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="line.close"),
        Binding("tab", "complete", "Complete", id="line.complete", priority=True),
        Binding("up", "recall(-1)", "Before", id="line.before", priority=True),
        Binding("down", "recall(1)", "After", id="line.after", priority=True),
    ]

    def __init__(self, known: dict[str, Command], history: list[str]) -> None:
        super().__init__()
        self._known = known
        self._history = history
        self._at = len(history)
        self._typed = ""
        self._offered: list[str] = []
        self._turn = 0

    def compose(self) -> ComposeResult:
        """What could be meant, above what is typed."""
        with Vertical():
            yield Static(id="offers", markup=False)
            with Horizontal():
                yield Static(" :", id="colon")
                yield Input(compact=True, suggester=_Completion(self._known), id="line")

    def on_mount(self) -> None:
        """All that there is."""
        self._offer("")

    def _offer(self, line: str) -> None:
        found = completions(line, self._known)
        name = line.partition(" ")[0]
        command = self._known.get(name)
        if command is not None and (len(found) <= 1 or not found):
            takes = f" {command.takes}" if command.takes else ""
            text = f"{command.name}{takes}: {command.title}"
        else:
            text = "  ".join(one.removeprefix(f"{name} ") for one in found[:_SHOWN])
            text += " …" if len(found) > _SHOWN else ""
        self.query_one("#offers", Static).update(text or "nothing begins like that")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what begins so."""
        if event.value not in self._offered:
            self._offered = []
        self._offer(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line."""
        self.dismiss(event.value.strip() or None)

    def action_close(self) -> None:
        """Nothing after all."""
        self.dismiss(None)

    def action_complete(self) -> None:
        """The next line that what was typed is the beginning of."""
        field = self.query_one(Input)
        if not self._offered:
            self._offered, self._turn = completions(field.value, self._known), -1
        if self._offered:
            self._turn = (self._turn + 1) % len(self._offered)
            self._put(self._offered[self._turn])

    def action_recall(self, step: int) -> None:
        """A line of before."""
        field = self.query_one(Input)
        if self._at == len(self._history):
            self._typed = field.value
        self._at = max(0, min(self._at + step, len(self._history)))
        self._put(self._history[self._at] if self._at < len(self._history) else self._typed)

    def _put(self, line: str) -> None:
        field = self.query_one(Input)
        field.value = line
        field.cursor_position = len(line)
