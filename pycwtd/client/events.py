"""Events: what happens to jobs, devices and the daemon, in order, from any number on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pycwtd.api.watch_types import EventList
from pycwtd.client.pages import in_pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pycwtd.client.client import Client


class Events:
    """The events of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def follow(self, since: int | None = None) -> AsyncIterator[dict[str, Any] | None]:
        """Every event after ``since``, or from now on, as the daemon tells it.

        The first item is None: from there on nothing is missed. Where events after ``since``
        aren't kept any more, one of the type ``gap`` says which (``from``, ``to``).

        Raises:
            ClientError: there is no connection, or it has ended. The number of the last event
                is where to go on.
        """
        params = None if since is None else {"since": str(since)}
        async for text in self._client.listen("/ws/events", params):
            yield None if text is None else msgspec.json.decode(text, type=dict[str, Any])

    async def recent(
        self,
        limit: int | None = 100,
        *,
        since: int | None = None,
        before: int | None = None,
        job_id: str | None = None,
        type: str | None = None,
    ) -> list[dict[str, Any]]:
        """Events that have happened, newest first, each as :meth:`follow` tells it.

        Args:
            limit: the most there may be; None means all that are kept.
            since: only those after this number.
            before: only those before this number.
            job_id: only those of this job, by its full id.
            type: only those of this type, such as ``job.failed``.
        """
        wanted = {"since": since, "before": before, "job_id": job_id, "type": type}
        pages = (self._client, "/api/v1/events", EventList)
        rows = in_pages(*pages, lambda page: page.events, limit, wanted=wanted, cursor="before")
        return [one async for one in rows]
