"""A Dask scheduler and workers as processes of their own, for tests."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycwt_mod.backends import SignificanceTask

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Sequence

START_SECONDS = 60
#: Without the address there is HTTP on all of the machine's, even without a dashboard.
_NO_PAGES = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")

#: A worker that is silent is given up soon, a connection without answers, too.
ENVIRONMENT = {
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
    "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0",
}


TASK = SignificanceTask(
    "morlet", 6.0, tuple(2 * 2 ** (j / 8) for j in range(40)), (0.3, 0.4, 0.3), 600, (0.5, 0.2), 200
)
#: Several pieces of it for each of two workers.
MANY = 4000


class Watch:
    """Does something when the first realisations are in."""

    def __init__(self, meddle=lambda: None, stop_after=None):
        self.meddle = meddle
        self.stop_after = stop_after
        self.seen = []
        self.looks = 0

    def cancelled(self):
        self.looks += 1
        return self.stop_after is not None and self.looks > self.stop_after

    def advance(self, done):
        if done and not any(self.seen):
            self.meddle()
        self.seen.append(done)


class Program:
    """A process whose words are read as they come."""

    def __init__(self, command: Sequence[str], env: dict[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [*command],
            env={**os.environ, **ENVIRONMENT, **env},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until it says something; returns the match."""
        while True:
            line = self._lines.get(timeout=START_SECONDS)
            assert line is not None, f"it ended: {''.join(self.said)}"
            self.said.append(line)
            if match := re.search(pattern, line):
                return match

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reader.join(10)
        assert self.process.stdout
        self.process.stdout.close()


@dataclass
class Cluster:
    """One scheduler, and the workers that were started for it."""

    folder: Path
    #: What runs a program elsewhere: ``ip netns exec NAME``.
    prefix: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    #: Options of scheduler and workers: certificates.
    options: tuple[str, ...] = ()
    address: str = ""
    scheduler: Program | None = None
    workers: list[Program] = field(default_factory=list)

    def start(self) -> None:
        """Start the scheduler; at the same address, if it was there before."""
        self.scheduler = Program(
            [
                *(*self.prefix, sys.executable, "-m", "distributed.cli.dask_scheduler"),
                *("--host", self.host, "--port", str(self.port), *_NO_PAGES),
                *self.options,
            ],
            {},
            self.folder,
        )
        self.address = self.scheduler.wait_for(r"Scheduler at:\s*(\S+)")[1]
        self.port = int(self.address.rpartition(":")[2])

    def add_worker(
        self,
        *,
        threads: int = 1,
        env: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        host: str = "127.0.0.1",
        options: tuple[str, ...] = ("--no-nanny",),
    ) -> Program:
        worker = self._spawn(threads, env or {}, prefix, host, options)
        worker.wait_for("Registered to:")
        return worker

    def add_workers(self, count: int) -> None:
        """Start some alike, at the same time."""
        for worker in [self._spawn(1, {}, (), "127.0.0.1", ("--no-nanny",)) for _ in range(count)]:
            worker.wait_for("Registered to:")

    def _spawn(
        self,
        threads: int,
        env: dict[str, str],
        prefix: tuple[str, ...],
        host: str,
        options: tuple[str, ...],
    ) -> Program:
        worker = Program(
            [
                *(*prefix, sys.executable, "-m", "distributed.cli.dask_worker", self.address),
                *("--host", host, "--nthreads", str(threads), *_NO_PAGES),
                *("--local-directory", str(self.folder), "--memory-limit", "0"),
                *options,
                *self.options,
            ],
            env,
            self.folder,
        )
        self.workers.append(worker)
        return worker

    @contextmanager
    def extra(self, **options: Any) -> Iterator[Program]:
        """One more worker, gone for good afterwards."""
        assert self.scheduler
        worker = self.add_worker(**options)
        try:
            yield worker
        finally:
            worker.kill()
            self.workers.remove(worker)
            self.scheduler.wait_for("Remove worker")

    def stop(self) -> None:
        for program in (*self.workers, self.scheduler):
            if program:
                program.kill()
        self.workers.clear()


@contextmanager
def cluster(workers: int = 2, **options: Any) -> Iterator[Cluster]:
    """A scheduler on this machine, with workers of one thread each."""
    with tempfile.TemporaryDirectory(prefix="dask-", dir="/tmp") as folder:
        one = Cluster(Path(folder), **options)
        try:
            one.start()
            one.add_workers(workers)
            yield one
        finally:
            one.stop()
