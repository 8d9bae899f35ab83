"""Events that aren't a job's: of devices, and of the daemon itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pycwtd import __version__

if TYPE_CHECKING:
    from pycwtd.engine.device import Device
    from pycwtd.engine.ledger import Ledger


class News:
    """Writes them behind the back of whoever tells: nobody waits for the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writing: set[asyncio.Task[None]] = set()

    async def started(self) -> None:
        """The daemon has taken up what there was."""
        await self._ledger.begin(__version__)

    async def stopped(self) -> None:
        """Nothing computes any more; waits for what is still to be written."""
        await asyncio.gather(*self._writing)
        await self._ledger.tell("system.stopped", {})

    def device(self, device: Device) -> None:
        """A device's condition has become known."""
        self._tell(f"device.{device.condition.value}", device)

    def died(self, device: Device) -> None:
        """A device's process has died; after too many deaths it is in quarantine."""
        self._tell("device.died", device)
        if device.reason:
            self.device(device)

    def _tell(self, event: str, device: Device) -> None:
        data: dict[str, Any] = {"device": device.id}
        if device.reason:
            data["reason"] = device.reason
        task = asyncio.get_running_loop().create_task(self._ledger.tell(event, data))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
