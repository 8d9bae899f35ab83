"""A serial port: which one, opening it, bytes in and out. All of it blocks, for short times."""

from __future__ import annotations

import errno
import os
import select
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import serial

from pycwt_mod.driver_kit.cassette import opened
from pycwtd_drivers.line.counters import Counters

if TYPE_CHECKING:
    from collections.abc import Callable

#: Where the kernel tells what a terminal is.
SYSFS = Path("/sys/class/tty")
#: How long a read waits if not told otherwise: a cancel is heard of within twice of it, and the
#: contract of drivers wants 0.1 s.
SLICE_SECONDS = 0.03
#: A full buffer of the operating system must not block for ever: 64 kB take 5.6 s at 115200 baud,
#: a frame of 0.5 kB takes 50 ms.
_WRITE_SECONDS = 2.0
_READ_BYTES = 4096
#: Paced bytes between two beats: 16 ms at a millisecond each.
_BEAT_EVERY = 16


class LineError(Exception):
    """The line or the board at its end doesn't work; the text says what was seen."""


class LostError(LineError):
    """The port can't be opened, or is gone: the same may work when the board is back."""


class PortError(Exception):
    """There is no port to use; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a board's port is known by."""

    #: For people: "an ELM11".
    board: str
    #: Vendor and product of its USB bridges.
    bridges: frozenset[tuple[int, int]]
    #: The variable that an operator sets the port with.
    variable: str


def find_port(configured: str, kind: Kind, sysfs: Path = SYSFS) -> str:
    """The path of the one port that was configured; nothing is opened.

    Args:
        configured: a path, or a pattern that one path fits.
        kind: what it must be, if it is on USB at all; a pseudo terminal was meant as it is.
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
        raise PortError(f"{kind.variable}={configured} fits {', '.join(found)}: name one of them")
    folder = usb_folder(found[0], sysfs)
    try:
        identity = usb_identity(folder) if folder else None
    except OSError:
        raise PortError(f"{configured} isn't there: is the board plugged in?") from None
    if identity is not None and identity not in kind.bridges:
        vendor, product = identity
        wanted = " or ".join(f"{v:04x}:{p:04x}" for v, p in sorted(kind.bridges))
        raise PortError(
            f"{found[0]} is a USB device {vendor:04x}:{product:04x}, {kind.board} has {wanted}: "
            f"nothing was sent to it; correct {kind.variable}"
        )
    return found[0]


def usb_folder(port: str, sysfs: Path = SYSFS) -> Path | None:
    """Where the kernel tells of the USB device that a port belongs to; None if to none.

    Args:
        port: path of a terminal.
        sysfs: where the kernel tells what a terminal is.
    """
    device = sysfs / Path(os.path.realpath(port)).name / "device"
    if not device.exists():
        return None
    here = device.resolve()
    both = ("idVendor", "idProduct")
    return next((f for f in (here, *here.parents) if all((f / n).is_file() for n in both)), None)


def usb_identity(folder: Path) -> tuple[int, int]:
    """Vendor and product of a USB device.

    Args:
        folder: see :func:`usb_folder`.

    Raises:
        OSError: it was unplugged.
    """
    vendor, product = (
        int((folder / name).read_text(encoding="ascii"), 16) for name in ("idVendor", "idProduct")
    )
    return vendor, product


class Port:
    """An open serial port, for this process alone.

    It is opened through :func:`pycwt_mod.driver_kit.cassette.opened`, so that sessions can be
    recorded, and played back without a board; if they can be: what is sent must not depend on when
    things came.

    Args:
        path: of the port.
        baud: symbols a second; a pseudo terminal takes any.
        pace: seconds between two bytes sent, for boards without a buffer.
        dtr: state of the line DTR from the opening on, None for the driver's own; some boards
            reset when it changes. A pseudo terminal has none, which is passed over.
        rts: likewise.
        recorded: whether sessions can be.

    Raises:
        LostError: it can't be opened: it is gone, another program has it, or the rights are
            missing.
    """

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        pace: float = 0.0,
        dtr: bool | None = None,
        rts: bool | None = None,
        recorded: bool = True,
    ) -> None:
        self.path, self.baud, self._pace = path, baud, pace
        #: Called all the time while something is waited for; may raise.
        self.beat: Callable[[], None] = lambda: None
        self.counters = Counters()

        def real() -> Any:
            line = serial.Serial(
                timeout=SLICE_SECONDS,
                write_timeout=_WRITE_SECONDS,
                exclusive=True,
                baudrate=baud,
            )
            # Before it is opened: afterwards the board has seen the change already.
            if dtr is not None:
                line.dtr = dtr
            if rts is not None:
                line.rts = rts
            line.port = path
            line.open()
            return line

        try:
            self._line: Any = opened(real) if recorded else real()
        except (serial.SerialException, OSError) as error:
            raise LostError(f"{path} can't be opened: {error}") from None
        #: Whether the other end is a recording, or is being recorded: it goes at its own pace.
        self.replayed = not hasattr(self._line, "fileno")

    def close(self) -> None:
        """Give the port back."""
        self._line.close()

    def write(self, data: bytes) -> None:
        """Send bytes, at the board's pace.

        Raises:
            LostError: the port is gone or takes nothing any more.
        """
        pieces = [data] if not self._pace else [data[i : i + 1] for i in range(len(data))]
        try:
            for number, piece in enumerate(pieces):
                self._line.write(piece)
                if self._pace:
                    time.sleep(self._pace)
                if number % _BEAT_EVERY == _BEAT_EVERY - 1:
                    self.beat()
        except (serial.SerialException, OSError, TypeError) as error:
            # TypeError: pyserial's, when the port is closed in the meantime.
            raise LostError(f"{self.path} takes nothing: {error}") from None
        self.counters.bytes_sent += len(data)

    def read(self, seconds: float = SLICE_SECONDS) -> bytes:
        """What has come; returns with the first bytes, or with none when the time is over.

        Args:
            seconds: to wait at most; no more than :data:`SLICE_SECONDS` are waited in one call.

        Raises:
            LostError: the port is gone.
        """
        self.beat()
        try:
            data = self._come(max(0.0, min(seconds, SLICE_SECONDS)))
        except (serial.SerialException, OSError, TypeError, ValueError) as error:
            raise LostError(f"{self.path} is gone: {error}") from None
        self.counters.bytes_received += len(data)
        return data

    def _come(self, seconds: float) -> bytes:
        if self.replayed:
            return bytes(self._line.read(1))
        if not select.select([self._line], [], [], seconds)[0]:
            return b""
        # Readable without a byte is the end; pyserial says so when one is asked for.
        return bytes(self._line.read(max(1, min(_READ_BYTES, self._line.in_waiting))))

    def discard(self, quiet: float) -> None:
        """Read and drop what comes, until nothing has come for some seconds.

        Raises:
            LostError: the port is gone.
        """
        if self.replayed:
            return
        last = time.monotonic()
        while (left := last + quiet - time.monotonic()) > 0:
            if self.read(left):
                last = time.monotonic()

    def set_dtr(self, value: bool) -> bool:
        """Set the line DTR; False where the port has no such line, as pseudo terminals."""
        return self._set("dtr", value)

    def set_rts(self, value: bool) -> bool:
        """Set the line RTS; False where the port has no such line."""
        return self._set("rts", value)

    def _set(self, name: str, value: bool) -> bool:
        try:
            setattr(self._line, name, value)
        except OSError as error:
            if error.errno in {errno.ENOTTY, errno.EINVAL}:
                return False
            raise LostError(f"{self.path} is gone: {error}") from None
        return True
