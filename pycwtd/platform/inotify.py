"""Folders that are watched for names that come and go, by the kernel's inotify.

udev makes its names under ``/dev/serial`` when a port is ready to be opened, and takes them away
with the port: who watches these folders needs no connection to udev. Nothing is polled.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# From <sys/inotify.h>.
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _ONLYDIR = 0x400, 0x800, 0x01000000
_MASK = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
_BUFFER = 64 * 1024


class Watch:
    """A file descriptor that can be read when a name has come or gone.

    Raises:
        OSError: the kernel gives none, by its limits or because it has no inotify.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watched: dict[Path, int] = {}
        self.fd = int(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self.fd < 0:
            raise self._error("inotify")

    def _error(self, what: str) -> OSError:
        number = ctypes.get_errno()
        return OSError(number, os.strerror(number), what)

    def close(self) -> None:
        """Watch no more."""
        os.close(self.fd)

    def read(self) -> None:
        """Take what has happened off the descriptor; which names it were, a look tells."""
        try:
            while os.read(self.fd, _BUFFER):
                pass
        except BlockingIOError:
            return

    def set(self, folders: Iterable[Path]) -> None:
        """Watch these folders; of one that isn't there, the nearest above that is.

        Where that ends another watch, the descriptor can be read once more. What happens in the
        meantime isn't taken off it: a folder may be made while the one above it is turned to.

        Raises:
            OSError: the kernel watches no more.
        """
        wanted: dict[Path, int] = {}
        for folder in folders:
            chain = (folder, *folder.parents)
            while True:
                depth, number = self._nearest(chain)
                if depth == 0 or not chain[depth - 1].exists():
                    break  # else it was made before the one above it was watched
            wanted[chain[depth]] = number
        for number in set(self._watched.values()) - set(wanted.values()):
            # What is gone is watched no more as it is.
            self._libc.inotify_rm_watch(self.fd, number)
        self._watched = wanted

    def _nearest(self, chain: Sequence[Path]) -> tuple[int, int]:
        """Watch the first of some folders that is there; its place among them, and its number."""
        for depth, place in enumerate(chain):
            number = int(self._libc.inotify_add_watch(self.fd, os.fsencode(place), _MASK))
            if number >= 0:
                return depth, number
            if ctypes.get_errno() not in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
                break
        raise self._error(str(place))
