"""Backups of a daemon at work, put into a fresh box: every job, every number."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from pycwtd.service.backup import BackupFailedError, backup, restore
from pycwtd.store import backup as store_backup
from pycwtd.store.stamp import STAMP, read_stamp, write_stamp
from support import red_pair, running

A, B = red_pair()
PYCWTCTL = Path(sys.executable).with_name("pycwtctl")
#: Short chunks, so that files come and go while the backup is made.
CONFIG = "[engine]\nchunk_seconds = 0.05\n"
SMALL = {"signal1": A, "signal2": B, "dt": 1.0, "dj": 0.25, "sig": True, "seed": 3, "mc_count": 50}
LONG = {**SMALL, "backend": "sequential", "estimator": "full", "dj": 1 / 12, "mc_count": 8_000}

SERIES = b"value\n" + b"\n".join(b"%f" % x for x in A)


def ctl(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYCWTCTL, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def backed_up(daemon, folder: Path, keep: int = 0) -> Path:
    path, manifest, _ = backup(folder, config=None, state_dir=daemon.state, keep=keep)
    assert manifest.damaged == []
    return path


def put_back(folder: Path, state: Path, *, replace: bool = False) -> None:
    restore(folder, config=None, state_dir=state, replace=replace)


#: A database and its log.
LOG = ("pycwtd.sqlite3", "pycwtd.sqlite3-wal", "pycwtd.sqlite3-shm")


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    """A daemon with jobs and series that is backed up at work, and what it had at that time."""
    folder = tmp_path_factory.mktemp("backups")
    with running(CONFIG, backends=["sequential"]) as daemon:
        done = daemon.submit("wct", SMALL)
        daemon.finish(done)
        series = daemon.upload(SERIES).json["data_id"]
        at_work = daemon.submit("wct", LONG)
        daemon.until(at_work, lambda job: job["realisations_done"] > 0)
        ran = ctl("backup", "--json", "--state-dir", daemon.state, folder)
        assert ran.returncode == 0, ran.stderr
        made = json.loads(ran.stdout)
        daemon.finish(at_work)
        results = {job_id: daemon.result(job_id) for job_id in (done, at_work)}
        yield daemon, folder, made, {"done": done, "at work": at_work, "series": series}, results


def test_a_fresh_box_has_every_job_series_and_number(boxes):
    daemon, folder, made, ids, results = boxes
    assert (made["jobs"], made["data"], made["damaged"]) == (2, 1, [])
    with running(CONFIG, start=False, backends=["sequential"]) as fresh:
        ran = ctl("restore", "--json", "--state-dir", fresh.state, folder)
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout)["jobs"] == 2
        fresh.start()
        assert fresh.job(ids["done"]) == daemon.job(ids["done"])
        assert fresh.finish(ids["at work"])["status"] == "completed"
        for job_id, result in results.items():
            again = fresh.result(job_id)
            assert again.keys() == result.keys()
            for name in result.keys() - {"computation_time"}:
                np.testing.assert_array_equal(again[name], result[name], err_msg=name)
        path = f"/api/v1/data/{ids['series']}/download"
        assert fresh.call("GET", path).body == daemon.call("GET", path).body
        assert "set aside" not in fresh.log


def test_a_backup_names_every_file_by_its_digest(boxes):
    _, _, made, _, _ = boxes
    path = Path(made["backup"])
    manifest = json.loads((path / "manifest.json").read_bytes())
    there = {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file() and file.name != "manifest.json"
    }
    assert there == {name: entry["sha256"] for name, entry in manifest["files"].items()}
    assert not {name for name in there if "token" in name or "signing-key" in name}
    assert path.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(path / "pycwtd.sqlite3")) as database:
        for name, sha256 in database.execute(
            "SELECT 'jobs/' || job_id || '/' || file, sha256 FROM chunks"
        ):
            assert there[name] == sha256


def test_what_was_changed_in_a_backup_is_found_and_nothing_is_restored(boxes, tmp_path):
    daemon, _, _, ids, _ = boxes
    found = backed_up(daemon, tmp_path / "backups")
    result = found / "jobs" / ids["done"] / "result.npz"
    data = bytearray(result.read_bytes())
    data[len(data) // 2] ^= 1
    result.write_bytes(data)
    with pytest.raises(BackupFailedError, match=f"{result}: isn't what was written there"):
        put_back(tmp_path / "backups", tmp_path / "state")
    assert not (tmp_path / "state/pycwtd.sqlite3").exists()
    result.unlink()
    with pytest.raises(BackupFailedError, match=f"{result}: is gone"):
        put_back(tmp_path / "backups", tmp_path / "state")


def test_a_result_that_is_damaged_is_told_and_the_rest_is_saved(boxes, tmp_path):
    with running(backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", SMALL)
        daemon.finish(job_id)
        (daemon.state / "jobs" / job_id / "result.npz").write_bytes(b"PK")
        ran = ctl("backup", "--state-dir", daemon.state, tmp_path)
        assert ran.returncode == 1
        assert f"jobs/{job_id}/result.npz" in ran.stderr
        manifest = json.loads((Path(ran.stdout.strip()) / "manifest.json").read_bytes())
        assert manifest["damaged"] == [f"jobs/{job_id}/result.npz"]


def test_nothing_is_written_over(boxes, tmp_path):
    daemon, folder, _, ids, _ = boxes
    ran = ctl("restore", "--state-dir", daemon.state, folder)
    assert ran.returncode == 1
    assert "another pycwtd is using it" in ran.stderr
    state = tmp_path / "state"
    put_back(folder, state)
    with pytest.raises(BackupFailedError, match="there are jobs already"):
        put_back(folder, state)
    put_back(folder, state, replace=True)
    (aside,) = state.glob("replaced-*")
    assert (aside / "jobs" / ids["done"] / "result.npz").exists()


def test_what_a_killed_daemon_has_left_is_moved_aside(boxes, tmp_path):
    """Its rows may still be in the log beside the database."""
    _, folder, *_ = boxes
    state = tmp_path / "state"
    put_back(folder, state)
    with closing(sqlite3.connect(state / "pycwtd.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE jobs SET owner = 'somebody'")
        database.commit()
        left = {name: (state / name).read_bytes() for name in LOG}
    for name, content in left.items():
        (state / name).write_bytes(content)
    put_back(folder, state, replace=True)
    (aside,) = state.glob("replaced-*")
    with closing(sqlite3.connect(aside / "pycwtd.sqlite3")) as database:
        owners = database.execute("SELECT DISTINCT owner FROM jobs").fetchall()
    assert owners == [("somebody",)]


def test_old_backups_go_and_unchanged_files_are_kept_once(boxes, tmp_path):
    daemon, _, _, ids, _ = boxes
    paths = [backed_up(daemon, tmp_path, keep=2) for _ in range(3)]
    assert sorted(tmp_path.iterdir()) == sorted(paths[1:])
    one, other = (path / "jobs" / ids["done"] / "result.npz" for path in paths[1:])
    assert one.stat().st_ino == other.stat().st_ino


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone makes files of others")
def test_one_that_root_makes_belongs_to_the_user_whose_folder_it_is(boxes, tmp_path):
    """Else the service's own, which links to the last one and removes the oldest, would fail."""
    daemon, *_ = boxes
    target = tmp_path / "theirs"
    target.mkdir()
    os.chown(target, 12345, 12346)
    path, _, _ = backup(target, config=None, state_dir=daemon.state, keep=0)
    for file in (path, *path.rglob("*")):
        assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346), file


def test_what_comes_and_goes_while_a_backup_is_made(tmp_path, monkeypatch):
    """At the moments that matter: before the rows are copied, and right after."""
    copy = store_backup._copy_database
    with running(CONFIG) as daemon:
        late: dict[str, str] = {}
        gone = daemon.upload(SERIES).json["data_id"]
        at_work = daemon.submit("wct", LONG)
        daemon.until(at_work, lambda job: job["realisations_done"] > 0)

        def meanwhile(source: Path, target: Path) -> None:
            late["before"] = daemon.submit("wct", SMALL)
            daemon.finish(late["before"])
            copy(source, target)
            daemon.call("DELETE", f"/api/v1/data/{gone}")
            daemon.finish(at_work)
            late["after"] = daemon.submit("wct", SMALL)

        monkeypatch.setattr(store_backup, "_copy_database", meanwhile)
        path = backed_up(daemon, tmp_path)
    with closing(sqlite3.connect(path / "pycwtd.sqlite3")) as database:
        states = dict(database.execute("SELECT id, status FROM jobs"))
        assert states == {late["before"]: "completed", at_work: "running"}
        # Those whose files went with the job's end, before they were copied, are computed again.
        for name, sha256 in database.execute(
            "SELECT 'jobs/' || job_id || '/' || file, sha256 FROM chunks"
        ):
            assert hashlib.sha256((path / name).read_bytes()).hexdigest() == sha256
        # Its files were copied before it was deleted.
        assert database.execute("SELECT id FROM data").fetchall() == [(gone,)]
    assert {folder.name for folder in (path / "jobs").iterdir()} == states.keys()


def told(daemon) -> float:
    """When the last good backup was made, as the daemon tells Prometheus."""
    text = daemon.call("GET", "/metrics").body.decode()
    return float(re.findall(r"^pycwtd_backup_timestamp_seconds (\S+)$", text, re.MULTILINE)[0])


def test_the_daemon_tells_when_its_last_good_backup_was_made(tmp_path):
    with running(backends=["joblib"]) as daemon:
        job_id = daemon.submit("wct", SMALL)
        daemon.finish(job_id)
        assert told(daemon) == 0
        began = time.time()
        made = backed_up(daemon, tmp_path)
        first = told(daemon)
        assert began - 0.001 <= first <= time.time() + 0.001
        # Its last word, so that it isn't in what it tells of.
        assert STAMP not in json.loads((made / "manifest.json").read_bytes())["files"]
        backed_up(daemon, tmp_path)
        assert told(daemon) > first
        # One with damage in it, one that can't be written, and none at all don't count.
        last = told(daemon)
        (daemon.state / "jobs" / job_id / "result.npz").write_bytes(b"PK")
        assert backup(tmp_path, config=None, state_dir=daemon.state, keep=0)[1].damaged
        with pytest.raises(OSError, match=r"exists|Not a directory"):
            backup(daemon.root / "log", config=None, state_dir=daemon.state, keep=0)
        assert told(daemon) == last
        daemon.stop()
        daemon.start()
        assert told(daemon) == last


def test_a_backup_that_the_daemon_cant_be_told_of_is_one_all_the_same(boxes, tmp_path):
    _, folder, _, _, _ = boxes
    state = tmp_path / "state"
    put_back(folder, state)
    (state / STAMP).mkdir()
    ran = ctl("backup", "--state-dir", state, tmp_path / "backups")
    assert ran.returncode == 0, ran.stderr
    assert "the daemon can't be told of this backup" in ran.stderr
    assert not list(state.glob("*.tmp"))
    put_back(tmp_path / "backups", tmp_path / "other")


def test_roots_stamp_belongs_to_the_daemons_user_and_goes_nowhere_else(tmp_path):
    """The daemon's user may put anything into that folder, and root may be who backs up."""
    state, victim = tmp_path / "state", tmp_path / "victim"
    victim.write_text("precious")
    state.mkdir()
    (state / f"{STAMP}.tmp").symlink_to(victim)
    if os.geteuid() == 0:
        os.chown(state, 4321, 4322)
    write_stamp(state, 1234.5)
    assert victim.read_text() == "precious"
    assert read_stamp(state) == 1234.5
    status, owner = (state / STAMP).lstat(), state.stat()
    assert (status.st_uid, status.st_gid) == (owner.st_uid, owner.st_gid)
    assert stat.S_ISREG(status.st_mode)


@pytest.mark.parametrize("text", ["", "soon\n", "nan\n", "inf\n", "-1\n", "\xb7", "1e999"])
def test_a_stamp_that_is_none_is_no_backup(tmp_path, text):
    assert read_stamp(tmp_path) == 0
    (tmp_path / STAMP).write_text(text)
    assert read_stamp(tmp_path) == 0


def test_without_a_database_there_is_nothing_to_back_up(tmp_path):
    with pytest.raises(BackupFailedError, match="there is no database to back up"):
        backup(tmp_path, config=None, state_dir=tmp_path / "none", keep=0)
    with pytest.raises(BackupFailedError, match="no finished backup"):
        put_back(tmp_path, tmp_path / "none")


def test_a_box_that_was_only_started_is_fresh(boxes, tmp_path):
    _, folder, _, ids, _ = boxes
    with running(backends=["sequential"]) as fresh:
        fresh.stop()
        put_back(folder, fresh.state)
        with closing(sqlite3.connect(fresh.state / "pycwtd.sqlite3")) as database:
            there = {job_id for (job_id,) in database.execute("SELECT id FROM jobs")}
        assert there == {ids["done"], ids["at work"]}
