"""What the console knows, and how fresh it is. Bounded: a day of events doesn't make it grow."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pycwtd.api.types import BackendList, DetailedHealth, JobView
    from pycwtd.client.devices import DeviceView
    from pycwtd_console.tui.source import Greeting, Happening

#: Parts of the model that can change; what a screen is told of.
Part = Literal["link", "jobs", "devices", "backends", "health", "events", "rates"]

LinkState = Literal["connecting", "live", "reconnecting", "refused", "replay", "ended"]

#: Events and jobs that are kept. A job takes about 2 kB, so these are 40 MB at most.
_EVENTS = 2000
_JOBS = 20_000
#: Seconds that a sparkline goes back.
_RATES = 120
#: In these a job changes no more. The store's own list would load the database.
ENDED: frozenset[str] = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Link:
    """The truth about the connection."""

    state: LinkState
    #: When it came to that (``time.monotonic``); of a lost one, when it was last heard.
    since: float
    #: Why, where something is wrong: a sentence for people.
    reason: str = ""


@dataclass(slots=True)
class Model:
    """What is known. Read by screens, written by the feed."""

    link: Link
    greeting: Greeting | None = None
    #: Known jobs by id, newest first.
    jobs: dict[str, JobView] = field(default_factory=dict)
    #: Those of them that are running.
    running: dict[str, JobView] = field(default_factory=dict)
    #: Where the jobs behind the last one begin; None where there are none, or no room.
    older: str | None = None
    devices: dict[str, DeviceView] = field(default_factory=dict)
    backends: BackendList | None = None
    health: DetailedHealth | None = None
    events: deque[Happening] = field(default_factory=lambda: deque(maxlen=_EVENTS))
    #: Realisations per second by backend, one figure a second.
    rates: dict[str, deque[float]] = field(default_factory=dict)
    #: What time it is where this happens (seconds since the epoch): a recording has its own.
    clock: Callable[[], float] = time.time

    @property
    def full(self) -> bool:
        """Whether there is no room for older jobs."""
        return len(self.jobs) >= _JOBS

    def keep_jobs(self, jobs: Iterable[JobView]) -> None:
        """Take over what was asked for anew, in the order of their making, newest first.

        What is known already keeps its place, so that a change costs nothing; new jobs come in
        front, older pages behind. Only what is neither is sorted. The oldest that have ended
        go when there are too many.
        """
        new: dict[str, JobView] = {}
        for job in jobs:
            if job.job_id in self.jobs:
                self.jobs[job.job_id] = job
            else:
                new[job.job_id] = job
            if job.status == "running":
                self.running[job.job_id] = job
            else:
                self.running.pop(job.job_id, None)
        if new:
            self._insert(sorted(new.values(), key=_made, reverse=True))

    def _insert(self, new: list[JobView]) -> None:
        added = {job.job_id: job for job in new}
        if not self.jobs or _made(new[0]) <= _made(self.jobs[next(reversed(self.jobs))]):
            self.jobs |= added
        elif _made(new[-1]) >= _made(next(iter(self.jobs.values()))):
            self.jobs = added | self.jobs
        else:
            ordered = sorted((self.jobs | added).values(), key=_made, reverse=True)
            self.jobs = {job.job_id: job for job in ordered}
        spare = len(self.jobs) - _JOBS
        if spare > 0:
            oldest = (job_id for job_id in reversed(self.jobs) if self.jobs[job_id].status in ENDED)
            for job_id in list(islice(oldest, spare)):
                del self.jobs[job_id]
            # Behind the last one there is a hole now that no page would fill.
            self.older = None

    def forget_job(self, job_id: str) -> None:
        """The daemon doesn't know it."""
        self.jobs.pop(job_id, None)
        self.running.pop(job_id, None)

    def forget_jobs(self) -> None:
        """Those known are of another store, or too much has happened to them."""
        self.jobs = {}
        self.running = {}
        self.older = None

    def note_rates(self) -> bool:
        """One more figure for every backend's sparkline; whether any of them says something."""
        now: dict[str, float] = {}
        for job in self.running.values():
            if job.backend is not None:
                now[job.backend] = now.get(job.backend, 0.0) + (job.rate or 0.0)
        for backend in now.keys() | self.rates.keys():
            history = self.rates.setdefault(backend, deque(maxlen=_RATES))
            history.append(now.get(backend, 0.0))
        return any(any(history) for history in self.rates.values())


def _made(job: JobView) -> str:
    """When: times of the daemon have one form, so that their texts compare as they do."""
    return job.created_at
