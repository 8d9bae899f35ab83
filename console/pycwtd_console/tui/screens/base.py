"""What all screens have: the line that tells the truth about the link, a body, the keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.screen import Screen
from textual.widgets import Static

from pycwtd_console.tui.terminal import LEAST
from pycwtd_console.tui.widgets.key_line import KeyLine
from pycwtd_console.tui.widgets.link_line import LinkLine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from pycwtd.client import Client
    from pycwtd_console.tui.app import ConsoleApp
    from pycwtd_console.tui.model import Model, Part

T = TypeVar("T")

_SMALL = f"The console needs {LEAST[0]} columns and {LEAST[1]} lines: make the terminal larger."


class ConsoleScreen(Screen[None]):
    """A screen of the console.

    A subclass gives :meth:`body` and :meth:`show`, and names in ``PARTS`` what of the model it
    shows. Actions that change something go through :meth:`ask`.
    """

    TITLE = ""
    #: Parts of the model whose changes :meth:`show` is called for.
    PARTS: ClassVar[frozenset[Part]] = frozenset()
    #: Least role for an action, by the action's name: the others don't see it.
    ROLES: ClassVar[dict[str, str]] = {}

    @property
    def console(self) -> ConsoleApp:
        """The app, as what it is."""
        return cast("ConsoleApp", self.app)

    @property
    def model(self) -> Model:
        """What is known."""
        return self.console.model

    @property
    def heading(self) -> str:
        """Where one is, for the first line."""
        return self.TITLE or ""

    def compose(self) -> ComposeResult:
        """Link on top, keys at the bottom."""
        yield Static(_SMALL, id="small")
        yield LinkLine(self.heading)
        yield from self.body()
        yield KeyLine()

    def body(self) -> list[Widget]:
        """What is between them; every screen has its own."""
        return []

    def show(self, parts: frozenset[Part]) -> None:
        """Show the model anew; ``parts`` of it have changed."""

    def on_screen_resume(self) -> None:
        """Somebody looks at it again: what has changed meanwhile is shown."""
        self.changed(self.PARTS | {"link"})

    def changed(self, parts: frozenset[Part]) -> None:
        """Called by the app for the screen that is looked at."""
        if not self.is_mounted:
            return
        if "link" in parts:
            self.query_one(LinkLine).refresh_link()
            self.refresh_bindings()
        if parts & self.PARTS:
            self.show(parts & self.PARTS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the role may not do isn't offered."""
        needed = self.ROLES.get(action)
        return True if needed is None else self.console.may(needed)

    def begin(self, work: Callable[..., Awaitable[None]], *arguments: Any, group: str) -> None:
        """Do something in the background; what the same group did before is given up.

        Args:
            work: what to do.
            arguments: of it.
            group: of works of which the last one counts.
        """
        bound: Callable[[], Awaitable[None]] = partial(work, *arguments)
        self.run_worker(cast("Any", bound), group=group, exclusive=True)

    async def sure(self, sentence: str, yes: str) -> bool:
        """Ask the person before something is changed; only from within a worker (``@work``).

        Args:
            sentence: what will happen.
            yes: the answer that lets it happen, as a verb: "Cancel 3 jobs".
        """
        from pycwtd_console.tui.widgets.confirm import Confirm  # noqa: PLC0415 - seldom needed

        answer: bool = await self.app.push_screen_wait(Confirm(sentence, yes))
        return answer

    async def ask(self, work: Callable[[Client], Awaitable[T]]) -> T | None:
        """Ask the daemon for something; what goes wrong is said on the screen.

        Returns:
            Its answer; None where there is none, and the person has been told.
        """
        return await self.console.ask(work)
