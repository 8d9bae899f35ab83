"""The frames between the daemon and a host process: a length, then JSON.

Arrays never go through a frame; they go by file, and the frame names the file.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import socket

#: A frame above this is garbage; the longest honest one is a traceback's text.
MAX_FRAME = 2**20
HEADER = struct.Struct("!I")


class FrameError(Exception):
    """The other side sent something that isn't a frame."""


def encode(message: dict[str, Any]) -> bytes:
    """A frame, ready for the wire."""
    body = msgspec.json.encode(message)
    if len(body) > MAX_FRAME:
        raise FrameError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME}")
    return HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """The length that a header announces.

    Raises:
        FrameError: it is over the limit.
    """
    length = int(HEADER.unpack(header)[0])
    if length > MAX_FRAME:
        raise FrameError(f"a frame announces {length} bytes, over the limit of {MAX_FRAME}")
    return length


def decode(body: bytes) -> dict[str, Any]:
    """The message in a frame's body.

    Raises:
        FrameError: it isn't a JSON object.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(f"a frame's body can't be read: {error}") from None


def receive(channel: socket.socket) -> dict[str, Any] | None:
    """The next message, blocking; ``None`` when the other side is gone.

    Raises:
        FrameError: what came isn't a frame.
    """
    header = _receive_exactly(channel, HEADER.size)
    if header is None:
        return None
    body = _receive_exactly(channel, body_length(header))
    return None if body is None else decode(body)


def _receive_exactly(channel: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = channel.recv(size - len(data))
        if not part:
            return None
        data += part
    return bytes(data)
