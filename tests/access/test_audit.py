"""Every change leaves a row: who, from where, what, when, with what outcome."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from pycwtd.access.keys import make_key
from pycwtd.store import accounts
from pycwtd.store import trail as trails
from pycwtd.store.database import Database
from pycwtd.store.records import AuditRow, Witness
from pycwtd_console.ctl import run
from support import red_pair, running
from wires import API, TCP, add_key, over, tcp, unix_socket

A, B = red_pair()
JOB = {"kind": "significance", "request": {"data1": A, "data2": B, "dt": 1.0, "mc_count": 5}}


@pytest.fixture
def daemon():
    with running("", TCP, backends=["joblib"]) as one:
        yield one


def trail(daemon):
    entries = daemon.call("GET", f"{API}/audit").json["entries"]
    return [
        (e["identity"], e["action"], e["target"], e["outcome"], e["status"])
        for e in reversed(entries)
    ]


def test_changes_and_refusals_leave_rows_and_reading_leaves_none(daemon):
    me = f"uid:{os.geteuid()}"
    key = add_key(daemon, "alice")
    head = {"X_Request_ID": "the-request"}
    job_id = tcp(daemon, "POST", f"{API}/jobs", JOB, token=key["key"], **head).json["job_id"]
    daemon.finish(job_id)
    tcp(daemon, "GET", f"{API}/jobs/{job_id}", token=key["key"])
    tcp(daemon, "POST", f"{API}/jobs", {"kind": "wct"}, token=key["key"])  # 422
    tcp(daemon, "DELETE", f"{API}/jobs/{job_id}", token=key["key"])  # 409
    tcp(daemon, "POST", f"{API}/wavelet/cwt", {"data": A, "dt": 1.0}, token=key["key"])  # 200
    significance = tcp(
        daemon, "POST", f"{API}/analysis/significance", JOB["request"], token=key["key"]
    ).json["job_id"]
    tcp(daemon, "POST", f"{API}/auth/keys", {"name": "x"}, token=key["key"])
    tcp(daemon, "DELETE", f"{API}/jobs/{job_id}", token="wrong")
    daemon.call("DELETE", f"{API}/auth/keys/{key['id']}")
    assert trail(daemon) == [
        (me, "key.add", key["id"], "done", 201),
        ("key:alice", "job.submit", job_id, "done", 202),
        ("key:alice", "job.submit", significance, "done", 200),
        ("key:alice", "key.add", None, "denied", 403),
        ("anyone", "job.cancel", job_id, "denied", 401),
        (me, "key.revoke", key["id"], "done", 200),
    ]
    row = daemon.call("GET", f"{API}/audit").json["entries"][-2]
    assert (row["address"], row["role"]) == ("127.0.0.1", "analyst")
    assert row["request_id"] == "the-request"
    age = datetime.now(UTC) - datetime.fromisoformat(row["time"])
    assert timedelta(0) <= age < timedelta(minutes=5)
    assert "wrong" not in str(trail(daemon))


def test_it_outlives_kill_9_and_comes_in_pages(daemon, capfd, monkeypatch):
    keys = [add_key(daemon, f"k{number}")["id"] for number in range(5)]
    daemon.kill()
    daemon.start()
    seen, cursor = [], ""
    while True:
        page = daemon.call("GET", f"{API}/audit?limit=2{cursor}").json
        seen += [entry["target"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == keys[::-1]
    monkeypatch.setenv("PYCWTD_SOCKET", os.fspath(daemon.socket))
    assert run(["audit", "--limit", "3"]) == 0
    shown = capfd.readouterr().out.splitlines()
    assert len(shown) == 4
    assert "key.add" in shown[1]
    assert keys[-1] in shown[1]


def test_knocking_doesnt_push_rows_out(daemon):
    key = add_key(daemon, "viewer", "viewer")["key"]
    for _ in range(40):
        assert tcp(daemon, "GET", f"{API}/audit", token=key).status == 403
    denied = [row for row in trail(daemon) if row[3] == "denied"]
    assert 1 <= len(denied) <= 15
    assert denied[0][1] == "GET /api/v1/audit"


ROW = AuditRow(
    **{"time": 1.0, "identity": "i", "role": "r", "address": "a", "action": "x"},
    **{"target": None, "outcome": "done", "status": 200, "request_id": "q", "detail": None},
)


@pytest.fixture
def database(tmp_path):
    with closing(Database(tmp_path / "db")) as one:
        yield one


def test_the_trail_has_an_end(database):
    for _ in range(7):
        trails.add(database, [ROW, ROW], 10)
    assert [one.seq for one in trails.page(database, None, 100)] == list(range(14, 4, -1))


def test_a_row_stands_and_falls_with_its_change(database):
    key, _ = make_key("alice", "viewer", "root")
    witness = Witness(ROW, 10)
    accounts.add_key(database, key, witness)
    assert witness.written
    # Its second transaction doesn't tell it again; one that fails tells nothing.
    assert accounts.revoke_key(database, key.id, 2.0, witness)
    assert len(trails.page(database, None, 10)) == 1
    other = Witness(ROW, 10)
    with pytest.raises(sqlite3.IntegrityError):
        accounts.add_key(database, key, other)
    with pytest.raises(ZeroDivisionError):
        _fail_after(database, other)
    assert not other.written
    assert accounts.revoke_key(database, "nobody's", 2.0, other) is None
    assert not other.written
    assert len(trails.page(database, None, 10)) == 1


def _fail_after(database, witness):
    with database.transaction():
        database.testify(witness)
        raise ZeroDivisionError


def test_a_disk_that_refuses_the_row_leaves_it_in_the_log(daemon):
    with closing(sqlite3.connect(daemon.state / "pycwtd.sqlite3")) as db:
        db.execute("DROP TABLE audit")
    key = add_key(daemon, "bob")
    assert "audit trail can't be written" in daemon.log
    assert key["id"] in daemon.log
    assert key["key"] not in daemon.log


class TestProxies:
    """Where a request is from, behind a proxy and without one."""

    def address(self, answer):
        return answer.json["address"]

    def test_the_last_address_counts_where_the_proxy_is_configured(self):
        config = '[access]\nproxies = ["127.0.0.0/8"]\n'
        with running(config, TCP, backends=()) as daemon:
            key = add_key(daemon, "alice")["key"]

            def seen(told):
                return self.address(
                    tcp(daemon, "GET", f"{API}/auth/me", token=key, X_Forwarded_For=told)
                )

            assert seen("192.0.2.7") == "192.0.2.7"
            # What the client has written itself stands before what the proxy has seen.
            assert seen("10.0.0.1, 192.0.2.7") == "192.0.2.7"
            assert seen("2001:db8::1") == "2001:db8::1"
            assert seen("unknown") == "127.0.0.1"

    def test_a_clients_own_word_doesnt(self, daemon):
        key = add_key(daemon, "alice")["key"]
        head = {"X_Forwarded_For": "192.0.2.7"}
        answer = tcp(daemon, "GET", f"{API}/auth/me", token=key, **head)
        assert self.address(answer) == "127.0.0.1"
        answer = daemon.call("GET", f"{API}/auth/me", headers={"X-Forwarded-For": "192.0.2.7"})
        assert self.address(answer) == f"unix:{os.getpid()}"

    def test_a_proxys_unix_socket_grants_nothing_by_user(self):
        config = """
            [[listen]]
            unix = "s"
            [[listen]]
            unix = "proxied"
            auth = "token"
            proxy = true
        """
        with running(config, own_socket=False, backends=()) as daemon:
            key = add_key(daemon, "alice")["key"]
            head = {"X-Forwarded-For": "192.0.2.7"}
            daemon.socket.rename(daemon.root / "direct")
            (daemon.root / "proxied").rename(daemon.socket)
            with closing(unix_socket(daemon)) as wire:
                assert over(wire, "GET", f"{API}/auth/me", headers=head).status == 401
            head["Authorization"] = f"Bearer {key}"
            with closing(unix_socket(daemon)) as wire:
                me = over(wire, "GET", f"{API}/auth/me", headers=head).json
            assert me == {"identity": "key:alice", "role": "analyst", "address": "192.0.2.7"}
