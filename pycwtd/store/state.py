"""The state directory as a whole: whether it can be trusted, and what an operator may decide.

A damaged database is moved aside, never deleted. Where files of jobs are and no database, nothing
starts by itself: an empty daemon would look as if there had never been any jobs.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Literal

from pycwtd.store.files import sync_directory, write_durably
from pycwtd.store.opening import DamagedError, DatabaseError, examine, holds_something
from pycwtd.store.salvage import salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

DATABASE = "pycwtd.sqlite3"
#: Names the last run that worked with this directory.
RUN = "run"
#: Folders with what belongs to rows.
_FOLDERS = ("jobs", "data")
#: The write-ahead log belongs to the database; the index of the log is made anew.
_SUFFIXES = ("", "-wal", "-journal", "-shm")

#: What an operator may do about a database that isn't there or can't be used.
Decision = Literal["retry", "salvage", "empty"]

_CHOICES = (
    "Put a backup in its place, or start pycwtd once with --after-damage retry (look at the "
    "database again), salvage (make a new one of what can be read) or empty (begin anew; what is "
    "there is kept aside)"
)


class UndecidedError(Exception):
    """An operator has to decide what becomes of the state; the text says what has happened."""


def check(root: Path, progress: Callable[[], None] = lambda: None) -> int:
    """See that the state can be worked with; a damaged database is moved aside.

    Args:
        root: the state directory.
        progress: called while the database is looked at.

    Returns:
        The database's version, 0 where there is none yet.

    Raises:
        UndecidedError: the database is damaged or gone.
        DatabaseError: it is newer than this program, or can't be read.
    """
    path = root / DATABASE
    if not holds_something(path):
        if aside := _aside(root):
            raise UndecidedError(
                f"{path}: there is no database; the last one is damaged and was moved to "
                f"{aside}. {_CHOICES}"
            )
        if _used(root):
            raise UndecidedError(
                f"{path}: the database is gone, while files of jobs are there. {_CHOICES}"
            )
        return 0
    try:
        return examine(path, progress)
    except DamagedError as error:
        aside = _move_aside(root, [DATABASE + suffix for suffix in _SUFFIXES])
        log.error("%s; moved to %s", error, aside)
        raise UndecidedError(f"{error}; it was moved to {aside}. {_CHOICES}") from None


def decide(root: Path, decision: Decision) -> None:
    """Do what an operator has decided; nothing, where there is nothing to be decided.

    Raises:
        UndecidedError: it can't be done that way.
        DatabaseError: the database is newer than this program, or can't be read.
    """
    try:
        check(root)
    except UndecidedError:
        pass
    else:
        log.info("--after-damage %s: the database is well, nothing was done", decision)
        return
    if decision == "empty":
        for folder in _damaged(root):
            # The decision has been taken: it isn't looked for any more.
            folder.rename(folder.with_name(folder.name.replace("damaged-", "kept-")))
        names = (*_FOLDERS, RUN, *(DATABASE + suffix for suffix in _SUFFIXES))
        log.warning("beginning anew; what was there is in %s", _move_aside(root, names, "kept"))
        return
    aside = _aside(root)
    if aside is None:
        raise UndecidedError(
            f"{root}: there is no damaged database to {decision}; put a backup at "
            f"{root / DATABASE}, or begin anew with --after-damage empty"
        )
    if decision == "retry":
        for suffix in reversed(_SUFFIXES):
            if (aside / (DATABASE + suffix)).exists():
                (aside / (DATABASE + suffix)).rename(root / (DATABASE + suffix))
        sync_directory(root)
        check(root)
        return
    try:
        rows = salvage(aside / DATABASE, root / DATABASE)
    except DamagedError as error:
        raise UndecidedError(f"{error}. {_CHOICES}") from None
    # What has lost its row must be found to be unclaimed, and not be taken for left-overs.
    write_run(root, 0, "salvaged")
    told = ", ".join(f"{count} {name}" for name, count in rows.items())
    log.warning("salvaged from %s: %s", aside, told)


def _used(root: Path) -> bool:
    return (root / RUN).exists() or any(
        next((root / name).iterdir(), None) for name in _FOLDERS if (root / name).is_dir()
    )


def _damaged(root: Path) -> list[Path]:
    return sorted(root.glob("damaged-*"))


def _aside(root: Path) -> Path | None:
    """Where the database was moved last."""
    with_one = [folder for folder in _damaged(root) if (folder / DATABASE).exists()]
    return with_one[-1] if with_one else None


def new_folder(root: Path, what: str) -> Path:
    """A new folder in the state directory, named by what is in it and the time."""
    stem = f"{what}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    path, number = root / stem, 1
    while path.exists():
        number += 1
        path = root / f"{stem}-{number}"
    path.mkdir()
    return path


def _move_aside(root: Path, names: Iterable[str], what: str = "damaged") -> Path:
    try:
        aside = new_folder(root, what)
        for name in names:
            if (root / name).exists():
                (root / name).rename(aside / name)
        sync_directory(aside)
        sync_directory(root)
    except OSError as error:
        raise DatabaseError(f"{root}: what is damaged can't be moved aside: {error}") from None
    return aside


def read_run(root: Path) -> tuple[int, str] | None:
    """Number of the event and id of the last run that was written down."""
    try:
        seq, _, run = (root / RUN).read_text(encoding="ascii").strip().partition(" ")
        return int(seq), run
    except (FileNotFoundError, ValueError):
        return None


def write_run(root: Path, seq: int, run: str) -> None:
    """Write down which run works here, for :func:`read_run`."""
    write_durably(root / RUN, f"{seq} {run}\n".encode())
