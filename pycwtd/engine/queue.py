"""How much may wait: jobs and bytes, of each owner and of all."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.config import Limits
    from pycwtd.engine.active import ActiveJob
    from pycwtd.store.records import Job

#: Bytes of a histogram's row, and how often a histogram is on the disk while chunks of it are
#: written and added up.
_ROW_BYTES = 8 * 1024
_COPIES = 3
#: Bytes of a point in the maps of a result: three of 8 bytes, or a complex one, twice.
_POINT_BYTES = 32


class QueueFullError(Exception):
    """No more jobs are taken for now; the text says which limit is reached."""


class Queue:
    """Counts what hasn't ended."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jobs: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        #: What jobs were estimated to take, by the backend that they were given and their ids.
        self._seconds: defaultdict[str, dict[str, float]] = defaultdict(dict)
        #: Of all owners.
        self.jobs = 0
        self.bytes = 0
        #: Submissions refused since the start.
        self.refused = 0

    def configure(self, limits: Limits) -> None:
        """Go by other limits from now on; who is in stays in."""
        self._limits = limits

    def check(self, records: Sequence[Job], requests: Sequence[bytes]) -> None:
        """See that there is a place for new jobs of one owner.

        Raises:
            QueueFullError: there is none.
        """
        limits, owner = self._limits, records[0].owner
        jobs = sum(record.kind != "batch" for record in records)
        size = sum(map(len, requests))
        for have, most, what in (
            (self.jobs + jobs, limits.queued_jobs, "jobs"),
            (self.bytes + size, limits.queued_bytes, "bytes"),
            (self._jobs[owner] + jobs, limits.queued_jobs_per_owner, f"jobs of {owner}"),
            (self._bytes[owner] + size, limits.queued_bytes_per_owner, f"bytes of {owner}"),
        ):
            if have > most:
                self.refused += 1
                raise QueueFullError(f"the queue is full ({most} {what})")

    def add(self, job: ActiveJob) -> None:
        """Count a job in."""
        owner = job.record.owner
        self.jobs += 1
        self.bytes += job.bytes
        self._jobs[owner] += 1
        self._bytes[owner] += job.bytes
        if job.record.backend is not None:
            seconds = job.record.estimated_seconds or 0.0
            self._seconds[job.record.backend][job.record.id] = seconds

    def wait(self, backend: str) -> float:
        """Seconds that the jobs which haven't ended were estimated to take on a backend."""
        return sum(self._seconds[backend].values())

    def remove(self, job: ActiveJob) -> None:
        """Count it out."""
        owner = job.record.owner
        self.jobs -= 1
        self.bytes -= job.bytes
        self._jobs[owner] -= 1
        self._bytes[owner] -= job.bytes
        for seconds in self._seconds.values():
            seconds.pop(job.record.id, None)
        if not self._jobs[owner]:
            del self._jobs[owner], self._bytes[owner]


def disk_bytes(record: Job) -> int:
    """Room that a job's files may take at the most while it is computed, about."""
    values = record.parameters
    scales = int(values.get("J", 0)) + 1
    points = scales * int(values.get("samples", 0)) * _POINT_BYTES
    return points + (scales * _ROW_BYTES * _COPIES if record.total else 0)
