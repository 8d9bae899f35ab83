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

    def __init__(self, request: web.Request, max_message: int, compress: bool) -> None:
        super().__init__(heartbeat=_HEARTBEAT, max_msg_size=max_message, compress=compress)
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


async def open_socket(
    request: web.Request, max_message: int = _MAX_MESSAGE, *, compress: bool = True
) -> RatedSocket:
    """Shake hands.

    Args:
        request: what asks for a WebSocket.
        max_message: largest message that is taken (bytes).
        compress: whether messages are deflated, where the client can do it.

    Raises:
        Problem: 426, the request isn't a WebSocket's.
    """
    socket = RatedSocket(request, max_message, compress)
    if not socket.can_prepare(request):
        raise Problem(
            426, "this is a WebSocket: connect with one", headers={"Upgrade": "websocket"}
        )
    await socket.prepare(request)
    return socket


@contextmanager
def while_allowed(request: web.Request) -> Iterator[None]:
    """Cut a WebSocket off when the key that it came by is revoked or expires.

    Other requests that are under way end by themselves, that which revokes its own key included.
    """
    key = request[IDENTITY].key
    if key is None or request.headers.get("Upgrade", "").lower() != "websocket":
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
