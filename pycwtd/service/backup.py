"""Backup and restore of the daemon on this machine, as its configuration has it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pycwtd import __version__
from pycwtd.config import ConfigError, layered_config
from pycwtd.platform.sockets import ListenError, lock_directory
from pycwtd.store import backup as made
from pycwtd.store.opening import DatabaseError
from pycwtd.store.restore import find_backup, restore_backup, verify
from pycwtd.store.stamp import write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pycwtd.store.backup import Manifest


class BackupFailedError(Exception):
    """A backup or a restore came to nothing; the text says why."""


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ConfigError, ListenError, DatabaseError, made.BackupError) as error:
        raise BackupFailedError(str(error)) from None


def backup(
    target: Path,
    *,
    config: Path | None,
    state_dir: Path | None,
    keep: int,
    warn: Callable[[str], None] = lambda _: None,
) -> tuple[Path, Manifest, list[Path]]:
    """Back up the state of a daemon, which may be at work, and verify what was written.

    One in which nothing is damaged is noted in the state directory: the daemon tells its time.

    Args:
        target: folder of the backups.
        config: file of the daemon's configuration; without it, the usual one.
        state_dir: in place of the configuration's.
        keep: how many of the backups in ``target`` are kept; 0 keeps all.
        warn: called with what is wrong though the backup is good.

    Returns:
        The backup, what is in it, and the old ones that were removed.

    Raises:
        BackupFailedError: there is nothing to back up, the configuration or the database can't
            be read, or the backup isn't right.
        OSError: a file can't be read or written.
    """
    with _told():
        found = layered_config(config, {}, os.environ)
        place = state_dir or Path(found.config.state_dir)
        path, _ = made.make_backup(
            place, target, version=__version__, configuration=tuple(found.files)
        )
        # Read again from the disk, as a restore would.
        manifest = verify(path)
        if not manifest.damaged:
            try:
                write_stamp(place, manifest.created_at)
            except OSError as error:
                warn(f"the daemon can't be told of this backup: {error}")
        return path, manifest, made.prune(target, keep) if keep else []


def restore(
    source: Path, *, config: Path | None, state_dir: Path | None, replace: bool
) -> tuple[Path, Path, Manifest]:
    """Put a backup into the state directory of a daemon that doesn't run.

    Args:
        source: a backup, or a folder of backups, of which the newest is taken.
        config: file of the daemon's configuration; without it, the usual one.
        state_dir: in place of the configuration's.
        replace: what is there is moved aside, and isn't a reason to refuse.

    Returns:
        The backup, the state directory, and what was restored.

    Raises:
        BackupFailedError: the backup is damaged or of a newer program, a daemon is running
            there, there are jobs already, or the configuration can't be read.
        OSError: a file can't be read or written.
    """
    with _told():
        place = state_dir or Path(layered_config(config, {}, os.environ).config.state_dir)
        chosen = find_backup(source)
        lock = lock_directory(place)
        try:
            if os.geteuid() == 0:
                owner = place.stat()
                os.fchown(lock, owner.st_uid, owner.st_gid)
            manifest = restore_backup(chosen, place, replace=replace)
        finally:
            os.close(lock)
    return chosen, place, manifest
