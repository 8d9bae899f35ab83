from __future__ import annotations

from typing import TYPE_CHECKING

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
    import numpy as np
    from numpy.typing import NDArray


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
def oracle(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a backend that needs no driver; it goes with the test."""
    monkeypatch.setattr(registry, "_registered", {})
    register_backend(OracleBackend())
    return "oracle"
