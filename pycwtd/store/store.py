"""The store as the event loop sees it: every call runs on the store's own thread, in order."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from pycwtd.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

P = ParamSpec("P")
R = TypeVar("R")


class StoreError(Exception):
    """The disk or the database refused; nothing of the call has taken effect."""


class Store:
    """The database behind one thread, and the folders of the jobs' files."""

    def __init__(self, state_dir: Path, progress: Callable[[], None] = lambda: None) -> None:
        """Open what is in ``state_dir``.

        Args:
            state_dir: the state directory.
            progress: called while checks and migrations of the database get on.

        Raises:
            DatabaseError: the database can't be used.
        """
        self.root = state_dir
        self._jobs = state_dir / "jobs"
        self._jobs.mkdir(parents=True, exist_ok=True)
        self._data = state_dir / "data"
        self._data.mkdir(exist_ok=True)
        #: What isn't accepted yet, or lives as long as a connection; empty at every start.
        self.incoming = state_dir / "incoming"
        self.incoming.mkdir(exist_ok=True)
        # The folder itself stays: on a full disk it couldn't be made again.
        for left in self.incoming.iterdir():
            shutil.rmtree(left, ignore_errors=True)
        self._database = Database(state_dir / "pycwtd.sqlite3", progress)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

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
        except sqlite3.OperationalError as error:
            raise StoreError(f"the database refused: {error}") from None

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

    async def forget_unclaimed_data(self) -> None:
        """Remove the folders of uploads that were never acknowledged, or are deleted."""
        known = await self(Database.data_ids)
        for folder in self.data_folders():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def check_room(self, reserve: int) -> None:
        """Refuse to begin what the disk has no room to finish.

        Raises:
            StoreError: less than ``reserve`` bytes are free.
        """
        free = shutil.disk_usage(self.root).free
        if free < reserve:
            raise StoreError(
                f"{self.root} has {free >> 20} MiB left, and {reserve >> 20} MiB are kept for the "
                "jobs that are there (limits.reserve_bytes)"
            )

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
        await self(Database.close)
        self._thread.shutdown()
