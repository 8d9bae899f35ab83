"""The engine: accepts jobs, runs their steps on devices, writes down what is done."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import shutil
import time
from typing import TYPE_CHECKING

import msgspec

from pycwtd.engine import spans
from pycwtd.engine.active import ActiveJob, Phase
from pycwtd.engine.errands import Errands
from pycwtd.engine.ledger import STORAGE_REST, Ledger
from pycwtd.engine.news import News
from pycwtd.engine.scheduler import Lease, schedule
from pycwtd.engine.shares import Shares
from pycwtd.engine.steps import BackendLostError, StepFailedError, Steps, StorageError
from pycwtd.hosts.host import HostDiedError, TaskCancelledError
from pycwtd.store.database import Database
from pycwtd.store.records import FINAL, Job
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pycwtd.config import Config
    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)

#: A job that has taken so many host processes down is given up.
_MAX_HOST_DEATHS = 3
#: How long a stop waits for the chunks in flight, of the 2 s that a stop may take.
_STOP_SECONDS = 1.0


class QueueFullError(Exception):
    """No more jobs are taken for now."""


class NotActiveError(Exception):
    """The job has reached its final state already."""


class Engine:
    """All jobs that aren't finished, and what becomes of them."""

    def __init__(self, config: Config, store: Store, pool: Pool) -> None:
        self._config = config
        self._store = store
        self.pool = pool
        #: Set when the daemon begins to stop.
        self.halted = asyncio.Event()
        self._steps = Steps(config, store, pool)
        self.active: dict[str, ActiveJob] = {}
        self.ledger = Ledger(store, self.halted)
        self.errands = Errands(pool)
        self._news = News(self.ledger)
        #: Told of every job that has ended.
        self.observers: list[Callable[[Job], None]] = []
        self._work = asyncio.Event()
        self._tokens = itertools.count(1)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._shares = Shares()
        self._loop: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    @property
    def stopping(self) -> bool:
        """Whether the daemon is on its way out."""
        return self.halted.is_set()

    # -- life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what an earlier run of the daemon has left, and begin."""
        await self._recover()
        self.pool.changed, self.pool.told = self._work.set, self._news.device
        await self._news.started()
        self._loop = asyncio.create_task(self._run())

    async def _recover(self) -> None:
        unfinished = await self._store(Database.unfinished)
        for record, chunks in unfinished:
            job = ActiveJob(record, self._store.folder(record.id), chunks=chunks)
            if (job.folder / "task.json").exists():
                job.phase = Phase.SIMULATE
                self._advance(job)
            self.active[record.id] = job
            if record.status == "running":
                await self.ledger.change(job, "job.queued", {"reason": "restart"}, status="queued")
                log.info("job %s taken up again with %d done", record.id, spans.done(chunks))
        await self._store.forget_unclaimed_data()
        # Folders of synchronous calls that the last run didn't outlive, and of submissions
        # that were never acknowledged.
        for folder in self._store.folders():
            if await self._store(Database.job, folder.name) is None:
                shutil.rmtree(folder, ignore_errors=True)

    def begin_stop(self) -> None:
        """Take no more requests; wake the readers of events, so that they can leave."""
        self.halted.set()
        self.ledger.events.ring()
        for job in self.active.values():
            job.changed.ring()

    async def stop(self) -> None:
        """Finish or give back what runs; afterwards nothing computes any more."""
        self.begin_stop()
        if self._loop:
            self._loop.cancel()
        running = set(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.pool.stop()
        await self._news.stopped()

    # -- what clients ask ----------------------------------------------------------------

    async def submit(
        self,
        records: Sequence[Job],
        requests: Sequence[bytes],
        *,
        durable: bool = True,
        idempotency: tuple[str, str] | None = None,
        inputs: Sequence[Mapping[str, Path]] = (),
    ) -> Job:
        """Accept jobs: on disk before this returns, unless they aren't durable.

        Args:
            records: one job; or a batch, then its members.
            requests: the JSON of each job's full request, the batch's own one empty.
            durable: whether the jobs outlive the daemon.
            idempotency: the client's key, and the digest of what it sent.
            inputs: of each record, the files that its job needs, by their names in its folder.

        Returns:
            The job (of an earlier request with the same key, where there is one), or the
            batch.

        Raises:
            QueueFullError: the queue is full.
            IdempotencyConflictError: the key was used with another request.
            InputGoneError: a file among the inputs has been deleted.
            StoreError: the disk is full or failing; nothing was accepted.
            OSError: the same.
        """
        # A client that hangs up now must not leave a job in the store that nobody runs.
        return await asyncio.shield(self._submit(records, requests, durable, idempotency, inputs))

    async def _submit(
        self,
        records: Sequence[Job],
        requests: Sequence[bytes],
        durable: bool,
        idempotency: tuple[str, str] | None,
        inputs: Sequence[Mapping[str, Path]],
    ) -> Job:
        if len(self.active) + len(records) > self._config.limits.queued_jobs:
            raise QueueFullError
        self._store.check_room(self._config.limits.reserve_bytes)
        jobs = [
            ActiveJob(record, self._store.folder(record.id), durable=durable, inputs=files)
            for record, files in zip(records, inputs or [{}] * len(records), strict=True)
            if record.kind != "batch"
        ]
        bodies = [body for body in requests if body]
        accepted, new = await self.ledger.accept(jobs, bodies, records, idempotency)
        if not new:
            return accepted[0]
        numbered = {record.id: record for record in accepted}
        for job in jobs:
            job.record = numbered[job.record.id]
            self.active[job.record.id] = job
        log.info(
            "job %s (%s) accepted from %s", accepted[0].id, accepted[0].kind, accepted[0].owner
        )
        self._work.set()
        return accepted[0]

    async def cancel(self, job_id: str) -> Job:
        """Stop a job for good.

        Raises:
            NotActiveError: it has ended already.
        """
        job = self.active.get(job_id)
        if job is None:
            raise NotActiveError
        if not self._interrupt(job):
            await self._end(job, "cancelled")
        await job.ended.wait()
        return job.record

    def drop(self, job: ActiveJob) -> None:
        """Stop a synchronous call whose client has gone, and remove its files."""
        task = asyncio.create_task(self._drop(job))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _drop(self, job: ActiveJob) -> None:
        with contextlib.suppress(NotActiveError):
            await self.cancel(job.record.id)
        self.forget(job)

    def _interrupt(self, job: ActiveJob) -> bool:
        """Have a job's computation stopped, without waiting; returns whether one is running."""
        job.cancelled = True
        if job.lease is None:
            return False
        self.pool.devices[job.lease.device_id].host.cancel(job.record.id)
        return True

    def forget(self, job: ActiveJob) -> None:
        """Drop the files of a synchronous call that has been answered."""
        self.ledger.discard([job])

    def waiting_for(self, job: ActiveJob) -> str | None:
        """What keeps a job from going on: the disk, or a backend that is away."""
        return self.ledger.trouble or self.pool.awaited(job.record.backend)

    # -- the loop ------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._work.clear()
            rest = self._assign()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._work.wait()

    def _assign(self) -> float | None:
        """Start what can be started; returns when to look again, if not only on events."""
        on_backends = {Phase.SIMULATE, Phase.DEVICE}
        for job in [j for j in self.active.values() if j.phase in on_backends and not j.lease]:
            self._move_off_lost_backend(job)
        assignments = schedule(
            time.monotonic(),
            [job.candidate for job in self.active.values() if not job.cancelled],
            [device.slot() for device in self.pool.devices.values()],
            [job.lease for job in self.active.values() if job.lease],
            self._shares.lately(),
        )
        for assignment in assignments:
            job = self.active[assignment.job_id]
            device = self.pool.devices[assignment.device_id]
            job.lease = Lease(next(self._tokens), assignment.job_id, assignment.device_id)
            task = asyncio.create_task(self._guarded_step(job, job.lease, device))
            self._running[job.record.id] = task
        rests = [s for d in self.pool.devices.values() if (s := d.rest_seconds()) > 0]
        return min(rests) + 0.01 if rests else None

    def _move_off_lost_backend(self, job: ActiveJob) -> None:
        """A backend that is gone for good hands its jobs to another of its class."""
        assert job.record.backend
        if (reason := self.pool.lost(job.record.backend)) is None:
            return
        other = None
        if job.phase is Phase.SIMULATE:
            other = self.pool.same_class(job.record.backend, job.work)
        if other is None:
            task = asyncio.create_task(
                self._end(job, "failed", f"backend {job.record.backend} is gone: {reason}")
            )
            job.cancelled = True  # no longer a candidate
            self._running[job.record.id] = task
            return
        log.warning("job %s goes from %s to %s", job.record.id, job.record.backend, other)
        job.record = msgspec.structs.replace(
            job.record,
            backend=other,
            fallback_reason=f"{job.record.backend} is gone: {reason}",
        )

    async def _guarded_step(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        """A step that fails in a way nobody thought of ends its job, not the daemon."""
        try:
            await self._step(job, lease, device)
        except Exception:
            log.exception("job %s hit a defect of the daemon", job.record.id)
            await self._end(job, "failed", "the daemon has a defect; its log says more")

    async def _step(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        started = time.monotonic()
        try:
            if job.record.status == "queued":
                record = job.record
                await self.ledger.change(
                    job,
                    "job.running",
                    {"backend": record.backend},
                    status="running",
                    attempts=record.attempts + 1,
                    started_at=record.started_at or time.time(),
                    backend=record.backend,
                    fallback_reason=record.fallback_reason,
                )
            await self._perform(job, lease, device)
        except TaskCancelledError:
            pass
        except HostDiedError as error:
            await self._host_died(job, device, str(error))
        except BackendLostError as error:
            # It keeps what it has; whether it waits or moves is seen to when it is next.
            self.pool.away(device, str(error))
            self._news.device(device)
            data = {"device": device.id, "reason": str(error)}
            await self.ledger.change(job, "job.retried", data)
        except StepFailedError as error:
            await self._end(job, "failed", str(error))
        except (StorageError, StoreError) as error:
            self.ledger.refused(job, str(error))
            if job.durable:
                # Nothing is wrong with the job: it keeps what it has and waits.
                await asyncio.sleep(STORAGE_REST)
            else:
                await self._end(job, "failed", f"the disk can't take it: {error}")
        finally:
            self._shares.spent(job.record.owner, time.monotonic() - started)
            job.lease = None
            job.in_flight = 0
            self._running.pop(job.record.id, None)
        if job.cancelled and not job.ended.is_set():
            await self._end(job, "cancelled")
        self._work.set()

    async def _perform(self, job: ActiveJob, lease: Lease, device: Device) -> None:
        if job.cancelled:
            raise TaskCancelledError
        if job.phase is Phase.PREPARE:
            has_task = await self._steps.prepare(job, device.host)
            job.phase = Phase.SIMULATE if has_task else Phase.FINISH
            if has_task:
                self._advance(job)
            else:
                await self._complete(job)
        elif job.phase is Phase.DEVICE:
            await self._steps.on_device(job, device.host)
            await self._complete(job)
        elif job.phase is Phase.SIMULATE:
            chunk = await self._steps.simulate(job, device, lease.token)
            await self.ledger.add_chunk(job, chunk)
            await self._steps.merge(job, self.pool.numerics().host)
            self._advance(job)
        else:
            more = await self._steps.finish(job, device.host)
            if more is None:
                await self._complete(job)
            else:
                await self.ledger.change(job, "job.extended", {"total": more}, total=more)
                job.phase = Phase.SIMULATE

    def _advance(self, job: ActiveJob) -> None:
        """From simulating to finishing, when the last realisation is in."""
        if spans.next_gap(job.chunks, job.record.total) is None:
            job.phase = Phase.FINISH

    async def _host_died(self, job: ActiveJob, device: Device, reason: str) -> None:
        if job.cancelled or self.stopping:
            return
        device.died(reason)
        self._news.died(device)
        log.error("host %s died under job %s: %s", device.id, job.record.id, reason)
        deaths = job.record.host_deaths + 1
        if deaths >= _MAX_HOST_DEATHS:
            await self._end(
                job,
                "failed",
                f"its computation took {deaths} processes down, the last one {reason}",
            )
            return
        data = {"device": device.id, "reason": reason}
        await self.ledger.change(job, "job.retried", data, host_deaths=deaths)

    async def _complete(self, job: ActiveJob) -> None:
        if job.cancelled:
            return
        await self._end(job, "completed")

    async def _end(self, job: ActiveJob, status: str, error: str | None = None) -> None:
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
        await self.ledger.change(job, f"job.{status}", {"error": error} if error else {}, **changes)
        log.info("job %s %s%s", job.record.id, status, f": {error}" if error else "")
        self.active.pop(job.record.id, None)
        for observer in self.observers:
            observer(job.record)
        await self.ledger.tidy(job)
        job.ended.set()
        job.changed.ring()
