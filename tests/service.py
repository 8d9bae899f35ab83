"""A daemon as systemd keeps it: what it tells the service manager, and sockets that are passed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from support import START_SECONDS, Daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A daemon on a busy machine may take so long to say something.
HEAR_SECONDS = START_SECONDS
PYCWTD = Path(sys.executable).with_name("pycwtd")


class Service(Daemon):
    """A daemon whose notifications are read by the test, all of them, in their order."""

    ear: socket.socket | None = None
    #: What is run in place of ``pycwtd``, with its arguments after it.
    command: tuple[str | Path, ...] = (PYCWTD,)
    passed: tuple[socket.socket, ...] = ()

    def begin(self, env: dict[str, str] | None = None) -> None:
        """Start it, and wait for nothing."""
        (self.root / "config.toml").write_text(self.config)
        self.lives += 1
        path = self.root / f"notify-{self.lives}"
        self.close()
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(os.fspath(path))
        arguments = ["--config", "config.toml", "--state-dir", self.state, *self.arguments]
        if self.own_socket:
            arguments += ["--socket", self.socket]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, *arguments],
                cwd=self.root,
                env={**os.environ, "NOTIFY_SOCKET": os.fspath(path), **(env or {})},
                stderr=log,
                pass_fds=[one.fileno() for one in self.passed],
            )

    def start(self, env: dict[str, str] | None = None) -> None:
        """Start it and wait until it says READY."""
        self.begin(env)
        self.hear(lambda told: told.get("READY") == "1")

    def close(self) -> None:
        """Hear no more."""
        if self.ear:
            self.ear.close()

    def told(self, seconds: float) -> dict[str, str] | None:
        """The next message, or none within so long."""
        assert self.ear
        self.ear.settimeout(max(seconds, 0.001))
        try:
            message = self.ear.recv(8192).decode()
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in message.splitlines())

    def hear(
        self, wanted: Callable[[dict[str, str]], bool], seconds: float = HEAR_SECONDS
    ) -> list[dict[str, str]]:
        """All messages up to the first one that is wanted."""
        end = time.monotonic() + seconds
        heard: list[dict[str, str]] = []
        while (told := self.told(end - time.monotonic())) is not None:
            heard.append(told)
            if wanted(told):
                return heard
        raise AssertionError(f"only {heard} within {seconds} s; the log:\n{self.log}")

    def status(self, word: str) -> str:
        """The next status with a word in it."""
        return self.hear(lambda told: word in told.get("STATUS", ""))[-1]["STATUS"]

    def reload(self, config: str) -> str:
        """Give it another configuration; returns the status that it comes to."""
        assert self.process
        self.config = config
        (self.root / "config.toml").write_text(config)
        self.process.send_signal(signal.SIGHUP)
        heard = self.hear(lambda told: told.get("READY") == "1")
        (begun,) = [told for told in heard if told.get("RELOADING") == "1"]
        # systemd takes a READY for the reload's end if it comes after this time.
        assert int(begun["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        assert heard.index(begun) < len(heard) - 1
        return heard[-1]["STATUS"]


@contextmanager
def serving(
    config: str = "",
    arguments: list[str] | None = None,
    *,
    env: dict[str, str] | None = None,
    start: bool = True,
    own_socket: bool = True,
) -> Iterator[Service]:
    """A service in a new directory with a short path."""
    with tempfile.TemporaryDirectory(prefix="ps-", dir="/tmp") as folder:
        service = Service(Path(folder), config, arguments or [], own_socket=own_socket)
        if start:
            service.start(env)
        try:
            yield service
        finally:
            if service.process and service.process.poll() is None:
                service.process.send_signal(signal.SIGCONT)
                service.kill()
            service.close()
