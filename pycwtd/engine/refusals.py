"""Backends that don't take a job's task, as its driver finds out: the job goes to another one.

What a manifest says, estimators and wavelets, is known before a job is accepted. What depends on
the task itself, such as its length or its number of scales, only the driver can tell, and only when
the job has been prepared.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycwtd.engine.active import ActiveJob
    from pycwtd.engine.ledger import Ledger
    from pycwtd.engine.pool import Pool
    from pycwtd.engine.repair import Repair

log = logging.getLogger(__name__)


class Refusals:
    """Sees to such jobs."""

    def __init__(self, pool: Pool, ledger: Ledger, repair: Repair) -> None:
        self._pool = pool
        self._ledger = ledger
        self._repair = repair

    async def by(self, job: ActiveJob, name: str, reason: str) -> str | None:
        """Give a job another backend, of whatever class; nothing of it has been computed.

        Args:
            job: that simulates.
            name: the backend that doesn't take it.
            reason: the driver's words.

        Returns:
            Why the job has failed; None where it goes on, or has been cancelled meanwhile.

        Raises:
            StoreError: the disk is full and the daemon is stopping.
        """
        told = f"{name} doesn't take the task: {reason}"
        job.refused_by.add(name)
        record = job.record
        if record.backend_asked != "auto" and not record.parameters.get("fallback", True):
            return told
        other = await self._other(job)
        if job.cancelled:
            return None
        if other is None:
            return f"no backend can compute it: {_after(record.fallback_reason, told)}"
        log.warning("job %s goes from %s to %s: %s", record.id, name, other, told)
        await self._repair.drop(job, told)
        await self._ledger.change(
            job,
            "job.moved",
            {"reason": told, "backend": other},
            backend=other,
            fallback_reason=_after(record.fallback_reason, told),
        )
        return None

    async def _other(self, job: ActiveJob) -> str | None:
        """The fastest of those that haven't refused it; of each it is waited to be known."""
        work = job.work
        for device in self._pool.backends():
            if device.id not in job.refused_by and not device.lacks(work.estimator, work.family):
                await device.settled.wait()
        return self._pool.fastest(work, but=job.refused_by)


def _after(earlier: str | None, told: str) -> str:
    """A job may have been sent on before."""
    return told if earlier is None else f"{earlier}; {told}"
