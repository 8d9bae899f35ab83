"""What the conformance suite does with the optional methods of a backend."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.backends import Reading
from pycwt_mod.monte_carlo.conformity import small_task

if TYPE_CHECKING:
    from pycwt_mod.backends import MonteCarloBackend

_SEED = 20_260_101
#: The contract's 100 ms, and what a busy machine adds.
_READ_SECONDS = 2.0


class _Watch:
    """A control that takes note of the progress."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def cancelled(self) -> bool:
        return False

    def advance(self, done: int) -> None:
        self.told.append(done)


def exercise(backend: MonteCarloBackend, hook: str) -> None:
    """See that a hook does what the contract says.

    Raises:
        AssertionError: it doesn't, or nobody has written down what that is.
    """
    assert hook in EXERCISES, f"nothing tests the hook {hook}"
    EXERCISES[hook](backend)


def _flash(backend: MonteCarloBackend) -> None:
    """New firmware is on the board, is the one that it says it is, and computes as before."""
    info = backend.info
    task = small_task(info.estimators[0], info.families[0])
    expected = backend.run(task, _SEED, 0, 1)
    watch = _Watch()
    version = backend.flash(watch)
    assert version, "flash must return the version that is on the board"
    assert watch.told, "progress must be told while the firmware is written"
    assert watch.told == sorted(watch.told), "progress must not go back"
    assert all(0 <= done <= 100 for done in watch.told), "progress is a percentage"
    found = backend.probe()
    assert found.available, found.error
    assert found.firmware == version, f"flash says {version}, probe {found.firmware}"
    np.testing.assert_array_equal(backend.run(task, _SEED, 0, 1), expected)


def _readings(backend: MonteCarloBackend) -> None:
    """Figures before, between and after runs: finite, named once, totals that only grow."""
    info = backend.info
    task = small_task(info.estimators[0], info.families[0])
    backend.readings()  # before anything is open, too
    expected = backend.run(task, _SEED, 0, 1)
    before = _figures(backend)
    np.testing.assert_array_equal(backend.run(task, _SEED, 0, 1), expected)
    after = _figures(backend)
    assert list(before) == list(after), "readings must stay the same figures in one order"
    for name, reading in after.items():
        if reading.total:
            assert reading.value >= before[name].value, f"the total {name} must not go back"


def _figures(backend: MonteCarloBackend) -> dict[str, Reading]:
    """The readings by their names."""
    started = time.monotonic()
    found = list(backend.readings())
    assert time.monotonic() - started < _READ_SECONDS, "readings must come from what is at hand"
    assert all(isinstance(one, Reading) for one in found), "readings are of the type Reading"
    figures = {one.name: one for one in found}
    assert len(figures) == len(found), "readings must have names of their own"
    assert all(math.isfinite(one.value) for one in found), "readings must be finite"
    return figures


#: What is done with each of the hooks.
EXERCISES = {"flash": _flash, "readings": _readings}
