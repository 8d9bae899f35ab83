"""A simulated board: answers the requests of :mod:`pycwtd_drivers.line.messages`, computes nothing.

For tests of a driver before there is a board, and of lines that no board would be exposed to.
"""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pycwtd_drivers.line import messages
from pycwtd_drivers.line.frame import Damage, Decoder, Frame, encode
from pycwtd_drivers.line.messages import ANSWER, NAK, Hello, Kind, Reason, State, Status
from pycwtd_drivers.line.simulator.faults import Faults
from pycwtd_drivers.line.simulator.terminal import ResetError, Terminal, UnpluggedError
from pycwtd_drivers.line.work import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

#: Realisations between two looks of the host's at a unit that runs.
_A_LOOK = 50
#: Flag of a handshake: not a board.
_SIMULATED = 2


class _RefusedError(Exception):
    def __init__(self, reason: Reason) -> None:
        self.reason = reason


@dataclass
class _Memory:
    """What a reset takes away."""

    words: dict[int, int] = field(default_factory=dict)
    configured: int = 0
    #: The last block, and the checksum before it: the same block again replaces it.
    last: int | None = None
    before: int = 0
    unit: int = 0
    state: State = State.IDLE
    run: tuple[int, int, int] = (0, 0, 0)
    done: int = 0
    rows: list[tuple[int, ...]] = field(default_factory=list)


class SimulatedBoard:
    """A board behind a pseudo terminal.

    Args:
        compute: the rows of a histogram, from the configuration's words by address, seed, first
            realisation, and their number.
        bins: of each row.
        faults: what goes wrong on the line.
        link: where a symbolic link to its terminal is put.
        numerics: version of its arithmetic.
    """

    def __init__(
        self,
        compute: Callable[[Mapping[int, int], int, int, int], list[tuple[int, ...]]],
        bins: int,
        faults: Faults | None = None,
        link: Path | None = None,
        numerics: int = 1,
    ) -> None:
        self.terminal = Terminal(link, faults or Faults())
        self._compute, self._bins, self._numerics = compute, bins, numerics
        self._random = random.Random(7)
        self._memory = _Memory()
        self._boots = 0
        #: Requests that were taken, each time that they came.
        self.requests: list[tuple[int, bytes]] = []

    def serve(self) -> None:
        """Answer until the line is gone."""
        try:
            while True:
                self._power_on()
                try:
                    self._answer_all()
                except ResetError:
                    continue
        except UnpluggedError:
            pass
        finally:
            self.terminal.close()

    def _power_on(self) -> None:
        self.terminal.mishap = None
        self._memory = _Memory()
        self._boots = self._random.randrange(1, 2**32)

    def _answer_all(self) -> None:
        decoder = Decoder()
        while True:
            for found in decoder.feed(bytes([self.terminal.read()])):
                # To what is damaged there is no answer.
                if not isinstance(found, Damage):
                    self.terminal.write(encode(self._answer(found)))

    def _answer(self, request: Frame) -> Frame:
        self.requests.append((request.kind, request.payload))
        try:
            payload = self._payload(request.kind, request.payload)
        except _RefusedError as refusal:
            return Frame(NAK, request.seq, messages.pack_refusal(refusal.reason, request.kind))
        return Frame(request.kind | ANSWER, request.seq, payload)

    def _payload(self, kind: int, payload: bytes) -> bytes:
        answers: dict[int, Callable[[bytes], bytes]] = {
            Kind.HELLO: self._hello,
            Kind.CONFIG: self._configure,
            Kind.CONFIG_BEGIN: self._begin,
            Kind.RUN: self._run,
            Kind.STATUS: self._look,
            Kind.RESULT: self._result,
            Kind.ABORT: self._abort,
            Kind.SELFTEST: lambda data: bytes(byte ^ 0xFF for byte in data),
        }
        if kind not in answers:
            raise _RefusedError(Reason.UNKNOWN_TYPE)
        return answers[kind](payload)

    def _hello(self, _payload: bytes) -> bytes:
        return Hello(
            protocol=1,
            numerics=self._numerics,
            lanes=1,
            flags=_SIMULATED,
            clock_hz=27_000_000,
            build=0,
            max_n=1024,
            max_rows=40,
            bins=self._bins,
            max_taps=64,
            config_crc=self._memory.configured,
            boots=self._boots,
        ).pack()

    def _look(self, _payload: bytes) -> bytes:
        self._work()
        return self._status()

    def _abort(self, _payload: bytes) -> bytes:
        if self._memory.state == State.RUNNING:
            self._memory.state = State.ABORTED
        return self._status()

    def _begin(self, _payload: bytes) -> bytes:
        self._idle()
        self._memory.configured, self._memory.last = 0, None
        return b""

    def _status(self) -> bytes:
        m = self._memory
        return Status(m.unit, m.state, False, m.done, m.configured).pack()

    def _idle(self) -> None:
        if self._memory.state == State.RUNNING:
            raise _RefusedError(Reason.BUSY)
        self._memory.state = State.IDLE

    def _configure(self, payload: bytes) -> bytes:
        m = self._memory
        block = messages.read_config(payload)
        if block is None:
            raise _RefusedError(Reason.MALFORMED)
        self._idle()
        address, words = block
        if address != m.last:
            m.last, m.before = address, m.configured
        m.configured = m.before
        for where, word in enumerate(words, address):
            m.configured = written(where, word, m.configured)
            m.words[where] = word
        return messages.pack_configured(address, len(words), m.configured)

    def _run(self, payload: bytes) -> bytes:
        m = self._memory
        asked = messages.read_run(payload)
        if asked is None:
            raise _RefusedError(Reason.MALFORMED)
        if not m.configured:
            raise _RefusedError(Reason.NOT_CONFIGURED)
        unit, *run = asked
        if unit != m.unit or m.state == State.IDLE:
            if m.state == State.RUNNING:
                raise _RefusedError(Reason.BUSY)
            m.unit, m.state, m.done, m.rows = unit, State.RUNNING, 0, []
            m.run = (run[0], run[1], run[2])
        return messages.pack_running(unit, m.state)

    def _work(self) -> None:
        m = self._memory
        if m.state == State.RUNNING:
            m.done = min(m.run[2], m.done + _A_LOOK)
            if m.done == m.run[2]:
                m.rows = self._compute(m.words, *m.run)
                m.state = State.DONE

    def _result(self, payload: bytes) -> bytes:
        asked = messages.read_result(payload)
        if asked is None:
            raise _RefusedError(Reason.MALFORMED)
        unit, row = asked
        if unit != self._memory.unit or self._memory.state != State.DONE:
            raise _RefusedError(Reason.OTHER_UNIT)
        if row >= len(self._memory.rows):
            raise _RefusedError(Reason.NO_SUCH_ROW)
        return messages.pack_row(unit, row, self._memory.rows[row])


class Simulation(Protocol):
    """A board behind a terminal."""

    terminal: Terminal

    def serve(self) -> None:
        """Answer until the line is gone."""


@contextmanager
def serving(board: Simulation) -> Iterator[str]:
    """A board that answers in a thread of this process; gives its terminal's path."""
    thread = threading.Thread(target=board.serve, daemon=True)
    thread.start()
    try:
        yield board.terminal.path
    finally:
        board.terminal.stop()
        thread.join()
