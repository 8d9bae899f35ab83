"""Requests, one at a time: each is sent until its own answer is there.

A request has a number, and its answer the same; what bears another number is late or doubled and
is dropped. Since boards take a request twice as once, it is sent again without thought, under the
same number: whichever answer comes is the answer. As a serial line keeps the order, no answer can
come after one to a later request, so that 256 numbers are plenty; answers that say what they are
about (unit, row, address) are held to that, too.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pycwtd_drivers.line.frame import (
    END,
    LONGEST,
    VERSION,
    Damage,
    Decoder,
    Frame,
    encode,
    wire_length,
)
from pycwtd_drivers.line.messages import ANSWER, NAK, RefusedError, StrangerError, read_refusal
from pycwtd_drivers.line.port import LineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_drivers.line.counters import Counters
    from pycwtd_drivers.line.port import Port

_T = TypeVar("_T")

#: Start bit, eight bits, stop bit.
_BITS = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait, and how often to ask."""

    #: Until a board begins to answer: the slowest answer of the gateware, that to ABORT, takes
    #: 4,096 cycles, 0.1 ms at 54 MHz; a program on a small CPU some milliseconds.
    board_seconds: float = 0.02
    #: On the way through the USB bridge and the host: the bridge keeps short answers for up to
    #: 16 ms (``latency_timer`` of ftdi_sio, by default), a loaded host wakes up 100 ms late.
    bridge_seconds: float = 0.13
    #: A pause within an answer after which no more of it comes: the bridge's 16 ms, and a bit.
    quiet_seconds: float = 0.03
    #: Tries of one request. Where each direction damages every second frame, a try fails in 75 %,
    #: and 24 of them in 0.1 %. It is also the longest delay that a line may have, 24 times the
    #: waits above, and how long a dead board is talked to.
    tries: int = 24


class SilenceError(LineError):
    """A request was sent as often as may be, and its answer didn't come."""


class Link:
    """Requests and answers over a port.

    Args:
        port: open.
        timing: how long to wait, and how often to ask.
        longest: bytes on the wire of the longest answer.
    """

    def __init__(self, port: Port, timing: Timing | None = None, longest: int = LONGEST) -> None:
        self.port, self.timing = port, timing or Timing()
        self._decoder = Decoder(longest)
        # What is left on the line of an earlier process isn't ours. A recording is always the same.
        self._seq = 0 if port.replayed else os.urandom(1)[0]
        port.discard(self.timing.quiet_seconds)

    @property
    def counters(self) -> Counters:
        """What happened on the line."""
        return self.port.counters

    def ask(
        self,
        kind: int,
        payload: bytes,
        answer_bytes: int,
        read: Callable[[bytes], _T | None],
    ) -> _T:
        """Send a request until it is answered.

        Args:
            kind: its type.
            payload: what it says.
            answer_bytes: payload of the longest answer, for the time that it takes on the line.
            read: the answer's payload as what is wanted, None if it answers something else.

        Raises:
            RefusedError: the board understood and refuses.
            StrangerError: what answers speaks another version of the protocol.
            SilenceError: no answer came, however often it was asked.
            LostError: the port is gone.
        """
        self._seq = (self._seq + 1) % 256
        # The first byte ends whatever a bad line has left in the board.
        data = END + encode(Frame(kind, self._seq, payload))
        seconds = self._seconds(len(data) + wire_length(answer_bytes))
        before = self.counters.copy()
        for number in range(self.timing.tries):
            self.counters.requests += 1
            self.counters.retries += number > 0
            self.port.write(data)
            # An answer that comes later than this is taken all the same, during a later try.
            answer = self._wait(kind, seconds, read)
            if answer is not None:
                self.counters.answers += 1
                return answer
        seen = self.counters.since(before)
        raise SilenceError(
            f"{self.port.path}: the board was asked {self.timing.tries} times in vain: "
            f"{seen.silences} times nothing came, {seen.damaged} frames were damaged, "
            f"{seen.stale} answered something else"
        )

    def pause(self, seconds: float) -> None:
        """Let some time go by; what comes answers nothing.

        Raises:
            LostError: the port is gone.
        """
        end = time.monotonic() + seconds
        while not self.port.replayed and (left := end - time.monotonic()) > 0:
            for found in self._decoder.feed(self.port.read(left)):
                self.counters.damaged += isinstance(found, Damage)
                self.counters.stale += isinstance(found, Frame)

    def _seconds(self, length: int) -> float:
        on_the_line = _BITS * length / self.port.baud
        return on_the_line + self.timing.board_seconds + self.timing.bridge_seconds

    def _wait(self, kind: int, seconds: float, read: Callable[[bytes], _T | None]) -> _T | None:
        """The answer, if it comes in time."""
        end = time.monotonic() + seconds
        quiet_end = end
        damaged = False
        while (left := min(end, quiet_end) - time.monotonic()) > 0:
            data = self.port.read(left)
            answer: _T | None = None
            for found in self._decoder.feed(data):
                if isinstance(found, Damage):
                    # Most likely the answer: it is asked for again as soon as nothing comes.
                    self.counters.damaged += 1
                    damaged = True
                elif answer is None:
                    answer = self._answer(found, kind, read)
                    self.counters.stale += answer is None
                else:
                    self.counters.stale += 1
            if answer is not None:
                return answer
            if damaged and data:
                quiet_end = time.monotonic() + self.timing.quiet_seconds
        self.counters.silences += not damaged
        return None

    def _answer(self, frame: Frame, kind: int, read: Callable[[bytes], _T | None]) -> _T | None:
        if frame.version != VERSION:
            raise StrangerError(
                f"{self.port.path}: the board speaks version {frame.version} of the line's "
                f"protocol, this host version {VERSION}"
            )
        if frame.seq != self._seq:
            return None
        if frame.kind == NAK:
            refusal = read_refusal(frame.payload)
            if refusal is None or refusal[1] != kind:
                return None
            self.counters.refused += 1
            raise RefusedError(kind, refusal[0])
        return read(frame.payload) if frame.kind == kind | ANSWER else None
