"""Files that aren't what was written: set aside, computed again, or told of; never passed over."""

from __future__ import annotations

import re
import sqlite3

import numpy as np
import pytest

from pycwtd.store.schema import MIGRATIONS
from support import red_pair, running

A, B = red_pair()
GRID = {"dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84}
REQUEST = {"signal1": A, "signal2": B, "sig": True, "seed": 5, "mc_count": 60, **GRID}
LONG = {**REQUEST, "backend": "sequential", "estimator": "full", "mc_count": 5_000}


def flip(path, place=0.5):
    """Turn one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 4
    path.write_bytes(data)


def spoil_pages(path):
    """Overwrite every page of a database but the first ones, as a failing disk does."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\xa5" * 4096
    path.write_bytes(data)


def start_not_ready(daemon):
    """Start it and wait until it says why it isn't ready."""
    with pytest.raises(AssertionError, match="not ready"):
        daemon.start()
    assert daemon.process.poll() is None


@pytest.fixture(scope="module")
def serving():
    """A daemon whose results the tests damage."""
    with running("[engine]\nchunk_seconds = 0.05\n", backends=["sequential"]) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def undamaged(serving):
    """The result of ``LONG``, where nothing happens to it."""
    job_id = serving.submit("wct", LONG)
    assert serving.finish(job_id)["status"] == "completed"
    return serving.result(job_id)


class TestResults:
    """What was promised to be kept, and isn't what it was."""

    def test_a_damaged_result_is_told_and_computed_again(self, serving):
        job_id = serving.submit("wct", REQUEST)
        serving.finish(job_id)
        first = serving.result(job_id)
        flip(serving.state / "jobs" / job_id / "result.npz")
        answer = serving.call("GET", f"/api/v1/jobs/{job_id}/result/WCT")
        assert answer.status == 409
        assert answer.json["error"]["code"] == "result_damaged"
        assert "computed again" in answer.json["detail"]
        assert serving.finish(job_id)["status"] == "completed"
        again = serving.result(job_id)
        for name in ("WCT", "histogram", "signif"):
            np.testing.assert_array_equal(first[name], again[name])
        assert "result is damaged" in serving.log
        metrics = serving.call("GET", "/metrics").body.decode()
        assert float(re.search(r"^pycwtd_damaged_files_total (\S+)", metrics, re.M)[1]) >= 1

    @pytest.mark.parametrize("loss", ["cut off", "gone"])
    def test_of_an_upload_too(self, serving, loss):
        data_id = serving.upload("\n".join(map(str, A)).encode()).json["data_id"]
        job_id = serving.submit("cwt", {"data_id": data_id, **GRID})
        serving.finish(job_id)
        first = serving.result(job_id)
        path = serving.state / "jobs" / job_id / "result.npz"
        if loss == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-100])
        assert serving.call("GET", f"/api/v1/jobs/{job_id}/result").status == 409
        assert serving.finish(job_id)["status"] == "completed"
        np.testing.assert_array_equal(first["wave"], serving.result(job_id)["wave"])

    def test_what_cant_be_computed_again_is_lost_and_says_so(self, serving):
        data_id = serving.upload("\n".join(map(str, A)).encode()).json["data_id"]
        job_id = serving.submit("cwt", {"data_id": data_id, **GRID})
        serving.finish(job_id)
        assert serving.call("DELETE", f"/api/v1/data/{data_id}").status == 200
        assert serving.call("GET", f"/api/v1/jobs/{job_id}/result").status == 200
        flip(serving.state / "jobs" / job_id / "result.npz")
        answer = serving.call("GET", f"/api/v1/jobs/{job_id}/result")
        assert answer.status == 410
        assert data_id in answer.json["detail"]
        job = serving.job(job_id)
        assert job["status"] == "failed"
        assert data_id in job["error"]

    @pytest.mark.parametrize("name", ["chunk", "task.json"])
    def test_a_damaged_step_is_computed_again(self, serving, undamaged, name):
        """In the middle of the simulation, which doesn't look at what it has written before."""
        job_id = serving.submit("wct", LONG)
        serving.until(job_id, lambda job: job["realisations_done"] > 0)
        serving.stop()
        folder = serving.state / "jobs" / job_id
        (path, *_) = sorted(p for p in folder.iterdir() if p.name.startswith(name))
        flip(path)
        serving.start()
        job = serving.finish(job_id)
        assert job["status"] == "completed", job
        assert "has a damaged file" in serving.log
        found = serving.result(job_id)
        for what in ("histogram", "WCT"):
            np.testing.assert_array_equal(found[what], undamaged[what])

    def test_a_request_that_is_gone_fails_its_job_with_the_reason(self, serving):
        first = serving.submit("wct", {**LONG, "mc_count": 1_000_000})
        serving.until(first, lambda job: job["realisations_done"] > 0)
        serving.stop()
        (serving.state / "jobs" / first / "request.json").unlink()
        (serving.state / "jobs" / first / "task.json").unlink()
        serving.start()
        job = serving.finish(first)
        assert job["status"] == "failed"
        assert "request is gone" in job["error"]


class TestDatabase:
    """The one file that must not be lost."""

    @pytest.fixture
    def stopped(self):
        """A daemon with a completed job and many others, not running."""
        with running(backends=["sequential"]) as daemon:
            job_id = daemon.submit("cwt", {"data": A, **GRID})
            daemon.finish(job_id)
            tasks = [{"type": "cwt", "data": A, **GRID}] * 60
            batch = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks}).json["job_id"]
            daemon.finish(batch)
            daemon.kill()
            yield daemon, job_id

    def test_damage_is_moved_aside_and_nothing_starts_until_somebody_decides(self, stopped):
        daemon, job_id = stopped
        path = daemon.state / "pycwtd.sqlite3"
        spoil_pages(path)
        damaged = path.read_bytes()
        for _ in range(2):  # a restart makes nothing better, and nothing worse
            start_not_ready(daemon)
            health = daemon.call("GET", "/health")
            assert health.status == 503
            assert health.headers["Retry-After"]
            assert "--after-damage" in health.json["detail"]
            assert daemon.call("GET", "/api/v1/jobs").status == 503
            assert daemon.call("POST", "/api/v1/jobs", {"kind": "cwt"}).status == 503
            assert not path.exists()
            (aside,) = daemon.state.glob("damaged-*")
            assert (aside / path.name).read_bytes() == damaged
            assert daemon.stop() == 0
        assert (daemon.state / "jobs" / job_id / "result.npz").exists()
        # What can be read of it goes on, and what can't is kept.
        daemon.arguments = ["--after-damage", "salvage"]
        daemon.start()
        assert len(daemon.result(job_id)) > 3
        rows = daemon.call("GET", "/api/v1/jobs?limit=1000").json["jobs"]
        assert 1 <= len(rows) <= 62
        kept = {p.name for p in daemon.state.glob("unclaimed-*/jobs/*")}
        folders = {p.name for p in (daemon.state / "jobs").iterdir()}
        singles = {job["job_id"] for job in rows if job["kind"] != "batch"}
        assert singles == folders
        assert len(kept | folders) == 61
        assert (aside / path.name).read_bytes() == damaged

    def test_a_database_that_is_gone_isnt_begun_anew_by_itself(self, stopped):
        daemon, job_id = stopped
        backup = (daemon.state / "pycwtd.sqlite3").rename(daemon.root / "backup")
        wal = daemon.state / "pycwtd.sqlite3-wal"
        if wal.exists():
            wal.rename(daemon.root / "backup-wal")
        start_not_ready(daemon)
        assert "gone" in daemon.call("GET", "/health").json["detail"]
        daemon.stop()
        daemon.arguments = ["--after-damage", "empty"]
        daemon.start()
        assert daemon.call("GET", "/api/v1/jobs").json["jobs"] == []
        (kept,) = daemon.state.glob("kept-*")
        assert (kept / "jobs" / job_id / "result.npz").exists()
        assert backup.exists()

    def test_it_is_looked_at_again_when_the_disk_is_well(self, stopped):
        daemon, job_id = stopped
        path = daemon.state / "pycwtd.sqlite3"
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        good = path.read_bytes()
        path.write_bytes(b"\0" * len(good))
        start_not_ready(daemon)
        daemon.stop()
        (aside,) = daemon.state.glob("damaged-*")
        (aside / path.name).write_bytes(good)
        daemon.arguments = ["--after-damage", "retry"]
        daemon.start()
        assert len(daemon.result(job_id)) > 3

    def test_a_backup_knows_nothing_of_later_jobs_and_their_files_are_kept(self, stopped):
        daemon, job_id = stopped
        path = daemon.state / "pycwtd.sqlite3"
        with sqlite3.connect(path) as db, sqlite3.connect(daemon.root / "backup") as copy:
            db.backup(copy)
        db.close()
        copy.close()
        daemon.start()
        later = daemon.submit("cwt", {"data": B, **GRID})
        daemon.finish(later)
        daemon.stop()
        path.write_bytes((daemon.root / "backup").read_bytes())
        daemon.start()
        assert len(daemon.result(job_id)) > 3
        assert daemon.call("GET", f"/api/v1/jobs/{later}").status == 404
        (kept,) = daemon.state.glob("unclaimed-*/jobs/*")
        assert kept.name == later
        assert "set aside" in daemon.log

    def test_a_newer_one_is_refused_and_untouched(self, stopped):
        daemon, _ = stopped
        path = daemon.state / "pycwtd.sqlite3"
        with sqlite3.connect(path) as db:
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        names = ("pycwtd.sqlite3", "pycwtd.sqlite3-wal")
        before = {daemon.state / name: (daemon.state / name).read_bytes() for name in names}
        with pytest.raises(AssertionError, match="use the newer program"):
            daemon.start()
        assert daemon.process.wait(10) == 1
        assert {p: p.read_bytes() for p in before} == before
        db.close()


def test_damage_found_at_work_keeps_the_jobs():
    """A page that turns out to be spoiled later is a state of the store, not a defect."""
    with running(backends=["sequential"]) as daemon:
        job_id = daemon.submit("cwt", {"data": A, **GRID})
        daemon.finish(job_id)
        daemon.stop()
        path = daemon.state / "pycwtd.sqlite3"
        daemon.start()
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (page,) = db.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'audit'"
            ).fetchone()
        db.close()
        with path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xa5" * 4096)
        answer = daemon.call("GET", "/api/v1/audit")
        assert answer.status in {200, 507}, answer.body
        assert "defect" not in answer.body.decode()
        assert len(daemon.result(job_id)) > 3
