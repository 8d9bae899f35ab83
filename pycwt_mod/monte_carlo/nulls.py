"""Coherence of surrogates: null hypotheses other than AR(1) noise, through the same kernel.

The surrogates are made here and their coherence is counted by the kernel, on the threads of this
process. The numbers belong to the data, so they are computed where the data are: neither drivers
nor the cache of levels know them.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pycwt_mod.backends import (
    Availability,
    BackendInfo,
    Cancelled,
    MonteCarloBackend,
    NoControl,
    check_span,
)
from pycwt_mod.backends.task import FAMILIES
from pycwt_mod.monte_carlo.kernel import GivenSeries, plan_for
from pycwt_mod.monte_carlo.kernel_run import POLL_INTERVAL
from pycwt_mod.monte_carlo.surrogate_models import RedNoise, WhiteNoise, find_model, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, SignificanceTask
    from pycwt_mod.monte_carlo.surrogate_models import Draw, SurrogateModel

#: Surrogates that a thread makes before it counts them: some for every lane of the kernel.
_BATCH = 32
#: Numerics class of the counts.
_NUMERICS = "surrogates-f32-1"
#: Samples of a realisation that the kernel takes, at least.
MIN_LENGTH = 16


class Counter(Protocol):
    """What counts the coherence of surrogates; several threads may do so at once."""

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""

    def cancel(self) -> None:
        """Stop what is being counted, for good."""

    def histogram(self, x1: NDArray[np.float32], x2: NDArray[np.float32]) -> NDArray[np.int64]:
        """The histogram of pairs of series, each of shape (pairs, length)."""


class SurrogateBackend(MonteCarloBackend):
    """Counts the coherence of surrogates of two series.

    Args:
        model: what the surrogates keep of the series.
        series: the two, of any length each.
        length: samples of a surrogate.
        threads: how many compute at the same time; None takes all that this process may use.
    """

    def __init__(
        self,
        model: SurrogateModel,
        series: Sequence[NDArray[np.float64]],
        length: int,
        threads: int | None = None,
    ) -> None:
        # Of unit size: the kernel computes in single precision.
        units = [(x - x.mean()) / x.std() for x in series]
        self._prepare([model.fit(x, length) for x in units], length, threads)
        self.info = BackendInfo(
            name="surrogates",
            type="cpu",
            description="Surrogates of the data",
            numerics=_NUMERICS,
            tolerance=0,
            families=FAMILIES,
            estimators=("full",),
        )

    def _prepare(self, draws: list[Draw], length: int, threads: int | None) -> None:
        self._draws = draws
        self._length = length
        self._threads = threads or len(os.sched_getaffinity(0))

    def _counter(self, task: SignificanceTask) -> Counter:
        return GivenSeries(plan_for(task))

    def probe(self) -> Availability:
        """Always there."""
        return Availability(available=True)

    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        """The histogram of the pairs of surrogates ``first … first + count - 1``.

        Args:
            task: how their coherence is computed; its ``length`` is that of the surrogates, and
                its ``ar1`` tells the kernel what order of size to expect at each scale.
            seed: 0 ≤ seed < 2⁶⁴.
            first: number of the first pair.
            count: how many, at least one.
            control: cancels and watches.

        Returns:
            ``int64[scales, bins]``, the same for any split of a span.

        Raises:
            Cancelled: the control said so.
            ValueError: the task is of another length or of the cascade, or the span isn't one.
        """
        check_span(first, count)
        if task.length != self._length:
            raise ValueError(f"task must have surrogates of {self._length} samples")
        watch = control or NoControl()
        counter = self._counter(task)
        total = np.zeros((task.rows, task.bins), np.int64)
        end = first + count
        starts = range(first, end, _BATCH)
        done = 0
        with ThreadPoolExecutor(self._threads, thread_name_prefix="pycwt-surrogates") as pool:
            pending = {
                pool.submit(self._batch, counter, seed, at, min(_BATCH, end - at)) for at in starts
            }
            try:
                while pending:
                    ready, pending = wait(pending, POLL_INTERVAL, FIRST_COMPLETED)
                    for batch in ready:
                        histogram, pairs = batch.result()
                        total += histogram
                        done += pairs
                    watch.advance(done)
                    if watch.cancelled():
                        raise Cancelled
            finally:
                # Whatever ended the watch, the threads must not outlive it.
                counter.cancel()
                for batch in pending:
                    batch.cancel()
        return total

    def _batch(
        self, counter: Counter, seed: int, first: int, count: int
    ) -> tuple[NDArray[np.int64], int]:
        x = np.empty((2, count, self._length), np.float32)
        for k in range(count):
            if counter.cancelled:
                raise Cancelled
            for i, draw in enumerate(self._draws):
                x[i, k] = draw(stream(seed, first + k, i))
        return counter.histogram(x[0], x[1]), count


@dataclass(frozen=True)
class Null:
    """How a null hypothesis is computed: arguments of :func:`.run.monte_carlo`."""

    name: str
    task: SignificanceTask
    #: None: whichever the caller asked for.
    backend: SurrogateBackend | None = None


def null_hypothesis(
    null: str | SurrogateModel, task: SignificanceTask, series: Sequence[NDArray[np.float64]]
) -> Null:
    """How the coherence of two series is tested against a null hypothesis.

    Args:
        null: name or model.
        task: of the test against AR(1) noise.
        series: the two.

    Returns:
        White noise is AR(1) noise. Other surrogates make a ``full`` task; they have the task's
        own length where the model allows it, else that of the data, so that scales without a
        sample outside the cone of influence get no level.

    Raises:
        TypeError: ``null`` is neither.
        ValueError: there is no model of that name, or the series are too short for it.
    """
    model = find_model(null, "null")
    name = null if isinstance(null, str) else repr(model)
    if isinstance(model, RedNoise):
        return Null(name, task)
    if isinstance(model, WhiteNoise):
        return Null(name, replace(task, ar1=(0.0, 0.0)))
    samples = series[0].size
    if samples < MIN_LENGTH:
        raise ValueError(f"null={name} needs at least {MIN_LENGTH} samples, not {samples}")
    length = task.length if model.any_length else samples
    full = replace(task, length=length, estimator="full")
    return Null(name, full, SurrogateBackend(model, series, length))
