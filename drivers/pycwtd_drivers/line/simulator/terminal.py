"""The simulated board's end of a pseudo terminal."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from typing import TYPE_CHECKING

from pycwtd_drivers.line.simulator.faults import Faults, Wire

if TYPE_CHECKING:
    from pathlib import Path


class UnpluggedError(Exception):
    """The line is gone."""


class ResetError(Exception):
    """The board starts anew."""


class Terminal:
    """Bytes to and from whoever opened the other end.

    Args:
        link: where a symbolic link to the terminal is put; None for none.
        faults: what goes wrong.
    """

    def __init__(self, link: Path | None, faults: Faults) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        # Held open: otherwise the master hangs up when a client closes.
        self._slave = slave
        self._faults = faults
        self._in, self._out = Wire(faults, 0), Wire(faults, 1)
        self._sent = 0
        #: What has happened, and is to be told again: Lua catches what is raised in its calls.
        self.mishap: Exception | None = None
        self.resets = 0
        self._come = bytearray()
        #: What ends a wait from another thread.
        self._wake, self._waker = os.pipe()
        self._closing = threading.Lock()
        self._link = link
        if link:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)

    def close(self) -> None:
        """Unplug it."""
        if self._link:
            self._link.unlink(missing_ok=True)
            self._link = None
        with self._closing:
            if self._master >= 0:
                for handle in (self._slave, self._master, self._wake, self._waker):
                    os.close(handle)
                self._master = -1

    def stop(self) -> None:
        """Have whoever waits for a byte find it unplugged; for another thread."""
        with self._closing:
            if self._master >= 0:
                os.write(self._waker, b"x")

    def write(self, data: bytes) -> None:
        """Send bytes; the line's faults happen to them.

        Raises:
            UnpluggedError: the time for it has come.
            ResetError: likewise.
        """
        if self.mishap:
            raise self.mishap
        faults = self._faults
        left = len(data)
        if faults.unplug_after is not None:
            left = min(left, faults.unplug_after - self._sent)
        self._put(self._out.carry(data[:left]))
        self._sent += len(data)
        if left < len(data):
            self.mishap = UnpluggedError()
        elif faults.reset_after is not None and self._sent > faults.reset_after and not self.resets:
            self.resets = 1
            self.mishap = ResetError()
        if self.mishap:
            raise self.mishap

    def _put(self, data: bytes) -> None:
        step = 1 if self._faults.single else max(1, len(data))
        for start in range(0, len(data), step):
            rest = data[start : start + step]
            while rest:
                rest = rest[os.write(self._master, rest) :]

    def read(self) -> int:
        """The next byte; waits for it.

        Raises:
            UnpluggedError: the line is gone.
        """
        while not self._come:
            self._fill(None)
        return self._come.pop(0)

    def waiting(self) -> bool:
        """Whether there is a byte; doesn't wait."""
        if not self._come:
            self._fill(0.0)
        return bool(self._come)

    def _fill(self, timeout: float | None) -> None:
        ready = select.select([self._master, self._wake], [], [], timeout)[0]
        if self._wake in ready:
            raise UnpluggedError
        if not ready:
            return
        try:
            data = os.read(self._master, 4096)
        except OSError:
            raise UnpluggedError from None
        self._come += self._in.carry(data)
