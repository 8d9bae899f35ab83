"""What goes wrong with clients: programs that crash, cables, mistakes, other people's pages."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp

from load import work
from wires import AMBIGUOUS, API, HIDDEN

if TYPE_CHECKING:
    from random import Random

    from load.lab import Lab, Wire

_JSON = "Content-Type: application/json"
_FORM = "Content-Type: multipart/form-data; boundary=b"
#: The mistakes of programs and of people who type.
_MALFORMED = (
    b"{",
    b'{"kind": "cwt", "request": {"data": [1, 2,',
    b'{"kind": "cwt", "request": {"data": [NaN, 1, 2], "dt": 1}}',
    b'{"kind": "cwt", "request": {"dt": 1}}',
    b'{"kind": "fft", "request": {}}',
    b'{"kind": "cwt", "request": {"data": [1e999, 2], "dt": 1}}',
    b'{"kind": "cwt", "request": {"data": "all of it", "dt": 1}}',
    b'{"kind": "cwt", "request": {"data": [1, 2, 3], "dt": -1}}',
    b'{"kind": 7}',
    b'"\xff\xfe"',
    b"[" * 2000 + b"]" * 2000,
    b"",
)
_FILES = (
    b"1\n2\nx\n4\n",
    b"1,2\n3\n",
    b"",
    b"PK\x03\x04 cut off",
    b"\x89HDF\r\n\x1a\n",
    b"\x00\x01",
)
#: Answers to what isn't a request, and a connection that is closed without one.
_NO_REQUEST = (400, 404, 408, 411, 413, 415, 422, 501, "closed")


def _body(lab: Lab, dice: Random) -> bytes:
    asked = work.request(lab, dice, "wct")
    return json.dumps({"kind": "wct", "request": asked}).encode()


async def half_head(lab: Lab, dice: Random) -> None:
    """Leaves in the middle of a head."""
    async with lab.somebody(dice).wire() as wire:
        head = wire.head("GET", f"{API}/jobs")
        await wire.send(head[: dice.randrange(len(head))])
        await _go(wire, dice)
    lab.told("half_head", "left", ("left",))


async def half_body(lab: Lab, dice: Random) -> None:
    """Leaves in the middle of a job's body: there is no such job."""
    body = _body(lab, dice)
    async with lab.somebody(dice).wire() as wire:
        head = wire.head("POST", f"{API}/jobs", _JSON, f"Content-Length: {len(body)}")
        await wire.send(head + body[: dice.randrange(len(body))])
        await _go(wire, dice)
    lab.told("half_body", "left", ("left",))


async def leave_computing(lab: Lab, dice: Random) -> None:
    """Asks for a coherence at once, and leaves while it is computed."""
    asked = work.request(lab, dice, "wct")
    lab.record.left.add(asked["seed"])
    body = json.dumps(asked).encode()
    async with lab.somebody(dice).wire() as wire:
        head = wire.head("POST", f"{API}/wavelet/wct", _JSON, f"Content-Length: {len(body)}")
        await wire.send(head + body)
        await asyncio.sleep(dice.uniform(0, 0.3))
        await _go(wire, dice)
    lab.told("leave_computing", "left", ("left",))


async def leave_upload(lab: Lab, dice: Random) -> None:
    """Leaves in the middle of an upload."""
    size = dice.choice((5_000, 200_000, 2_000_000))
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    async with lab.somebody(dice).wire() as wire:
        length = f"Content-Length: {size + len(start)}"
        await wire.send(wire.head("POST", f"{API}/data/upload", _FORM, length) + start)
        await wire.send(b"1.25\n" * (dice.randrange(size) // 5))
        await _go(wire, dice)
    lab.told("leave_upload", "left", ("left",))


async def leave_download(lab: Lab, dice: Random) -> None:
    """Leaves in the middle of a result."""
    done = lab.record.completed(work.KINDS)
    if not done:
        return
    path = f"{API}/jobs/{dice.choice(done)}/result?format={dice.choice(work.FORMS)}"
    async with lab.somebody(dice).wire() as wire:
        await wire.send(wire.head("GET", path))
        status = await wire.status()
        await wire.reader.read(1000)
        await _go(wire, dice)
    lab.told("leave_download", status, (200,))


def _upgrade(wire: Wire, path: str) -> bytes:
    key = base64.b64encode(bytes(16)).decode()
    lines = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    return wire.head("GET", path, *lines, f"Sec-WebSocket-Key: {key}")


async def leave_socket(lab: Lab, dice: Random) -> None:
    """Leaves a WebSocket without a word, or in the middle of one."""
    async with lab.somebody(dice).wire() as wire:
        await wire.send(_upgrade(wire, f"/ws/events?since={dice.choice((0, 10**9))}"))
        status = await wire.status()
        await wire.reader.read(dice.choice((1, 5000)))
        # A frame of 100 masked bytes, of which some come.
        await wire.send((b"\x81\xe4" + bytes(104))[: dice.randrange(106)])
        await _go(wire, dice)
    lab.told("leave_socket", status, (101,))


async def leave_stream(lab: Lab, dice: Random) -> None:
    """Leaves while windows are computed: the stream's process has to go as well."""
    person = lab.somebody(dice)
    one, other = lab.pair(dice)
    try:
        socket = await person.session.ws_connect("/ws/stream/wct", max_msg_size=0)
    except aiohttp.WSServerHandshakeError as error:
        lab.told("leave_stream", error.status, (503,))
        return
    with suppress(aiohttp.ClientError, ConnectionError, TypeError):
        await socket.send_json({"type": "config", "dt": 1.0, "window": 64, "hop": 1})
        await socket.send_json({"type": "data", "signal1": one, "signal2": other})
        await asyncio.sleep(dice.uniform(0, 0.5))
    transport = socket.get_extra_info("transport")
    if transport:
        transport.abort()
    await socket.close()
    lab.told("leave_stream", 101, (101,))


async def answer_lost(lab: Lab, dice: Random) -> None:
    """Leaves before it hears that its job is accepted, and sends it again: one job in all."""
    person = lab.somebody(dice)
    asked = work.request(lab, dice, "wct")
    body = json.dumps({"kind": "wct", "request": asked}).encode()
    key = f"{dice.getrandbits(64):x}"
    async with person.wire() as wire:
        length = f"Content-Length: {len(body)}"
        head = wire.head("POST", f"{API}/jobs", _JSON, length, f"Idempotency-Key: {key}")
        await wire.send(head + body)
        await asyncio.sleep(dice.choice((0, 0, 0.01, 0.1)))
        await _go(wire, dice)
    status, told = await lab.ask(
        *(person, "job accepted", "POST", "/jobs", (202,)),
        data=body,
        headers={"Content-Type": "application/json", "Idempotency-Key": key},
    )
    if status == 202:
        lab.record.accept(json.loads(told)["job_id"], "wct", asked)
    lab.told("answer_lost", status, (202,))


async def malformed(lab: Lab, dice: Random) -> None:
    """What isn't JSON, or isn't a job."""
    headers = {"Content-Type": "application/json"}
    body = dice.choice(_MALFORMED)
    session = lab.somebody(dice).session
    async with session.post(f"{API}/jobs", data=body, headers=headers) as response:
        problem = await response.read()
        lab.told("malformed", response.status, (422,))
        if response.content_type != "application/problem+json":
            lab.record.complain(f"malformed: {response.content_type}: {problem[:200]!r}")


async def oversized(lab: Lab, dice: Random) -> None:
    """A body over the limit, and a WebSocket's message over it."""
    person = lab.somebody(dice)
    if dice.random() < 0.5:
        async with person.wire() as wire:
            await wire.send(wire.head("POST", f"{API}/jobs", _JSON, "Content-Length: 80000000"))
            await wire.send(bytes(100_000))
            status = await wire.status()
        lab.told("oversized", status, (413,))
        return
    async with person.session.ws_connect("/ws/events") as socket:
        with suppress(ConnectionError):
            await socket.send_str("x" * 100_000)
        async for _ in socket:
            pass
        lab.told("oversized", socket.close_code or "closed", (1009, 1006, "closed"))


async def garbage(lab: Lab, dice: Random) -> None:
    """What is no HTTP, and what two programs could read in two ways."""
    async with lab.somebody(dice).wire() as wire:
        if dice.random() < 0.3:
            await wire.send(dice.randbytes(300) + b"\r\n\r\n")
        else:
            head = f"POST {API}/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n{_JSON}\r\n".encode()
            way = dice.choice(list(AMBIGUOUS.values()))
            await wire.send(head + way.encode() + HIDDEN)
        # Where the end is missing, the daemon waits for more; it need not.
        wire.writer.write_eof()
        status = await wire.status()
    lab.told("garbage", status, (*_NO_REQUEST, 401))


async def wrong_file(lab: Lab, dice: Random) -> None:
    """A file that is no series."""
    form = aiohttp.FormData()
    form.add_field("file", dice.choice(_FILES), filename="series.csv")
    person = lab.somebody(dice)
    async with person.session.post(f"{API}/data/upload", data=form) as response:
        await response.read()
        lab.told("wrong_file", response.status, (400, 415, 422))


async def wrong_token(lab: Lab, dice: Random) -> None:
    """A key that has expired, or none."""
    headers = {"Authorization": f"Bearer pycwtd_{dice.getrandbits(128):x}"}
    person = lab.somebody(dice)
    async with person.session.get(f"{API}/jobs", headers=headers) as response:
        await response.read()
        lab.told("wrong_token", response.status, (401, 429))


async def foreign_page(lab: Lab, dice: Random) -> None:
    """Somebody's browser is on a page that means ill."""
    headers = {"Origin": "https://evil.example"}
    person = lab.somebody(dice)
    async with person.session.delete(f"{API}/jobs/none", headers=headers) as response:
        await response.read()
        lab.told("foreign_page", response.status, (403,))


async def slow_head(lab: Lab, dice: Random) -> None:
    """A head that drips, byte by byte, until the daemon has had enough (10 s)."""
    async with lab.somebody(dice).wire() as wire:
        await wire.send(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        status = asyncio.ensure_future(wire.status())
        while not status.done():
            await wire.send(b"X")
            await asyncio.wait({status}, timeout=0.5)
        lab.told("slow_head", await status, (408,))


async def slow_body(lab: Lab, dice: Random) -> None:
    """A body of which the most doesn't come (30 s)."""
    async with lab.somebody(dice).wire() as wire:
        await wire.send(wire.head("POST", f"{API}/jobs", _JSON, "Content-Length: 1000") + b"{")
        lab.told("slow_body", await wire.status(), (408,))


async def slow_reader(lab: Lab, dice: Random) -> None:
    """Asks for much, reads little, and is gone."""
    async with lab.somebody(dice).wire() as wire:
        for _ in range(20):
            await wire.send(wire.head("GET", f"{API}/openapi.json"))
        status = await wire.status()
        await asyncio.sleep(dice.uniform(1, 15))
        await _go(wire, dice)
    lab.told("slow_reader", status, (200,))


async def _go(wire: Wire, dice: Random) -> None:
    """With a reset, or with a proper end."""
    if dice.random() < 0.5:
        wire.cut()
