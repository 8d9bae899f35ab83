"""Events: what happens to jobs, devices and the daemon, in order, from any number on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

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
