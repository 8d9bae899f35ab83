"""The steps of a job, each one task of a host process plus its bookkeeping."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import msgspec

from pycwtd.engine import spans
from pycwtd.hosts.host import HostError
from pycwtd.store.database import Database
from pycwtd.store.files import digest_of, sync_filesystem
from pycwtd.store.records import Chunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.config import Config
    from pycwtd.engine.active import ActiveJob
    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool
    from pycwtd.hosts.host import Host
    from pycwtd.store.store import Store

#: Chunk files of a job before they are added up into one.
_MERGE_FILES = 64


class StepFailedError(Exception):
    """The job can't be done; the text is for its owner."""


class BackendLostError(Exception):
    """What the backend computes on is gone: nothing is wrong with the job."""


class BackendRefusalError(Exception):
    """The backend doesn't compute such a task; another one may."""


class BackendDefectError(Exception):
    """The backend gave what can't be right; nothing is wrong with the job."""


class StorageError(Exception):
    """The disk is full or failing: nothing is wrong with the job, it has to wait."""


class DamagedError(Exception):
    """A file between the steps isn't what was written; it can be computed again."""


class Steps:
    """Has the steps of jobs done by host processes."""

    def __init__(self, config: Config, store: Store, pool: Pool) -> None:
        self._config = config
        self._store = store
        self._pool = pool

    def configure(self, config: Config) -> None:
        """Go by another configuration from the next step on."""
        self._config = config

    async def prepare(self, job: ActiveJob, host: Host) -> bool:
        """Transform the series; write either the result or the Monte Carlo task.

        Returns:
            Whether there is a Monte Carlo task.

        Raises:
            StepFailedError: the request can't be computed.
            StorageError: the disk is full.
        """
        if not (job.folder / "request.json").exists():
            raise StepFailedError("its request is gone from the disk")
        answer = await _ask(
            host,
            "prepare",
            job,
            {"folder": str(job.folder), "kind": job.record.kind, "seed": job.record.seed},
        )
        if not answer["simulate"]:
            _take_result(job, answer)
        return bool(answer["simulate"])

    async def simulate(self, job: ActiveJob, device: Device, token: int) -> Chunk:
        """Compute the next missing realisations on a device.

        Raises:
            BackendRefusalError: the backend doesn't compute such a task.
            BackendLostError: the backend isn't available any more.
            StorageError: the disk is full.
        """
        record = job.record
        gap = spans.next_gap(job.chunks, record.total)
        assert gap is not None
        first, missing = gap
        where = job.computed_by
        pace = job.pace_on(where)
        each = pace.seconds_per_unit or self._pool.seconds(where, job.work)
        seconds = self._config.engine.chunk_seconds
        count = spans.chunk_count(missing, each, seconds, spans.done(job.chunks))
        if job.simulating_since is None:
            job.simulating_since = (time.monotonic(), spans.done(job.chunks))
        # Named by its lease: what a host that was given up still writes is never mistaken.
        file = f"chunk-{record.attempts}-{token}.npy"

        def progress(done: int) -> None:
            job.in_flight = done
            job.changed.ring()

        arguments = {
            "folder": str(job.folder),
            "kind": record.kind,
            "seed": record.seed,
            "first": first,
            "count": count,
            "out": file,
        }
        answer = await _ask(device.host, "run", job, arguments, progress)
        device.feel(answer.get("readings"))
        self._pool.rates.measured(where, job.work.times(count), answer["seconds"])
        pace.measured(count, answer["seconds"])
        return Chunk(
            first=first,
            count=count,
            file=file,
            sha256=answer["sha256"],
            backend=where,
            seconds=answer["seconds"],
        )

    async def merge(self, job: ActiveJob, host: Host) -> None:
        """Add up the files of a long job, so that their number stays small."""
        if len(job.chunks) < _MERGE_FILES:
            return
        # Of one backend, so that it stays known who has computed what.
        together = spans.longest_run(job.chunks)
        if len(together) < 2:
            return
        first, last = together[0].first, together[-1]
        file = f"merged-{first}-{last.first + last.count}-{job.record.attempts}.npy"
        answer = await _ask(
            host,
            "merge",
            job,
            {"folder": str(job.folder), "parts": parts_of(together), "out": file},
        )
        merged = Chunk(
            first=first,
            count=last.first + last.count - first,
            file=file,
            sha256=answer["sha256"],
            backend=last.backend,
            seconds=sum(chunk.seconds for chunk in together),
        )
        if job.durable:
            await self._store(Database.merge_chunks, job.record, merged)
        job.chunks = [merged, *(c for c in job.chunks if c not in together)]
        for chunk in together:
            with contextlib.suppress(OSError):  # it stays until the job has ended
                (job.folder / chunk.file).unlink(missing_ok=True)

    async def on_device(self, job: ActiveJob, host: Host) -> dict[str, Any]:
        """Do what a job wants of a device itself.

        Returns:
            What there is to say beside the result.

        Raises:
            StepFailedError: the device can't do it.
            BackendLostError: what it computes on is gone.
            BackendDefectError: it gave what can't be right.
            StorageError: the disk is full.
        """

        def progress(percent: int) -> None:
            job.in_flight = percent
            job.changed.ring()

        answer = await _ask(host, job.record.kind, job, {"folder": str(job.folder)}, progress)
        _take_result(job, answer)
        return answer

    async def finish(self, job: ActiveJob, host: Host) -> int | None:
        """Read the levels off the histogram and write the result.

        Returns:
            ``None`` when the job is done, else the realisations that it needs in all to
            reach the precision asked for.

        Raises:
            DamagedError: a chunk's file, or the task, is damaged.
            StorageError: the disk is full.
        """
        facts = {
            "backend_used": job.record.backend,
            "fallback_reason": job.record.fallback_reason,
            "seed": job.record.seed,
            "mc_count": job.record.total,
            "compute_seconds": sum(chunk.seconds for chunk in job.chunks),
        }
        answer = await _ask(
            host,
            "finish",
            job,
            {
                **{"folder": str(job.folder), "kind": job.record.kind},
                **{"parts": parts_of(job.chunks), "facts": facts},
            },
        )
        if (more := answer.get("more")) is not None:
            return int(more)
        _take_result(job, answer)
        return None


def parts_of(chunks: list[Chunk]) -> list[dict[str, str]]:
    """Chunks as host processes are told of them."""
    return [{"file": chunk.file, "sha256": chunk.sha256} for chunk in chunks]


def _take_result(job: ActiveJob, answer: dict[str, Any]) -> None:
    job.record = msgspec.structs.replace(job.record, result_sha256=answer["sha256"])


async def _ask(
    host: Host,
    op: str,
    job: ActiveJob,
    arguments: dict[str, Any],
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    sync = job.synced
    try:
        answer = await host.call(op, {**arguments, "sync": sync}, progress, tag=job.record.id)
    except HostError as error:
        if error.kind == "storage":
            raise StorageError(str(error)) from None
        if error.kind == "damaged":
            raise DamagedError(str(error)) from None
        if error.kind == "unavailable":
            raise BackendLostError(str(error)) from None
        if error.kind == "refusal":
            raise BackendRefusalError(str(error)) from None
        if error.kind == "defect":
            raise BackendDefectError(str(error)) from None
        raise StepFailedError(str(error)) from None
    if job.synced and not sync:
        # The job has been made durable in the meantime.
        await synchronise(job)
        if "sha256" in answer and answer["sha256"] is None:
            path = job.folder / "result.npz"
            answer["sha256"] = await asyncio.to_thread(digest_of, path)
    return answer


async def synchronise(job: ActiveJob) -> None:
    """Make durable what is in a job's folder.

    Raises:
        StorageError: the disk is full or failing.
    """
    try:
        await asyncio.to_thread(sync_filesystem, job.folder)
    except OSError as error:
        raise StorageError(str(error)) from None
