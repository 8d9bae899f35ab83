"""What the conformance suite does with the optional methods of a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.monte_carlo.conformity import small_task

if TYPE_CHECKING:
    from pycwt_mod.backends import MonteCarloBackend

_SEED = 20_260_101


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


#: What is done with each of the hooks.
EXERCISES = {"flash": _flash}
