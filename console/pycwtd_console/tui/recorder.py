"""Makes recordings: follows a daemon, and writes down what it tells and answers.

What an event has changed is asked for and written before the event, so that whoever plays the
file and is told of the event finds how things were after it.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pycwtd import __version__
from pycwtd.client import ClientError, Events
from pycwtd_console.tui.heads import FORMAT, VERSION
from pycwtd_console.tui.live import LiveSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pycwtd.client import Client

#: Jobs from before that a recording begins with.
_JOBS = 200
#: Progress of what is running is written so often (seconds).
_TICK = 1.0
#: Events that may wait while answers are fetched; the daemon keeps the others.
_WAITING = 1000
#: First and longest pause between two attempts (seconds).
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
#: Answers that are often the same as before.
_REPEATED = frozenset({"devices", "backends"})


async def record(
    client: Client,
    path: Path,
    told: Callable[[dict[str, Any]], None] = lambda _: None,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Record until it is cancelled; a daemon that restarts is waited for.

    Args:
        client: of the daemon.
        path: of the file, which must not be there yet.
        told: is given every event after it has been written.
        begun: is called once all that is known at first has been written.

    Raises:
        ClientError: the daemon can't be reached at first, or refuses.
        OSError: the file can't be written.
    """
    source = LiveSource(client)
    # Asked before there is a file: a daemon that isn't there leaves none behind.
    greeting = await source.hello()
    with path.open("xb", buffering=0) as file:
        await _Recorder(source, file, told, begun, greeting.last_event).run()


class _Recorder:
    def __init__(
        self,
        source: LiveSource,
        file: BinaryIO,
        told: Callable[[dict[str, Any]], None],
        begun: Callable[[], None],
        seen: int | None,
    ) -> None:
        self._source = source
        self._events = Events(source.client)
        self._file = file
        self._told = told
        self._begun = begun
        self._began = time.monotonic()
        self._seen = seen
        self._running: set[str] = set()
        #: The last answer of each kind.
        self._written: dict[str, bytes] = {}

    def _write(self, at: float, kind: str, what: Any) -> None:
        """One line in one call, so that a cut file is cut at one place alone.

        Devices and backends that are as before are left out.
        """
        text = msgspec.json.encode(what)
        if kind in _REPEATED and self._written.get(kind) == text:
            return
        self._written[kind] = text
        self._file.write(b'{"at":%.3f,"%s":%s}\n' % (at, kind.encode(), text))

    def _now(self) -> float:
        return round(time.monotonic() - self._began, 3)

    async def run(self) -> None:
        head = {
            "format": FORMAT,
            "version": VERSION,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "made_by": f"pycwtctl {__version__}",
            "where": self._source.where,
        }
        self._file.write(json.dumps(head).encode() + b"\n")
        pause, first = _FIRST_PAUSE, True
        while True:
            queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_WAITING)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(queue))
                    group.create_task(self._keep(queue, at_first=first))
            except* ClientError as errors:
                lost = errors
            error = next(_plain(lost))
            if not error.passing:
                raise error
            first = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _listen(self, queue: asyncio.Queue[dict[str, Any] | None]) -> None:
        async for event in self._events.follow(self._seen):
            await queue.put(event)

    async def _keep(self, queue: asyncio.Queue[dict[str, Any] | None], *, at_first: bool) -> None:
        assert await queue.get() is None
        await self._snapshot(0.0 if at_first else self._now())
        if at_first:
            self._begun()
        while True:
            batch: list[dict[str, Any]] = []
            try:
                event = await asyncio.wait_for(queue.get(), _TICK if self._running else None)
                while event is not None:
                    batch.append(event)
                    event = None if queue.empty() else queue.get_nowait()
            except TimeoutError:
                batch = []
            await self._answers(batch)
            for event in batch:
                self._write(self._now(), "event", event)
                self._seen = event["to"] if event["type"] == "gap" else event["seq"]
                self._told(event)

    async def _snapshot(self, at: float) -> None:
        """Everything, as it is when the events begin."""
        self._write(at, "hello", await self._source.hello())
        self._write(at, "devices", await self._source.devices())
        self._write(at, "backends", await self._source.backends())
        self._write(at, "health", await self._source.health())
        jobs = {job.job_id: job for job in (await self._source.jobs(limit=_JOBS)).jobs}
        for status in ("queued", "running"):
            jobs |= {job.job_id: job for job in (await self._source.jobs(status=status)).jobs}
        for job in sorted(jobs.values(), key=lambda job: job.created_at):
            self._job(job, at)

    def _job(self, job: Any, at: float) -> None:
        self._write(at, "job", job)
        if job.status == "running":
            self._running.add(job.job_id)
        else:
            self._running.discard(job.job_id)

    async def _answers(self, batch: list[dict[str, Any]]) -> None:
        """What these events have changed; without any, how far the running jobs are."""
        if any(event["type"] in {"gap", "system.started"} for event in batch):
            await self._snapshot(self._now())
        jobs = {event["job_id"] for event in batch if event.get("job_id")} or self._running
        for job_id in list(jobs):
            try:
                self._job(await self._source.job(job_id), self._now())
            except ClientError as error:
                if error.status != 404:
                    raise
                self._running.discard(job_id)
        kinds = {event["type"] for event in batch}
        if kinds - {"job.progress"}:
            self._write(self._now(), "health", await self._source.health())
        if any(kind.startswith(("device.", "job.")) for kind in kinds):
            self._write(self._now(), "devices", await self._source.devices())
        if any(kind.startswith("device.") for kind in kinds):
            self._write(self._now(), "backends", await self._source.backends())


def _plain(group: ExceptionGroup[ClientError]) -> Iterator[ClientError]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _plain(error)
        else:
            yield error
