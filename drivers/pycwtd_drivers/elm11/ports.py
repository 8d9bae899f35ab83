"""What the environment says of the board, and what its port is known by."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable
from pycwtd_drivers.line.port import Kind, PortError

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT, PACE, WAIT = (setting_variable("elm11", key) for key in ("port", "pace", "wait"))

#: USB vendor and product of the board's bridge; a Tang Nano 9K has the same ones, and what is
#: sent to find the board out does it no harm.
KIND = Kind("an ELM11", frozenset({(0x0403, 0x6010)}), PORT)
#: Between two bytes (seconds): the vendor's tools leave as much, as there is no flow control.
_PACE_SECONDS = 0.001
#: For a board that was unplugged to come back (seconds).
_WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says of the board."""

    #: A path, or a pattern that one path fits.
    port: str
    pace_seconds: float = _PACE_SECONDS
    wait_seconds: float = _WAIT_SECONDS


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the driver's settings ``port``, ``pace`` and ``wait``.

    Raises:
        PortError: the first isn't set, or another isn't a number of seconds.
    """
    port = environment.get(PORT, "").strip()
    if not port:
        raise PortError(
            f"no port is configured: set port in [drivers.elm11] of the daemon's configuration, "
            f"or {PORT}, to that of the board's console, such as "
            "/dev/serial/by-path/…-if01-port0, and restart pycwtd"
        )
    return Settings(
        port,
        _seconds(environment, PACE, _PACE_SECONDS),
        _seconds(environment, WAIT, _WAIT_SECONDS),
    )


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise PortError(f"{name} must be a number of seconds, not {text!r}")
    return value
