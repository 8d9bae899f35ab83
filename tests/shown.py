"""The screen of a job in tests: opened, with keys pressed, and nothing left to be fetched."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from consoles import PATIENCE, console, settle
from pycwtd_console.tui.screens.job import JobScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.pilot import Pilot

    from consoles import WatchedApp
    from support import Daemon


@asynccontextmanager
async def at(
    daemon: Daemon, job: str, size: tuple[int, int] = (100, 34), keys: str = ""
) -> AsyncIterator[tuple[WatchedApp, Pilot[None], JobScreen]]:
    """The screen of a job that has ended, with nothing left to be fetched."""
    async with console(daemon, size) as (app, pilot):
        app.open_job(job)
        await settle(app, pilot)
        await press(app, pilot, keys)
        assert isinstance(app.screen, JobScreen)
        yield app, pilot, app.screen


async def press(app: WatchedApp, pilot: Pilot[None], keys: str) -> None:
    """Press keys, and wait for what each of them fetches."""
    for key in keys.split():
        await pilot.press(key)
        await settle(app, pilot)


async def shown_soon(pilot: Pilot[None], wanted: Callable[[], object]) -> None:
    """Let the app deal with what has been pressed, until it has come to that."""
    async with asyncio.timeout(PATIENCE):
        while not wanted():
            await pilot.pause()
