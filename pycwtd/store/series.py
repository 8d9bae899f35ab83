"""Uploaded series in the database: ``await store(series.find, data_id)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pycwtd.store.records import Data
from pycwtd.store.schema import insertion

if TYPE_CHECKING:
    import sqlite3

    from pycwtd.store.database import Database
    from pycwtd.store.records import Witness

_COLUMNS = Data.__struct_fields__


def insert(database: Database, data: Data, witness: Witness | None = None) -> Data:
    """Take note of a series whose files are on disk; returns it with its number."""
    with database.transaction() as db:
        number = db.execute("SELECT coalesce(max(number), 0) FROM data").fetchone()[0]
        numbered = msgspec.structs.replace(data, number=number + 1)
        row = msgspec.structs.asdict(numbered)
        row["metadata"] = msgspec.json.encode(data.metadata).decode()
        db.execute(insertion("data", _COLUMNS), row)
        database.tell("data.stored", {"data_id": data.id}, data.created_at)
        database.testify(witness)
    return numbered


def delete(database: Database, data_id: str, now: float, witness: Witness | None = None) -> bool:
    """Forget a series; returns whether there was one."""
    with database.transaction() as db:
        found = db.execute("DELETE FROM data WHERE id = ?", (data_id,)).rowcount > 0
        if found:
            database.tell("data.deleted", {"data_id": data_id}, now)
            database.testify(witness)
    return found


def find(database: Database, data_id: str) -> Data | None:
    """One series, or none."""
    with database.reading() as db:
        row = db.execute("SELECT * FROM data WHERE id = ?", (data_id,)).fetchone()
    return _data_of(row) if row else None


def page(database: Database, before: int | None, limit: int) -> list[Data]:
    """Series, newest first, older than number ``before``."""
    return [_data_of(row) for row in database.newest("data", "number", before, limit)]


def ids(database: Database) -> set[str]:
    """The ids of all series."""
    with database.reading() as db:
        return {row["id"] for row in db.execute("SELECT id FROM data")}


def _data_of(row: sqlite3.Row) -> Data:
    values = dict(row)
    values["metadata"] = msgspec.json.decode(values["metadata"])
    values["constant"] = bool(values["constant"])
    return Data(**values)
