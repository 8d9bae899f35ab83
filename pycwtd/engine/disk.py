"""Whether the disk takes what is written: full, read-only and failing are states, not errors."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from typing import TYPE_CHECKING, Any

from pycwtd.store.store import NoRoomError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pycwtd.store.store import Store

    Tell = Callable[[str, dict[str, Any]], Coroutine[Any, Any, None]]

log = logging.getLogger(__name__)

#: Rest of a job after the disk refused to take something (seconds).
STORAGE_REST = 1.0
#: What the system says where the disk, and not the daemon or its client, is at fault.
_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}


class Disk:
    """What the disk refused last, until it takes something again.

    While there is trouble, and only then, the disk is tried every now and then.
    """

    def __init__(self, store: Store, tell: Tell) -> None:
        self._store = store
        self._tell = tell
        self.trouble: str | None = None
        #: Refusals since the start.
        self.refusals = 0
        self._last = 0.0
        self._since = 0.0
        self._watching: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    def refused(self, reason: str) -> None:
        """Take note that the disk refused something; the log hears of it once."""
        self._last = time.monotonic()
        self.refusals += 1
        if self.trouble is None:
            log.error("jobs wait for the disk: %s", reason)
            self._since = self._last
        self.trouble = reason
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    def failed(self, error: OSError | StoreError) -> None:
        """Take note of an error, if it is the disk's."""
        if isinstance(error, NoRoomError):
            return  # the reserve is there, and that it is untouched is no trouble
        if isinstance(error, StoreError) or error.errno in _ERRNOS:
            self.refused(str(error))

    def took(self) -> None:
        """Take note that the disk works."""
        if self.trouble is not None:
            seconds = time.monotonic() - self._since
            log.info("the disk takes things again, after %.0f s", seconds)
            data = {"reason": self.trouble, "seconds": round(seconds, 3)}
            self._telling = asyncio.create_task(self._tell("system.disk", data))
        self.trouble = None

    async def _watch(self) -> None:
        while self.trouble is not None:
            await asyncio.sleep(STORAGE_REST)
            if time.monotonic() - self._last < 2 * STORAGE_REST:
                continue  # whoever tries will find out
            try:
                await self._store.probe()
            except (OSError, StoreError) as error:
                self.trouble = str(error)
            else:
                self.took()

    async def close(self) -> None:
        """Try no more."""
        if self._watching:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        if self._telling:
            await asyncio.wait({self._telling})
