"""A daemon as the console's source."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pycwtd import __version__
from pycwtd.api.types import JobList
from pycwtd.client import Accounts, Client, ClientError, Devices, Events
from pycwtd_console.tui.source import Greeting, Happening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pycwtd.api.types import BackendList, DetailedHealth, JobView
    from pycwtd.client.devices import DeviceView


class LiveSource:
    """A client's daemon."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def where(self) -> str:
        """The socket or the URL."""
        return self._client.where

    @property
    def client(self) -> Client:
        """For everything else."""
        return self._client

    def clock(self) -> float:
        """The time of this machine."""
        return time.time()

    async def hello(self) -> Greeting:
        """Who is there; asked with the token, so that a wrong one is found at once.

        Raises:
            ClientError: a daemon of another version says things that aren't understood.
        """
        me = await Accounts(self._client).me()
        try:
            health = await self._client.detailed_health()
        except ClientError as error:
            if error.code != "bad_answer":
                raise
            there = (await self._client.ask("GET", "/", _Root)).server_version
            raise ClientError(
                f"the daemon is version {there}, this console {__version__}: it doesn't "
                "understand how the daemon is; use the console that came with the daemon",
                code="bad_answer",
            ) from None
        return Greeting(health.version, me.identity, me.role, health.last_event)

    async def events(self, since: int | None) -> AsyncIterator[Happening | None]:
        """From now on, or after an event."""
        async for event in Events(self._client).follow(since):
            try:
                found = None if event is None else happening(event)
            except (KeyError, TypeError) as error:
                raise ClientError(
                    f"an event isn't understood ({error!r}); is the daemon of another version "
                    "than this console?",
                    code="bad_answer",
                ) from None
            yield found

    async def jobs(
        self, *, status: str | None = None, cursor: str | None = None, limit: int = 200
    ) -> JobList:
        """A page of jobs."""
        wanted = {"status": status, "cursor": cursor, "limit": str(limit)}
        query = {name: value for name, value in wanted.items() if value is not None}
        return await self._client.ask("GET", "/api/v1/jobs/", JobList, params=query)

    async def job(self, job_id: str) -> JobView:
        """One job."""
        return await self._client.job(job_id)

    async def devices(self) -> list[DeviceView]:
        """All devices."""
        return await Devices(self._client).all()

    async def backends(self) -> BackendList:
        """All backends."""
        return await self._client.backend_list()

    async def health(self) -> DetailedHealth:
        """How the daemon is."""
        return await self._client.detailed_health()


def happening(event: dict[str, Any]) -> Happening:
    """An event as the daemon tells it."""
    data = dict(event)
    kind = data.pop("type")
    if kind == "gap":
        return Happening("gap", data["to"], "", None, data)
    seq, time, job_id = data.pop("seq"), data.pop("time"), data.pop("job_id", None)
    return Happening(kind, seq, time, job_id, data)


class _Root(Struct):
    server_version: str
