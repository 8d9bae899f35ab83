"""What has happened, as the clients saw it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: How a job may end.
ENDS = {"job.completed": "completed", "job.failed": "failed", "job.cancelled": "cancelled"}


@dataclass
class Accepted:
    """A job for which a client was told that it is accepted."""

    kind: str
    request: dict[str, Any]
    #: Whether somebody asked for its end, and whether that was answered with yes.
    cancel_asked: bool = False
    cancel_granted: bool = False


class Answered(NamedTuple):
    """A synchronous call that was answered, kept to be looked at afterwards."""

    kind: str
    request: dict[str, Any]
    body: bytes


class Upload(NamedTuple):
    """A series in the store."""

    data: bytes
    #: Number of the person.
    owner: int


class Latency(NamedTuple):
    """One answer."""

    #: After the begin (seconds).
    at: float
    name: str
    ms: float


@dataclass
class Record:
    """All of it."""

    began: float = field(default_factory=time.monotonic)
    jobs: dict[str, Accepted] = field(default_factory=dict)
    #: The last event that was told of.
    seen: int = 0
    #: Each end that the events told of, by job.
    ends: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: What was uploaded and not deleted.
    uploads: dict[str, Upload] = field(default_factory=dict)
    answers: list[Answered] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    #: Answers, by what was done and their status.
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Seeds of the calls whose clients left: where they took long, they may have become jobs.
    left: set[int] = field(default_factory=set)
    #: What no client should see, with the moment.
    wrong: list[str] = field(default_factory=list)
    #: When a client was refused or something was wrong.
    errors: list[float] = field(default_factory=list)
    #: Set whenever a job has ended.
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def now(self) -> float:
        """Seconds since the begin."""
        return time.monotonic() - self.began

    def accept(self, job_id: str, kind: str, request: dict[str, Any]) -> None:
        """A client was told of this job."""
        if job_id in self.jobs:
            self.complain(f"{job_id} was given to two jobs")
        self.jobs[job_id] = Accepted(kind, request)

    def end(self, job_id: str, event: str) -> None:
        """The events told of a job's end."""
        self.ends[job_id].append(ENDS[event])
        self.ended.set()

    def complain(self, text: str) -> None:
        """Something that should never be."""
        self.wrong.append(f"after {self.now:.0f} s: {text}")
        self.errors.append(self.now)

    def answered(self, name: str, status: int | str, began: float, *, refused: bool) -> None:
        """An answer, or what came in its place, to something that began then."""
        self.statuses[name, str(status)] += 1
        if refused:
            self.errors.append(self.now)
        else:
            self.latencies.append(Latency(self.now, name, 1e3 * (time.monotonic() - began)))

    def completed(self, kinds: set[str]) -> list[str]:
        """The jobs of some kinds that have a result."""
        return [
            job_id
            for job_id, told in self.ends.items()
            if told == ["completed"] and job_id in self.jobs and self.jobs[job_id].kind in kinds
        ]

    def open_jobs(self) -> list[str]:
        """The accepted jobs of which no end was told."""
        return [job_id for job_id in self.jobs if not self.ends.get(job_id)]
