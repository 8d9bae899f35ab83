"""The backend ``tang_nano_9k``."""

from __future__ import annotations

import contextlib
import threading
import time
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
from pycwtd_drivers.line.absence import LOOK_SECONDS, Absence
from pycwtd_drivers.line.counters import told
from pycwtd_drivers.line.link import SilenceError
from pycwtd_drivers.line.port import SYSFS, LineError, LostError, PortError, find_port
from pycwtd_drivers.tang_nano_9k import loader
from pycwtd_drivers.tang_nano_9k.loader import LoaderError
from pycwtd_drivers.tang_nano_9k.settings import KIND, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, SignificanceTask
    from pycwtd_drivers.line.work import Unit
    from pycwtd_drivers.tang_nano_9k.chip import Chip
    from pycwtd_drivers.tang_nano_9k.settings import Settings

#: For a gateware that was just loaded to answer.
_START_SECONDS = 5.0


class _Steering:
    """The caller's control, asked while the board is waited for.

    Args:
        control: the caller's.
        count: realisations.
    """

    def __init__(self, control: Control, count: int) -> None:
        self._control, self._count = control, count
        self._told = 0
        #: Clock cycles of the work that is done, and of all.
        self.done, self.whole = 0, 1

    def beat(self) -> None:
        """Stop if that is wanted."""
        if self._control.cancelled():
            raise Cancelled
        self._control.advance(self._told)

    def advance(self, cycles: int) -> None:
        """Pass on how much is done, the unit in flight included; it never gets less."""
        share = min(1.0, (self.done + cycles) / self.whole)
        self._told = max(self._told, int(self._count * share))
        self.beat()


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run is about."""

    task: SignificanceTask
    seed: int
    first: int
    count: int
    settings: Settings


class TangNano9kBackend(MonteCarloBackend):
    """Realisations on a Tang Nano 9K.

    Args:
        info: the entry of the manifest.
        sysfs: where the kernel tells what a terminal is.
    """

    def __init__(self, info: BackendInfo, sysfs: Path = SYSFS) -> None:
        self.info = info
        self._sysfs = sysfs
        self._chip: Chip | None = None
        #: A board does one thing at a time.
        self._turn = threading.RLock()

    def probe(self) -> Availability:
        """Whether a board is there, has the right gateware, and passes its self-test."""
        from pycwtd_drivers.tang_nano_9k.chip import ChipError  # noqa: PLC0415 - has numpy

        with self._turn:
            try:
                chip = self._ready(settings(), _Steering(NoControl(), 1))
                chip.greet()
            except (PortError, LineError, LoaderError, ChipError) as error:
                self.close()
                return Availability(False, str(error))
            return Availability(True, None, (chip.told(),), firmware=f"{chip.hello.build:08x}")

    def readings(self) -> Sequence[Reading]:
        """What was counted on the line since it was opened."""
        chip = self._chip
        return told(chip.counters) if chip else ()

    def close(self) -> None:
        """Give the port back."""
        with self._turn:
            if self._chip:
                self._chip.close()
                self._chip = None

    def flash(self, control: Control | None = None) -> str:
        """See :meth:`MonteCarloBackend.flash`: the configured bitstream is written, for good.

        Only onto a board that runs this gateware already, loaded into its memory: an ELM11, which
        it could be taken for, never does. A cancel comes in time only before it is begun.
        """
        from pycwtd_drivers.tang_nano_9k.chip import ChipError  # noqa: PLC0415 - has numpy

        watch = control or NoControl()
        with self._turn:
            try:
                configured = settings()
                chip = self._ready(configured, _Steering(watch, 1))
                chip.greet()
                port = chip.port.path
                self.close()

                def beat() -> None:
                    watch.advance(0)  # half a flash is none: nothing stops it any more

                loader.load(port, configured, beat, flash=True, sysfs=self._sysfs)
                watch.advance(100)
                chip = self._greeted(port, configured, _Steering(NoControl(), 1), after_load=True)
                self._chip = chip
            except (PortError, LineError, LoaderError, ChipError) as error:
                self.close()
                raise BackendUnavailableError(str(error)) from None
            return f"{chip.hello.build:08x}"

    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        """See :meth:`MonteCarloBackend.run`.

        A board that is unplugged is waited for, ``PYCWTD_DRIVER_TANG_NANO_9K_WAIT`` seconds; rows
        that had come aren't computed again.
        """
        from pycwtd_drivers.tang_nano_9k.fixed import configurations  # noqa: PLC0415 - has numpy
        from pycwtd_drivers.tang_nano_9k.fixed.limits import LANES  # noqa: PLC0415

        if not 0 <= seed < 2**64:
            raise ValueError(f"seed must be from 0 to 2^64 − 1, not {seed}")
        check_span(first, count)
        if task.estimator not in self.info.estimators:
            raise ValueError(
                f"the gateware runs the estimator {self.info.estimators[0]}, not {task.estimator}"
            )
        # For the usual number of lanes, so that it needn't be worked out twice.
        configurations(task, LANES)
        try:
            work = _Work(task, seed, first, count, settings())
        except PortError as error:
            raise BackendUnavailableError(str(error)) from None
        steering = _Steering(control or NoControl(), count)
        while not self._turn.acquire(timeout=LOOK_SECONDS):
            steering.beat()
        try:
            return self._histogram(work, steering)
        finally:
            self._turn.release()

    def _histogram(self, work: _Work, steering: _Steering) -> NDArray[np.int64]:
        import numpy as np  # noqa: PLC0415 - only where there is something to compute

        from pycwtd_drivers.tang_nano_9k.fixed import configurations  # noqa: PLC0415

        chip = self._waited(work.settings, steering)
        plans = configurations(work.task, chip.hello.lanes)
        spans = [plan.span(work.first, work.count) for plan in plans]
        steering.whole = 1 + sum(p.cycles * n for p, (_, n) in zip(plans, spans, strict=True))
        found = np.zeros((work.task.rows, work.task.bins), np.int64)
        for plan, (start, number) in zip(plans, spans, strict=True):
            if not number:
                continue
            counts = np.zeros((plan.rows, 1), np.int64)
            for at in range(start, start + number, plan.largest_unit):
                part = min(plan.largest_unit, start + number - at)
                unit = chip.unit(plan, work.seed, at, part)
                counts = counts + self._count(unit, plan.cycles, work.settings, steering)
                steering.done += part * plan.cycles
                steering.advance(0)
            found += plan.spread(counts, work.task)
        return found

    # -- the board -------------------------------------------------------------------------

    def _count(
        self, unit: Unit, cycles: int, configured: Settings, steering: _Steering
    ) -> NDArray[np.int64]:
        """The counts of a unit, from a board that may have to be waited for."""
        from pycwtd_drivers.tang_nano_9k.chip import ChipError  # noqa: PLC0415

        while True:
            chip = self._waited(configured, steering)
            chip.port.beat = steering.beat
            try:
                return chip.count(unit, lambda done: steering.advance(done * cycles))
            except Cancelled:
                self._stop()
                raise
            except LostError:
                # Gone: it is waited for, and what has come is kept.
                self.close()
            except (LineError, ChipError) as error:
                self.close()
                raise BackendUnavailableError(str(error)) from None
            finally:
                chip.port.beat = lambda: None

    def _waited(self, configured: Settings, steering: _Steering) -> Chip:
        """The board; where it is gone it is waited for."""
        from pycwtd_drivers.tang_nano_9k.chip import ChipError  # noqa: PLC0415

        absence = Absence(configured.wait_seconds, steering.beat)
        while True:
            try:
                return self._ready(configured, steering)
            except (LineError, ChipError, LoaderError, PortError) as error:
                self.close()
                if not isinstance(error, LostError | PortError):
                    raise BackendUnavailableError(str(error)) from None
                absence.wait(error)

    def _ready(self, configured: Settings, steering: _Steering) -> Chip:
        """A board with the right gateware that has passed its self-test.

        Raises:
            PortError: there is no such port.
            LineError: it can't be opened, or what is behind it doesn't answer as it should.
            LoaderError: it lacks the gateware, which can't be loaded.
            ChipError: it has another gateware, or doesn't compute right.
        """
        port = find_port(configured.port, KIND, self._sysfs)
        if self._chip and self._chip.port.path != port:
            self.close()
        if self._chip is None:
            self._chip = self._loaded(port, configured, steering)
        self._chip.test()
        return self._chip

    def _loaded(self, port: str, configured: Settings, steering: _Steering) -> Chip:
        """The board at a port; the gateware is loaded where it is missing or another."""
        from pycwtd_drivers.tang_nano_9k.chip import OtherGatewareError  # noqa: PLC0415

        try:
            return self._greeted(port, configured, steering)
        except (SilenceError, OtherGatewareError) as error:
            if not loader.may_load(configured):
                raise type(error)(
                    f"{error}; it isn't loaded from here, as no bitstream and USB path are set"
                ) from None
        loader.load(port, configured, steering.beat, sysfs=self._sysfs)
        return self._greeted(port, configured, steering, after_load=True)

    def _greeted(
        self, port: str, configured: Settings, steering: _Steering, *, after_load: bool = False
    ) -> Chip:
        from pycwtd_drivers.tang_nano_9k.chip import Chip  # noqa: PLC0415

        end = time.monotonic() + (_START_SECONDS if after_load else 0.0)
        while True:
            chip = None
            try:
                chip = Chip(port, configured)
                chip.port.beat = steering.beat
                chip.greet()
            except LineError:
                if chip:
                    chip.close()
                if time.monotonic() >= end:
                    raise
                time.sleep(LOOK_SECONDS)
            except BaseException:
                if chip:
                    chip.close()
                raise
            else:
                chip.port.beat = lambda: None
                return chip

    def _stop(self) -> None:
        """Have the board stop, so that the next run needn't wait for it."""
        if self._chip:
            self._chip.port.beat = lambda: None
            with contextlib.suppress(LineError):
                self._chip.stop()


@cache
def backends() -> list[MonteCarloBackend]:
    """``tang_nano_9k``, as the manifest describes it; the same one always: the port is but one."""
    manifest = load_manifest(Path(__file__).with_name("driver.toml"))
    return [TangNano9kBackend(info) for info in manifest.backends]
