"""Freezes the state directory of today's daemon: ``python tests/daemon/freeze.py FOLDER``.

A real daemon is given jobs of every kind and in every state, an upload, a key, a batch and a device
that is drained, and is killed with -9 in the middle of its work. What it leaves is copied, its
write-ahead log folded into the database. ``expected.json`` says what has to come of it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import red_pair, running

if TYPE_CHECKING:
    from support import Daemon

A, B = red_pair(64)
GRID = {"dt": 1.0, "dj": 0.25, "s0": 2.0, "J": 6}
COHERENCE = {"signal1": A, "signal2": B, "sig": True, "seed": 3, "backend": "sequential", **GRID}
#: Not the index of the log: SQLite makes it anew.
KEPT = ("pycwtd.sqlite3", "pycwtd.sqlite3-wal", "jobs", "data", "run")


def ended(daemon: Daemon) -> dict[str, Any]:
    """Jobs in their final states."""
    jobs = {
        "cwt": daemon.submit("cwt", {"data": A, **GRID}),
        "xwt": daemon.submit("xwt", {"signal1": A, "signal2": B, **GRID}),
        "wct": daemon.submit("wct", {**COHERENCE, "mc_count": 40}),
        "significance": daemon.submit(
            "significance", {"signal1": A, "signal2": B, "seed": 4, "mc_count": 40, **GRID}
        ),
    }
    for job_id in jobs.values():
        assert daemon.finish(job_id)["status"] == "completed"
    cancelled = daemon.submit("wct", {**COHERENCE, "mc_count": 1_000_000})
    daemon.call("DELETE", f"/api/v1/jobs/{cancelled}")
    return {"completed": jobs, "cancelled": cancelled}


def freeze(target: Path) -> None:
    """Make the folder."""
    config = "[engine]\nchunk_seconds = 0.05\n"
    with running(config, backends=["sequential"]) as daemon:
        told = ended(daemon)
        data_id = daemon.upload("\n".join(map(str, A)).encode()).json["data_id"]
        key = daemon.call("POST", "/api/v1/auth/keys", {"name": "ann", "role": "analyst"})
        assert key.status == 201, key.body
        drained = daemon.call("POST", "/api/v1/devices/joblib/drain")
        assert drained.status == 202, drained.body
        unfinished = {**COHERENCE, "estimator": "full", "mc_count": 400_000}
        running_job = daemon.submit("wct", unfinished)
        stored = ("job.progress", running_job)
        daemon.events(0, lambda event: (event["type"], event["job_id"]) == stored)
        tasks = [
            {"type": "cwt", "data_id": data_id, **GRID},
            {"type": "wct", **COHERENCE, "mc_count": 60},
        ]
        body = {"tasks": tasks}
        batch = daemon.call("POST", "/api/v1/jobs/batch", body, {"Idempotency-Key": "frozen"})
        told |= {"running": running_job, "data": data_id, "batch": batch.json["job_id"]}
        told["drained"] = ["joblib"]
        told |= {"realisations": unfinished["mc_count"], "batch_request": body}
        told["version"] = daemon.call("GET", "/").json["server_version"]
        daemon.kill()
        target.mkdir()
        for name in KEPT:
            source = daemon.state / name
            if source.is_dir():
                shutil.copytree(source, target / name)
            elif source.exists():
                shutil.copy(source, target / name)
        with sqlite3.connect(target / "pycwtd.sqlite3") as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
    (target / "expected.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    freeze(Path(sys.argv[1]))
