"""Starting, refusing to start, stopping: each with its sentence and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import START_SECONDS, Daemon, free_port, red_pair, running

PYCWTD = Path(sys.executable).with_name("pycwtd")
A, B = red_pair()


def refused(*arguments: str | Path) -> str:
    """The sentence with which the daemon refuses to start."""
    ran = subprocess.run(
        [PYCWTD, *arguments], capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    *_, sentence = ran.stderr.strip().splitlines()
    assert sentence.startswith("Error: ")
    return sentence


def test_start_and_stop():
    with running(backends=["joblib"]) as daemon:
        assert daemon.call("GET", "/health").json == {"status": "healthy", "api_version": "1.0.0"}
        assert daemon.socket.stat().st_mode & 0o777 == 0o660
        daemon.process.terminate()
        assert daemon.process.wait(2.0) == 0
        assert not daemon.socket.exists()
        assert "Traceback" not in daemon.log


def test_the_event_loops_process_never_loads_numpy(daemon):
    body = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "mc_count": 10}
    assert daemon.call("POST", "/api/v1/wavelet/wct", body).status == 200
    maps = Path(f"/proc/{daemon.process.pid}/maps").read_text()
    assert "_kernel" not in maps
    assert "numpy" not in maps


def test_a_socket_and_a_lock_left_behind_are_no_obstacle():
    with running(backends=["joblib"]) as daemon:
        daemon.kill()
        assert daemon.socket.exists()
        assert (daemon.state / "lock").exists()
        daemon.start()
        assert daemon.call("GET", "/health").status == 200


def test_a_socket_that_is_alive_is_left_alone(daemon, tmp_path):
    sentence = refused("--socket", daemon.socket, "--state-dir", tmp_path)
    assert str(daemon.socket) in sentence
    assert "already" in sentence
    assert daemon.call("GET", "/health").status == 200


def test_something_else_at_the_sockets_path_is_left_alone(tmp_path):
    path = tmp_path / "s"
    path.write_text("a letter")
    assert "isn't a socket" in refused("--socket", path, "--state-dir", tmp_path / "state")
    assert path.read_text() == "a letter"


def test_two_daemons_dont_share_a_state_directory(daemon, tmp_path):
    sentence = refused("--socket", tmp_path / "s", "--state-dir", daemon.state)
    assert "another pycwtd" in sentence
    assert not (tmp_path / "s").exists()


def test_a_path_too_long_for_a_socket(tmp_path):
    sentence = refused("--socket", tmp_path / ("x" * 100), "--state-dir", tmp_path)
    assert "107 bytes" in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log_levl = 'info'", ["log_levl", "did you mean log.level"]),
        ("[limits]\nsync_second = 3", ["limits.sync_second", "did you mean sync_seconds"]),
        ("[limits]\nqueued_jobs = 0", ["limits.queued_jobs", ">= 1"]),
        ("[engine]\nchunk_seconds = 'long'", ["engine.chunk_seconds", "a number"]),
        ("state_dir = [", ["TOML"]),
        ("[[listen]]\nmode = '600'", ["listen[0]", "unix or tcp"]),
        ("[[listen]]\ntcp = 'nowhere'", ["listen[0]", "HOST:PORT"]),
        ("[[listen]]\ntcp = '0.0.0.0:80'\nauth = 'none'", ["listen[0]", "loopback"]),
    ],
)
def test_a_wrong_configuration_names_the_key(tmp_path, text, words):
    file = tmp_path / "pycwtd.toml"
    file.write_text(text)
    sentence = refused("--config", file)
    assert str(file) in sentence or "listen[0]" in sentence
    for word in words:
        assert word in sentence


def test_a_configuration_that_isnt_there(tmp_path):
    assert "can't be read" in refused("--config", tmp_path / "none.toml")


def test_a_call_that_takes_too_long_becomes_a_job():
    with running("[limits]\nsync_seconds = 0.2\n", backends=["joblib"]) as daemon:
        body = {"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "J": 80, "seed": 8}
        answer = daemon.call(
            "POST",
            "/api/v1/wavelet/wct",
            {**body, "sig": True, "mc_count": 20_000, "estimator": "full"},
        )
        assert answer.status == 202
        job_id = answer.json["job_id"]
        assert answer.headers["Location"] == f"/api/v1/jobs/{job_id}"
        daemon.kill()
        daemon.start()
        job = daemon.finish(job_id)
        assert job["status"] == "completed", job
        assert daemon.result(job_id)["mc_count"] == 20_000


def test_a_full_queue_says_so():
    with running("[limits]\nqueued_jobs = 2\n", backends=["joblib"]) as daemon:
        request = {"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 100}
        request |= {"sig": True, "mc_count": 1_000_000, "estimator": "full"}
        jobs = [daemon.submit("wct", request) for _ in range(2)]
        answer = daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": request})
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        for job_id in jobs:
            daemon.call("DELETE", f"/api/v1/jobs/{job_id}")
        assert (
            daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": request}).status == 202
        )


class TestTcp:
    """A TCP listener: a token, unless the configuration says otherwise on loopback."""

    @staticmethod
    def get(port: int, path: str, **headers: str) -> tuple[int, dict]:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer

    def test_a_token_is_needed(self):
        port = free_port()
        with running(arguments=["--listen", f"127.0.0.1:{port}"], backends=["joblib"]) as daemon:
            path = daemon.state / "token"
            assert path.stat().st_mode & 0o777 == 0o600
            token = path.read_text().strip()
            assert self.get(port, "/health")[0] == 200
            status, problem = self.get(port, "/api/v1/jobs")
            assert status == 401
            assert "bearer token" in problem["detail"]
            assert self.get(port, "/api/v1/jobs", Authorization=f"Bearer {token}x")[0] == 401
            assert self.get(port, "/api/v1/jobs", Authorization=f"Bearer {token}")[0] == 200
            assert token not in daemon.log
            daemon.stop()
            daemon.start()
            assert self.get(port, "/api/v1/jobs", Authorization=f"Bearer {token}")[0] == 200

    def test_none_on_loopback_in_so_many_words(self):
        port = free_port()
        with running(
            arguments=["--listen", f"127.0.0.1:{port}", "--auth", "none"], backends=["joblib"]
        ):
            assert self.get(port, "/api/v1/jobs")[0] == 200

    def test_a_web_page_cant_reach_it(self):
        port = free_port()
        with running(
            arguments=["--listen", f"127.0.0.1:{port}", "--auth", "none"], backends=["joblib"]
        ):
            # DNS rebinding: the page's own name in Host.
            assert self.get(port, "/api/v1/jobs", Host=f"evil.example:{port}")[0] == 403
            # Cross-site request, WebSockets included: the page's origin.
            assert self.get(port, "/api/v1/jobs", Origin="http://evil.example")[0] == 403
            assert self.get(port, "/ws/events", Origin="http://evil.example")[0] == 403
            assert self.get(port, "/api/v1/jobs", Origin=f"http://localhost:{port}")[0] == 200


def test_ready_is_said_only_when_requests_are_answered(tmp_path):
    """Whoever hears READY can connect at once: the fixture's first call is the proof."""
    with running(backends=["joblib"]) as daemon:
        assert daemon.call("GET", "/api/v1/backends").status == 200


def test_nothing_listens_where_the_unix_socket_isnt_asked_for(tmp_path):
    """--socket replaces the default one."""
    default = tmp_path / "default"
    env = {"PYCWTD_SOCKET": os.fspath(default)}
    with running(backends=["joblib"]) as daemon:
        daemon.stop()
        daemon.start(env)
        assert not default.exists()
        assert isinstance(daemon, Daemon)
