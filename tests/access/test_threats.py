"""The lines of docs/security.md that no other test holds, on the real daemon."""

from __future__ import annotations

import ast
import os
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from pycwtd.api.routes import operations
from support import red_pair, running
from wires import (
    AMBIGUOUS,
    API,
    HIDDEN,
    TCP,
    add_key,
    exchange,
    read_all,
    tcp,
    tcp_socket,
    unix_socket,
)

ROOT = Path(__file__).parents[2]
A, _ = red_pair()
OURS = ("pycwtd", "pycwt_mod", "drivers", "console")


@pytest.fixture(scope="module")
def daemon():
    config = "[network]\nhead_seconds = 5\nfailures_per_minute = 100000\n"
    with running(config, TCP, start=False, backends=["joblib"]) as one:
        one.root.chmod(0o755)
        one.start({"PYCWTD_LOG__LEVEL": "debug"})
        yield one


def tree(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(), str(path))


# -- paths --------------------------------------------------------------------------------

WAYS_OUT = [
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fsigning-key",
    "..%5c..%5csigning-key",
    "..%252f..%252fsigning-key",
    "%2fetc%2fpasswd",
    "..%00",
    "%c0%ae%c0%ae%c0%afsigning-key",
    "..;%2fsigning-key",
    ".",
    "..",
]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_path_leads_out_of_the_store(daemon, way):
    secret = (daemon.state / "signing-key").read_bytes().strip()
    templates = sorted({o.path for o in operations() if "{" in o.path and o.method == "GET"})
    assert len(templates) >= 8
    with closing(unix_socket(daemon)) as wire:
        paths = [re.sub(r"\{\w+\}", way, template) for template in templates]
        # As they stand, without a client that would tidy them up.
        for path in paths:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wire.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = read_all(wire)
    statuses = re.findall(rb"HTTP/1\.[01] (\d+) ", answers)
    assert len(statuses) == len(paths) + 1 or statuses[-1] == b"400"
    assert set(statuses[:-1]) <= {b"400", b"404", b"426"}
    assert secret not in answers
    assert b"root:" not in answers


@pytest.mark.parametrize("name", ["../../signing-key", "/etc/passwd", "..\\x", 'a"\\r\\nX-Own: 1'])
def test_an_uploads_name_is_no_path_and_no_header(daemon, name):
    stored = daemon.upload(b"1\n2\n3\n", name).json
    assert "/" not in stored["filename"]
    folder = daemon.state / "data" / stored["data_id"]
    assert {path.name for path in folder.iterdir()} == {"original", "series.npy"}
    answer = daemon.call("GET", f"{API}/data/{stored['data_id']}/download")
    assert answer.body == b"1\n2\n3\n"
    assert "X-Own" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# -- smuggling ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", AMBIGUOUS)
def test_a_request_of_two_meanings_ends_its_connection(daemon, how):
    """Whatever a proxy takes to be the body, nothing after it is answered as a request."""
    with closing(unix_socket(daemon)) as wire:
        head = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        wire.sendall(head.encode() + AMBIGUOUS[how].encode() + HIDDEN)
        answers = read_all(wire)
    statuses = re.findall(rb"HTTP/1\.[01] (\d+) ", answers)
    assert statuses
    assert set(statuses) <= {b"400", b"422", b"408"}
    assert b'"identity"' not in answers


def test_of_one_meaning_both_are_answered(daemon):
    with closing(unix_socket(daemon)) as wire:
        head = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        wire.sendall(f"{head}Content-Length: 2\r\n\r\n{{}}".encode() + HIDDEN)
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = read_all(wire)
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answers) == [b"422", b"200", b"200"]
    assert b'"identity"' in answers


def test_a_refused_bodys_bytes_arent_the_next_request(daemon):
    """401 before the body has been read: what comes then must not be taken for a request."""
    with closing(tcp_socket(daemon)) as wire:
        wire.sendall(
            b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % (len(HIDDEN) + 100) + HIDDEN
        )
        answers = read_all(wire)
    assert re.findall(rb"HTTP/1\.[01] (\d+) ", answers) == [b"401"]


# -- web pages ----------------------------------------------------------------------------


def test_no_websocket_opens_for_another_sites_page(daemon):
    sockets = sorted(o.path for o in operations() if o.path.startswith("/ws/"))
    assert len(sockets) >= 3
    key = add_key(daemon, "page", "admin")["key"]
    for path in sockets:
        with closing(tcp_socket(daemon)) as wire:
            wire.sendall(
                f"GET {path.replace('{id}', 'x')} HTTP/1.1\r\nHost: localhost\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                f"Origin: https://evil.example\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
            )
            assert wire.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_nothing_that_a_browser_sends_by_itself_lets_in(daemon):
    """There are no cookies, no basic authentication, no tokens in addresses."""
    key = add_key(daemon, "b", "admin")["key"]
    for head in (
        {"Cookie": f"token={key}; Authorization={key}"},
        {"Authorization": f"Basic {key}"},
        {"X-Api-Key": key},
    ):
        assert tcp(daemon, "GET", f"{API}/jobs", **head).status == 401
    for query in ("token", "access_token", "key", "api_key"):
        assert tcp(daemon, "GET", f"{API}/jobs?{query}={key}").status in {401, 422}
    answer = tcp(daemon, "GET", f"{API}/jobs", token=key)
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers


def test_the_pages_arent_framed(daemon):
    for path in ("/docs", "/redoc"):
        policy = tcp(daemon, "GET", path).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy


# -- the log ------------------------------------------------------------------------------

FORGED = "2026-01-01 00:00:00,000 INFO ready: key:admin"
LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:DEBUG|INFO|WARNING|ERROR) "
    r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+"
)


def test_nobody_writes_lines_of_the_log(daemon):
    """Ends of lines and terminal's sequences, wherever a client's words can get into the log."""
    evil = f"x\n{FORGED}\r\x1b[2J\u2028{FORGED}"
    quoted = "".join(f"%{byte:02x}" for byte in evil.encode())
    for path in (f"{API}/jobs/{quoted}", f"/{quoted}", f"{API}/backends/{quoted}", f"/?{quoted}"):
        daemon.call("GET", path)
    daemon.upload(b"1\n2\n", evil)
    daemon.call("POST", f"{API}/jobs", {"kind": evil, "request": {"data": A, "dt": 1.0}})
    body = {"data": A, "dt": 1.0, "backend": evil}
    daemon.call("POST", f"{API}/jobs", {"kind": "cwt", "request": body})
    daemon.call("POST", f"{API}/auth/keys", {"name": evil})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    daemon.call("POST", f"{API}/auth/token", f"username={quoted}&password=x".encode(), form)
    for name in ("X-Request-ID", "X-Forwarded-For", "Idempotency-Key", "User-Agent"):
        daemon.call("GET", f"{API}/jobs", headers={name: f"x\t{FORGED}"})
    with closing(unix_socket(daemon)) as wire:
        wire.sendall(f"{FORGED}\n{FORGED}\r\n\r\n".encode())
        read_all(wire)
    lines = daemon.log.split("\n")
    assert len(lines) > 10
    assert [line for line in lines if line.startswith("2026-01-01")] == []
    assert [line for line in lines if line and not LINE.fullmatch(line)] == []


# -- secrets ------------------------------------------------------------------------------


def test_secrets_are_in_no_list_of_processes(daemon):
    """Neither in arguments nor in the environment, of the daemon and all of its hosts."""
    key = add_key(daemon, "ps", "admin")["key"]
    token = exchange(daemon, "ps", key).json["access_token"]
    secrets = [key, token, *((daemon.state / n).read_text().strip() for n in SECRET_FILES)]
    daemon.call("GET", f"{API}/backends/recommend")  # waits until all processes are there
    pids = [daemon.process.pid, *daemon.workers()]
    assert len(pids) >= 3
    for pid in pids:
        for name in ("cmdline", "environ", "comm"):
            content = Path(f"/proc/{pid}/{name}").read_bytes()
            assert content
            for secret in secrets:
                assert secret.encode() not in content, (pid, name)


SECRET_FILES = ("token", "signing-key")


def test_the_stores_files_are_for_nobody_else(daemon):
    """Even where the state directory could be entered: the umask is the daemon's own."""
    assert daemon.finish(daemon.submit("cwt", {"data": A, "dt": 1.0}))["status"] == "completed"
    daemon.upload(b"1\n2\n3\n")
    found = [path for path in daemon.state.rglob("*") if not path.is_symlink()]
    assert len(found) > 8
    loose = [path for path in found if path.stat().st_mode & 0o007]
    assert loose == []
    for name in SECRET_FILES:
        assert stat.S_IMODE((daemon.state / name).stat().st_mode) == 0o600


def test_the_database_has_no_secret_in_it(daemon):
    key = add_key(daemon, "kept")["key"]
    with closing(sqlite3.connect(daemon.state / "pycwtd.sqlite3")) as database:
        text = "\n".join(database.iterdump())
    assert "kept" in text
    assert key not in text
    # Its own letters may have underscores, too.
    assert key.split("_", 2)[2] not in text


# -- the program --------------------------------------------------------------------------


def test_secrets_are_compared_by_digest_and_in_constant_time():
    """What a bearer sends is hashed, and only ever compared by ``hmac.compare_digest``."""
    source = ast.parse((ROOT / "pycwtd" / "access" / "keys.py").read_text())
    ring = next(n for n in source.body if isinstance(n, ast.ClassDef) and n.name == "KeyRing")
    checks = {n.name: n for n in ring.body if isinstance(n, ast.FunctionDef)}
    by_secret = ast.unparse(checks["by_secret"])
    assert "hmac.compare_digest(digest(secret), known)" in by_secret
    # The name's form is public; the rest of it takes part in no comparison.
    compared = [n for n in ast.walk(checks["by_secret"]) if isinstance(n, ast.Compare)]
    assert compared == []
    assert not any(isinstance(n, ast.Compare) for n in ast.walk(checks["_by_token"]))
    # Signatures are itsdangerous', which compares them in constant time (its own source).
    import itsdangerous.signer

    assert "hmac.compare_digest" in Path(itsdangerous.signer.__file__).read_text()


def test_nobody_else_looks_at_the_digests():
    found = set()
    for path, parsed in tree("pycwtd"):
        for node in ast.walk(parsed):
            if isinstance(node, ast.Attribute) and node.attr == "secret_sha256":
                found.add(path.relative_to(ROOT).as_posix())
    assert found <= {"pycwtd/access/keys.py", "pycwtd/store/accounts.py"}


def test_nothing_unpickles_or_evaluates_and_no_shell_is_started():
    """Of the daemon, its hosts and drivers; ``dask`` pickles among its own workers."""
    wrong = []
    for path, parsed in tree(*OURS):
        for node in ast.walk(parsed):
            match node:
                case ast.Import(names=names) if {n.name for n in names} & BANNED_MODULES:
                    wrong.append((path.name, node.lineno))
                case ast.ImportFrom(module=module) if module in BANNED_MODULES:
                    wrong.append((path.name, node.lineno))
                case ast.Call(func=ast.Name(id="eval" | "exec")):
                    wrong.append((path.name, node.lineno))
                case ast.keyword(arg="allow_pickle" | "shell", value=ast.Constant(value=True)):
                    wrong.append((path.name, node.lineno))
    assert wrong == []


BANNED_MODULES = {"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}


# -- metrics ------------------------------------------------------------------------------


def test_strangers_make_no_series(daemon):
    """Labels are routes and known words: their number is bounded, whatever is asked for."""

    def series():
        text = daemon.call("GET", "/metrics").body.decode()
        return {line.rpartition(" ")[0] for line in text.splitlines() if line[0] != "#"}

    series()  # makes one of its own
    ask = [("GET", "/a{}"), ("X{}", "/b"), ("GET", f"{API}/jobs/c{{}}"), ("BREW{}", f"{API}/jobs")]
    for method, path in ask:
        daemon.call(method.format(""), path.format(""))
    before = series()
    for number in range(20):
        for method, path in ask:
            daemon.call(method.format(number), path.format(number))
    assert series() == before


def test_metrics_tell_of_nobody(daemon):
    key = add_key(daemon, "zoe", "viewer")["key"]
    assert tcp(daemon, "GET", "/metrics").status == 401
    answer = tcp(daemon, "GET", "/metrics", token=key)
    assert answer.status == 200
    assert b"zoe" not in answer.body


# -- not ready ----------------------------------------------------------------------------


def test_a_daemon_that_isnt_ready_has_limits_too(tmp_path):
    with running("[network]\nhead_seconds = 0.3\nconnections_per_client = 2\n", backends=()) as one:
        one.kill()
        for name in ("-wal", "-shm"):
            (one.state / f"pycwtd.sqlite3{name}").unlink(missing_ok=True)
        (one.state / "pycwtd.sqlite3").write_bytes(b"no database" * 1000)
        with pytest.raises(AssertionError, match="didn't start"):
            one.start()
        with (
            closing(unix_socket(one)) as silent,
            closing(unix_socket(one)) as other,
            closing(unix_socket(one)) as third,
        ):
            assert read_all(third).startswith(b"HTTP/1.1 503 ")
            other.close()
            assert read_all(silent).startswith(b"HTTP/1.1 408 ")
        assert one.call("GET", "/health").json["error"]["code"] == "not_ready"


def test_who_owns_the_process_owns_the_state(daemon):
    """Hosts run as the daemon's user, who can read all of it: there is no wall between them."""
    workers = daemon.workers()
    assert workers
    for pid in workers:
        assert Path(f"/proc/{pid}").stat().st_uid == daemon.state.stat().st_uid == os.geteuid()
