"""The app: keys that hold everywhere, the feed behind it, and the way to the daemon."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding

from pycwtd_console.tui.controls import Controls
from pycwtd_console.tui.model import Link, Model
from pycwtd_console.tui.places import BY_NAME, PLACES, load
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.terminal import LEAST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from textual.binding import BindingType

    from pycwtd.client import Client
    from pycwtd_console.tui.feed import Feed
    from pycwtd_console.tui.keys import Configuration
    from pycwtd_console.tui.model import Part
    from pycwtd_console.tui.source import Source

T = TypeVar("T")
_WIDE = 110


class ConsoleApp(Controls):
    """The console.

    Args:
        source: makes what the console's knowledge comes from; called after the first paint.
        where: what that is, for people.
        configuration: keys and colours that the person has chosen.
    """

    CSS_PATH = Path(__file__).with_name("console.tcss")
    DEFAULT_MODE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(p.key, f"go('{p.name}')", p.title, id=f"go.{p.name}", show=False)
            for p in PLACES
        ),
        Binding("q", "leave", "Back", id="leave"),
        Binding("ctrl+r", "reconnect", "Reconnect now", id="reconnect", show=False),
        Binding("escape", "escape", "Back", id="leave.escape", show=False),
    ]

    def __init__(
        self,
        source: Callable[[], AbstractAsyncContextManager[Source]],
        where: str,
        configuration: Configuration | None = None,
    ) -> None:
        super().__init__(configuration)
        # Classes of all screens: too small for anything, or wide enough for two things abreast.
        self.HORIZONTAL_BREAKPOINTS = [(0, "-small"), (LEAST[0], "-narrow"), (_WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (LEAST[1], "-high")]
        self._make = source
        self.source: Source | None = None
        self.where = where
        self._link: Feed | None = None
        self.model = Model(Link("connecting", time.monotonic()))
        # The first of them is there from the beginning, in place of Textual's blank screen.
        for place in PLACES:
            self.add_mode(place.name, place.make)

    def on_load(self) -> None:
        """Have colours before there is a screen, whose widgets inherit them and remember."""
        self.stylesheet.apply(self)

    def on_mount(self) -> None:
        """Paint first, then connect."""
        # The terminal is left as it was found.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        self.call_after_refresh(self._connect)

    def _connect(self) -> None:
        gc.freeze()
        gc.enable()
        self.run_worker(self._feed(), name="feed", exit_on_error=True)

    async def _feed(self) -> None:
        # HTTP takes a quarter of a second to load.
        await asyncio.to_thread(importlib.import_module, "pycwtd_console.tui.live")
        from pycwtd_console.tui.feed import Feed  # noqa: PLC0415

        self._link = Feed(self._make, self.model, self.changed, self._use)
        await self._link.run()

    def _use(self, source: Source | None) -> None:
        self.source = source

    def action_reconnect(self) -> None:
        """Try the daemon now, rather than after the pause."""
        if self._link:
            self._link.hurry()

    async def older_jobs(self) -> None:
        """Fetch the page of jobs behind the oldest one that is known, if there is one."""
        from pycwtd.client import ClientError  # noqa: PLC0415 - not before the first paint

        cursor = self.model.older
        if cursor is None or self.source is None or self.model.full:
            return
        # Nobody else fetches the same page meanwhile.
        self.model.older = None
        try:
            page = await self.source.jobs(cursor=cursor, limit=1000)
        except ClientError:
            # The line on top says what is wrong with the link.
            self.model.older = cursor
            return
        self.model.older = page.next_cursor
        self.model.keep_jobs(page.jobs)
        self.changed(frozenset({"jobs"}))

    def changed(self, parts: frozenset[Part]) -> None:
        """Tell the screen that is looked at; the others look when they are gone back to."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ConsoleScreen):
                screen.changed(parts)
                break

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by OSC 52, which crosses SSH; tmux has to be asked to pass it on."""
        super().copy_to_clipboard(text)
        if os.environ.get("TMUX"):
            self.run_worker(_tell_tmux(text), exit_on_error=False)

    def may(self, role: str) -> bool:
        """Whether the person at the console has that role, as far as is known."""
        greeting = self.model.greeting
        if greeting is None:
            return False
        if self.source is not None and self.source.client is None:
            # Nothing can be done to a recording.
            return role == "viewer"
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

    async def leave(self) -> None:
        """The same, as a command."""
        self.action_leave()

    def action_escape(self) -> None:
        """Out of a field; then without the filter; then back."""
        from textual.widgets import Input  # noqa: PLC0415 - not before the first paint

        if isinstance(self.screen.focused, Input):
            self.screen.set_focus(None)
        elif not self.drop_filter():
            self.action_leave()

    async def find_job(self, prefix: str) -> None:
        """Open the job whose id begins so."""
        found = [job_id for job_id in self.model.jobs if job_id.startswith(prefix)]
        if len(found) == 1:
            self.open_job(found[0])
        elif job := await self.ask(lambda client: client.find(prefix)):
            self.open_job(job.job_id)

    async def ask(self, work: Callable[[Client], Awaitable[T]]) -> T | None:
        """Ask the daemon; what goes wrong is said on the screen, and None comes back."""
        from pycwtd.client import ClientError  # noqa: PLC0415

        if self.source is None:
            self.notify("there is no connection", severity="warning")
            return None
        client = self.source.client
        if client is None:
            self.notify("a recording has no more than what is shown", severity="warning")
            return None
        try:
            return await work(client)
        except ClientError as error:
            self.notify(error.detail, severity="error", timeout=10.0)
            return None


async def _tell_tmux(text: str) -> None:
    """Give a text to tmux's buffer, and by it to the terminal that tmux is in."""
    process = await asyncio.create_subprocess_exec(
        *("tmux", "load-buffer", "-w", "-"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.communicate(text.encode())
