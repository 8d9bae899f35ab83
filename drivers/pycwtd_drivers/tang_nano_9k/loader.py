"""Loading the gateware, by openFPGALoader: onto the board that an operator named, or not at all.

An ELM11 has the same USB identity, the same serial number and the same chip as a Tang Nano 9K, and
writing its flash would destroy its firmware. So nothing is ever chosen by vendor and product. A
board is loaded only if its USB path was configured, the configured port belongs to that path, and
no ELM11 answers there; its flash is written only if it runs this gateware already.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwtd_drivers.line.port import SYSFS, LineError, Port, usb_folder, usb_identity
from pycwtd_drivers.tang_nano_9k.settings import BITSTREAM, KIND, PORT, USB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pycwtd_drivers.tang_nano_9k.settings import Settings

PROGRAM = "openFPGALoader"
#: Loading the chip's own memory takes seconds, its flash half a minute.
_LOAD_SECONDS, _FLASH_SECONDS = 60.0, 300.0
#: How often whoever waits is heard and told that this process is alive.
_BEAT_SECONDS = 0.1
#: The console of an ELM11: its speed, what has it print a prompt, the prompt, and how long it may
#: take for that.
_ELM11_BAUD, _ELM11_ASK, _ELM11_PROMPT, _ELM11_SECONDS = 115200, b"\n", b"$ ", 0.5


class LoaderError(Exception):
    """The gateware can't be loaded, or mustn't; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Usb:
    """A USB device as the kernel has it."""

    #: Bus and ports, such as ``1-2.3``.
    path: str
    identity: tuple[int, int]
    bus: int
    #: Another one each time it is plugged in.
    device: int


def usb_of(port: str, sysfs: Path = SYSFS) -> Usb | None:
    """The USB device that a port belongs to; None if to none.

    Args:
        port: path of a terminal.
        sysfs: where the kernel tells what a terminal is.
    """
    folder = usb_folder(port, sysfs)
    if folder is None:
        return None
    try:
        bus, device = (
            int((folder / name).read_text(encoding="ascii")) for name in ("busnum", "devnum")
        )
        return Usb(folder.name, usb_identity(folder), bus, device)
    except OSError:  # unplugged
        return None


def may_load(settings: Settings) -> bool:
    """Whether an operator has named a bitstream and a board for it."""
    return settings.bitstream is not None and settings.usb is not None


def load(
    port: str,
    settings: Settings,
    beat: Callable[[], None],
    *,
    flash: bool = False,
    sysfs: Path = SYSFS,
) -> None:
    """Load the configured bitstream onto the configured board.

    Args:
        port: the board's serial line, which nobody may have open.
        settings: of the driver.
        beat: called all the while; what it raises ends the loading, and is raised.
        flash: into the flash, for good; else into the chip's memory, until it loses its power.
            The caller has seen to it that the gateware answers already.
        sysfs: where the kernel tells what a terminal is.

    Raises:
        LoaderError: it isn't allowed, or didn't work.
    """
    board = _allowed(port, settings, sysfs)
    bitstream = settings.bitstream
    if bitstream is None or not bitstream.is_file():
        raise LoaderError(
            f"{bitstream or 'no bitstream'} isn't there: make bitstream builds one; "
            f"set {BITSTREAM} to its path"
        )
    program = shutil.which(PROGRAM)
    if program is None:
        raise LoaderError(
            f"{PROGRAM} isn't installed, which loads the gateware onto the board: install it "
            "(Debian: apt-get install openfpgaloader), or write the board's flash elsewhere"
        )
    _check_elm11(port)
    command = [program, "-b", "tangnano9k", "--busdev-num", f"{board.bus}:{board.device}"]
    seconds = _FLASH_SECONDS if flash else _LOAD_SECONDS
    _call([*command, *(["-f"] if flash else []), str(bitstream)], seconds, beat)


def _allowed(port: str, settings: Settings, sysfs: Path) -> Usb:
    if settings.usb is None:
        raise LoaderError(
            f"no USB path is configured, so no bitstream is loaded: set {USB} to the board's, such "
            "as 1-2.3; it isn't found by its USB identity, because an ELM11 has the same"
        )
    board = usb_of(port, sysfs)
    if board is None:
        raise LoaderError(f"{port} isn't on USB: no bitstream is loaded")
    if board.path != settings.usb:
        raise LoaderError(
            f"{port} is on the USB path {board.path}, and a bitstream may be loaded onto "
            f"{settings.usb}: nothing was loaded; correct {PORT} or {USB}"
        )
    if board.identity not in KIND.bridges:
        raise LoaderError(f"{port} isn't {KIND.board}: no bitstream is loaded")
    return board


def _check_elm11(port: str) -> None:
    """Refuse where the prompt of an ELM11 answers; the gateware takes the question for noise."""
    try:
        console = Port(port, _ELM11_BAUD)
    except LineError as error:
        raise LoaderError(f"{error}: no bitstream is loaded") from None
    try:
        console.discard(0.02)
        console.write(_ELM11_ASK)
        found, end = b"", time.monotonic() + _ELM11_SECONDS
        while (left := end - time.monotonic()) > 0:
            found += console.read(left)
            if _ELM11_PROMPT in found:
                raise LoaderError(
                    f"an ELM11 answers at {port}: no bitstream is loaded, it would destroy its "
                    f"firmware; correct {PORT} and {USB}"
                )
    except LineError as error:
        raise LoaderError(f"{error}: no bitstream is loaded") from None
    finally:
        console.close()


def _call(command: list[str], seconds: float, beat: Callable[[], None]) -> None:
    try:
        process = subprocess.Popen(  # noqa: S603 - the program of that name in PATH, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise LoaderError(f"{PROGRAM} can't be started: {error}") from None
    with process:
        try:
            told = _told(process, time.monotonic() + seconds, beat)
        except BaseException:
            process.kill()
            raise
    if told is None:
        raise LoaderError(f"{PROGRAM} didn't end within {seconds:.0f} s")
    if process.returncode:
        said = " / ".join(told.strip().splitlines()[-3:])
        raise LoaderError(
            f"{PROGRAM} failed with status {process.returncode}: {said or 'it said nothing'}; "
            "it needs the right to use the USB device, see docs/tang-nano-9k.md"
        )


def _told(process: subprocess.Popen[str], end: float, beat: Callable[[], None]) -> str | None:
    """All that a program prints until it ends; None where it had to be killed."""
    while True:
        try:
            return process.communicate(timeout=_BEAT_SECONDS)[0]
        except subprocess.TimeoutExpired:
            beat()
        if time.monotonic() > end:
            process.kill()
            return None
