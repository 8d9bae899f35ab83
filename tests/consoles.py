"""What the console's tests share: waiting for what it shows, and its screens as text."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pycwtd.client import Client
from pycwtd_console.tui.app import ConsoleApp
from pycwtd_console.tui.live import LiveSource
from pycwtd_console.tui.recording import replaying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from textual.pilot import Pilot

RECORDING = Path(__file__).parent / "console/tui/recording.jsonl"
SCREENS = Path(__file__).parent / "console/tui/screens"
SIZES = ((80, 24), (120, 40))
#: Nothing takes that long, even on a busy machine.
PATIENCE = 30.0


class WatchedApp(ConsoleApp):
    """A console whose changes can be waited for."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self._news = asyncio.Event()

    def changed(self, parts):
        """The same, and whoever waits is woken."""
        super().changed(parts)
        self._news.set()

    def _fatal_error(self):
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


def live(socket: Path) -> WatchedApp:
    """A console of the daemon on a socket."""

    @asynccontextmanager
    async def source() -> AsyncIterator[LiveSource]:
        async with Client(socket) as client:
            yield LiveSource(client)

    return WatchedApp(source, "the daemon")


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
    app = WatchedApp(lambda: replaying(recording, float("inf")), "a recording")
    async with app.run_test(size=size) as pilot:
        await app.until(lambda: app.model.link.state == "ended")
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
