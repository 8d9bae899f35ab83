"""A line of a form: name, what is entered, and what is right or wrong about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from pycwtd_console.tui.schema import NO, NONE, YES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.suggester import Suggester

    from pycwtd_console.tui.schema import FieldSpec


class Choice(Widget, can_focus=True):
    """One of several words, in one line: arrows and space change it, a letter jumps."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; }
    Choice:focus { background: $primary-background; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "turn(1)", "Next", id="choice.next", show=False),
        Binding("left", "turn(-1)", "Previous", id="choice.previous", show=False),
    ]

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another word is chosen."""

        def __init__(self, choice: Choice, value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

    def __init__(self, options: Sequence[str], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.options = list(options)
        self.set_reactive(Choice.value, value if value in self.options else self.options[0])

    def render(self) -> Content:
        """The word between arrows."""
        return Content.assemble(("‹ ", "$text-muted"), self.value, (" ›", "$text-muted"))

    def watch_value(self, value: str) -> None:
        """Tell."""
        self.post_message(self.Changed(self, value))

    def action_turn(self, step: int) -> None:
        """The next one, round and round."""
        at = self.options.index(self.value)
        self.value = self.options[(at + step) % len(self.options)]

    def on_key(self, event: events.Key) -> None:
        """A letter: the next option that begins with it."""
        letter = event.character
        if not letter or not letter.isalpha():
            return
        at = self.options.index(self.value)
        turned = self.options[at + 1 :] + self.options[: at + 1]
        found = next((one for one in turned if one.startswith(letter)), None)
        if found is not None:
            self.value = found
            event.stop()

    def on_click(self) -> None:
        """The same by mouse."""
        self.action_turn(1)


class FieldRow(Horizontal):
    """A field of a request.

    Args:
        spec: what it takes.
        text: what stands in it; empty is the default.
        suggester: completes it, where it is typed.
        options: words that it takes, where the schema doesn't say.
    """

    DEFAULT_CSS = """
    FieldRow { height: 1; }
    FieldRow > .name { width: 21; color: $text-muted; padding: 0 1; }
    FieldRow > .entry { width: 22; }
    FieldRow > .note { width: 1fr; color: $text-muted; padding: 0 1; text-overflow: ellipsis; }
    FieldRow.-series > .entry { width: 1fr; }
    FieldRow.-series > .note { width: 34; }
    FieldRow.-wrong > .note { color: $text-error; text-style: bold; }
    FieldRow.-wrong > .name { color: $text-error; }
    """

    class Changed(Message):
        """Something else stands in it."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

    def __init__(
        self,
        spec: FieldSpec,
        text: str,
        suggester: Suggester | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(classes="-series" if spec.kind == "series" else "")
        self.spec = spec
        self._text = text
        self._suggester = suggester
        self._options = list(options) or _options(spec)
        self._said = ""
        self._note = ""
        #: What is wrong with it, for people; empty where nothing is.
        self.wrong = ""

    def compose(self) -> ComposeResult:
        """Three columns."""
        spec = self.spec
        yield Static(spec.name + ("*" if spec.required else ""), classes="name", markup=False)
        name = f"field-{spec.name}"
        if self._options:
            choice = Choice(self._options, self._text or spec.shown_default, id=name)
            choice.add_class("entry")
            yield choice
        else:
            hint = "FILE[:COLUMN] or @ID" if spec.kind == "series" else spec.shown_default
            yield Input(
                self._text,
                placeholder=hint,
                compact=True,
                suggester=self._suggester,
                id=name,
                classes="entry",
            )
        yield Static(classes="note", markup=False)

    def on_mount(self) -> None:
        """What is right, or wrong already."""
        self.check()

    @property
    def text(self) -> str:
        """What stands in it."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        if self._options:
            choice = self.query_one(Choice)
            if text in choice.options:
                choice.value = text
        else:
            self.query_one(Input).value = text

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """Look at it."""
        event.stop()
        self._take(event.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look at it."""
        event.stop()
        self._take(event.value)

    def _take(self, text: str) -> None:
        if text == self._text:
            return
        self._text = text
        self._said = ""
        self.check()
        self.post_message(self.Changed(self))

    def check(self) -> None:
        """Say what is wrong by the schema, else what others have found."""
        own = ""
        if self.spec.kind != "series" and self._text.strip():
            try:
                self.spec.parse(self._text)
            except ValueError as error:
                own = str(error)
        self.wrong = own or self._said
        self.set_class(bool(self.wrong), "-wrong")
        note = f"✗ {self.wrong}" if self.wrong else self._note or self.spec.range
        self.query_one(".note", Static).update(note)

    def say(self, wrong: str) -> None:
        """What somebody else has found wrong; holds until it is changed."""
        self._said = wrong
        self.check()

    def note(self, text: str) -> None:
        """Something beside it, in place of what it takes."""
        self._note = text
        self.check()


def _options(spec: FieldSpec) -> list[str]:
    if spec.kind == "boolean":
        return [YES, NO]
    if spec.kind == "choice":
        return [*([NONE] if spec.nullable else []), *spec.choices]
    return []
