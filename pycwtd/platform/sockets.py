"""Listening sockets: stale ones are cleared away, living ones are left alone."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BACKLOG = 128
#: Linux's sockaddr_un has room for 108 bytes, the closing zero included.
_LONGEST_PATH = 107


class ListenError(Exception):
    """A socket or the state directory can't be had; the text says which, why and what to do."""


def listen_unix(path: Path, mode: int) -> socket.socket:
    """A listening Unix socket at ``path``.

    Raises:
        ListenError: another process listens there, something that isn't a socket is in the
            way, or the directory can't be used.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ListenError(
            f"{path}: a socket's path may have {_LONGEST_PATH} bytes at most; choose a shorter one"
        )
    _clear_stale(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ListenError(f"{path.parent}: can't be made: {error.strerror}") from None
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The mode must hold from the first moment, so it goes through the umask, not chmod.
    umask = os.umask(0o777 & ~mode)
    try:
        listener.bind(os.fspath(path))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"{path}: can't listen there: {error.strerror}") from None
    finally:
        os.umask(umask)
    listener.setblocking(False)
    return listener


def _clear_stale(path: Path) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ListenError(f"{path}: can't be looked at: {error.strerror}") from None
    if not stat.S_ISSOCK(status.st_mode):
        raise ListenError(f"{path}: exists and isn't a socket; remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            with suppress(FileNotFoundError):
                path.unlink()
            return
        except OSError as error:
            raise ListenError(f"{path}: exists and can't be probed: {error.strerror}") from None
    raise ListenError(
        f"{path}: another process is listening there already; stop it or choose another path"
    )


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening TCP socket.

    Raises:
        ListenError: the address can't be resolved or is taken.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise ListenError(f"{host}:{port}: can't be resolved: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"{host}:{port}: can't listen there: {error.strerror}") from None
    listener.setblocking(False)
    return listener


def lock_directory(path: Path) -> int:
    """Take the state directory for this process alone; the lock goes with the process.

    Returns:
        The lock's file descriptor, to be kept open.

    Raises:
        ListenError: another daemon holds it, or it can't be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o750)
        fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise ListenError(
            f"state directory {path}: can't be used: {error.strerror}; "
            "give another one with --state-dir"
        ) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise ListenError(f"state directory {path}: another pycwtd is using it") from None
    return fd
