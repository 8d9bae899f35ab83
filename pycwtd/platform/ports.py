"""Serial ports by the names that udev gives them, and what the kernel says they are."""

from __future__ import annotations

import os
from pathlib import Path

#: USB identities that several kinds of boards share (a Tang Nano 9K, an ELM11 and any board with
#: FTDI's chip for two ports): none of them is known by what is read from USB.
SHARED_IDENTITIES = {("0403", "6010")}
_TTYS = Path("/sys/class/tty")
_WILD = "*?["


def split_pattern(pattern: str) -> tuple[Path, str]:
    """The folder that a path or pattern is looked for in, and the rest of it."""
    parts = Path(pattern).parts
    wild = next((i for i, part in enumerate(parts) if set(part) & set(_WILD)), len(parts) - 1)
    return Path(*parts[:wild]), str(Path(*parts[wild:]))


def fitting(pattern: str) -> list[Path]:
    """The ports that fit a path or pattern, in the order of their names."""
    folder, rest = split_pattern(pattern)
    # A link to a terminal that is gone is no port.
    return sorted(path for path in folder.glob(rest) if path.exists())


def usb_identity(port: Path, ttys: Path = _TTYS) -> tuple[str, str, str] | None:
    """Vendor, product and interface of the USB device behind a port; None where there is none."""
    device = ttys / Path(os.path.realpath(port)).name / "device"
    if not device.exists():
        return None
    here = device.resolve()
    interface = ""
    for folder in (here, *here.parents):
        interface = interface or _read(folder / "bInterfaceNumber")
        vendor, product = _read(folder / "idVendor"), _read(folder / "idProduct")
        if vendor and product:
            return vendor, product, interface
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def mark(port: Path) -> tuple[int, ...]:
    """Of what a port's name is now: another one when it was taken away and made again."""
    try:
        status = port.lstat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_ctime_ns
