"""A device: one host process, what it can do, and how it fares."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

from pycwtd.engine.scheduler import Slot

if TYPE_CHECKING:
    from pycwt_mod.backends import BackendInfo
    from pycwtd.hosts.host import Host

#: After so many deaths within the window the device is quarantined.
QUARANTINE_DEATHS = 5
QUARANTINE_WINDOW = 600.0
#: Rest after a death, doubled with each further one in the window.
_BACKOFF_SECONDS = 0.1

#: The pool of the processes that transform, prepare and finish.
NUMERICS = "numerics"
#: A pool without devices, for jobs of workloads that aren't installed any more.
NOWHERE = "nowhere"


class Condition(Enum):
    """What a device can be asked for."""

    PRESENT = "present"  # not probed yet
    READY = "ready"
    UNAVAILABLE = "unavailable"  # its hardware or library isn't there
    QUARANTINED = "quarantined"  # died too often


class Device:
    """One host process as the engine handles it."""

    def __init__(self, device_id: str, pool: str, host: Host, info: BackendInfo | None) -> None:
        self.id = device_id
        self.pool = pool
        self.host = host
        self.info = info
        self.condition = Condition.PRESENT
        #: Why it isn't ready, and what to do.
        self.reason: str | None = None
        #: What it computes on, in the driver's words.
        self.parts: tuple[str, ...] = ()
        #: Set when it is known whether it can compute.
        self.probed = asyncio.Event()
        #: Whether an operator has said what it shall compute on, if it has to be told.
        self.configured = True
        #: Whether it may come back while it is unavailable: it was there, or is configured.
        self.recalled = False
        #: Whether its jobs wait until then.
        self.waits = False
        self._deaths: deque[float] = deque()
        self._not_before = 0.0

    def slot(self) -> Slot:
        """The device as the scheduler sees it."""
        usable = self.condition is Condition.READY
        return Slot(self.id, self.pool, usable, self._not_before)

    def lacks(self, estimator: str, family: str) -> str | None:
        """Why this backend can't be given such a task, by its manifest; ``None`` if it can."""
        assert self.info
        if estimator not in self.info.estimators:
            known = ", ".join(self.info.estimators)
            return f"{self.id} doesn't run estimator {estimator}, it runs {known}"
        if family not in self.info.families:
            known = ", ".join(self.info.families)
            return f"{self.id} doesn't run wavelet {family}, it runs {known}"
        return None

    def rest_seconds(self) -> float:
        """How long it still rests after a death."""
        return max(0.0, self._not_before - time.monotonic())

    def died(self, reason: str) -> None:
        """Take note of a death: rest, and after too many, quarantine."""
        now = time.monotonic()
        while self._deaths and now - self._deaths[0] > QUARANTINE_WINDOW:
            self._deaths.popleft()
        self._deaths.append(now)
        exponent = min(len(self._deaths), QUARANTINE_DEATHS) - 1
        self._not_before = now + _BACKOFF_SECONDS * 2**exponent
        # The processes for numerics aren't hardware: it is a job that kills one, and the job
        # is what gets stopped. Without them nothing would work.
        if self.info is not None and len(self._deaths) >= QUARANTINE_DEATHS:
            self.quarantine(
                f"its process died {len(self._deaths)} times within "
                f"{QUARANTINE_WINDOW / 60:.0f} minutes, at last: {reason}"
            )

    def leave_out(self, reason: str) -> None:
        """Don't even ask whether it can compute: it hasn't been told what on."""
        self.condition, self.reason, self.configured = Condition.UNAVAILABLE, reason, False
        self.probed.set()

    def quarantine(self, reason: str) -> None:
        """Give it no more work until an operator decides."""
        self.condition = Condition.QUARANTINED
        self.reason = f"{reason}; restart pycwtd to try again"
