"""What operators set of every board on a serial line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable
from pycwtd_drivers.line.port import PortError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: For a board that was unplugged to come back (seconds).
WAIT_SECONDS = 20.0


def port_of(environment: Mapping[str, str], driver: str, what: str) -> str:
    """The setting ``port``: a path, or a pattern that one path fits.

    Args:
        environment: with the settings of the drivers.
        driver: its name.
        what: is at that port, for people.

    Raises:
        PortError: it isn't set.
    """
    variable = setting_variable(driver, "port")
    port = environment.get(variable, "").strip()
    if not port:
        raise PortError(
            f"no port is configured: set port in [drivers.{driver}] of the daemon's "
            f"configuration, or {variable}, to that of {what}, such as "
            "/dev/serial/by-path/…-if01-port0, and restart pycwtd"
        )
    return port


def number_of(
    environment: Mapping[str, str],
    variable: str,
    default: float,
    *,
    least: float = 0.0,
    unit: str = "seconds",
) -> float:
    """A setting that is a number.

    Args:
        environment: with the settings of the drivers.
        variable: that it is in.
        default: where it isn't set.
        least: that it may be.
        unit: for people.

    Raises:
        PortError: it isn't such a number.
    """
    text = environment.get(variable, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise PortError(f"{variable} must be a number of {unit}, not {text!r}")
    return value
