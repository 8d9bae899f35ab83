"""The CPU driver: the C kernel on one core or on all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwt_mod.backends import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwt_mod.backends import MonteCarloBackend


@hookimpl
def pycwtd_backends() -> Sequence[MonteCarloBackend]:
    """The backends ``sequential`` and ``joblib``."""
    from pycwtd_drivers.cpu.driver import backends  # noqa: PLC0415 - cheap until asked for

    return backends()
