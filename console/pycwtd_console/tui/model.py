"""What the console knows, and how fresh it is. Bounded: a day of events doesn't make it grow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycwtd.api.types import BackendList, DetailedHealth, JobView
    from pycwtd.client.devices import DeviceView
    from pycwtd_console.tui.source import Greeting, Happening

#: Parts of the model that can change; what a screen is told of.
Part = Literal["link", "jobs", "devices", "backends", "health", "events", "rates"]

LinkState = Literal["connecting", "live", "reconnecting", "refused", "replay", "ended"]

_EVENTS = 2000
#: Seconds that a sparkline goes back.
_RATES = 120


@dataclass(frozen=True, slots=True)
class Link:
    """The truth about the connection."""

    state: LinkState
    #: When it came to that (``time.monotonic``).
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
    devices: dict[str, DeviceView] = field(default_factory=dict)
    backends: BackendList | None = None
    health: DetailedHealth | None = None
    events: deque[Happening] = field(default_factory=lambda: deque(maxlen=_EVENTS))
    #: Realisations per second by backend, one figure a second.
    rates: dict[str, deque[float]] = field(default_factory=dict)

    def keep_jobs(self, jobs: Iterable[JobView]) -> None:
        """Take over what was asked for anew, in the order of their making, newest first."""
        for job in jobs:
            self.jobs[job.job_id] = job
        newest = sorted(self.jobs.values(), key=lambda job: job.created_at, reverse=True)
        self.jobs = {job.job_id: job for job in newest}

    def note_rates(self) -> bool:
        """One more figure for every backend's sparkline; whether any of them says something."""
        now: dict[str, float] = {}
        for job in self.jobs.values():
            if job.status == "running" and job.backend is not None:
                now[job.backend] = now.get(job.backend, 0.0) + (job.rate or 0.0)
        for backend in now.keys() | self.rates.keys():
            history = self.rates.setdefault(backend, deque(maxlen=_RATES))
            history.append(now.get(backend, 0.0))
        return any(any(history) for history in self.rates.values())
