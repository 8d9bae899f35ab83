"""The people of the lab: each with a key, an address and connections of their own."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np

from load.rates import PEOPLE
from wires import API, add_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

    from load.record import Record
    from support import Daemon

#: What is sent at once: aiohttp's own headers, ours, and nothing of a library of the daemon's.
_TIMEOUT = aiohttp.ClientTimeout(total=120)
#: Paths outside the API's own.
_BARE = {"/health", "/metrics"}
#: Lengths of the series that people have.
LENGTHS = (64, 128, 200, 365, 500, 1000, 1500)


class Person:
    """Somebody with an analyst's key."""

    def __init__(self, number: int, key: str, url: str) -> None:
        self.number = number
        self.key = key
        self.url = url
        #: All of 127/8 is this machine: each person is at an address of their own.
        self.address = f"127.0.0.{10 + number}"
        connector = aiohttp.TCPConnector(limit=0, local_addr=(self.address, 0))
        self.session = aiohttp.ClientSession(
            url, connector=connector, headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT
        )

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """A bare connection, which ends with a reset."""
        parts = urlsplit(self.url)
        local = (self.address, 0)
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port, local_addr=local, limit=2**16
        )
        wire = Wire(self, reader, writer)
        try:
            yield wire
        finally:
            await wire.close()


class Wire:
    """A bare connection of somebody's."""

    def __init__(
        self, person: Person, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._person = person
        self.reader = reader
        self.writer = writer

    def head(self, method: str, path: str, *lines: str) -> bytes:
        """The head of a request with this person's key."""
        told = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
        told.append(f"Authorization: Bearer {self._person.key}")
        return ("\r\n".join(told) + "\r\n\r\n").encode()

    async def send(self, data: bytes) -> None:
        """Send bytes; that the other side has hung up meanwhile is its right."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def status(self) -> int | str:
        """The status of an answer, or ``closed``."""
        try:
            line = await self.reader.readline()
        except ConnectionError:
            return "closed"
        words = line.split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else "closed"

    def cut(self) -> None:
        """Have the end be a reset, as when a program crashes with answers unread."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Lab:
    """Everybody, and what happens to them."""

    def __init__(self, daemon: Daemon, record: Record) -> None:
        self.record = record
        self._url = daemon.url
        keys = [add_key(daemon, f"person-{n}")["key"] for n in range(PEOPLE)]
        self._keys = keys
        self.people: list[Person] = []
        rng = np.random.default_rng(1)
        self.series = [_red(length, rng) for length in LENGTHS for _ in range(4)]

    def arrive(self) -> None:
        """Everybody opens new connections."""
        self.people = [Person(n, key, self._url) for n, key in enumerate(self._keys)]

    async def leave(self) -> None:
        """Everybody closes all that is open."""
        await asyncio.gather(*(person.session.close() for person in self.people))

    def somebody(self, dice: Random) -> Person:
        """Any of them."""
        return dice.choice(self.people)

    def pair(self, dice: Random, longest: int = 1000) -> tuple[list[float], list[float]]:
        """Two different series of one length."""
        length = dice.choice([one for one in LENGTHS if one <= longest])
        one, other = dice.sample([s for s in self.series if len(s) == length], 2)
        return one, other

    async def ask(
        self,
        person: Person,
        name: str,
        method: str,
        path: str,
        expected: tuple[int, ...] = (200,),
        **options: Any,
    ) -> tuple[int, bytes]:
        """One request; an answer other than those expected is complained of."""
        began = time.monotonic()
        target = path if path in _BARE else API + path
        try:
            async with person.session.request(method, target, **options) as response:
                body = await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            self.record.complain(f"{name}: {method} {path}: {error!r}")
            return 0, b""
        self.record.answered(name, status, began, refused=status not in expected)
        if status not in expected:
            self.record.complain(f"{name}: {method} {path}: {status} {body[:300]!r}")
        return status, body

    def told(self, name: str, status: int | str, expected: tuple[int | str, ...]) -> None:
        """What became of something broken."""
        self.record.statuses[name, str(status)] += 1
        self.record.errors.append(self.record.now)
        if status not in expected:
            self.record.complain(f"{name}: {status}, not one of {expected}")


def _red(length: int, rng: np.random.Generator) -> list[float]:
    """AR(1) noise with a coefficient of 0.7."""
    noise = rng.normal(size=length)
    for k in range(1, length):
        noise[k] += 0.7 * noise[k - 1]
    return [float(value) for value in noise]
