"""Brings jobs and devices together: what waits, what is leased, and what the scheduler says."""

from __future__ import annotations

import itertools
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from pycwtd.engine.active import ActiveJob, Phase
from pycwtd.engine.scheduler import Lease, schedule
from pycwtd.engine.shares import Shares
from pycwtd.engine.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool

log = logging.getLogger(__name__)


class Dispatch:
    """Leases devices to jobs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._jobs: dict[str, ActiveJob] = {}
        self._waiting = Waiting()
        self._leased: dict[str, ActiveJob] = {}
        self._tokens = itertools.count(1)
        self._shares = Shares()

    def add(self, job: ActiveJob) -> None:
        """Let a job wait for a device."""
        self._jobs[job.record.id] = job
        self._waiting.add(job.candidate)

    def remove(self, job: ActiveJob) -> None:
        """Let it wait no more."""
        self._waiting.remove(job.record.id)
        self._jobs.pop(job.record.id, None)

    def release(self, job: ActiveJob, seconds: float) -> None:
        """Take a device back after a step that took so long."""
        self._shares.spent(job.record.owner, seconds)
        if job.lease:
            self._pool.devices[job.lease.device_id].give_back(job.lease)
        job.lease = None
        job.in_flight = 0
        self._leased.pop(job.record.id, None)

    def assign(self) -> Iterator[tuple[ActiveJob, Lease, Device]]:
        """What is to be started now."""
        slots = [device.slot() for device in self._pool.devices.values()]
        places = Counter(slot.pool for slot in slots)
        places.update(slot.orders for slot in slots if slot.orders)
        # Of each owner as many as there are devices to be had: the others can't be chosen.
        waiting = [
            candidate
            for pool in self._waiting.pools()
            for candidate in self._waiting.first(pool, places[pool])
        ]
        assignments = schedule(
            time.monotonic(),
            [*waiting, *(job.candidate for job in self._leased.values())],
            slots,
            [job.lease for job in self._leased.values() if job.lease],
            self._shares.lately(),
        )
        for assignment in assignments:
            job = self._jobs.pop(assignment.job_id)
            self._waiting.remove(assignment.job_id)
            job.lease = Lease(next(self._tokens), assignment.job_id, assignment.device_id)
            self._leased[assignment.job_id] = job
            device = self._pool.devices[assignment.device_id]
            device.lease(job.lease)
            yield job, job.lease, device

    def on(self, device: Device) -> ActiveJob | None:
        """The job that has a device."""
        leased = (job for job in self._leased.values() if job.lease)
        return next((job for job in leased if job.lease and job.lease.device_id == device.id), None)

    def rest(self) -> float | None:
        """Seconds until the first of the devices has rested that do after a crash."""
        rests = [s for device in self._pool.devices.values() if (s := device.rest_seconds()) > 0]
        return min(rests) + 0.01 if rests else None

    def lost(self) -> Iterator[tuple[ActiveJob, str]]:
        """The jobs whose backend is gone for good, and why, where no other can go on.

        Those for which another of its class can, wait for that one.
        """
        for pool in self._waiting.pools():
            # Processes of workloads are started again; those that aren't installed may come back.
            if not self._pool.backs(pool) or (reason := self._pool.lost(pool)) is None:
                continue
            for candidate in self._waiting.of(pool):
                job = self._jobs[candidate.job_id]
                if self.move(job, reason):
                    self.add(job)
                elif not self._pool.drained(pool):
                    self.remove(job)
                    yield job, reason

    def move(self, job: ActiveJob, reason: str) -> bool:
        """Give a job another backend of the class of its own.

        Args:
            job: that simulates, or is about to.
            reason: why its own isn't fit.

        Returns:
            Whether there is one.
        """
        name = job.record.backend
        if name is None or job.phase is not Phase.SIMULATE:
            return False
        other = self._pool.same_class(name, job.work)
        if other is None:
            return False
        log.warning("job %s goes from %s to %s", job.record.id, name, other)
        job.record = msgspec.structs.replace(
            job.record, backend=other, fallback_reason=f"{name} can't go on: {reason}"
        )
        return True
