"""What the console's tests share: waiting for what it shows, and its screens as text."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pycwtd.client import Client
from pycwtd_console.tui import app as app_module
from pycwtd_console.tui.app import ConsoleApp
from pycwtd_console.tui.live import LiveSource
from pycwtd_console.tui.recording import replaying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from textual.pilot import Pilot

    from pycwtd_console.tui.keys import Configuration
    from support import Daemon

RECORDING = Path(__file__).parent / "console/tui/recording.jsonl"
SCREENS = Path(__file__).parent / "console/tui/screens"
SIZES = ((80, 24), (120, 40))
#: Nothing takes that long, even on a busy machine.
PATIENCE = 120.0


class WatchedApp(ConsoleApp):
    """A console whose changes can be waited for, and which remembers what it has said."""

    CSS_PATH = Path(app_module.__file__).with_name("console.tcss")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._news = asyncio.Event()
        self.said: list[str] = []

    def changed(self, parts: Any) -> None:
        """The same, and whoever waits is woken."""
        super().changed(parts)
        self._news.set()

    def notify(self, message: str, **options: Any) -> None:
        """The same, and it is kept."""
        self.said.append(message)
        super().notify(message, **options)

    def _fatal_error(self) -> None:
        super()._fatal_error()
        self._news.set()

    async def until(self, wanted: Callable[[], object]) -> None:
        """Wait for a change after which it is so."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not wanted():
                    if self._exception:
                        raise self._exception
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not so in time; the link: {self.model.link}") from None

    @property
    def text(self) -> str:
        """What is on the screen, without colours."""
        lines = (
            "".join(s.text for s in strip) for strip in self.screen._compositor.render_strips()
        )
        return "\n".join(line.rstrip() for line in lines) + "\n"


AnyApp = TypeVar("AnyApp", bound=WatchedApp)


def live(socket: Path) -> WatchedApp:
    """A console of the daemon on a socket."""

    @asynccontextmanager
    async def source() -> AsyncIterator[LiveSource]:
        async with Client(socket) as client:
            yield LiveSource(client)

    return WatchedApp(source, "the daemon")


@asynccontextmanager
async def console(
    daemon: Daemon,
    size: tuple[int, int] = (80, 24),
    *,
    url: str | None = None,
    token: str | None = None,
    configuration: Configuration | None = None,
) -> AsyncIterator[tuple[WatchedApp, Pilot[None]]]:
    """A console that is connected, with the role that the socket or the token gives it."""

    @asynccontextmanager
    async def source() -> AsyncIterator[LiveSource]:
        async with Client(daemon.socket, url=url, token=token) as client:
            yield LiveSource(client)

    app = WatchedApp(source, "the daemon", configuration)
    async with app.run_test(size=size) as pilot:
        await app.until(lambda: app.model.link.state == "live")
        await settle(app, pilot)
        yield app, pilot


@asynccontextmanager
async def recorded(
    size: tuple[int, int] = (80, 24),
    recording: Path = RECORDING,
    kind: type[AnyApp] = WatchedApp,
) -> AsyncIterator[tuple[AnyApp, Pilot[None]]]:
    """A console at the end of a recording."""
    app = kind(lambda: replaying(recording, float("inf")), "a recording")
    async with app.run_test(size=size) as pilot:
        await app.until(lambda: app.model.link.state == "ended")
        await pilot.pause()
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


async def go(app: WatchedApp, pilot: Pilot[None], place: str) -> None:
    """Go to a place, and wait for what it asks for."""
    app.action_go(place)
    await pilot.pause()
    await settle(app, pilot)


async def type_in(pilot: Pilot[None], text: str) -> None:
    """Press the keys of a text."""
    for letter in text:
        await pilot.press(letter)


def dump(app: WatchedApp) -> str:
    """The screen as lines of text."""
    return app.text


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


@contextlib.contextmanager
def utc() -> Iterator[None]:
    """Local time is UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


async def screen(keys: str, size: tuple[int, int], recording: Path = RECORDING) -> str:
    """A screen at the end of the recording, as text, after some keys."""
    async with recorded(size, recording) as (app, pilot):
        await press(pilot, keys)
        for _ in range(3):
            # The keys at the bottom are made anew after what they are of.
            await pilot.pause()
        return app.text


async def press(pilot: Pilot[None], keys: str) -> None:
    """Press keys, one after the other, and wait until they have been dealt with."""
    for key in keys.split():
        await pilot.press(key)
        await pilot.pause()


#: Screens that are kept as text, and the keys that lead to them from the overview.
KEPT = {
    "overview": "",
    "jobs": "2",
    "device": "shift+tab down enter",
}


def main() -> None:
    """Write the kept screens anew; what has changed shows in the diff."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    SCREENS.mkdir(exist_ok=True)
    for name, keys in KEPT.items():
        for size in SIZES:
            path = SCREENS / f"{name}-{size[0]}x{size[1]}.txt"
            path.write_text(asyncio.run(screen(keys, size)), encoding="utf-8")


if __name__ == "__main__":
    main()
