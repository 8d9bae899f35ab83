"""Putting a backup where the daemon keeps its state, and seeing that it is all there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from pycwtd.store.backup import (
    FOLDERS,
    MANIFEST,
    BackupError,
    FileEntry,
    Manifest,
    hand_over,
    newest,
    walk,
    wrong_files,
)
from pycwtd.store.files import digest_of, sync_filesystem
from pycwtd.store.opening import examine, holds_something
from pycwtd.store.state import DATABASE, RUN, new_folder

if TYPE_CHECKING:
    from pathlib import Path

#: What belongs to a database, or to the run that worked with it.
_OF_DATABASE = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", RUN)


def find_backup(path: Path) -> Path:
    """A backup, or the newest one in a folder of backups.

    Raises:
        BackupError: there is none.
    """
    if (path / MANIFEST).exists():
        return path
    found = newest(path)
    if found is None:
        raise BackupError(f"{path}: there is no finished backup in it")
    return found


def verify(backup: Path) -> Manifest:
    """See that a backup is what its manifest and its rows say.

    Raises:
        BackupError: it isn't; the text names the first file.
        DatabaseError: it is of a newer program, or damaged.
        OSError: a file can't be read.
    """
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{backup / MANIFEST}: can't be read: {error}") from None
    if manifest.format != 1:
        raise BackupError(f"{backup}: its format is {manifest.format}; this program knows 1")
    _same(backup, manifest.files)
    examine(backup / DATABASE)
    with closing(
        sqlite3.connect(f"{(backup / DATABASE).absolute().as_uri()}?mode=ro", uri=True)
    ) as database:
        if wrong_files(database, manifest.files) != manifest.damaged:
            raise BackupError(f"{backup}: rows and files don't belong together")
        for name, count in manifest.rows.items():
            found = len(database.execute(FOLDERS[name]).fetchall())
            if found != count:
                raise BackupError(f"{backup}: {found} {name} in place of {count}")
    return manifest


def _same(root: Path, files: dict[str, FileEntry]) -> None:
    for name, entry in files.items():
        path = root / name
        if not path.is_file():
            raise BackupError(f"{path}: is gone")
        if path.stat().st_size != entry.size or digest_of(path) != entry.sha256:
            raise BackupError(f"{path}: isn't what was written there")


def restore_backup(backup: Path, state_dir: Path, *, replace: bool = False) -> Manifest:
    """Put a verified backup into a state directory, which is locked.

    Files get the owner of the directory, so that root can do it for the daemon's user.

    Args:
        backup: it.
        state_dir: where to.
        replace: moves what is there to ``replaced-TIME`` first.

    Raises:
        BackupError: the backup can't be used, or the directory is in use already.
        DatabaseError: it is of a newer program, or damaged.
        OSError: a file can't be read or written.
    """
    manifest = verify(backup)
    _make_room(state_dir, replace=replace)
    names = [name for name in manifest.files if name.split("/", 1)[0] in FOLDERS]
    made = {name: state_dir / name for name in FOLDERS}
    for folder in made.values():
        folder.mkdir(exist_ok=True)
    copies: dict[tuple[int, int], Path] = {}
    for name in names:
        source, target = backup / name, state_dir / name
        target.parent.mkdir(exist_ok=True)
        status = source.stat()
        if known := copies.get((status.st_dev, status.st_ino)):
            target.hardlink_to(known)
            continue
        shutil.copy2(source, target)
        copies[status.st_dev, status.st_ino] = target
    # The rows come last: until then the daemon says that its database is gone.
    partial = state_dir / f"{DATABASE}.tmp"
    shutil.copyfile(backup / DATABASE, partial)
    hand_over(state_dir, [*made.values(), partial])
    _same(state_dir, {name: manifest.files[name] for name in names})
    if digest_of(partial) != manifest.files[DATABASE].sha256:
        raise BackupError(f"{partial}: isn't what was written there")
    sync_filesystem(state_dir)
    partial.rename(state_dir / DATABASE)
    sync_filesystem(state_dir)
    return manifest


def _make_room(state_dir: Path, *, replace: bool) -> None:
    used = _has_rows(state_dir / DATABASE) or any(
        next(walk(state_dir / name), None) for name in FOLDERS
    )
    # Asked after it was looked at, which folds in what a killed daemon has left of its log.
    there = [name for name in (*FOLDERS, *_OF_DATABASE) if (state_dir / name).exists()]
    if used and not replace:
        raise BackupError(
            f"{state_dir}: there are jobs already; with --replace they are moved aside"
        )
    if not there:
        return
    aside = new_folder(state_dir, "replaced")
    for name in there:
        (state_dir / name).rename(aside / name)


def _has_rows(path: Path) -> bool:
    """Whether a database has jobs or series; a daemon that was started once has one without."""
    if not holds_something(path):
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            return any(database.execute(query).fetchone() for query in FOLDERS.values())
    except sqlite3.Error:
        return True
