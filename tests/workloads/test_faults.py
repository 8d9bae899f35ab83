"""What a workload does wrong is told by name, and harms nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins import ROGUE, WRONG, write
from support import red_pair, running

A, B = red_pair()
VALUES = [1.0, 2.0, 4.0]


def well(daemon):
    assert daemon.call("GET", "/health").status == 200
    body = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "mc_count": 30}
    assert daemon.call("POST", "/api/v1/wavelet/wct", body).status == 200
    assert "Traceback" not in daemon.log or "can't be imported" in daemon.log


def test_wrong_declarations_are_refused_with_a_reason(tmp_path):
    for name, (text, _) in WRONG.items():
        write(tmp_path, name, text)
    write(tmp_path, "right", "WORKLOAD = workload('right', kind('right'))", ROGUE)
    with running(start=False, backends=["joblib"]) as daemon:
        daemon.start({"PYTHONPATH": str(tmp_path)})
        listed = daemon.call("GET", "/api/v1/workloads/").json["workloads"]
        found = {one["name"]: one for one in listed}
        assert found["wavelet"]["available"] is True
        found["wavelet"] = found.pop("wavelet of wavelet")
        assert set(found) == {"right", *WRONG}
        health = daemon.call("GET", "/api/v1/health/detailed").json
        assert health["status"] in {"healthy", "degraded"}  # its backends may still be probed
        for name, (_, reason) in WRONG.items():
            assert found[name]["available"] is False
            assert reason in found[name]["error"], found[name]["error"]
            assert health["workloads"][found[name]["name"]]["error"] == found[name]["error"]
            assert f"workload {found[name]['name']} is refused: " in daemon.log
        # The one that there is nothing wrong with works, with a type that is called as ours.
        answer = daemon.call("POST", "/api/v1/analyses/right", {"values": VALUES})
        assert (answer.status, answer.json["total"]) == (200, 7.0)
        schemas = daemon.call("GET", "/openapi.json").json["components"]["schemas"]
        assert {"NewJob", "right.NewJob"} <= set(schemas)
        assert "numpy" not in Path(f"/proc/{daemon.process.pid}/maps").read_text()
        well(daemon)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rogue")
    write(folder, "rogue", "WORKLOAD = workload('rogue', kind('rogue'))", ROGUE)
    write(folder, "lost", "WORKLOAD = workload('lost', kind('lost'))")
    with running(start=False, backends=["joblib"]) as daemon:
        daemon.start({"PYTHONPATH": str(folder)})
        yield daemon
        well(daemon)


@pytest.mark.parametrize(
    ("how", "rounds", "reason"),
    [
        ("raise", 0, "workload rogue has a defect: KeyError: 'rogue'"),
        ("lie", 0, "workload rogue: prepare must give a Prepared, not dict"),
        ("refuse", 0, "values: not these"),
        ("lose", 0, "workload rogue has a defect: FileNotFoundError"),
        ("less", 9, "workload rogue: finish must ask for More than 9 realisations"),
        ("die", 0, "3 processes down, the last one killed by signal 6"),
        ("floats", 9, "workload rogue: chunk must give an int64 array, not float64(1,)"),
        ("shapes", 9, "workload rogue: chunk must give an int64 array of the shape (1,), not"),
        ("fail", 9, "workload rogue has a defect: ZeroDivisionError"),
    ],
)
def test_a_computations_fault_ends_its_job_and_no_other(served, how, rounds, reason):
    numerics = served.workers("numerics")
    job_id = served.submit("rogue", {"values": VALUES, "how": how, "rounds": rounds})
    job = served.finish(job_id)
    assert job["status"] == "failed"
    assert reason in job["error"], job["error"]
    assert served.workers("numerics") == numerics
    sound = {"values": VALUES, "rounds": 10}
    answer = served.call("POST", "/api/v1/analyses/rogue", sound)
    assert (answer.status, answer.json["total"]) == (200, 45)


def test_a_workload_may_ask_for_more(served):
    job_id = served.submit("rogue", {"values": VALUES, "how": "more", "rounds": 10})
    job = served.finish(job_id)
    assert (job["status"], job["realisations"]) == ("completed", 100)
    assert served.result(job_id)["total"] == sum(range(100))


def test_a_computation_that_isnt_there_fails_its_jobs_alone(served):
    job = served.finish(served.submit("lost", {"values": VALUES}))
    assert job["status"] == "failed"
    assert "ModuleNotFoundError: No module named 'lost_compute'" in job["error"]
