"""More than it can do: a queue with an end, shares for everybody, and memory that stays."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import uuid
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from support import red_pair, running
from wires import over, peer_socket, unix_socket

A, B = red_pair(64)
SMALL = {"data": A, "dt": 1.0, "dj": 0.25, "s0": 2.0, "J": 12}
#: Some tenths of a second on one core.
COHERENCE = {
    **{"signal1": A, "signal2": B, "dt": 1.0, "dj": 0.25, "s0": 2.0, "J": 12, "sig": True},
    **{"estimator": "full", "mc_count": 2000, "backend": "sequential"},
}
NEVER = {**COHERENCE, "mc_count": 1_000_000}
#: Users of this machine that nobody is.
ANN, BOB = 4801, 4802
ACCESS = f'[access]\nusers = {{ {ANN} = "analyst", {BOB} = "analyst" }}\n'
JOBS = "/api/v1/jobs"
GROWTH = 64 * 2**20


def ask(daemon, uid, method, path, body=None):
    """A request by another user of this machine, whom the doors are opened for."""
    daemon.root.chmod(0o755)
    daemon.socket.chmod(0o666)
    with closing(peer_socket(daemon.socket, uid, uid)) as connected:
        return over(connected, method, path, body)


class TestQueue:
    """Its end, in number and in bytes, for one and for all."""

    @staticmethod
    def refused(answer, *words):
        assert answer.status == 503, answer.body
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json["error"]["code"] == "queue_full"
        for word in words:
            assert word in answer.json["detail"]

    def test_in_number(self):
        config = f"[limits]\nqueued_jobs = 3\nqueued_jobs_per_owner = 2\n{ACCESS}"
        new = {"kind": "wct", "request": NEVER}
        with running(config, backends=["sequential"]) as daemon:
            first = ask(daemon, ANN, "POST", JOBS, new).json["job_id"]
            assert ask(daemon, ANN, "POST", JOBS, new).status == 202
            self.refused(ask(daemon, ANN, "POST", JOBS, new), f"2 jobs of uid:{ANN}")
            # Another's place isn't taken, and a batch that doesn't fit isn't taken in part.
            tasks = {"tasks": [{"type": "wct", **NEVER}] * 2}
            self.refused(ask(daemon, BOB, "POST", f"{JOBS}/batch", tasks), "3 jobs")
            assert ask(daemon, BOB, "POST", JOBS, new).status == 202
            self.refused(ask(daemon, BOB, "POST", JOBS, new), "3 jobs")
            metrics = daemon.call("GET", "/metrics").body.decode()
            assert "pycwtd_submissions_refused_total 3.0" in metrics
            assert "pycwtd_queue_jobs 3.0" in metrics
            assert ask(daemon, ANN, "DELETE", f"{JOBS}/{first}").status == 200
            assert ask(daemon, BOB, "POST", JOBS, new).status == 202
            # They count after a restart as before it.
            daemon.kill()
            daemon.start()
            self.refused(ask(daemon, ANN, "POST", JOBS, new), "3 jobs")

    def test_in_bytes(self):
        config = f"[limits]\nqueued_bytes = 6000\nqueued_bytes_per_owner = 4000\n{ACCESS}"
        new = {"kind": "wct", "request": NEVER}
        size = len(json.dumps(new))
        assert 2000 < size < 3900
        with running(config, backends=["sequential"]) as daemon:
            assert ask(daemon, ANN, "POST", JOBS, new).status == 202
            self.refused(ask(daemon, ANN, "POST", JOBS, new), f"4000 bytes of uid:{ANN}")
            assert ask(daemon, BOB, "POST", JOBS, new).status == 202
            self.refused(daemon.call("POST", JOBS, new), "6000 bytes)")
            daemon.kill()
            daemon.start()
            self.refused(ask(daemon, ANN, "POST", JOBS, new), "bytes")


def test_a_thousand_jobs_of_one_dont_delay_anothers_first():
    with running(f"[engine]\nchunk_seconds = 0.1\n{ACCESS}", backends=["sequential"]) as daemon:
        tasks = {"tasks": [{"type": "wct", **COHERENCE}] * 1000}
        assert ask(daemon, ANN, "POST", f"{JOBS}/batch", tasks).status == 202
        ended = "job.completed"
        busy = daemon.events(0, lambda event: event["type"] == ended)[-1]["seq"]
        mine = ask(daemon, BOB, "POST", JOBS, {"kind": "wct", "request": COHERENCE}).json["job_id"]
        told = daemon.events(busy, lambda e: (e["type"], e["job_id"]) == (ended, mine))
        since = next(i for i, e in enumerate(told) if e["job_id"] == mine)
        others = [e for e in told[since:] if e["type"] == ended and e["job_id"] != mine]
        # It has three steps, and each waits for one of the other's at most.
        assert len(others) <= 3, [e["type"] for e in told[since:]]
        daemon.kill()


@pytest.fixture(scope="module")
def crowded():
    """A daemon with ten thousand jobs in its queue, and the events that tell of them."""
    with running("[limits]\nstreams = 0\n", backends=["sequential"]) as daemon:
        template = daemon.submit("wct", NEVER)
        daemon.until(template, lambda job: job["realisations_done"] > 0)
        daemon.kill()
        folder = daemon.state / "jobs"
        with closing(sqlite3.connect(daemon.state / "pycwtd.sqlite3")) as db, db:
            db.row_factory = sqlite3.Row
            row = dict(db.execute("SELECT * FROM jobs WHERE id = ?", (template,)).fetchone())
            row |= {"status": "queued"}
            names = ", ".join(row)
            for number in range(2, 10_001):
                job_id = str(uuid.uuid4())
                (folder / job_id).mkdir()
                for name in ("request.json", "task.json"):
                    (folder / job_id / name).hardlink_to(folder / template / name)
                db.execute(
                    f"INSERT INTO jobs ({names}) VALUES ({', '.join('?' * len(row))})",
                    list((row | {"id": job_id, "number": number}).values()),
                )
                db.execute(
                    "INSERT INTO events (time, type, job_id, data) VALUES (?, ?, ?, ?)",
                    (1.0, "job.queued", job_id, json.dumps({"text": "x" * 1000})),
                )
        daemon.start()
        yield daemon


class TestTenThousand:
    """Jobs in the queue."""

    def test_they_are_all_there_and_answered_for(self, crowded):
        counts = crowded.call("GET", "/api/v1/health/detailed").json["jobs"]
        assert counts["queued"] + counts["running"] == 10_000
        seen: set[str] = set()
        cursor = ""
        while cursor is not None:
            page = crowded.call("GET", f"{JOBS}?limit=1000{cursor}").json
            seen |= {job["job_id"] for job in page["jobs"]}
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert len(seen) == 10_000

    def test_one_of_them_is_cancelled_and_another_goes_in(self, crowded):
        newest = crowded.call("GET", f"{JOBS}?limit=1").json["jobs"][0]["job_id"]
        answer = crowded.call("DELETE", f"{JOBS}/{newest}")
        assert answer.json["status"] == "cancelled"
        mine = crowded.submit("cwt", SMALL)
        assert crowded.finish(mine)["status"] == "completed"

    def test_the_queues_end(self, crowded):
        last = crowded.submit("wct", NEVER)
        answer = crowded.call("POST", JOBS, {"kind": "wct", "request": NEVER})
        crowded.call("DELETE", f"{JOBS}/{last}")
        TestQueue.refused(answer, "10000 jobs of uid:")


def peak(pid):
    """Resident size at its highest since :func:`forget_peak`, in bytes."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def forget_peak(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5")


class TestMemory:
    """Whatever clients send or fail to read."""

    @staticmethod
    def grown(daemon, act):
        """By how much the peak grows while clients do something, and keep the daemon at it."""
        pid = daemon.process.pid
        for _ in range(20):
            daemon.call("GET", "/api/v1/health/detailed")
        forget_peak(pid)
        before = peak(pid)
        with ExitStack() as stack:
            act(stack)
            # Answered in turn with what the others want: behind it, they have had theirs.
            for _ in range(100):
                assert daemon.call("GET", "/api/v1/health/detailed").status == 200
            return peak(pid) - before

    @staticmethod
    def wire(daemon, stack):
        one = stack.enter_context(closing(unix_socket(daemon)))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        return one

    def test_a_hundred_websockets_that_never_read(self, crowded):
        def act(stack):
            for _ in range(100):
                self.wire(crowded, stack).sendall(
                    b"GET /ws/events?since=0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                )

        assert self.grown(crowded, act) < GROWTH

    def test_a_hundred_downloads_that_stall(self, crowded):
        series, other = red_pair(20_000)
        request = {"signal1": series, "signal2": other, "dt": 1.0, "dj": 0.25, "J": 20}
        job_id = crowded.submit("wct", request)
        assert crowded.finish(job_id)["status"] == "completed"
        assert len(crowded.call("GET", f"{JOBS}/{job_id}/result?format=json").body) > 10**6
        paths = ("result?format=npz", "result/WCT", "result/WCT?rows=0:20&cols=0:20000:2", "result")

        def act(stack):
            for number in range(100):
                head = f"GET {JOBS}/{job_id}/{paths[number % len(paths)]} HTTP/1.1\r\n"
                self.wire(crowded, stack).sendall(f"{head}Host: localhost\r\n\r\n".encode())

        assert self.grown(crowded, act) < GROWTH

    def test_fifty_uploads_at_a_time(self, crowded):
        head = (
            b"POST /api/v1/data/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: "
            b'form-data; name="file"; filename="s.csv"\r\n\r\n'
        )

        def act(stack):
            wires = [self.wire(crowded, stack) for _ in range(50)]
            for one in wires:
                one.sendall(head)
            for _ in range(20):
                for one in wires:
                    one.sendall(b"1.5\n" * 25_000)

        assert self.grown(crowded, act) < GROWTH
        # Their ends leave nothing behind.
        crowded.stop()
        crowded.start()
        assert not list((crowded.state / "incoming").iterdir())
