"""The service's own pages, and the document that describes them all."""

from __future__ import annotations

import json

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pycwtd.api import types
from pycwtd.api.answers import JSON
from pycwtd.api.examples import EXAMPLES
from pycwtd.api.routes import operations
from support import red_pair, running

OPERATIONS = operations()
A, B = red_pair()


def test_root(daemon):
    root = daemon.call("GET", "/").json
    assert root["name"] == "PyCWT REST API"
    assert (root["version"], root["docs"], root["health"]) == ("1.0.0", "/docs", "/health")
    assert root["server_version"]


def test_detailed_health(daemon):
    daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
    health = daemon.call("GET", "/api/v1/health/detailed").json
    assert health["status"] == "healthy"
    assert health["backends"]["joblib"] == {"available": True, "healthy": True}
    assert set(health["jobs"]) == {"queued", "running", "completed", "failed", "cancelled"}
    assert all(0 <= value <= 100 for value in health["system"].values())


def test_stats_and_metrics_count_what_was_computed(daemon):
    def realisations():
        return daemon.call("GET", "/api/v1/stats").json["realisations"]

    before = realisations()
    request = {"data1": A, "data2": B, "dt": 1.0, "mc_count": 17}
    daemon.finish(daemon.submit("significance", request))
    assert realisations() == before + 17
    metrics = daemon.call("GET", "/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert b'pycwtd_backend_up{name="joblib"} 1.0' in metrics.body


def test_backends_with_and_without_the_slash(daemon):
    daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
    listed = daemon.call("GET", "/api/v1/backends/").json["backends"]
    assert listed == daemon.call("GET", "/api/v1/backends").json["backends"]
    named = {backend["name"]: backend for backend in listed}
    assert named["sequential"]["type"] == named["joblib"]["type"] == "cpu"
    assert named["sequential"]["estimated_speedup"] == 1.0
    assert named["sequential"]["numerics"] == named["joblib"]["numerics"]
    assert "error" not in named["joblib"]
    status = daemon.call("GET", "/api/v1/backends/joblib/status").json
    assert status["status"] == "ready"
    assert status["performance_metrics"]["microseconds_per_realisation_full"] > 0


def test_speeds_are_measured_before_the_first_job():
    """The faster estimator is found to be so, unless others have the processors meanwhile."""
    for _ in range(3):
        with running() as fresh:  # other tests' small jobs cost more than their realisations
            fresh.call("GET", "/api/v1/backends/recommend")
            answer = fresh.call("GET", "/api/v1/backends/joblib/status").json
        metrics = answer["performance_metrics"]
        each = [metrics[f"microseconds_per_realisation_{one}"] for one in ("cascade", "full")]
        assert min(each) > 0
        if each[0] < each[1]:
            return
    pytest.fail(f"cascade and full take {each} µs")


def test_recommendation_is_arithmetic_on_measured_rates(daemon):
    ask = "/api/v1/backends/recommend?data_size=500&n_simulations="
    small, large = (daemon.call("GET", ask + n).json for n in ("100", "10000"))
    assert large["estimated_time"] == pytest.approx(100 * small["estimated_time"])
    others = [other["estimated_time"] for other in large["alternatives"]]
    assert others
    assert large["estimated_time"] <= min(others)
    assert "10000 realisations" in large["reason"]


WATTS = "[engine.watts]\nsequential = 10.0\njoblib = 90.0\n"


def test_power_is_watts_times_seconds():
    ask = "/api/v1/backends/recommend?data_size=500&n_simulations=10000&priority=power"
    with running(WATTS) as daemon:
        least = daemon.call("GET", ask).json
        assert least["recommended_backend"] == "sequential"
        assert least["energy"] == pytest.approx(10 * least["estimated_time"])
        (other,) = least["alternatives"]
        assert other["energy"] == pytest.approx(90 * other["estimated_time"])
        assert " 10 W for that long are " in least["reason"]


def test_auto_and_recommendations_count_what_is_before_them(daemon):
    daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
    ask = "/api/v1/backends/recommend?data_size=500&n_simulations=100"
    idle = daemon.call("GET", ask).json["recommended_backend"]
    a, b = red_pair()
    request = {"signal1": a, "signal2": b, "dt": 1.0, "sig": True, "mc_count": 1_000_000}
    long = daemon.submit("wct", {**request, "estimator": "full", "backend": idle})
    try:
        told = daemon.call("GET", ask).json
        assert told["recommended_backend"] != idle, (told, daemon.job(long))
        assert told["waiting_time"] == 0
        (busy,) = [one for one in told["alternatives"] if one["backend"] == idle]
        assert busy["waiting_time"] > 1
        short = daemon.submit("wct", {**request, "mc_count": 100})
        assert daemon.finish(short)["backend"] == told["recommended_backend"]
    finally:
        daemon.call("DELETE", f"/api/v1/jobs/{long}")


def test_hardware_repeats_identically(daemon):
    first = daemon.call("GET", "/api/v1/hardware/detect").json
    assert first == daemon.call("GET", "/api/v1/hardware/detect").json
    assert first["cpu"]["cores"] >= 1
    msgspec.convert(first, types.Hardware)


def test_the_document_is_valid_and_covers_every_route(daemon):
    document = daemon.call("GET", "/openapi.json").json
    assert document == daemon.call("GET", "/api/v1/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    assert (document["info"]["title"], document["info"]["version"]) == ("PyCWT REST API", "1.0.0")
    described = {(m.upper(), p) for p, methods in document["paths"].items() for m in methods}
    assert described == {(o.method, o.path) for o in OPERATIONS}


@pytest.mark.parametrize(
    "operation",
    # The example of a password isn't one.
    [o for o in OPERATIONS if o.body and o.takes == JSON],
    ids=lambda o: f"{o.method} {o.path}",
)
def test_every_example_works_and_its_answer_has_the_documented_type(daemon, operation):
    answer = daemon.call(operation.method, operation.path, operation.example)
    assert answer.status in operation.answers
    if operation.path.endswith(("cwt", "xwt", "wct")):
        # Nothing is answered that isn't documented, nor the other way round.
        kind = operation.answers[answer.status]
        assert set(answer.json) <= set(kind.__struct_fields__)
    msgspec.json.decode(answer.body, type=operation.answers[answer.status])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (o.path, o.answers[200])
        for o in OPERATIONS
        if o.method == "GET"
        and "{" not in o.path
        and isinstance(o.answers.get(200), type)
        and o.answers[200] is not dict
    ],
)
def test_every_page_has_the_documented_type(daemon, path, kind):
    answer = daemon.call("GET", path)
    assert answer.status == 200
    decoded = msgspec.json.decode(answer.body, type=kind)
    assert json.loads(msgspec.json.encode(decoded)) == answer.json


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)
def test_every_answers_example_has_its_type(kind):
    decoded = msgspec.convert(EXAMPLES[kind], kind)
    assert json.loads(msgspec.json.encode(decoded)) == EXAMPLES[kind]


def test_every_answer_in_json_has_an_example(daemon):
    paths = daemon.call("GET", "/openapi.json").json["paths"]
    for operation in (one for methods in paths.values() for one in methods.values()):
        for status, described in operation["responses"].items():
            if "application/json" in described.get("content", {}):
                assert described["content"]["application/json"]["example"], (operation, status)


def test_a_request_id_is_taken_over_and_logged(daemon):
    answer = daemon.call("GET", "/health", headers={"X-Request-ID": "my-id-17"})
    assert answer.headers["X-Request-ID"] == "my-id-17"
    assert "my-id-17 GET /health 200" in daemon.log
    forged = daemon.call("GET", "/health", headers={"X-Request-ID": "a b{}"})
    assert forged.headers["X-Request-ID"] != "a b{}"
