"""The app: keys that hold everywhere, the feed behind it, and the way to the daemon."""

from __future__ import annotations

import asyncio
import importlib
import time
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import App
from textual.binding import Binding

from pycwtd_console.tui.model import Link, Model
from pycwtd_console.tui.places import BY_NAME, PLACES, load
from pycwtd_console.tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from textual.binding import BindingType

    from pycwtd.client import Client
    from pycwtd_console.tui.model import Part
    from pycwtd_console.tui.source import Source

T = TypeVar("T")


class ConsoleApp(App[None]):
    """The console.

    Args:
        source: makes what the console's knowledge comes from; called after the first paint.
        where: what that is, for people.
    """

    CSS_PATH = "console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(p.key, f"go('{p.name}')", p.title, id=f"go.{p.name}", show=False)
            for p in PLACES
        ),
        Binding("q", "leave", "Back", id="leave"),
        Binding("escape", "leave", "Back", id="leave.escape", show=False),
    ]

    def __init__(
        self, source: Callable[[], AbstractAsyncContextManager[Source]], where: str
    ) -> None:
        super().__init__()
        self._make = source
        self.source: Source | None = None
        self.where = where
        self.model = Model(Link("connecting", time.monotonic()))

    def on_mount(self) -> None:
        """Paint first, then connect."""
        for place in PLACES:
            self.add_mode(place.name, place.make)
        self.switch_mode("overview")
        self.call_after_refresh(self._connect)

    def _connect(self) -> None:
        self.run_worker(self._feed(), name="feed", exit_on_error=True)

    async def _feed(self) -> None:
        # HTTP takes a quarter of a second to load.
        await asyncio.to_thread(importlib.import_module, "pycwtd_console.tui.live")
        from pycwtd_console.tui.feed import Feed  # noqa: PLC0415

        async with self._make() as source:
            self.source = source
            await Feed(source, self.model, self.changed).run()

    def changed(self, parts: frozenset[Part]) -> None:
        """Tell the screen that is looked at; the others look when they are gone back to."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ConsoleScreen):
                screen.changed(parts)
                break

    def may(self, role: str) -> bool:
        """Whether the person at the console has that role, as far as is known."""
        greeting = self.model.greeting
        if greeting is None:
            return False
        from pycwtd.access.roles import ROLES  # noqa: PLC0415 - not before the first paint

        return ROLES.index(greeting.role) >= [str(name) for name in ROLES].index(role)

    def action_go(self, name: str) -> None:
        """Go to a place."""
        place = BY_NAME[name]
        if self.may(place.role) or place.role == "viewer":
            self.switch_mode(name)
        else:
            self.notify(f"{place.title} needs the role {place.role}", severity="warning")

    def open_job(self, job_id: str) -> None:
        """Show one job, above what is looked at."""
        self.push_screen(load("job", "JobScreen")(job_id))

    def open_device(self, device_id: str) -> None:
        """Show one device, above what is looked at."""
        self.push_screen(load("device", "DeviceScreen")(device_id))

    def action_leave(self) -> None:
        """Where one came from; from a place of its own, to the overview; from there, out."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.current_mode != "overview":
            self.switch_mode("overview")
        else:
            self.exit()

    async def ask(self, work: Callable[[Client], Awaitable[T]]) -> T | None:
        """Ask the daemon; what goes wrong is said on the screen, and None comes back."""
        from pycwtd.client import ClientError  # noqa: PLC0415

        client = self.source.client if self.source else None
        if client is None:
            self.notify("a recording has no more than what is shown", severity="warning")
            return None
        try:
            return await work(client)
        except ClientError as error:
            self.notify(error.detail, severity="error", timeout=10.0)
            return None
