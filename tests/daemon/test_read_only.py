"""A disk that takes nothing: read-only, failing, or with a limit to the size of files."""

from __future__ import annotations

import errno
import resource

import numpy as np
import pytest

from support import red_pair, running

A, B = red_pair()
REQUEST = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84},
    **{"sig": True, "mc_count": 3000, "seed": 5, "estimator": "full"},
}
CONFIG = '[engine]\nchunk_seconds = 0.05\npreference = ["joblib"]\n'


@pytest.fixture(scope="module")
def undisturbed():
    """The histogram of a daemon whose disk is well."""
    with running(CONFIG, backends=["joblib"]) as daemon:
        return daemon.result(daemon.finish(daemon.submit("wct", REQUEST))["job_id"])["histogram"]


def metric(daemon, name):
    text = daemon.call("GET", "/metrics").body.decode()
    (line,) = (line for line in text.splitlines() if line.startswith(name + " "))
    return float(line.split()[1])


@pytest.mark.parametrize("error", [errno.EROFS, errno.EIO], ids=errno.errorcode.get)
def test_jobs_wait_while_the_disk_takes_nothing_and_end_with_the_same_numbers(
    faulty, undisturbed, error
):
    with faulty(CONFIG) as (daemon, faults):
        done = daemon.submit("cwt", {"data": A, "dt": 1.0})
        daemon.finish(done)
        job_id = daemon.submit("wct", REQUEST)
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        faults.refuse(error)
        daemon.until(job_id, lambda job: job["waiting_for"])
        # Whatever needs the disk is refused as such, and what has been computed is still given.
        for answer in (
            daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": REQUEST}),
            daemon.call("POST", "/api/v1/wavelet/wct", REQUEST),
            daemon.upload(b"1\n2\n3\n" * 10),
            daemon.call("DELETE", f"/api/v1/jobs/{job_id}-x"),
        ):
            assert answer.status in {404, 507}, answer.body
        assert len(daemon.result(done)) > 3
        health = daemon.call("GET", "/health")
        assert health.status == 503
        assert "jobs wait for the disk" in health.json["detail"]
        detailed = daemon.call("GET", "/api/v1/health/detailed").json
        assert detailed["status"] == "degraded"
        assert "disk" in detailed["reasons"][0]
        assert metric(daemon, "pycwtd_waiting_for_disk") == 1
        assert metric(daemon, "pycwtd_disk_refusals_total") > 0
        faults.refuse(0)
        job = daemon.finish(job_id)
        assert job["status"] == "completed", job
        np.testing.assert_array_equal(daemon.result(job_id)["histogram"], undisturbed)
        assert daemon.call("GET", "/health").status == 200
        assert "Traceback" not in daemon.log


def test_a_refused_call_leaves_no_trouble_behind(faulty):
    """Nothing waits, so nothing but the daemon itself can find out that the disk is well again."""
    with faulty(CONFIG) as (daemon, faults):
        faults.refuse(errno.EROFS)
        answer = daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": REQUEST})
        assert answer.status == 507
        assert daemon.call("GET", "/health").status == 503
        faults.refuse(0)
        daemon.events(0, lambda event: event["type"] == "system.disk")
        assert daemon.call("GET", "/health").status == 200


def test_a_completed_job_stays_so_when_its_leftovers_cant_be_removed(faulty):
    """From the last row of a job on, no error of the disk changes what it has come to."""
    with faulty(CONFIG) as (daemon, faults):
        job_id = daemon.submit("wct", {**REQUEST, "mc_count": 300})
        daemon.events(0, lambda event: event["type"] == "job.progress")
        faults.refuse(errno.EROFS)
        faults.refuse(0)
        assert daemon.finish(job_id)["status"] == "completed"
        assert daemon.call("GET", f"/api/v1/jobs/{job_id}").json["error"] is None


def test_cancelling_on_a_disk_that_takes_nothing_stops_the_job_and_says_so(faulty):
    with faulty(CONFIG) as (daemon, faults):
        job_id = daemon.submit("wct", {**REQUEST, "mc_count": 1_000_000})
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        faults.refuse(errno.EROFS)
        answer = daemon.call("DELETE", f"/api/v1/jobs/{job_id}")
        assert answer.status == 507
        assert "stopped" in answer.json["detail"]
        faults.refuse(0)
        assert daemon.finish(job_id)["status"] == "cancelled"


def test_a_read_only_state_directory_at_the_start(faulty):
    with faulty(CONFIG) as (daemon, faults):
        daemon.stop()
        before = {p: p.stat().st_mtime_ns for p in daemon.state.rglob("*") if p.is_file()}
        faults.refuse(errno.EROFS)
        with pytest.raises(AssertionError, match="Read-only file system"):
            daemon.start(faults.env)
        assert daemon.process.wait(10) == 1
        assert "Traceback" not in daemon.log
        assert {p: p.stat().st_mtime_ns for p in before} == before
        faults.refuse(0)
        daemon.start(faults.env)


def test_files_that_may_not_grow_are_a_storage_error_and_no_crash():
    """RLIMIT_FSIZE: SIGXFSZ, which kills by default, isn't heard; EFBIG is what a full disk is."""
    with running(CONFIG, backends=["joblib"]) as daemon:
        job_id = daemon.submit("wct", {**REQUEST, "mc_count": 6000})
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        everybody = [daemon.process.pid, *daemon.workers()]
        for pid in everybody:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
        daemon.until(job_id, lambda job: job["waiting_for"])
        assert daemon.call("GET", "/health").status == 503
        assert [daemon.process.pid, *daemon.workers()] == everybody
        for pid in everybody:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (-1, resource.RLIM_INFINITY))
        job = daemon.finish(job_id)
        assert (job["status"], job["attempts"]) == ("completed", 1), job
