"""What becomes of a job that has been given a device: one step, and all that can go wrong in it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from pycwtd.engine.active import ActiveJob, Phase
from pycwtd.engine.disk import STORAGE_REST
from pycwtd.engine.steps import (
    BackendDefectError,
    BackendLostError,
    BackendRefusalError,
    DamagedError,
    StepFailedError,
    Steps,
    StorageError,
)
from pycwtd.hosts.host import HostDiedError, TaskCancelledError
from pycwtd.store.records import FINAL, Job
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.engine.device import Device
    from pycwtd.engine.dispatch import Dispatch
    from pycwtd.engine.ledger import Ledger
    from pycwtd.engine.mishaps import Mishap, Mishaps
    from pycwtd.engine.pool import Pool
    from pycwtd.engine.queue import Queue
    from pycwtd.engine.refusals import Refusals
    from pycwtd.engine.repair import Repair
    from pycwtd.engine.scheduler import Lease

log = logging.getLogger(__name__)


class Runner:
    """Runs the steps of jobs, and ends them."""

    def __init__(
        self,
        *,
        pool: Pool,
        steps: Steps,
        dispatch: Dispatch,
        ledger: Ledger,
        repair: Repair,
        mishaps: Mishaps,
        refusals: Refusals,
        queue: Queue,
    ) -> None:
        self._pool = pool
        self._steps = steps
        self._dispatch = dispatch
        self._ledger = ledger
        self._repair = repair
        self._mishaps = mishaps
        self._refusals = refusals
        self._queue = queue
        #: All jobs that haven't ended.
        self.active: dict[str, ActiveJob] = {}
        #: The steps under way, by their jobs' ids.
        self.running: dict[str, asyncio.Task[None]] = {}
        #: Told of every job that has ended.
        self.observers: list[Callable[[Job], None]] = []
        #: Whether the daemon is on its way out.
        self.stopping: Callable[[], bool] = lambda: False
        #: Called when a device is free again.
        self.done: Callable[[], None] = lambda: None

    def start(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        """Begin a step."""
        self.running[job.record.id] = asyncio.create_task(self._guarded_step(job, lease, device))

    async def _guarded_step(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        """A step that fails in a way nobody thought of ends its job, not the daemon."""
        try:
            await self._step(job, lease, device)
        except StoreError as error:
            # Only while the daemon stops; the next one takes it up.
            log.warning("job %s stays as it is: %s", job.record.id, error)
        except Exception:
            log.exception("job %s hit a defect of the daemon", job.record.id)
            await self.end(job, "failed", "the daemon has a defect; its log says more")

    async def _step(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        started = time.monotonic()
        try:
            await self._try(job, lease, device)
        finally:
            self._dispatch.release(job, time.monotonic() - started)
            self.running.pop(job.record.id, None)
        if not job.ended.is_set():
            if job.cancelled:
                await self.end(job, "cancelled")
            else:
                self._dispatch.add(job)
        self.done()

    async def _try(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        """One step, and what goes wrong in it that somebody thought of."""
        try:
            if job.record.status == "queued":
                await self._begin(job)
            try:
                await self._perform(job, lease, device)
            except DamagedError as error:
                await self._repair.back(job, str(error))
        except TaskCancelledError:
            pass
        except (HostDiedError, BackendLostError, BackendDefectError) as error:
            await self._go_on(job, lease, device, error)
        except BackendRefusalError as error:
            if hopeless := await self._refusals.by(job, device.id, str(error)):
                await self.end(job, "failed", hopeless)
        except StepFailedError as error:
            await self.end(job, "failed", str(error))
        except (StorageError, StoreError, OSError) as error:
            self._ledger.refused(job, str(error))
            if job.durable:
                # Nothing is wrong with the job: it keeps what it has and waits.
                await asyncio.sleep(STORAGE_REST)
            else:
                await self.end(job, "failed", f"the disk can't take it: {error}")

    async def _begin(self, job: ActiveJob) -> None:
        record = job.record
        await self._ledger.change(
            job,
            "job.running",
            {"backend": record.backend},
            status="running",
            attempts=record.attempts + 1,
            started_at=record.started_at or time.time(),
            backend=record.backend,
            fallback_reason=record.fallback_reason,
        )

    async def _go_on(self, job: ActiveJob, lease: Lease, device: Device, mishap: Mishap) -> None:
        if job.cancelled or self.stopping():
            return
        if hopeless := await self._mishaps.under(job, lease, device, mishap):
            await self.end(job, "failed", hopeless)

    async def _perform(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        if job.cancelled:
            raise TaskCancelledError
        if job.phase is Phase.PREPARE:
            has_task = await self._steps.prepare(job, device.host)
            job.phase = Phase.SIMULATE if has_task else Phase.FINISH
            if has_task:
                job.advance()
            else:
                await self._complete(job)
        elif job.phase is Phase.DEVICE:
            await self._order(job, lease, device)
        elif job.phase is Phase.SIMULATE:
            chunk = await self._steps.simulate(job, device, lease.token)
            if not device.holds(lease):
                # Unplugged in the middle: nobody has tested what has gone on with the chunk.
                raise BackendLostError(device.reason or "it was plugged in again in the middle")
            await self._ledger.add_chunk(job, chunk)
            await self._steps.merge(job, self._pool.numerics().host)
            job.advance()
        else:
            more = await self._steps.finish(job, device.host)
            if more is None:
                await self._complete(job)
            else:
                await self._ledger.change(job, "job.extended", {"total": more}, total=more)
                job.phase = Phase.SIMULATE

    async def _order(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        """What an operator wants of a device itself; where that goes wrong, nobody else does it."""
        supervision = self._pool.supervision
        try:
            answer = await self._steps.on_device(job, device.host)
        except BackendLostError as error:
            supervision.away(device, lease, str(error))
            raise StepFailedError(str(error)) from None
        except BackendDefectError as error:
            supervision.tested(device, lease, passed=False, figures=str(error))
            raise StepFailedError(str(error)) from None
        except (StepFailedError, TaskCancelledError):
            if job.record.kind == "flash":
                supervision.flashed(device, lease)  # half of it, perhaps
            raise
        if job.record.kind == "flash":
            supervision.flashed(device, lease)
        else:
            supervision.tested(device, lease, passed=answer["passed"], figures=answer["figures"])
        await self._complete(job)

    async def _complete(self, job: ActiveJob) -> None:
        if job.cancelled:
            return
        await self.end(job, "completed")

    async def elsewhere(self, job: ActiveJob, reason: str) -> None:
        """Have a job begun anew that has lost its backend, where no other is of its class.

        A job never mixes classes: what is computed of it is thrown away. Where its client wants
        no other backend, it has failed.
        """
        name = job.record.backend or ""
        other = None
        if job.phase is Phase.SIMULATE and job.record.parameters.get("fallback", True):
            if self._pool.undecided():
                self._dispatch.add(job)  # until it is known who could
                return
            other = self._pool.fastest(job.work, but={name, *job.refused_by})
        if other is None:
            await self.end(job, "failed", f"backend {name} is gone: {reason}")
            return
        log.warning("job %s begins anew: from %s to %s", job.record.id, name, other)
        changes = {"backend": other, "fallback_reason": f"{name} can't go on: {reason}"}
        data = {"reason": reason, "backend": other}
        await self._repair.drop(job, reason)
        await self._ledger.change(job, "job.moved", data, **changes)
        if not job.ended.is_set() and not job.cancelled:
            self._dispatch.add(job)
        self.done()

    async def end(self, job: ActiveJob, status: str, error: str | None = None) -> None:
        """Bring a job to its final state."""
        changes = {
            "status": status,
            "error": error,
            "completed_at": time.time(),
            "total": job.record.total,
            "result_sha256": job.record.result_sha256,
            # It may have moved since it was first run.
            "backend": job.record.backend,
            "fallback_reason": job.record.fallback_reason,
        }
        assert status in FINAL
        data = {"error": error} if error else {}
        await self._ledger.change(job, f"job.{status}", data, **changes)
        self.active.pop(job.record.id, None)
        self._queue.remove(job)
        self._dispatch.remove(job)
        for observer in self.observers:
            observer(job.record)
        await self._ledger.tidy(job)
        job.ended.set()
        job.changed.ring()
