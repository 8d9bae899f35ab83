"""A state directory that an earlier version left behind is taken up where that one was killed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from pycwt_mod import ar1
from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.run import coherence_task
from support import running

#: Of a daemon from before there was a choice of estimators, killed with -9: a coherence with its
#: first chunk on disk, and a significance in its preparation. No file has been edited; the
#: database is a dump.
OLD = Path(__file__).with_name("state-0.1")
WITH_CHUNK = "c43a2b94-d4e0-4214-a227-bcbb32a5b444"
PREPARING = "e9dc0e3c-f523-436b-93d3-593cbb22519f"


@pytest.fixture
def upgraded():
    """A daemon of today that isn't started, on the old state."""
    with running(start=False, backends=["joblib"]) as daemon:
        daemon.state.mkdir()
        shutil.copytree(OLD / "jobs", daemon.state / "jobs")
        with sqlite3.connect(daemon.state / "pycwtd.sqlite3") as db:
            db.executescript((OLD / "database.sql").read_text())
        db.close()
        yield daemon


def expected(job_id, estimator):
    """The library's histogram of what the request asks for."""
    request = json.loads((OLD / "jobs" / job_id / "request.json").read_text())
    al1, al2 = (ar1(np.array(values))[0] for values in request["series"])
    grid = (request[name] for name in ("dt", "dj", "s0", "J"))
    task = coherence_task(al1, al2, *grid, estimator=estimator)
    return get_backend("joblib").run(task, request["seed"], 0, request["mc_count"])


@pytest.mark.parametrize("named", [True, False], ids=["task names it", "task doesn't"])
def test_jobs_from_before_there_was_a_choice_end_with_fulls_numbers(upgraded, named):
    if not named:  # as versions wrote it that knew nothing of estimators
        path = upgraded.state / "jobs" / WITH_CHUNK / "task.json"
        task = json.loads(path.read_text())
        del task["estimator"]
        path.write_text(json.dumps(task))
    upgraded.start()
    for job_id in (WITH_CHUNK, PREPARING):
        job = upgraded.finish(job_id)
        assert job["status"] == "completed", job
        assert job["estimator"] == "full"
        result = upgraded.result(job_id)
        assert result["estimator"] == "full"
        np.testing.assert_array_equal(result["histogram"], expected(job_id, "full"))
    assert (result["histogram"] != expected(PREPARING, "cascade")).any()
    # The chunk that was there has been kept.
    told = upgraded.events(4, lambda e: (e["type"], e["job_id"]) == ("job.completed", WITH_CHUNK))
    progress = [e["done"] for e in told if (e["type"], e["job_id"]) == ("job.progress", WITH_CHUNK)]
    assert progress[0] > 152_228


#: What ``freeze.py`` beside this file made, one folder for each version of the database. They must
#: open for ever: none is made anew, a new version gets a new one.
FROZEN = sorted(Path(__file__).parent.glob("state-v*"))


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.name)
def test_a_frozen_state_opens_and_goes_on(frozen):
    expected = json.loads((frozen / "expected.json").read_text())
    with running(start=False) as daemon:
        shutil.copytree(frozen, daemon.state)
        daemon.start()
        for kind, job_id in expected["completed"].items():
            job = daemon.job(job_id)
            assert (job["kind"], job["status"]) == (kind, "completed")
            # As it was written, and in the other forms as well.
            body = daemon.call("GET", f"/api/v1/jobs/{job_id}/result?format=npz").body
            assert body == (frozen / "jobs" / job_id / "result.npz").read_bytes()
            assert daemon.call("GET", f"/api/v1/jobs/{job_id}/result").status == 200
        assert daemon.job(expected["cancelled"])["status"] == "cancelled"
        data_id = expected["data"]
        original = (frozen / "data" / data_id / "original").read_bytes()
        assert daemon.call("GET", f"/api/v1/data/{data_id}/download").body == original
        # What was in the middle goes on from there, and ends with the numbers that are right.
        job_id = expected["running"]
        assert daemon.finish(job_id)["status"] == "completed"
        told = daemon.events(0, lambda e: (e["type"], e["job_id"]) == ("job.completed", job_id))
        done = [e["done"] for e in told if (e["type"], e["job_id"]) == ("job.progress", job_id)]
        assert len(done) > 1
        assert done == sorted(done)
        request = json.loads((frozen / "jobs" / job_id / "request.json").read_text())
        al1, al2 = (ar1(np.array(values))[0] for values in request["series"])
        grid = (request[name] for name in ("dt", "dj", "s0", "J"))
        task = coherence_task(al1, al2, *grid, estimator="full")
        histogram = get_backend("joblib").run(task, request["seed"], 0, expected["realisations"])
        np.testing.assert_array_equal(daemon.result(job_id)["histogram"], histogram)
        batch = expected["batch"]
        assert daemon.finish(batch)["status"] == "completed"
        body, key = expected["batch_request"], {"Idempotency-Key": "frozen"}
        again = daemon.call("POST", "/api/v1/jobs/batch", body, key)
        assert again.json["job_id"] == batch
        names = [one["name"] for one in daemon.call("GET", "/api/v1/auth/keys").json["keys"]]
        assert names == ["ann"]
        for name in expected.get("drained", []):
            device = daemon.call("GET", f"/api/v1/devices/{name}").json
            assert device["state"] == "drained"
