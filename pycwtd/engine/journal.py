"""One line in the log for each step of a job's life, with the request that it came by."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pycwtd.logs import REQUEST_ID, fields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.engine.active import ActiveJob
    from pycwtd.store.records import Job

log = logging.getLogger(__name__)


def log_accepted(records: Sequence[Job]) -> None:
    """A job has been taken on, or a batch with its members."""
    first = records[0]
    tasks = len(records) - 1 or None
    fields = fields_of(
        event="job.queued", job_id=first.id, kind=first.kind, owner=first.owner, tasks=tasks
    )
    request_id = REQUEST_ID.get()
    log.info(
        "job %s (%s) accepted from %s%s",
        first.id,
        first.kind,
        first.owner,
        f" [{request_id}]" if request_id else "",
        extra=fields,
    )


def log_change(job: ActiveJob, event: str, data: dict[str, Any]) -> None:
    """A job's state has changed, and is on disk where it has to be.

    Args:
        job: as it is now.
        event: what has happened, as its clients are told.
        data: more of it.
    """
    record = job.record
    fields: dict[str, Any] = {
        "event": event,
        "job_id": record.id,
        "kind": record.kind,
        "owner": record.owner,
        "status": record.status,
        "backend": record.backend,
        "attempt": record.attempts,
        "request_id": job.request_id or None,
        "seconds": _seconds(record),
    }
    told = ", ".join(
        str(value) if name == "error" else f"{name} {value}" for name, value in data.items()
    )
    log.log(
        logging.WARNING if event in {"job.failed", "job.retried"} else logging.INFO,
        "job %s %s%s%s",
        record.id,
        event.removeprefix("job."),
        f": {told}" if told else "",
        f" [{job.request_id}]" if job.request_id else "",
        extra=fields_of(**(fields | data)),
    )


def _seconds(record: Job) -> float | None:
    """From start to end."""
    if record.started_at is None or record.completed_at is None:
        return None
    return round(record.completed_at - record.started_at, 6)
