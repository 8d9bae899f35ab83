"""Benchmark, self-tests, and backends that nobody has a driver for."""

from __future__ import annotations

import io

import h5netcdf
import pytest

from support import red_pair, running

A, B = red_pair()
ABSENT = {"gpu": "gpu"}


def test_the_benchmark_names_what_each_backend_took(daemon):
    asked = {"backends": ["sequential", "joblib", "gpu", "abacus", "joblib"], "mc_count": 500}
    found = daemon.call("POST", "/api/v1/benchmark", asked).json
    results = found["results"]
    assert set(results) == {"sequential", "joblib", "gpu", "abacus"}
    assert (found["signal_length"], found["mc_count"]) == (1000, 500)
    times = {name: one["computation_time"] for name, one in results.items()}
    assert results["sequential"]["speedup"] == 1.0
    assert results["joblib"]["speedup"] == pytest.approx(times["sequential"] / times["joblib"])
    fastest = min(("sequential", "joblib"), key=lambda name: times[name])
    assert found["fastest_backend"] == fastest
    assert (results["gpu"]["status"], times["gpu"]) == ("unavailable", None)
    assert "driver" in results["gpu"]["error"]
    assert results["abacus"]["status"] == "failed"
    assert "abacus" in results["abacus"]["error"]


def test_a_benchmark_without_the_reference_still_has_speedups(daemon):
    found = daemon.call("POST", "/api/v1/benchmark", {"backends": ["joblib"], "mc_count": 500})
    assert found.json["results"]["joblib"]["speedup"] > 0


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "backends"),
        ({"backends": []}, "backends"),
        ({"backends": ["joblib"], "signal_length": 15}, "signal_length"),
        ({"backends": ["joblib"], "mc_count": 100_001}, "mc_count"),
    ],
)
def test_a_wrong_benchmark(daemon, body, word):
    answer = daemon.call("POST", "/api/v1/benchmark", body)
    assert answer.status == 422
    assert word in answer.json["detail"]


def test_a_benchmark_that_would_take_too_long_is_refused():
    with running("[limits]\nbenchmark_seconds = 0.01\n") as daemon:
        asked = {"backends": ["sequential"], "mc_count": 100_000}
        answer = daemon.call("POST", "/api/v1/benchmark", asked)
        assert answer.status == 400
        assert "mc_count" in answer.json["detail"]
        # The estimate is of what was asked for, not of the most that can be.
        assert daemon.call("POST", "/api/v1/benchmark", {**asked, "mc_count": 1}).status == 200


def test_known_backends_without_a_driver_are_listed_with_what_to_do(daemon):
    listed = {b["name"]: b for b in daemon.call("GET", "/api/v1/backends").json["backends"]}
    for name, kind in ABSENT.items():
        assert (listed[name]["available"], listed[name]["type"]) == (False, kind)
        assert "install" in listed[name]["error"]
    assert daemon.call("GET", "/api/v1/backends/elm11").json == listed["elm11_lua"]
    dask = listed["dask"]
    assert (dask["available"], dask["type"]) == (False, "distributed")
    assert "no scheduler is configured" in dask["error"]
    status = daemon.call("GET", "/api/v1/backends/gpu/status").json
    assert status["status"] == "unavailable"
    health = daemon.call("GET", "/api/v1/health/detailed").json
    assert health["backends"]["gpu"] == {"available": False, "healthy": False}


def test_an_absent_backend_is_replaced_or_refused(daemon):
    body = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "mc_count": 20, "backend": "gpu"}
    got = daemon.call("POST", "/api/v1/wavelet/wct", body).json
    assert got["backend_used"] in {"joblib", "sequential"}
    assert "gpu" in got["fallback_reason"]
    refused = daemon.call("POST", "/api/v1/wavelet/wct", {**body, "fallback": False})
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0


def test_a_self_test_is_a_job(daemon):
    for name in ("sequential", "joblib"):
        answer = daemon.call("POST", f"/api/v1/devices/{name}/self-test")
        assert answer.status == 202
        job = daemon.finish(answer.json["job_id"])
        assert (job["kind"], job["status"], job["backend"]) == ("self_test", "completed", name)
        found = daemon.call("GET", f"{answer.headers['Location']}/result").json
        assert found["passed"], found
        # NetCDF has no truth values: they are 1 and 0 there.
        answer = daemon.call("GET", f"{answer.headers['Location']}/result?format=netcdf")
        assert answer.status == 200, answer.body
        with h5netcdf.File(io.BytesIO(answer.body), "r") as file:
            assert file.variables["passed"][...] == 1


def test_a_device_looked_into(daemon):
    daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
    job_id = daemon.call("POST", "/api/v1/devices/sequential/self-test").json["job_id"]
    daemon.finish(job_id)
    found = daemon.call("GET", "/api/v1/devices/sequential").json
    newest, *_, first = found["self_tests"]
    figures = daemon.call("GET", f"/api/v1/jobs/{job_id}/result").json["figures"]
    assert (newest["job_id"], newest["passed"], newest["figures"]) == (job_id, True, figures)
    assert first["passed"]
    assert "job_id" not in first
    assert min(newest["duration"], first["duration"]) > 0
    assert found["counters"] == {"errors": 0, "deaths": 0}
    assert found["hooks"] == ["readings"]
    # Whatever sensors this machine has, they have been asked.
    assert "read_at" in found
    assert all(one["unit"] == "°C" for one in found["readings"])
    absent = daemon.call("GET", "/api/v1/devices/gpu").json
    assert (absent["self_tests"], absent["readings"]) == ([], [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("abacus/self-test", 404),
        ("gpu/self-test", 503),
        ("gpu/flash", 503),
        ("joblib/flash", 400),
    ],
)
def test_what_a_device_cant_do(daemon, path, status):
    answer = daemon.call("POST", f"/api/v1/devices/{path}")
    assert answer.status == status
    assert path.split("/", maxsplit=1)[0] in answer.json["detail"]


def test_metrics_tell_of_requests_and_jobs_by_kind_and_backend(daemon):
    request = {"data1": A, "data2": B, "dt": 1.0, "mc_count": 10, "backend": "sequential"}
    daemon.finish(daemon.submit("significance", request))
    lines = daemon.call("GET", "/metrics").body.decode().splitlines()
    labels = 'backend="sequential",kind="significance"'
    for name in ("queue", "compute"):
        found = [x for x in lines if x.startswith(f"pycwtd_{name}_seconds_count{{{labels}}}")]
        assert float(found[0].split()[1]) >= 1
    assert any("pycwtd_request_seconds_bucket" in x and "/api/v1/jobs/{id}" in x for x in lines)
    ended = f'pycwtd_jobs_ended_total{{{labels},status="completed"}}'
    assert any(x.startswith(ended) for x in lines)


def test_events_tell_of_devices_and_of_the_daemon():
    with running() as daemon:
        daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
        last = {"type": "device.ready", "device": "sequential"}
        told = daemon.events(0, lambda e: last.items() <= e.items())
        assert told[0]["type"] == "system.started"
        before = told[-1]["seq"]
        daemon.stop()
        daemon.start()
        after = daemon.events(before, lambda e: e["type"] == "system.started")
        # Devices that answer late may be told of in between.
        system = [e["type"] for e in after if e["type"].startswith("system.")]
        assert system == ["system.stopped", "system.started"]
