"""What tests share: the real daemon in its own process on a real socket, and sample series."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

START_SECONDS = 60
STOP_SECONDS = 10
#: The backends that every machine has.
CPU = ("joblib", "sequential")
#: However busy the machine is, whatever is waited for has happened by then (seconds).
PATIENCE = 180


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Daemon:
    """One state directory, and the daemon that serves it while it is started."""

    root: Path
    config: str = ""
    arguments: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    lives: int = 0
    #: Whether it listens on ``socket`` whatever the configuration says.
    own_socket: bool = True
    #: Of the daemon, beside that of the tests.
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def socket(self) -> Path:
        return self.root / "s"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def log(self) -> str:
        return (self.root / "log").read_text()

    @property
    def url(self) -> str:
        """Where it listens on TCP in this life."""
        return re.findall(r"ready on .*?(http://[^\s,]+)", self.log)[-1]

    def start(self, env: dict[str, str] | None = None) -> None:
        """Start it and wait until it says READY."""
        (self.root / "config.toml").write_text(self.config)
        # A new one for each life: the last words of the one before may come late.
        self.lives += 1
        notify = self.root / f"notify-{self.lives}"
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
            (self.root / "log").open("ab") as log,
        ):
            ear.bind(os.fspath(notify))
            ear.settimeout(START_SECONDS)
            self.process = subprocess.Popen(
                [
                    *(Path(sys.executable).with_name("pycwtd"), "--config", "config.toml"),
                    *(("--socket", self.socket) if self.own_socket else ()),
                    *("--state-dir", self.state, *self.arguments),
                ],
                cwd=self.root,
                env={**os.environ, "NOTIFY_SOCKET": os.fspath(notify)}
                | self.environment
                | (env or {}),
                stderr=log,
            )
            # A daemon that dies instead of getting ready must not cost the whole timeout.
            threading.Thread(target=self._watch, args=(self.process, notify), daemon=True).start()
            while b"READY=1" not in (message := ear.recv(4096)):
                if message == b"DIED" or b"STATUS=Not ready" in message:
                    raise AssertionError(f"the daemon didn't start:\n{self.log}")

    @staticmethod
    def _watch(process: subprocess.Popen[bytes], notify: Path) -> None:
        process.wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
            try:
                mouth.sendto(b"DIED", os.fspath(notify))
            except OSError:
                return

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def workers(self, role: str = "") -> list[int]:
        """Process ids of its host processes, of one role or of all."""
        assert self.process
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                command = (folder / "cmdline").read_text()
            except OSError:  # gone in the meantime
                continue
            if int(parent) == self.process.pid and role in command:
                found.append(int(folder.name))
        return found

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        connection = UnixConnection(self.socket, timeout)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        # Closed even where the daemon dies before it has answered.
        with closing(connection):
            connection.request(
                method, path, data, {"Content-Type": "application/json", **(headers or {})}
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def upload(self, data: bytes, name: str = "series.csv", metadata: str | None = None) -> Answer:
        """A multipart form, as any browser or client library sends it."""
        mark = "b0undary"
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        ).encode()
        body += data + b"\r\n"
        if metadata is not None:
            head = f'--{mark}\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n'
            body += f"{head}{metadata}\r\n".encode()
        body += f"--{mark}--\r\n".encode()
        media = f"multipart/form-data; boundary={mark}"
        return self.call("POST", "/api/v1/data/upload", body, {"Content-Type": media})

    def submit(self, kind: str, request: dict[str, Any]) -> str:
        answer = self.call("POST", "/api/v1/jobs", {"kind": kind, "request": request})
        assert answer.status == 202, answer.body
        return str(answer.json["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/api/v1/jobs/{job_id}").json)

    def follow(self, job_id: str) -> list[dict[str, Any]]:
        """What its WebSocket tells of a job until it ends."""
        return self._read(f"/ws/jobs/{job_id}", lambda _: False)

    def until(self, job_id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first thing told of a job that is ``wanted``."""
        last = self._read(f"/ws/jobs/{job_id}", wanted)[-1]
        assert wanted(last), last
        return last

    def finish(self, job_id: str) -> dict[str, Any]:
        """Wait for the end of a job."""
        return self.follow(job_id)[-1]

    def events(self, since: int, enough: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """All events after ``since``, until there was ``enough``."""
        seen = self._read(f"/ws/events?since={since}", enough)
        assert enough(seen[-1]), seen
        return seen

    def _read(self, path: str, enough: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        async def read() -> list[dict[str, Any]]:
            seen: list[dict[str, Any]] = []
            connector = aiohttp.UnixConnector(os.fspath(self.socket))
            async with (
                asyncio.timeout(PATIENCE),
                aiohttp.ClientSession(connector=connector) as session,
                session.ws_connect(f"http://localhost{path}") as stream,
            ):
                async for message in stream:
                    seen.append(json.loads(message.data))
                    if enough(seen[-1]):
                        break
            return seen

        return asyncio.run(read())

    def result(self, job_id: str) -> dict[str, np.ndarray]:
        """The result, as arrays."""
        answer = self.call("GET", f"/api/v1/jobs/{job_id}/result?format=npz")
        assert answer.status == 200, answer.body
        with np.load(io.BytesIO(answer.body), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


@contextmanager
def running(
    config: str = "",
    arguments: list[str] | None = None,
    *,
    start: bool = True,
    own_socket: bool = True,
    backends: Collection[str] = CPU,
) -> Iterator[Daemon]:
    """A daemon in a new directory with a short path: a socket's may have 107 bytes.

    Each of the CPU's backends that it has costs as much as the daemon itself to bring up.
    """
    with tempfile.TemporaryDirectory(prefix="pw-", dir="/tmp") as folder:
        daemon = Daemon(Path(folder), config, arguments or [], own_socket=own_socket)
        if off := [name for name in CPU if name not in backends]:
            daemon.environment["PYCWTD_ENGINE__SWITCHED_OFF"] = json.dumps(off)
        if start:
            daemon.start()
        try:
            yield daemon
        finally:
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()


def wait_gone(pid: int, seconds: float) -> None:
    """Wait until a process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], seconds)[0], f"process {pid} lives on"
    finally:
        os.close(handle)


def red_pair(samples: int = 128, seed: int = 7) -> tuple[list[float], list[float]]:
    """Two series with some coherence."""
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.normal(size=samples)) * 0.3
    first, second = ((common + rng.normal(size=samples)).tolist() for _ in range(2))
    return first, second
