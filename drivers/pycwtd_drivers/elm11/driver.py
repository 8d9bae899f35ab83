"""The backend ``elm11_lua``."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pycwt_mod.backends import (
    Availability,
    BackendInfo,
    BackendUnavailableError,
    Cancelled,
    MonteCarloBackend,
    NoControl,
    Reading,
    check_span,
    load_manifest,
)
from pycwtd_drivers.elm11.board import Board, BoardError
from pycwtd_drivers.elm11.console import ConsoleError
from pycwtd_drivers.elm11.firmware import firmware
from pycwtd_drivers.elm11.ports import KIND, settings
from pycwtd_drivers.line.absence import LOOK_SECONDS, Absence
from pycwtd_drivers.line.counters import told
from pycwtd_drivers.line.port import LostError, PortError, find_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, SignificanceTask
    from pycwtd_drivers.elm11.plan import Series
    from pycwtd_drivers.elm11.ports import Settings


class _Steering:
    """The caller's control, asked while the board is waited for."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.done = 0

    def beat(self) -> None:
        """Pass on what is done, and stop if that is wanted."""
        if self._control.cancelled():
            raise Cancelled
        self._control.advance(self.done)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run is about."""

    task: SignificanceTask
    plan: tuple[Series, ...]
    seed: int
    settings: Settings


class Elm11Backend(MonteCarloBackend):
    """Realisations on an ELM11 board, one series at a time.

    Args:
        info: the entry of the manifest.
    """

    def __init__(self, info: BackendInfo) -> None:
        self.info = info
        self._board: Board | None = None
        #: A board does one thing at a time.
        self._turn = threading.RLock()

    def probe(self) -> Availability:
        """Whether a port is configured, and a board behind it takes the firmware."""
        with self._turn:
            try:
                board = self._ready(settings(), _Steering(NoControl()))
                board.greet()
            except (PortError, LostError, BoardError, ConsoleError) as error:
                self.close()
                return Availability(False, str(error))
            port, bits = board.console.port, board.integer_bits
        words = f"ELM11 at {port}, Lua with {bits}-bit integers"
        return Availability(True, None, (words,), firmware=firmware().version)

    def flash(self, control: Control | None = None) -> str:
        """See :meth:`MonteCarloBackend.flash`: the firmware is uploaded, though it may be there.

        A cancel ends it between two waits; the program that was half sent isn't stored.
        """
        watch = control or NoControl()
        steering = _Steering(watch)
        with self._turn:
            try:
                board = self._ready(settings(), steering)

                def progress(percent: int) -> None:
                    steering.done = max(steering.done, percent)
                    steering.beat()

                with board.beating(steering.beat):
                    board.flash(progress)
            except (PortError, LostError, BoardError, ConsoleError) as error:
                self.close()
                raise BackendUnavailableError(str(error)) from None
            except Cancelled:
                self.close()
                raise
        return firmware().version

    def readings(self) -> Sequence[Reading]:
        """What was counted on the line since it was opened."""
        board = self._board
        return told(board.console.line.counters) if board else ()

    def close(self) -> None:
        """Give the port back."""
        with self._turn:
            if self._board:
                self._board.close()
                self._board = None

    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        """See :meth:`MonteCarloBackend.run`.

        A board that is unplugged is waited for, ``PYCWTD_DRIVER_ELM11_WAIT`` seconds; what it had
        finished isn't done again.
        """
        import numpy as np  # noqa: PLC0415 - only where there is something to compute

        from pycwtd_drivers.elm11.plan import plan  # noqa: PLC0415

        if not 0 <= seed < 2**64:
            raise ValueError(f"seed must be from 0 to 2^64 − 1, not {seed}")
        check_span(first, count)
        try:
            work = _Work(task, plan(task), seed, settings())
        except PortError as error:
            raise BackendUnavailableError(str(error)) from None
        steering = _Steering(control or NoControl())
        histogram = np.zeros((task.rows, task.bins), np.int64)
        while not self._turn.acquire(timeout=LOOK_SECONDS):
            steering.beat()
        try:
            self._fill(histogram, work, range(first, first + count), steering)
        finally:
            self._turn.release()
        return histogram

    def _fill(
        self,
        histogram: NDArray[np.int64],
        work: _Work,
        realisations: range,
        steering: _Steering,
    ) -> None:
        for realisation in realisations:
            steering.beat()
            for index, series in enumerate(work.plan):
                part = series.part
                for number in range(part.series(realisation), part.series(realisation + 1)):
                    for at in range(len(series.groups)):
                        rows = self._bins(work, (index, at), number, steering)
                        _count(histogram, series, at, rows)
            steering.done += 1
        steering.beat()

    # -- the board -------------------------------------------------------------------------

    def _bins(
        self, work: _Work, where: tuple[int, int], number: int, steering: _Steering
    ) -> list[list[int]]:
        """The bins of one group, from a board that may have to be waited for."""
        absence = Absence(work.settings.wait_seconds, steering.beat)
        while True:
            try:
                board = self._ready(work.settings, steering)
                with board.beating(steering.beat):
                    return board.bins(work.task, work.plan, where, work.seed, number)
            except Cancelled:
                self._stop()
                raise
            except (BoardError, ConsoleError) as error:
                self.close()
                raise BackendUnavailableError(str(error)) from None
            except (LostError, PortError) as error:
                self.close()
                absence.wait(error)

    def _ready(self, configured: Settings, steering: _Steering) -> Board:
        """A board with the firmware on it.

        Raises:
            PortError: there is no such port.
            LostError: it can't be opened, or goes away.
            BoardError: what is behind it doesn't work.
            ConsoleError: what is behind it isn't such a board.
        """
        port = find_port(configured.port, KIND)
        if self._board and self._board.console.port != port:
            self.close()
        if self._board is None:
            board = Board(port, configured.pace_seconds)
            try:
                with board.beating(steering.beat):
                    board.prepare()
            except BaseException:
                board.close()
                raise
            self._board = board
        return self._board

    def _stop(self) -> None:
        if self._board is None:
            return
        try:
            self._board.stop()
        except LostError:
            self.close()


def _count(histogram: NDArray[np.int64], series: Series, at: int, rows: list[list[int]]) -> None:
    """Add one group's bins, with what each point stands for."""
    group = series.groups[at]
    for row, (counted, bins) in enumerate(zip(group.counted, rows, strict=True), start=group.row):
        for found, weight in zip(bins, counted.weights, strict=True):
            histogram[row, found] += weight


@cache
def backends() -> list[MonteCarloBackend]:
    """``elm11_lua``, as the manifest describes it; the same one always, as the port is but one."""
    manifest = load_manifest(Path(__file__).with_name("driver.toml"))
    return [Elm11Backend(info) for info in manifest.backends]
