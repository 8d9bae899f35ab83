"""The last line of every screen: the keys that hold there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events
    from textual.screen import Screen


class Hint(NamedTuple):
    """A key, as it is named for people, and what it does."""

    key: str
    shown: str
    does: str
    #: Whether it does so now.
    enabled: bool


class KeyLine(Widget):
    """One widget for all keys, where Textual's footer makes one for each.

    A footer of its own making costs a twentieth of the start, and is taken apart and made anew
    with every move of the focus.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--off"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1;
        color: $footer-foreground; background: $footer-background;
    }
    KeyLine > .key-line--key { color: $footer-key-foreground; text-style: bold; }
    KeyLine > .key-line--off { text-style: dim; }
    """

    def __init__(self) -> None:
        super().__init__()
        #: What is shown, from left to right.
        self.hints: list[Hint] = []

    def on_mount(self) -> None:
        """Be told of other keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_unmount(self) -> None:
        """No longer."""
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen and screen.app.app_focus:
            hints = self._hints()
            if hints != self.hints:
                self.hints = hints
                self.refresh()

    def _hints(self) -> list[Hint]:
        """The first key of every action that is to be shown."""
        found: dict[str, Hint] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show:
                shown = self.app.get_key_display(binding)
                hint = Hint(binding.key, shown, binding.description, enabled)
                found.setdefault(binding.action, hint)
        return list(found.values())

    def render_line(self, y: int) -> Strip:
        """Keys and what they do."""
        plain, off = self.rich_style, self.get_component_rich_style("key-line--off", partial=True)
        bold = plain + self.get_component_rich_style("key-line--key", partial=True)
        segments: list[Segment] = []
        for hint in self.hints:
            dim = not hint.enabled
            segments.append(Segment(hint.shown, bold + off if dim else bold))
            segments.append(Segment(f" {hint.does} ", plain + off if dim else plain))
        return Strip(segments).adjust_cell_length(self.size.width, plain)

    def on_click(self, event: events.Click) -> None:
        """As if the key had been pressed."""
        end = 0
        for hint in self.hints:
            end += cell_len(hint.shown) + cell_len(hint.does) + 2
            if event.x < end:
                if hint.enabled:
                    self.app.simulate_key(hint.key)
                return
