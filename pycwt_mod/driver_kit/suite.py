"""The driver contract as tests, for any driver; see :mod:`pycwt_mod.driver_kit.plugin`.

Where numbers are compared that needn't be equal, the limit is that of the daemon's self-test
(:mod:`pycwt_mod.monte_carlo.conformity`): one run in a million fails without a reason.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pycwt_mod.backends import (
    HOOKS,
    Availability,
    BackendUnavailableError,
    Cancelled,
    InstalledDriver,
    MonteCarloBackend,
)
from pycwt_mod.driver_kit.hooks import exercise
from pycwt_mod.driver_kit.plugin import Board, backend_of
from pycwt_mod.monte_carlo.conformity import conformity, small_task
from pycwt_mod.monte_carlo.reference import coherence_histogram

if TYPE_CHECKING:
    from pycwt_mod.backends import Estimator, Family, SignificanceTask

    Case = tuple[str, Estimator, Family]

#: A run that takes longer than any test waits.
_ENDLESS = 2**31
#: The contract's second, and what a busy machine adds.
_CANCEL_SECONDS = 3.0
_SEED = 20_260_101


class _Watch:
    """A control that notes what it is told, and cancels after a while."""

    def __init__(self, cancel_after: float | None = None) -> None:
        self.told: list[int] = []
        self.asked = 0
        self._end = None if cancel_after is None else time.monotonic() + cancel_after
        self.begun = threading.Event()

    def cancelled(self) -> bool:
        self.asked += 1
        self.begun.set()
        return self._end is not None and time.monotonic() >= self._end

    def advance(self, done: int) -> None:
        self.told.append(done)


def test_manifest_and_code_agree(driver: InstalledDriver, backend_name: str) -> None:
    """The code offers what ``driver.toml`` says, word for word."""
    backend = backend_of(driver, backend_name)
    assert isinstance(backend, MonteCarloBackend)
    assert driver.manifest
    assert backend.info in driver.manifest.backends


def test_probe_answers(driver: InstalledDriver, backend_name: str) -> None:
    """A probe says whether the backend can compute, twice the same; if not, why."""
    backend = backend_of(driver, backend_name)
    found = backend.probe()
    assert isinstance(found, Availability)
    assert found.available or found.error
    for told in (found.firmware, found.serial):
        assert told is None or (isinstance(told, str) and told)
    again = backend.probe()
    assert (again.available, again.firmware, again.serial) == (
        found.available,
        found.firmware,
        found.serial,
    )
    assert found.available, f"nothing can be tested without the hardware: {found.error}"


def test_histogram_has_its_form(driver: InstalledDriver, case: Case, realisations: int) -> None:
    """``int64[rows, bins]``, nothing negative, the same number of points in every realisation."""
    backend, task = _ready(driver, case)
    histogram = backend.run(task, _SEED, 0, realisations)
    assert histogram.dtype == np.int64
    assert histogram.shape == (task.rows, task.bins)
    assert (histogram >= 0).all()
    points = histogram.sum(axis=1)
    if task.estimator == "full":
        expected = coherence_histogram(task, _SEED, 0, 1).sum(axis=1)
        np.testing.assert_array_equal(points, expected * realisations)
    else:
        assert points.any()


def test_repeats_itself(driver: InstalledDriver, case: Case, realisations: int) -> None:
    """The same seed gives the same integers, after others and after a close; another doesn't."""
    backend, task = _ready(driver, case)
    first = backend.run(task, _SEED, 3, realisations)
    other = backend.run(task, _SEED + 1, 3, realisations)
    backend.close()
    again = backend.run(task, _SEED, 3, realisations)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_spans_add_up(driver: InstalledDriver, case: Case, realisations: int) -> None:
    """However a span is cut, in whatever order: the same integers."""
    backend, task = _ready(driver, case)
    whole = backend.run(task, _SEED, 5, realisations)
    cut = realisations // 3
    late = backend.run(task, _SEED, 5 + cut, realisations - cut)
    np.testing.assert_array_equal(whole, late + backend.run(task, _SEED, 5, cut))


def test_numerics_are_of_their_class(
    driver: InstalledDriver, case: Case, realisations: int
) -> None:
    """What the daemon asks of a board before it gives it work: the self-test."""
    backend, task = _ready(driver, case)
    found = conformity(backend, task, realisations)
    assert found.passed, found.told()


@pytest.mark.timing
def test_progress_is_told(driver: InstalledDriver, case: Case, realisations: int) -> None:
    """A control is asked, and told of progress that only grows, up to what was asked for."""
    backend, task = _ready(driver, case)
    watch = _Watch()
    backend.run(task, _SEED, 0, realisations, watch)
    assert watch.told == sorted(watch.told)
    assert all(0 <= done <= realisations for done in watch.told)


@pytest.mark.timing
def test_cancel_is_heeded_and_leaves_nothing(driver: InstalledDriver, case: Case) -> None:
    """A run stops when its control says so; what it was doing isn't in the next one's answer."""
    backend, task = _ready(driver, case)
    expected = backend.run(task, _SEED, 0, 2)
    watch = _Watch(cancel_after=0.2)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        backend.run(task, _SEED + 7, 0, _ENDLESS, watch)
    assert time.monotonic() - started < 0.2 + _CANCEL_SECONDS
    assert watch.asked > 1, "control.cancelled() must be asked at least every 100 ms"
    np.testing.assert_array_equal(backend.run(task, _SEED, 0, 2), expected)


def test_nonsense_is_refused(driver: InstalledDriver, backend_name: str) -> None:
    """Realisations that have no number are a ValueError, and do no harm."""
    backend = backend_of(driver, backend_name)
    info = backend.info
    task = small_task(info.estimators[0], info.families[0])
    for first, count in ((-1, 1), (0, 0), (2**32, 1)):
        with pytest.raises(ValueError, match="realisations"):
            backend.run(task, _SEED, first, count)
    backend.run(task, _SEED, 0, 1)


def test_nothing_is_printed(
    driver: InstalledDriver, backend_name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Standard output belongs to whoever runs the driver."""
    backend = backend_of(driver, backend_name)
    info = backend.info
    backend.probe()
    backend.run(small_task(info.estimators[0], info.families[0]), _SEED, 0, 1)
    assert capfd.readouterr().out == ""


@pytest.mark.timing
def test_a_pulled_cable_is_told_and_mended(
    driver: InstalledDriver, backend_name: str, board: Board | None
) -> None:
    """Without its board a run ends with the reason; with it, the numbers are right again."""
    if board is None:
        pytest.skip("needs a fixture `board` with the methods unplug and plug")
    backend = backend_of(driver, backend_name)
    info = backend.info
    task = small_task(info.estimators[0], info.families[0])
    expected = backend.run(task, _SEED, 0, 2)
    watch, caught = _Watch(), []

    def run() -> None:
        try:
            backend.run(task, _SEED, 0, _ENDLESS, watch)
        except BackendUnavailableError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert watch.begun.wait(30)
    board.unplug()
    thread.join(30)
    assert not thread.is_alive(), "the run goes on without its board"
    assert caught, "a run without its board must end in BackendUnavailableError"
    assert not backend.probe().available
    board.plug()
    assert backend.probe().available
    np.testing.assert_array_equal(backend.run(task, _SEED, 0, 2), expected)


# -- hooks -------------------------------------------------------------------------------------


def test_hooks_are_declared(driver: InstalledDriver, backend_name: str) -> None:
    """The optional methods that the code has are those that the manifest names."""
    backend = backend_of(driver, backend_name)
    has = {hook for hook in HOOKS if getattr(type(backend), hook) is not _without(hook)}
    assert has == set(backend.info.hooks)


def _without(hook: str) -> object:
    return getattr(MonteCarloBackend, hook)


def test_hooks_are_exercised(driver: InstalledDriver, hook: tuple[str, str]) -> None:
    """Each of them does what it says; one that no test exercises fails here."""
    name, which = hook
    exercise(backend_of(driver, name), which)


def _ready(driver: InstalledDriver, case: Case) -> tuple[MonteCarloBackend, SignificanceTask]:
    name, estimator, family = case
    return backend_of(driver, name), small_task(estimator, family)
