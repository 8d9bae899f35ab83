"""A question before something is changed: it says what will happen, and Enter alone isn't a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class Confirm(ModalScreen[bool]):
    """Asks; the answer is True for yes and False for everything else.

    Args:
        sentence: what will happen, whole sentences.
        yes: the answer that lets it happen, as a verb: "Cancel 3 jobs".
        no: the answer that doesn't.
    """

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical {
        width: 60; max-width: 90%; height: auto; max-height: 90%;
        border: round $warning; padding: 0 1; background: $surface;
    }
    Confirm .-answers { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes"),
        Binding("n,escape,q", "answer(False)", "No", id="confirm.no"),
    ]

    def __init__(self, sentence: str, yes: str, no: str = "Leave it as it is") -> None:
        super().__init__()
        self.sentence = sentence
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The sentence, and the two keys."""
        with Vertical():
            yield Static(self.sentence, markup=False)
            yield Static(
                Content.assemble(("y", "bold"), f" {self._yes}   ", ("n", "bold"), f" {self._no}"),
                classes="-answers",
            )

    def action_answer(self, yes: bool) -> None:
        """Give the answer to whoever asked."""
        self.dismiss(yes)
