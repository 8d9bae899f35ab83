"""Rows for the daemon's own sake: its runs, what has no row, what turned out to be damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pycwtd.store.database import Database
    from pycwtd.store.records import Job


def begin_run(database: Database, run: str, version: str, now: float) -> int:
    """Write that a daemon has started; returns the number of that event."""
    with database.transaction():
        database.tell("system.started", {"version": version, "run": run}, now)
        return database.last_event()


def knows_run(database: Database, seq: int, run: str) -> bool:
    """Whether the start of that run is told under that number."""
    found = database.events(seq - 1, 1)
    return bool(found) and found[0].seq == seq and found[0].data.get("run") == run


def drop_chunks(
    database: Database, job: Job, firsts: list[int], data: dict[str, Any], now: float
) -> None:
    """Forget realisations whose files are damaged, and tell of it."""
    with database.transaction() as db:
        db.executemany(
            "DELETE FROM chunks WHERE job_id = ? AND first = ?",
            [(job.id, first) for first in firsts],
        )
        database.tell_of(db, job, "job.repaired", data, now)


def reopen(database: Database, job: Job, data: dict[str, Any], now: float) -> Job:
    """Put a completed job back into the queue: its result is lost and can be computed again."""
    changed = msgspec.structs.replace(
        job, status="queued", completed_at=None, result_sha256=None, host_deaths=0
    )
    return database.change_job(
        job,
        "job.queued",
        data,
        now,
        {
            name: getattr(changed, name)
            for name in ("status", "completed_at", "result_sha256", "host_deaths")
        },
    )
