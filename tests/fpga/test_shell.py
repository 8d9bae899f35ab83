"""The gateware's line and commands, bit by bit on the serial line, with a stand-in for the core."""

from __future__ import annotations

import os
import random
import struct
import zlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fpga_chip import (
    ABORT,
    ABORTED,
    BEGIN,
    CONFIG,
    DONE,
    HELLO,
    IDLE,
    RESULT,
    RUN,
    RUNNING,
    SELFTEST,
    STATUS,
    framed,
    opened,
    run_payload,
    simulate,
)

#: More of them in `make test-gateware`.
EXAMPLES = int(os.environ.get("GATEWARE_EXAMPLES", "60"))
UNKNOWN, MALFORMED, BUSY, NO_UNIT, UNCONFIGURED, NO_ROW, OTHER_PROTOCOL = range(1, 8)
ROWS, TAG = 5, 1234
WORDS = [ROWS, 3, TAG]


def checksum(words, start=0):
    return zlib.crc32(b"".join(struct.pack("<HI", start + i, w) for i, w in enumerate(words)))


def expected(seed, first, count, row):
    """What the stand-in counts."""
    bins = [0] * 128
    for k in range(first, first + count):
        bins[(k + row + (seed & 0xFFFFFFFF) + (seed >> 32) + TAG) % 128] += 1
    return bins


def check_run(chip, unit=7, seed=0x1122334455667788, first=1000, count=40):
    """A whole unit, configured anew, has the right numbers."""
    assert chip.configure(WORDS) == checksum(WORDS)
    assert chip.run(unit, seed, first, count) == RUNNING
    assert chip.finish(unit) == DONE
    assert chip.status() == (unit, DONE, 0, count, checksum(WORDS))
    for row in range(ROWS):
        assert chip.result(unit, row) == expected(seed, first, count, row)


def test_hello(chip):
    magic, protocol, numerics, lanes, flags, clock, build, *limits, code, boots = chip.hello()
    assert (magic, protocol, numerics, lanes) == (b"PCWT", 1, 250, 2)
    assert flags == simulate.SIMULATED
    assert clock == 54_000_000
    assert f"{build:08x}" == simulate.digest(simulate.sources(stand_in=True))[:8]
    assert limits == [1024, 40, 128, 64]
    assert code == 0
    assert boots
    assert chip.hello()[-1] == boots, "the number changes without a reset"
    chip.board.reset()
    chip.board.run(12345)
    assert chip.hello()[-1] != boots, "a reset doesn't show"


def test_a_unit(chip):
    check_run(chip)


def test_every_byte_comes_back(chip):
    for length in (0, 1, 2, 253, 254, 255, 256, 258):
        data = random.Random(length).randbytes(length)
        assert chip.do(SELFTEST, data) == bytes(~b & 0xFF for b in data)
    for data in (bytes(258), b"\xff" * 258, bytes(range(256)), bytes(range(255, -1, -1))):
        assert chip.do(SELFTEST, data) == bytes(~b & 0xFF for b in data)


def test_a_repeated_config_counts_once(chip):
    words = [random.Random(1).getrandbits(32) for _ in range(150)]
    chip.do(BEGIN)
    chip.do(BEGIN)
    for start in (0, 64, 128):
        part = words[start : start + 64]
        found = {chip.config(start, part) for _ in range(start // 64 + 1)}
        assert found == {(start, len(part), checksum(words[: start + len(part)]))}
    chip.do(BEGIN)
    assert chip.status()[-1] == 0
    assert chip.config(0, [1])[2] == checksum([1])


def test_a_repeated_run_restarts_nothing(chip):
    chip.configure([ROWS, 2000, TAG])
    assert chip.run(3, 1, 0, 30) == RUNNING
    chip.board.run(30_000)
    _, _, _, before, _ = chip.status()
    assert before > 0
    # The same unit with other arguments is the same unit.
    assert chip.run(3, 99, 5, 10) == RUNNING
    assert chip.status()[3] >= before
    assert chip.finish(3) == DONE
    assert chip.run(3, 1, 0, 30) == DONE
    assert chip.result(3, 0) == expected(1, 0, 30, 0)
    assert chip.result(3, 0) == expected(1, 0, 30, 0)


def test_an_abort(chip):
    chip.configure([ROWS, 100_000, TAG])
    chip.run(4, 1, 0, 1000)
    unit, state, *_ = chip.status(ABORT)
    assert (unit, state) == (4, ABORTED)
    assert not chip.board.working
    # Another time, and of what isn't running, it changes nothing.
    assert chip.status(ABORT)[:2] == (4, ABORTED)
    assert chip.run(4, 1, 0, 1000) == ABORTED
    assert chip.refusal(RESULT, struct.pack("<IH", 4, 0)) == NO_UNIT
    check_run(chip, unit=5)
    assert chip.status(ABORT)[:2] == (5, DONE)


@pytest.mark.parametrize(
    ("kind", "payload", "header", "reason"),
    [
        (0, b"", {}, UNKNOWN),
        (9, b"", {}, UNKNOWN),
        (0x81, b"", {}, UNKNOWN),
        (HELLO, b"", {"version": 2}, OTHER_PROTOCOL),
        (HELLO, b"", {"reserved": 1}, MALFORMED),
        (HELLO, b"", {"length": 1}, MALFORMED),
        (HELLO, b"", {"length": 512}, MALFORMED),
        (HELLO, b"x", {}, MALFORMED),
        (STATUS, b"x", {}, MALFORMED),
        (ABORT, b"x", {}, MALFORMED),
        (BEGIN, b"x", {}, MALFORMED),
        (CONFIG, b"", {}, MALFORMED),
        (CONFIG, bytes(2), {}, MALFORMED),
        (CONFIG, bytes(5), {}, MALFORMED),
        (CONFIG, bytes(7), {}, MALFORMED),
        (RUN, bytes(19), {}, MALFORMED),
        (RUN, bytes(52), {}, MALFORMED),
        (RUN, run_payload(1, 0, 0, 0), {}, MALFORMED),
        (RESULT, bytes(22), {}, MALFORMED),
        (RESULT, struct.pack("<IH", 8, 0), {}, NO_UNIT),
        (RESULT, struct.pack("<IH", 7, 40), {}, NO_ROW),
        (RESULT, struct.pack("<IH", 7, 0x8000), {}, NO_ROW),
    ],
)
def test_what_is_refused(chip, kind, payload, header, reason):
    check_run(chip)
    assert chip.refusal(kind, payload, **header) == reason
    check_run(chip, unit=8)


def test_nothing_is_run_before_it_is_configured(chip):
    assert chip.refusal(RUN, run_payload(1, 0, 0, 1)) == UNCONFIGURED
    assert chip.status()[1] == IDLE
    chip.configure(WORDS)
    chip.run(1, 0, 0, 1)
    chip.board.reset()
    assert chip.refusal(RUN, run_payload(1, 0, 0, 1)) == UNCONFIGURED


def test_a_busy_chip(chip):
    chip.configure([ROWS, 100_000, TAG])
    chip.run(4, 1, 0, 1000)
    assert chip.refusal(RUN, run_payload(5, 0, 0, 1)) == BUSY
    assert chip.refusal(BEGIN) == BUSY
    assert chip.refusal(CONFIG, bytes(6)) == BUSY
    assert chip.refusal(RESULT, struct.pack("<IH", 4, 0)) == BUSY
    assert chip.status()[:2] == (4, RUNNING)


def test_damaged_frames_are_silence(chip):
    good = framed(HELLO, seq=9)
    for at in range(len(good) - 1):
        for flip in (0x01, 0x80):
            damaged = bytearray(good)
            damaged[at] ^= flip
            chip.board.send(bytes(damaged) + b"\0")
            assert chip.board.answer(3_000) == b""
    for cut in range(1, len(good) - 1):
        chip.board.send(good[:cut] + b"\0" + good[cut + 1 :])
        assert chip.board.answer(3_000) == b""
    chip.hello()


def test_what_comes_during_an_answer_is_lost_and_nothing_else(chip):
    check_run(chip)
    # Two requests without a pause: the second one's bytes come while the first one is answered.
    chip.board.send(framed(RESULT, struct.pack("<IH", 7, 1), seq=1) + framed(STATUS, seq=2))
    kind, seq, _ = opened(chip.board.answer())
    assert (kind, seq) == (RESULT | 0x80, 1)
    assert chip.board.answer() == b""
    assert chip.status()[:2] == (7, DONE)


def test_a_frame_that_begins_during_an_answer_is_lost_whole(chip):
    """Or answered right, where its first byte comes after the answer's last one."""
    data = random.Random(3).randbytes(100)
    wanted = bytes(~b & 0xFF for b in data)
    lost = 0
    for pause in range(0, 2400, 97):
        chip.board.send(framed(STATUS, seq=1))
        chip.board.run(1000 + pause)
        chip.board.send(framed(SELFTEST, data, seq=2))
        found = [opened(chip.board.answer())]
        while frame := chip.board.answer(3_000):
            found.append(opened(frame))
        assert found[0][:2] == (STATUS | 0x80, 1)
        assert found[1:] in ([], [(SELFTEST | 0x80, 2, wanted)])
        lost += not found[1:]
    assert 0 < lost < 25


@pytest.mark.parametrize("cycles", [1, 3, 9, 40, 75, 81, 500])
def test_breaks_and_glitches(chip, cycles):
    chip.board.raw(0, cycles)
    # A byte that began by mistake is over.
    chip.board.raw(1, 100)
    chip.board.send(b"\0")
    chip.hello()
    chip.board.send(framed(HELLO)[:7])
    chip.board.raw(0, cycles)
    chip.board.raw(1, 100)
    chip.board.send(b"\0")
    assert chip.board.answer(2_000) == b""
    check_run(chip)


REQUESTS = st.one_of(
    st.binary(max_size=600),
    st.builds(
        framed,
        st.integers(0, 255),
        st.binary(max_size=300),
        st.integers(0, 255),
        st.sampled_from([1, 1, 1, 2]),
    ),
    st.builds(
        framed,
        st.just(CONFIG),
        st.integers(1, 64).flatmap(lambda n: st.binary(min_size=2 + 4 * n, max_size=2 + 4 * n)),
    ),
    st.builds(
        lambda *a: framed(RUN, run_payload(*a)),
        *(st.integers(0, 2**b - 1) for b in (32, 64, 32, 32)),
    ),
    st.sampled_from([framed(ABORT), framed(BEGIN), framed(STATUS), b"\0", b"\xff", bytes(5)]),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(garbage=st.lists(REQUESTS, max_size=6), pause=st.integers(0, 5000))
@example(garbage=[framed(RUN, run_payload(1, 0, 0, 2**32 - 1))], pause=0)
@example(garbage=[b"\xff" * 2000], pause=0)
def test_no_bytes_wedge_it(chip, garbage, pause):
    """Whatever came before, and however far it is: the next unit is right."""
    for part in garbage:
        chip.board.send(part)
        chip.board.answer(pause)
    chip.board.send(b"\0")
    # A client waits for its answer, and asks again for what got none.
    while chip.board.answer(6_000):
        pass
    chip.do(ABORT)
    unit = (chip.status()[0] + 1) % 2**32
    check_run(chip, unit=unit, count=3)
