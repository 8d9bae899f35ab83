"""A full disk is a state: said aloud, refused at once, and over when there is room again."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest

from support import red_pair, running

A, B = red_pair()
REQUEST = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84},
    **{"sig": True, "mc_count": 3000, "seed": 5, "estimator": "full"},
}


@contextmanager
def small_disk(daemon, size):
    """The daemon's state directory on a file system of its own."""
    daemon.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", daemon.state],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield
    finally:
        if daemon.process and daemon.process.poll() is None:
            daemon.kill()
        subprocess.run(["umount", "-l", daemon.state], check=True)


def fill(path):
    """Take what room there is."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_without_the_reserve_nothing_is_taken():
    with running(start=False, backends=["joblib"]) as daemon, small_disk(daemon, "8m"):
        daemon.start()
        for method, path, body in (
            ("POST", "/api/v1/jobs", {"kind": "wct", "request": REQUEST}),
            ("POST", "/api/v1/wavelet/wct", REQUEST),
        ):
            answer = daemon.call(method, path, body)
            assert answer.status == 507
            assert "reserve_bytes" in answer.json["detail"]
        health = daemon.call("GET", "/health")
        assert health.status == 503
        assert "MiB left" in health.json["detail"]
        assert daemon.call("GET", "/api/v1/health/detailed").json["status"] == "degraded"


def test_a_job_waits_for_room_and_ends_with_the_same_numbers():
    with running(backends=["joblib"]) as daemon:
        undisturbed = daemon.result(daemon.finish(daemon.submit("wct", REQUEST))["job_id"])
    config = "[limits]\nreserve_bytes = 0\n[engine]\nchunk_seconds = 0.05\n"
    # Room for as many files of chunks, 0.7 MB each, as there may be before they are merged: on
    # a slow machine chunks are small and many.
    with running(config, start=False, backends=["joblib"]) as daemon, small_disk(daemon, "64m"):
        daemon.start()
        ballast = daemon.state / "ballast"
        job_id = daemon.submit("wct", REQUEST)
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        fill(ballast)
        daemon.until(job_id, lambda job: job["waiting_for"])
        assert daemon.call("GET", "/health").status == 503
        assert "jobs wait for the disk" in daemon.log
        ballast.unlink()
        job = daemon.finish(job_id)
        assert job["status"] == "completed", json.dumps(job)
        assert daemon.call("GET", "/health").status == 200
        np.testing.assert_array_equal(daemon.result(job_id)["histogram"], undisturbed["histogram"])


def test_room_is_made_by_deleting_even_on_a_disk_that_is_full_to_the_brim():
    samples = "\n".join(map(str, np.random.default_rng(1).normal(size=100_000).tolist())).encode()
    config = "[limits]\nreserve_bytes = 0\n"
    with running(config, start=False, backends=["joblib"]) as daemon, small_disk(daemon, "24m"):
        daemon.start()
        data_id = daemon.upload(samples).json["data_id"]
        fill(daemon.state / "full")
        assert daemon.upload(samples).status == 507
        # It starts on such a disk, too, to give what is there.
        assert daemon.stop() == 0
        daemon.start()
        listed = daemon.call("GET", "/api/v1/data/").json["data"]
        assert [one["data_id"] for one in listed] == [data_id]
        assert daemon.call("DELETE", f"/api/v1/data/{data_id}").status == 200
        assert daemon.upload(samples).status == 200
        assert not list((daemon.state / "incoming").iterdir())
