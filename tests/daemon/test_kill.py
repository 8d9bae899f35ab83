"""The first promise: kill -9 at any moment costs time, never a number and never a job."""

from __future__ import annotations

import os
import random
import signal
import subprocess

import numpy as np
import pytest

from support import red_pair, running, wait_gone

A, B = red_pair()
GRID = {"dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84}
COHERENCE = {"signal1": A, "signal2": B, "sig": True, "seed": 42, **GRID}
#: On one core, lest a machine with many be done before it is shot.
COHERENCE["backend"] = "sequential"
#: Some seconds of work each: enough to be interrupted several times.
REQUESTS = {
    "full": {**COHERENCE, "estimator": "full", "mc_count": 12_000},
    "cascade": {**COHERENCE, "estimator": "cascade", "mc_count": 90_000},
    "shorter": {**COHERENCE, "estimator": "cascade", "mc_count": 30_000},
}
#: More than is done before it is shot.
LONG = {**REQUESTS["full"], "mc_count": 1_000_000}
#: Many short chunks, so that most moments are in the middle of something.
CONFIG = "[engine]\nchunk_seconds = 0.05\n"


def kill_backends(daemon):
    victims = daemon.workers("backend:")
    assert victims
    for pid in victims:
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def undisturbed():
    """The results of a daemon that nobody disturbs, by estimator."""
    with running(backends=["sequential"]) as daemon:
        jobs = {name: daemon.submit("wct", request) for name, request in REQUESTS.items()}
        for job_id in jobs.values():
            assert daemon.finish(job_id)["status"] == "completed"
        return {name: daemon.result(job_id) for name, job_id in jobs.items()}


@pytest.mark.parametrize(
    ("seed", "estimator"), [(0, "full"), pytest.param(1, "cascade", marks=pytest.mark.long)]
)
def test_kill_at_random_moments_ends_in_the_same_histogram(undisturbed, seed, estimator):
    moments = random.Random(seed)
    request = REQUESTS[estimator]
    total = request["mc_count"]
    with running(CONFIG, backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", request)
        done = [0]
        for least in (0, 1, total // 3):
            # From before the first step on: at some moment after that much was done.
            daemon.until(job_id, lambda job, n=least: job["realisations_done"] >= n)
            with pytest.raises(subprocess.TimeoutExpired):
                daemon.process.wait(moments.uniform(0.0, 0.1))
            daemon.kill()
            daemon.start()
            job = daemon.job(job_id)
            assert job["realisations_done"] >= done[-1]
            done.append(job["realisations_done"])
        job = daemon.finish(job_id)
        assert job["status"] == "completed", job
        assert job["attempts"] > 1
        result = daemon.result(job_id)
    assert int(result["mc_count"]) == total
    assert result["estimator"] == estimator
    for name in ("histogram", "signif", "WCT", "aWCT"):
        np.testing.assert_array_equal(result[name], undisturbed[estimator][name])
    # The kills did interrupt a computation, and what it had got was kept.
    assert 0 < done[-1] < total


def test_every_acknowledged_job_is_there_after_a_kill():
    """Jobs go in one after the other until the daemon is shot in the middle of it."""
    acknowledged = []
    with running(backends=["sequential"]) as daemon:
        shot = subprocess.Popen(
            ["/bin/sh", "-c", f"read line; kill -9 {daemon.process.pid}"], stdin=subprocess.PIPE
        )
        try:
            for number in range(1000):
                request = {"data": A, "dt": 1.0 + number}
                acknowledged.append((daemon.submit("cwt", request), 1.0 + number))
                if number == 20:
                    shot.stdin.write(b"now\n")
                    shot.stdin.close()
        except OSError:
            pass
        finally:
            shot.stdin.close()
            shot.wait()
        daemon.process.wait()
        assert 20 < len(acknowledged) < 1000
        daemon.start()
        for job_id, dt in acknowledged:
            job = daemon.finish(job_id)
            assert job["status"] == "completed"
            assert job["parameters"]["dt"] == dt
        everything = daemon.call("GET", "/api/v1/jobs?limit=1000").json["jobs"]
        # At most the one whose answer the kill has cut off is there besides.
        assert 0 <= len(everything) - len(acknowledged) <= 1


@pytest.mark.parametrize("estimator", ["full"])
def test_a_killed_worker_costs_a_chunk_and_no_number(undisturbed, estimator):
    request = REQUESTS[estimator]
    with running(CONFIG, backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", request)
        for threshold in (1, request["mc_count"] // 3):
            daemon.until(job_id, lambda job, n=threshold: job["realisations_done"] >= n)
            kill_backends(daemon)
        job = daemon.finish(job_id)
        assert job["status"] == "completed", job
        result = daemon.result(job_id)
        np.testing.assert_array_equal(result["histogram"], undisturbed[estimator]["histogram"])
        assert "died under job" in daemon.log


def test_chunks_of_any_size_add_up_to_the_same_histogram(undisturbed):
    """Chunks of milliseconds, merged on the way, against those of a second."""
    with running("[engine]\nchunk_seconds = 0.003\n", backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", REQUESTS["shorter"])
        told = daemon.events(0, lambda event: event["type"] == "job.completed")
        assert sum(event["type"] == "job.progress" for event in told) > 64
        result = daemon.result(job_id)
    np.testing.assert_array_equal(result["histogram"], undisturbed["shorter"]["histogram"])


def test_a_job_that_kills_its_worker_again_and_again_is_given_up():
    with running(CONFIG, backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", LONG)
        seen = done = 0
        for death in range(1, 4):
            daemon.until(job_id, lambda job, n=done: job["realisations_done"] > n)
            kill_backends(daemon)
            told = "job.retried" if death < 3 else "job.failed"
            seen = daemon.events(seen, lambda event, t=told: event["type"] == t)[-1]["seq"]
            done = daemon.job(job_id)["realisations_done"]
        job = daemon.finish(job_id)
        assert job["status"] == "failed"
        assert "3 processes" in job["error"]


def test_workers_dont_outlive_a_killed_daemon():
    with running(backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", LONG)
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        workers = daemon.workers()
        assert len(workers) == 2
        daemon.kill()
        for worker in workers:
            wait_gone(worker, 5.0)


@pytest.mark.parametrize("estimator", ["cascade"])
def test_sigterm_in_the_middle_of_a_job_is_quick_and_loses_nothing(undisturbed, estimator):
    with running(backends=["sequential"]) as daemon:
        job_id = daemon.submit("wct", REQUESTS[estimator])
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        daemon.process.terminate()
        assert daemon.process.wait(2.0) == 0
        daemon.start()
        # It was in the middle.
        assert daemon.job(job_id)["status"] != "completed"
        assert daemon.finish(job_id)["status"] == "completed"
        result = daemon.result(job_id)
        np.testing.assert_array_equal(result["histogram"], undisturbed[estimator]["histogram"])
