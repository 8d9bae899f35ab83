"""Listening sockets that systemd has opened for us (sd_listen_fds(3))."""

from __future__ import annotations

import os
import socket

from pycwtd.platform.sockets import ListenError

_FIRST = 3
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def inherited_sockets() -> list[tuple[str, socket.socket]]:
    """Name and socket of each, in their order; their environment is used up.

    Raises:
        ListenError: one of them isn't a listening stream socket, or isn't named.
    """
    pid, count, names = (os.environ.pop(variable, "") for variable in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    numbers = range(_FIRST, _FIRST + int(count))
    # systemd names all of them or, when it is old, none.
    named = names.split(":") if names else ["unknown"] * len(numbers)
    if len(named) != len(numbers):
        raise ListenError(f"LISTEN_FDNAMES={names!r} doesn't name {len(numbers)} sockets")
    return [(name, _socket(fd, name)) for fd, name in zip(numbers, named, strict=True)]


def address_of(one: socket.socket) -> tuple[str | None, str | None]:
    """Path of a Unix socket, or ``HOST:PORT`` of one on TCP; the other is ``None``."""
    name = one.getsockname()
    if one.family == socket.AF_UNIX:
        return os.fsdecode(name), None
    host = f"[{name[0]}]" if one.family == socket.AF_INET6 else name[0]
    return None, f"{host}:{name[1]}"


def _socket(fd: int, name: str) -> socket.socket:
    where = f"socket {name!r} (descriptor {fd}), passed by systemd"
    try:
        one = socket.socket(fileno=fd)
        listens = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ListenError(f"{where}: can't be used: {error.strerror}") from None
    families = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6}
    if one.family not in families or one.type != socket.SOCK_STREAM or not listens:
        raise ListenError(f"{where}: must be a listening stream socket; use ListenStream=")
    os.set_inheritable(fd, False)
    one.setblocking(False)
    return one
