"""What is synced to disk and when, as the system calls tell it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
from contextlib import contextmanager

import pytest

from support import red_pair, running

A, B = red_pair()
REQUEST = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "seed": 5, "fallback": False}
CALLS = "fsync,fdatasync,syncfs"


@contextmanager
def traced(daemon, path):
    """The calls of the daemon and its processes that sync something, in a file."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs the Debian package strace")
    found = [daemon.process.pid, *daemon.workers()]
    command = [strace, "-f", "-y", "-e", f"trace={CALLS}", "-o", path]
    tracer = subprocess.Popen(
        [*command, *(part for pid in found for part in ("-p", str(pid)))],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in found:
            line = tracer.stderr.readline()
            if "attached" not in line:
                pytest.skip(f"processes can't be traced here: {line}")
        yield
    finally:
        tracer.terminate()
        tracer.wait()
        tracer.stderr.close()


def synced(path, name):
    """The lines of a trace about a file or folder, without the thread ids."""
    return [line.split(maxsplit=1)[1] for line in path.read_text().splitlines() if name in line]


def test_an_answered_call_leaves_the_disk_alone():
    with running(backends=["joblib"]) as daemon:
        daemon.call("POST", "/api/v1/wavelet/wct", REQUEST)
        trace = daemon.root / "trace"
        with traced(daemon, trace):
            answer = daemon.call("POST", "/api/v1/wavelet/wct?format=npz", REQUEST)
            assert answer.status == 200
        assert synced(trace, "/jobs/") == []


def test_a_call_that_becomes_a_job_is_synced_then_and_from_then_on():
    with running(
        "[limits]\nsync_seconds = 0.3\n[engine]\nchunk_seconds = 0.2\n", backends=["joblib"]
    ) as daemon:
        trace = daemon.root / "trace"
        with traced(daemon, trace):
            # What a precision takes isn't known beforehand, so that it begins as a call.
            slow = {**REQUEST, "estimator": "full", "precision": 0.001}
            answer = daemon.call("POST", "/api/v1/wavelet/wct", slow)
            assert answer.status == 202, answer.body
            job = answer.json["job_id"]
            assert daemon.finish(job)["status"] == "completed"
        calls = synced(trace, job)
        assert calls[0].startswith("syncfs("), calls
        results = [number for number, call in enumerate(calls) if "result.npz.tmp" in call]
        assert results, calls
        assert all(calls[number].endswith("= 0") for number in results)


def test_a_result_under_way_when_its_call_becomes_a_job_has_its_digest():
    with running("[limits]\nsync_seconds = 0.02\n", backends=["joblib"]) as daemon:
        long = {"signal1": A * 40, "signal2": B * 40, "dt": 1.0, "dj": 1 / 24}
        answer = daemon.call("POST", "/api/v1/wavelet/wct", long)
        assert answer.status == 202, answer.body
        job = answer.json["job_id"]
        assert daemon.finish(job)["status"] == "completed"
        with sqlite3.connect(daemon.state / "pycwtd.sqlite3") as database:
            query = "SELECT result_sha256 FROM jobs WHERE id = ?"
            (digest,) = database.execute(query, (job,)).fetchone()
        result = (daemon.state / "jobs" / job / "result.npz").read_bytes()
        assert digest == hashlib.sha256(result).hexdigest()
