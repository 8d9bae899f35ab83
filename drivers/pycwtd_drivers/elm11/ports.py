"""What the environment says of the board, and what its port is known by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable
from pycwtd_drivers.line.port import Kind
from pycwtd_drivers.line.settings import WAIT_SECONDS, number_of, port_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT, PACE, WAIT = (setting_variable("elm11", key) for key in ("port", "pace", "wait"))

#: USB vendor and product of the board's bridge; a Tang Nano 9K has the same ones, and what is
#: sent to find the board out does it no harm.
KIND = Kind("an ELM11", frozenset({(0x0403, 0x6010)}), PORT)
#: Between two bytes (seconds): the vendor's tools leave as much, as there is no flow control.
_PACE_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says of the board."""

    #: A path, or a pattern that one path fits.
    port: str
    pace_seconds: float = _PACE_SECONDS
    wait_seconds: float = WAIT_SECONDS


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the driver's settings ``port``, ``pace`` and ``wait``.

    Raises:
        PortError: the first isn't set, or another isn't a number of seconds.
    """
    return Settings(
        port_of(environment, "elm11", "the board's console"),
        number_of(environment, PACE, _PACE_SECONDS),
        number_of(environment, WAIT, WAIT_SECONDS),
    )
