"""Levels within the cone of influence, from the request to the result."""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod
from pycwtd.api.routes import operations
from support import red_pair

OPERATIONS = operations()
A, B = red_pair()
GRID = {"dt": 0.5, "dj": 0.25, "s0": 1.0, "J": 20}
RUN = {"mc_count": 200, "seed": 5, "edges": True, **GRID}
SIGNALS = {"signal1": A, "signal2": B, "sig": True}
DATA = {"data1": A, "data2": B}


def library(**changes):
    arguments = {"mc_count": 200, "seed": 5, "backend": "joblib", "cache": False, "edges": True}
    return pycwt_mod.wct(np.array(A), np.array(B), **{**GRID, **arguments, **changes})


@pytest.mark.parametrize("estimator", ["cascade", "full"])
def test_a_coherence_with_edges_is_the_library_s(daemon, estimator):
    body = {**SIGNALS, **RUN, "estimator": estimator}
    expected = library(estimator=estimator)
    job_id = daemon.submit("wct", body)
    job = daemon.finish(job_id)
    assert job["status"] == "completed"
    assert job["parameters"]["edges"] is True
    result = daemon.result(job_id)
    np.testing.assert_array_equal(result["histogram"], expected.monte_carlo.histogram)
    np.testing.assert_array_equal(result["signif"], expected.sig)
    np.testing.assert_array_equal(result["signif_error"], expected.monte_carlo.standard_errors)
    np.testing.assert_array_equal(result["level_map"], expected.level_map.levels)
    np.testing.assert_array_equal(result["level_map_error"], expected.level_map.standard_errors)
    waited = daemon.call("POST", "/api/v1/wavelet/wct", body).json
    np.testing.assert_array_equal(np.array(waited["level_map"], float), result["level_map"])


def test_a_significance_with_edges(daemon):
    accepted = daemon.call("POST", "/api/v1/analysis/significance", {**DATA, **RUN}).json
    daemon.finish(accepted["job_id"])
    result = daemon.result(accepted["job_id"])
    np.testing.assert_array_equal(result["level_map"], library().level_map.levels)


def test_without_edges_there_is_no_map(daemon):
    body = {**SIGNALS, **RUN, "edges": False}
    result = daemon.call("POST", "/api/v1/wavelet/wct", body).json
    assert "level_map" not in result
    np.testing.assert_array_equal(result["signif"], library(edges=False).sig)


def test_precision_waits_for_the_ends(daemon):
    """Outside the cone 300 realisations suffice; the error of the map is the one that counts."""
    first = library(J=4, mc_count=300)
    assert first.monte_carlo.standard_errors.max() <= 0.012 < first.level_map[1].max()
    request = {**SIGNALS, **RUN, "J": 4, "precision": 0.012}
    del request["mc_count"]
    job = daemon.finish(daemon.submit("wct", request))
    assert job["realisations"] > 300
    assert daemon.result(job["job_id"])["level_map_error"].max() <= 0.012


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("wavelet/xwt", {**SIGNALS, **GRID, "edges": True}, 400, "nothing is tested here"),
        ("wavelet/wct", {**SIGNALS, "sig": False, **GRID, "edges": True}, 400, "sig"),
        ("analysis/wct", {**DATA, **GRID, "edges": True}, 400, "significance_test"),
        ("wavelet/cwt", {"data": A, **GRID, "edges": True}, 422, "no such field"),
        ("wavelet/wct", {**SIGNALS, **GRID, "edges": 1}, 422, "true"),
    ],
)
def test_where_nothing_is_tested_edges_are_refused(daemon, path, body, status, word):
    answer = daemon.call("POST", f"/api/v1/{path}", body)
    assert answer.status == status, answer.body
    assert answer.json["detail"].startswith("edges")
    assert word in answer.json["detail"]


def test_the_document_describes_edges(daemon):
    schemas = daemon.call("GET", "/openapi.json").json["components"]["schemas"]
    bodies = {o.body.__name__ for o in OPERATIONS if o.body and o.tag == "Analyses"}
    for name in bodies:
        fields = schemas[name]["properties"]
        assert ("edges" in fields) == ("data" not in fields)
        if "edges" in fields:
            assert fields["edges"]["default"] is False
            assert "cone of influence" in fields["edges"]["description"]
    assert {"level_map", "level_map_error"} <= schemas["WctResult"]["properties"].keys()
