"""Keeps the model true: connects, follows the events, asks anew for what has changed, reconnects.

An event isn't believed to say how things are now: it says what to ask for again. So the order
in which answers and events arrive doesn't matter, and a gap in the events costs nothing but the
lines that would have told of it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from pycwtd.client import ClientError, UnreachableError
from pycwtd_console.tui.model import ENDED, Link

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from pycwtd_console.tui.model import LinkState, Model, Part
    from pycwtd_console.tui.source import Happening, Source

#: First and longest pause between two attempts (seconds).
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
#: Changes are asked for together, no more often than that (seconds).
_BREATH = 0.1
#: More jobs than that at once are asked for by the page.
_ONE_BY_ONE = 32
#: Jobs of a first page, and of each that follows.
_FIRST_PAGE = 200
_PAGE = 1000
#: Progress of what is running is asked for so often (seconds), and of nothing else.
_TICK = 1.0
#: Figures that devices measure change without an event; they are asked for so often (seconds).
_READINGS = 15.0
#: Events from before that are shown at first.
_HISTORY = 50
#: A machine that slept for longer than that (seconds) has lost its connections.
_SLEPT = 5.0
_REFUSED = frozenset({401, 403})
_ALL: frozenset[Part] = frozenset({"jobs", "devices", "backends", "health"})
#: After these another device is at work; leases have no events of their own.
_LEASING = frozenset(
    {"job.running", "job.completed", "job.failed", "job.cancelled", "job.moved", "job.retried"}
)


class Feed:
    """Runs until it is cancelled, or a recording has ended.

    Args:
        make: makes what is asked; anew after a refusal, for the token may be another one then.
        model: what is written.
        changed: is told which parts of the model are new.
        use: is told which source it is; None while there is none.
    """

    def __init__(
        self,
        make: Callable[[], AbstractAsyncContextManager[Source]],
        model: Model,
        changed: Callable[[frozenset[Part]], None],
        use: Callable[[Source | None], None] = lambda _: None,
    ) -> None:
        self._make = make
        self._model = model
        self._changed = changed
        self._use = use
        self._seen: int | None = None
        #: Whether there are other numbers of jobs in each state; they are asked for by the tick.
        self.counts_changed = False
        #: Events up to that one are older than what is known of jobs and devices.
        self._history = 0
        self._dirty: set[Part] = set()
        self._dirty_jobs: set[str] = set()
        self._bell = asyncio.Event()
        self._hurry = asyncio.Event()
        self._pause = _FIRST_PAUSE

    def hurry(self) -> None:
        """Make the next attempt now."""
        self._hurry.set()

    async def run(self) -> None:
        """Connect, and connect again."""
        while not self._ended:
            try:
                async with self._make() as source:
                    self._use(source)
                    self._model.clock = source.clock
                    await self._stay(source)
            except (ClientError, OSError, ValueError) as error:
                await self._failed(_sentence(error))
            finally:
                # A recording that has ended can still be looked at.
                if not self._ended:
                    self._use(None)

    @property
    def _ended(self) -> bool:
        return self._model.link.state == "ended"

    async def _stay(self, source: Source) -> None:
        """Use a source for as long as it isn't refused."""
        while not self._ended:
            session = _Session(self, source)
            error = ClientError("the session has ended")
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(session.follow())
                    group.create_task(session.renew())
                    group.create_task(session.tick())
            except* (ClientError, OSError, ValueError) as errors:
                error = _sentence(_first(errors))
            if error.status in _REFUSED:
                raise error
            await self._failed(error)

    async def _failed(self, error: ClientError) -> None:
        """Say so, and wait for the next attempt."""
        before = self._model.link
        if error.code == "ended":
            self._set(Link("ended", time.monotonic(), error.detail))
            return
        refused = error.status in _REFUSED or error.code in {"url", "setup"}
        state: LinkState = "refused" if refused else "reconnecting"
        if before.state == "live":
            self._pause = _FIRST_PAUSE
        if refused or error.code == "bad_answer":
            self._pause = _LONGEST_PAUSE
        since = before.since
        if before.state in {"live", "replay"}:
            # What is shown is as old as the silence before somebody noticed.
            since = time.monotonic() - (
                error.silent if isinstance(error, UnreachableError) else 0.0
            )
        self._set(Link(state, since, error.detail))
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), self._pause)
        except TimeoutError:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _set(self, link: Link) -> None:
        self._model.link = link
        self._changed(frozenset({"link"}))

    def since(self, last: int | None) -> int | None:
        """Where to go on; at first, a screenful before the last event."""
        if last is None:
            return self._seen
        if self._seen is None:
            self._history = last
            return max(0, last - _HISTORY)
        if last < self._seen:
            self._begin_anew(last)
        return self._seen

    def _begin_anew(self, last: int) -> None:
        """It is another store, of which nothing is known: its numbers have begun anew."""
        self._model.forget_jobs()
        self._seen = self._history = last

    def take(self, event: Happening) -> None:
        """An event, or a gap in them."""
        if self._seen is None and event.type == "gap":
            # Nobody has asked for what was before.
            return
        if event.seq <= self._history:
            # What it has changed is known.
            self._note(event)
            return
        if event.type == "gap":
            if self._seen is not None and event.seq < self._seen:
                self._begin_anew(event.seq)
            self._wake(set(_ALL))
        elif event.job_id is not None:
            # The progress of all that run is asked for together, by the tick.
            if event.type != "job.progress":
                self._dirty_jobs.add(event.job_id)
                self.counts_changed = True
                self._wake({"devices"} if event.type in _LEASING else set())
        elif event.type.startswith("device."):
            self._wake({"devices", "backends"})
        elif event.type.startswith("system."):
            self._wake(set(_ALL))
        self._note(event)

    def _note(self, event: Happening) -> None:
        self._seen = event.seq
        if event.type == "job.progress":
            # The jobs themselves tell of it; a line each second would push all others out.
            return
        self._model.events.append(event)
        self._changed(frozenset({"events"}))

    def _wake(self, parts: set[Part]) -> None:
        self._dirty |= parts
        self._bell.set()


class _Session:
    """One connection: it ends with an error."""

    def __init__(self, feed: Feed, source: Source) -> None:
        self._feed = feed
        self._source = source
        self._model = feed._model
        self._stands = asyncio.Event()

    async def follow(self) -> None:
        """Events, from where they broke off."""
        greeting = self._model.greeting = await self._source.hello()
        async for item in self._source.events(self._feed.since(greeting.last_event)):
            if item is None:
                self._stands.set()
                self._feed._wake(set(_ALL))
            else:
                self._feed.take(item)
        raise UnreachableError("the events have ended", lost=True)

    async def renew(self) -> None:
        """Ask for what has changed; for everything after a connection."""
        feed = self._feed
        await self._stands.wait()
        while True:
            await feed._bell.wait()
            began = time.monotonic()
            feed._bell.clear()
            parts, feed._dirty = feed._dirty, set()
            jobs, feed._dirty_jobs = feed._dirty_jobs, set()
            try:
                await self._ask(parts, jobs)
            except BaseException:
                # The next connection asks for it.
                feed._dirty |= parts
                feed._dirty_jobs |= jobs
                raise
            if jobs:
                parts.add("jobs")
            wanted: LinkState = "live" if self._source.client else "replay"
            if self._model.link.state != wanted:
                self._model.link = Link(wanted, time.monotonic(), self._note())
                parts.add("link")
            feed._changed(frozenset(parts))
            # No more than half of the time is spent with asking, however slow the line is.
            await asyncio.sleep(max(_BREATH, time.monotonic() - began))

    async def _ask(self, parts: set[Part], jobs: set[str]) -> None:
        if "devices" in parts:
            self._model.devices = {d.id: d for d in await self._source.devices()}
        if "backends" in parts:
            self._model.backends = await self._source.backends()
        if "health" in parts:
            self._model.health = await self._source.health()
        if "jobs" in parts or len(jobs) > _ONE_BY_ONE:
            await self._pages(jobs)
        else:
            await asyncio.gather(*(self._job(job) for job in jobs))

    async def _job(self, job_id: str) -> None:
        try:
            self._model.keep_jobs([await self._source.job(job_id)])
        except ClientError as error:
            if error.status != 404:
                raise
            self._model.forget_job(job_id)

    async def _pages(self, jobs: set[str]) -> None:
        """From the newest job back to what is known for certain.

        That is behind every job that may have changed: those asked for, and those that hadn't
        ended when they were last seen.
        """
        known, first = self._model.jobs, not self._model.jobs
        changing = [j for j in known.values() if j.status not in ENDED or j.job_id in jobs]
        newest = next((job.created_at for job in known.values()), "")
        behind = min((job.created_at for job in changing), default=newest)
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            limit = _FIRST_PAGE if cursor is None and len(jobs) <= _ONE_BY_ONE else _PAGE
            page = await self._source.jobs(cursor=cursor, limit=limit)
            self._model.keep_jobs(page.jobs)
            seen.update(job.job_id for job in page.jobs)
            cursor = page.next_cursor
            if cursor is None or first or page.jobs[-1].created_at < behind:
                break
            if len(seen) >= len(known) and self._model.full:
                break
        if first:
            self._model.older = cursor
            self._model.keep_jobs((await self._source.jobs(status="running")).jobs)
        for job in jobs - seen:
            await self._job(job)

    def _note(self) -> str:
        """Something to know of a daemon that can be understood."""
        from pycwtd import __version__  # noqa: PLC0415 - needed once

        greeting = self._model.greeting
        if greeting is None or not self._source.client or greeting.server_version == __version__:
            return ""
        return f"the daemon is version {greeting.server_version}, this console {__version__}"

    async def tick(self) -> None:
        """The progress of what is running, and the rates of backends."""
        slept = _slept()
        readings = time.monotonic() + _READINGS
        while True:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            if (since := _slept() - slept) > _SLEPT:
                raise UnreachableError("this machine was asleep", lost=True, silent=since)
            if self._model.link.state not in {"live", "replay"}:
                continue
            if self._model.running:
                page = await self._source.jobs(status="running")
                self._model.keep_jobs(page.jobs)
                self._feed._changed(frozenset({"jobs"}))
            if now >= readings:
                readings = now + _READINGS
                if any(d.readings for d in self._model.devices.values()):
                    self._feed._wake({"devices"})
            if self._feed.counts_changed:
                self._feed.counts_changed = False
                self._feed._wake({"health"})
            if self._model.note_rates():
                self._feed._changed(frozenset({"rates"}))


def _slept() -> float:
    """Seconds that the machine has been asleep since it was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


def _first(errors: BaseException) -> Exception:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    assert isinstance(errors, Exception)
    return errors


def _sentence(error: Exception) -> ClientError:
    """What isn't the client's own error, as one."""
    if isinstance(error, ClientError):
        return error
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return ClientError(f"{where}{error.strerror or error}", code="setup")
    return ClientError(str(error), code="setup")
