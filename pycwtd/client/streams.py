"""Series that are still coming in: samples go out, the result of each window comes back."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from pycwtd.client.errors import ClientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pycwtd.client.client import Client

#: A window of the largest size may be computed for so long before a ping is answered (seconds).
_HEARTBEAT = 120.0
#: Samples in one message; the daemon takes 2 MiB.
_MOST = 10_000


class Stream:
    """One stream, from its config to its end; :meth:`Streams.open` makes it.

    Attributes:
        window: samples of a window.
        hop: samples from the start of one to the start of the next.
    """

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, series: Sequence[str], ack: Mapping[str, Any]
    ) -> None:
        self._socket = socket
        self._series = series
        self.window: int = ack["window"]
        self.hop: int = ack["hop"]

    async def send(self, *samples: Sequence[float]) -> None:
        """More samples, of each series as many, in messages that fill one window at most.

        The daemon reads no faster than its results are taken: somebody else has to read
        :meth:`results` meanwhile.
        """
        step = min(self.hop, _MOST)
        for begin in range(0, len(samples[0]), step):
            parts = {
                name: list(one[begin : begin + step])
                for name, one in zip(self._series, samples, strict=True)
            }
            await self._say({"type": "data", **parts})

    async def finish(self) -> None:
        """No more samples come: the results end after the last whole window."""
        await self._say({"type": "ping"})

    async def results(self) -> AsyncIterator[dict[str, Any] | str]:
        """The result of each window, or the sentence why it has none, as they are computed.

        Raises:
            ClientError: the connection is lost.
        """
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            told = msgspec.json.decode(message.data, type=dict[str, Any])
            if told["type"] == "pong":
                return
            yield told["data"] if told["type"] == "result" else str(told.get("message"))
        raise ClientError("the daemon has closed the stream", code="lost")

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._socket.send_bytes(msgspec.json.encode(message))


class Streams:
    """The streams of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @asynccontextmanager
    async def open(
        self,
        config: Mapping[str, Any],
        name: str = "wct",
        series: Sequence[str] = ("signal1", "signal2"),
    ) -> AsyncIterator[Stream]:
        """A stream, configured.

        Args:
            config: its fields, such as ``dt`` and ``window``.
            name: of the stream, ``/ws/stream/<name>``.
            series: names of its series.

        Raises:
            ClientError: it can't be had, or the config isn't right.
        """
        client = self._client
        assert client._session, "use the client in 'async with'"
        url = f"{client._base}/ws/stream/{name}"
        with client._translated("GET", url):
            async with client._session.ws_connect(
                url, heartbeat=_HEARTBEAT, max_msg_size=0
            ) as socket:
                await socket.send_bytes(msgspec.json.encode({"type": "config", **config}))
                answer = msgspec.json.decode(await socket.receive_str(), type=dict[str, Any])
                if answer["type"] != "ack":
                    raise ClientError(str(answer.get("message")), code="invalid_field")
                yield Stream(socket, series, answer)
