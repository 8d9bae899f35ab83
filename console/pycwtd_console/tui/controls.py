"""What holds on every screen: the command line, the filter, the page of keys, themes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding

from pycwtd_console.tui import themes
from pycwtd_console.tui.paper import Colourless, Paper

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import BindingType
    from textual.command import Provider
    from textual.filter import LineFilter
    from textual.screen import Screen

    from pycwtd_console.tui.commands import Command
    from pycwtd_console.tui.keys import Configuration

#: Lines that the command line remembers.
_REMEMBERED = 200


def _palette() -> type[Provider]:
    from pycwtd_console.tui.commands import ConsoleCommands  # noqa: PLC0415 - not before it is used

    return ConsoleCommands


class Controls(App[None], inherit_bindings=False):
    """An app with the console's general keys.

    Textual's own ``ctrl+q`` isn't among them: terminals keep it for themselves.
    """

    TITLE = "pycwtd"
    COMMANDS: ClassVar[set[Any]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "command_line", "Command", id="app.command"),
        Binding("slash", "filter", "Filter", id="app.filter"),
        Binding("question_mark", "keys", "Keys", id="app.keys"),
        Binding("T", "theme", "Theme", id="app.theme", show=False, tooltip="Next theme"),
        Binding("ctrl+l", "redraw", "Draw all anew", id="app.redraw", show=False),
        Binding("ctrl+c", "interrupt", "How to leave", id="app.interrupt", show=False),
    ]

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__()
        for theme in themes.made():
            self.register_theme(theme)
        # Before any CSS is read: else all of it would be parsed anew for other colours.
        name = configuration.theme if configuration else themes.DEFAULT
        self.set_reactive(App.theme, name)
        self._variables = self.get_css_variables()
        self.stylesheet.set_variables(self._variables)
        # An empty one is none (https://no-color.org); Textual takes it for one.
        self.no_color = bool(os.environ.get("NO_COLOR"))
        self._colourless = Colourless()
        self._paper = Paper()
        self._configuration = configuration
        if configuration:
            self.set_keymap(dict(configuration.keys))
        self._lines: list[str] = []

    def get_system_commands(self, _screen: Screen[Any]) -> Iterable[Any]:
        """None of Textual's own: ours do the same."""
        return ()

    # -- the terminal ---------------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours there are none, where Textual has greys."""
        return [self._colourless] if self.no_color else super().get_line_filters()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write what is new on the terminal, and no more."""
        if isinstance(renderable, CompositorUpdate):
            renderable = self._paper.over(renderable, self.size)
        elif renderable is not None:
            self._paper.forget()
        super()._display(screen, renderable)

    def action_redraw(self) -> None:
        """Draw all of the screen: something else may have written on it."""
        self._paper.forget()
        self.refresh(layout=True)

    # -- the command line -----------------------------------------------------------------

    def action_command_line(self) -> None:
        """Ask what to do."""
        from pycwtd_console.tui.commands import commands  # noqa: PLC0415
        from pycwtd_console.tui.widgets.command_line import CommandLine  # noqa: PLC0415

        known = commands(self.screen)

        async def take(line: str | None) -> None:
            if line:
                self._lines = [*self._lines, line][-_REMEMBERED:]
                await self.execute(line, known)

        self.push_screen(CommandLine(known, self._lines), take)

    async def execute(self, line: str, known: dict[str, Command]) -> None:
        """Do what a line says, or say why not."""
        from pycwtd_console.tui.commands import CommandError, execute  # noqa: PLC0415

        try:
            await execute(line, known)
        except CommandError as error:
            self.notify(str(error), severity="warning")

    # -- keys -----------------------------------------------------------------------------

    def action_keys(self) -> None:
        """Show the keys that hold here."""
        from pycwtd_console.tui.widgets.key_page import KeyPage, keys_of  # noqa: PLC0415

        screen = self.screen
        self.push_screen(KeyPage(screen.title or "", keys_of(screen)))

    async def show_keys(self) -> None:
        """The same, as a command."""
        self.action_keys()

    def action_interrupt(self) -> None:
        """Say how to leave: who presses this may as well have wanted to copy."""
        self.notify("q goes back, :quit leaves the console")

    # -- filters --------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Cut the list down; which one, the focus says."""
        self.filter_list(self.screen, None)

    def filter_list(self, screen: Screen[Any], words: str | None) -> None:
        """Filter the list that has the focus, else the first one of a screen.

        Args:
            screen: where.
            words: what lines must have; None asks for it.
        """
        from pycwtd_console.tui.widgets.filter_line import FilterLine  # noqa: PLC0415
        from pycwtd_console.tui.widgets.listing import Listing  # noqa: PLC0415

        lists: list[Listing[Any]] = list(screen.query(Listing))
        if not lists:
            return
        listing = next((one for one in lists if one.has_focus), lists[0])
        there = list(screen.query(FilterLine))
        if there:
            line = there[0]
            if words is not None:
                line.value = words
        else:
            line = FilterLine(listing, words or "")
            screen.mount(line)
        if words is None:
            line.focus()
        else:
            listing.filter(words)
            listing.focus()

    def drop_filter(self) -> bool:
        """Take the screen's filter away; whether there was one."""
        from pycwtd_console.tui.widgets.filter_line import FilterLine  # noqa: PLC0415

        lines = list(self.screen.query(FilterLine))
        for line in lines:
            line.action_drop()
        return bool(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A filter is offered where there is a list."""
        if action == "filter" and self.screen_stack:
            from pycwtd_console.tui.widgets.listing import Listing  # noqa: PLC0415

            # A dialogue has no footer: the one below it goes on saying what holds there.
            below = next((s for s in reversed(self.screen_stack) if not s.is_modal), self.screen)
            return bool(below.query(Listing))
        return super().check_action(action, parameters)

    # -- themes ---------------------------------------------------------------------------

    def refresh_css(self, animate: bool = True) -> None:
        """Parse the CSS anew where there are other colours; apply it where it wasn't yet.

        Textual does both for every screen that is new, which would take a person's time.
        """
        variables = self.get_css_variables()
        if variables != self._variables:
            self._variables = variables
            super().refresh_css(animate)
            return
        for screen in self.screen_stack:
            if screen._css_update_count != self._css_update_count:
                screen._css_update_count = self._css_update_count
                self.stylesheet.update(screen, animate=animate)

    def action_theme(self) -> None:
        """The next theme, until one leaves."""
        self.choose_theme(themes.after(self.theme), keep=False)

    def choose_theme(self, name: str, *, keep: bool) -> None:
        """Change colours.

        Args:
            name: of the theme.
            keep: whether to write it into the console's file.
        """
        from pycwtd_console.tui.keys import default_path, keep_theme  # noqa: PLC0415

        self.theme = name
        if not keep:
            self.notify(f"theme {name}; ':theme {name} keep' keeps it")
            return
        path = self._configuration.path if self._configuration else default_path()
        try:
            keep_theme(path, name)
        except OSError as error:
            self.notify(f"{path}: can't be written: {error.strerror}", severity="error")
        else:
            self.notify(f"theme {name}, kept in {path}")
