"""The real daemon, the real gateware: whole coherence jobs, end to end."""

from __future__ import annotations

import signal

import numpy as np
import pytest

from fpga_boards import expected, gateware, modelled
from fpga_chip import program
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.noise import ar1
from support import red_pair, running

FIRST, SECOND = red_pair(256)
COUNT = 24
REQUEST = {
    **{"signal1": FIRST, "signal2": SECOND, "dt": 1, "dj": 0.5, "s0": 3, "J": 5},
    **{"sig": True, "estimator": "cascade", "edges": False, "seed": 5, "mc_count": COUNT},
}
TASK = coherence_task(
    ar1(FIRST).g, ar1(SECOND).g, 1, 0.5, 3, 5, estimator="cascade", edges=False
)


@pytest.fixture(autouse=True, scope="module")
def _built():
    """Not within a job's time."""
    program("board_pty")


@pytest.fixture
def link(tmp_path):
    return tmp_path / "board"


@pytest.fixture
def daemon(link):
    with running(start=False) as one:
        one.config = f'[drivers.tang_nano_9k]\nport = "{link}"\nwait = 60\n'
        yield one


def submitted(daemon, **changes):
    return daemon.submit("wct", {**REQUEST, "backend": "tang_nano_9k", **changes})


def check(daemon, job_id, count=COUNT):
    """Its null distribution is the model's to the last count, its map that of every backend."""
    job = daemon.finish(job_id)
    assert job["status"] == "completed", job
    result = daemon.result(job_id)
    assert result["backend_used"] == "tang_nano_9k"
    np.testing.assert_array_equal(result["histogram"], expected(TASK, 5, 0, count))
    other = daemon.submit("wct", {**REQUEST, "mc_count": count, "backend": "sequential"})
    assert daemon.finish(other)["status"] == "completed"
    exact = daemon.result(other)
    np.testing.assert_array_equal(result["WCT"], exact["WCT"])


def test_a_whole_job_and_one_of_the_cpus_beside_it(daemon, link):
    with gateware("--link", link, "--damage", 2000):
        daemon.start()
        ours = submitted(daemon)
        theirs = daemon.submit("wct", {**REQUEST, "backend": "sequential", "mc_count": 300})
        seen = daemon.follow(ours)
        assert daemon.finish(theirs)["status"] == "completed"
        done = [told["realisations_done"] for told in seen if "realisations_done" in told]
        assert done == sorted(done)
        check(daemon, ours)


def test_a_cable_pulled_in_the_middle(daemon, link):
    count = 400
    with gateware("--link", link) as (_, process):
        daemon.start()
        job_id = submitted(daemon, mc_count=count)
        daemon.until(job_id, lambda job: job["realisations_done"] >= 5)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert daemon.job(job_id)["status"] in {"running", "queued"}
    with gateware("--link", link):
        check(daemon, job_id, count)


def test_a_cancel(daemon, link):
    with gateware("--link", link):
        daemon.start()
        job_id = submitted(daemon, mc_count=100_000)
        daemon.until(job_id, lambda job: job["realisations_done"] >= 5)
        assert daemon.call("DELETE", f"/api/v1/jobs/{job_id}").json["status"] == "cancelled"
        assert daemon.finish(job_id)["status"] == "cancelled"
        check(daemon, submitted(daemon))


def test_what_the_chip_cant_do_is_refused(daemon):
    """Another estimator is known from the manifest: another backend, or a clear word."""
    with modelled(TASK) as (path, _):
        daemon.config = f'[drivers.tang_nano_9k]\nport = "{path}"\n'
        daemon.start()
        moved = submitted(daemon, estimator="full")
        job = daemon.finish(moved)
        assert job["status"] == "completed"
        assert job["backend"] != "tang_nano_9k"
        assert "full" in daemon.job(moved)["fallback_reason"]
        answer = daemon.call(
            "POST",
            "/api/v1/jobs",
            {
                "kind": "wct",
                "request": {
                    **{**REQUEST, "estimator": "full", "fallback": False},
                    "backend": "tang_nano_9k",
                },
            },
        )
        assert answer.status in {400, 422}
        assert b"full" in answer.body
