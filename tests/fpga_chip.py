"""The line protocol once more, in its plainest form, for the benches of the gateware."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fpga_gateware" / "bench"))

import simulate

HELLO, CONFIG, BEGIN, RUN, STATUS, RESULT, ABORT, SELFTEST, NAK = (*range(1, 9), 0xFF)
IDLE, RUNNING, DONE, ABORTED, FAILED = range(5)


def program(name, **options):
    """A compiled bench; the test is skipped where it can't be made."""
    if missing := simulate.lack():
        pytest.skip(f"the gateware can't be simulated: {missing}")
    return simulate.build(name, **options)


def stuffed(data):
    """COBS, as its paper has it: each zero becomes the distance to the next one."""
    blocks, block = [], b""
    for i, byte in enumerate(data):
        if byte:
            block += bytes([byte])
        if not byte or (len(block) == 254 and i + 1 < len(data)):
            blocks.append(bytes([len(block) + 1]) + block)
            block = b""
    return b"".join([*blocks, bytes([len(block) + 1]) + block])


def unstuffed(data):
    """The inverse of :func:`stuffed`."""
    out, at = b"", 0
    while at < len(data):
        code = data[at]
        assert code, "a zero within a frame"
        block = data[at + 1 : at + code]
        assert len(block) == code - 1, "a block is cut"
        at += code
        out += block + (b"\0" if code < 255 and at < len(data) else b"")
    return out


def framed(kind, payload=b"", seq=0, version=1, **wrong):
    """A request as it goes over the line."""
    length, reserved = wrong.get("length", len(payload)), wrong.get("reserved", 0)
    head = struct.pack("<BBBBH", version, kind, seq, reserved, length)
    body = head + payload
    return stuffed(body + struct.pack("<I", zlib.crc32(body))) + b"\0"


def opened(frame):
    """Type, number and payload of an answer, which must be whole."""
    assert frame.endswith(b"\0")
    data = unstuffed(frame[:-1])
    (code,) = struct.unpack("<I", data[-4:])
    assert zlib.crc32(data[:-4]) == code
    version, kind, seq, reserved, length = struct.unpack("<BBBBH", data[:6])
    assert (version, reserved, length) == (1, 0, len(data) - 10)
    return kind, seq, data[6:-4]


class Chip:
    """Requests to a simulated board, one by one, without retries."""

    def __init__(self, board):
        self.board = board
        self.seq = 0

    def ask(self, kind, payload=b"", **header):
        """Kind and payload of the answer to one request."""
        self.seq = (self.seq + 1) % 256
        self.board.send(framed(kind, payload, seq=self.seq, **header))
        frame = self.board.answer()
        assert frame, f"no answer to request {kind}"
        answered, seq, content = opened(frame)
        assert seq == self.seq
        return answered, content

    def do(self, kind, payload=b""):
        """The payload of an answer that isn't a refusal."""
        answered, content = self.ask(kind, payload)
        assert answered == kind | 0x80, f"{kind} was refused: {content.hex()}"
        return content

    def refusal(self, kind, payload=b"", **header):
        """Why a request is refused."""
        answered, content = self.ask(kind, payload, **header)
        assert answered == NAK
        reason, refused = content
        assert refused == kind
        return reason

    def hello(self):
        return struct.unpack("<4sBBBBIIHHHHII", self.do(HELLO))

    def configure(self, words):
        """Words from address 0 on; the checksum that the chip makes of them."""
        self.do(BEGIN)
        code = 0
        for start in range(0, len(words), 64):
            part = words[start : start + 64]
            _, _, code = self.config(start, part)
        return code

    def config(self, start, words):
        return struct.unpack(
            "<HHI", self.do(CONFIG, struct.pack(f"<H{len(words)}I", start, *words))
        )

    def run(self, unit, seed, first, count):
        found, state = struct.unpack("<IB", self.do(RUN, run_payload(unit, seed, first, count)))
        assert found == unit
        return state

    def status(self, kind=STATUS):
        """Unit, state, overflow, done, checksum."""
        unit, state, overflow, reserved, done, code = struct.unpack("<IBBHII", self.do(kind))
        assert reserved == 0
        return unit, state, overflow, done, code

    def result(self, unit, row, bins=128):
        found, at, width, *counts = struct.unpack(
            f"<IHH{bins}I", self.do(RESULT, struct.pack("<IH", unit, row))
        )
        assert (found, at, width) == (unit, row, bins)
        return counts

    def finish(self, unit):
        """Wait for the end of a unit; its state."""
        for _ in range(1000):
            found, state, *_ = self.status()
            assert found == unit
            if state != RUNNING:
                return state
            self.board.run(20_000)
        raise AssertionError("the unit doesn't end")


def run_payload(unit, seed, first, count):
    return struct.pack("<IQII", unit, seed, first, count)
