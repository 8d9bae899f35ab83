"""Writing files that a power cut leaves either whole or absent."""

from __future__ import annotations

import ctypes
import hashlib
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Bytes read at a time.
_BLOCK = 2**20


class DamagedFileError(ValueError):
    """A file's content isn't what was written there, or can't be read."""


def write_durably(path: Path, data: bytes | memoryview, *, sync: bool = True) -> str:
    """Write ``path`` by way of a temporary name, synced; returns the SHA-256 of the data.

    After a crash at any moment there is either the whole new file or what was there before.

    Args:
        path: of the file.
        data: all of it.
        sync: False for a file that may go with a power cut; it's whole, or not there, as long
            as the system runs.

    Raises:
        OSError: the disk is full, failing or read-only; the temporary file is removed.
    """
    view = memoryview(data)
    with whole_file(path, sync=sync) as file:
        file.write(view)
    return hashlib.sha256(view).hexdigest()


@contextmanager
def whole_file(path: Path, *, sync: bool = True) -> Iterator[IO[bytes]]:
    """The file to be written that then takes the place of ``path``, as :func:`write_durably`."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_directory(path.parent)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read block by block.

    Raises:
        OSError: it can't be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_filesystem(path: Path) -> None:
    """Make everything durable that is on the disk of ``path``: Linux's syncfs(2).

    Raises:
        OSError: something couldn't be written; told from Linux 5.8 on.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(fd) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), str(path))
    finally:
        os.close(fd)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
