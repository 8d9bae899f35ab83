"""The store as the event loop sees it: every call runs on the store's own thread, in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import sqlite3
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from pycwtd.store import series, upkeep
from pycwtd.store.database import Database
from pycwtd.store.files import write_durably
from pycwtd.store.opening import DatabaseError
from pycwtd.store.state import DATABASE, check, decide, new_folder, read_run, write_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pycwtd.store.state import Decision

log = logging.getLogger(__name__)

_PROBE_BYTES = 64 * 1024
#: A transaction that deletes needs room in the write-ahead log.
_BALLAST_BYTES = 256 * 1024

P = ParamSpec("P")
R = TypeVar("R")


class StoreError(Exception):
    """The disk or the database refused; nothing of the call has taken effect."""


class NoRoomError(StoreError):
    """The disk has less room than is kept for the jobs that are there."""


class Store:
    """The database behind one thread, and the folders of the jobs' files."""

    def __init__(
        self,
        state_dir: Path,
        decision: Decision | None = None,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        """Open what is in ``state_dir``.

        Args:
            state_dir: the state directory, locked.
            decision: what an operator wants done about a damaged database.
            progress: called while checks and migrations of the database get on.

        Raises:
            UndecidedError: the database is damaged or gone, and nobody has decided.
            DatabaseError: the database can't be used, or the directory can't be written.
        """
        self.root = state_dir
        if decision:
            decide(state_dir, decision)
        version = check(state_dir, progress)
        self._jobs = state_dir / "jobs"
        self._data = state_dir / "data"
        #: What isn't accepted yet, or lives as long as a connection; empty at every start.
        self.incoming = state_dir / "incoming"
        try:
            for folder in (self._jobs, self._data, self.incoming):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"{state_dir}: can't be written: {error.strerror}") from None
        # The folder itself stays: on a full disk it couldn't be made again.
        for left in self.incoming.iterdir():
            shutil.rmtree(left, ignore_errors=True)
        self._ballast = state_dir / "ballast"
        self.take_ballast()
        self._database = self._open(state_dir / DATABASE, version, progress)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    def _open(self, path: Path, version: int, progress: Callable[[], None]) -> Database:
        """Open the database; a full disk has room for that at least."""
        try:
            return Database(path, progress, version)
        except DatabaseError:
            if not self._ballast.exists():
                raise
            self._ballast.unlink()
        return Database(path, progress, version)

    async def __call__(
        self,
        method: Callable[Concatenate[Database, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run one method of :class:`Database`: ``await store(Database.job, job_id)``.

        Raises:
            StoreError: the disk is full or failing.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._thread, lambda: method(self._database, *args, **kwargs)
            )
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a defect of ours, not of the disk
        except sqlite3.OperationalError as error:
            raise StoreError(f"the database refused: {error}") from None
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"the database is damaged: {error}; restart pycwtd to have it looked at"
            ) from None

    async def freeing(
        self,
        method: Callable[Concatenate[Database, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """The same for what makes room: on a full disk it gets the room that is kept for it.

        Raises:
            StoreError: the disk is failing, or too full even so.
        """
        try:
            return await self(method, *args, **kwargs)
        except StoreError:
            if not self._ballast.exists():
                raise
            await asyncio.to_thread(self._ballast.unlink, missing_ok=True)
        return await self(method, *args, **kwargs)

    def take_ballast(self) -> None:
        """Keep some room for deleting, where there is enough for everything else as well."""
        if self._ballast.exists() or shutil.disk_usage(self.root).free < 16 * _BALLAST_BYTES:
            return
        with contextlib.suppress(OSError):
            write_durably(self._ballast, b"\0" * _BALLAST_BYTES)

    async def beat(self) -> None:
        """Return when the store's thread has got through with what it had to do."""
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: None)

    def folder(self, job_id: str) -> Path:
        """Where a job's files are. The id comes from a row, never straight from a client."""
        return self._jobs / job_id

    def folders(self) -> list[Path]:
        """All jobs' folders on disk."""
        return [path for path in self._jobs.iterdir() if path.is_dir()]

    def data_folder(self, data_id: str) -> Path:
        """Where an uploaded series' files are. The id comes from a row."""
        return self._data / data_id

    def data_folders(self) -> list[Path]:
        """All uploaded series' folders on disk."""
        return [path for path in self._data.iterdir() if path.is_dir()]

    async def clear_unclaimed(self) -> None:
        """Remove the folders that no row names: left-overs of what was never acknowledged.

        Where the database isn't that of the last run (a backup, or what could be salvaged), they
        may belong to jobs whose rows are lost, and are set aside.
        """
        jobs, data = await self(Database.job_ids), await self(series.ids)
        unclaimed = [
            *(folder for folder in self.folders() if folder.name not in jobs),
            *(folder for folder in self.data_folders() if folder.name not in data),
        ]
        run = read_run(self.root)
        if not unclaimed:
            return
        if run is None or await self(upkeep.knows_run, *run):
            for folder in unclaimed:
                shutil.rmtree(folder, ignore_errors=True)
            return
        aside = new_folder(self.root, "unclaimed")
        for folder in unclaimed:
            (aside / folder.parent.name).mkdir(exist_ok=True)
            folder.rename(aside / folder.parent.name / folder.name)
        log.warning(
            "the database isn't that of the last run: %d folders of jobs and series that it "
            "doesn't know are set aside in %s",
            len(unclaimed),
            aside,
        )

    async def begin_run(self, version: str) -> None:
        """Write down that this run works here: an event, and a file that names it.

        Raises:
            StoreError: the disk is full or failing.
            OSError: the same.
        """
        run = str(uuid.uuid4())
        seq = await self(upkeep.begin_run, run, version, time.time())
        await asyncio.to_thread(write_run, self.root, seq, run)

    def check_room(self, reserve: int) -> None:
        """Refuse to begin what the disk has no room to finish.

        Raises:
            NoRoomError: less than ``reserve`` bytes are free.
        """
        free = shutil.disk_usage(self.root).free
        if free < reserve:
            raise NoRoomError(
                f"{self.root} has {free >> 20} MiB left, and {reserve >> 20} MiB are kept for the "
                "jobs that are there (limits.reserve_bytes)"
            )

    async def probe(self) -> None:
        """See whether the disk takes a file and the database a row.

        Raises:
            StoreError: the database doesn't.
            OSError: the disk doesn't.
        """
        path = self.incoming / "probe"
        await asyncio.to_thread(write_durably, path, b"\0" * _PROBE_BYTES)
        await asyncio.to_thread(path.unlink)
        await self(Database.touch)
        await asyncio.to_thread(self.take_ballast)

    def bytes_stored(self) -> int:
        """Size of all jobs' and series' files, hard links counted once.

        It walks the disk, so it isn't for the event loop's thread.
        """
        sizes: dict[int, int] = {}
        for folder in (self._jobs, self._data):
            for path in folder.rglob("*"):
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    sizes[status.st_ino] = status.st_size
        return sum(sizes.values())

    async def close(self) -> None:
        """Finish what is under way and close the file."""
        # The log that couldn't be folded in is read at the next start.
        with contextlib.suppress(StoreError):
            await self(Database.close)
        self._thread.shutdown()
