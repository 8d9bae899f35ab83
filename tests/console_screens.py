"""The console for tests: run without a terminal, on a real daemon, and read as text."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycwtd.client import Client
from pycwtd_console.tui import app as app_module
from pycwtd_console.tui.app import ConsoleApp
from pycwtd_console.tui.live import LiveSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.pilot import Pilot

    from pycwtd_console.tui.keys import Configuration
    from support import Daemon

#: Whatever happens on a busy machine has happened by then (seconds).
PATIENCE = 60


class Watched(ConsoleApp):
    """An app that a test can wait for."""

    CSS_PATH = Path(app_module.__file__).with_name("console.tcss")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rang = asyncio.Event()
        self.said: list[str] = []

    def changed(self, parts: Any) -> None:
        super().changed(parts)
        self._rang.set()

    def notify(self, message: str, **options: Any) -> None:
        self.said.append(message)
        super().notify(message, **options)

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait for the model to be so."""
        async with asyncio.timeout(PATIENCE):
            while not wanted():
                self._rang.clear()
                await self._rang.wait()


@asynccontextmanager
async def console(
    daemon: Daemon,
    size: tuple[int, int] = (80, 24),
    *,
    url: str | None = None,
    token: str | None = None,
    configuration: Configuration | None = None,
) -> AsyncIterator[tuple[Watched, Pilot[None]]]:
    """A console that is connected, with the role that the socket or the token gives it."""

    @asynccontextmanager
    async def source() -> AsyncIterator[LiveSource]:
        async with Client(daemon.socket, url=url, token=token) as client:
            yield LiveSource(client)

    app = Watched(source, "the daemon", configuration)
    async with app.run_test(size=size) as pilot:
        await app.until(lambda: app.model.link.state == "live")
        await settle(app, pilot)
        yield app, pilot


async def settle(app: ConsoleApp, pilot: Pilot[None]) -> None:
    """Until nothing goes on in the background but the feed."""
    await pilot.pause()
    while busy := [w for w in app.workers if w.name != "feed" and not w.is_finished]:
        async with asyncio.timeout(PATIENCE):
            # One that is given up for another is no failure.
            await asyncio.gather(*(w.wait() for w in busy), return_exceptions=True)
        await pilot.pause()
    await pilot.pause()


async def go(app: Watched, pilot: Pilot[None], place: str) -> None:
    """Go to a place, and wait for what it asks for."""
    app.action_go(place)
    await pilot.pause()
    await settle(app, pilot)


async def type_in(pilot: Pilot[None], text: str) -> None:
    """Press the keys of a text."""
    for letter in text:
        await pilot.press(letter)


def dump(app: ConsoleApp) -> str:
    """The screen as lines of text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(s.text for s in line).rstrip() for line in strips) + "\n"


#: What differs from one run and one machine to another, in dumps; as long as it was.
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]*"), "0"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "0"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "0"),
    (re.compile(r"\d\d:\d\d(:\d\d)?"), "0"),
    (re.compile(r"/tmp/[\w./-]+"), "/"),
)
#: The end of a scroll bar moves with every line that a list has more.
_THUMB = re.compile(r" *[▁-▇]$", re.MULTILINE)


def plain(text: str) -> str:
    """A dump without what varies."""
    for pattern, sign in _VARYING:
        text = pattern.sub(lambda found, sign=sign: re.sub(r"\w", sign, found[0]), text)
    return _THUMB.sub("", text)


def agrees(folder: Path, name: str, text: str) -> None:
    """Compare a dump with the one that is kept; ``PYCWTD_DUMPS=write`` keeps it.

    Raises:
        AssertionError: they differ.
    """
    path = folder / f"{name}.txt"
    if os.environ.get("PYCWTD_DUMPS") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain(text), encoding="utf-8")
    assert plain(text) == path.read_text(encoding="utf-8"), f"{path} looks different now:\n{text}"
