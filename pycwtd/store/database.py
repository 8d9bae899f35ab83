"""The SQLite file: opened with care, written by one connection; the rows of jobs and events."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from pycwtd.store.looking import keep_places
from pycwtd.store.opening import PROGRESS_STEPS, DatabaseError, examine, migrate
from pycwtd.store.records import FINAL, Chunk, Event, Job, Status, batch_status
from pycwtd.store.schema import MIGRATIONS, insertion
from pycwtd.store.trail import testify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pycwtd.store.records import Witness

_JOB_COLUMNS = tuple(f.name for f in msgspec.structs.fields(Job))
_CHUNK_COLUMNS = tuple(f.name for f in msgspec.structs.fields(Chunk))


class IdempotencyConflictError(Exception):
    """The key was used before, with another request."""


class Database:
    """Synchronous access; :class:`pycwtd.store.store.Store` puts it on its own thread."""

    def __init__(
        self,
        path: Path,
        progress: Callable[[], None] = lambda: None,
        version: int | None = None,
    ) -> None:
        """Open or make the database.

        Args:
            path: of the file.
            progress: called while checks and migrations get on, so that one that takes long
                isn't taken for one that is stuck.
            version: of a database that has been examined; None has it examined here.

        Raises:
            DamagedError: it is damaged.
            DatabaseError: it is newer than this program, or can't be written.
        """
        self.path = path
        #: Whose rows the transaction under way has written.
        self._heard: list[Witness] = []
        if version is None:
            version = examine(path, progress)
        try:
            # No implicit transactions: each one is begun and ended in so many words.
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            self._connection.set_progress_handler(progress, PROGRESS_STEPS)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection, version, len(MIGRATIONS))
            self._connection.set_progress_handler(None, 0)
        except sqlite3.Error as error:
            raise DatabaseError(
                f"{path}: the database can't be opened for writing ({error}); nothing has been "
                "changed in it. See that the disk is well, has room and isn't read-only"
            ) from None

    def touch(self) -> None:
        """Write something that changes nothing."""
        with self.transaction() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            db.execute(f"PRAGMA user_version = {version}")

    def close(self) -> None:
        """Close the file, with its write-ahead log folded in."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """What is done inside happens as one, or not at all."""
        self._heard = []
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            # A COMMIT that the disk refuses leaves the transaction open; some errors have ended
            # it already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        for witness in self._heard:
            witness.written = True

    def testify(self, witness: Witness | None) -> None:
        """Write a change's audit row, if nobody has, within the transaction that makes it."""
        if witness and not witness.written and testify(self._connection, witness):
            self._heard.append(witness)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For the store's other modules: to look at rows."""
        yield self._connection

    def newest(self, table: str, number: str, before: int | None, limit: int) -> list[sqlite3.Row]:
        """Rows of a table, the newest first, from before that number where there is one."""
        return self._connection.execute(
            f"SELECT * FROM {table} WHERE (:before IS NULL OR {number} < :before)"
            f" ORDER BY {number} DESC LIMIT :limit",
            {"before": before, "limit": limit},
        ).fetchall()

    # -- jobs ----------------------------------------------------------------------------

    def insert_jobs(
        self,
        jobs: list[Job],
        chunks: list[Chunk],
        idempotency: tuple[str, str] | None,
        request_id: str = "",
        witness: Witness | None = None,
    ) -> tuple[list[Job], bool]:
        """Accept jobs, together or not at all.

        Args:
            jobs: the batch first, where there is one, then its members.
            chunks: what is computed already of a single job.
            idempotency: the client's key and the digest of its request.
            request_id: of the request; the event tells it.
            witness: its audit row.

        Returns:
            The jobs with their numbers (or the first job of the earlier request, where the
            key is known), and whether they are new.

        Raises:
            IdempotencyConflictError: the key belongs to another request.
        """
        with self.transaction() as db:
            if idempotency and (known := self.known(jobs[0].owner, *idempotency)):
                return [known], False
            number = db.execute("SELECT coalesce(max(number), 0) FROM jobs").fetchone()[0]
            numbered = [
                msgspec.structs.replace(job, number=number + i) for i, job in enumerate(jobs, 1)
            ]
            db.executemany(insertion("jobs", _JOB_COLUMNS), [_row_of(job) for job in numbered])
            for chunk in chunks:
                self._insert_chunk(db, jobs[0].id, chunk)
            if idempotency:
                key, digest = idempotency
                db.execute(
                    "INSERT INTO idempotency (owner, key, request_sha256, job_id)"
                    " VALUES (?, ?, ?, ?)",
                    (jobs[0].owner, key, digest, jobs[0].id),
                )
            data = {"request_id": request_id} if request_id else {}
            for job in numbered:
                self.tell_of(db, job, f"job.{job.status}", data, job.created_at)
            self.testify(witness)
        return numbered, True

    def known(self, owner: str, key: str, digest: str) -> Job | None:
        """The job that an earlier request with this key has made.

        Raises:
            IdempotencyConflictError: the key belongs to another request.
        """
        row = self._connection.execute(
            "SELECT job_id, request_sha256 FROM idempotency WHERE owner = ? AND key = ?",
            (owner, key),
        ).fetchone()
        if row is None:
            return None
        if row["request_sha256"] != digest:
            raise IdempotencyConflictError
        return self.job(row["job_id"])

    def change_job(
        self,
        job: Job,
        event: str,
        data: dict[str, Any],
        now: float,
        changes: dict[str, Any],
        *,
        witness: Witness | None = None,
    ) -> Job:
        """Write a job's new values and the event that tells of them, in one transaction."""
        changed = msgspec.structs.replace(job, **changes)
        names = tuple(changes)
        with self.transaction() as db:
            if names:
                assignments = ", ".join(f"{name} = :{name}" for name in names)
                db.execute(f"UPDATE jobs SET {assignments} WHERE id = :id", _row_of(changed))
            if changed.status in FINAL:
                keep_places(db, job.id)
            self.tell_of(db, changed, event, data, now)
            if changed.batch_id is not None:
                self._update_batch(db, changed.batch_id, now)
            self.testify(witness)
        return changed

    def _update_batch(self, db: sqlite3.Connection, batch_id: str, now: float) -> None:
        """A batch's state follows from those of its members."""
        batch = self.job(batch_id)
        assert batch
        counted: dict[Status, int] = dict(
            db.execute(
                "SELECT status, count(*) FROM jobs WHERE batch_id = ? GROUP BY status", (batch_id,)
            ).fetchall()
        )
        status = batch_status(list(counted))
        if status == batch.status:
            return
        failed, members = counted.get("failed", 0), sum(counted.values())
        changed = msgspec.structs.replace(
            batch,
            status=status,
            started_at=batch.started_at or now,
            completed_at=now if status in FINAL else None,
            error=f"{failed} of {members} tasks failed" if status == "failed" else None,
        )
        db.execute(
            "UPDATE jobs SET status = :status, started_at = :started_at,"
            " completed_at = :completed_at, error = :error WHERE id = :id",
            _row_of(changed),
        )
        self.tell_of(db, changed, f"job.{status}", {}, now)

    def add_chunk(self, job: Job, chunk: Chunk, data: dict[str, Any], now: float) -> None:
        """Take note of realisations computed; their file is on disk already."""
        with self.transaction() as db:
            self._insert_chunk(db, job.id, chunk)
            self.tell_of(db, job, "job.progress", data, now)

    def merge_chunks(self, job: Job, merged: Chunk) -> None:
        """Put one row in place of all those that it covers."""
        with self.transaction() as db:
            db.execute(
                "DELETE FROM chunks WHERE job_id = ? AND first >= ? AND first < ?",
                (job.id, merged.first, merged.first + merged.count),
            )
            self._insert_chunk(db, job.id, merged)

    def _insert_chunk(self, db: sqlite3.Connection, job_id: str, chunk: Chunk) -> None:
        db.execute(
            insertion("chunks", ("job_id", *_CHUNK_COLUMNS)),
            {"job_id": job_id, **msgspec.structs.asdict(chunk)},
        )

    def job(self, job_id: str) -> Job | None:
        """One job, or none."""
        row = self._connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return _job_of(row) if row else None

    def jobs(
        self,
        *,
        status: str | None = None,
        kind: str | None = None,
        batch_id: str | None = None,
        before: int | None = None,
        limit: int = -1,
    ) -> list[Job]:
        """Jobs that fit, newest first, older than number ``before``."""
        rows = self._connection.execute(
            "SELECT * FROM jobs WHERE (:status IS NULL OR status = :status)"
            " AND (:kind IS NULL OR kind = :kind)"
            " AND (:batch_id IS NULL OR batch_id = :batch_id)"
            " AND (:before IS NULL OR number < :before) ORDER BY number DESC LIMIT :limit",
            {
                "status": status,
                "kind": kind,
                "batch_id": batch_id,
                "before": before,
                "limit": limit,
            },
        )
        return [_job_of(row) for row in rows]

    def unfinished(self) -> list[tuple[Job, list[Chunk]]]:
        """Every job to be run that hasn't ended, oldest first, with what is computed of it."""
        rows = self._connection.execute(
            "SELECT * FROM jobs WHERE status IN ('queued', 'running') AND kind != 'batch'"
            " ORDER BY number"
        ).fetchall()
        chunks: dict[str, list[Chunk]] = {}
        for row in self._connection.execute(
            f"SELECT job_id, {', '.join(_CHUNK_COLUMNS)} FROM chunks ORDER BY job_id, first"
        ):
            values = dict(row)
            chunks.setdefault(values.pop("job_id"), []).append(Chunk(**values))
        return [(job, chunks.get(job.id, [])) for job in map(_job_of, rows)]

    def job_ids(self) -> set[str]:
        """The ids of all jobs."""
        return {row["id"] for row in self._connection.execute("SELECT id FROM jobs")}

    def chunks(self, job_id: str) -> list[Chunk]:
        """What is computed of a job, in the order of the realisations."""
        rows = self._connection.execute(
            f"SELECT {', '.join(_CHUNK_COLUMNS)} FROM chunks WHERE job_id = ? ORDER BY first",
            (job_id,),
        )
        return [Chunk(**dict(row)) for row in rows]

    def counts(self) -> dict[str, int]:
        """Number of jobs in each state; batches aren't counted beside their members."""
        rows = self._connection.execute(
            "SELECT status, count(*) AS n FROM jobs WHERE kind != 'batch' GROUP BY status"
        )
        return {row["status"]: row["n"] for row in rows}

    def totals(self) -> list[dict[str, Any]]:
        """Completed jobs, realisations and computing time by kind and backend."""
        rows = self._connection.execute(
            "SELECT kind, backend, count(*) AS jobs, sum(total) AS realisations,"
            " sum(max(0.0, completed_at - started_at)) AS seconds FROM jobs"
            " WHERE status = 'completed' AND kind != 'batch' GROUP BY kind, backend"
        )
        return [dict(row) for row in rows]

    # -- events --------------------------------------------------------------------------

    def tell_of(
        self, db: sqlite3.Connection, job: Job, kind: str, data: dict[str, Any], now: float
    ) -> None:
        """Write an event of a job, within a transaction."""
        db.execute(
            "INSERT INTO events (time, type, job_id, data) VALUES (?, ?, ?, ?)",
            (now, kind, job.id, msgspec.json.encode(data).decode()),
        )

    def tell(self, kind: str, data: dict[str, Any], now: float) -> None:
        """Write an event that isn't a job's."""
        self._connection.execute(
            "INSERT INTO events (time, type, job_id, data) VALUES (?, ?, NULL, ?)",
            (now, kind, msgspec.json.encode(data).decode()),
        )

    def first_event(self) -> int:
        """Number of the oldest event that is kept, 0 without any."""
        return int(
            self._connection.execute("SELECT coalesce(min(seq), 0) FROM events").fetchone()[0]
        )

    def events(self, since: int, limit: int) -> list[Event]:
        """Events after number ``since``, oldest first."""
        with closing(
            self._connection.execute(
                "SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (since, limit)
            )
        ) as rows:
            return [
                Event(**{**dict(row), "data": msgspec.json.decode(row["data"])}) for row in rows
            ]

    def last_event(self) -> int:
        """Number of the newest event, 0 before the first."""
        return int(
            self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        )


def _row_of(job: Job) -> dict[str, Any]:
    row = msgspec.structs.asdict(job)
    row["parameters"] = msgspec.json.encode(job.parameters).decode()
    return row


def _job_of(row: sqlite3.Row) -> Job:
    values = dict(row)
    values["parameters"] = msgspec.json.decode(values["parameters"])
    return Job(**values)
