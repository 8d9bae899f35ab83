"""Sockets that systemd opens: named, told apart, and each with its own rules."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pycwtd.platform.inherited import inherited_sockets
from pycwtd.platform.sockets import ListenError
from service import PYCWTD, Service, serving
from support import START_SECONDS
from wires import API, tcp

TOOL = shutil.which("systemd-socket-activate")
#: Puts the descriptors it was given at 3, 4, … under LISTEN_FDS, as systemd does.
LAUNCHER = """
import os, sys
fds, names, *command = sys.argv[1:]
fds = [int(one) for one in fds.split(",")]
high = [os.dup2(fd, 100 + number, True) for number, fd in enumerate(fds)]
for number, fd in enumerate(high):
    os.dup2(fd, 3 + number, True)
    os.close(fd)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(fds))}
if names:
    os.environ["LISTEN_FDNAMES"] = names
os.execv(command[0], command)
"""


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="pa-", dir="/tmp") as name:
        yield Path(name)


def on_unix(path: Path) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.bind(os.fspath(path))
    one.listen()
    return one


def on_tcp() -> socket.socket:
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen()
    return one


def launched(passed: list[socket.socket], names: str) -> tuple[str | Path, ...]:
    """The command that passes them on."""
    fds = ",".join(str(one.fileno()) for one in passed)
    return (sys.executable, "-c", LAUNCHER, fds, names, PYCWTD)


@contextmanager
def activated(passed: list[socket.socket], names: str, config: str = ""):
    with serving(config, start=False, own_socket=False) as service:
        service.command = launched(passed, names)
        service.passed = tuple(passed)
        service.start()
        yield service


def refused(passed: list[socket.socket], names: str, folder: Path, config: str = "") -> str:
    file = folder / "config.toml"
    file.write_text(config)
    ran = subprocess.run(
        [*launched(passed, names), "--config", file, "--state-dir", folder / "state"],
        pass_fds=[one.fileno() for one in passed],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr.strip().splitlines()[-1]


def unix_call(path: Path, target: str):
    service = Service(path.parent)
    (path.parent / "s").unlink(missing_ok=True)
    (path.parent / "s").symlink_to(path)
    return service.call("GET", target)


def test_each_kind_of_socket_has_its_own_rules_and_outlives_the_daemon(folder):
    """Roles by the peer's user on Unix sockets alone; on TCP a token, as ever."""
    path = folder / "unix"
    with ExitStack() as stack:
        unix, net = stack.enter_context(on_unix(path)), stack.enter_context(on_tcp())
        with activated([unix, net], "unix:tcp") as service:
            assert unix_call(path, f"{API}/auth/me").json["role"] == "admin"
            assert tcp(service, "GET", f"{API}/jobs").status == 401
            token = (service.state / "token").read_text().strip()
            assert tcp(service, "GET", f"{API}/auth/me", token=token).json["role"] == "admin"
            # Nothing else is listened on, and the numerics' processes don't get the sockets.
            assert service.log.count("ready on") == 1
            assert f"ready on {path}, http://127.0.0.1:{net.getsockname()[1]}," in service.log
            inode = os.fstat(unix.fileno()).st_ino
            for pid in service.workers():
                held = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
                assert f"socket:[{inode}]" not in held
            assert service.stop() == 0
            assert path.exists()
            # A client that comes while it is away waits for the next one, and isn't refused.
            early = stack.enter_context(socket.socket(socket.AF_UNIX))
            early.connect(os.fspath(path))
            early.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            service.start()
            early.settimeout(START_SECONDS)
            assert early.recv(100).startswith(b"HTTP/1.1 200")


def test_the_configuration_says_by_name_or_address_how_they_are_served(folder):
    path = folder / "proxy"
    config = (
        '[[listen]]\nactivated = "web"\nauth = "none"\n'
        f'[[listen]]\nunix = "{path}"\nauth = "token"\nproxy = true\n'
    )
    with on_unix(path) as unix, on_tcp() as net, activated([net, unix], "web:other", config) as it:
        assert tcp(it, "GET", f"{API}/auth/me").json["role"] == "analyst"
        assert unix_call(path, f"{API}/jobs").status == 401


def test_a_socket_named_proxy_is_a_proxys_without_a_word(folder):
    """The kernel would tell the proxy's user: root here, who is an admin anywhere else."""
    path = folder / "proxy"
    passed = (on_unix(path), on_tcp())
    with ExitStack() as stack:
        for one in passed:
            stack.enter_context(one)
        # The one on TCP is there for the file with the token.
        service = stack.enter_context(activated(list(passed), "proxy:tcp"))
        service.socket.symlink_to(path)
        assert service.call("GET", "/api/v1/jobs").status == 401
        token = (service.state / "token").read_text().strip()
        seen = service.call(
            "GET",
            f"{API}/auth/me",
            headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.7"},
        )
        assert seen.json["address"] == "192.0.2.7"


def test_what_cant_be_is_refused(folder):
    with on_tcp() as net, socket.socket() as deaf, on_unix(folder / "u") as unix:
        by_peer = '[[listen]]\nactivated = "tcp"\nauth = "peer"\n'
        assert "is for Unix sockets" in refused([net], "tcp", folder, by_peer)
        nobody = '[[listen]]\nactivated = "unix"\nauth = "none"\n'
        assert "is for TCP" in refused([unix], "unix", folder, nobody)
        absent = '[[listen]]\nactivated = "web"\n'
        sentence = refused([net], "tcp", folder, absent)
        assert "no socket named 'web'" in sentence
        assert "passes: tcp" in sentence
        deaf.bind(("127.0.0.1", 0))
        assert "'tcp'" in (sentence := refused([deaf], "tcp", folder))
        assert "must be a listening stream socket" in sentence
    with socket.socket() as wide:
        wide.bind(("0.0.0.0", 0))
        wide.listen()
        open_to_all = '[[listen]]\nactivated = "tcp"\nauth = "none"\n'
        assert "loopback" in refused([wide], "tcp", folder, open_to_all)


def test_what_is_meant_for_another_process_is_left_alone(monkeypatch):
    env = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "unix"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert inherited_sockets() == []
    # And isn't handed down either.
    assert not env.keys() & os.environ.keys()
    for name, value in (env | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ListenError, match="doesn't name 2 sockets"):
        inherited_sockets()


@pytest.mark.skipif(TOOL is None, reason="systemd-socket-activate isn't installed")
def test_as_systemd_itself_passes_them(folder):
    path = folder / "unix"
    (folder / "config.toml").write_text("")
    assert TOOL
    process = subprocess.Popen(
        [
            *(TOOL, f"--listen={path}", "--fdname=unix", PYCWTD),
            *("--config", folder / "config.toml", "--state-dir", folder / "state"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        assert "Listening on" in process.stderr.readline()
        # The first client starts it.
        assert unix_call(path, "/health").json["status"] == "healthy"
        process.terminate()
        assert process.wait(10) == 0
        assert "ready on" in process.stderr.read()
        assert path.exists()
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
