"""What runs on the workers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo.kernel import plan_for
from pycwtd_drivers.dask.identity import identity

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MismatchError(Exception):
    """This worker isn't what the client is, so that its numbers might be others."""


async def hello() -> tuple[str, str]:
    """Version and kernel of the worker; its event loop goes on meanwhile."""
    found = await asyncio.to_thread(identity)
    # Plain data: a client of another version may lack the type.
    return found.version, found.kernel


def compute(
    task: dict[str, Any], seed: int, first: int, count: int, expected: tuple[str, str]
) -> tuple[NDArray[np.unsignedinteger[Any]], float]:
    """The histogram of some realisations, on one thread.

    Args:
        task: as :meth:`SignificanceTask.to_dict` gives it.
        seed: 0 ≤ seed < 2⁶⁴.
        first: number of the first realisation.
        count: how many.
        expected: the client's version and kernel.

    Returns:
        The histogram in the narrowest type that holds it, and the seconds that it took.

    Raises:
        MismatchError: this worker is another version, or its kernel counts otherwise.
        Cancelled: nobody wants the piece any more.
        ValueError: the kernel can't compute such a task.
        KernelError: there is no memory for it.
    """
    if identity() != tuple(expected):
        # Workers may join after the handshake.
        raise MismatchError(f"the worker has {identity()}")
    started = time.perf_counter()
    plan = plan_for(SignificanceTask.from_dict(task))
    histogram = plan.run(seed, first, count, 1, _Wanted())
    narrow = histogram.astype(np.min_scalar_type(int(histogram.max())))
    return narrow, time.perf_counter() - started


class _Wanted:
    """Stops a piece when its future is released; satisfies :class:`Control`.

    Dask leaves a running function alone. The worker's own record of the task says that it is
    cancelled as soon as the scheduler has told so, which it also does when the client is gone.
    """

    def __init__(self) -> None:
        from distributed import get_worker  # noqa: PLC0415 - there is one: this runs on it

        worker = get_worker()
        self._tasks = worker.state.tasks
        self._key = worker.get_current_task()

    def cancelled(self) -> bool:
        """Whether nobody waits for the piece any more."""
        task = self._tasks.get(self._key)
        return task is None or task.state == "cancelled"

    def advance(self, done: int) -> None:
        """Pieces are short; their ends are progress enough."""
