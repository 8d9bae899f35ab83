"""Jobs over a real socket: accepted, followed, fetched, cancelled, never twice."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from support import red_pair, running

A, B = red_pair()
REQUEST = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "dj": 0.25, "s0": 2.0, "J": 20},
    **{"sig": True, "mc_count": 50, "seed": 9},
}
CANCELLED = "job.cancelled"
#: More realisations than any machine does while a test looks on.
ENDLESS = {**REQUEST, "dj": 1 / 12, "J": 100, "mc_count": 1_000_000, "estimator": "full"}
#: The same of the quick estimator: many octaves, closely spaced.
ENDLESS_CASCADE = {**ENDLESS, "dj": 1 / 40, "J": 480, "estimator": "cascade"}


def test_the_life_of_a_job(daemon):
    answer = daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": REQUEST})
    assert answer.status == 202
    job_id = answer.json["job_id"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{job_id}"
    seen = daemon.follow(job_id)
    assert [s["progress"] for s in seen] == sorted(s["progress"] for s in seen)
    last = seen[-1]
    assert (last["status"], last["progress"], last["realisations_done"]) == ("completed", 1.0, 50)
    assert last["attempts"] == 1
    assert last["error"] is None
    times = [datetime.fromisoformat(last[n]) for n in ("created_at", "started_at", "completed_at")]
    assert times == sorted(times)
    assert all(t.utcoffset().total_seconds() == 0 for t in times)
    assert daemon.job(job_id) == {k: v for k, v in last.items() if k != "type"}
    result = daemon.result(job_id)
    assert result["histogram"].sum(axis=1).min() > 0
    as_json = daemon.call("GET", f"/api/v1/jobs/{job_id}/result").json
    np.testing.assert_array_equal(as_json["WCT"], result["WCT"])


def test_listing_in_pages_with_and_without_the_slash(daemon):
    ids = [daemon.submit("cwt", {"data": A, "dt": 1.0}) for _ in range(5)]
    for job_id in ids:
        daemon.finish(job_id)
    found, path = [], "/api/v1/jobs/?kind=cwt&status=completed&limit=2"
    while path:
        page = daemon.call("GET", path).json
        assert len(page["jobs"]) <= 2
        found += [job["job_id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        path = cursor and f"/api/v1/jobs?kind=cwt&status=completed&limit=2&cursor={cursor}"
    assert found[:5] == ids[::-1]
    assert len(found) == len(set(found))


def test_cancelling_a_running_job(daemon):
    job_id = daemon.submit("wct", ENDLESS)
    daemon.until(job_id, lambda job: job["realisations_done"] > 0)
    answer = daemon.call("DELETE", f"/api/v1/jobs/{job_id}", timeout=5)
    assert answer.status == 200
    assert answer.json["status"] == "cancelled"
    again = daemon.call("DELETE", f"/api/v1/jobs/{job_id}")
    assert again.status == 409
    result = daemon.call("GET", f"/api/v1/jobs/{job_id}/result")
    assert result.status == 400
    assert "cancelled" in result.json["detail"]


def test_a_chunk_of_a_minute_stops_when_it_is_told_to():
    """By asking: a process that doesn't heed it is shot 0.8 s later, and another one started."""
    with running("[engine]\nchunk_seconds = 60\n", backends=["joblib"]) as daemon:
        daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
        hosts = sorted(daemon.workers("backend:"))
        for request in (ENDLESS, ENDLESS_CASCADE):
            job_id = daemon.submit("wct", request)
            daemon.until(job_id, lambda job: job["realisations_done"] > 0)
            cancelled = daemon.call("DELETE", f"/api/v1/jobs/{job_id}").json
            assert (cancelled["status"], cancelled["estimator"]) == (
                "cancelled",
                request["estimator"],
            )
            told = daemon.events(0, lambda e, n=job_id: (e["job_id"], e["type"]) == (n, CANCELLED))
            assert [e["type"] for e in told if e["job_id"] == job_id] == [
                *("job.queued", "job.running"),
                CANCELLED,
            ]
        assert sorted(daemon.workers("backend:")) == hosts


def test_cancelling_a_queued_job_and_fetching_too_early(daemon):
    first = daemon.submit("wct", ENDLESS)
    second = daemon.submit("wct", ENDLESS)
    early = daemon.call("GET", f"/api/v1/jobs/{second}/result")
    assert early.status == 400
    for job_id in (second, first):
        assert daemon.call("DELETE", f"/api/v1/jobs/{job_id}").json["status"] == "cancelled"


def test_a_retry_with_the_same_key_is_the_same_job(daemon):
    body = {"kind": "cwt", "request": {"data": A, "dt": 1.0}}
    key = {"Idempotency-Key": "abc-1"}
    first = daemon.call("POST", "/api/v1/jobs", body, key).json["job_id"]
    assert daemon.call("POST", "/api/v1/jobs/", body, key).json["job_id"] == first
    other = {"kind": "cwt", "request": {"data": B, "dt": 1.0}}
    conflict = daemon.call("POST", "/api/v1/jobs", other, key)
    assert conflict.status == 409
    assert "Idempotency-Key" in conflict.json["detail"]
    daemon.finish(first)


def test_a_batch_is_accepted_whole_and_reports_its_members(daemon):
    tasks = [
        {"type": "cwt", "data": A, "dt": 1.0},
        {"type": "wct", **REQUEST},
        {"type": "significance", "data1": A, "data2": B, "dt": 1.0, "mc_count": 10},
    ]
    answer = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks})
    assert answer.status == 202
    assert answer.json["tasks_count"] == 3
    batch = answer.json["job_id"]
    members = daemon.job(batch)["results"]
    assert [m["task_id"] for m in members] == [0, 1, 2]
    for member in members:
        assert daemon.finish(member["job_id"])["status"] == "completed"
    whole = daemon.job(batch)
    assert (whole["status"], whole["progress"]) == ("completed", 1.0)
    assert daemon.call("DELETE", f"/api/v1/jobs/{batch}").status == 409
    listed = daemon.call("GET", "/api/v1/jobs?kind=batch&status=completed").json["jobs"]
    assert batch in [job["job_id"] for job in listed]


def test_cancelling_a_batch_cancels_what_hasnt_ended(daemon):
    tasks = [{"type": "cwt", "data": A, "dt": 1.0}, {"type": "wct", **ENDLESS}]
    batch = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks}).json["job_id"]
    daemon.finish(daemon.job(batch)["results"][0]["job_id"])
    answer = daemon.call("DELETE", f"/api/v1/jobs/{batch}")
    assert answer.json["status"] == "cancelled"
    assert [m["status"] for m in answer.json["results"]] == ["completed", "cancelled"]


def test_a_batch_with_one_wrong_task_is_refused_whole(daemon):
    before = daemon.call("GET", "/api/v1/jobs").json
    tasks = [{"type": "cwt", "data": A, "dt": 1.0}, {"type": "cwt", "data": [1.0] * 20, "dt": 1.0}]
    answer = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks})
    assert answer.status == 400
    assert "tasks[1].data" in answer.json["detail"]
    assert daemon.call("GET", "/api/v1/jobs").json == before


def test_events_resume_without_gap_or_repetition(daemon):
    job_id = daemon.submit("wct", REQUEST)

    def done(event):
        return event["job_id"] == job_id and event["type"] == "job.completed"

    whole = daemon.events(0, done)
    assert [e["seq"] for e in whole] == list(range(1, len(whole) + 1))
    mine = [e["type"] for e in whole if e["job_id"] == job_id]
    assert mine[:2] == ["job.queued", "job.running"]
    assert "job.progress" in mine
    middle = len(whole) // 2
    rest = daemon.events(whole[middle]["seq"], done)
    assert rest == whole[middle + 1 :]
