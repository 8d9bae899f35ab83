"""Signs of life: systemd hears of us only while all that has to move does.

The event loop proves itself by running this; the others by answering it. A part that doesn't
isn't asked again before it has, so that nothing piles up before one that is stuck.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from pycwtd.platform.notify import watchdog_seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pycwtd.platform.notify import Notifier

log = logging.getLogger(__name__)

#: How often the parts are asked where systemd doesn't say (seconds).
_USUAL = 15.0


class Pulse:
    """Asks the parts, and tells systemd when all of them have answered.

    Args:
        notifier: who is told.
        parts: by name, what each answers when it is asked.
        told: called with each change of what :attr:`stuck` says.
    """

    def __init__(
        self,
        notifier: Notifier,
        parts: Mapping[str, Callable[[], Awaitable[None]]],
        told: Callable[[], None],
    ) -> None:
        self._notifier = notifier
        self._parts = parts
        self._told = told
        limit = watchdog_seconds()
        #: Half of what systemd allows: a sign may come late by as much.
        self.interval = limit / 2 if limit else _USUAL
        self._watched = limit is not None
        #: How late the event loop last woke up from a wait (seconds).
        self.lag = 0.0
        self._asked: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def stuck(self) -> str | None:
        """Which parts have not answered for too long, and since when."""
        now = time.monotonic()
        silent = {n: now - at for n, at in self._asked.items() if now - at >= self.interval}
        if not silent:
            return None
        return ", ".join(f"{n} hasn't moved for {s:.0f} s" for n, s in sorted(silent.items()))

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="pulse")

    async def stop(self) -> None:
        """End; systemd doesn't ask for signs of life from a service that stops."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        waiting: dict[asyncio.Task[None], str] = {}
        while True:
            began = time.monotonic()
            for name in self._parts.keys() - set(waiting.values()):
                self._asked.setdefault(name, began)
                waiting[asyncio.create_task(self._ask(name))] = name
            done, late = await asyncio.wait(waiting, timeout=self.interval)
            failed = {waiting[task]: error for task in done if (error := task.exception())}
            waiting = {task: waiting[task] for task in late}
            if not waiting and not failed:
                if self._watched:
                    self._notifier.alive()
            elif failed:
                log.error("no sign of life: %s", failed)
            else:
                log.error("no sign of life: %s", self.stuck)
            self._told()
            due = max(began + self.interval, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            self.lag = max(0.0, time.monotonic() - due)

    async def _ask(self, name: str) -> None:
        await self._parts[name]()
        del self._asked[name]
