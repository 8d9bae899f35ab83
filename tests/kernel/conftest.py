"""What the kernel's tests share: small tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pycwt_mod.backends import SignificanceTask

TaskFactory = Callable[..., SignificanceTask]


@pytest.fixture(scope="session")
def make_task() -> TaskFactory:
    """Tasks that differ from a usual one in what is given."""
    ends = 0.6 / 8.2
    # Grinsted's window for 12 scales an octave.
    weights = (ends, *([1 / 8.2] * 7), ends)

    def make(
        s0: float = 2.0, per_octave: int = 12, count: int = 49, **changes: Any
    ) -> SignificanceTask:
        fields: dict[str, Any] = {
            "family": "morlet",
            "order": 6.0,
            "scales": tuple(s0 * 2 ** (j / per_octave) for j in range(count)),
            "scale_weights": weights,
            "length": 300,
            "ar1": (0.3, 0.7),
            "bins": 100,
        }
        return SignificanceTask(**(fields | changes))

    return make
