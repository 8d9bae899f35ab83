"""Which serial port, and whether it may be the board: nothing is sent to any other."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT, PACE, WAIT = (setting_variable("elm11", key) for key in ("port", "pace", "wait"))

#: USB vendor and product of the board's bridge; a Tang Nano 9K has the same ones, and what is
#: sent to find the board out does it no harm.
_BRIDGES = {(0x0403, 0x6010)}
#: Between two bytes (seconds): the vendor's tools leave as much, as there is no flow control.
_PACE_SECONDS = 0.001
#: For a board that was unplugged to come back (seconds).
_WAIT_SECONDS = 20.0


class PortError(Exception):
    """There is no port to use; the text says what to do."""


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


def find_port(configured: str, sysfs: Path = Path("/sys/class/tty")) -> str:
    """The path of the one port that was configured.

    Args:
        configured: a path, or a pattern that one path fits.
        sysfs: where the kernel tells what a terminal is.

    Raises:
        PortError: there is none, there are several, or it is a USB device of another kind.
    """
    pattern = Path(configured)
    root = Path(pattern.anchor or ".")
    found = sorted(str(path) for path in root.glob(str(pattern.relative_to(root))))
    if not found:
        raise PortError(f"{configured} isn't there: is the board plugged in?")
    if len(found) > 1:
        raise PortError(f"{PORT}={configured} fits {', '.join(found)}: name one of them")
    identity = _usb_identity(Path(os.path.realpath(found[0])).name, sysfs)
    # What isn't on USB at all, such as the simulated board, was meant.
    if identity is not None and identity not in _BRIDGES:
        vendor, product = identity
        raise PortError(
            f"{found[0]} is a USB device {vendor:04x}:{product:04x}, an ELM11 has 0403:6010: "
            f"nothing was sent to it; correct {PORT}"
        )
    return found[0]


def _usb_identity(name: str, sysfs: Path) -> tuple[int, int] | None:
    """Vendor and product of the USB device that a terminal belongs to; None if to none."""
    device = sysfs / name / "device"
    if not device.exists():
        return None
    here = device.resolve()
    for folder in (here, *here.parents):
        try:
            vendor = (folder / "idVendor").read_text(encoding="ascii")
            product = (folder / "idProduct").read_text(encoding="ascii")
        except OSError:
            continue
        return int(vendor, 16), int(product, 16)
    return None
