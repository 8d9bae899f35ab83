"""Damaged files: what can be computed again is, and a job is given up only where it can't be."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import msgspec

from pycwtd.engine.active import ActiveJob, Phase
from pycwtd.engine.steps import StepFailedError
from pycwtd.store import upkeep
from pycwtd.store.database import Database
from pycwtd.store.files import digest_of
from pycwtd.workloads.plans import linked_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pycwtd.engine.active import Place
    from pycwtd.engine.ledger import Ledger
    from pycwtd.store.records import Chunk, Job
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)

#: A job whose files are found damaged so often is on a disk that can't be relied on.
_MOST_REPAIRS = 5

#: What a client is told whose result is being computed again.
AGAIN = "the result's file was damaged; it is computed again, fetch it when the job has completed"


class ResultLostError(Exception):
    """A result is damaged; the text says what becomes of its job."""

    def __init__(self, text: str, *, again: bool) -> None:
        super().__init__(text)
        #: Whether it is being computed again.
        self.again = again


class Repair:
    """Puts jobs back to the last step whose files are whole."""

    def __init__(self, store: Store, ledger: Ledger, place: Place) -> None:
        self._store = store
        self._place = place
        self._ledger = ledger
        #: Damaged files found since the start.
        self.found = 0
        #: Results found to be whole: inode, size and times of their files.
        self._whole: dict[str, tuple[int, ...]] = {}
        self._reopening = asyncio.Lock()

    async def back(self, job: ActiveJob, reason: str) -> None:
        """Have computed again what is damaged among the files between the steps of a job.

        Raises:
            StepFailedError: it has happened too often.
            StoreError: the database refuses to take note of it.
        """
        self.found += 1
        job.repairs += 1
        log.error("job %s has a damaged file: %s", job.record.id, reason)
        if job.repairs > _MOST_REPAIRS:
            raise StepFailedError(
                f"its files were damaged {job.repairs} times, see to the disk; at last: {reason}"
            )
        if job.phase is Phase.DEVICE:
            raise StepFailedError(reason)
        bad = await asyncio.to_thread(_damaged, job.folder, job.chunks)
        if bad:
            data = {"reason": reason, "lost": sum(chunk.count for chunk in bad)}
            if job.durable:
                firsts = [chunk.first for chunk in bad]
                await self._store(upkeep.drop_chunks, job.record, firsts, data, time.time())
                self._ledger.events.ring()
            job.chunks = [chunk for chunk in job.chunks if chunk not in bad]
            job.phase = Phase.SIMULATE
        else:
            # The chunks count for the task that the same request leads to again.
            await asyncio.to_thread((job.folder / "task.json").unlink, missing_ok=True)
            job.phase = Phase.PREPARE
        job.changed.ring()

    async def drop(self, job: ActiveJob, reason: str) -> None:
        """Forget all realisations of a job that are computed.

        Raises:
            StoreError: the database refuses to take note of it.
        """
        if job.durable and job.chunks:
            data = {"reason": reason, "lost": sum(chunk.count for chunk in job.chunks)}
            firsts = [chunk.first for chunk in job.chunks]
            await self._store(upkeep.drop_chunks, job.record, firsts, data, time.time())
            self._ledger.events.ring()
        job.chunks, job.simulating_since = [], None

    async def check_result(self, record: Job) -> ActiveJob | None:
        """See that a result is what was written; else have it computed again.

        Returns:
            The job to be run, where there is one: it is in the store's queue again.

        Raises:
            ResultLostError: it can't be computed again and the job has failed, or somebody else
                has found it and it is being computed.
            StoreError: the disk is full or failing.
        """
        if record.result_sha256 is None:
            return None
        path = self._store.folder(record.id) / "result.npz"
        if await asyncio.to_thread(self._is_whole, path, record.id, record.result_sha256):
            return None
        async with self._reopening:
            current = await self._store(Database.job, record.id)
            if current is None or current.status != "completed":
                raise ResultLostError(AGAIN, again=True)
            if current.result_sha256 != record.result_sha256:
                return None  # computed again since it was looked at
            self.found += 1
            log.error("job %s: its result is damaged or gone", record.id)
            return await self._reopen(current)

    async def _reopen(self, record: Job) -> ActiveJob:
        folder = self._store.folder(record.id)
        try:
            inputs = await asyncio.to_thread(_restore, folder, self._store)
        except (OSError, ValueError) as error:
            text = f"its result is damaged and can't be computed again: {error}"
            changes = {"status": "failed", "error": text, "result_sha256": None}
            await self._store(
                Database.change_job, record, "job.failed", {"error": text}, time.time(), changes
            )
            self._ledger.events.ring()
            raise ResultLostError(text, again=False) from None
        reason = {"reason": "its result was damaged"}
        reopened = await self._store(upkeep.reopen, record, reason, time.time())
        self._ledger.events.ring()
        return ActiveJob(*self._place(reopened), inputs=inputs)

    def _is_whole(self, path: Path, job_id: str, sha256: str) -> bool:
        try:
            status = path.stat()
            seen = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if self._whole.get(job_id) == seen:
                return True
            if digest_of(path) != sha256:
                return False
        except FileNotFoundError:
            return False
        if len(self._whole) >= 10_000:
            self._whole.clear()
        self._whole[job_id] = seen
        return True


def _damaged(folder: Path, chunks: Sequence[Chunk]) -> list[Chunk]:
    found = []
    for chunk in chunks:
        try:
            if digest_of(folder / chunk.file) == chunk.sha256:
                continue
        except OSError as error:
            log.error("%s: %s", folder / chunk.file, error)
        found.append(chunk)
    return found


def _restore(folder: Path, store: Store) -> Mapping[str, Path]:
    """Make a finished job's folder what it was before its first step.

    Raises:
        OSError: an uploaded series that it needs has been deleted, or the request is gone.
        ValueError: the request can't be read.
    """
    request: Any = msgspec.json.decode((folder / "request.json").read_bytes())
    inputs = {
        name: store.data_folder(data_id) / "series.npy"
        for name, data_id in linked_files(request).items()
    }
    for name, source in inputs.items():
        if not source.exists():
            raise FileNotFoundError(f"the uploaded series {source.parent.name} has been deleted")
        (folder / name).unlink(missing_ok=True)
        (folder / name).hardlink_to(source)
    for path in folder.iterdir():
        if path.name != "request.json" and path.name not in inputs:
            path.unlink()
    return inputs
