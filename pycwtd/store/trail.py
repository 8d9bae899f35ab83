"""The audit trail in the database: ``await store(trail.add, rows, keep)``."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec

from pycwtd.store.records import AuditRow
from pycwtd.store.schema import insertion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.store.database import Database
    from pycwtd.store.records import Witness

_COLUMNS = tuple(name for name in AuditRow.__struct_fields__ if name != "seq")


def add(database: Database, rows: Sequence[AuditRow], keep: int) -> None:
    """Write rows of the audit trail, and drop the oldest beyond ``keep``."""
    with database.transaction() as db:
        _insert(db, rows, keep)


def testify(db: sqlite3.Connection, witness: Witness) -> bool:
    """Write a change's row within the transaction that makes it; returns whether that was possible.

    A trail that can't be written keeps nobody from a change: the row is then for the log.
    """
    try:
        _insert(db, [witness.row], witness.keep)
    except sqlite3.OperationalError:
        return False
    return True


def _insert(db: sqlite3.Connection, rows: Sequence[AuditRow], keep: int) -> None:
    db.executemany(insertion("audit", _COLUMNS), [msgspec.structs.asdict(row) for row in rows])
    db.execute("DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ?", (keep,))


def page(database: Database, before: int | None, limit: int) -> list[AuditRow]:
    """The audit trail, newest first, from before row ``before``."""
    return [AuditRow(**dict(row)) for row in database.newest("audit", "seq", before, limit)]
