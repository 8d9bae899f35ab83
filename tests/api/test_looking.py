"""Looking into jobs: where they were computed, what they have found, what they would cost."""

from __future__ import annotations

import numpy as np
import pytest

from support import red_pair

A, B = red_pair()
PAIR = {"data1": A, "data2": B, "dt": 1.0}
#: What no machine finishes while a test looks on.
ENDLESS = {**PAIR, "dj": 1 / 12, "s0": 2, "J": 100, "mc_count": 1_000_000, "estimator": "full"}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def running_job(daemon):
    """The id of a job with two chunks done, which is cancelled afterwards."""
    job_id = daemon.submit("significance", {**ENDLESS, "backend": "sequential"})
    done = []

    def two(event):
        done.append((event["type"], event["job_id"]))
        return done.count(("job.progress", job_id)) >= 2

    daemon.events(0, two)
    yield job_id
    daemon.call("DELETE", f"/api/v1/jobs/{job_id}")
    daemon.finish(job_id)


def chunks(daemon, job_id, query=""):
    answer = daemon.call("GET", f"/api/v1/jobs/{job_id}/chunks{query}")
    assert answer.status == 200, answer.body
    return answer.json


def test_chunks_cover_every_realisation_once_and_outlive_their_job(daemon):
    job_id = daemon.submit("significance", {**PAIR, "mc_count": 200, "backend": "sequential"})
    daemon.finish(job_id)
    found = chunks(daemon, job_id)
    covered = [
        n for one in found["chunks"] for n in range(one["first"], one["first"] + one["count"])
    ]
    assert covered == list(range(200))
    assert {one["backend"] for one in found["chunks"]} == {"sequential"}
    (share,) = found["backends"]
    assert (share["backend"], share["realisations"]) == ("sequential", 200)
    assert share["seconds"] == pytest.approx(sum(one["seconds"] for one in found["chunks"]))
    assert "next_cursor" not in found


def test_chunks_of_a_running_job_and_when_it_was_cancelled(daemon, running_job):
    before = chunks(daemon, running_job)["chunks"]
    assert len(before) >= 2
    assert all(one["seconds"] > 0 for one in before)
    daemon.call("DELETE", f"/api/v1/jobs/{running_job}")
    daemon.finish(running_job)
    whole = chunks(daemon, running_job)
    assert whole["chunks"][:2] == before[:2]
    pages, query = [], "?limit=1"
    while query:
        page = chunks(daemon, running_job, query)
        assert page["backends"] == whole["backends"]
        pages += page["chunks"]
        cursor = page.get("next_cursor")
        query = cursor and f"?limit=1&cursor={cursor}"
    assert pages == whole["chunks"]


def test_a_job_without_realisations_has_no_chunks(daemon):
    job_id = daemon.submit("cwt", {"data": A, "dt": 1.0})
    daemon.finish(job_id)
    assert chunks(daemon, job_id) == {"chunks": [], "backends": []}


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        (f"{NOBODY}/chunks", 404, "there is no job"),
        (f"{NOBODY}/chunks?limit=0", 404, "there is no job"),
        (f"{NOBODY}/levels", 404, "there is no job"),
    ],
)
def test_what_cant_be_looked_into(daemon, path, status, word):
    answer = daemon.call("GET", f"/api/v1/jobs/{path}")
    assert answer.status == status
    assert word in answer.json["detail"]


def levels(daemon, job_id):
    answer = daemon.call("GET", f"/api/v1/jobs/{job_id}/levels")
    assert answer.status == 200, answer.body
    return answer.json


def test_levels_after_the_end_are_those_of_the_result(daemon):
    job_id = daemon.submit("significance", {**PAIR, "mc_count": 200, "significance_level": 0.9})
    daemon.finish(job_id)
    found, result = levels(daemon, job_id), daemon.result(job_id)
    assert (found["realisations"], found["level"]) == (200, 0.9)
    np.testing.assert_allclose(found["periods"], 1 / result["freqs"])
    for name, array in (("levels", "signif"), ("errors", "signif_error")):
        told = np.array(found[name], dtype=float)  # None becomes NaN
        np.testing.assert_array_equal(told, result[array])


def test_levels_while_a_job_runs_are_those_of_as_many_realisations(daemon, running_job):
    found = levels(daemon, running_job)
    count = found["realisations"]
    seed = daemon.job(running_job)["seed"]
    assert count >= 32
    # The same realisations by themselves: histograms are pure, so are levels.
    whole = {**ENDLESS, "backend": "sequential", "seed": seed, "mc_count": count}
    daemon.call("DELETE", f"/api/v1/jobs/{running_job}")
    job_id = daemon.submit("significance", whole)
    daemon.finish(job_id)
    result = daemon.result(job_id)
    np.testing.assert_allclose(np.array(found["levels"], dtype=float), result["signif"])
    np.testing.assert_allclose(np.array(found["errors"], dtype=float), result["signif_error"])
    np.testing.assert_allclose(found["periods"], 1 / result["freqs"])
    refused = daemon.call("GET", f"/api/v1/jobs/{running_job}/levels")
    assert refused.status == 409
    assert "cancelled" in refused.json["detail"]


@pytest.mark.parametrize(
    ("kind", "request_"),
    [
        ("cwt", {"data": A, "dt": 1.0}),
        ("wct", {**PAIR, "significance_test": False}),
        ("xwt", PAIR),
    ],
)
def test_kinds_without_monte_carlo_have_no_levels(daemon, kind, request_):
    job_id = daemon.submit(kind, request_)
    daemon.finish(job_id)
    answer = daemon.call("GET", f"/api/v1/jobs/{job_id}/levels")
    assert answer.status == 409
    assert "no Monte Carlo" in answer.json["detail"]


def test_a_batch_has_no_levels(daemon):
    tasks = [{"type": "cwt", "data": A, "dt": 1.0}]
    batch = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks}).json["job_id"]
    assert daemon.call("GET", f"/api/v1/jobs/{batch}/levels").status == 409
    daemon.finish(batch)


def estimate(daemon, kind, request):
    return daemon.call("POST", "/api/v1/jobs/estimate", {"kind": kind, "request": request})


def test_an_estimate_makes_nothing(daemon):
    before = daemon.call("GET", "/api/v1/jobs/?limit=1").json["jobs"][0]["job_id"]
    answer = estimate(daemon, "significance", {**PAIR, "J": 20, "mc_count": 500})
    assert answer.status == 200, answer.body
    found = answer.json
    assert (found["kind"], found["estimator"]) == ("significance", "cascade")
    assert found["realisations"] == 500
    assert (found["scales"], found["samples"]) == (21, len(A))
    assert daemon.call("GET", "/api/v1/jobs/?limit=1").json["jobs"][0]["job_id"] == before


def test_an_estimate_has_every_backend_or_why_not(daemon):
    found = estimate(daemon, "significance", {**PAIR, "mc_count": 500}).json
    backends = {one["backend"]: one for one in found["backends"]}
    listed = daemon.call("GET", "/api/v1/backends/").json["backends"]
    assert set(backends) == {one["name"] for one in listed}
    assert backends["joblib"]["estimated_time"] >= backends["joblib"]["waiting_time"]
    assert "reason" not in backends["joblib"]
    assert not backends["gpu"]["available"]
    assert "driver" in backends["gpu"]["reason"]
    assert found["recommended_backend"] in {"joblib", "sequential"}
    times = [one["estimated_time"] for one in found["backends"] if one["estimated_time"]]
    assert times == sorted(times)


def test_twice_the_realisations_take_twice_as_long(daemon):
    def seconds(count):
        found = estimate(daemon, "significance", {**PAIR, "mc_count": count}).json
        one = next(one for one in found["backends"] if one["backend"] == "sequential")
        return one["estimated_time"] - one["waiting_time"]

    assert seconds(200_000) == pytest.approx(2 * seconds(100_000), rel=0.3)


@pytest.mark.parametrize(
    ("kind", "request_"),
    [
        ("wct", {**PAIR, "dt": 0}),
        ("wct", {"data1": A, "data2": B[:-1], "dt": 1.0}),
        ("wct", {**PAIR, "significance_test": True, "backend": "abacus"}),
        ("wct", {**PAIR, "significance_test": True, "backend": "gpu", "fallback": False}),
        ("cwt", {"data_id": NOBODY, "dt": 1.0}),
        ("divination", {}),
    ],
)
def test_an_estimate_is_refused_as_a_submission_is(daemon, kind, request_):
    body = {"kind": kind, "request": request_}
    one = estimate(daemon, kind, request_)
    other = daemon.call("POST", "/api/v1/jobs", body)
    assert one.status == other.status >= 400
    assert one.json["detail"] == other.json["detail"]


def test_an_estimate_without_monte_carlo_has_no_backends(daemon):
    found = estimate(daemon, "cwt", {"data": A, "dt": 1.0}).json
    assert (found["realisations"], found["backends"]) == (0, [])
    assert found["recommended_backend"] is None
