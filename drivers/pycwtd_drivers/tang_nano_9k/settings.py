"""What an operator has said of the board."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable
from pycwtd_drivers.line.port import Kind
from pycwtd_drivers.line.settings import WAIT_SECONDS, number_of, port_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT, BAUD, BITSTREAM, USB, WAIT = (
    setting_variable("tang_nano_9k", key) for key in ("port", "baud", "bitstream", "usb", "wait")
)

#: USB vendor and product of the board's bridge. An ELM11 has the same ones.
KIND = Kind("a Tang Nano 9K", frozenset({(0x0403, 0x6010)}), PORT)
#: Of the shipped gateware; every bitstream has its own.
_BAUD = 1_000_000


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
    wait_seconds: float = WAIT_SECONDS


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the driver's settings.

    Raises:
        PortError: ``port`` isn't set, or another one isn't what it has to be.
    """
    port = port_of(environment, "tang_nano_9k", "the board's serial line")
    bitstream = environment.get(BITSTREAM, "").strip()
    baud = number_of(environment, BAUD, _BAUD, least=1.0, unit="symbols a second")
    return Settings(
        port,
        int(baud),
        Path(bitstream) if bitstream else None,
        environment.get(USB, "").strip() or None,
        number_of(environment, WAIT, WAIT_SECONDS),
    )
