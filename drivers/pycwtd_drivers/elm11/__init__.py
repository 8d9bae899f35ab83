"""The driver of the ELM11, a board whose soft CPU runs Lua."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwt_mod.backends import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwt_mod.backends import MonteCarloBackend


@hookimpl
def pycwtd_backends() -> Sequence[MonteCarloBackend]:
    """The backend ``elm11_lua``."""
    from pycwtd_drivers.elm11.driver import backends  # noqa: PLC0415 - cheap until asked for

    return backends()
