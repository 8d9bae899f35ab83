"""Making a new database of what can be read of a damaged one."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from pycwtd.store.files import sync_directory, sync_file
from pycwtd.store.opening import DamagedError, migrate
from pycwtd.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Rows whose own row is gone: they go, too, or lose the reference.
_ORPHANS = (
    ("chunks", "DELETE FROM chunks WHERE job_id NOT IN (SELECT id FROM jobs)"),
    ("ran", "DELETE FROM ran WHERE job_id NOT IN (SELECT id FROM jobs)"),
    ("idempotency", "DELETE FROM idempotency WHERE job_id NOT IN (SELECT id FROM jobs)"),
    ("jobs", "UPDATE jobs SET batch_id = NULL WHERE batch_id NOT IN (SELECT id FROM jobs)"),
)


def salvage(damaged: Path, target: Path) -> dict[str, int]:
    """Copy every row that can be read; returns their numbers by table.

    What is left of a job without a row stays in its folder, which the next start sets aside.

    Raises:
        DamagedError: nothing can be read.
    """
    temporary = target.with_name(target.name + ".new")
    temporary.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(temporary, isolation_level=None)) as new,
    ):
        try:
            version = int(old.execute("PRAGMA user_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            temporary.unlink()
            raise DamagedError(f"{damaged}: nothing can be read of it: {error}") from None
        migrate(new, 0, min(max(version, 1), len(MIGRATIONS)))
        new.execute("PRAGMA foreign_keys = OFF")
        new.execute("BEGIN")
        rows = {table: _copy(old, new, table) for table in _tables(new)}
        for table, statement in _ORPHANS:
            if table in rows:  # which an earlier version may not have had
                new.execute(statement)
        new.execute("COMMIT")
    if not any(rows.values()):
        temporary.unlink()
        raise DamagedError(f"{damaged}: nothing can be read of it")
    sync_file(temporary)
    temporary.replace(target)
    sync_directory(target.parent)
    return rows


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return sorted(row[0] for row in found)


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """Rows from the front up to the damage, and from the end back to it."""
    info = new.execute(f"PRAGMA table_info({table})").fetchall()
    names = ", ".join(row[1] for row in info)
    # A table without rowids is kept by its key.
    key = ", ".join(row[1] for row in sorted(info, key=lambda row: row[5]) if row[5])
    places = ", ".join("?" for _ in info)
    # The names are those of our own schema.
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"  # noqa: S608
    copied = 0
    for order in ("rowid", "rowid DESC", key, f"{key} DESC".replace(", ", " DESC, ")):
        for row in _readable(old, f"SELECT {names} FROM {table} ORDER BY {order}"):  # noqa: S608
            with suppress(sqlite3.DatabaseError):  # a value that no check lets through
                copied += new.execute(insert, row).rowcount
    return copied


def _readable(database: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    try:
        yield from database.execute(query)
    except sqlite3.DatabaseError:
        return
