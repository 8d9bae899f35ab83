"""Coherence of two series as they come in: a WebSocket with a process of its own.

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
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Meta, Struct

from pycwtd.api.context import CONTEXT
from pycwtd.api.problems import Problem, decode
from pycwtd.api.sockets import open_socket
from pycwtd.engine.pool import UnknownBackendError
from pycwtd.hosts.host import Host, HostDiedError, HostError
from pycwtd.workloads.wavelet.fields import Count as ScaleCount
from pycwtd.workloads.wavelet.fields import Interval, Mother, Order, Shape, Smallest, Spacing
from pycwtd.workloads.wavelet.requests import Analysis, WaveletPair, analysis

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.api.context import Context

#: Largest message; some 50,000 samples of each series.
_MAX_MESSAGE = 2 * 2**20


class Config(Struct, tag_field="type", tag="config", forbid_unknown_fields=True, kw_only=True):
    """What to compute; begins anew with no samples."""

    dt: Interval
    #: For Monte Carlo; a stream has none, but a backend that doesn't exist is refused.
    backend: str = "auto"
    #: Samples of a window, and from the start of one to the start of the next.
    window: Annotated[int, Meta(ge=16, le=65536)] = 1000
    hop: Annotated[int, Meta(ge=1, le=65536)] | None = None
    dj: Spacing = 0.25
    s0: Smallest = -1.0
    J: ScaleCount = -1
    mother: Mother = "morlet"
    param: Order = -1.0
    gamma: Shape = -1.0
    normalize: bool = True


class Data(Struct, tag_field="type", tag="data", forbid_unknown_fields=True):
    """More samples, any number, of both series as many."""

    signal1: list[float]
    signal2: list[float]


class Ping(Struct, tag_field="type", tag="ping"):
    """Is anybody there."""


async def coherence(request: web.Request) -> web.StreamResponse:
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
        stream = Stream(context, socket)
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

    def __init__(self, context: Context, socket: web.WebSocketResponse) -> None:
        self._context = context
        self._socket = socket
        self._host = Host("stream", context.config.engine.silence_seconds)
        self._folder: Path = context.store.incoming / f"stream-{uuid.uuid4()}"
        self._folder.mkdir()
        self._grid: dict[str, Any] | None = None
        self._window = self._hop = 0
        self._samples = (array("d"), array("d"))
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
        message: Config | Data | Ping = decode(body, Config | Data | Ping)  # type: ignore[arg-type]
        if isinstance(message, Ping):
            await self._say({"type": "pong"})
        elif isinstance(message, Config):
            await self._configure(message)
        else:
            await self._take(message)

    async def _configure(self, config: Config) -> None:
        if config.backend != "auto":
            self._context.engine.pool.find(config.backend)
        hop = config.hop or config.window
        wanted = self._checked(config)
        # The process is there before the first window, not because of it.
        await self._host.call("ping", {})
        self._grid = {
            **{"dt": wanted.dt, "dj": wanted.dj, "s0": wanted.s0, "J": wanted.J},
            **{"family": wanted.family, "order": wanted.order, "shape": wanted.shape},
            "normalize": wanted.normalize,
        }
        self._window, self._hop = config.window, hop
        self._samples = (array("d"), array("d"))
        self._start = self._skip = 0
        await self._say({"type": "ack", "window": config.window, "hop": hop})

    def _checked(self, config: Config) -> Analysis:
        """The grid with its defaults, as any request for a window of this length gets it."""
        alike: list[float | None] = [float(sample % 2) for sample in range(config.window)]
        request = WaveletPair(
            signal1=alike,
            signal2=alike,
            **{
                n: getattr(config, n)
                for n in ("dt", "dj", "s0", "J", "param", "gamma", "normalize")
            },
            mother=config.mother,
        )
        limits = self._context.config.limits
        wanted = analysis("wct", request, limits, {})
        numbers = 2 * config.window * (wanted.J + 1)
        if numbers > limits.json_numbers:
            raise Problem(
                400,
                f"window: a result would have {numbers} numbers, more than the "
                f"{limits.json_numbers} that are sent as JSON; take fewer samples or scales",
            )
        return wanted

    async def _take(self, data: Data) -> None:
        if self._grid is None:
            raise Problem(400, "send a config first")
        if len(data.signal1) != len(data.signal2):
            raise Problem(
                400,
                "signal1 and signal2: must have the same length, not "
                f"{len(data.signal1)} and {len(data.signal2)} samples; neither was taken",
            )
        for kept, fresh in zip(self._samples, (data.signal1, data.signal2), strict=True):
            kept.extend(fresh)
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
        first, second = self._samples
        samples = first[: self._window].tobytes() + second[: self._window].tobytes()
        (self._folder / "window").write_bytes(samples)
        arguments = {"folder": str(self._folder), "start": self._start, **(self._grid or {})}
        await self._host.call("window", arguments)
        text = await asyncio.to_thread((self._folder / "result").read_text, "ascii")
        await self._socket.send_str(text)
