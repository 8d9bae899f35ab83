"""What a worker process asks of a workload's computation, and what it hands over.

The module that :attr:`Workload.compute` names has these functions:

``prepare(request, series, job) -> Prepared``
    everything but the Monte Carlo loop.

``chunk(task, seed, first, count) -> int64 array``
    realisations ``first … first + count - 1``. Pure: realisation *k* depends on the task, the
    seed and *k* alone, and arrays of the same task have one shape and add up. So they may be
    computed in parts of any size, in any order, again after a crash, and come to the same
    integers. It is called with few realisations at a time: progress, cancelling and
    checkpoints need nothing of it.

``finish(request, task, arrays, counts, job) -> Completed | More``
    the result from the sum of all parts, or how many realisations it needs in all.

``interim(request, task, counts, job) -> Levels``
    optional: the significance levels from the counts of the realisations so far. It is called
    while the job runs, as often as somebody wants to see them; ``job.total`` is how many there
    are.

A ``ValueError`` is for the one who sent the request; every other exception is a defect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Arrays = Mapping[str, Any]
    Series = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of the job beside its request.

    Args:
        kind: of it.
        folder: of its files, for what is too large to be handed back.
        seed: of its noise.
        total: realisations asked for.
        backend: that computes them; None where the workload's own process does.
    """

    kind: str
    folder: Path
    seed: int
    total: int = 0
    backend: str | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """What the realisations depend on beside the seed: arrays, numbers and texts by name.

    It is the same object for all chunks of a job that a process computes in a row, and can be
    hashed: ``functools.lru_cache(maxsize=1)`` keeps tables that are made from it.
    """

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A result, or what goes before a Monte Carlo loop.

    Args:
        arrays: of the result, by name; without a task, all of it. With one, a function that
            gives them may stand here: it is called when ``finish`` looks at them.
        task: of the loop, if there is one.
        files: further arrays of a result without a task: ``.npy`` files in the job's folder,
            which are moved into the result without being loaded.
        ahead: whether that function is quick enough to be called while the realisations of a
            call that somebody waits for are computed.
    """

    arrays: Arrays | Callable[[], Arrays]
    task: Mapping[str, Any] | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Completed:
    """The arrays of the result."""

    arrays: Arrays


@dataclass(frozen=True, slots=True)
class More:
    """So many realisations in all are needed."""

    total: int


@dataclass(frozen=True, slots=True)
class Levels:
    """Significance levels with their Monte Carlo errors.

    Args:
        level: the probability that values of noise stay below them.
        periods: that they belong to, in units of the sampling interval's.
        levels: of each period; NaN where nothing was counted.
        errors: their standard errors.
    """

    level: float
    periods: NDArray[np.float64]
    levels: NDArray[np.float64]
    errors: NDArray[np.float64]


class Computation(Protocol):
    """The functions of a compute module; ``chunk`` and ``finish`` only for Monte Carlo."""

    def prepare(self, request: Any, series: Series, job: Job) -> Prepared:
        """Everything but the Monte Carlo loop."""

    def chunk(self, task: Task, seed: int, first: int, count: int) -> NDArray[np.int64]:
        """Counts of some realisations."""

    def finish(
        self, request: Any, task: Task, arrays: Arrays, counts: NDArray[np.int64], job: Job
    ) -> Completed | More:
        """The result from the counts of all of them."""
