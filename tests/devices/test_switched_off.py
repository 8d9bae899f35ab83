"""Backends that the configuration switches off."""

from __future__ import annotations

import pytest

from support import red_pair, running

A, B = red_pair()
REQUEST = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "mc_count": 20}


@pytest.fixture(scope="module")
def daemon():
    with running('[engine]\nswitched_off = ["sequential"]\n') as one:
        yield one


def submit(daemon, **changes):
    request = {**REQUEST, "backend": "sequential", **changes}
    return daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": request})


def test_it_has_no_process_and_says_why(daemon):
    daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
    found = daemon.call("GET", "/api/v1/devices/sequential").json
    assert found["state"] == "unavailable"
    assert "engine.switched_off" in found["reason"]
    assert daemon.workers("backend:joblib")
    assert not daemon.workers("backend:sequential")


def test_its_jobs_go_to_another_or_are_refused(daemon):
    job = daemon.finish(submit(daemon).json["job_id"])
    assert (job["status"], job["backend"]) == ("completed", "joblib")
    assert "switched off" in job["fallback_reason"]
    refused = submit(daemon, fallback=False)
    assert refused.status == 503
    assert "switched off" in refused.json["error"]["message"]


def test_a_name_that_there_isnt_is_refused_at_the_start():
    with (
        running('[engine]\nswitched_off = ["sequental"]\n', start=False) as daemon,
        pytest.raises(AssertionError, match=r"engine\.switched_off.*'sequental'.*sequential"),
    ):
        daemon.start()
