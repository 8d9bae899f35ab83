"""Looking at a database before anything is written to it, and bringing it up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from pycwtd.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


#: Of SQLite's machine, between two calls of what watches a check; some milliseconds.
PROGRESS_STEPS = 100_000


class DatabaseError(Exception):
    """The database can't be used; the text says why and what to do."""


class DamagedError(DatabaseError):
    """The database is damaged; the text says how."""


def examine(path: Path, progress: Callable[[], None] = lambda: None) -> int:
    """The version of the database, 0 where there is none yet; nothing is changed.

    Args:
        path: of the file.
        progress: called while it is looked at.

    Raises:
        DamagedError: it is damaged.
        DatabaseError: it is newer than this program, or can't be read.
    """
    if not holds_something(path):
        return 0
    try:
        # Read-only: not even the log of a newer program is folded in.
        version, verdict = _look(path, "ro", progress)
    except sqlite3.OperationalError:
        # What was killed in the middle of the very first start has to be undone by writing.
        version, verdict = _look(path, "rw", progress)
    if verdict != "ok":
        raise DamagedError(f"{path}: the database is damaged: {verdict}")
    return version


def _look(path: Path, mode: str, progress: Callable[[], None]) -> tuple[int, str]:
    try:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.set_progress_handler(progress, PROGRESS_STEPS)
            version = int(database.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise DatabaseError(
                    f"{path}: the database has version {version}, this program knows up to "
                    f"{len(MIGRATIONS)}; use the newer program. Nothing has been changed in it"
                )
            return version, str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if mode == "ro":
            raise
        raise DatabaseError(f"{path}: the database can't be read: {error}") from None
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"{path}: the database is damaged: {error}") from None


def holds_something(path: Path) -> bool:
    """Whether there is a database at all; SQLite makes one of an empty file.

    Of a young one everything may still be in its write-ahead log.
    """
    for part in (path, path.with_name(path.name + "-wal")):
        try:
            if part.stat().st_size > 0:
                return True
        except FileNotFoundError:
            continue
    return False


def migrate(database: sqlite3.Connection, version: int, wanted: int) -> None:
    """Bring a database from one version to another, each step whole or not at all."""
    for number in range(version, wanted):
        # executescript commits whatever is open, so the transaction is part of the script.
        database.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
