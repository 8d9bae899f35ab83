"""Where the console's knowledge comes from: what a daemon and a recording have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pycwtd.access.roles import Role
    from pycwtd.api.types import BackendList, DetailedHealth, JobList, JobView
    from pycwtd.client import Client
    from pycwtd.client.devices import DeviceView


@dataclass(frozen=True, slots=True)
class Greeting:
    """Whom the console talks to, and as whom."""

    server_version: str
    identity: str
    role: Role
    #: Number of the last event; None where the daemon doesn't say.
    last_event: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, or a gap in the events."""

    type: str
    #: Number of the event; of a gap, the last one that is missing.
    seq: int
    #: RFC 3339, UTC; empty for a gap.
    time: str
    job_id: str | None
    data: dict[str, Any]


class Source(Protocol):
    """What the feed asks.

    Every method raises :class:`pycwtd.client.ClientError` with a sentence for people.
    """

    @property
    def where(self) -> str:
        """The socket, the URL or the file, for people."""

    @property
    def client(self) -> Client | None:
        """For what is beside the model, and for changes; a recording has none."""

    def clock(self) -> float:
        """What time it is there (seconds since the epoch)."""

    async def hello(self) -> Greeting:
        """Who is there."""

    def events(self, since: int | None) -> AsyncIterator[Happening | None]:
        """What happens from now on, or after an event.

        The first item is None, and comes when the connection stands: whatever changes after
        that will be told of. Ends with an error, never quietly.
        """

    async def jobs(
        self, *, status: str | None = None, cursor: str | None = None, limit: int = 200
    ) -> JobList:
        """A page of jobs, newest first."""

    async def job(self, job_id: str) -> JobView:
        """One job."""

    async def devices(self) -> list[DeviceView]:
        """All devices."""

    async def backends(self) -> BackendList:
        """All backends."""

    async def health(self) -> DetailedHealth:
        """How the daemon is."""
