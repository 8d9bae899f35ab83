"""What systemd is told: the truth, and signs of life while everything moves and no longer."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import closing, contextmanager, suppress

import pytest

from pycwtd.platform.notify import watchdog_seconds
from service import serving
from support import START_SECONDS, red_pair, wait_gone
from wires import over, tcp, tcp_socket

A, _ = red_pair()
#: A transform, for which no backend has to be probed.
BODY = {"kind": "cwt", "request": {"data": A, "dt": 1.0}}
#: Two seconds, of which signs of life come at half.
WATCHDOG = {"WATCHDOG_USEC": "2000000"}
SILENCE = 3.0


@contextmanager
def held(service):
    """Jobs begin and don't end."""
    (numerics,) = service.workers("numerics")
    os.kill(numerics, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(numerics, signal.SIGCONT)


def submitted(service):
    return service.call("POST", "/api/v1/jobs", BODY)


def alive(told):
    return told.get("WATCHDOG") == "1"


def test_a_start_says_how_it_gets_on_and_a_stop_that_it_stops():
    with serving(start=False) as service:
        service.begin()
        heard = service.hear(lambda told: told.get("READY") == "1")
        steps = [told["STATUS"] for told in heard[:-1]]
        assert steps[0] == "Opening the database"
        assert "Taking up what there was" in steps
        assert all(int(told["EXTEND_TIMEOUT_USEC"]) >= 30e6 for told in heard[:-1])
        assert service.process
        service.process.terminate()
        last = service.hear(lambda told: told.get("STOPPING") == "1")[-1]
        assert last["STATUS"] == "Stopping"
        assert service.process.wait(10) == 0


def test_the_status_is_the_truth_about_devices_jobs_and_the_disk():
    with serving() as service:
        with held(service):
            jobs = [submitted(service).json["job_id"] for _ in range(2)]
            service.status("1 jobs queued, 1 running")
            for job in jobs:
                service.call("DELETE", f"/api/v1/jobs/{job}")
            service.status("0 jobs queued, 0 running")
        service.hear(lambda told: "2 of 2 backends ready" in told.get("STATUS", ""), START_SECONDS)
        # More than any disk has.
        status = service.reload("[limits]\nreserve_bytes = 1_000_000_000_000_000\n")
        assert status.startswith("takes no jobs:")
        assert "MiB left" in status


class TestWatchdog:
    """Each part is stopped for real, and the signs of life with it."""

    def test_signs_come_at_half_of_what_systemd_allows(self):
        with serving(env=WATCHDOG) as service:
            for _ in range(3):
                service.hear(alive, seconds=2.0)
            assert service.process
            # The event loop, which all else stands on.
            service.process.send_signal(signal.SIGSTOP)
            while service.told(SILENCE):
                pass
            service.process.send_signal(signal.SIGCONT)
            service.hear(alive)

    def test_a_store_that_is_stuck_ends_them_and_one_that_moves_brings_them_back(self):
        with serving(env=WATCHDOG) as service:
            with closing(sqlite3.connect(service.state / "pycwtd.sqlite3")) as other:
                other.isolation_level = None
                with held(service):
                    job_id = submitted(service).json["job_id"]
                    service.status("1 running")
                    service.hear(alive)
                    other.execute("BEGIN IMMEDIATE")
                # The store's thread waits for the lock with the job's end, for 5 s.
                assert "the store hasn't moved" in service.status("stuck")
                health = service.call("GET", "/health")
                assert health.status == 503
                assert "the store" in health.json["detail"]
                assert not alive(service.told(SILENCE) or {})
                # Then it gives up, and says what it has waited for.
                assert "locked" in service.status("jobs wait for the disk")
                other.execute("ROLLBACK")
            service.hear(alive)
            assert service.finish(job_id)["status"] == "completed"
            service.status("0 running")
            assert service.call("GET", "/health").status == 200

    def test_a_scheduler_that_is_dead_ends_them(self):
        """A launcher around the daemon ends its scheduler's task when it gets SIGUSR1."""
        program = (
            "import asyncio, signal, sys\n"
            "from pycwtd import cli, daemon\n"
            "serve = daemon.serve\n"
            "def end():\n"
            "    [task] = [t for t in asyncio.all_tasks() if t.get_name() == 'scheduler']\n"
            "    task.cancel()\n"
            "async def launched(*arguments):\n"
            "    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, end)\n"
            "    await serve(*arguments)\n"
            "daemon.serve = launched\n"
            "cli.main()\n"
        )
        with serving(start=False) as service:
            service.command = (sys.executable, "-c", program)
            service.start(WATCHDOG)
            service.hear(alive)
            assert service.process
            service.process.send_signal(signal.SIGUSR1)
            assert "the scheduler hasn't moved" in service.status("stuck")
            assert service.call("GET", "/health").status == 503
            # Said again with each sign of life that is left out.
            for _ in range(3):
                assert "the scheduler" in service.told(SILENCE)["STATUS"]


class TestReload:
    """SIGHUP: all of the new configuration, or none of it."""

    def test_what_can_change_changes_and_the_rest_is_named(self):
        with serving("[limits]\nqueued_jobs = 5\n") as service, held(service):
            assert submitted(service).status == 202
            status = service.reload(
                "[limits]\nqueued_jobs = 1\n[engine]\nnumerics_workers = 2\n"
                '[log]\nformat = "json"\n'
            )
            assert "needs a restart: engine.numerics_workers" in status
            answer = submitted(service)
            assert answer.status == 503
            assert "1 jobs" in answer.json["detail"]
            assert '"level": "warning"' in service.log
            # The job that runs hasn't noticed, nor has the process.
            assert "1 running" in status
            assert service.lives == 1
            # What was changed back needs nothing any more.
            assert "restart" not in service.reload("[limits]\nqueued_jobs = 2\n")
            assert submitted(service).status == 202
            assert submitted(service).status == 503

    def test_a_bad_file_is_told_of_and_the_old_configuration_stays(self):
        with serving("[limits]\nqueued_jobs = 1\n") as service, held(service):
            assert submitted(service).status == 202
            wrong = "[limits]\nqueued_jobs = 9\nsync_seconds = 'x'\n[engine]\nchunk_seconds = 99\n"
            status = service.reload(wrong)
            assert "reload refused" in status
            assert "limits.sync_seconds" in status
            assert "engine.chunk_seconds" in status
            assert "the old one stays" in service.log
            assert submitted(service).status == 503
            # Right in itself, and wrong for this machine.
            unfit = "[engine]\npreference = ['abacus']\n"
            assert "abacus" in service.reload(f"[limits]\nqueued_jobs = 9\n{unfit}")
            assert submitted(service).status == 503
            assert "refused" not in service.reload("[limits]\nqueued_jobs = 9\n")
            assert submitted(service).status == 202

    def test_rates_and_connections_change_for_whoever_comes_next(self):
        rates = "[network]\nrequests_per_second = 0.001\nrequest_burst = 1\n"
        with serving("", ["--listen", "127.0.0.1:0", "--auth", "none"]) as service:
            assert [tcp(service, "GET", "/api/v1/jobs").status for _ in range(3)] == [200] * 3
            service.reload(rates)
            assert 429 in [tcp(service, "GET", "/api/v1/jobs").status for _ in range(2)]
            service.reload("[network]\nconnections_per_client = 1\nrequests_per_second = 0\n")
            with closing(tcp_socket(service)) as first:
                assert over(first, "GET", "/api/v1/jobs").status == 200
                assert tcp(service, "GET", "/api/v1/jobs").status == 503

    def test_keys_and_roles_are_read_again(self):
        with serving("", ["--listen", "127.0.0.1:0"]) as service:
            token = (service.state / "token").read_text().strip()
            bearer = {"Authorization": f"Bearer {token}"}
            assert service.call("GET", "/api/v1/auth/me", headers=bearer).status == 200
            assert "refused" not in service.reload("[access]\nstate_token = false\n")
            assert service.call("GET", "/api/v1/auth/me", headers=bearer).status == 401
            service.reload("")
            (service.state / "token").write_text("another-secret-of-enough-length")
            service.reload("")
            assert service.call("GET", "/api/v1/auth/me", headers=bearer).status == 401
            (service.state / "signing-key").write_text("short")
            assert "signing-key" in service.reload("[limits]\nqueued_jobs = 1\n")

    def test_a_signal_while_it_starts_is_kept(self):
        with serving(start=False) as service:
            service.begin()
            service.hear(lambda told: "STATUS" in told)
            assert service.process
            os.kill(service.process.pid, signal.SIGHUP)
            heard = service.hear(lambda told: told.get("RELOADING") == "1")
            assert any(told.get("READY") == "1" for told in heard)
            service.hear(lambda told: told.get("READY") == "1")
            service.stop()
            wait_gone(service.process.pid, 1)


@pytest.mark.parametrize(
    ("text", "pid", "seconds"),
    [
        ("3000000", None, 3.0),
        ("3000000", "ours", 3.0),
        # Inherited from somebody whom systemd watches.
        ("3000000", 1, None),
        ("", None, None),
        ("0", None, None),
        ("soon", None, None),
    ],
)
def test_the_watchdog_is_ours_or_it_isnt(monkeypatch, text, pid, seconds):
    monkeypatch.setenv("WATCHDOG_USEC", text)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() if pid == "ours" else pid))
    assert watchdog_seconds() == seconds
