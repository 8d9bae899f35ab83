from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pycwt_mod.backends import (
    ESTIMATORS,
    FAMILIES,
    Availability,
    BackendInfo,
    Control,
    MonteCarloBackend,
    SignificanceTask,
    register_backend,
    registry,
)
from pycwt_mod.monte_carlo import reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray


class OracleBackend(MonteCarloBackend):
    """The reference implementation behind the driver contract."""

    info = BackendInfo("oracle", "cpu", "NumPy, float64", "f64", 0.0, FAMILIES, ESTIMATORS)

    def probe(self) -> Availability:
        return Availability(True, devices=("numpy",))

    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        histogram = reference.coherence_histogram(task, seed, first, count)
        if control is not None:
            control.advance(count)
        return histogram


@pytest.fixture
def measured(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[..., None]:
    """Notes a rate of false alarms, for docs/significance.md; ``pytest -s`` shows it."""

    def note(what: str, shares: ArrayLike, of: int | None = None) -> None:
        """Note the mean of shares with the error of their spread, or a rate of so many trials."""
        values = np.ravel(np.asarray(shares, dtype=float))
        rate = float(values.mean())
        if of is not None:
            error = float(np.sqrt(rate * (1 - rate) / of))
        else:
            error = float(values.std() / np.sqrt(values.size))
        record_property(what, (rate, error))
        print(
            f"\nfalse alarms: {request.node.name}: {what}: {100 * rate:.2f} ± {100 * error:.2f} %"
        )

    return note


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a backend that needs no driver; it goes with the test."""
    monkeypatch.setattr(registry, "_registered", {})
    register_backend(OracleBackend())
    return "oracle"
