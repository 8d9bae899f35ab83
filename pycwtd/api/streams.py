"""Series as they come in, window by window: a WebSocket with a process of its own.

A message is answered before the next one is read, and an answer is sent before the next window
is computed. So a client that sends faster than it reads is slowed down by its own connection,
and a stream holds one window, one message and one result, whatever the client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import uuid
from array import array
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from pycwtd.api.context import CONTEXT
from pycwtd.api.problems import Problem, decode
from pycwtd.api.sockets import open_socket
from pycwtd.engine.pool import UnknownBackendError
from pycwtd.hosts.host import Host, HostDiedError, HostError
from pycwtd.workloads.interface import StreamConfig

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.api.context import Context, Handler
    from pycwtd.workloads.interface import Stream as Declared

#: Largest message; some 50,000 samples of each series.
_MAX_MESSAGE = 2 * 2**20


class Ping(Struct, tag_field="type", tag="ping"):
    """Is anybody there."""


def serving(workload: str, declared: Declared) -> Handler:
    """The handler of a stream's route."""
    return partial(_serve, workload, declared)


async def _serve(workload: str, declared: Declared, request: web.Request) -> web.StreamResponse:
    """Serve one stream until the client or the daemon leaves."""
    context = request.app[CONTEXT]
    if context.streams >= context.config.limits.streams:
        raise Problem(
            503,
            f"{context.streams} streams are open, and this appliance serves no more",
            code="streams_full",
            headers={"Retry-After": "10"},
        )
    context.streams += 1
    try:
        # Deflating a result takes longer than computing it.
        socket = await open_socket(request, _MAX_MESSAGE, compress=False)
        stream = Stream(context, socket, workload, declared)
        try:
            await _until_halted(context.engine.halted, stream)
        finally:
            await stream.close()
    finally:
        context.streams -= 1
    return socket


async def _until_halted(halted: asyncio.Event, stream: Stream) -> None:
    serving = asyncio.ensure_future(stream.serve())
    waiting = asyncio.ensure_future(halted.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            with contextlib.suppress(ConnectionError):
                serving.result()
    finally:
        serving.cancel()
        waiting.cancel()
        await asyncio.gather(serving, waiting, return_exceptions=True)


class Stream:
    """One client, its process, and the samples that aren't in a finished window yet."""

    def __init__(
        self, context: Context, socket: web.WebSocketResponse, workload: str, declared: Declared
    ) -> None:
        self._context = context
        self._socket = socket
        self._declared = declared
        fields = [(name, list[float]) for name in declared.series]
        #: More samples, any number, of all series as many.
        self._data = msgspec.defstruct(
            "Data", fields, tag_field="type", tag="data", forbid_unknown_fields=True
        )
        role = f"stream:{workload}:{declared.name}"
        engine = context.config.engine
        self._host = Host(role, engine.silence_seconds, engine.memory_bytes)
        self._folder: Path = context.store.incoming / f"stream-{uuid.uuid4()}"
        self._folder.mkdir()
        self._arguments: dict[str, Any] | None = None
        self._window = self._hop = 0
        self._samples = [array("d") for _ in declared.series]
        #: Number of the first sample that is kept.
        self._start = 0
        #: Samples to come that lie between two windows.
        self._skip = 0

    async def close(self) -> None:
        """End the process and remove its files."""
        await self._host.kill()
        await self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def serve(self) -> None:
        """Answer every message until the client leaves."""
        async for message in self._socket:
            if message.type is WSMsgType.ERROR:
                return
            try:
                await self._answer(message.data)
            except Problem as problem:
                await self._say({"type": "error", "message": problem.detail})
            except (ValueError, UnknownBackendError) as error:
                await self._say({"type": "error", "message": str(error)})
            except (HostError, HostDiedError, OSError) as error:
                if isinstance(error, ConnectionError):
                    return
                await self._say({"type": "error", "message": f"the window was lost: {error}"})

    async def _say(self, message: dict[str, Any]) -> None:
        await self._socket.send_str(msgspec.json.encode(message).decode())

    async def _answer(self, text: str | bytes) -> None:
        body = text.encode() if isinstance(text, str) else text
        kinds: Any = self._declared.config | self._data | Ping
        message = decode(body, kinds)
        if isinstance(message, Ping):
            await self._say({"type": "pong"})
        elif isinstance(message, StreamConfig):
            await self._configure(message)
        else:
            await self._take(message)

    async def _configure(self, config: StreamConfig) -> None:
        if (backend := getattr(config, "backend", "auto")) != "auto":
            self._context.engine.pool.find(backend)
        hop = config.hop or config.window
        limits = self._context.config.limits
        plan = self._declared.plan(config, limits)
        if plan.numbers > limits.json_numbers:
            raise Problem(
                400,
                f"window: a result would have {plan.numbers} numbers, more than the "
                f"{limits.json_numbers} that are sent as JSON; take fewer samples or scales",
            )
        # The process is there before the first window, not because of it.
        await self._host.call("ping", {})
        self._arguments = plan.arguments
        self._window, self._hop = config.window, hop
        self._samples = [array("d") for _ in self._declared.series]
        self._start = self._skip = 0
        await self._say({"type": "ack", "window": config.window, "hop": hop})

    async def _take(self, data: Struct) -> None:
        if self._arguments is None:
            raise Problem(400, "send a config first")
        names = self._declared.series
        fresh = [getattr(data, name) for name in names]
        lengths = [len(one) for one in fresh]
        if len(set(lengths)) > 1:
            raise Problem(
                400,
                f"{' and '.join(names)}: must have the same length, not "
                f"{' and '.join(map(str, lengths))} samples; none was taken",
            )
        for kept, more in zip(self._samples, fresh, strict=True):
            kept.extend(more)
        while True:
            self._drop()
            if self._skip or len(self._samples[0]) < self._window:
                return
            try:
                await self._send_window()
            finally:
                self._skip = self._hop

    def _drop(self) -> None:
        """Let go of samples that no further window holds."""
        gone = min(self._skip, len(self._samples[0]))
        for kept in self._samples:
            del kept[:gone]
        self._start += gone
        self._skip -= gone

    async def _send_window(self) -> None:
        samples = b"".join(one[: self._window].tobytes() for one in self._samples)
        (self._folder / "window").write_bytes(samples)
        arguments = {
            **{"folder": str(self._folder), "start": self._start},
            "arguments": self._arguments,
        }
        await self._host.call("window", arguments)
        text = await asyncio.to_thread((self._folder / "result").read_text, "ascii")
        await self._socket.send_str(text)
