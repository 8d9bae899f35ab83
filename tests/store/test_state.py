"""The state directory: what is damaged is set aside, and nobody decides but an operator."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest

from pycwtd.store.database import Database
from pycwtd.store.opening import DamagedError, DatabaseError
from pycwtd.store.records import Job
from pycwtd.store.salvage import salvage
from pycwtd.store.state import DATABASE, UndecidedError, check, decide, read_run, write_run

JOBS = 400
PAGE = 4096


def job(number, **changes):
    one = Job(
        id=f"job-{number:04}",
        kind="cwt",
        owner="uid:1",
        parameters={"text": "x" * 200},
        backend_asked="auto",
        seed=1,
        total=0,
        created_at=1.0,
    )
    return msgspec.structs.replace(one, **changes)


@pytest.fixture
def state(tmp_path):
    """A state directory with a database and the folder of a job."""
    (tmp_path / "jobs" / "job-0000").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    database = Database(tmp_path / DATABASE)
    database.insert_jobs([job(n) for n in range(JOBS)], [], None)
    database.close()
    return tmp_path


def page_of(path, table):
    """A leaf in the middle of a table."""
    with sqlite3.connect(path) as db:
        pages = [
            row[0]
            for row in db.execute(
                "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (table,)
            )
        ]
    db.close()
    return pages[len(pages) // 2]


def spoil(path, page):
    data = bytearray(path.read_bytes())
    data[(page - 1) * PAGE : page * PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)


def test_new_and_well_ones_pass(state, tmp_path):
    check(state)
    (tmp_path / "new").mkdir()
    check(tmp_path / "new")
    assert read_run(state) is None
    write_run(state, 7, "id")
    assert read_run(state) == (7, "id")


def test_what_can_be_read_is_salvaged_on_both_sides_of_the_damage(state):
    path = state / DATABASE
    try:
        page = page_of(path, "jobs")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite doesn't tell of its pages")
    spoil(path, page)
    with pytest.raises(UndecidedError, match="damaged"):
        check(state)
    assert not path.exists()
    decide(state, "salvage")
    database = Database(path)
    kept = [one.number for one in database.jobs()]
    database.close()
    # A page holds about ten rows; those before it and those behind it are there.
    assert JOBS - 30 < len(kept) < JOBS
    assert max(kept) == JOBS
    assert min(kept) == 1
    # Its run isn't that of the folders: they are kept, rows or no rows.
    assert read_run(state) == (0, "salvaged")


def test_of_a_file_that_is_no_database_nothing_can_be_salvaged(tmp_path):
    (tmp_path / "old").write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedError, match="nothing can be read"):
        salvage(tmp_path / "old", tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("decision", ["retry", "salvage"])
def test_where_the_database_is_gone_there_is_nothing_to_look_at_again(state, decision):
    (state / DATABASE).unlink()
    with pytest.raises(UndecidedError, match="gone"):
        check(state)
    with pytest.raises(UndecidedError, match="no damaged database"):
        decide(state, decision)
    assert (state / "jobs" / "job-0000").exists()
    decide(state, "empty")
    check(state)
    (kept,) = state.glob("kept-*")
    assert (kept / "jobs" / "job-0000").exists()


@pytest.mark.parametrize("decision", ["retry", "salvage", "empty"])
def test_with_a_database_that_is_well_no_decision_does_anything(state, decision):
    before = (state / DATABASE).read_bytes()
    decide(state, decision)
    assert (state / DATABASE).read_bytes() == before
    assert (state / "jobs" / "job-0000").exists()


def test_a_newer_one_is_never_moved(state):
    with sqlite3.connect(state / DATABASE) as db:
        db.execute("PRAGMA user_version = 1000")
    db.close()
    for decision in ("retry", "salvage", "empty"):
        with pytest.raises(DatabaseError, match="newer program"):
            decide(state, decision)
    assert (state / DATABASE).exists()
    assert not list(state.glob("damaged-*"))


def test_an_empty_file_isnt_taken_for_an_empty_store(state):
    (state / DATABASE).write_bytes(b"")
    with pytest.raises(UndecidedError, match="gone"):
        check(state)


def test_a_commit_that_is_refused_leaves_the_next_one_free(tmp_path):
    """Else one full disk would end all writing until a restart."""
    database = Database(tmp_path / DATABASE)

    def refer_to_nothing():
        with database.transaction() as db:
            # References are looked at when the transaction ends.
            db.execute("PRAGMA defer_foreign_keys = ON")
            db.execute("INSERT INTO idempotency VALUES ('ann', 'key', 'digest', 'no such job')")

    with pytest.raises(sqlite3.IntegrityError):
        refer_to_nothing()
    (accepted,), new = database.insert_jobs([job(1)], [], None)
    assert new
    assert database.job(accepted.id) == accepted
    database.close()
