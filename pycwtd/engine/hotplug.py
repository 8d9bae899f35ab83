"""Boards that are plugged in and pulled out: known by the names that udev gives their ports."""

from __future__ import annotations

import asyncio
import fnmatch
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from pycwt_mod.backends import BoardPort
from pycwtd.engine.device import Device
from pycwtd.engine.lifecycle import Unavailable
from pycwtd.platform.ports import SHARED_IDENTITIES, fitting, mark, split_pattern, usb_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.engine.supervision import Supervision
    from pycwtd.platform.inotify import Watch

log = logging.getLogger(__name__)


class Slot(Struct):
    """Where a device's board is looked for."""

    device: Device
    board: BoardPort
    #: Variable that tells the driver its port.
    variable: str
    #: What the operator has configured, which wins; a path or a pattern.
    configured: str | None
    #: Of udev's names, where nothing is configured.
    folder: str
    #: The port that was there at the last look, and what it was.
    found: tuple[Path, tuple[int, ...]] | None = None

    @property
    def patterns(self) -> Sequence[str]:
        """Paths and patterns that fit its port."""
        if self.configured is not None:
            return (self.configured,)
        return tuple(f"{self.folder}/{name}" for name in self.board.by_id)

    def look(self) -> tuple[Path | None, str]:
        """Its port; or why there is none."""
        if self.configured is not None:
            # Two that fit are the driver's to refuse, in its own words.
            ports = fitting(self.configured)
            if ports:
                return ports[0], ""
            return None, f"it isn't plugged in: there is no {self.configured}"
        ports = [port for pattern in self.patterns for port in fitting(pattern)]
        reasons = [reason for port in ports if (reason := self._doubt(port))]
        sure = list(dict.fromkeys(port for port in ports if not self._doubt(port)))
        if len(sure) == 1:
            return sure[0], ""
        if sure:
            names = ", ".join(port.name for port in sure)
            return None, f"several ports fit: {names}; {self._configure()} to one of them"
        names = " or ".join(self.patterns)
        return None, reasons[0] if reasons else f"it isn't plugged in: there is no {names}"

    def _configure(self) -> str:
        return f"set {self.board.setting} in the driver's table of the configuration"

    def _doubt(self, port: Path) -> str | None:
        """Why a port isn't taken for the board's without an operator's word."""
        identity = usb_identity(port)
        if identity is None:
            return None  # not on USB: its name says it all
        vendor, product, interface = identity
        if (vendor, product) in SHARED_IDENTITIES:
            return (
                f"{port} may be it, but other kinds of boards are {vendor}:{product}, too: "
                f"{self._configure()} to its place, such as one of /dev/serial/by-path"
            )
        wanted = (self.board.vendor, self.board.product, self.board.interface)
        for what, is_so, should in zip(
            ("vendor", "product", "interface"), (vendor, product, interface), wanted, strict=True
        ):
            if should and not fnmatch.fnmatchcase(is_so.lower(), should.lower()):
                return f"{port} isn't it: its USB {what} is {is_so}, not {should}"
        return None


class Hotplug:
    """Watches for the boards of drivers that say what they look like.

    Args:
        supervision: is told when one comes or goes.
    """

    def __init__(self, supervision: Supervision) -> None:
        self._supervision = supervision
        self._slots: list[Slot] = []
        self._watch: Watch | None = None

    def add(self, slot: Slot) -> None:
        """Look for a board from now on."""
        self._slots.append(slot)

    def start(self) -> None:
        """Have a first look, before anything is probed, and watch from then on."""
        if not self._slots:
            return
        # Only where there is something to watch: it takes some milliseconds.
        from pycwtd.platform.inotify import Watch  # noqa: PLC0415

        try:
            self._watch = Watch()
            self._arm(self._watch)
        except OSError as error:
            # Then boards are asked from time to time, as clusters are.
            log.warning("boards that are plugged in aren't noticed: %s", error)
            self._close()
            return
        for slot in self._slots:
            port, reason = slot.look()
            slot.found = (port, mark(port)) if port else None
            slot.device.missing = reason or None
            _tell_port(slot)
        asyncio.get_running_loop().add_reader(self._watch.fd, self._changed, self._watch)

    def stop(self) -> None:
        """Watch no more."""
        if self._watch:
            asyncio.get_running_loop().remove_reader(self._watch.fd)
        self._close()

    def _close(self) -> None:
        if self._watch:
            self._watch.close()
            self._watch = None

    def _arm(self, watch: Watch) -> None:
        watch.set({split_pattern(p)[0] for slot in self._slots for p in slot.patterns})

    def _changed(self, watch: Watch) -> None:
        watch.read()
        try:
            # First: what comes while we look is told again.
            self._arm(watch)
        except OSError as error:
            log.warning("boards that are plugged in may not be noticed: %s", error)
        for slot in self._slots:
            self._look(slot)

    def _look(self, slot: Slot) -> None:
        port, reason = slot.look()
        found = (port, mark(port)) if port else None
        device = slot.device
        if found == slot.found:
            if device.missing and reason != device.missing:
                device.missing = reason
                if isinstance(device.state, Unavailable):
                    device.enter(device.fresh())
            return
        if slot.found:
            log.info("backend %s: %s is gone", device.id, slot.found[0])
            gone = f"it was unplugged: {slot.found[0]} is gone"
            self._supervision.unplugged(device, reason or gone)
        slot.found = found
        if found:
            log.info("backend %s: %s is there", device.id, found[0])
            _tell_port(slot)
            self._supervision.plugged(device)


def _tell_port(slot: Slot) -> None:
    """Have the driver's process know the port that was found for it."""
    if slot.found and slot.configured is None:
        slot.device.host.environment[slot.variable] = str(slot.found[0])
