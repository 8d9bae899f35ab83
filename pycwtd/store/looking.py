"""Rows that are there to be looked at: where jobs were computed, and what has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd.store.records import Ran

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
