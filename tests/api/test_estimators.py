"""The choice of an estimator, from the request to the result."""

from __future__ import annotations

import numpy as np
import pytest

from pycwt_mod import ar1
from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.run import coherence_task
from pycwtd.api.routes import operations
from support import red_pair

OPERATIONS = operations()
A, B = red_pair()
GRID = {"dt": 1.0, "dj": 0.25, "s0": 2.0, "J": 16}
SIGNALS = {"signal1": A, "signal2": B, "sig": True}
DATA = {"data1": A, "data2": B}
RUN = {"mc_count": 64, "seed": 5, **GRID}


def library(estimator):
    al1, al2 = (ar1(np.array(values))[0] for values in (A, B))
    task = coherence_task(al1, al2, *GRID.values(), estimator=estimator)
    return get_backend("joblib").run(task, RUN["seed"], 0, RUN["mc_count"])


@pytest.mark.parametrize("asked", [{}, {"estimator": "cascade"}, {"estimator": "full"}])
@pytest.mark.parametrize(
    ("path", "series"),
    [("wavelet/wct", SIGNALS), ("analysis/wct", {**DATA, "significance_test": True})],
)
def test_what_is_asked_for_runs_and_the_result_says_so(daemon, path, series, asked):
    answer = daemon.call("POST", f"/api/v1/{path}", {**series, **RUN, **asked})
    assert answer.status == 200, answer.body
    wanted = asked.get("estimator", "cascade")
    assert answer.json["estimator"] == wanted
    through_a_job = daemon.submit("wct", {**series, **RUN, **asked})
    job = daemon.finish(through_a_job)
    assert (job["estimator"], job["parameters"]["estimator"]) == (wanted, wanted)
    result = daemon.result(through_a_job)
    assert result["estimator"] == wanted
    np.testing.assert_array_equal(result["histogram"], library(wanted))
    np.testing.assert_array_equal(answer.json["signif"], result["signif"])


def test_members_of_a_batch_choose_each_for_itself(daemon):
    tasks = [{"type": "significance", **DATA, **RUN, "estimator": "full"}]
    tasks += [{"type": "significance", **DATA, **RUN}, {"type": "cwt", "data": A, "dt": 1.0}]
    batch = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks}).json["job_id"]
    assert daemon.job(batch)["estimator"] is None
    ids = [member["job_id"] for member in daemon.job(batch)["results"]]
    ended = [daemon.finish(job_id) for job_id in ids]
    assert [job["estimator"] for job in ended] == ["full", "cascade", None]
    for job_id, estimator in zip(ids, ("full", "cascade"), strict=False):
        np.testing.assert_array_equal(daemon.result(job_id)["histogram"], library(estimator))


def test_the_acceptance_names_it(daemon):
    accepted = daemon.call("POST", "/api/v1/analysis/significance", {**DATA, **RUN}).json
    assert accepted["estimator"] == "cascade"
    daemon.finish(accepted["job_id"])


def test_without_a_test_nothing_is_drawn_and_nothing_said(daemon):
    body = {"signal1": A, "signal2": B, **GRID}
    assert "estimator" not in daemon.call("POST", "/api/v1/wavelet/wct", body).json
    job = daemon.finish(daemon.submit("wct", body))
    assert job["estimator"] is None


def test_the_document_describes_the_choice(daemon):
    schemas = daemon.call("GET", "/openapi.json").json["components"]["schemas"]
    bodies = {o.body.__name__ for o in OPERATIONS if o.body and o.tag == "Analyses"}
    assert len(bodies) == 4
    for name in bodies:
        field = schemas[name]["properties"]["estimator"]
        assert set(field["enum"]) == {"auto", "cascade", "full"}
        assert field["default"] == "auto"
        assert "short series" in field["description"]
