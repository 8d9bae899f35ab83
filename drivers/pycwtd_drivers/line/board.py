"""A board at the end of a line: handshake, configuration, units of work, rows.

Whatever is cut off goes on where it stopped. The board's checksum says how much of a configuration
it has; a unit keeps the rows that have come. That a board was reset shows in its handshake's
number, in its checksum, and in what it refuses; it is then told everything again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd_drivers.line import messages
from pycwtd_drivers.line.frame import LONGEST
from pycwtd_drivers.line.lengths import Length
from pycwtd_drivers.line.link import Link
from pycwtd_drivers.line.messages import Hello, Kind, Reason, RefusedError, State, Status
from pycwtd_drivers.line.port import LineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_drivers.line.link import Timing
    from pycwtd_drivers.line.port import Port
    from pycwtd_drivers.line.work import Configuration, Unit

#: Between two looks how far a unit is.
_LOOK_SECONDS = 0.02
#: Resets during one unit before the board is given up: a board that browns out under load would
#: go on for ever.
_RESETS = 8
#: Words in the shortest block: 16 bytes, and 20 around them.
_FEWEST_WORDS = 4
#: Of a unit that its rows may be waited for.
_GOOD = {State.RUNNING, State.DONE}


class ResetError(LineError):
    """The board has forgotten what it was told: it was reset."""


class UnitError(LineError):
    """A board gave a unit up: a count too large for it, or a failure that it noticed."""


class Board:
    """One board.

    Args:
        port: open.
        timing: how long to wait, and how often to ask.
        longest: bytes on the wire of the longest answer.

    Raises:
        LostError: the port is gone.
    """

    def __init__(self, port: Port, timing: Timing | None = None, longest: int = LONGEST) -> None:
        self.link = Link(port, timing, longest)
        #: What it said when it was last greeted.
        self.hello: Hello | None = None
        #: Words in a block, so that most arrive.
        self._words = Length(messages.MOST_WORDS, _FEWEST_WORDS)

    # -- single requests -------------------------------------------------------------------

    def greet(self) -> Hello:
        """Ask who it is; every request may raise what this one does.

        Raises:
            StrangerError: it isn't such a board, or speaks another version.
            SilenceError: nothing answers.
            LostError: the port is gone.
        """
        found = self.link.ask(Kind.HELLO, b"", messages.HELLO_BYTES, Hello.read)
        if self.hello and self.hello.boots != found.boots:
            self.link.counters.resets += 1
        self.hello = found
        return found

    def status(self) -> Status:
        """What it does."""
        return self.link.ask(Kind.STATUS, b"", messages.STATUS_BYTES, Status.read)

    def abort(self) -> Status:
        """Have it stop."""
        return self.link.ask(Kind.ABORT, b"", messages.STATUS_BYTES, Status.read)

    def echo(self, data: bytes) -> bool:
        """Whether it gives some bytes back, each inverted: the line and its buffers hold."""
        wanted = bytes(byte ^ 0xFF for byte in data)
        return self.link.ask(Kind.SELFTEST, data, len(data), lambda got: got) == wanted

    # -- configuration ---------------------------------------------------------------------

    def configure(self, wanted: Configuration) -> None:
        """Have it know a configuration; sends what is missing.

        Raises:
            ResetError: it forgets what it is told.
            RefusedError: it doesn't take it, or is at work.
        """
        at = wanted.length(self.status().config_crc)
        if at == 0:
            self.link.ask(Kind.CONFIG_BEGIN, b"", 0, lambda got: got == b"" or None)
        while at < len(wanted.words):
            address, words = wanted.block(at, self._words.now)
            crc = self._send(address, words)
            at += len(words)
            if crc != wanted.checksums[at]:
                raise ResetError("the board forgot its configuration while it was told")

    def _send(self, address: int, words: tuple[int, ...]) -> int:
        payload = messages.pack_config(address, words)
        before = self.link.counters.copy()
        try:
            return self.link.ask(
                Kind.CONFIG,
                payload,
                messages.CONFIGURED_BYTES,
                lambda got: messages.read_configured(got, address, len(words)),
            )
        finally:
            # Long blocks are damaged more often than short ones, short ones are mostly overhead.
            self._words.arrived(not self.link.counters.since(before).retries)

    # -- work ------------------------------------------------------------------------------

    def fill(self, unit: Unit, advance: Callable[[int], None] = lambda done: None) -> None:
        """Have a unit of work done, and fetch its rows; goes on with what is missing.

        Args:
            unit: what to do, and what has come of it. After a
                :class:`~pycwtd_drivers.line.port.LostError` the same unit may be given to a new
                board object on the port that came back.
            advance: told how many realisations are done.

        Raises:
            UnitError: the board gave it up.
            WrongCountsError: the counts can't be right.
            ResetError: it was reset again and again.
            RefusedError: it refuses something else than it does after a reset.
            SilenceError: too little arrives.
            LostError: the port is gone.
        """
        for _ in range(_RESETS):
            try:
                self._start(unit, self.hello or self.greet())
                self._await(unit, advance)
                for row in unit.missing:
                    unit.take(row, self._row(unit, row))
            except ResetError:
                self.hello, unit.number = self.greet(), None
            except RefusedError as error:
                if error.reason not in {Reason.OTHER_UNIT, Reason.NOT_CONFIGURED}:
                    raise
                self.hello, unit.number = self.greet(), None
            else:
                return
        raise ResetError(
            f"{self.link.port.path}: the board was reset {_RESETS} times during one unit of work: "
            "is its supply good enough?"
        )

    def _start(self, unit: Unit, hello: Hello) -> None:
        """Have the board work at a unit, or have it done."""
        status = self.status()
        if status.config_crc != unit.configuration.checksum:
            hello = self.greet()
        elif (status.unit, hello.boots) == (unit.number, unit.boots) and status.state in _GOOD:
            return
        if status.state == State.RUNNING:
            status = self.abort()
        self.configure(unit.configuration)
        # Another number than the last one's, whoever gave it: that one's rows are still there.
        number = (status.unit + 1) % 2**32
        self.link.ask(
            Kind.RUN,
            messages.pack_run(number, unit.seed, unit.first, unit.count),
            messages.RUNNING_BYTES,
            lambda got: messages.read_running(got, number),
        )
        unit.number, unit.boots = number, hello.boots

    def _await(self, unit: Unit, advance: Callable[[int], None]) -> None:
        while True:
            status = self.status()
            if status.unit != unit.number or status.config_crc != unit.configuration.checksum:
                raise ResetError("the board forgot its work")
            if status.overflow or status.state not in _GOOD:
                unit.number = None
                raise UnitError(
                    f"{self.link.port.path}: the board gave up {unit.count} realisations: "
                    f"{'a count was too large' if status.overflow else status.state.name.lower()}"
                )
            advance(status.done)
            if status.state == State.DONE:
                return
            self.link.pause(_LOOK_SECONDS)

    def _row(self, unit: Unit, row: int) -> tuple[int, ...]:
        number = unit.number
        assert number is not None
        return self.link.ask(
            Kind.RESULT,
            messages.pack_result(number, row),
            messages.row_bytes(unit.bins),
            lambda got: messages.read_row(got, number, row, unit.bins),
        )
