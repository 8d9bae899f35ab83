"""Requests over hostile lines: the answer that is taken is the answer to the request."""

from __future__ import annotations

import os
import pty
import threading
import tty
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from line_boards import BAUD, SHORT, connected
from pycwtd_drivers.line.board import Board
from pycwtd_drivers.line.frame import Damage, Decoder, Frame, encode
from pycwtd_drivers.line.link import Link, SilenceError, Timing
from pycwtd_drivers.line.messages import (
    ANSWER,
    NAK,
    Hello,
    Kind,
    RefusedError,
    StrangerError,
    pack_refusal,
)
from pycwtd_drivers.line.port import LostError, Port
from pycwtd_drivers.line.simulator.faults import Faults

QUICK = Timing(board_seconds=0, bridge_seconds=0.02, quiet_seconds=0.003, tries=4)
HELLO = Hello(1, 1, 2, 0, 27_000_000, 0xABCD, 1024, 40, 128, 64, 0, 77)


@contextmanager
def script(answer, timing=QUICK):
    """A link to a board that answers a request's frame, and its turn, with any bytes."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    port = Port(os.ttyname(theirs), BAUD)
    os.set_blocking(ours, True)
    seen = []

    def serve():
        decoder = Decoder()
        while data := read():
            for frame in decoder.feed(data):
                seen.append(frame)
                if out := answer(frame, len(seen)):
                    os.write(ours, out)

    def read():
        try:
            return os.read(ours, 4096)
        except OSError:
            return b""

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Link(port, timing), seen
    finally:
        # With nobody left at the other end the thread's read fails.
        port.close()
        os.close(theirs)
        thread.join()
        os.close(ours)


def echo(link, data=b"abc"):
    return link.ask(Kind.SELFTEST, data, len(data), lambda got: got)


def right(frame):
    return encode(Frame(frame.kind | ANSWER, frame.seq, frame.payload))


# -- which answer --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        lambda f: Frame(f.kind | ANSWER, (f.seq - 1) % 256, b"old"),
        lambda f: Frame(f.kind | ANSWER, (f.seq + 1) % 256, b"new"),
        lambda f: Frame(f.kind, f.seq, b"its own echo"),
        lambda f: Frame(Kind.STATUS | ANSWER, f.seq, b"of another"),
        lambda f: Frame(NAK, (f.seq - 1) % 256, pack_refusal(3, f.kind)),
        lambda f: Frame(NAK, f.seq, pack_refusal(3, Kind.RUN)),
        lambda f: Frame(NAK, f.seq, b"?"),
    ],
)
def test_what_answers_something_else_is_dropped(wrong):
    with script(lambda f, _: encode(wrong(f)) + right(f)) as (link, seen):
        assert echo(link) == b"abc"
        assert link.counters.stale == 1
        assert len(seen) == 1


def test_the_content_must_be_the_answer_too():
    with script(lambda f, n: right(f) if n > 1 else encode(Frame(0x88, f.seq, b"abd"))) as (
        link,
        _,
    ):
        assert link.ask(Kind.SELFTEST, b"abc", 3, lambda got: got if got == b"abc" else None)
        assert link.counters.stale == 1


def test_a_refusal_is_told_and_not_asked_again():
    with script(lambda f, _: encode(Frame(NAK, f.seq, pack_refusal(6, f.kind)))) as (link, seen):
        with pytest.raises(RefusedError, match="refuses result: no such row") as caught:
            link.ask(Kind.RESULT, b"", 0, lambda got: got)
        assert caught.value.reason == 6
        assert len(seen) == 1
        with pytest.raises(RefusedError, match="refuses number 99: no such row"):
            link.ask(99, b"", 0, lambda got: got)


@pytest.mark.parametrize(
    "answer",
    [
        lambda f: right(f)[:-3] + b"\x00",
        lambda f: bytes([right(f)[0] ^ 4]) + right(f)[1:],
        lambda f: b"ok\r\n\x00",
        lambda f: b"x" * 40_000 + b"\x00",
    ],
)
def test_a_damaged_answer_is_asked_for_again(answer):
    with script(lambda f, n: answer(f) if n < 3 else right(f)) as (link, seen):
        assert echo(link) == b"abc"
        assert len({frame.seq for frame in seen}) == 1
        assert link.counters.damaged == 2
        assert link.counters.retries == 2


def test_who_is_silent_is_given_up_and_told_of():
    with script(lambda f, n: None if n % 2 else b"???\x00") as (link, seen):
        with pytest.raises(
            SilenceError, match=r"4 times in vain: 2 times nothing .* 2 frames were d"
        ):
            echo(link)
        assert len(seen) == 4
        assert link.counters.summary() == (
            "4 requests, 3 sent again, 2 without an answer, 2 frames damaged"
        )


def test_a_late_answer_is_an_answer():
    """That to the first try comes with the third; what comes too much is stale afterwards."""
    with script(lambda f, n: right(f) * 3 if n == 3 else None) as (link, _):
        assert echo(link) == b"abc"
        link.pause(0.02)
        assert link.counters.stale == 2


def test_another_version_is_a_stranger():
    with (
        script(lambda f, _: encode(Frame(f.kind | ANSWER, f.seq, b"", 2))) as (link, _),
        pytest.raises(StrangerError, match=r"version 2 .* this host version 1"),
    ):
        echo(link)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"AT OK", "stranger"),
        (HELLO.pack().replace(b"PCWT\x01", b"PCWT\x02"), "version 2"),
        (HELLO.pack() + b"more", "version 1"),
        (b"", "stranger"),
    ],
)
def test_only_our_kind_of_board_is_greeted(payload, words):
    with script(lambda f, _: encode(Frame(f.kind | ANSWER, f.seq, payload))) as (link, _):
        board = Board(link.port, QUICK)
        with pytest.raises(StrangerError, match=words):
            board.greet()


def test_the_handshake_tells_what_was_packed():
    with script(lambda f, _: encode(Frame(f.kind | ANSWER, f.seq, HELLO.pack()))) as (link, _):
        assert Board(link.port, QUICK).greet() == HELLO


def test_a_cut_in_the_middle_of_a_frame_is_told():
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    port = Port(os.ttyname(theirs), BAUD)
    link = Link(port, SHORT)
    os.write(ours, encode(Frame(0x88, 1, b"half"))[:5])
    cut = threading.Thread(target=lambda: (os.read(ours, 100), os.close(ours)))
    cut.start()
    with pytest.raises(LostError, match=r"is gone|takes nothing"):
        echo(link)
    cut.join()
    port.close()
    os.close(theirs)


# -- hostile lines -------------------------------------------------------------------------

HOSTILE = {
    "single": Faults(single=True),
    "loss": Faults(loss=5e-3),
    "duplication": Faults(duplication=5e-3),
    "flips": Faults(flips=5e-3),
    "delays": Faults(delays=2e-3, delay=0.06),
    "frames": Faults(frames=0.3),
    "all": Faults(loss=1e-3, duplication=1e-3, flips=1e-3, delays=3e-4, delay=0.06, single=True),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_every_answer_is_the_one_to_its_request(name):
    with connected(HOSTILE[name]) as (board, simulation):
        for number in range(60):
            data = bytes([number]) * (number % 23) + number.to_bytes(2, "big")
            assert board.echo(data)
        seen = board.link.counters
        # Each was taken at least once; those that came twice were taken as they came.
        asked = [payload for kind, payload in simulation.requests if kind == Kind.SELFTEST]
        assert len(dict.fromkeys(asked)) == 60
        assert seen.answers == 60
        if name not in {"single", "delays"}:
            assert seen.damaged + seen.silences + seen.stale > 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=8), st.lists(st.integers(0, 5), max_size=5)), max_size=8)
)
def test_whatever_the_wire_makes_of_it(turns):
    """A wire that keeps the order, but loses, doubles and holds back frames as it is told to."""

    class Wire:
        """In place of a port: answers by a script, a byte at a time."""

        path, baud, replayed = "wire", BAUD, False

        def __init__(self):
            from pycwtd_drivers.line.counters import Counters

            self.counters = Counters()
            self.held, self.out, self.faults = b"", b"", []
            self.decoder = Decoder()

        def discard(self, quiet):
            pass

        def write(self, data):
            for frame in self.decoder.feed(data):
                assert not isinstance(frame, Damage)
                answer = right(frame)
                fault = self.faults.pop(0) if self.faults else 0
                kept, self.held = self.held, b""
                if fault == 1:  # lost
                    answer = b""
                elif fault == 2:  # doubled
                    answer *= 2
                elif fault == 3:  # held back until the next one
                    self.held, answer = answer, b""
                elif fault == 4:  # damaged
                    answer = answer[:-2] + b"\x00"
                elif fault == 5:  # cut
                    answer = answer[: len(answer) // 2]
                self.out += kept + answer

        def read(self, seconds):
            data, self.out = self.out[:1], self.out[1:]
            return data

    wire = Wire()
    link = Link(wire, Timing(0, 1e-3, 2e-4, tries=40))
    for data, faults in turns:
        wire.faults = list(faults)
        # Held to its content by nobody but the number.
        assert echo(link, data) == data
