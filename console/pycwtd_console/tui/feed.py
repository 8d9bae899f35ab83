"""Keeps the model true: connects, follows the events, asks anew for what has changed, reconnects.

An event isn't believed to say how things are now: it says what to ask for again. So the order
in which answers and events arrive doesn't matter, and a gap in the events costs nothing but the
lines that would have told of it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from pycwtd.client import ClientError
from pycwtd_console.tui.model import Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_console.tui.model import LinkState, Model, Part
    from pycwtd_console.tui.source import Happening, Source

#: First and longest pause between two attempts (seconds).
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
#: Changes are asked for together, no more often than that (seconds).
_BREATH = 0.1
#: More jobs than that at once are asked for by the page.
_ONE_BY_ONE = 8
#: Progress of what is running is asked for so often (seconds), and of nothing else.
_TICK = 1.0
_REFUSED = frozenset({401, 403})
_ALL: frozenset[Part] = frozenset({"jobs", "devices", "backends", "health"})


class Feed:
    """Runs until it is cancelled.

    Args:
        source: what is asked.
        model: what is written.
        changed: is told which parts of the model are new.
    """

    def __init__(
        self, source: Source, model: Model, changed: Callable[[frozenset[Part]], None]
    ) -> None:
        self._source = source
        self._model = model
        self._changed = changed
        self._seen: int | None = None
        self._dirty: set[Part] = set()
        self._dirty_jobs: set[str] = set()
        self._bell = asyncio.Event()

    async def run(self) -> None:
        """Connect, and connect again, for ever."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._follow())
                    group.create_task(self._renew())
                    group.create_task(self._tick())
            except* ClientError as errors:
                error = _first(errors)
            if self._model.link.state == "live":
                pause = _FIRST_PAUSE
            state: LinkState = "refused" if error.status in _REFUSED else "reconnecting"
            since = time.monotonic() if self._model.link.state != state else self._model.link.since
            self._model.link = Link(state, since, error.detail)
            self._changed(frozenset({"link"}))
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _follow(self) -> None:
        self._model.greeting = await self._source.hello()
        async for item in self._source.events(self._seen):
            if item is None:
                self._wake(set(_ALL))
            else:
                self._take(item)

    def _take(self, event: Happening) -> None:
        self._seen = event.seq
        self._model.events.append(event)
        self._changed(frozenset({"events"}))
        if event.type == "gap":
            self._wake(set(_ALL))
        elif event.job_id is not None:
            self._dirty_jobs.add(event.job_id)
            self._wake(set())
        elif event.type.startswith("device."):
            self._wake({"devices", "backends"})

    def _wake(self, parts: set[Part]) -> None:
        self._dirty |= parts
        self._bell.set()

    async def _renew(self) -> None:
        """Ask for what has changed; all at once after a connection."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            parts, self._dirty = self._dirty, set()
            jobs, self._dirty_jobs = self._dirty_jobs, set()
            if len(jobs) > _ONE_BY_ONE:
                parts.add("jobs")
            if "devices" in parts:
                self._model.devices = {d.id: d for d in await self._source.devices()}
            if "backends" in parts:
                self._model.backends = await self._source.backends()
            if "health" in parts:
                self._model.health = await self._source.health()
            if "jobs" in parts:
                page = await self._source.jobs()
                self._model.keep_jobs(page.jobs)
            else:
                self._model.keep_jobs([await self._source.job(job) for job in jobs])
            if jobs:
                parts.add("jobs")
            if self._model.link.state != "live":
                self._model.link = Link("live", time.monotonic())
                parts.add("link")
            self._changed(frozenset(parts))
            await asyncio.sleep(_BREATH)

    async def _tick(self) -> None:
        """The progress of what is running, and the rates of backends."""
        while True:
            await asyncio.sleep(_TICK)
            if self._model.link.state != "live":
                continue
            running = [job for job in self._model.jobs.values() if job.status == "running"]
            if running:
                page = await self._source.jobs(status="running")
                self._model.keep_jobs(page.jobs)
                self._changed(frozenset({"jobs"}))
            if self._model.note_rates():
                self._changed(frozenset({"rates"}))


def _first(errors: ExceptionGroup[ClientError]) -> ClientError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ClientError)
    return error
