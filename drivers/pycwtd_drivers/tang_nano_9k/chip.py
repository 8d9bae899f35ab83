"""A board with the gateware on it: who it is, whether it computes right, units of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.monte_carlo.run import coherence_task
from pycwtd_drivers.line.board import Board
from pycwtd_drivers.line.port import Port
from pycwtd_drivers.line.work import Configuration as Words
from pycwtd_drivers.line.work import Unit, WrongCountsError
from pycwtd_drivers.tang_nano_9k.fixed import (
    BINS,
    MAX_ROWS,
    NUMERICS_VERSION,
    configurations,
    histogram,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask
    from pycwtd_drivers.line.counters import Counters
    from pycwtd_drivers.line.messages import Hello
    from pycwtd_drivers.tang_nano_9k.fixed import Configuration
    from pycwtd_drivers.tang_nano_9k.settings import Settings

#: HELLO's flags.
WITHOUT_DSP, SIMULATED = 1, 2
#: Bytes of the echo: all there are, in an order in which COBS has long blocks and short ones.
_ECHO = bytes(range(1, 256)) + b"\0\0\0"
#: Series of the known answer, and the seed that they are drawn with.
_KNOWN, _SEED = 3, 0x0123_4567_89AB_CDEF


def _small_task() -> SignificanceTask:
    """What the self-test computes: six scales of a Morlet wavelet, in three octaves."""
    return coherence_task(0.5, 0.2, 1.0, 0.5, 3.0, 5, estimator="cascade", bins=64)


class ChipError(Exception):
    """The board is there but can't be used; the text says why, and what to do."""


class OtherGatewareError(ChipError):
    """The board has another gateware than this driver needs."""


class Chip:
    """One board.

    Args:
        path: of its port.
        settings: of the driver.

    Raises:
        LostError: the port can't be opened.
    """

    def __init__(self, path: str, settings: Settings) -> None:
        self.port = Port(path, settings.baud)
        self._board = Board(self.port)
        #: Of the board that was tested: its boots, which differ after a reset.
        self._tested: int | None = None

    @property
    def counters(self) -> Counters:
        """What happened on the line."""
        return self._board.link.counters

    def close(self) -> None:
        """Give the port back."""
        self.port.close()

    @property
    def hello(self) -> Hello:
        """What it said of itself; it has been greeted."""
        assert self._board.hello
        return self._board.hello

    def greet(self) -> None:
        """Ask who it is.

        Raises:
            OtherGatewareError: it has other numbers than this driver's.
            LineError: it doesn't answer, or isn't such a board.
        """
        found = self._board.greet()
        wanted = (NUMERICS_VERSION, BINS)
        if (found.numerics, found.bins) != wanted or found.max_rows < MAX_ROWS or found.lanes < 1:
            raise OtherGatewareError(
                f"{self.port.path}: the gateware {found.build:08x} on the board computes "
                f"fixed-fpga-{found.numerics} in {found.max_rows} rows of {found.bins} bins, this "
                f"driver needs fixed-fpga-{NUMERICS_VERSION} in {MAX_ROWS} of {BINS}: load the "
                "bitstream that belongs to it"
            )

    def told(self) -> str:
        """What it is, for people."""
        hello = self.hello
        kind = "simulated Tang Nano 9K" if hello.flags & SIMULATED else "Tang Nano 9K"
        lanes = f"{hello.lanes} lanes" + (" without DSP" if hello.flags & WITHOUT_DSP else "")
        return f"{kind} at {self.port.path}, {lanes}, {hello.clock_hz / 1e6:.4g} MHz"

    def test(self) -> None:
        """Have it echo every byte, and compute what the model computes; once after a reset.

        Raises:
            ChipError: something is wrong with it.
            LineError: it doesn't answer.
        """
        if self._tested == self.hello.boots:
            return
        if not self._board.echo(_ECHO):
            raise ChipError(f"{self.port.path}: the board's memory changes what is sent to it")
        plan = configurations(_small_task(), self.hello.lanes)
        for which in {0, len(plan) - 1}:
            expected = histogram(plan[which], _SEED, 1, _KNOWN)
            found = self.count(self.unit(plan[which], _SEED, 1, _KNOWN))
            if wrong := int((found != expected).any(axis=1).sum()):
                raise ChipError(
                    f"{self.port.path}: the self-test of the gateware {self.hello.build:08x} "
                    f"failed: {wrong} of {len(expected)} rows aren't the model's: build it anew "
                    "with other seeds, or try another board"
                )
        self._tested = self.hello.boots

    def unit(self, plan: Configuration, seed: int, first: int, count: int) -> Unit:
        """Work for it: some series of an octave."""
        words = Words((address, (word,)) for address, word in plan.words)
        return Unit(words, seed, first, count, plan.points, BINS)

    def count(
        self, unit: Unit, advance: Callable[[int], None] = lambda done: None
    ) -> NDArray[np.int64]:
        """Have a unit done.

        Args:
            unit: made by :meth:`unit`; what has come of it isn't asked for again.
            advance: told how many series are done; may raise.

        Returns:
            int64[rows, BINS].

        Raises:
            ChipError: it gives counts that can't be right.
            LineError: it doesn't answer, or gives up.
        """
        try:
            self._board.fill(unit, advance)
        except WrongCountsError as error:
            raise ChipError(f"{self.port.path}: {error}") from None
        return np.array(unit.histogram(), np.int64).reshape(-1, BINS)

    def stop(self) -> None:
        """Have it stop what it is doing.

        Raises:
            LineError: it doesn't answer.
        """
        self._board.abort()
