"""WebSockets as this daemon keeps them: bounded, rated, and ended with the key they came by."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from pycwtd.api.admission import IDENTITY, identity_key, too_many
from pycwtd.api.context import CONTEXT
from pycwtd.api.guard import connection_of
from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import WSMessage

_HEARTBEAT = 15.0
_MAX_MESSAGE = 64 * 1024


class RatedSocket(web.WebSocketResponse):
    """A WebSocket whose client may send so many messages a second, and no more."""

    def __init__(self, request: web.Request, max_message: int) -> None:
        # The handshake's end waits no longer for a client that has stopped reading.
        super().__init__(heartbeat=_HEARTBEAT, max_msg_size=max_message, timeout=_HEARTBEAT)
        self._messages = request.app[CONTEXT].access.messages
        self._identity = request[IDENTITY]

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """The next message; one too many closes the socket with code 1008."""
        message = await super().receive(timeout)
        if message.type in {WSMsgType.TEXT, WSMsgType.BINARY} and not self._identity.unlimited:
            wait = self._messages.take(identity_key(self._identity), time.monotonic())
            if wait:
                reason = too_many(wait, "messages").detail
                await self.close(code=WSCloseCode.POLICY_VIOLATION, message=reason.encode())
                return await super().receive(timeout)
        return message


async def open_socket(request: web.Request, max_message: int = _MAX_MESSAGE) -> RatedSocket:
    """Shake hands.

    Raises:
        Problem: 426, the request isn't a WebSocket's.
    """
    socket = RatedSocket(request, max_message)
    if not socket.can_prepare(request):
        raise Problem(
            426, "this is a WebSocket: connect with one", headers={"Upgrade": "websocket"}
        )
    await socket.prepare(request)
    return socket


@contextmanager
def while_allowed(request: web.Request) -> Iterator[None]:
    """Cut a connection off when the key that it came by is revoked or expires."""
    key = request[IDENTITY].key
    if key is None:
        yield
        return
    hang_up = connection_of(request).hang_up
    forget = request.app[CONTEXT].access.keys.connect(key.id, hang_up)
    end = None
    if key.expires_at is not None:
        left = max(0.0, key.expires_at - time.time())
        end = asyncio.get_running_loop().call_later(left, hang_up)
    try:
        yield
    finally:
        forget()
        if end:
            end.cancel()
