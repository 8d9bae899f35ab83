"""Killed in place of one certain write, one after the other, in every thing that it writes down.

The first round counts the changes that an operation makes on the disk; then the daemon dies in
place of some of them, from the first to the last.
"""

from __future__ import annotations

import http.client
import uuid
from typing import TYPE_CHECKING

import numpy as np
import pytest

from support import red_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shim import Faults
    from support import Answer, Daemon

A, B = red_pair()
CSV = "\n".join(map(str, A)).encode()
GRID = {"dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84}
COHERENCE = {"signal1": A, "signal2": B, "sig": True, "seed": 9, "mc_count": 60, **GRID}
LONG = {**COHERENCE, "estimator": "full", "mc_count": 1_000_000, "backend": "joblib"}
#: Deaths in one operation.
DEATHS = 3
#: Without waiting for the other backends to be probed.
QUICK = '[engine]\nchunk_seconds = 0.05\npreference = ["joblib"]\n'


def rounds(
    daemon: Daemon, faults: Faults, operation: Callable[[], Answer]
) -> Iterator[Answer | None]:
    """Answers of an operation: of a whole one, then of those that the daemon didn't survive."""
    faults.kill(daemon.process.pid, 0)
    yield operation()
    total = faults.changes()
    assert total > DEATHS, "the library that injects faults saw nothing"
    for number in range(DEATHS):
        moment = 1 + round(number * (total - 1) / (DEATHS - 1))
        faults.kill(daemon.process.pid, moment)
        answer = answered(operation)
        faults.kill(0, 0)
        # One that died of what came after its answer may take a moment to be gone.
        if answer is None or answered(lambda: daemon.call("GET", "/health")) is None:
            daemon.process.wait(10)
            daemon.start(faults.env)
        yield answer


def answered(call: Callable[[], Answer]) -> Answer | None:
    """The answer of a daemon that may die of the question."""
    try:
        return call()
    except (OSError, http.client.HTTPException):
        return None


def audited(daemon: Daemon, action: str) -> list[str]:
    """What the audit trail says has been done, by its targets."""
    entries = daemon.call("GET", "/api/v1/audit?limit=1000").json["entries"]
    return [e["target"] for e in entries if (e["action"], e["outcome"]) == (action, "done")]


def test_uploading(faulty):
    with faulty(QUICK) as (daemon, faults):
        stored = []
        for answer in rounds(daemon, faults, lambda: daemon.upload(CSV)):
            if answer is not None and answer.status == 200:
                stored.append(answer.json["data_id"])
            listed = [one["data_id"] for one in daemon.call("GET", "/api/v1/data/").json["data"]]
            assert set(stored) <= set(listed)
            for data_id in listed:
                assert daemon.call("GET", f"/api/v1/data/{data_id}/download").body == CSV
            assert {p.name for p in (daemon.state / "data").iterdir()} == set(listed)
            assert sorted(audited(daemon, "data.upload")) == sorted(listed)
            assert not list((daemon.state / "incoming").iterdir())
        assert stored


def test_deleting_what_was_uploaded(faulty):
    with faulty(QUICK) as (daemon, faults):
        ids = [daemon.upload(CSV).json["data_id"] for _ in range(DEATHS + 1)]
        left = iter(ids)
        gone = []

        def delete() -> Answer:
            gone.append(next(left))
            return daemon.call("DELETE", f"/api/v1/data/{gone[-1]}")

        for answer in rounds(daemon, faults, delete):
            found = daemon.call("GET", f"/api/v1/data/{gone[-1]}/download")
            if answer is not None and answer.status == 200:
                assert found.status == 404
            assert found.status == 404 or found.body == CSV
            assert (gone[-1] in audited(daemon, "data.delete")) == (found.status == 404)
            for data_id in set(ids) - set(gone):
                assert daemon.call("GET", f"/api/v1/data/{data_id}/download").body == CSV


def test_submitting_with_a_key_and_again(faulty):
    """A client that wasn't answered asks again: there is one job, and it is done."""
    with faulty(QUICK) as (daemon, faults):
        keys = []

        def submit(key: str | None = None) -> Answer:
            if key is None:
                keys.append(key := str(uuid.uuid4()))
            body = {"kind": "cwt", "request": {"data": A, **GRID}}
            return daemon.call("POST", "/api/v1/jobs", body, {"Idempotency-Key": key})

        for count, answer in enumerate(rounds(daemon, faults, submit), 1):
            there = {job["job_id"] for job in daemon.call("GET", "/api/v1/jobs").json["jobs"]}
            assert set(audited(daemon, "job.submit")) == there
            again = submit(keys[-1])
            assert again.status == 202
            if answer is not None and answer.status == 202:
                assert answer.json["job_id"] == again.json["job_id"]
            assert daemon.finish(again.json["job_id"])["status"] == "completed"
            assert len(daemon.call("GET", "/api/v1/jobs").json["jobs"]) == count
            assert len(list((daemon.state / "jobs").iterdir())) == count


def test_running_and_ending(faulty):
    """From the first step to the last file that is cleared away."""
    with faulty(QUICK) as (daemon, faults):
        jobs: list[str] = []

        def run() -> Answer:
            jobs.append(daemon.submit("wct", COHERENCE))
            daemon.finish(jobs[-1])
            return daemon.call("GET", f"/api/v1/jobs/{jobs[-1]}")

        expected = None
        for _ in rounds(daemon, faults, run):
            job = daemon.finish(jobs[-1])
            assert job["status"] == "completed", job
            histogram = daemon.result(jobs[-1])["histogram"]
            expected = histogram if expected is None else expected
            np.testing.assert_array_equal(histogram, expected)


def test_cancelling(faulty):
    with faulty(QUICK) as (daemon, faults):
        jobs: list[str] = []

        def cancel() -> Answer:
            jobs.append(daemon.submit("wct", LONG))
            return daemon.call("DELETE", f"/api/v1/jobs/{jobs[-1]}")

        for answer in rounds(daemon, faults, cancel):
            listed = daemon.call("GET", "/api/v1/jobs").json["jobs"]
            states = {job["job_id"]: job["status"] for job in listed}
            if answer is not None and answer.status == 200:
                assert states[jobs[-1]] == "cancelled"
            ended = sorted(job_id for job_id, status in states.items() if status == "cancelled")
            assert sorted(audited(daemon, "job.cancel")) == ended
            # What wasn't acknowledged goes on; nothing is in between.
            assert set(states.values()) <= {"cancelled", "queued", "running"}
            for job_id, status in states.items():
                if status != "cancelled":
                    answered = daemon.call("DELETE", f"/api/v1/jobs/{job_id}").json["status"]
                    assert answered == "cancelled"


def test_turning_a_call_into_a_job(faulty):
    """Whoever was told a job's number finds it, with what was computed of it."""
    with faulty(f"[limits]\nsync_seconds = 0.3\n{QUICK}") as (
        daemon,
        faults,
    ):

        def call() -> Answer:
            return daemon.call("POST", "/api/v1/wavelet/wct", LONG)

        for answer in rounds(daemon, faults, call):
            listed = daemon.call("GET", "/api/v1/jobs").json["jobs"]
            if answer is not None and answer.status == 202:
                assert answer.json["job_id"] in {job["job_id"] for job in listed}
            for job in listed:
                if job["status"] in {"queued", "running"}:
                    daemon.until(job["job_id"], lambda one: one["realisations_done"] > 0)
                    daemon.call("DELETE", f"/api/v1/jobs/{job['job_id']}")


@pytest.mark.parametrize("moment", [9, 17])
def test_migrating(faulty, moment):
    """Killed between any two writes of the first start; the next one finds its way."""
    with faulty(start=False) as (daemon, faults):
        daemon.state.mkdir()
        faults.kill(-1, moment)
        with pytest.raises(AssertionError, match="didn't start"):
            daemon.start(faults.env)
        faults.kill(0, 0)
        daemon.start(faults.env)
        assert daemon.call("GET", "/health").status == 200


def test_making_keys(faulty):
    with faulty(QUICK) as (daemon, faults):
        new = {"name": "alice"}
        for _ in rounds(daemon, faults, lambda: daemon.call("POST", "/api/v1/auth/keys", new)):
            keys = daemon.call("GET", "/api/v1/auth/keys").json["keys"]
            assert sorted(audited(daemon, "key.add")) == sorted(key["id"] for key in keys)


def test_draining(faulty):
    with faulty(QUICK) as (daemon, faults):
        path = "/api/v1/devices/sequential"
        drained = 0
        for _ in rounds(daemon, faults, lambda: daemon.call("POST", f"{path}/drain")):
            if daemon.call("GET", path).json["state"] == "drained":
                drained += 1
                assert daemon.call("POST", f"{path}/resume").status == 202
            assert len(audited(daemon, "device.drain")) == drained
