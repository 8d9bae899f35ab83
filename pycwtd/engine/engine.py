"""The engine: accepts jobs, runs their steps on devices, writes down what is done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from typing import TYPE_CHECKING, Any

from pycwtd.engine.active import ActiveJob
from pycwtd.engine.dispatch import Dispatch
from pycwtd.engine.errands import Errands
from pycwtd.engine.interim import Interim
from pycwtd.engine.ledger import Ledger
from pycwtd.engine.mishaps import Mishaps
from pycwtd.engine.news import News
from pycwtd.engine.queue import Queue, disk_bytes
from pycwtd.engine.recovery import kept_states, recover
from pycwtd.engine.refusals import Refusals
from pycwtd.engine.repair import AGAIN, Repair, ResultLostError
from pycwtd.engine.runner import Runner
from pycwtd.engine.signal import Bell
from pycwtd.engine.steps import Steps
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from pathlib import Path

    from pycwtd.config import Config
    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool
    from pycwtd.engine.supervision import Order
    from pycwtd.store.records import Job, Witness
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)

#: How long a stop waits for the chunks in flight, of the 2 s that a stop may take.
_STOP_SECONDS = 1.0


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
        self.queue = Queue(config.limits)
        pool.wait = self.queue.wait
        self._dispatch = Dispatch(pool)
        self.ledger = Ledger(store, self.halted)
        self.repair = Repair(store, self.ledger, self._place)
        self.errands = Errands(pool)
        self.interim = Interim(pool)
        self._news = News(self.ledger)
        self.mishaps = Mishaps(pool, self._dispatch, self.ledger, self._news)
        self._runner = Runner(
            pool=pool,
            steps=self._steps,
            dispatch=self._dispatch,
            ledger=self.ledger,
            repair=self.repair,
            mishaps=self.mishaps,
            refusals=Refusals(pool, self.ledger, self.repair),
            queue=self.queue,
        )
        self._runner.stopping = self.halted.is_set
        self.active = self._runner.active
        #: Told of every job that has ended.
        self.observers = self._runner.observers
        self._work = asyncio.Event()
        self._runner.done = self._work.set
        self._round = Bell()
        self._loop: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    @property
    def stopping(self) -> bool:
        """Whether the daemon is on its way out."""
        return self.halted.is_set()

    # -- life ----------------------------------------------------------------------------

    async def start(self, progress: Callable[[], None] = lambda: None) -> None:
        """Take up what an earlier run of the daemon has left, and begin.

        Args:
            progress: called while that gets on.
        """
        for job in await recover(self._store, self.ledger, self._place, progress):
            self._admit(job)
        self.pool.supervision.taken = self._taken
        self.pool.changed, self.pool.told = self._work.set, self._news.device
        await self._news.started()
        self.pool.begin(await kept_states(self._store))
        self._loop = asyncio.create_task(self._run(), name="scheduler")

    def _place(self, record: Job) -> tuple[Job, Path, str]:
        """A job's record, its folder, and the processes of its workload."""
        return record, self._store.folder(record.id), self.pool.process_of(record.kind)

    def _admit(self, job: ActiveJob) -> None:
        self.active[job.record.id] = job
        self.queue.add(job)
        self._dispatch.add(job)
        self._work.set()

    def configure(self, config: Config) -> None:
        """Go by another configuration from now on."""
        self._config = config
        self._steps.configure(config)
        self.pool.configure(config.engine)
        self.queue.configure(config.limits)

    async def beat(self) -> None:
        """Return when the scheduler has had a look at everything."""
        done = self._round.waiter()
        self._work.set()
        await done.wait()

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
        running = set(self._runner.running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.pool.stop()
        await self.ledger.disk.close()
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
        witness: Witness | None = None,
    ) -> Job:
        """Accept jobs: on disk before this returns, unless they aren't durable.

        Args:
            records: one job; or a batch, then its members.
            requests: the JSON of each job's full request, the batch's own one empty.
            durable: whether the jobs outlive the daemon.
            idempotency: the client's key, and the digest of what it sent.
            inputs: of each record, the files that its job needs, by their names in its folder.
            witness: the audit row that is written with them.

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
        return await asyncio.shield(
            self._submit(records, requests, durable, idempotency, inputs, witness=witness)
        )

    async def call(self, record: Job, request: bytes, inputs: Mapping[str, Path]) -> ActiveJob:
        """Accept a job that is waited for and isn't kept.

        A client that hangs up meanwhile leaves neither a computation nor files.

        Args:
            record: the job.
            request: the JSON of its full request.
            inputs: the files that it needs, by their names in its folder.

        Raises:
            QueueFullError: the queue is full.
            InputGoneError: a file among the inputs has been deleted.
            StoreError: the disk is full or failing.
            OSError: the same.
        """
        accepted = self._submit([record], [request], False, None, [inputs], witness=None)
        accepting = asyncio.ensure_future(accepted)
        try:
            await asyncio.shield(accepting)
        except asyncio.CancelledError:
            self._in_background(self._drop_accepted(accepting))
            raise
        return self.active[record.id]

    async def _drop_accepted(self, accepting: asyncio.Future[Job]) -> None:
        """Drop a job once it is accepted, if it is; it may have ended by then."""
        await asyncio.wait({accepting})
        if accepting.cancelled() or accepting.exception():
            return
        job_id = accepting.result().id
        with contextlib.suppress(NotActiveError):
            await self.cancel(job_id)
        shutil.rmtree(self._store.folder(job_id), ignore_errors=True)

    async def promote(self, job: ActiveJob, witness: Witness | None = None) -> None:
        """Have a call that takes long outlive the daemon, or drop it where the disk refuses that.

        Once it is begun it is done, even if the client hangs up meanwhile.

        Args:
            job: the call.
            witness: the audit row that is written with it.

        Raises:
            StoreError: the disk is full or failing.
            OSError: the same.
        """
        await asyncio.shield(self._promote(job, witness))

    async def _promote(self, job: ActiveJob, witness: Witness | None) -> None:
        try:
            await self.ledger.promote(job, witness)
        except (OSError, StoreError):  # nobody hears of it again
            self.drop(job)
            raise

    async def _submit(
        self,
        records: Sequence[Job],
        requests: Sequence[bytes],
        durable: bool,
        idempotency: tuple[str, str] | None,
        inputs: Sequence[Mapping[str, Path]],
        *,
        witness: Witness | None,
    ) -> Job:
        self.queue.check(records, requests)
        room = max((disk_bytes(record) for record in records), default=0)
        self._store.check_room(self._config.limits.reserve_bytes + room)
        jobs = [
            ActiveJob(*self._place(record), durable=durable, inputs=files)
            for record, files in zip(records, inputs or [{}] * len(records), strict=True)
            if record.kind != "batch"
        ]
        bodies = [body for body in requests if body]
        for job, body in zip(jobs, bodies, strict=True):
            job.bytes = len(body)
        accepted, new = await self.ledger.accept(jobs, bodies, records, idempotency, witness)
        if not new:
            return accepted[0]
        numbered = {record.id: record for record in accepted}
        for job in jobs:
            job.record = numbered[job.record.id]
            self._admit(job)
        return accepted[0]

    async def cancel(self, job_id: str, witness: Witness | None = None) -> Job:
        """Stop a job for good.

        Args:
            job_id: of the job.
            witness: the audit row that is written with its end.

        Raises:
            NotActiveError: it has ended already.
            StoreError: it is stopped, and the disk refuses to take note of it for now.
        """
        job = self.active.get(job_id)
        if job is None:
            raise NotActiveError
        job.witness = witness
        bell = job.changed.waiter()
        if not self._interrupt(job):
            self._dispatch.remove(job)
            self._in_background(self._runner.end(job, "cancelled"))
        while not job.ended.is_set():
            await bell.wait()
            bell = job.changed.waiter()
            if self.ledger.trouble and not job.ended.is_set():
                raise StoreError(
                    f"{self.ledger.trouble}; the job is stopped, and is cancelled for good when "
                    "the disk takes it"
                )
        return job.record

    async def check_result(self, record: Job) -> None:
        """See that a result is what was written; else its job is computed again.

        Raises:
            ResultLostError: it isn't; the text says what becomes of the job.
            StoreError: the disk is full or failing.
        """
        job = await self.repair.check_result(record)
        if job is not None:
            self._admit(job)
            raise ResultLostError(AGAIN, again=True)

    async def order(
        self,
        order: Order,
        device: Device,
        by: str,
        witness: Witness | None = None,
    ) -> None:
        """Do with a device what an operator wants; it is on disk when this returns.

        Args:
            order: what is wanted.
            device: of it.
            by: whom.
            witness: the audit row that is written with the device's new state.

        Raises:
            TransitionError: its state doesn't allow it.
        """
        self.pool.supervision.order(order, device, by)
        self._news.testify(device, witness)
        await self._news.written()

    def drop(self, job: ActiveJob) -> None:
        """Stop a synchronous call whose client has gone, and remove its files."""
        self._in_background(self._drop(job))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _drop(self, job: ActiveJob) -> None:
        with contextlib.suppress(NotActiveError):
            await self.cancel(job.record.id)
        self.forget(job)

    def _interrupt(self, job: ActiveJob) -> bool:
        """Have a job's computation stopped, without waiting; returns whether one is running."""
        if job.cancelled and job.lease is None:
            return True  # on its way out
        job.cancelled = True
        if job.lease is None:
            return False
        self.pool.devices[job.lease.device_id].host.cancel(job.record.id)
        return True

    def forget(self, job: ActiveJob) -> None:
        """Drop the files of a synchronous call that has been answered."""
        self.ledger.discard([job])

    def _taken(self, device: Device) -> None:
        """A device was unplugged at work: another of its class takes over at once, if there is one.

        Else its driver knows best how long to wait for it.
        """
        job = self._dispatch.on(device)
        if job and job.record.backend and self.pool.same_class(job.record.backend, job.work):
            device.host.cancel(job.record.id)

    def waiting_for(self, job: ActiveJob) -> str | None:
        """What keeps a job from going on: the disk, or a backend that is away."""
        return self.ledger.trouble or self.pool.waiting_for(job.record.backend)

    # -- the loop ------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._work.clear()
            rest = self._assign()
            self._round.ring()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._work.wait()

    def _assign(self) -> float | None:
        """Start what can be started; returns when to look again, if not only on events."""
        for job, reason in self._dispatch.lost():
            self._in_background(self._runner.elsewhere(job, reason))
        for job, lease, device in self._dispatch.assign():
            self._runner.start(job, lease, device)
        return self._dispatch.rest()
