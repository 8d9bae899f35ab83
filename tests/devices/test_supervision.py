"""The real daemon with boards that lie, die, are drained, flashed and released."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from moody import moody
from pycwtd.api.permissions import RULES
from pycwtd_console.ctl import run
from support import red_pair, running

A, B = red_pair()
REQUEST = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "seed": 11, "mc_count": 300},
    **{"estimator": "full", "dj": 0.2},
}
NAMES = {"exact_liar": "f32-1", "own_liar": "liar-1", "worker": "f32-1", "loner": "loner-1"}


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drivers.d")
    folder.chmod(0o755)
    moods = tmp_path_factory.mktemp("moods")
    made = {name: moody(folder, moods, name, of) for name, of in NAMES.items()}
    # One count of hundreds moved to the next bin; and bins that are off by two of 64.
    made["exact_liar"].be("one count")
    made["own_liar"].be("shifted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYCWTD_DRIVER_FOLDERS", os.fspath(folder))
        yield made


@pytest.fixture(scope="module")
def daemon(boards):
    with running("[engine]\nchunk_seconds = 0.1\n", backends=["sequential"]) as one:
        yield one


@pytest.fixture(scope="module")
def expected(daemon):
    job = daemon.submit("wct", {**REQUEST, "backend": "sequential"})
    assert daemon.finish(job)["status"] == "completed"
    return daemon.result(job)["histogram"]


#: More than one chunk.
LONG = {**REQUEST, "mc_count": 30_000}


@pytest.fixture(scope="module")
def expected_of_many(daemon):
    job = daemon.submit("wct", {**LONG, "backend": "sequential"})
    assert daemon.finish(job)["status"] == "completed"
    return daemon.result(job)["histogram"]


def order(daemon, name, what, status=202):
    answer = daemon.call("POST", f"/api/v1/devices/{name}/{what}")
    assert answer.status == status, answer.body
    return answer.json


def device(daemon, name):
    found = daemon.call("GET", f"/api/v1/devices/{name}").json
    listed = daemon.call("GET", f"/api/v1/backends/{name}").json
    assert listed["device"].items() <= found.items()
    return found


def last(daemon):
    """Number of the newest event."""
    return daemon.events(0, lambda e: e["type"] == "system.started")[-1]["seq"]


def work(daemon, name):
    job = daemon.finish(daemon.submit("wct", {**REQUEST, "backend": name}))
    assert job["status"] == "completed", job
    return job


@pytest.mark.parametrize("name", ["exact_liar", "own_liar"])
def test_a_liar_is_quarantined_with_its_figures_and_gets_no_chunk(daemon, boards, expected, name):
    told = boards[name].until(daemon, "quarantined")
    found = device(daemon, name)
    assert found["state"] == "quarantined"
    assert "failed its self-test: 8 realisations" in found["reason"]
    assert found["reason"] == told["reason"]
    assert f"pycwtctl devices release {name}" in found["way_out"]
    job = work(daemon, name)
    assert job["backend"] != name
    assert name in job["fallback_reason"]
    np.testing.assert_array_equal(daemon.result(job["job_id"])["histogram"], expected)
    refused = daemon.call(
        "POST",
        "/api/v1/jobs",
        {"kind": "wct", "request": {**REQUEST, "backend": name, "fallback": False}},
    )
    assert refused.status == 503
    metrics = daemon.call("GET", "/metrics").body.decode()
    assert f'pycwtd_device_state{{name="{name}",state="quarantined"}} 1.0' in metrics
    assert f'pycwtd_backend_up{{name="{name}"}} 0.0' in metrics


def test_releasing_a_liar_has_it_tested_again(daemon, boards):
    one = boards["exact_liar"]
    told = one.until(daemon, "quarantined")
    assert order(daemon, one.name, "release")["state"] in {"present", "probed", "quarantined"}
    again = one.until(daemon, "quarantined", told["seq"])
    between = daemon.events(told["seq"], lambda e: e["seq"] == again["seq"])
    states = [e["type"] for e in between if e.get("device") == one.name]
    assert states == ["device.present", "device.probed", "device.quarantined"]


def test_a_quarantine_outlives_a_restart_and_flashing_is_a_way_out(tmp_path, monkeypatch):
    folder = tmp_path / "drivers.d"
    folder.mkdir(mode=0o755)
    one = moody(folder, tmp_path / "moods", "own_liar", "liar-1")
    one.be("shifted")
    monkeypatch.setenv("PYCWTD_DRIVER_FOLDERS", os.fspath(folder))
    with running(backends=["sequential"]) as daemon:
        one.until(daemon, "quarantined")
        daemon.kill()
        daemon.start()
        assert device(daemon, one.name)["state"] == "quarantined"
        # Nobody has touched it.
        assert f"host backend:{one.name} started" not in daemon.log.split("ready on")[-1]
        answer = order(daemon, one.name, "flash")
        told = daemon.follow(answer["job_id"])
        assert told[-1]["status"] == "completed", told[-1]
        assert (told[-1]["kind"], told[-1]["realisations"]) == ("flash", 0)
        result = daemon.call("GET", f"/api/v1/jobs/{answer['job_id']}/result").json
        assert (result["firmware"], result["backend_used"]) == ("2.0", one.name)
        # New firmware isn't trusted either.
        assert device(daemon, one.name)["state"] == "quarantined"
        since = last(daemon)
        order(daemon, one.name, "release")
        one.until(daemon, "ready", since)
        found = device(daemon, one.name)
        assert (found["state"], found["firmware"]) == ("ready", "2.0")
        assert work(daemon, one.name)["backend"] == one.name


def test_who_begins_to_lie_is_found_out_by_the_next_self_test(daemon, boards, expected):
    one = boards["worker"]
    one.until(daemon, "ready")
    one.be("one count")
    answer = order(daemon, one.name, "self-test")
    job = daemon.finish(answer["job_id"])
    assert job["status"] == "completed"
    result = daemon.call("GET", f"/api/v1/jobs/{job['job_id']}/result").json
    assert (result["passed"], result["agrees"], result["exact"]) == (False, False, True)
    assert result["realisations"] >= 8
    assert device(daemon, one.name)["state"] == "quarantined"
    one.be("well")
    order(daemon, one.name, "release")
    one.until(daemon, "ready", one.until(daemon, "quarantined")["seq"])
    job = work(daemon, one.name)
    assert job["backend"] == one.name
    np.testing.assert_array_equal(daemon.result(job["job_id"])["histogram"], expected)


def test_a_drained_device_finishes_its_chunk_and_takes_no_other(daemon, boards, expected_of_many):
    one = boards["worker"]
    one.be("holds")
    job = daemon.submit("wct", {**LONG, "backend": one.name})
    one.wait_held()
    found = device(daemon, one.name)
    assert (found["state"], found["job_id"]) == ("leased", job)
    found = order(daemon, one.name, "drain")
    assert (found["state"], found["job_id"]) == ("draining", job)
    since = one.until(daemon, "draining")["seq"]
    one.be("well")
    one.let_go()
    ended = daemon.finish(job)
    assert ended["status"] == "completed"
    assert ended["backend"] != one.name
    assert "drained" in ended["fallback_reason"]
    np.testing.assert_array_equal(daemon.result(job)["histogram"], expected_of_many)
    told = one.until(daemon, "drained", since)
    # What it had begun counts.
    before = daemon.events(since, lambda e: e["seq"] == told["seq"])
    assert [e["type"] for e in before if e["job_id"] == job][:1] == ["job.progress"]
    assert work(daemon, one.name)["backend"] != one.name
    order(daemon, one.name, "release", 409)
    order(daemon, one.name, "resume")
    one.until(daemon, "ready", since)
    order(daemon, one.name, "resume", 409)
    assert work(daemon, one.name)["backend"] == one.name


def test_a_job_that_wants_no_other_waits_for_a_drained_one(daemon, boards):
    one = boards["loner"]
    one.until(daemon, "ready")
    one.be("holds")
    job = daemon.submit("wct", {**LONG, "backend": one.name, "fallback": False})
    one.wait_held()
    order(daemon, one.name, "drain")
    since = one.until(daemon, "draining")["seq"]
    one.be("well")
    one.let_go()
    one.until(daemon, "drained", since)
    found = daemon.until(job, lambda told: told["waiting_for"] is not None)
    assert "drained it" in found["waiting_for"]
    order(daemon, one.name, "resume")
    ended = daemon.finish(job)
    assert (ended["status"], ended["backend"]) == ("completed", one.name)


def test_a_job_begins_anew_where_no_other_is_of_its_class(daemon, boards, expected_of_many):
    one = boards["loner"]
    one.until(daemon, "ready")
    one.be("holds")
    job = daemon.submit("wct", {**LONG, "backend": one.name})
    one.wait_held()
    one.be("away")
    one.let_go()
    ended = daemon.finish(job)
    assert ended["status"] == "completed", ended
    assert ended["backend"] in {"joblib", "sequential", "worker"}
    assert f"{one.name} can't go on: the cable is out" in ended["fallback_reason"]
    np.testing.assert_array_equal(daemon.result(job)["histogram"], expected_of_many)
    one.be("well")
    one.until(daemon, "ready", one.until(daemon, "unavailable")["seq"])


def test_deaths_break_and_then_quarantine_it(daemon, boards):
    one = boards["loner"]
    since = one.until(daemon, "ready")["seq"]
    one.be("dies")
    order(daemon, one.name, "drain")
    order(daemon, one.name, "resume")
    told = one.until(daemon, "broken", since)
    assert "exited with status 3" in told["reason"]
    assert told["next_try"] > told["time"]
    one.be("well")


def test_pycwtctl_shows_and_orders(daemon, boards, capfd):
    def ctl(*arguments):
        status = run(["--socket", str(daemon.socket), "devices", *arguments])
        return status, *capfd.readouterr()

    one = boards["worker"]
    listed = ctl("list")[1].splitlines()
    assert listed[0].split()[:3] == ["DEVICE", "STATE", "SINCE"]
    (line,) = [line for line in listed if line.startswith("own_liar")]
    assert "quarantined" in line
    assert "pycwtctl devices release own_liar" in line
    assert json.loads(ctl("show", one.name, "--json")[1])["id"] == one.name
    status, shown, _ = ctl("drain", one.name)
    assert (status, "drained since" in shown) == (0, True)
    status, _, said = ctl("release", one.name)
    assert (status, "isn't in quarantine" in said) == (1, True)
    since = one.until(daemon, "drained")["seq"]
    assert ctl("resume", one.name)[0] == 0
    one.until(daemon, "ready", since)
    status, _, said = ctl("self-test", one.name)
    assert (status, "C kernel's counts" in said) == (0, True)
    assert ctl("flash", "joblib", "--yes")[0] == 1
    assert json.loads(ctl("flash", one.name, "--yes", "--json")[1])["firmware"] == "2.0"
    status, _, said = ctl("self-test", "own_liar")
    assert (status, "is quarantined" in said) == (1, True)


def test_orders_are_operators_and_audited(daemon):
    for name in ("drain", "resume", "release", "self-test", "flash"):
        assert RULES["POST", f"/api/v1/devices/{{id}}/{name}"].role == "operator"
    entries = daemon.call("GET", "/api/v1/audit?limit=1000").json["entries"]
    done = {(e["action"], e["target"]) for e in entries if e["outcome"] == "done"}
    assert {("device.drain", "worker"), ("device.resume", "worker")} <= done
    assert ("device.release", "worker") in done
    assert {e["action"] for e in entries} >= {"device.self-test", "device.flash"}
