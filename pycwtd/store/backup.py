"""Backups of the state while the daemon works: rows by SQLite, files by copying, both verified.

A file never changes once a row names it, so what has to fit together is the moment: files are
copied, then the database is, then those files that have come in between. What a job that runs
has thrown away meanwhile is computed again after a restore, with the same numbers.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import msgspec

from pycwtd.store.files import digest_of, sync_filesystem, write_durably
from pycwtd.store.opening import DatabaseError
from pycwtd.store.state import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Folders with what belongs to rows, and what asks for the ids of these.
FOLDERS = {"jobs": "SELECT id FROM jobs", "data": "SELECT id FROM data"}
MANIFEST = "manifest.json"
#: Copies of the files of the configuration; a restore leaves them to the operator.
CONFIGURATION = "configuration"
_PREFIX = "pycwtd-"
_UNFINISHED = ".partial"


class BackupError(Exception):
    """There is no backup, or it can't be used; the text says why."""


class FileEntry(msgspec.Struct, frozen=True):
    """A file of a backup."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a backup, written last: without it, there is none."""

    #: Of the layout of the backup.
    format: int = 1
    version: str
    created_at: float
    #: Number of the last event.
    last_event: int
    #: Number of rows of each table that has files.
    rows: dict[str, int]
    files: dict[str, FileEntry]
    #: Results and series that weren't what their rows say when the backup was made.
    damaged: list[str]


def make_backup(
    state_dir: Path, target: Path, *, version: str, configuration: tuple[Path, ...] = ()
) -> tuple[Path, Manifest]:
    """Write a new backup into a folder of backups; the daemon may be at work.

    Files that the newest backup there has already are linked to, and read again all the same.

    Args:
        state_dir: of the daemon.
        target: folder of the backups; made where it isn't there.
        version: of this program.
        configuration: files that are kept with it.

    Returns:
        Where it is, and what is in it.

    Raises:
        BackupError: there is no database, or the backup isn't what the state is.
        DatabaseError: the database can't be read.
        OSError: a file can't be read or written.
    """
    if not (state_dir / DATABASE).exists():
        raise BackupError(f"{state_dir / DATABASE}: there is no database to back up")
    # Results are nobody else's to read.
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = newest(target)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    path = target / f"{_PREFIX}{stamp}"
    number = 1
    while path.exists():
        number += 1
        path = target / f"{_PREFIX}{stamp}-{number}"
    work = path.with_name(path.name + _UNFINISHED)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        manifest = _fill(state_dir, work, before, version, configuration)
        write_durably(work / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        sync_filesystem(work)
        work.rename(path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    sync_filesystem(target)
    return path, manifest


def _fill(
    state_dir: Path, work: Path, before: Path | None, version: str, configuration: tuple[Path, ...]
) -> Manifest:
    for name in FOLDERS:
        (work / name).mkdir()
    _copy_new(state_dir, work, before)
    _copy_database(state_dir / DATABASE, work / DATABASE)
    _copy_new(state_dir, work, before)
    for file in configuration:
        (work / CONFIGURATION).mkdir(exist_ok=True)
        shutil.copy2(file, work / CONFIGURATION / file.name)
    with closing(sqlite3.connect(work / DATABASE)) as database:
        rows = {name: _drop_unclaimed(database, work, name) for name in FOLDERS}
        files = {str(file.relative_to(work)): _entry(file) for file in walk(work)}
        _drop_lost_chunks(database, files)
        damaged = _compare(database, files, state_dir / DATABASE)
        last = database.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        database.commit()
    # Rows may have been dropped from it.
    files[DATABASE] = _entry(work / DATABASE)
    return Manifest(
        version=version,
        created_at=time.time(),
        last_event=last,
        rows=rows,
        files=files,
        damaged=damaged,
    )


def _copy_new(state_dir: Path, work: Path, before: Path | None) -> None:
    """Copy what isn't there yet, or was written to since."""
    copies: dict[tuple[int, int], Path] = {}
    for source in (path for name in FOLDERS for path in walk(state_dir / name)):
        relative = source.relative_to(state_dir)
        target = work / relative
        with suppress(FileNotFoundError):  # gone since: no row names it any more
            status = source.stat()
            if _is_copy(target, status):
                continue
            target.parent.mkdir(exist_ok=True)
            target.unlink(missing_ok=True)
            known = copies.get((status.st_dev, status.st_ino))
            if known is None and before and _is_copy(before / relative, status):
                known = before / relative
            if known is not None:
                target.hardlink_to(known)
            else:
                shutil.copy2(source, target)
            copies[status.st_dev, status.st_ino] = target


def _is_copy(path: Path, status: os.stat_result) -> bool:
    """Whether a file is there that was copied from one of this size and time."""
    if not path.exists():
        return False
    found = path.stat()
    return (found.st_size, found.st_mtime_ns) == (status.st_size, status.st_mtime_ns)


def _copy_database(source: Path, target: Path) -> None:
    """One moment of the database, with what is in its log, in one file."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            # All pages in one go: no writer can come in between, and none has to wait.
            live.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")
            verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseError(f"{source}: the database can't be backed up: {error}") from None
    if verdict != "ok":
        raise BackupError(f"{source}: the database is damaged: {verdict}")


def _drop_unclaimed(database: sqlite3.Connection, work: Path, name: str) -> int:
    """Remove the folders that no row names; returns the number of rows."""
    ids = {row[0] for row in database.execute(FOLDERS[name])}
    for folder in (work / name).iterdir():
        if folder.name not in ids:
            shutil.rmtree(folder)
    return len(ids)


def _drop_lost_chunks(database: sqlite3.Connection, files: dict[str, FileEntry]) -> None:
    """Forget realisations whose files went while the backup was made: their job has moved on."""
    for job_id, first, file, sha256 in database.execute(
        "SELECT job_id, first, file, sha256 FROM chunks"
    ).fetchall():
        found = files.get(f"jobs/{job_id}/{file}")
        if found is None or found.sha256 != sha256:
            database.execute("DELETE FROM chunks WHERE job_id = ? AND first = ?", (job_id, first))


def _compare(database: sqlite3.Connection, files: dict[str, FileEntry], live: Path) -> list[str]:
    """What isn't as its row says; series that were deleted meanwhile lose their row."""
    wrong = wrong_files(database, files)
    if not wrong:
        return []
    with closing(sqlite3.connect(f"{live.absolute().as_uri()}?mode=ro", uri=True)) as now:
        kept = {row[0] for row in now.execute("SELECT id FROM data")}
    for name in list(wrong):
        folder, found, _ = name.split("/", 2)
        if folder == "data" and found not in kept:
            database.execute("DELETE FROM data WHERE id = ?", (found,))
            wrong.remove(name)
    return wrong


def wrong_files(database: sqlite3.Connection, files: dict[str, FileEntry]) -> list[str]:
    """The results and series that aren't there, or aren't what their rows say."""
    expected = {
        f"jobs/{job_id}/result.npz": sha256
        for job_id, sha256 in database.execute(
            "SELECT id, result_sha256 FROM jobs WHERE result_sha256 IS NOT NULL"
        )
    }
    for data_id, sha256, series_sha256 in database.execute(
        "SELECT id, sha256, series_sha256 FROM data"
    ):
        expected[f"data/{data_id}/original"] = sha256
        expected[f"data/{data_id}/series.npy"] = series_sha256
    return sorted(
        name
        for name, sha256 in expected.items()
        if name not in files or files[name].sha256 != sha256
    )


def _entry(file: Path) -> FileEntry:
    return FileEntry(file.stat().st_size, digest_of(file))


def walk(folder: Path) -> Iterator[Path]:
    """All files of a folder that aren't half written, in the order of their names."""
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(".tmp"):
                yield folder.__class__(path) / name


def all_backups(target: Path) -> list[Path]:
    """The finished backups of a folder, oldest first."""
    return sorted(
        (path for path in target.glob(f"{_PREFIX}*") if (path / MANIFEST).exists()),
        key=lambda path: (path / MANIFEST).stat().st_mtime_ns,
    )


def newest(target: Path) -> Path | None:
    """The newest finished backup of a folder, or none."""
    found = [path for path in all_backups(target) if path.suffix != _UNFINISHED]
    return found[-1] if found else None


def prune(target: Path, keep: int) -> list[Path]:
    """Remove all but the ``keep`` newest backups; returns those removed."""
    old = all_backups(target)[:-keep]
    for path in old:
        shutil.rmtree(path)
    return old
