"""Backends that are away: asked from time to time whether they are back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pycwtd.engine.device import Condition

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pycwtd.engine.device import Device

#: Rest between two questions, doubled from the first to the last: a scheduler that was
#: restarted is back within seconds, one that is switched off costs next to nothing.
_RESTS = (1.0, 30.0)


class Recall:
    """Asks them, one task for each.

    Args:
        probe: asks a device, and sets its condition.
    """

    def __init__(self, probe: Callable[[Device], Awaitable[None]]) -> None:
        self._probe = probe
        #: Called with a device that is back.
        self.back: Callable[[Device], None] = lambda _device: None
        self._asking: set[asyncio.Task[None]] = set()

    def begin(self, device: Device) -> None:
        """Ask a device until it is back, if it is away and may come back."""
        if device.recalled and device.condition is Condition.UNAVAILABLE:
            task = asyncio.get_running_loop().create_task(self._until_back(device))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _until_back(self, device: Device) -> None:
        rest, longest = _RESTS
        while device.condition is Condition.UNAVAILABLE:
            await asyncio.sleep(rest)
            rest = min(2 * rest, longest)
            await self._probe(device)
        self.back(device)

    async def stop(self) -> None:
        """Ask no more."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
