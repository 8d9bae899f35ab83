"""Devices that fail under a job: what becomes of the device, and where the job goes on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pycwtd.engine.steps import BackendDefectError, BackendLostError
from pycwtd.hosts.host import HostDiedError

if TYPE_CHECKING:
    from pycwtd.engine.active import ActiveJob
    from pycwtd.engine.device import Device
    from pycwtd.engine.dispatch import Dispatch
    from pycwtd.engine.ledger import Ledger
    from pycwtd.engine.news import News
    from pycwtd.engine.pool import Pool
    from pycwtd.engine.scheduler import Lease

log = logging.getLogger(__name__)

#: A job that has taken so many host processes down is given up.
_MOST_DEATHS = 3
#: One that has taken so many down looks for another backend of the same class.
_DEATHS_TO_MOVE = 2

#: What a device does to a job without anything being wrong with the job.
Mishap = HostDiedError | BackendLostError | BackendDefectError


class Mishaps:
    """Sees to both."""

    def __init__(self, pool: Pool, dispatch: Dispatch, ledger: Ledger, news: News) -> None:
        self._pool = pool
        self._dispatch = dispatch
        self._ledger = ledger
        self._news = news
        #: Host processes that died at work since the start.
        self.deaths = 0

    async def under(
        self, job: ActiveJob, lease: Lease, device: Device, mishap: Mishap
    ) -> str | None:
        """Take note of what has happened to a device under a job.

        Returns:
            Why the job has to be given up; None where it goes on, here or elsewhere.

        Raises:
            StoreError: the disk is full and the daemon is stopping.
        """
        reason, deaths = str(mishap), job.record.host_deaths
        device.errors += 1
        if isinstance(mishap, BackendLostError):
            # Whether the job waits or moves is seen to when it is next.
            self._pool.supervision.away(device, lease, reason)
        elif isinstance(mishap, BackendDefectError):
            if device.holds(lease):
                device.quarantine(reason)
        elif device.holds(lease):
            deaths += 1
            self._died(device, job, reason)
            if deaths >= _MOST_DEATHS:
                return f"its computation took {deaths} processes down, the last one {reason}"
            if deaths >= _DEATHS_TO_MOVE:
                self._dispatch.move(job, f"its process died under the job, {reason}")
        changes = {
            "host_deaths": deaths,
            "backend": job.record.backend,
            "fallback_reason": job.record.fallback_reason,
        }
        data = {"device": device.id, "reason": reason}
        await self._ledger.change(job, "job.retried", data, **changes)
        return None

    def _died(self, device: Device, job: ActiveJob, reason: str) -> None:
        self.deaths += 1
        self._news.died(device, reason)
        device.died(reason)
        log.error("host %s died under job %s: %s", device.id, job.record.id, reason)
