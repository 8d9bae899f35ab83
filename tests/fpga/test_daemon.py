"""The real daemon, the real gateware: whole coherence jobs, end to end."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest

from fpga_boards import expected, gateware
from fpga_chip import program
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.noise import ar1
from support import red_pair, running

FIRST, SECOND = red_pair(256)
COUNT = 8
#: The board is simulated clock by clock, by which a job takes half a minute.
AT_LENGTH = pytest.mark.skipif(
    "GATEWARE_EXAMPLES" not in os.environ, reason="part of `make test-gateware`"
)
REQUEST = {
    **{"signal1": FIRST, "signal2": SECOND, "dt": 1, "dj": 0.5, "s0": 3, "J": 5},
    **{"sig": True, "estimator": "cascade", "edges": False, "seed": 5, "mc_count": COUNT},
}
TASK = coherence_task(ar1(FIRST).g, ar1(SECOND).g, 1, 0.5, 3, 5, estimator="cascade")


class Bench:
    """A daemon, and the board on its port."""

    def __init__(self, daemon, link):
        self.daemon, self.link = daemon, link
        self._board = None

    def plug(self, *options):
        self.unplug()
        self._board = gateware("--link", self.link, *options)
        _, self.process = self._board.__enter__()

    def unplug(self):
        if self._board:
            self.process.kill()
            self._board.__exit__(None, None, None)
            self._board = None

    def ready(self):
        """Wait until the board is tested and measured, for which a request doesn't wait as long."""

        def is_ready(event):
            return (event["type"], event.get("device")) == ("device.ready", "tang_nano_9k")

        since = 0
        for _ in range(10):
            device = self.daemon.call("GET", "/api/v1/devices/tang_nano_9k").json
            if device["state"] in {"ready", "leased"}:
                return
            with contextlib.suppress(TimeoutError):
                since = self.daemon.events(since, is_ready)[-1]["seq"]
        raise AssertionError(f"the board doesn't get ready: {device}")

    def submit(self, **changes):
        self.ready()
        return self.daemon.submit("wct", {**REQUEST, "backend": "tang_nano_9k", **changes})

    def finish(self, job_id):
        """Its end, however busy the machine is: the board is simulated clock by clock."""
        for _ in range(4):
            with contextlib.suppress(TimeoutError):
                return self.daemon.finish(job_id)
        raise AssertionError(f"the job doesn't end: {self.daemon.job(job_id)}")

    def check(self, job_id, count=COUNT):
        """Its null distribution is the model's to the last count, its map every backend's."""
        job = self.finish(job_id)
        assert job["status"] == "completed", job
        result = self.daemon.result(job_id)
        assert result["backend_used"] == "tang_nano_9k"
        np.testing.assert_array_equal(result["histogram"], expected(TASK, 5, 0, count))
        other = self.daemon.submit("wct", {**REQUEST, "mc_count": 30, "backend": "sequential"})
        assert self.daemon.finish(other)["status"] == "completed"
        np.testing.assert_array_equal(result["WCT"], self.daemon.result(other)["WCT"])


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """One for all tests: a daemon measures the speed of its board when it starts."""
    # Not within a job's time.
    program("board_pty")
    link = tmp_path_factory.mktemp("fpga") / "board"
    with running(start=False, backends=["sequential"]) as daemon:
        daemon.config = f'[drivers.tang_nano_9k]\nport = "{link}"\nwait = 60\n'
        one = Bench(daemon, link)
        one.plug()
        daemon.start()
        yield one
        daemon.kill()
        one.unplug()


def test_a_whole_job_and_one_of_the_cpus_beside_it(bench):
    """On a line that damages one byte in 5,000, which is one frame in ten to some hundred."""
    bench.plug("--damage", 5000)
    ours = bench.submit()
    theirs = bench.daemon.submit("wct", {**REQUEST, "backend": "sequential", "mc_count": 300})
    seen = bench.daemon.follow(ours)
    assert bench.daemon.finish(theirs)["status"] == "completed"
    done = [told["realisations_done"] for told in seen if "realisations_done" in told]
    assert done == sorted(done)
    bench.check(ours)


@AT_LENGTH
def test_a_cancel(bench):
    bench.plug()
    job_id = bench.submit(mc_count=100_000)
    bench.daemon.until(job_id, lambda job: job["realisations_done"] >= 5)
    cancelled = bench.daemon.call("DELETE", f"/api/v1/jobs/{job_id}").json
    assert cancelled["status"] == "cancelled"
    bench.check(bench.submit())


@AT_LENGTH
def test_a_cable_pulled_in_the_middle(bench):
    count = 100
    bench.plug()
    job_id = bench.submit(mc_count=count)
    bench.daemon.until(job_id, lambda job: job["realisations_done"] >= 5)
    bench.unplug()
    assert bench.daemon.job(job_id)["status"] in {"running", "queued"}
    bench.plug()
    bench.check(job_id, count)


@AT_LENGTH
def test_what_the_chip_cant_do_is_refused(bench):
    """Another estimator is known from the manifest: another backend, or a clear word."""
    bench.plug()
    moved = bench.submit(estimator="full")
    job = bench.daemon.finish(moved)
    assert job["status"] == "completed"
    assert job["backend"] != "tang_nano_9k"
    assert "full" in bench.daemon.job(moved)["fallback_reason"]
    request = {**REQUEST, "estimator": "full", "fallback": False, "backend": "tang_nano_9k"}
    answer = bench.daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": request})
    assert answer.status in {400, 422}
    assert b"full" in answer.body
