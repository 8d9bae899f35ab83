"""Recordings: what a daemon told and answered, line by line with its time, and how it is played.

The first line says what the file is. Each of the others is one of:

- ``{"at": seconds, "hello" | "devices" | "backends" | "health": …}``: an answer of the daemon.
- ``{"at": seconds, "job": …}``: a job as it was then.
- ``{"at": seconds, "event": …}``: an event, after the answers that tell what it has changed.

Each line is written at once, and a last one that was cut off is left out when it is read.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from pycwtd.access.roles import Role
from pycwtd.api.types import BackendList, DetailedHealth, JobList, JobView
from pycwtd.client import ClientError
from pycwtd.client.devices import DeviceView
from pycwtd_console.tui.heads import read_head
from pycwtd_console.tui.live import happening
from pycwtd_console.tui.source import Greeting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from pycwtd.client import Client
    from pycwtd_console.tui.source import Happening

T = TypeVar("T")


class _Hello(Struct):
    """A greeting; the console's own one is no type that lines are checked by."""

    server_version: str
    identity: str
    role: Role
    last_event: int | None = None


class _Line(Struct):
    """A line after the first; of an unknown kind where it has nothing but a time."""

    at: float
    hello: _Hello | None = None
    devices: list[DeviceView] | None = None
    backends: BackendList | None = None
    health: DetailedHealth | None = None
    job: JobView | None = None
    event: dict[str, Any] | None = None


class Replay:
    """A recording as the console's source: it answers as the daemon did at that time.

    Args:
        path: of the recording.
        speed: how many of its seconds pass in one.

    Raises:
        OSError: it can't be read.
        ValueError: it isn't a recording that this version reads; a sentence.
    """

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        self._path = path
        self._speed = speed
        head = read_head(path)
        #: When it was begun (seconds since the epoch).
        self.began = datetime.fromisoformat(head["time"]).timestamp()
        self._at = 0.0
        self._lines = _lines(path)
        self._asked = asyncio.Event()
        self._hello: Greeting | None = None
        self._devices: list[DeviceView] = []
        self._backends: BackendList | None = None
        self._health: DetailedHealth | None = None
        self._jobs: dict[str, JobView] = {}
        self._next: _Line | None = None

    @property
    def where(self) -> str:
        """The file."""
        return str(self._path)

    @property
    def client(self) -> Client | None:
        """There is none."""
        return None

    def clock(self) -> float:
        """The time of the last line that was played (seconds since the epoch)."""
        return self.began + self._at

    async def hello(self) -> Greeting:
        """Who was there, after everything that was known before the first event."""
        for line in self._lines:
            if line.event is not None or line.at > 0.0:
                self._next = line
                break
            self._keep(line)
        if self._hello is None:
            raise ClientError(f"{self._path} ends before anything was recorded", code="ended")
        return self._hello

    def _keep(self, line: _Line) -> None:
        self._at = max(self._at, line.at)
        if (said := line.hello) is not None:
            self._hello = Greeting(said.server_version, said.identity, said.role, said.last_event)
        self._devices = self._devices if line.devices is None else line.devices
        self._backends = line.backends or self._backends
        self._health = line.health or self._health
        if line.job is not None:
            self._jobs[line.job.job_id] = line.job

    async def events(self, _since: int | None) -> AsyncIterator[Happening | None]:
        """What happened, when it happened."""
        yield None
        began, start = asyncio.get_running_loop().time(), self._at
        line = self._next
        while line is not None:
            due = began + (line.at - start) / self._speed
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            self._keep(line)
            if line.event is not None:
                try:
                    yield happening(line.event)
                except (KeyError, TypeError):
                    text = f"{self._path} has an event in it that isn't understood"
                    raise ClientError(text, code="ended") from None
            elif line.job is None or line.job.status != "running":
                # Jobs that run are asked for each second; the rest has to be told of.
                yield None
            line = next(self._lines, None)
        # What was played last is shown before it is said that this was all.
        self._asked.clear()
        yield None
        await self._asked.wait()
        raise ClientError("", code="ended")

    async def jobs(
        self, *, status: str | None = None, cursor: str | None = None, limit: int = 200
    ) -> JobList:
        """A page of jobs, as they were."""
        self._asked.set()
        ordered = sorted(self._jobs.values(), key=lambda job: job.created_at, reverse=True)
        found = [job for job in ordered if status is None or job.status == status]
        begin = int(cursor or 0)
        page = list(itertools.islice(found, begin, begin + limit))
        more = begin + limit < len(found)
        return JobList(page, str(begin + limit) if more else None)

    async def job(self, job_id: str) -> JobView:
        """One job, as it was."""
        if job_id not in self._jobs:
            raise ClientError(f"the recording has no job {job_id}", status=404, code="unknown_job")
        return self._jobs[job_id]

    async def devices(self) -> list[DeviceView]:
        """All devices, as they were."""
        return self._devices

    async def backends(self) -> BackendList:
        """All backends, as they were."""
        return _known(self._backends)

    async def health(self) -> DetailedHealth:
        """How the daemon was."""
        return _known(self._health)


def _known(answer: T | None) -> T:
    if answer is None:
        raise ClientError("the recording doesn't have it", code="ended")
    return answer


def _lines(path: Path) -> Iterator[_Line]:
    """The lines after the head, without one that was cut off.

    Raises:
        ClientError: one of them is damaged; what was before it has been given.
    """
    decoder = msgspec.json.Decoder(_Line)
    with path.open("rb") as file:
        file.readline()
        for number, text in enumerate(file, 2):
            if not text.endswith(b"\n"):
                return
            try:
                yield decoder.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise ClientError(
                    f"line {number} of {path} is damaged ({error}); this is how far it can be "
                    "played",
                    code="ended",
                ) from None


@asynccontextmanager
async def replaying(path: Path, speed: float = 1.0) -> AsyncIterator[Replay]:
    """A recording as :class:`pycwtd_console.tui.feed.Feed` wants its source made."""
    yield Replay(path, speed)
