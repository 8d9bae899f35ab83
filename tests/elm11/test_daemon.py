"""The real daemon with a simulated board: a whole coherence job, and a cable that is pulled."""

from __future__ import annotations

import numpy as np
import pytest

import elm11_model as model
from elm11_boards import started
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.noise import ar1
from pycwtd_drivers.elm11.plan import plan
from support import red_pair, running

FIRST, SECOND = red_pair(96)
COUNT = 60
REQUEST = {
    "signal1": FIRST,
    "signal2": SECOND,
    "sig": True,
    "mc_count": COUNT,
    "seed": 5,
    **{"dt": 1, "dj": 0.25, "s0": 2, "J": 12},
}


@pytest.fixture
def link(tmp_path):
    return tmp_path / "board"


@pytest.fixture
def daemon(link):
    with running(start=False, backends=["sequential"]) as one:
        one.config = f'[drivers.elm11]\nport = "{link}"\npace = 0\nwait = 60\n'
        yield one


def check(daemon, job_id):
    """Its null distribution is the board's to the last count, its map the one of every backend."""
    result = daemon.result(job_id)
    assert result["backend_used"] == "elm11_lua"
    task = coherence_task(ar1(FIRST).g, ar1(SECOND).g, 1, 0.25, 2, 12)
    expected = model.histogram(plan(task), task, 5, 0, COUNT)
    np.testing.assert_array_equal(result["histogram"], expected)
    other = daemon.submit("wct", {**REQUEST, "backend": "sequential"})
    assert daemon.finish(other)["status"] == "completed"
    exact = daemon.result(other)
    np.testing.assert_array_equal(result["WCT"], exact["WCT"])
    # The same noise, elsewhere than at the same points: measured, up to 0.007 for 600 realisations.
    assert np.abs(result["signif"] - exact["signif"]).max() < 0.05


def test_a_whole_job(daemon, link):
    with started("--link", link):
        daemon.start()
        job_id = daemon.submit("wct", {**REQUEST, "backend": "elm11"})
        assert daemon.finish(job_id)["status"] == "completed"
        check(daemon, job_id)


def test_a_cable_pulled_in_the_middle(daemon, link):
    with started("--link", link) as (_, process):
        daemon.start()
        job_id = daemon.submit("wct", {**REQUEST, "backend": "elm11_lua"})
        daemon.until(job_id, lambda job: job["realisations_done"] >= 5)
        process.kill()
        process.wait(10)
    assert daemon.job(job_id)["status"] in {"running", "queued"}
    with started("--link", link):
        assert daemon.finish(job_id)["status"] == "completed"
        check(daemon, job_id)
    # It might have been another board: nothing counts before it has passed its self-test again,
    # not even the chunk that the driver went on with.
    told = [e["type"] for e in daemon.events(0, lambda e: e["type"] == "job.completed")]
    gone = told.index("device.unavailable")
    again = gone + told[gone:].index("device.ready")
    assert "device.self_tested" in told[gone:again]
    assert "job.progress" not in told[gone:again]
    assert "job.progress" in told[again:]


def test_without_a_port_the_daemon_says_what_to_do(daemon):
    daemon.config = ""
    daemon.start()
    answer = daemon.call(
        "POST",
        "/api/v1/jobs",
        {"kind": "wct", "request": {**REQUEST, "backend": "elm11", "fallback": False}},
    )
    assert answer.status == 503
    assert b"PYCWTD_DRIVER_ELM11_PORT" in answer.body
