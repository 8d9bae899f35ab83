"""What ``systemctl status`` shows: the daemon's state in one line, as soon as it changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from pycwtd.engine.lifecycle import coming_up
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from pycwtd.api.context import Context
    from pycwtd.platform.notify import Notifier

#: A line that changes more often is said this late (seconds).
_SPACING = 0.2


class Notices:
    """Keeps the line true.

    Args:
        notifier: who is told.
        parts: what it tells of.
    """

    def __init__(self, notifier: Notifier, parts: Context) -> None:
        self._notifier = notifier
        self._parts = parts
        self._engine = parts.engine
        #: What the last reload came to, while it is worth saying.
        self.reloaded = ""
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def line(self) -> str:
        """The state, troubles first."""
        parts = [f"stuck: {stuck}" if (stuck := self._parts.stuck()) else "", self._disk()]
        parts += [self.reloaded, self._devices(), self._jobs()]
        return "; ".join(part for part in parts if part)

    def change(self) -> None:
        """Look again soon."""
        self._changed.set()

    def start(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._hear())]

    async def stop(self) -> None:
        """End: what comes now is said by whoever stops the daemon."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hear(self) -> None:
        """Whatever happens to jobs, devices and the disk has an event."""
        while True:
            waiter = self._engine.ledger.events.waiter()
            self.change()
            await waiter.wait()

    async def _tell(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._notifier.status(self.line())
            await asyncio.sleep(_SPACING)

    def _disk(self) -> str:
        if trouble := self._engine.ledger.trouble:
            return f"jobs wait for the disk: {trouble}"
        try:
            self._parts.store.check_room(self._parts.config.limits.reserve_bytes)
        except (StoreError, OSError) as error:
            return f"takes no jobs: {error}"
        return ""

    def _devices(self) -> str:
        backends = [one for one in self._engine.pool.backends() if not one.unconfigured]
        ready = sum(one.usable for one in backends)
        probing = sum(coming_up(one.state) for one in backends)
        being = f", {probing} being probed" if probing else ""
        return f"{ready} of {len(backends)} backends ready{being}"

    def _jobs(self) -> str:
        counts = Counter(job.record.status for job in list(self._engine.active.values()))
        return f"{counts['queued']} jobs queued, {counts['running']} running"
