"""Adding a workload changes nothing in the daemon: the example is installed, and that is all."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import h5netcdf
import numpy as np
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from support import red_pair, running

PATH = "/api/v1/analyses/lomb_scargle"
HERE = Path(__file__).parents[2] / "examples/lomb_scargle"
RNG = np.random.default_rng(3)
TIMES = np.cumsum(RNG.exponential(1.0, 300)).round(6)
VALUES = (3 * np.sin(2 * np.pi * 0.1 * TIMES) + RNG.standard_normal(300)).round(6)
SMALL = {"times": TIMES[:40].tolist(), "values": VALUES[:40].tolist(), "n_frequencies": 30}
SMALL |= {"mc_count": 200, "seed": 11}
#: Some seconds of work on one core.
LARGE = {"times": TIMES.tolist(), "values": VALUES.tolist(), "n_frequencies": 300}
LARGE |= {"mc_count": 8_000, "seed": 12}
#: Never done within a test.
ENDLESS = {**LARGE, "mc_count": 1_000_000}
CONFIG = "[engine]\nchunk_seconds = 0.1\n"
A, B = red_pair()


@pytest.fixture(scope="module")
def where(example):
    """The environment of a daemon that finds the example."""
    return {"PYTHONPATH": str(example)}


@pytest.fixture(scope="module")
def served(where):
    with running(CONFIG, start=False, backends=["joblib"]) as daemon:
        daemon.start(where)
        yield daemon


@pytest.fixture(scope="module")
def undisturbed(served):
    """The result of a job that nobody disturbs."""
    job_id = served.submit("lomb_scargle", LARGE)
    assert served.finish(job_id)["status"] == "completed"
    return served.result(job_id)


def test_its_own_tests_pass(example):
    """The numbers, and the rate of false alarms."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", HERE / "tests"],
        cwd=example,
        env={**os.environ, "PYTHONPATH": str(example)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_it_is_listed(served):
    listed = served.call("GET", "/api/v1/workloads").json["workloads"]
    by_name = {one["name"]: one for one in listed}
    assert [kind["name"] for kind in by_name["wavelet"]["kinds"]][:2] == ["cwt", "xwt"]
    found = by_name["lomb_scargle"]
    assert (found["available"], found["package"]) == (True, "pycwtd-lomb-scargle")
    assert found["kinds"][0]["paths"] == [PATH]
    assert found["kinds"][0]["simulates"] is True
    health = served.call("GET", "/api/v1/health/detailed").json
    assert health["workloads"]["lomb_scargle"] == {"available": True}


def test_the_document_describes_it(served):
    document = served.call("GET", "/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    operation = document["paths"][PATH]["post"]
    assert operation["x-role"] == "analyst"
    body = operation["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    assert name == "lomb_scargle.PeriodogramRequest"
    schema = document["components"]["schemas"][name]
    assert schema["properties"]["n_frequencies"]["maximum"] == 20_000
    assert {"required": ["times_id"]} in schema["allOf"][0]["oneOf"]
    answer = served.call("POST", PATH, body["example"])
    assert answer.status == 200, answer.body
    assert "lomb_scargle" in json.dumps(document["components"]["schemas"]["NewJob"])
    assert "lomb_scargle" in json.dumps(document["components"]["schemas"]["NewBatch"])
    assert "lomb_scargle" in json.dumps(document["paths"]["/api/v1/jobs/"]["get"]["parameters"])


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"n_frequencies": 1}, 422, ["n_frequencies", ">= 2"]),
        ({"n_frequencies": "many"}, 422, ["n_frequencies", "a whole number"]),
        ({"tempo": 1}, 422, ["tempo", "no such field"]),
        ({"times": None}, 422, ["times"]),
        ({"values_id": "x"}, 404, ["no data x"]),
        ({"times": SMALL["times"][:30]}, 400, ["times and values", "30 and 40 samples"]),
        ({"times": [1, 2], "values": [1, 2]}, 400, ["times", "at least 8 samples"]),
        ({"min_frequency": 2.0, "max_frequency": 1.0}, 400, ["min_frequency", "below"]),
        ({"times": SMALL["times"][::-1]}, 400, ["times: must increase"]),
    ],
)
def test_what_is_wrong_is_named(served, change, status, words):
    request = {**SMALL, **change}
    answer = served.call("POST", PATH, request)
    assert answer.status == status, answer.body
    assert all(word in answer.json["detail"] for word in words), answer.json["detail"]
    if words != ["times: must increase"]:  # which takes looking at the samples
        answer = served.call("POST", "/api/v1/jobs", {"kind": "lomb_scargle", "request": request})
        assert answer.status == status


def test_a_missing_series_and_one_that_is_there_twice_are_named(served):
    data_id = served.upload(b"1\n2\n3\n").json["data_id"]
    missing = {name: value for name, value in SMALL.items() if name != "values"}
    for request, word in (({**SMALL, "values_id": data_id}, "not both"), (missing, "missing")):
        answer = served.call("POST", PATH, request)
        assert answer.status == 422
        assert answer.json["detail"].startswith("values")
        assert word in answer.json["detail"]


def test_a_call_is_answered_with_the_result(served):
    answer = served.call("POST", PATH, SMALL)
    assert answer.status == 200
    found = answer.json
    assert (found["seed"], found["mc_count"], len(found["power"])) == (11, 200, 30)
    assert "histogram" not in found
    assert 1 / 201 <= min(found["false_alarm"]) <= 0.05
    # Whoever needs no test has none.
    plain = served.call("POST", PATH, {**SMALL, "mc_count": 0}).json
    assert plain["power"] == found["power"]
    assert "false_alarm" not in plain


def test_a_long_call_becomes_a_job(where):
    with running(
        CONFIG + "[limits]\nsync_seconds = 0.2\n", start=False, backends=["joblib"]
    ) as daemon:
        daemon.start(where)
        answer = daemon.call("POST", PATH, ENDLESS)
        assert answer.status == 202
        assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['job_id']}"


def test_series_may_be_uploaded_ones(served):
    table = "\n".join(
        f"{t!r} {x!r}" for t, x in zip(*map(list, (TIMES[:40], VALUES[:40])), strict=True)
    )
    table = table.replace("np.float64(", "").replace(")", "")
    ids = {
        f"{name}_id": served.upload(table.encode(), metadata=json.dumps({"column": i})).json[
            "data_id"
        ]
        for i, name in enumerate(("times", "values"))
    }
    rest = {name: value for name, value in SMALL.items() if name not in {"times", "values"}}
    job_id = served.submit("lomb_scargle", {**rest, **ids})
    for data_id in ids.values():
        served.call("DELETE", f"/api/v1/data/{data_id}")
    job = served.finish(job_id)
    assert job["status"] == "completed", job
    assert job["parameters"]["samples"] == 40
    assert job["parameters"]["times_id"] == ids["times_id"]
    inline = served.call("POST", PATH, SMALL).json
    np.testing.assert_array_equal(served.result(job_id)["false_alarm"], inline["false_alarm"])


def test_a_job_tells_of_its_progress_and_counts(served, example, undisturbed, monkeypatch):
    job_id = served.submit("lomb_scargle", LARGE)
    seen = served.follow(job_id)
    done = [job["realisations_done"] for job in seen]
    assert done == sorted(done)
    assert len({count for count in done if 0 < count < LARGE["mc_count"]}) > 3
    job = seen[-1]
    assert (job["status"], job["kind"], job["backend"]) == ("completed", "lomb_scargle", None)
    assert (job["estimator"], job["realisations"], job["seed"]) == (None, LARGE["mc_count"], 12)
    told = served.events(0, lambda e: (e["type"], e["job_id"]) == ("job.completed", job_id))
    kinds = [event["type"] for event in told if event["job_id"] == job_id]
    assert kinds[:2] == ["job.queued", "job.running"]
    assert kinds.count("job.progress") > 3
    result = served.result(job_id)
    np.testing.assert_array_equal(result["histogram"], undisturbed["histogram"])
    # What the daemon has cut into pieces is what the functions give in one.
    monkeypatch.syspath_prepend(str(example))
    from pycwtd.workloads.compute import Job, Task
    from pycwtd_lomb_scargle import compute
    from pycwtd_lomb_scargle.declaration import PeriodogramRequest

    series = {"times": TIMES, "values": VALUES}
    prepared = compute.prepare(PeriodogramRequest(**LARGE), series, Job("lomb_scargle", Path(), 12))
    whole = compute.chunk(Task(prepared.task), 12, 0, LARGE["mc_count"])
    np.testing.assert_array_equal(result["histogram"], whole)
    metrics = served.call("GET", "/metrics").body.decode()
    assert (
        'pycwtd_jobs_ended_total{backend="none",kind="lomb_scargle",status="completed"}' in metrics
    )
    assert f'path="{PATH}"' in metrics
    stats = served.call("GET", "/api/v1/stats").json["by_kind_and_backend"]
    (counted,) = [one for one in stats if one["kind"] == "lomb_scargle"]
    assert counted["realisations"] >= LARGE["mc_count"]


def test_after_one_job_the_next_ones_time_is_known(served, undisturbed):
    before = served.submit("lomb_scargle", {**LARGE, "mc_count": 2000})
    served.finish(before)
    # Two, since the machine may stand still during one of them.
    each = [
        float(r["computation_time"]) / r["mc_count"] for r in (undisturbed, served.result(before))
    ]
    job = served.job(served.submit("lomb_scargle", {**LARGE, "mc_count": 1000}))
    assert 0.2 * min(each) < job["estimated_time_seconds"] / 1000 < 5 * max(each)


def test_netcdf_has_its_axes(served):
    answer = served.call("POST", f"{PATH}?format=netcdf", SMALL)
    assert answer.status == 200
    with h5netcdf.File(io.BytesIO(answer.body)) as file:
        assert file.variables["power"].dimensions == ("frequency",)
        assert file.variables["histogram"].dimensions == ("bin",)


def test_a_batch_may_be_mixed(served):
    tasks = [{"type": "lomb_scargle", **SMALL}]
    tasks.append({"type": "wct", "signal1": A, "signal2": B, "dt": 1.0, "sig": True})
    batch = served.call("POST", "/api/v1/jobs/batch", {"tasks": tasks}).json
    job = served.finish(batch["job_id"])
    assert job["status"] == "completed"
    members = [served.job(entry["job_id"]) for entry in job["results"]]
    assert [member["kind"] for member in members] == ["lomb_scargle", "wct"]
    assert "signif" in served.result(members[1]["job_id"])
    wrong = {"tasks": [tasks[1], {**tasks[0], "level": 2}]}
    answer = served.call("POST", "/api/v1/jobs/batch", wrong)
    assert (answer.status, answer.json["detail"][:14]) == (422, "tasks[1].level")


def test_cancel_stops_it(served):
    job_id = served.submit("lomb_scargle", ENDLESS)
    served.until(job_id, lambda job: job["realisations_done"] > 0)
    answer = served.call("DELETE", f"/api/v1/jobs/{job_id}")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    # It was asked, and not shot.
    assert "died under job" not in served.log


def test_kill_in_the_middle_ends_in_the_same_histogram(where, undisturbed):
    with running(CONFIG, start=False, backends=["joblib"]) as daemon:
        daemon.start(where)
        job_id = daemon.submit("lomb_scargle", LARGE)
        done = 0
        for least in (1, 5000):
            daemon.until(job_id, lambda job, n=least: job["realisations_done"] >= n)
            daemon.kill()
            daemon.start(where)
            kept = daemon.job(job_id)["realisations_done"]
            assert done <= kept < LARGE["mc_count"]
            done = kept
        assert done > 0
        job = daemon.finish(job_id)
        assert (job["status"], job["attempts"]) == ("completed", 3)
        for name in ("histogram", "false_alarm", "power"):
            np.testing.assert_array_equal(daemon.result(job_id)[name], undisturbed[name])


def test_its_process_is_its_own(served, undisturbed):
    """Shot, it takes a chunk with it, and no other job."""
    numerics = served.workers("numerics")
    job_id = served.submit("lomb_scargle", LARGE)
    served.until(job_id, lambda job: job["realisations_done"] > 0)
    (worker,) = served.workers("workload:lomb_scargle")
    os.kill(worker, signal.SIGKILL)
    assert served.call("POST", "/api/v1/wavelet/cwt", {"data": A, "dt": 1.0}).status == 200
    assert served.finish(job_id)["status"] == "completed"
    np.testing.assert_array_equal(served.result(job_id)["histogram"], undisturbed["histogram"])
    assert "died under job" in served.log
    assert served.workers("numerics") == numerics


def test_the_event_loop_has_no_numpy(served):
    served.call("POST", PATH, SMALL)
    (worker,) = served.workers("workload:lomb_scargle")
    assert "numpy" in Path(f"/proc/{worker}/maps").read_text()
    assert "numpy" not in Path(f"/proc/{served.process.pid}/maps").read_text()


def test_pycwtctl_knows_it(served, capfd, monkeypatch, tmp_path):
    from pycwtd_console.ctl import run

    monkeypatch.setenv("PYCWTD_SOCKET", str(served.socket))
    body = tmp_path / "request.json"
    body.write_text(json.dumps(SMALL))
    assert run(["workloads"]) == 0
    assert "Lomb–Scargle periodogram" in capfd.readouterr().out
    assert run(["submit", "request", "lomb_scargle", str(body), "--wait"]) == 0
    out, err = capfd.readouterr()
    assert "completed: lomb_scargle" in err
    assert run(["jobs", "--kind", "lomb_scargle", "--limit", "1"]) == 0
    assert "lomb_scargle" in capfd.readouterr().out
    assert run(["job", out.strip()]) == 0
    shown = capfd.readouterr().out
    assert "n_frequencies" in shown
    assert "200 of 200" in shown
    body.write_text("[]")
    assert run(["submit", "request", "lomb_scargle", str(body)]) == 2


def test_without_it_its_jobs_wait_and_their_results_stay(where):
    with running(CONFIG, start=False, backends=["joblib"]) as daemon:
        daemon.start(where)
        done = daemon.submit("lomb_scargle", SMALL)
        assert daemon.finish(done)["status"] == "completed"
        before = daemon.result(done)
        waiting = daemon.submit("lomb_scargle", LARGE)
        dropped = daemon.submit("lomb_scargle", ENDLESS)
        daemon.until(waiting, lambda job: job["realisations_done"] > 0)
        daemon.kill()

        daemon.start()
        assert daemon.call("POST", PATH, SMALL).status == 404
        job = daemon.job(waiting)
        assert job["status"] == "queued"
        assert "no workload with the kind lomb_scargle is installed" in job["waiting_for"]
        assert f"job {waiting} waits for a workload" in daemon.log
        assert daemon.call("GET", "/health").status == 200
        for name in ("power", "histogram"):
            np.testing.assert_array_equal(daemon.result(done)[name], before[name])
        for form in ("json", "netcdf"):
            path = f"/api/v1/jobs/{done}/result?format={form}"
            assert daemon.call("GET", path).status == 200
        listed = daemon.call("GET", "/api/v1/jobs?kind=lomb_scargle").json["jobs"]
        assert [one["job_id"] for one in listed] == [dropped, waiting, done]
        assert daemon.call("DELETE", f"/api/v1/jobs/{dropped}").json["status"] == "cancelled"
        answer = daemon.call("POST", "/api/v1/jobs", {"kind": "lomb_scargle", "request": SMALL})
        assert answer.status == 422
        # Others go on.
        assert daemon.finish(daemon.submit("cwt", {"data": A, "dt": 1.0}))["status"] == "completed"
        daemon.stop()

        daemon.start(where)
        assert daemon.finish(waiting)["status"] == "completed"
