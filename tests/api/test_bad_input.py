"""Every wrong request gets one clear sentence that names the field, and the right status."""

from __future__ import annotations

import json

import pytest

from support import red_pair

A, B = red_pair()
WCT = "/api/v1/wavelet/wct"
CWT = "/api/v1/wavelet/cwt"
PAIR = {"signal1": A, "signal2": B, "dt": 1.0}
ONE = {"data": A, "dt": 1.0}


def without(body, name):
    return {k: v for k, v in body.items() if k != name}


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (WCT, {**PAIR, "signal2": B[:-1]}, 400, ["signal1", "signal2", "128 and 127"]),
        (CWT, {**ONE, "data": []}, 422, ["data"]),
        (CWT, {**ONE, "data": A[:15]}, 400, ["data", "16", "15"]),
        (CWT, {**ONE, "data": [3.0] * 50}, 400, ["data", "constant"]),
        (CWT, {**ONE, "dt": 0}, 422, ["dt", "> 0"]),
        (CWT, {**ONE, "dt": -1}, 422, ["dt", "> 0"]),
        (CWT, {**ONE, "dt": "1"}, 422, ["dt", "a number"]),
        (CWT, {**ONE, "data": [*A, None]}, 400, ["data[128]", "gaps"]),
        (CWT, {**ONE, "data": [*A, "1"]}, 422, ["data[128]", "a number"]),
        (CWT, {**ONE, "data": [*A, "x"]}, 422, ["data[128]", "a number"]),
        (CWT, without(ONE, "dt"), 422, ["dt", "missing"]),
        (CWT, without(ONE, "data"), 422, ["data", "missing"]),
        (CWT, {**ONE, "sampling": 1}, 422, ["sampling", "no such field"]),
        (CWT, {**ONE, "mother": "haar"}, 422, ["mother", "morlet", "haar"]),
        (CWT, {**ONE, "mother": "mexicanhat", "param": 4}, 400, ["param", "Mexican hat"]),
        (CWT, {**ONE, "mother": "paul", "param": 2.5}, 400, ["param", "whole number"]),
        (CWT, {**ONE, "mother": "morse", "param": 0.5}, 400, ["param", "β", "1 to 200"]),
        (CWT, {**ONE, "mother": "morse", "gamma": 11}, 400, ["gamma", "γ", "1 to 10"]),
        (CWT, {**ONE, "gamma": 3}, 400, ["gamma", "morlet", "only morse"]),
        (
            WCT,
            {**PAIR, "mother": "morse", "sig": True, "estimator": "cascade"},
            400,
            ["estimator", "morse", "take full"],
        ),
        (CWT, {**ONE, "dj": 2}, 422, ["dj", "<= 1"]),
        (CWT, {**ONE, "J": 3000}, 422, ["J", "<= 2000"]),
        (CWT, {**ONE, "J": 2000, "dj": 1.0}, 400, ["J", "octaves"]),
        (CWT, {**ONE, "s0": -2}, 422, ["s0", "positive"]),
        (CWT, {**ONE, "s0": 500}, 400, ["s0", "too short", "128"]),
        (CWT, {**ONE, "s0": 1e-300}, 400, ["s0", "dt"]),
        (WCT, {**PAIR, "backend": "abacus"}, 400, ["backend", "abacus", "joblib"]),
        (WCT, {**PAIR, "significance_level": 1}, 422, ["significance_level", "< 1"]),
        (WCT, {**PAIR, "mc_count": 0}, 422, ["mc_count", ">= 1"]),
        (WCT, {**PAIR, "seed": -1}, 422, ["seed", ">= 0"]),
        (WCT, {**PAIR, "estimator": "half"}, 422, ["estimator", "cascade, full", "half"]),
        (WCT, {**PAIR, "estimator": None}, 422, ["estimator", "a text"]),
        (WCT, {**PAIR, "estimator": "Full"}, 422, ["estimator", "Full"]),
        (WCT, [1, 2], 422, ["object"]),
        (CWT, b"{", 422, ["JSON"]),
        (CWT, b"\xff\xfe", 422, ["JSON"]),
        (CWT, b'{"data": [NaN], "dt": 1}', 422, ["data: holds NaN", "finite"]),
        (CWT, b'{"data": [1e999], "dt": 1}', 422, ["data[0]"]),
        (CWT, b"[" * 200_000, 422, []),
        (CWT, b'{"data": [' + b"9" * 6000 + b'], "dt": 1}', 422, ["data[0]"]),
        ("/api/v1/jobs", {"kind": "fft", "request": {}}, 422, ["kind", "wct"]),
        ("/api/v1/jobs", {"kind": "cwt", "request": without(ONE, "dt")}, 422, ["dt", "missing"]),
        ("/api/v1/jobs/batch", {"tasks": []}, 422, ["tasks"]),
        (
            "/api/v1/jobs/batch",
            {"tasks": [{"type": "cwt", **ONE}, {"type": "cwt", **ONE, "dt": 0}]},
            422,
            ["tasks[1].dt"],
        ),
        (
            "/api/v1/jobs",
            {"kind": "wct", "request": {**PAIR, "estimator": "half"}},
            422,
            ["estimator", "cascade, full"],
        ),
        (
            "/api/v1/jobs/batch",
            {"tasks": [{"type": "wct", **PAIR, "estimator": "half"}]},
            422,
            ["tasks[0].estimator", "cascade, full"],
        ),
    ],
)
def test_a_wrong_body(daemon, path, body, status, words):
    answer = daemon.call("POST", path, body)
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json
    assert problem["status"] == status
    assert problem["error"]["message"] == problem["detail"]
    for word in words:
        assert word in problem["detail"]
    assert "\n" not in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/jobs/nothing", 404),
        ("GET", "/api/v1/jobs/..%2f..%2fetc", 404),
        ("GET", "/api/v1/backends/abacus", 404),
        ("PUT", "/api/v1/jobs", 405),
        ("GET", "/api/v1/jobs?limit=0", 422),
        ("GET", "/api/v1/jobs?stat=queued", 422),
        ("GET", "/api/v1/jobs?status=done", 422),
        ("POST", "/api/v1/wavelet/cwt?format=xml", 422),
        ("GET", "/api/v1/backends/recommend?priority=colour", 422),
        ("GET", "/api/v1/backends/recommend?estimator=half", 422),
        ("GET", "/ws/events?since=x", 422),
    ],
)
def test_a_wrong_path_or_parameter(daemon, method, path, status):
    answer = daemon.call(method, path)
    assert answer.status == status
    assert answer.json["detail"]
    assert answer.headers["X-Request-ID"]


def test_a_body_over_the_limit_is_refused_before_it_is_parsed(daemon):
    answer = daemon.call("POST", CWT, b" " * (64 * 2**20 + 1))
    assert answer.status == 413


def test_only_json_is_taken(daemon):
    answer = daemon.call("POST", CWT, json.dumps(ONE).encode(), {"Content-Type": "text/plain"})
    assert answer.status == 415
    assert "application/json" in answer.json["detail"]


def test_the_fault_of_a_request_isnt_in_the_log_as_a_traceback(daemon):
    assert "Traceback" not in daemon.log
