"""What a driver is: the abstract class, and what the caller and the driver tell each other."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pycwt_mod.backends.task import Estimator, SignificanceTask
    from pycwt_mod.grid import Family

BackendType = Literal["cpu", "distributed", "gpu", "embedded", "fpga"]


class Cancelled(Exception):  # noqa: N818 - not an error: the caller asked for it
    """A run was stopped by its control; nothing of it may be counted."""


class BackendUnavailableError(RuntimeError):
    """The hardware or a library that the backend needs isn't there; the text says what to do."""


class Control(Protocol):
    """How the caller of :meth:`MonteCarloBackend.run` steers it.

    A driver calls both from the thread that entered ``run``, at least every 100 ms.
    """

    def cancelled(self) -> bool:
        """Whether to stop now, by raising :class:`Cancelled`."""

    def advance(self, done: int) -> None:
        """Take note that ``done`` of the asked realisations are computed so far."""


class NoControl:
    """For callers who neither cancel nor watch."""

    def cancelled(self) -> bool:
        """Never."""
        return False

    def advance(self, done: int) -> None:
        """Ignore the progress."""


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What is known of a backend before it is asked for anything; see :mod:`.manifest`.

    ``numerics`` is the numerics class: results of one class are bit-identical, results of
    different classes agree statistically, within ``tolerance`` of the 95 % level. Its name
    ends with a version, which changes whenever the results do.
    """

    name: str
    type: BackendType
    description: str
    numerics: str
    tolerance: float
    families: tuple[Family, ...]
    estimators: tuple[Estimator, ...]
    aliases: tuple[str, ...] = ()
    #: Optional methods of :class:`MonteCarloBackend` that the backend has, of :data:`HOOKS`.
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend could compute now; if not, why, and what to do about it."""

    available: bool
    error: str | None = None
    #: What it would compute on, for people: "2 threads, avx512", "/dev/ttyUSB1 …".
    devices: tuple[str, ...] = ()
    #: Version of the firmware or the gateware, where there is one.
    firmware: str | None = None
    #: What tells this board from others of its kind.
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of what a backend computes on: of a sensor, or counted."""

    #: For people and programs: "temperature", "retries".
    name: str
    value: float
    #: Such as "°C", "V" or "B"; none for numbers of things.
    unit: str = ""
    #: Whether it is counted and only grows, as long as the backend isn't closed.
    total: bool = False


#: Methods that a backend may have, and then names in its manifest as ``hooks``.
HOOKS = ("flash", "readings")


class MonteCarloBackend(abc.ABC):
    """One way of computing Monte Carlo histograms.

    Instances are cheap to make and hold no device until :meth:`run` or :meth:`probe`.
    """

    info: BackendInfo

    @abc.abstractmethod
    def probe(self) -> Availability:
        """Look whether this backend can compute now. Must not raise for absent hardware."""

    @abc.abstractmethod
    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        """The histogram of the realisations ``first … first + count - 1``.

        Args:
            task: the null hypothesis.
            seed: 0 ≤ seed < 2⁶⁴.
            first: number of the first realisation.
            count: how many, at least one.
            control: cancels and watches.

        Returns:
            ``int64[task.rows, bins]``. For any split of a span of realisations the sum of the
            parts is the histogram of the whole, integer for integer.

        Raises:
            Cancelled: the control said so.
            BackendUnavailableError: what it computes on isn't there.
            ValueError: the task or the span is one that this backend can't compute; a task's
                ``edge_nodes`` may be what it can't. The text says why: the daemon has the task
                computed by another backend then, and tells the reason.
        """

    def flash(self, control: Control | None = None) -> str:
        """Write the firmware that belongs to this driver, whatever is there now. Optional.

        A backend that has it says ``hooks = ["flash"]`` in its manifest. What is on the board
        afterwards is found out by :meth:`probe` and a self-test, not believed.

        Args:
            control: cancels and watches; ``advance`` takes the percentage that is done.

        Returns:
            The version that is on the board now.

        Raises:
            Cancelled: the control said so, and nothing was begun that has to be finished.
            BackendUnavailableError: the board isn't there, or doesn't take it.
        """
        raise BackendUnavailableError(f"{self.info.name} has no firmware that could be written")

    def readings(self) -> Sequence[Reading]:
        """What sensors and counters say at this moment. Optional.

        A backend that has it says ``hooks = ["readings"]`` in its manifest. It is asked between
        runs, never during one, and often: it answers within 100 ms from what is at hand, opens
        nothing, asks nothing of a board, and doesn't raise. What has no sensor has no reading.

        Returns:
            Figures whose names differ, in an order that stays; none where nothing is known.
        """
        return ()

    def close(self) -> None:  # noqa: B027 - most backends hold nothing
        """Give back what the backend holds. It may be used again afterwards."""
