"""Frames: what is one message on the wire, and how damage shows.

``COBS(header | payload | crc32) 00``, with the header ``version u8 | type u8 | seq u8 | 0 u8 |
length u16``, numbers with their low byte first, and the CRC-32 of IEEE 802.3 (:func:`zlib.crc32`)
of header and payload. COBS (Cheshire & Baker 1999) keeps 00 out of a frame, so whatever was lost,
doubled or added, with the next 00 a new frame begins. Of damaged frames one in 2³² passes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import Enum

from cobs import cobs

VERSION = 1
#: Between frames.
END = b"\x00"
_HEADER, _CRC = struct.Struct("<BBBBH"), struct.Struct("<I")
#: Bytes of a frame beside its payload, before COBS.
OVERHEAD = _HEADER.size + _CRC.size
#: What comes without an end is dropped beyond so many bytes: 2,000 bins of 32 bits are less.
LONGEST = 8192


class Damage(Enum):
    """Why bytes between two ends weren't a frame."""

    TOO_LONG = "too long"
    STUFFING = "no COBS"
    CHECKSUM = "wrong checksum"
    LENGTH = "wrong length"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        kind: type of the request, with the highest bit set in answers.
        seq: number of the request, 0 to 255.
        payload: what it says.
        version: of the protocol; where it is another one the payload means nothing.
    """

    kind: int
    seq: int
    payload: bytes = b""
    version: int = VERSION


def encode(frame: Frame) -> bytes:
    """A frame as it goes over the wire, with its end."""
    head = _HEADER.pack(frame.version, frame.kind, frame.seq, 0, len(frame.payload))
    body = head + frame.payload
    return bytes(cobs.encode(body + _CRC.pack(zlib.crc32(body)))) + END


def decode(data: bytes) -> Frame | Damage:
    """The frame that some bytes between two ends are, or why they are none."""
    try:
        body = cobs.decode(data)
    except cobs.DecodeError:
        return Damage.STUFFING
    if len(body) < OVERHEAD:
        return Damage.LENGTH
    body, code = body[: -_CRC.size], body[-_CRC.size :]
    if _CRC.pack(zlib.crc32(body)) != code:
        return Damage.CHECKSUM
    version, kind, seq, reserved, length = _HEADER.unpack_from(body)
    payload = body[_HEADER.size :]
    if version == VERSION and (reserved or length != len(payload)):
        return Damage.LENGTH
    return Frame(kind, seq, payload, version)


def wire_length(payload: int) -> int:
    """The most bytes on the wire of a frame with so many bytes of payload."""
    bare = payload + OVERHEAD
    return bare + (bare + 253) // 254 + 1


class Decoder:
    """Frames out of bytes, however these are cut.

    Args:
        longest: bytes on the wire of the longest frame.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._pending = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[Frame | Damage]:
        """What comes to an end with some more bytes; empty frames are passed over."""
        found: list[Frame | Damage] = []
        *ends, rest = data.split(END)
        for part in ends:
            self._add(part)
            whole, skipped = bytes(self._pending), self._skipping
            self._pending.clear()
            self._skipping = False
            if skipped:
                found.append(Damage.TOO_LONG)
            elif whole:
                found.append(decode(whole))
        self._add(rest)
        return found

    def _add(self, part: bytes) -> None:
        if not self._skipping:
            self._pending += part
            self._skipping = len(self._pending) > self._longest
