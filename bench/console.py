"""What the console costs: its first paint, a change among 10,000 jobs, events, and doing nothing.

``python -m bench.console [PROGRAM]``, of the ``pycwtd-console`` of an installation. Times are
the least of several, for the machine does other things too.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import tracemalloc
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import convert
from msgspec.structs import replace

from pycwtd.api.types import JobView
from pycwtd_console.private import PrivateDaemon
from pycwtd_console.tui.app import ConsoleApp
from pycwtd_console.tui.feed import Feed
from pycwtd_console.tui.model import Link, Model
from pycwtd_console.tui.screens.jobs import JobsScreen
from pycwtd_console.tui.source import Happening

if TYPE_CHECKING:
    from pycwtd_console.tui.source import Source

JOBS = 10_000
EVENTS = 200_000
IDLE_SECONDS = 20
STARTS = 7
#: An installed one is what people wait for: it has its bytecode, and no loader that rebuilds it.
PROGRAM = Path(sys.argv[1]) if sys.argv[1:] else Path(sys.executable).with_name("pycwtd-console")


class Terminal:
    """The console on a pseudo terminal of 80 × 24."""

    def __init__(self, socket: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        environment["COLORTERM"] = "truecolor"
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [PROGRAM, "--socket", socket], stdin=slave, stdout=slave, stderr=slave, env=environment
        )
        os.close(slave)

    def until(self, wanted: bytes) -> float:
        """Seconds from the start until something is on it."""
        seen = b""
        while wanted not in seen:
            select.select([self.master], [], [])
            seen += os.read(self.master, 65536)
        return time.perf_counter() - self.began

    def drain(self, seconds: float) -> int:
        """Read for so long; returns the number of bytes that came."""
        end, size = time.monotonic() + seconds, 0
        while (rest := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], rest)[0]:
                size += len(os.read(self.master, 65536))
        return size

    def cpu(self) -> float:
        """Seconds of processor time that it has taken."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9

    def memory(self) -> int:
        """Resident memory in bytes."""
        text = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(text) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def first_paint() -> None:
    """From exec to the first line that is drawn, without a daemon."""
    for name, text in (("first line", b"Overview"), ("all of the screen", b"no jobs")):
        found, cpu = [], []
        for _ in range(STARTS):
            terminal = Terminal(Path(tempfile.gettempdir()) / "nobody.sock")
            found.append(terminal.until(text))
            cpu.append(terminal.cpu())
            terminal.close()
        print(f"{name}: {min(found):.3f} s, {min(cpu):.2f} s of them at work ({_ordered(found)})")
    code = (
        "import time; b = time.perf_counter(); import textual.app; print(time.perf_counter() - b)"
    )
    python = PROGRAM.with_name("python")
    bare = [
        float(subprocess.run([python, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(STARTS)
    ]
    print(f"  of which textual alone: {min(bare):.3f} s")


def _ordered(seconds: list[float]) -> str:
    return " ".join(f"{one:.3f}" for one in sorted(seconds))


def keys() -> None:
    """What is written for a key, at 80 × 24 in true colour."""
    with PrivateDaemon() as daemon:
        terminal = Terminal(daemon.socket)
        terminal.until(b"sequential")
        print(f"start: {terminal.drain(5.0):,} bytes after the first devices")
        for name, key in (("down", b"\x1b[B"), ("tab", b"\t"), ("jobs", b"2"), ("keys", b"?")):
            os.write(terminal.master, key)
            print(f"key {name}: {terminal.drain(2.0):,} bytes")
        terminal.close()


def idle() -> None:
    """Processor time of a console that looks at a daemon where nothing happens."""
    with PrivateDaemon() as daemon:
        terminal = Terminal(daemon.socket)
        terminal.until(b"sequential")
        terminal.drain(8.0)
        before = terminal.cpu()
        size = terminal.drain(IDLE_SECONDS)
        share = (terminal.cpu() - before) / IDLE_SECONDS
        memory = terminal.memory() / 2**20
        terminal.close()
    print(f"idle: {share:.2%} of a core, {size} bytes drawn in {IDLE_SECONDS} s, {memory:.0f} MiB")


def job(number: int) -> JobView:
    """One of many."""
    made = f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
    said = {
        **{"job_id": f"{number:08d}-0000", "kind": "wct", "status": "running", "progress": 0.1},
        **{"eta": None, "created_at": made, "started_at": made, "completed_at": None},
        **{"estimated_time_seconds": None, "estimator": None, "backend": "joblib"},
        **{"fallback_reason": None, "attempts": 1, "error": None, "waiting_for": None},
        **{"owner": "uid:0", "seed": 1, "realisations_done": 1, "realisations": 10, "rate": 1.0},
        "parameters": {},
    }
    return convert(said, JobView)


class _Nobody(AbstractAsyncContextManager["Source"]):
    """A daemon that is waited for as long as it takes."""

    async def __aenter__(self) -> Source:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""


def many_jobs() -> None:
    """A change of one job, and one that is new, among many; with the screen that shows them."""

    async def main() -> None:
        app = ConsoleApp(_Nobody, "bench")
        async with app.run_test(size=(160, 50)) as pilot:
            app.model.keep_jobs([replace(job(n), status="completed") for n in range(JOBS)])
            app.switch_mode("jobs")
            await pilot.pause()
            assert isinstance(app.screen, JobsScreen)
            for name, number in (("changed", JOBS // 2), ("new", JOBS)):
                found = []
                for turn in range(20):
                    one = job(number + (turn if name == "new" else 0))
                    began = time.perf_counter()
                    app.model.keep_jobs([one])
                    app.changed(frozenset({"jobs"}))
                    found.append(time.perf_counter() - began)
                    await pilot.pause()
                print(f"{JOBS:,} jobs, one {name}: {1e3 * min(found):.2f} ms")
            listing = app.screen.query_one("#jobs")
            found = []
            for _ in range(20):
                began = time.perf_counter()
                for line in range(listing.size.height):
                    listing.render_line(line)
                found.append(time.perf_counter() - began)
            print(f"drawing a page of 160 × {listing.size.height}: {1e3 * min(found):.2f} ms")

    asyncio.run(main())


def many_events() -> None:
    """Memory that stays after so many events."""
    model = Model(Link("live", 0.0))
    feed = Feed(_Nobody, model, lambda _: None)
    tracemalloc.start()
    for number in range(1, EVENTS + 1):
        data = {"backend": "joblib", "reason": f"number {number}"}
        feed.take(
            Happening("job.running", number, "2026-01-01T00:00:00.000Z", f"{number % 99}", data)
        )
        if number in {EVENTS // 10, EVENTS}:
            gc.collect()
            now = tracemalloc.get_traced_memory()[0] / 2**20
            print(
                f"{number:,} events: {now:.2f} MiB are kept, {len(model.events):,} events of them"
            )
    tracemalloc.stop()


if __name__ == "__main__":
    first_paint()
    many_jobs()
    many_events()
    keys()
    idle()
