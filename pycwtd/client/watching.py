"""The daemon's log and its settings, for clients whose role is operator or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd.api.watch_types import ConfigView, LogLine, LogLines
from pycwtd.config.listing import Setting

if TYPE_CHECKING:
    from pycwtd.client.client import Client

__all__ = ["Configuration", "LogLine", "Logs", "Setting"]


class Logs:
    """The log of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def recent(
        self,
        limit: int = 200,
        *,
        since: int | None = None,
        level: str | None = None,
        job_id: str | None = None,
    ) -> list[LogLine]:
        """The newest lines that are in the daemon's memory, oldest first.

        Args:
            limit: the most there may be, up to 2000.
            since: only those after this number, the oldest of them.
            level: the least: debug, info, warning or error.
            job_id: only those about this job, by its full id.
        """
        given = {"limit": limit, "since": since, "level": level, "job_id": job_id}
        query = {name: str(value) for name, value in given.items() if value is not None}
        return (await self._client.ask("GET", "/api/v1/logs", LogLines, params=query)).lines


class Configuration:
    """The settings of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def all(self) -> list[Setting]:
        """Every setting, its value as it holds now, and where that comes from."""
        return (await self._client.ask("GET", "/api/v1/config", ConfigView)).settings
