"""The real daemon with a real Dask cluster, which goes and comes back."""

from __future__ import annotations

import numpy as np
import pytest

from clusters import cluster
from support import red_pair, running


@pytest.fixture(scope="module")
def one():
    """A cluster that is killed again and again."""
    with cluster(1) as made:
        yield made


def configuration(one, when_lost):
    return f"""
[drivers.dask]
scheduler = "{one.address}"
when_lost = "{when_lost}"

[engine]
chunk_seconds = 0.2
"""


def request(backend, count):
    signal1, signal2 = red_pair(600)
    return {
        **{"signal1": signal1, "signal2": signal2, "dt": 1.0, "dj": 0.1, "seed": 11},
        **{"sig": True, "mc_count": count, "backend": backend},
    }


def same(daemon, ours, other):
    """Whether two jobs have the same map of levels, to the last bit."""
    mine, theirs = daemon.result(ours), daemon.result(other)
    assert mine["histogram"].sum() > 0
    for name in ("histogram", "signif", "WCT"):
        np.testing.assert_array_equal(mine[name], theirs[name])


def test_a_job_waits_for_the_scheduler_and_is_right(one):
    with running(configuration(one, "wait"), backends=["sequential"]) as daemon:
        job = daemon.submit("wct", request("dask", 8_000))
        daemon.until(job, lambda told: told.get("progress", 0) > 0)
        one.stop()
        told = daemon.events(0, lambda event: event["type"] == "device.unavailable")
        assert told[-1]["device"] == "dask"
        assert "Dask scheduler" in told[-1]["reason"]
        told = daemon.job(job)
        assert told["status"] == "running"
        assert told["waiting_for"].startswith("dask isn't available")
        one.start()
        one.add_workers(1)
        assert daemon.finish(job)["status"] == "completed"
        assert daemon.job(job)["backend"] == "dask"
        again = daemon.submit("wct", request("joblib", 8_000))
        assert daemon.finish(again)["status"] == "completed"
        same(daemon, job, again)


def test_a_job_falls_back_and_is_right(one):
    with running(configuration(one, "fallback"), backends=["sequential"]) as daemon:
        job = daemon.submit("wct", request("dask", 8_000))
        daemon.until(job, lambda told: told.get("progress", 0) > 0)
        one.scheduler.kill()
        assert daemon.finish(job)["status"] == "completed"
        told = daemon.job(job)
        assert told["backend"] in {"joblib", "sequential"}
        assert "dask can't go on" in told["fallback_reason"]
        again = daemon.submit("wct", request("sequential", 8_000))
        assert daemon.finish(again)["status"] == "completed"
        same(daemon, job, again)
