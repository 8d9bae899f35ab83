"""Writing down what happens to jobs: rows, events and files, in the order that is safe."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from typing import TYPE_CHECKING, Any

import msgspec

from pycwtd.engine.disk import STORAGE_REST, Disk
from pycwtd.engine.journal import log_accepted, log_change
from pycwtd.engine.signal import Bell
from pycwtd.logs import REQUEST_ID
from pycwtd.store.database import Database
from pycwtd.store.devices import write_changes
from pycwtd.store.files import sync_directory, sync_file, sync_filesystem
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.engine.active import ActiveJob
    from pycwtd.store.records import Chunk, DeviceChange, Job, Witness
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)

#: So many files are synced faster with everything else on their disk than one by one.
_MANY = 8
#: What is kept of an ended job.
_KEPT = {"request.json", "result.npz"}


class InputGoneError(Exception):
    """A file that the job needs has been deleted in the meantime."""


class Ledger:
    """The store as the engine writes to it; a job that isn't durable leaves no rows."""

    def __init__(self, store: Store, halted: asyncio.Event) -> None:
        self._store = store
        self._halted = halted
        #: Rings when an event has been written.
        self.events = Bell()
        self.disk = Disk(store, self.tell)

    @property
    def trouble(self) -> str | None:
        """What the disk refused last, until it takes something again."""
        return self.disk.trouble

    async def accept(
        self,
        jobs: Sequence[ActiveJob],
        bodies: Sequence[bytes],
        records: Sequence[Job],
        idempotency: tuple[str, str] | None,
        witness: Witness | None,
    ) -> tuple[list[Job], bool]:
        """Write requests and rows of new jobs: all or, after an error, nothing.

        Returns:
            The records with their numbers and True; or the record of the job that an earlier
            request with the same key has made, and False.
        """
        if idempotency:
            # A retry is told so before a thousand files are written for nothing.
            known = await self._store(Database.known, records[0].owner, *idempotency)
            if known:
                return [known], False
        try:
            await asyncio.to_thread(_write_requests, jobs, bodies)
            if not all(job.durable for job in jobs):
                log_accepted(records)
                return list(records), True
            accepted, new = await self._store(
                Database.insert_jobs, list(records), [], idempotency, REQUEST_ID.get(), witness
            )
        except BaseException:
            self.discard(jobs)
            raise
        if new:
            log_accepted(accepted)
        else:
            self.discard(jobs)
        self.events.ring()
        return accepted, new

    async def promote(self, job: ActiveJob, witness: Witness | None) -> None:
        """Make a durable job of one that isn't, with what is computed of it.

        Raises:
            StoreError: the disk is full or failing.
            OSError: the same.
        """
        # What a step writes from now on it syncs, and what one at work writes is synced after it.
        job.synced = True
        await asyncio.to_thread(sync_filesystem, job.folder)
        # From here on steps write rows; the store takes them in order, this one first.
        job.durable = True
        chunks = list(job.chunks)
        try:
            records, _ = await self._store(
                Database.insert_jobs, [job.record], chunks, None, job.request_id, witness
            )
        except StoreError:
            job.durable = False  # there is no row that could be changed
            raise
        job.record = msgspec.structs.replace(job.record, number=records[0].number)
        self.events.ring()

    async def change(
        self, job: ActiveJob, event: str, data: dict[str, Any], **changes: Any
    ) -> None:
        """Change a job's record, and tell of it; while the disk is full, wait for it.

        Raises:
            StoreError: the disk is full and the daemon is stopping.
        """
        if not job.durable:
            job.record = msgspec.structs.replace(job.record, **changes)
            job.changed.ring()
            log_change(job, event, data)
            return
        witness = job.witness if changes.get("status") == "cancelled" else None
        while True:
            try:
                job.record = await self._store(
                    Database.change_job,
                    *(job.record, event, data, time.time(), changes),
                    witness=witness,
                )
                break
            except StoreError as error:
                if self._halted.is_set():
                    raise
                self.refused(job, str(error))
                await asyncio.sleep(STORAGE_REST)
        self.disk.took()
        self.events.ring()
        job.changed.ring()
        log_change(job, event, data)

    async def begin(self, version: str) -> None:
        """Tell that this run has begun; where the disk refuses it, the log alone says so."""
        try:
            await self._store.begin_run(version)
        except (StoreError, OSError) as error:
            log.error("the start isn't told: %s", error)
            self.disk.failed(error)
        self.events.ring()

    async def tell(self, event: str, data: dict[str, Any]) -> None:
        """Write an event that isn't a job's; one that the disk refuses is in the log alone."""
        try:
            await self._store(Database.tell, event, data, time.time())
        except StoreError as error:
            log.error("event %s isn't kept: %s", event, error)
            self.disk.failed(error)
        self.events.ring()

    async def tell_devices(self, changes: Sequence[DeviceChange]) -> None:
        """Write what devices have come to; where the disk refuses it, the log alone says so."""
        try:
            await self._store(write_changes, changes)
        except StoreError as error:
            told = ", ".join(f"{change.event} of {change.device}" for change in changes)
            log.error("events %s aren't kept: %s", told, error)
            self.disk.failed(error)
        self.events.ring()

    async def add_chunk(self, job: ActiveJob, chunk: Chunk) -> None:
        """Take note of realisations whose file is on disk.

        Raises:
            StoreError: the disk is full; the chunk doesn't count.
        """
        if job.durable:
            done = sum(c.count for c in job.chunks) + chunk.count
            data = {"done": done, "total": job.record.total}
            await self._store(Database.add_chunk, job.record, chunk, data, time.time())
            self.disk.took()
            self.events.ring()
        job.chunks.append(chunk)
        job.in_flight = 0
        job.changed.ring()

    def refused(self, job: ActiveJob, reason: str) -> None:
        """Take note that the disk refused something of a job."""
        self.disk.refused(reason)
        job.changed.ring()
        # There is no event, for the disk takes none; who looks now sees the trouble.
        self.events.ring()

    async def tidy(self, job: ActiveJob) -> None:
        """Keep the request and the result of an ended job, drop the steps between.

        What can't be dropped is left: the job has ended, and its row says so.
        """
        if not job.durable:
            return
        try:
            await asyncio.to_thread(_tidy, job)
        except OSError as error:
            log.warning("job %s: what it doesn't need any more stays: %s", job.record.id, error)

    def discard(self, jobs: Sequence[ActiveJob]) -> None:
        """Remove the files of jobs that have no rows."""
        for job in jobs:
            shutil.rmtree(job.folder, ignore_errors=True)


def _write_requests(jobs: Sequence[ActiveJob], bodies: Sequence[bytes]) -> None:
    for job, body in zip(jobs, bodies, strict=True):
        job.folder.mkdir()
        for name, source in job.inputs.items():
            # A link is a reference: whoever deletes the series, the job keeps its samples.
            try:
                (job.folder / name).hardlink_to(source)
            except FileNotFoundError:
                raise InputGoneError(source.parent.name) from None
        (job.folder / "request.json").write_bytes(body)
    durable = [job for job in jobs if job.durable]
    if len(durable) >= _MANY:
        sync_filesystem(durable[0].folder.parent)
        return
    for job in durable:
        sync_file(job.folder / "request.json")
        sync_directory(job.folder)
    if durable:
        sync_directory(durable[0].folder.parent)


def _tidy(job: ActiveJob) -> None:
    for path in job.folder.iterdir():
        if path.name not in _KEPT:
            path.unlink(missing_ok=True)
