"""Who is at the other end of a Unix socket, as the kernel tells it."""

from __future__ import annotations

import errno
import socket
import struct
from dataclasses import dataclass

#: Linux' ``SO_PEERGROUPS`` (since 4.13), which Python's socket module doesn't name.
_SO_PEERGROUPS = 59
#: As many bytes as Python's getsockopt returns: 256 groups.
_MOST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected, as it was at that moment."""

    pid: int
    uid: int
    #: The primary group and the supplementary ones.
    groups: frozenset[int]


def peer_of(connection: socket.socket) -> Peer:
    """The credentials of the process at the other end of a Unix socket.

    A process in more than 256 groups is seen in its primary one alone: this may refuse what
    could be granted, and never the other way round.
    """
    credentials = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    pid, uid, gid = struct.unpack("3i", credentials)
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_BYTES)
    except OSError as error:
        if error.errno not in {errno.ERANGE, errno.ENOPROTOOPT}:
            raise
        raw = b""
    return Peer(pid, uid, frozenset({gid, *struct.unpack(f"{len(raw) // 4}I", raw)}))
