"""Want of memory costs a worker, then its job, never the daemon."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import red_pair, running, wait_gone

#: About a gigabyte of maps, more than any worker is allowed here.
A, B = red_pair(80_000)
LARGE = {"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 24, "J": 300}
SMALL = {"data": A[:100], "dt": 1.0}
GROUPS = Path("/sys/fs/cgroup/memory")


@contextmanager
def memory_group(most):
    """A control group of the kernel's with so much memory, or a skip where there can be none."""
    group = GROUPS / f"pycwtd-test-{os.getpid()}"
    unified = not (GROUPS / "memory.limit_in_bytes").exists()
    if unified:
        group = Path("/sys/fs/cgroup") / group.name
    try:
        group.mkdir()
        name = "memory.max" if unified else "memory.limit_in_bytes"
        (group / name).write_text(str(most))
    except OSError as error:
        if group.exists():
            group.rmdir()
        pytest.skip(f"no control group for memory can be made here: {error}")
    try:
        yield group
    finally:
        group.rmdir()


def test_the_kernel_kills_a_worker_and_the_daemon_goes_on():
    with memory_group(450 * 2**20) as group, running(backends=["joblib"]) as daemon:
        everybody = [daemon.process.pid, *daemon.workers()]
        for pid in everybody:
            (group / "cgroup.procs").write_text(str(pid))
        job_id = daemon.submit("xwt", LARGE)
        told = daemon.events(0, lambda event: event["type"] in {"job.failed", "job.completed"})
        job = daemon.job(job_id)
        assert job["status"] == "failed", job
        assert "took 3 processes down" in job["error"]
        assert "want of memory" in job["error"]
        retries = [e for e in told if e["type"] == "job.retried"]
        assert len(retries) == 2
        assert all("want of memory" in e["reason"] for e in retries)
        assert daemon.process.poll() is None
        assert daemon.finish(daemon.submit("cwt", SMALL))["status"] == "completed"
        assert "host numerics-0 died under job" in daemon.log
        metrics = daemon.call("GET", "/metrics").body.decode()
        assert "pycwtd_host_deaths_total 3.0" in metrics
        workers = daemon.workers()
        daemon.kill()
        # A group is removed when nobody is in it any more.
        for pid in workers:
            wait_gone(pid, 10)


def test_a_worker_at_its_limit_says_so_and_lives_on():
    with running("[engine]\nmemory_bytes = 400000000\n", backends=["joblib"]) as daemon:
        workers = daemon.workers("numerics")
        job = daemon.finish(daemon.submit("xwt", LARGE))
        assert job["status"] == "failed"
        assert "enough memory" in job["error"] or "memory_bytes" in job["error"], job
        assert daemon.workers("numerics") == workers
        assert daemon.finish(daemon.submit("cwt", SMALL))["status"] == "completed"
        for pid in workers:
            assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "500"
