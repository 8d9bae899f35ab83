"""Rows that are there to be looked at: where jobs were computed, and what has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pycwtd.store.records import Event, Ran

if TYPE_CHECKING:
    import sqlite3

    from pycwtd.store.database import Database

#: Parts of a job's computation that are kept when it has ended.
_MOST_PLACES = 1000


def keep_places(db: sqlite3.Connection, job_id: str) -> None:
    """Forget the chunks of a job that has ended, but not where they were computed."""
    db.execute("DELETE FROM ran WHERE job_id = ?", (job_id,))
    db.execute(
        "INSERT INTO ran (job_id, first, count, backend, seconds)"
        " SELECT job_id, first, count, backend, seconds FROM chunks WHERE job_id = ?"
        " ORDER BY first LIMIT ?",
        (job_id, _MOST_PLACES),
    )
    db.execute("DELETE FROM chunks WHERE job_id = ?", (job_id,))


def places(database: Database, job_id: str) -> list[Ran]:
    """Where the realisations of an ended job were computed, in their order."""
    with database.reading() as db:
        rows = db.execute(
            "SELECT first, count, backend, seconds FROM ran WHERE job_id = ? ORDER BY first",
            (job_id,),
        ).fetchall()
    return [Ran(**dict(row)) for row in rows]


def recent_events(
    database: Database,
    *,
    since: int | None = None,
    before: int | None = None,
    job_id: str | None = None,
    kind: str | None = None,
    limit: int = 100,
) -> list[Event]:
    """Events that fit, newest first.

    Args:
        database: theirs.
        since: only those after this number.
        before: only those before this number.
        job_id: only those of this job.
        kind: only those of this type.
        limit: the most there may be.
    """
    wanted = {
        "seq > ?": since,
        "seq < ?": before,
        "job_id = ?": job_id,
        "type = ?": kind,
    }
    given = {condition: value for condition, value in wanted.items() if value is not None}
    where = f" WHERE {' AND '.join(given)}" if given else ""
    with database.reading() as db:
        rows = db.execute(
            # The conditions are those above.
            f"SELECT * FROM events{where} ORDER BY seq DESC LIMIT ?",  # noqa: S608
            (*given.values(), limit),
        ).fetchall()
    return [Event(**{**dict(row), "data": msgspec.json.decode(row["data"])}) for row in rows]
