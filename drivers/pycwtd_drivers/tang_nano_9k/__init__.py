"""The driver of the Tang Nano 9K, an FPGA board with pycwtd's gateware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwt_mod.backends import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwt_mod.backends import MonteCarloBackend


@hookimpl
def pycwtd_backends() -> Sequence[MonteCarloBackend]:
    """The backend ``tang_nano_9k``."""
    from pycwtd_drivers.tang_nano_9k.driver import backends  # noqa: PLC0415 - cheap until asked for

    return backends()
