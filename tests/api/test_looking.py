"""Looking into jobs: where they were computed, what they have found, what they would cost."""

from __future__ import annotations

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
    ],
)
def test_what_cant_be_looked_into(daemon, path, status, word):
    answer = daemon.call("GET", f"/api/v1/jobs/{path}")
    assert answer.status == status
    assert word in answer.json["detail"]
