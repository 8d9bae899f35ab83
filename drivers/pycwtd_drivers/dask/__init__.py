"""The Dask driver: the C kernel on the workers of a ``dask.distributed`` scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwt_mod.backends import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwt_mod.backends import MonteCarloBackend


@hookimpl
def pycwtd_backends() -> Sequence[MonteCarloBackend]:
    """The backend ``dask``."""
    from pycwtd_drivers.dask.driver import backends  # noqa: PLC0415 - cheap until asked for

    return backends()
