"""The wall clock jumps by a day: nothing is lost, deleted, or thought to have taken a day."""

from __future__ import annotations

import pytest

from support import red_pair

A, B = red_pair()
REQUEST = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84},
    **{"sig": True, "mc_count": 3000, "seed": 5, "estimator": "full"},
}
CONFIG = '[engine]\nchunk_seconds = 0.05\npreference = ["joblib"]\n'
DAY = 86_400


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
def test_a_jump_of_the_clock_changes_nothing_but_the_stamps(faulty, jump):
    with faulty(CONFIG) as (daemon, faults):
        unfetched = daemon.submit("cwt", {"data": A, "dt": 1.0})
        daemon.finish(unfetched)
        data_id = daemon.upload("\n".join(map(str, A)).encode()).json["data_id"]
        job_id = daemon.submit("wct", REQUEST)
        daemon.until(job_id, lambda job: job["realisations_done"] > 0)
        before = daemon.call("GET", "/api/v1/health/detailed").json
        faults.clock(jump)
        job = daemon.finish(job_id)
        assert job["status"] == "completed", job
        after = daemon.call("GET", "/api/v1/health/detailed").json
        # It did jump; and durations are the monotonic clock's.
        assert (after["timestamp"] > before["timestamp"]) == (jump > 0)
        assert after["timestamp"][:10] != before["timestamp"][:10]
        assert 0 < after["uptime"] - before["uptime"] < 3600
        assert float(daemon.result(job_id)["computation_time"]) < 3600
        for row in daemon.call("GET", "/api/v1/stats").json["by_kind_and_backend"]:
            assert row["seconds"] >= 0
        told = daemon.events(0, lambda e: (e["type"], e["job_id"]) == ("job.completed", job_id))
        assert [e["seq"] for e in told] == sorted(e["seq"] for e in told)
        # Over a restart, too, at which everything that may be cleared away is.
        daemon.kill()
        daemon.start(faults.env)
        assert len(daemon.result(unfetched)) > 3
        assert len(daemon.result(job_id)) > 3
        assert daemon.call("GET", f"/api/v1/data/{data_id}/download").status == 200
        newest, *_ = daemon.call("GET", "/api/v1/jobs").json["jobs"]
        assert newest["job_id"] == job_id
