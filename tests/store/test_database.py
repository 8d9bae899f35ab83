"""The database: transactions that tell, refusals that leave everything as it was."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec
import pytest

from pycwtd.store.database import Database, IdempotencyConflictError
from pycwtd.store.opening import DamagedError, DatabaseError
from pycwtd.store.records import Chunk, Job
from pycwtd.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path):
    one = Database(tmp_path / "db")
    yield one
    one.close()


def job(job_id: str, **changes) -> Job:
    one = Job(
        id=job_id,
        kind="wct",
        owner="uid:1",
        parameters={"dt": 1.0},
        backend_asked="auto",
        backend="joblib",
        seed=2**63 - 1,
        total=100,
        created_at=1.5,
    )
    return msgspec.structs.replace(one, **changes)


CHUNK = Chunk(first=0, count=50, file="c", sha256="0", backend="joblib", seconds=0.5)


def test_a_job_comes_back_as_it_was_put_in(database):
    (stored,), new = database.insert_jobs([job("a")], [CHUNK], None)
    assert new
    assert database.job("a") == stored == job("a", number=1)
    assert database.chunks("a") == [CHUNK]
    assert database.unfinished() == [(stored, [CHUNK])]


def test_every_change_is_told_in_order(database):
    (one,), _ = database.insert_jobs([job("a")], [], None)
    one = database.change_job(one, "job.running", {"backend": "joblib"}, 2.0, {"status": "running"})
    database.add_chunk(one, CHUNK, {"done": 50}, 3.0)
    database.change_job(one, "job.completed", {}, 4.0, {"status": "completed", "completed_at": 4.0})
    told = database.events(0, 10)
    assert [e.type for e in told] == ["job.queued", "job.running", "job.progress", "job.completed"]
    assert [e.seq for e in told] == [1, 2, 3, 4]
    assert told[2].data == {"done": 50}
    assert database.events(2, 10) == told[2:]
    assert database.chunks("a") == []


def test_a_change_that_fails_is_neither_made_nor_told(database):
    (one,), _ = database.insert_jobs([job("a")], [], None)
    with pytest.raises(sqlite3.IntegrityError):
        database.change_job(one, "job.failed", {}, 2.0, {"status": "failed", "error": None})
    assert database.job("a") == one
    assert database.last_event() == 1


def test_a_key_returns_the_first_job_and_refuses_another_request(database):
    database.insert_jobs([job("a")], [], ("key", "digest"))
    (known,), new = database.insert_jobs([job("b")], [], ("key", "digest"))
    assert (known.id, new) == ("a", False)
    assert database.job("b") is None
    with pytest.raises(IdempotencyConflictError):
        database.insert_jobs([job("c")], [], ("key", "other"))
    (mine,), new = database.insert_jobs([job("d", owner="uid:2")], [], ("key", "other"))
    assert (mine.id, new) == ("d", True)


def test_listing_goes_by_state_kind_and_number(database):
    database.insert_jobs([job("a"), job("b", kind="cwt"), job("c")], [], None)
    assert [j.id for j in database.jobs()] == ["c", "b", "a"]
    assert [j.id for j in database.jobs(kind="wct", before=3)] == ["a"]
    assert database.jobs(status="failed") == []
    assert database.counts() == {"queued": 3}


def test_merged_chunks_stand_in_for_their_parts(database):
    (one,), _ = database.insert_jobs([job("a")], [CHUNK], None)
    second = msgspec.structs.replace(CHUNK, first=50, count=20, file="d")
    database.add_chunk(one, second, {}, 1.0)
    merged = msgspec.structs.replace(CHUNK, count=70, file="m")
    database.merge_chunks(one, merged)
    assert database.chunks("a") == [merged]


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "db"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="newer program"):
        Database(path)
    assert path.read_bytes() == before


def test_a_damaged_database_is_refused(tmp_path):
    path = tmp_path / "db"
    path.write_bytes(b"this was a database once" * 100)
    with pytest.raises(DamagedError, match="not a database"):
        Database(path)


def test_a_check_that_takes_long_says_that_it_gets_on(tmp_path):
    """Each call is work of SQLite's own machine: one that hangs makes none."""
    Database(tmp_path / "db").close()
    connection = sqlite3.connect(tmp_path / "db")
    connection.execute(
        "INSERT INTO events (time, type, data) WITH RECURSIVE n (i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
        " SELECT i, 'job.progress', '{}' FROM n"
    )
    connection.commit()
    connection.close()
    calls = []
    database = Database(tmp_path / "db", lambda: calls.append(1))
    assert calls
    # Afterwards nobody is told of anything.
    calls.clear()
    assert len(database.events(0, 50_000)) == 50_000
    assert not calls
    database.close()
