"""Drivers that fail in every way: each costs its own process, and the map at the end is right."""

from __future__ import annotations

import os

import numpy as np
import pytest

from pycwt_mod.driver_kit.scaffold import new_driver
from support import red_pair, running

A, B = red_pair()
REQUEST = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "seed": 11, "mc_count": 3000},
    **{"estimator": "full", "dj": 0.2},
}
#: Short silences and a limit of memory, so that hangs and leaks end soon.
CONFIG = """
[engine]
chunk_seconds = 0.1
silence_seconds = 5.0
memory_bytes = 1073741824
"""

#: The C kernel in a driver's clothes, of the kernel's own numerics class.
RUN = """\
        from pycwt_mod.monte_carlo.kernel import plan_for

        histogram = plan_for(task).run(seed, first, count, 1, control)
"""

FAULTS = {
    "exits": "        import os\n        os._exit(3)\n",
    "crashes": "        import ctypes\n        ctypes.string_at(0)\n",
    "hangs": "        import time\n        time.sleep(1000)\n",
    # PyDLL calls keep the interpreter's lock.
    "holds_the_gil": "        import ctypes\n        ctypes.PyDLL(None).sleep(1000)\n",
    "writes_garbage": (
        "        import os, sys, time\n"
        "        fd = int(sys.argv[sys.argv.index('--fd') + 1])\n"
        "        os.write(fd, b'\\xff' * 64)\n        time.sleep(1000)\n"
    ),
    "eats_memory": "        hoard = [b'x' * 2**26 for _ in range(64)]\n",
    "lies": "        return -histogram\n",
    "gives_another_shape": "        return histogram[:1]\n",
    "refuses": "        raise ValueError('its filters are too long: take another backend')\n",
    "raises": "        raise RuntimeError('a bug in the driver')\n",
    "loses_its_board": (
        "        from pycwt_mod.backends import BackendUnavailableError\n"
        "        raise BackendUnavailableError('the cable is out')\n"
    ),
}


def make(folder, name, fault):
    """A driver that computes as it should while it is measured, and not for jobs."""
    path = new_driver(name, folder)
    package = path / f"pycwtd_driver_{name}"
    code = (package / "driver.py").read_text()
    start = code.index("        check_span(first, count)\n")
    # A probe tests 6 scales and times 25; the jobs of this file have others.
    when = "        if len(task.scales) not in {6, 25}:\n"
    # Measured to be slow, it is nobody's choice.
    slow = (
        "        if len(task.scales) == 25:\n            import time\n            time.sleep(0.1)\n"
    )
    body = f"{RUN}{when}{indented(fault)}{slow}        return histogram\n\n"
    end = code.index("    def _one(self")
    (package / "driver.py").write_text(code[:start] + body + code[end:])
    manifest = (package / "driver.toml").read_text()
    (package / "driver.toml").write_text(manifest.replace(f"{name}-f64-1", "f32-1"))


def indented(text):
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """One daemon with all the bad drivers; what one of them does is nothing to the others."""
    folder = tmp_path_factory.mktemp("drivers.d")
    folder.chmod(0o755)
    for name, fault in FAULTS.items():
        make(folder, f"bad_{name}", fault)
    make(folder, "bad_talks", "        print('noise ' * 100_000)\n")
    os.environ["PYCWTD_DRIVER_FOLDERS"] = os.fspath(folder)
    try:
        with running(CONFIG, backends=["joblib"]) as one:
            yield one
    finally:
        del os.environ["PYCWTD_DRIVER_FOLDERS"]


@pytest.fixture(scope="module")
def expected(daemon):
    job = daemon.submit("wct", {**REQUEST, "backend": "joblib"})
    assert daemon.finish(job)["status"] == "completed"
    return daemon.result(job)


@pytest.mark.parametrize("name", FAULTS)
def test_the_job_goes_on_elsewhere(daemon, expected, name):
    job_id = daemon.submit("wct", {**REQUEST, "backend": f"bad_{name}"})
    job = daemon.finish(job_id)
    assert job["status"] == "completed", (job["error"], job["fallback_reason"])
    assert job["backend"] != f"bad_{name}"
    assert f"bad_{name}" in job["fallback_reason"]
    found = daemon.result(job_id)
    for what in ("histogram", "signif", "WCT"):
        np.testing.assert_array_equal(found[what], expected[what])
    assert daemon.call("GET", "/health").status == 200


def test_a_task_that_a_driver_refuses_is_told_of(daemon, expected):
    """The backend has nothing wrong with it, and the reason is the driver's own."""
    words = "bad_refuses doesn't take the task: its filters are too long: take another backend"
    job_id = daemon.submit("wct", {**REQUEST, "backend": "bad_refuses"})
    job = daemon.finish(job_id)
    assert (job["status"], job["fallback_reason"]) == ("completed", words)
    found = daemon.result(job_id)
    assert found["fallback_reason"] == words
    assert found["backend_used"] == job["backend"] != "bad_refuses"
    moved = daemon.events(0, lambda e: (e["type"], e.get("job_id")) == ("job.moved", job_id))[-1]
    assert (moved["reason"], moved["backend"]) == (words, job["backend"])
    assert daemon.call("GET", "/api/v1/backends/bad_refuses").json["available"]


def test_a_refused_task_that_may_not_move_has_failed(daemon):
    asked = {**REQUEST, "backend": "bad_refuses", "fallback": False}
    job = daemon.finish(daemon.submit("wct", asked))
    assert job["status"] == "failed"
    assert job["error"].startswith("bad_refuses doesn't take the task: its filters are too long")


def test_noise_on_stdout_goes_to_the_log(daemon, expected):
    job_id = daemon.submit("wct", {**REQUEST, "backend": "bad_talks", "mc_count": 40})
    job = daemon.finish(job_id)
    assert job["status"] == "completed"
    assert job["backend"] == "bad_talks"
    assert "host backend:bad_talks says" in daemon.log
