"""Connections: how many, how slow they may be, and how they are refused.

aiohttp waits for a request's head, a body, or a reader as long as the client likes; here each
has its time. What a client has been sent and hasn't taken is bounded by the transport's buffer,
for writers wait until it empties, and by ``send_seconds``, after which the client is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections import Counter
from typing import TYPE_CHECKING, cast

from aiohttp import web

from pycwtd.api.problems import Problem
from pycwtd.logs import REQUEST_ID, new_request_id
from pycwtd.platform.peers import Peer, peer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.access.settings import NetworkConfig
    from pycwtd.config import Listener

log = logging.getLogger(__name__)

#: Time that a client has to read its refusal and stop sending.
_LINGER_SECONDS = 5.0


class Gate:
    """What the connections of one listener share."""

    def __init__(self, listener: Listener, network: NetworkConfig) -> None:
        self.listener = listener
        self.network = network
        self._clients: Counter[str] = Counter()

    def enter(self, client: str) -> str | None:
        """Count a connection in; else say why there is no place for it."""
        if self._clients.total() >= self.network.connections:
            return f"all {self.network.connections} connections of this listener are taken"
        if self._clients[client] >= self.network.connections_per_client:
            most = self.network.connections_per_client
            return f"{client} has {most} connections, and no client may have more"
        self._clients[client] += 1
        return None

    def leave(self, client: str) -> None:
        """Count a connection out."""
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]


class Connection(web.RequestHandler):
    """One connection, with its clocks."""

    __slots__ = ("_busy", "_clock", "_gate", "_inside", "_sending", "client", "peer", "wire")

    def __init__(self, gate: Gate, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=cast("logging.Logger", None),  # none, as web.AppRunner says it too
            keepalive_timeout=gate.network.idle_seconds,
            lingering_time=_LINGER_SECONDS,
            # A body in a content coding is refused; no bomb is ever unpacked.
            auto_decompress=False,
        )
        self._gate = gate
        self._inside = False
        self._busy = False
        self._clock: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self.peer: Peer | None = None
        #: Who counts as one client: an address, or a user of this machine.
        self.client = ""
        self.wire: asyncio.Transport | None = None

    @property
    def listener(self) -> Listener:
        """The listener that it came in by."""
        return self._gate.listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or say why not and close."""
        self.wire = cast("asyncio.Transport", transport)
        connection: socket.socket = transport.get_extra_info("socket")
        if connection.family == socket.AF_UNIX:
            self.peer = peer_of(connection)
            self.client = f"uid:{self.peer.uid}"
        else:
            self.client = str(transport.get_extra_info("peername")[0])
            seconds = self._gate.network.send_seconds
            # For files, which the kernel sends by itself.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
        if reason := self._gate.enter(self.client):
            problem = Problem(503, reason, code="connections", headers={"Retry-After": "5"})
            log.warning("connection refused: %s [%s]", reason, self._refuse(problem))
            return
        self._inside = True
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Pass bytes on; the first ones of a request start its clock."""
        if not self._inside:
            return
        if data and not self._busy and self._clock is None:
            self._await_head()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop all clocks."""
        self._stop_clock()
        self.resume_sending()
        if self._inside:
            self._inside = False
            self._gate.leave(self.client)
            super().connection_lost(exc)

    # -- the request's arrival -----------------------------------------------------------

    def begin(self, request: web.Request, expired: Callable[[], None]) -> None:
        """A head has arrived whole; its body has its own time, by how much of it there is."""
        self._busy = True
        self._stop_clock()
        if request.body_exists:
            loop = asyncio.get_running_loop()
            self._await_body(request, loop.time(), expired)

    def end(self) -> None:
        """The request has been answered; what comes now is the next one."""
        self._busy = False
        self._stop_clock()

    def _await_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._clock = loop.call_later(self._gate.network.head_seconds, self._head_late)

    def _head_late(self) -> None:
        seconds = self._gate.network.head_seconds
        self._clock = None
        problem = Problem(408, f"the request's head didn't arrive within {seconds:g} s")
        request_id = self._refuse(problem)
        text = "%s: no whole request within %g s; cut off [%s]"
        log.info(text, self.client, seconds, request_id)

    def _await_body(self, request: web.Request, since: float, expired: Callable[[], None]) -> None:
        network = self._gate.network
        loop = asyncio.get_running_loop()

        def look() -> None:
            self._clock = None
            if request.content.is_eof():
                return
            end = since + network.body_seconds + request.content.total_bytes / network.body_rate
            if loop.time() < end:
                self._clock = loop.call_at(end, look)
                return
            expired()
            text = f"the body came slower than {network.body_rate:g} bytes a second"
            self._refuse(Problem(408, text))

        self._clock = loop.call_later(network.body_seconds, look)

    def _stop_clock(self) -> None:
        if self._clock:
            self._clock.cancel()
            self._clock = None

    def _refuse(self, problem: Problem) -> str:
        """Answer beside the usual way, and close; returns the id that the answer has."""
        assert self.wire
        request_id = REQUEST_ID.get() or new_request_id()
        self.wire.write(problem.raw(request_id))
        self.wire.close()
        return request_id

    # -- slow readers --------------------------------------------------------------------

    def pause_writing(self) -> None:
        """The client doesn't take what it is sent; from here on, it has its time."""
        super().pause_writing()
        loop = asyncio.get_running_loop()
        self._sending = loop.call_later(self._gate.network.send_seconds, self._cut_off)

    def resume_writing(self) -> None:
        """It has taken enough of it."""
        self.resume_sending()
        super().resume_writing()

    def resume_sending(self) -> None:
        """Stop the clock of a slow reader."""
        if self._sending:
            self._sending.cancel()
            self._sending = None

    def _cut_off(self) -> None:
        seconds = self._gate.network.send_seconds
        log.warning("%s: has taken nothing for %g s; cut off", self.client, seconds)
        self._sending = None
        self.hang_up()

    def hang_up(self) -> None:
        """End it at once, without another word."""
        if not self.wire:
            return
        if self.peer is None:
            # TCP would keep what the client hasn't taken, and wait for it to be taken.
            connection: socket.socket = self.wire.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.abort()

    # -- what isn't HTTP -----------------------------------------------------------------

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What can't be parsed gets a problem; its bytes, which may be a secret, aren't logged."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        request_id = new_request_id()
        log.info("%s: sent what isn't HTTP (%s) [%s]", self.client, type(exc).__name__, request_id)
        headers = {"X-Request-ID": request_id}
        text = "this isn't a request of HTTP/1.1"
        problem = Problem(status, text, code="bad_http", headers=headers)
        token = REQUEST_ID.set(request_id)
        try:
            return problem.response(request.path, keep_alive=False)
        finally:
            REQUEST_ID.reset(token)


async def listen(runner: web.AppRunner, one: socket.socket, gate: Gate) -> asyncio.Server:
    """Serve a listening socket; the runner's cleanup ends the connections."""
    server = runner.server
    assert server
    loop = asyncio.get_running_loop()

    def connection() -> Connection:
        return Connection(gate, server, loop)

    return await loop.create_server(connection, sock=one)


def connection_of(request: web.Request) -> Connection:
    """The connection that a request came by."""
    return cast("Connection", request.protocol)
