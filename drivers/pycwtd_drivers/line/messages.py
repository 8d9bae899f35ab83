"""What requests ask and answers say. Numbers have their low byte first."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from pycwtd_drivers.line.port import LineError

#: Set in the type of an answer.
ANSWER = 0x80
NAK = 0xFF
MAGIC = b"PCWT"
#: Words in a CONFIG.
MOST_WORDS = 64

_HELLO = struct.Struct("<4sBBBBIIHHHHII")
_STATUS = struct.Struct("<IBBHII")
_CONFIG, _CONFIGURED = struct.Struct("<H"), struct.Struct("<HHI")
_RUN, _RUNNING = struct.Struct("<IQII"), struct.Struct("<IB")
_RESULT, _ROW = struct.Struct("<IH"), struct.Struct("<IHH")
_NAK = struct.Struct("<BB")
STATUS_BYTES, HELLO_BYTES, CONFIGURED_BYTES = _STATUS.size, _HELLO.size, _CONFIGURED.size
RUNNING_BYTES = _RUNNING.size


class Kind(IntEnum):
    """Types of requests."""

    HELLO = 1
    CONFIG = 2
    CONFIG_BEGIN = 3
    RUN = 4
    STATUS = 5
    RESULT = 6
    ABORT = 7
    SELFTEST = 8


class State(IntEnum):
    """What a board does."""

    IDLE = 0
    RUNNING = 1
    DONE = 2
    ABORTED = 3
    FAILED = 4


class Reason(IntEnum):
    """Why a board refuses."""

    UNKNOWN_TYPE = 1
    MALFORMED = 2
    BUSY = 3
    OTHER_UNIT = 4
    NOT_CONFIGURED = 5
    NO_SUCH_ROW = 6
    OTHER_VERSION = 7


class StrangerError(LineError):
    """What answers isn't such a board, or speaks another version."""


class RefusedError(LineError):
    """The board understood a request and refuses it.

    Args:
        kind: type of the request.
        reason: the board's number for it, see :class:`Reason`.
    """

    def __init__(self, kind: int, reason: int) -> None:
        self.kind, self.reason = kind, reason
        super().__init__(f"the board refuses {_name(Kind, kind)}: {_name(Reason, reason)}")


def _name(names: type[IntEnum], number: int) -> str:
    try:
        return names(number).name.replace("_", " ").lower()
    except ValueError:
        return f"number {number}"


@dataclass(frozen=True, slots=True)
class Hello:
    """Who a board is.

    Attributes:
        protocol: version of what is in this module.
        numerics: version of the board's arithmetic.
        lanes: how much it does at once.
        flags: the board's own.
        clock_hz: of its clock.
        build: first 32 bits of the digest of its sources.
        max_n: longest series in samples.
        max_rows: most rows of the histogram.
        bins: of each row.
        max_taps: longest filter.
        config_crc: of its configuration, see :mod:`.work`.
        boots: another number after each reset, as far as the board can tell.
    """

    protocol: int
    numerics: int
    lanes: int
    flags: int
    clock_hz: int
    build: int
    max_n: int
    max_rows: int
    bins: int
    max_taps: int
    config_crc: int
    boots: int

    @classmethod
    def read(cls, payload: bytes) -> Hello:
        """From an answer.

        Raises:
            StrangerError: it isn't one of such a board.
        """
        if len(payload) < 5 or payload[:4] != MAGIC:
            raise StrangerError(f"a stranger answers: {payload[:16].hex(' ')}, not {MAGIC!r}")
        if payload[4] != 1 or len(payload) != _HELLO.size:
            raise StrangerError(f"the board speaks version {payload[4]}, this host version 1")
        return cls(*_HELLO.unpack(payload)[1:])

    def pack(self) -> bytes:
        """As an answer."""
        return _HELLO.pack(MAGIC, *(getattr(self, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Status:
    """What a board does.

    Attributes:
        unit: the number of its unit of work.
        state: of that.
        overflow: whether a count was too large for the board; the unit is good for nothing then.
        done: realisations done of it.
        config_crc: of its configuration.
    """

    unit: int
    state: State
    overflow: bool
    done: int
    config_crc: int

    @classmethod
    def read(cls, payload: bytes) -> Status | None:
        """From an answer; None if it isn't one."""
        if len(payload) != _STATUS.size:
            return None
        unit, state, overflow, _, done, config_crc = _STATUS.unpack(payload)
        if state > max(State):
            return None
        return cls(unit, State(state), bool(overflow), done, config_crc)

    def pack(self) -> bytes:
        """As an answer."""
        return _STATUS.pack(self.unit, self.state, self.overflow, 0, self.done, self.config_crc)


def pack_config(address: int, words: tuple[int, ...]) -> bytes:
    """A block of words for the board's memory from an address on."""
    return _CONFIG.pack(address) + struct.pack(f"<{len(words)}I", *words)


def read_config(payload: bytes) -> tuple[int, tuple[int, ...]] | None:
    """Address and words of such a block; None if it isn't one."""
    count, rest = divmod(len(payload) - _CONFIG.size, 4)
    if rest or not 1 <= count <= MOST_WORDS:
        return None
    (address,) = _CONFIG.unpack_from(payload)
    return address, struct.unpack_from(f"<{count}I", payload, _CONFIG.size)


def pack_configured(address: int, count: int, crc: int) -> bytes:
    """The answer to a block: where, how many words, and the checksum up to it."""
    return _CONFIGURED.pack(address, count, crc)


def read_configured(payload: bytes, address: int, count: int) -> int | None:
    """The checksum that answers a block; None if it is another's answer."""
    if len(payload) != _CONFIGURED.size:
        return None
    found = _CONFIGURED.unpack(payload)
    return int(found[2]) if found[:2] == (address, count) else None


def pack_run(unit: int, seed: int, first: int, count: int) -> bytes:
    """A unit of work: its number, and which realisations of which seed."""
    return _RUN.pack(unit, seed, first, count)


def read_run(payload: bytes) -> tuple[int, int, int, int] | None:
    """Unit, seed, first and count; None if it isn't one."""
    return _RUN.unpack(payload) if len(payload) == _RUN.size else None


def pack_running(unit: int, state: State) -> bytes:
    """The answer to a unit of work."""
    return _RUNNING.pack(unit, state)


def read_running(payload: bytes, unit: int) -> State | None:
    """The state of a unit; None if it is another's answer."""
    if len(payload) != _RUNNING.size:
        return None
    found, state = _RUNNING.unpack(payload)
    return State(state) if found == unit and state <= max(State) else None


def pack_result(unit: int, row: int) -> bytes:
    """The request of a row of a unit's histogram."""
    return _RESULT.pack(unit, row)


def read_result(payload: bytes) -> tuple[int, int] | None:
    """Unit and row; None if it isn't one."""
    return _RESULT.unpack(payload) if len(payload) == _RESULT.size else None


def pack_row(unit: int, row: int, counts: tuple[int, ...]) -> bytes:
    """A row of a histogram, as an answer."""
    return _ROW.pack(unit, row, len(counts)) + struct.pack(f"<{len(counts)}I", *counts)


def row_bytes(bins: int) -> int:
    """Bytes of such an answer."""
    return _ROW.size + 4 * bins


def read_row(payload: bytes, unit: int, row: int, bins: int) -> tuple[int, ...] | None:
    """The counts of a row; None if it is another's answer."""
    if len(payload) != row_bytes(bins) or _ROW.unpack_from(payload) != (unit, row, bins):
        return None
    return struct.unpack_from(f"<{bins}I", payload, _ROW.size)


def pack_refusal(reason: int, kind: int) -> bytes:
    """Why a request of some type is refused."""
    return _NAK.pack(reason, kind)


def read_refusal(payload: bytes) -> tuple[int, int] | None:
    """Reason and type of the request; None if it isn't one."""
    return _NAK.unpack(payload) if len(payload) == _NAK.size else None
