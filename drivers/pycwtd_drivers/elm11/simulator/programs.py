"""Command mode of the simulated board: its programs, and the upload of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pycwtd_drivers.elm11 import upload
from pycwtd_drivers.elm11.firmware import MAX_NAME, MAX_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_drivers.line.simulator.terminal import Terminal

_CLEAR = b"\x1b[2J\x1b[H"
_CALL = re.compile(r'(upload|run|delete) program\("([^"]+)"\)|(upload|run|delete)\("([^"]+)"\)')


class Programs:
    """The programs stored on a board, by name; they outlive its resets."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}

    def serve(self, terminal: Terminal, read_line: Callable[[bytes], str]) -> None:
        """Command mode, until ``exit``."""
        terminal.write(_CLEAR)
        while (line := read_line(b"/ ").strip()) != "exit":
            found = _CALL.fullmatch(line)
            if line in {"list", "programs"}:
                terminal.write("".join(f"{name}\r\n" for name in self.stored).encode())
            elif found and (found[1] or found[3]) == "upload":
                self._take(terminal, found[2] or found[4])
            elif found and (found[1] or found[3]) == "delete":
                self.stored.pop(found[2] or found[4], None)
            elif line:
                terminal.write(b"unknown command\r\n")

    def _take(self, terminal: Terminal, name: str) -> None:
        """The handshake of :mod:`pycwtd_drivers.elm11.upload`, from the other side."""
        if len(name) > MAX_NAME:
            terminal.write(b"name too long\r\n")
            return
        data, length = bytearray(), None
        while True:
            match terminal.read():
                case upload.SYNC:
                    terminal.write(bytes([upload.SYNC_OK]))
                case upload.START:
                    terminal.write(bytes([upload.START_OK]))
                    size = bytes(terminal.read() for _ in range(4))
                    length = int.from_bytes(size, "big")
                    fits = length <= MAX_PROGRAM
                    last = upload.LENGTH_OK if fits else 0x10
                    terminal.write(bytes([upload.checksum(size), last]))
                    if not fits:
                        return
                case upload.PAGE_NEXT if length is not None:
                    terminal.write(bytes([upload.PAGE_OK]))
                    head = terminal.read()
                    page = bytes(terminal.read() for _ in range(head + 1))
                    data += page
                    terminal.write(bytes([upload.checksum(bytes([head]) + page)]))
                case upload.END:
                    break
                case _:
                    return
        if length == len(data):
            self.stored[name] = data.decode("ascii", "replace")
