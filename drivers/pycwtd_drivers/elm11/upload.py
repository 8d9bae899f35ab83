"""Putting a program on the board, in its command mode.

The handshake, by the vendor's documents; it hasn't been seen on a board: the host sends 07 until
06 comes back; 09, answered by 08; the length in four bytes, big end first, answered by the sum of
its bytes and 0A, or by 10 or 11 where it is too large; of every 256 bytes 0C, answered by 0B, then
their number less one and they themselves, answered by the sum of all these; 0D ends it.

How a page is sent again isn't documented well enough to rely on: whatever goes wrong ends the
upload. A line that is too noisy for it takes the program as Lua, :mod:`.typing_in`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.console import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_drivers.elm11.console import Console

PAGE = 256
#: Tries of the first byte.
_HELLOS = 12
#: For one answer: the flash writes a page within.
_ANSWER_SECONDS = 2.0
_HELLO_SECONDS = 0.25
_MODE_SECONDS = 3.0

SYNC, SYNC_OK, START, START_OK = 0x07, 0x06, 0x09, 0x08
LENGTH_OK, PAGE_NEXT, PAGE_OK, END = 0x0A, 0x0C, 0x0B, 0x0D


def checksum(data: bytes) -> int:
    """Sum of the bytes, modulo 256."""
    return sum(data) & 0xFF


def upload(
    console: Console, name: str, text: str, progress: Callable[[int], None] = lambda _percent: None
) -> None:
    """Store a program under a name; the console is at its Lua prompt before and after.

    Args:
        console: of the board.
        name: that it gets there.
        text: ASCII.
        progress: told which percentage of it has been sent.

    Raises:
        ConsoleError: the board doesn't take it.
        LostError: the port is gone.
    """
    enter_commands(console)
    console.type(f'upload("{name}")')
    _until_quiet(console)
    _Talk(console).transfer(text.encode("ascii"), progress)
    _until_quiet(console)
    console.recover()


def enter_commands(console: Console) -> None:
    """From the Lua prompt into command mode.

    Raises:
        ConsoleError: its prompt doesn't come.
    """
    console.type("cmd")
    end = time.monotonic() + _MODE_SECONDS
    while time.monotonic() < end:
        console.lines()
        if console.prompt() == "/":
            return
    raise ConsoleError(f"{console.port}: command mode's prompt doesn't come")


def _until_quiet(console: Console) -> None:
    while console.lines() or console.receive():
        pass


class _Talk:
    """The bytes of one transfer."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._come = b""

    def transfer(self, data: bytes, progress: Callable[[int], None]) -> None:
        if not any(self._asked(bytes([SYNC]), SYNC_OK, _HELLO_SECONDS) for _ in range(_HELLOS)):
            raise ConsoleError(f"{self._console.port}: the board doesn't begin the upload")
        # What was sent too often is answered too often.
        self._come = b""
        self._console.receive()
        self._must(bytes([START]), START_OK, "start")
        length = len(data).to_bytes(4, "big")
        self._must(length, checksum(length), "length")
        if self._answer(_ANSWER_SECONDS) != LENGTH_OK:
            raise ConsoleError(f"{self._console.port}: a program of {len(data)} bytes is too large")
        for start in range(0, len(data), PAGE):
            self._page(data[start : start + PAGE])
            progress(100 * min(start + PAGE, len(data)) // len(data))
        self._console.send(bytes([END]))

    def _page(self, data: bytes) -> None:
        packet = bytes([len(data) - 1]) + data
        if not (
            self._asked(bytes([PAGE_NEXT]), PAGE_OK, _ANSWER_SECONDS)
            and self._asked(packet, checksum(packet), _ANSWER_SECONDS)
        ):
            raise ConsoleError(f"{self._console.port}: a page of the program doesn't arrive whole")

    def _must(self, data: bytes, wanted: int, what: str) -> None:
        if not self._asked(data, wanted, _ANSWER_SECONDS):
            raise ConsoleError(f"{self._console.port}: the upload's {what} isn't acknowledged")

    def _asked(self, data: bytes, wanted: int, seconds: float) -> bool:
        self._console.send(data)
        return self._answer(seconds) == wanted

    def _answer(self, seconds: float) -> int | None:
        end = time.monotonic() + seconds
        while not self._come and time.monotonic() < end:
            self._come = self._console.receive()
        first, self._come = self._come[:1], self._come[1:]
        return first[0] if first else None
