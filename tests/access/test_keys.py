"""Keys and tokens: made, shown once, exchanged, expired, revoked; never in a file or the log."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import itsdangerous
import msgspec
import pytest

from pycwtd.access.keys import ApiKey, KeyRing, make_key
from pycwtd_console.ctl import run
from support import PATIENCE, running
from wires import API, TCP, add_key, exchange, read_all, tcp, tcp_socket

PYCWTCTL = Path(sys.executable).with_name("pycwtctl")


@pytest.fixture(scope="module")
def daemon():
    with running("[network]\nfailures_per_minute = 100000\n", TCP, backends=()) as one:
        yield one


def status(daemon, token):
    return tcp(daemon, "GET", f"{API}/auth/me", token=token).status


def test_a_key_and_its_token_let_in(daemon):
    key = add_key(daemon, "alice", "operator")
    me = tcp(daemon, "GET", f"{API}/auth/me", token=key["key"]).json
    assert me == {"identity": "key:alice", "role": "operator", "address": "127.0.0.1"}
    answer = exchange(daemon, "alice", key["key"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["token_type"] == "bearer"
    assert answer.json["expires_in"] == 900
    assert tcp(daemon, "GET", f"{API}/auth/me", token=answer.json["access_token"]).json == me


@pytest.mark.parametrize("change", [lambda k: k[:-1], lambda k: k + "x", lambda k: k.swapcase()])
def test_a_wrong_key_is_401(daemon, change):
    key = add_key(daemon, "bob")["key"]
    assert status(daemon, change(key)) == 401
    assert exchange(daemon, "bob", change(key)).status == 401
    assert exchange(daemon, "robert", key).status == 401
    assert exchange(daemon, "bob", key).status == 200


def test_a_forged_token_is_401(daemon):
    key = add_key(daemon, "carol")
    token = exchange(daemon, "carol", key["key"]).json["access_token"]
    other = add_key(daemon, "carol", "admin")
    payload = itsdangerous.URLSafeTimedSerializer("x").dumps(other["id"]).split(".")[0]
    assert status(daemon, token) == 200
    assert status(daemon, ".".join([payload, *token.split(".")[1:]])) == 401
    assert status(daemon, itsdangerous.URLSafeTimedSerializer("guess").dumps(key["id"])) == 401
    assert status(daemon, "..") == 401


class _Earlier(itsdangerous.TimestampSigner):
    """Signs as it would have done some time ago, or will do."""

    shift = 0

    def get_timestamp(self):
        return int(time.time()) + self.shift


@pytest.mark.parametrize(("shift", "expected"), [(-901, 401), (-890, 200), (60, 401)])
def test_a_token_ends_with_its_time(daemon, shift, expected):
    key = add_key(daemon, "dora")

    class Signer(_Earlier):
        pass

    Signer.shift = shift
    ring = KeyRing((daemon.state / "signing-key").read_text().strip().encode(), 900, [])
    ring._signer.signer = Signer
    like = ApiKey(id=key["id"], name="", role="none", secret_sha256="", created_at=0, created_by="")
    assert status(daemon, ring.token(like)) == expected


def test_an_expired_key_is_401_and_so_is_its_token():
    with running("", TCP, backends=()) as daemon:
        key = add_key(daemon, "erin", expires_in=3600)
        kept = add_key(daemon, "erin")
        tokens = [exchange(daemon, "erin", one["key"]).json["access_token"] for one in (key, kept)]
        assert [status(daemon, one) for one in (key["key"], *tokens)] == [200, 200, 200]
        daemon.stop()
        with closing(sqlite3.connect(daemon.state / "pycwtd.sqlite3")) as db, db:
            db.execute("UPDATE api_keys SET expires_at = 1 WHERE id = ?", (key["id"],))
        daemon.start()
        # Of the two keys, the one that has not expired goes on, over the restart, and its token.
        assert [status(daemon, one["key"]) for one in (key, kept)] == [401, 200]
        assert [status(daemon, one) for one in tokens] == [401, 200]
        listed = daemon.call("GET", f"{API}/auth/keys").json["keys"]
        assert [one["status"] for one in listed] == ["expired", "valid"]


def test_a_key_expires_while_the_daemon_runs():
    key, secret = make_key("erin", "viewer", "root", 60)
    ring = KeyRing(b"x" * 32, 900, [key])
    token = ring.token(key)
    assert ring.find(secret) is ring.find(token) is key
    ring.add(msgspec.structs.replace(key, expires_at=time.time() - 1))
    assert ring.find(secret) is ring.find(token) is None


def test_a_revoked_key_is_401_at_once_and_so_is_its_token(daemon):
    key = add_key(daemon, "frank")
    token = exchange(daemon, "frank", key["key"]).json["access_token"]
    assert status(daemon, token) == 200
    revoked = daemon.call("DELETE", f"{API}/auth/keys/{key['id']}")
    assert revoked.json["status"] == "revoked"
    assert [status(daemon, one) for one in (key["key"], token)] == [401, 401]
    assert exchange(daemon, "frank", key["key"]).status == 401
    assert daemon.call("DELETE", f"{API}/auth/keys/{key['id']}").status == 200
    assert daemon.call("DELETE", f"{API}/auth/keys/0123abcd").status == 404


def test_revoking_cuts_off_who_is_connected(daemon):
    key = add_key(daemon, "grace")
    other = add_key(daemon, "grace")

    async def watch():
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            url = f"{daemon.url}/ws/events?since=0"
            head = [{"Authorization": f"Bearer {one['key']}"} for one in (key, other)]
            async with (
                session.ws_connect(url, headers=head[0]) as cut,
                session.ws_connect(url, headers=head[1]) as kept,
            ):
                await asyncio.to_thread(daemon.call, "DELETE", f"{API}/auth/keys/{key['id']}")
                async for _ in cut:
                    pass
                await kept.ping()
                return kept.closed

    assert asyncio.run(watch()) is False


def test_a_key_can_revoke_itself(daemon):
    key = add_key(daemon, "hugo", "admin")
    path = f"{API}/auth/keys/{key['id']}"
    assert tcp(daemon, "DELETE", path, token=key["key"]).json["status"] == "revoked"
    assert status(daemon, key["key"]) == 401


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"name": "x", "role": "none"}, "role"),
        ({"name": "x", "role": "root"}, "role"),
        ({"name": ""}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "x", "expires_in": 0}, "expires_in"),
        ({"role": "viewer"}, "name"),
    ],
)
def test_a_wrong_request_for_a_key(daemon, body, word):
    answer = daemon.call("POST", f"{API}/auth/keys", body)
    assert answer.status == 422
    assert word in answer.json["detail"]


def test_too_many_wrong_keys_are_429_and_a_right_one_still_lets_in():
    with running("[network]\nfailures_per_minute = 6\n", TCP, backends=()) as daemon:
        key = add_key(daemon, "henry")["key"]
        answers = [tcp(daemon, "GET", f"{API}/auth/me", token="wrong") for _ in range(4)]
        assert [answer.status for answer in answers] == [401, 401, 429, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
        assert exchange(daemon, "henry", "wrong").status == 429
        assert status(daemon, key) == 200


def test_secrets_are_in_no_file_and_not_in_the_log():
    with running('[log]\nlevel = "debug"\n', TCP, backends=()) as daemon:
        key = add_key(daemon, "iris")["key"]
        token = exchange(daemon, "iris", key).json["access_token"]
        for one in (key, token, key + "x"):
            status(daemon, one)
        # Neither where HTTP is broken off in the middle of the head with the secret in it.
        with closing(tcp_socket(daemon)) as connected:
            connected.sendall(f"GET / HTTP/1.1\r\nAuthorization: {key}\r\n\0bad\0\r\n\r\n".encode())
            assert b" 400 " in read_all(connected).split(b"\r\n")[0]
        daemon.stop()
        files = [path for path in daemon.root.rglob("*") if path.is_file()]
        assert len(files) > 3
        secret = key.split("_", 2)[2].encode()
        for path in files:
            content = path.read_bytes()
            assert secret not in content, path
            assert token.split(".")[2].encode() not in content, path
        for name in ("token", "signing-key"):
            path = daemon.state / name
            assert path.stat().st_mode & 0o777 == 0o600
            assert path.read_text().strip() not in daemon.log


def test_the_command_line(daemon, capfd, monkeypatch):
    monkeypatch.setenv("PYCWTD_SOCKET", os.fspath(daemon.socket))
    added = ["token", "add", "judy", "--role", "viewer", "--expires", "90d"]
    made = subprocess.run([PYCWTCTL, *added], capture_output=True, text=True, check=True)
    key = made.stdout.strip()
    assert "\n" not in key
    assert key not in made.stderr
    assert "viewer" in made.stderr
    monkeypatch.setenv("PYCWTD_URL", daemon.url)
    monkeypatch.setenv("PYCWTD_TOKEN", key)
    assert run(["whoami"]) == 0
    assert "key:judy" in capfd.readouterr().out
    assert run(["token", "exchange", "judy"]) == 0
    token = capfd.readouterr().out.strip()
    assert status(daemon, token) == 200
    assert run(["token", "list"]) == 1
    assert "needs the role admin" in capfd.readouterr().err
    monkeypatch.delenv("PYCWTD_URL")
    monkeypatch.delenv("PYCWTD_TOKEN")
    assert run(["token", "list"]) == 0
    listed = capfd.readouterr().out
    assert "judy" in listed
    assert key not in listed
    assert run(["token", "revoke", "judy"]) == 0
    assert "revoked" in capfd.readouterr().err
    assert status(daemon, key) == 401
    assert run(["token", "revoke", "nobody"]) == 1
    assert "no key 'nobody'" in capfd.readouterr().err
    assert run(["token", "add", "kim", "--expires", "soon"]) == 2
    assert "90d" in capfd.readouterr().err
