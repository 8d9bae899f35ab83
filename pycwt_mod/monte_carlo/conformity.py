"""Whether a backend computes what its class says: the one test of boards and of their drivers.

A board's self-test under the daemon and the conformance suite of :mod:`pycwt_mod.driver_kit` are
this one. A backend of the class of the C kernel is compared with it, integer for integer. Any
other is compared with the float64 reference, realisation by realisation: the mean of the
differences may be its driver's tolerance and as many standard errors as Student's t leaves to
chance. Of a backend that draws the reference's noise these errors are small, and little is hidden
by them. Where they aren't, it has noise of its own, or it is wrong: it then has to do eight times
as many realisations, of which the same limit is narrow enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from pycwt_mod.backends import Cancelled, NoControl, get_backend, list_backends
from pycwt_mod.grid import DEFAULT_ORDERS
from pycwt_mod.monte_carlo.histogram import mean_values
from pycwt_mod.monte_carlo.reference import coherence_histogram
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.wavelets import wavelet_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pycwt_mod.backends import (
        Control,
        Estimator,
        Family,
        MonteCarloBackend,
        SignificanceTask,
    )

#: Realisations, at least: of fewer a standard error says nothing.
FEWEST = 8
#: The backend that others of its class are compared with.
KERNEL = "sequential"
#: A right backend fails by chance no more often than this, all scales together.
_FALSE_ALARM = 1e-6
#: Values that a standard error is made of, at least: a cascade doesn't draw every scale each time.
_FEWEST_VALUES = 4
#: What chance is left beside the tolerance with the reference's noise, at most; measured, less
#: than 0.02 with the C kernel and the ELM11, and 0.5 with other noise.
_LOOSE = 0.05
#: So many times the realisations are done of other noise.
_MORE = 8
_SEED = 20_260_101
_FIRST = 3


class ImpossibleHistogramError(ValueError):
    """A backend gave what no realisations can give; the text says what."""


@dataclass(frozen=True, slots=True)
class Conformity:
    """What a comparison has found."""

    estimator: Estimator
    realisations: int
    #: Whether it was integer for integer, with the C kernel.
    exact: bool
    #: The same realisation twice gives the same counts.
    repeats: bool
    #: The counts of the parts are those of the whole.
    adds_up: bool
    #: The counts are those of the class; or the mean coherence of every scale is the reference's.
    agrees: bool
    #: Largest difference of a scale's mean coherence from the reference's.
    deviation: float
    #: What it may be where it was found; 0 where counts have to be equal.
    limit: float

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.repeats and self.adds_up and self.agrees

    def told(self) -> str:
        """The figures, for people."""
        of = f"{self.realisations} realisations of {self.estimator}"
        if not self.repeats:
            return f"{of}: the same realisation gives other counts the second time"
        if not self.adds_up and (self.agrees or not self.exact):
            return f"{of}: the counts of the parts aren't those of the whole"
        if self.exact:
            same = "the C kernel's counts" if self.agrees else "other counts than the C kernel's"
            return f"{of}: {same}, mean R² differs by {self.deviation:.4f}"
        return f"{of}: mean R² differs by {self.deviation:.4f}, and {self.limit:.4f} is allowed"


def small_task(estimator: Estimator, family: Family) -> SignificanceTask:
    """A task that a microcontroller can do: six scales, two octaves and a half wide."""
    wavelet = wavelet_of(family, DEFAULT_ORDERS[family])
    return coherence_task(0.5, 0.2, 1.0, 0.5, 3.0, 5, wavelet, estimator=estimator, bins=64)


def conformity(
    backend: MonteCarloBackend,
    task: SignificanceTask,
    count: int = FEWEST,
    control: Control | None = None,
) -> Conformity:
    """Compare a backend with what it has to be.

    Args:
        backend: to be tested.
        task: that it runs, small.
        count: realisations, at least :data:`FEWEST`.
        control: cancels, and is told of progress: mostly up to ``2 · count + 1``.

    Raises:
        ImpossibleHistogramError: a histogram has another form, or counts that can't be.
        ValueError: too few realisations.
    """
    if count < FEWEST:
        raise ValueError(f"count must be at least {FEWEST}, not {count}")
    steering = _Steering(control or NoControl())
    single = [_run(backend, task, _FIRST + k, 1, steering) for k in range(count)]
    whole = _run(backend, task, _FIRST, count, steering)
    again = _run(backend, task, _FIRST, 1, steering)
    adds_up = bool((np.sum(single, axis=0) == whole).all())
    exact = _has_kernel(backend)
    expected = [_expected(task, _FIRST + k, steering, exact=exact) for k in range(count)]
    deviation, limit = _differences(single, expected, backend.info.tolerance)
    if not exact and limit - backend.info.tolerance > _LOOSE:
        for k in range(count, _MORE * count):
            single.append(_run(backend, task, _FIRST + k, 1, steering))
            expected.append(_expected(task, _FIRST + k, steering, exact=False))
        deviation, limit = _differences(single, expected, backend.info.tolerance)
    if exact:
        agrees = all((a == b).all() for a, b in zip(single, expected, strict=True))
    else:
        agrees = deviation <= limit
    return Conformity(
        estimator=task.estimator,
        realisations=len(single),
        exact=exact,
        repeats=bool((again == single[0]).all()),
        adds_up=adds_up,
        agrees=agrees,
        deviation=deviation,
        limit=0.0 if exact else limit,
    )


class _Steering:
    """A control for several runs in a row: it is told of all of them together."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.before = 0

    def cancelled(self) -> bool:
        return self._control.cancelled()

    def advance(self, done: int) -> None:
        self._control.advance(self.before + done)


def _has_kernel(backend: MonteCarloBackend) -> bool:
    """Whether the C kernel is here to compare with, and isn't the backend itself."""
    kernels = [info for info in list_backends() if info.name == KERNEL]
    same = any(info.numerics == backend.info.numerics for info in kernels)
    return same and backend.info.name != KERNEL and get_backend(KERNEL).probe().available


def _run(
    backend: MonteCarloBackend, task: SignificanceTask, first: int, count: int, control: _Steering
) -> NDArray[np.int64]:
    histogram = check_histogram(backend, task, backend.run(task, _SEED, first, count, control))
    control.before += count
    return histogram


def check_histogram(
    backend: MonteCarloBackend, task: SignificanceTask, histogram: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The histogram, if it may be one.

    Raises:
        ImpossibleHistogramError: it has another form, or negative counts.
    """
    shape = (task.rows, task.bins)
    found = np.asarray(histogram)
    if found.shape != shape or found.dtype != np.int64 or found.min() < 0:
        raise ImpossibleHistogramError(
            f"backend {backend.info.name} gave an impossible histogram: {found.dtype}"
            f"{found.shape} instead of int64{shape}, or negative counts"
        )
    return found


def _expected(
    task: SignificanceTask, number: int, control: _Steering, *, exact: bool
) -> NDArray[np.int64]:
    if control.cancelled():
        raise Cancelled
    control.advance(0)
    if exact:
        return get_backend(KERNEL).run(task, _SEED, number, 1)
    return coherence_histogram(task, _SEED, number, 1)


def _differences(
    single: Sequence[NDArray[np.int64]], expected: Sequence[NDArray[np.int64]], tolerance: float
) -> tuple[float, float]:
    """The largest difference of a scale's mean coherence, in parts of its limit; and that limit."""
    theirs, ours = (np.array([mean_values(one) for one in each]) for each in (single, expected))
    if (np.isfinite(theirs) != np.isfinite(ours)).any():
        return np.inf, tolerance  # it draws other scales than the estimator does
    number = np.isfinite(ours).sum(axis=0)
    told = number >= _FEWEST_VALUES
    apart, number = (theirs - ours)[:, told], number[told]
    share = _FALSE_ALARM / 2 / told.sum()
    error = np.nanstd(apart, axis=0, ddof=1) / np.sqrt(number)
    limit = tolerance + stdtrit(number - 1, 1 - share) * error
    mean = np.abs(np.nanmean(apart, axis=0))
    worst = int(np.argmax(mean - limit))
    return float(mean[worst]), float(limit[worst])
