"""Events that aren't a job's: of devices, and of the daemon itself."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pycwtd import __version__
from pycwtd.engine.lifecycle import Drained, Leased, Quarantined, SelfTested, State, retry_of
from pycwtd.store.records import DeviceChange

if TYPE_CHECKING:
    from pycwtd.engine.device import Device
    from pycwtd.engine.ledger import Ledger
    from pycwtd.store.records import Witness


def _kept_name(state: State) -> Literal["quarantined", "drained"] | None:
    if isinstance(state, Quarantined):
        return "quarantined"
    return "drained" if _drained_by(state) else None


def _drained_by(state: State) -> str | None:
    """Who has drained it, though it may have to finish something."""
    if isinstance(state, Leased):
        return state.drain_by
    return state.by if isinstance(state, Drained) else None


class News:
    """Writes them behind the back of whoever tells, in their order: nobody waits for the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[DeviceChange] = []
        self._writing: asyncio.Task[None] | None = None

    async def started(self) -> None:
        """The daemon has taken up what there was."""
        await self._ledger.begin(__version__)

    async def stopped(self) -> None:
        """Nothing computes any more; waits for what is still to be written."""
        await self.written()
        await self._ledger.tell("system.stopped", {})

    async def written(self) -> None:
        """Wait until everything told so far is on disk, or refused by it."""
        if self._writing:
            await asyncio.wait({self._writing})

    def device(self, device: Device) -> None:
        """A device is in another state."""
        state = device.state
        # A drain that has to wait for a chunk has no state of its own.
        name = state.name if not isinstance(state, Leased) else "draining"
        if name == "draining" and device.usable:
            name = "resumed"
        kept: dict[str, str] = {}
        if isinstance(state, Quarantined):
            kept = {"reason": state.reason}
        elif by := _drained_by(state):
            kept = {"by": by}
        self._tell(device, name, device.reason, kept)

    def testify(self, device: Device, witness: Witness | None) -> None:
        """Have a row written with what was told of a device just now."""
        if self._waiting and self._waiting[-1].device == device.id:
            self._waiting[-1] = msgspec.structs.replace(self._waiting[-1], witness=witness)

    def died(self, device: Device, reason: str) -> None:
        """A device's process has died."""
        self._tell(device, "died", reason, {})

    def _tell(self, device: Device, name: str, reason: str | None, kept: dict[str, str]) -> None:
        data: dict[str, Any] = {"device": device.id}
        if reason:
            data["reason"] = reason
        if isinstance(device.state, SelfTested):
            data["figures"] = device.state.figures
        if (retry := retry_of(device.state)) and name != "died":
            data["next_try"] = datetime.fromtimestamp(retry.at, UTC).isoformat()
        self._waiting.append(
            DeviceChange(
                device=device.id,
                event=f"device.{name}",
                data=data,
                time=time.time(),
                state=_kept_name(device.state) if kept else None,
                since=device.state.since,
                kept=kept,
                forget=name != "died",
            )
        )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            await self._ledger.tell_devices(together)
