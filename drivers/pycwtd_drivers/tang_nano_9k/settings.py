"""What an operator has said of the board."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable
from pycwtd_drivers.line.port import Kind, PortError

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT, BAUD, BITSTREAM, USB, WAIT = (
    setting_variable("tang_nano_9k", key) for key in ("port", "baud", "bitstream", "usb", "wait")
)

#: USB vendor and product of the board's bridge. An ELM11 has the same ones.
KIND = Kind("a Tang Nano 9K", frozenset({(0x0403, 0x6010)}), PORT)
#: Of the shipped gateware; every bitstream has its own.
_BAUD = 1_000_000
#: For a board that was unplugged to come back (seconds).
_WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The driver's settings."""

    #: A path, or a pattern that one path fits.
    port: str
    baud: int = _BAUD
    #: What is loaded where the board has no gateware, or another; None: nothing ever.
    bitstream: Path | None = None
    #: USB path of the board that may be loaded, as the kernel has it: ``1-2.3``.
    usb: str | None = None
    wait_seconds: float = _WAIT_SECONDS


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the driver's settings.

    Raises:
        PortError: ``port`` isn't set, or another one isn't what it has to be.
    """
    port = environment.get(PORT, "").strip()
    if not port:
        raise PortError(
            "no port is configured: set port in [drivers.tang_nano_9k] of the daemon's "
            f"configuration, or {PORT}, to that of the board's serial line, such as "
            "/dev/serial/by-path/…-if01-port0, and restart pycwtd"
        )
    bitstream = environment.get(BITSTREAM, "").strip()
    return Settings(
        port,
        int(_number(environment, BAUD, _BAUD)),
        Path(bitstream) if bitstream else None,
        environment.get(USB, "").strip() or None,
        _number(environment, WAIT, _WAIT_SECONDS),
    )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf or (name == BAUD and value < 1):
        what = "symbols a second" if name == BAUD else "seconds"
        raise PortError(f"{name} must be a number of {what}, not {text!r}")
    return value
