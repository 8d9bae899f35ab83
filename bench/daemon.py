"""The daemon under load, on a real socket: ``python -m bench.daemon [PROGRAM]``. Prints a table.

``PROGRAM`` is the ``pycwtd`` to measure, by default that of this environment. An editable
installation's looks for changed sources at every start, a tenth of a second for each process.

Ratios to the library's own call are of the same process and interleaved with it; the others are
of this machine, whose two lines at the head say what it was doing.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

import pycwt_mod
from bench.__main__ import machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

API = "http://localhost/api/v1"
#: Of each latency.
CALLS = 300
JOBS = 1000
CLIENTS = 32
STORED = 10_000
QUEUED = 10_000
IDLE_SECONDS = 20.0
PROGRAM = Path(sys.argv[1] if len(sys.argv) > 1 else sys.executable).with_name("pycwtd")
Row = tuple[str, str, str]


@asynccontextmanager
async def daemon(state: Path) -> AsyncIterator[tuple[aiohttp.ClientSession, int, float]]:
    """A daemon, its process and the seconds that it took until it answered."""
    socket = state.parent / "s"
    command: list[str | Path] = [
        PROGRAM,
        "--socket",
        socket,
        "--state-dir",
        state,
    ]
    start = time.monotonic()
    with (state.parent / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    connector = aiohttp.UnixConnector(os.fspath(socket), limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            while True:
                try:
                    async with session.get("http://localhost/health"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.002)
            yield session, process.pid, time.monotonic() - start
    finally:
        process.terminate()
        process.wait()


def resident(pid: int) -> float:
    """Resident memory in MB, of the daemon alone."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise OSError(f"process {pid} has no VmRSS")


def processor(pid: int) -> float:
    """CPU seconds of a process and of its children that live."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:  # gone in the meantime
            continue
        if pid in {int(folder.name), int(fields[1])}:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


async def idle(session: aiohttp.ClientSession, pid: int) -> list[Row]:
    """What it takes of a core while nobody wants anything, workers included."""
    y1, y2 = pair(100)
    # A backend is chosen when all have been probed.
    await answer(session, "/wavelet/wct", {"signal1": y1, "signal2": y2, "dt": 1.0, "sig": True})
    await asyncio.sleep(2)
    start, before = time.monotonic(), processor(pid)
    await asyncio.sleep(IDLE_SECONDS)
    share = 100 * (processor(pid) - before) / (time.monotonic() - start)
    return [("idle, of a core, workers included", "≤ 0.5 %", f"{share:.2f} %")]


def crowd_of(state: Path, count: int) -> None:
    """So many queued jobs, after a queued one, in the store of a stopped daemon."""
    with sqlite3.connect(state / "pycwtd.sqlite3") as database:
        database.row_factory = sqlite3.Row
        query = "SELECT * FROM jobs WHERE status IN ('queued', 'running') LIMIT 1"
        row = dict(database.execute(query).fetchone())
        (last,) = database.execute("SELECT max(number) FROM jobs").fetchone()
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        for k in range(1, count + 1):
            copy = row | {"id": str(uuid.uuid4()), "number": last + k, "status": "queued"}
            (state / "jobs" / copy["id"]).mkdir()
            for file in (state / "jobs" / row["id"]).iterdir():
                if file.suffix == ".json" or file.name == "prepared.npz":
                    (state / "jobs" / copy["id"] / file.name).hardlink_to(file)
            database.execute(f"INSERT INTO jobs ({names}) VALUES ({places})", copy)


async def queued(state: Path) -> list[Row]:
    """A queue of ten thousand: start, list, cancel, and another's job among them."""
    y1, y2 = pair(100)
    task = {"signal1": y1, "signal2": y2, "dt": 1.0, "sig": True, "mc_count": 1_000_000}
    body = {"kind": "wct", "request": {**task, "estimator": "full"}}
    async with daemon(state) as (session, _, _):
        job = await answer(session, "/jobs/", body)
        while (await answer(session, f"/jobs/{job['job_id']}"))["status"] != "running":
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
    crowd_of(state, QUEUED - 1)
    async with daemon(state) as (session, pid, seconds):
        rows = [(f"start with {QUEUED:,} queued jobs", "≤ 3.0 s", f"{seconds:.2f} s")]
        ms = await latencies(partial(answer, session, "/jobs?limit=100"), 50)
        rows.append(("… a page of 100 of them", "-", spread(ms)))
        page = (await answer(session, "/jobs?limit=100"))["jobs"]
        ids = iter([one["job_id"] for one in page])

        async def cancel() -> None:
            async with session.delete(f"{API}/jobs/{next(ids)}") as response:
                response.raise_for_status()

        rows.append(("… cancelling one", "-", spread(await latencies(cancel, 50))))
        ms = await latencies(partial(answer, session, "/backends/"), CALLS)
        rows.append(("… an answer meanwhile", "p99 ≤ 20 ms", spread(ms)))
        rows.append(("… memory", "-", f"{resident(pid):.0f} MB"))
    return rows


async def latencies(call: Callable[[], Awaitable[object]], count: int = CALLS) -> list[float]:
    """Milliseconds of calls one after the other, ascending."""
    found = []
    for _ in range(count):
        start = time.monotonic()
        await call()
        found.append(1e3 * (time.monotonic() - start))
    return sorted(found)


def spread(ms: list[float]) -> str:
    """Median and p99."""
    return f"p50 {statistics.median(ms):.1f} ms, p99 {ms[int(0.99 * len(ms))]:.1f} ms"


async def answer(session: aiohttp.ClientSession, path: str, body: Any = None) -> Any:
    """The JSON or the bytes of an answer that must be one."""
    method = "GET" if body is None else "POST"
    async with session.request(method, API + path, json=body) as response:
        response.raise_for_status()
        json = response.content_type == "application/json"
        return await (response.json() if json else response.read())


def pair(samples: int) -> tuple[list[float], list[float]]:
    """Two red series."""
    y1, y2 = (pycwt_mod.rednoise(samples, 0.7, seed=seed).tolist() for seed in (1, 2))
    return y1, y2


async def synchronous(session: aiohttp.ClientSession) -> list[Row]:
    """What a call over the socket adds to the library's."""
    y1, y2 = pair(1000)
    asked = {"signal1": y1, "signal2": y2, "dt": 1.0, "dj": 1 / 12, "sig": True, "mc_count": 300}
    ways = {"npz": "/wavelet/wct?format=npz", "JSON": "/wavelet/wct"}
    own, served = [], {name: list[float]() for name in ways}
    for seed in range(31):
        start = time.monotonic()
        options: dict[str, Any] = {"seed": seed, "cache": False, "progress": False}
        pycwt_mod.wct(y1, y2, 1.0, **options)
        own.append(1e3 * (time.monotonic() - start))
        for name, path in ways.items():
            body = {**asked, "seed": 100 + seed}
            served[name] += await latencies(partial(answer, session, path, body), 1)
    base = statistics.median(own[1:])
    rows = []
    for name, ms in served.items():
        more = statistics.median(ms[1:]) - base
        goal = f"≤ {max(5.0, base / 10):.1f} ms" if name == "npz" else "-"
        told = f"{more:+.1f} ms on the library's {base:.1f} ms"
        rows.append((f"`wct` of 1,000 samples with levels, {name}", goal, told))
    return rows


async def saturated(session: aiohttp.ClientSession) -> list[Row]:
    """Latencies while all cores compute."""
    y1, y2 = pair(1000)
    task = {"signal1": y1, "signal2": y2, "dt": 1.0, "dj": 1 / 12, "mc_count": 1_000_000}
    body = {"kind": "wct", "request": {**task, "sig": True, "estimator": "full"}}
    job = await answer(session, "/jobs/", body)
    while (await answer(session, f"/jobs/{job['job_id']}"))["status"] != "running":
        await asyncio.sleep(0.05)
    rows = []
    for path, what in (("/backends/", "list of backends"), ("/health/detailed", "detailed health")):
        ms = await latencies(partial(answer, session, path))
        rows.append((f"{what}, cores saturated", "p99 ≤ 20 ms", spread(ms)))
    async with session.delete(f"{API}/jobs/{job['job_id']}"):
        pass
    return rows


async def streaming(session: aiohttp.ClientSession) -> list[Row]:
    """Windows of 1,000 samples, one sent when the last one is answered."""
    y1, y2 = pair(1000)
    async with session.ws_connect("http://localhost/ws/stream/wct", max_msg_size=0) as stream:
        await stream.send_json({"type": "config", "dt": 1.0, "window": 1000, "hop": 1000})
        await stream.receive_json()

        async def window() -> None:
            await stream.send_json({"type": "data", "signal1": y1, "signal2": y2})
            await stream.receive()

        await latencies(window, 5)
        ms = await latencies(window)
    return [("streamed window of 1,000 samples", "p99 ≤ 50 ms", spread(ms))]


async def crowd(session: aiohttp.ClientSession) -> list[Row]:
    """Many clients that submit and watch, and one that asks for health meanwhile."""
    y1, y2 = pair(64)
    ids: list[str] = []
    health: list[float] = []

    async def client(number: int) -> None:
        for k in range(number, JOBS, CLIENTS):
            asked = {"signal1": y1, "signal2": y2, "dt": 1.0, "sig": True, "seed": k}
            job = await answer(session, "/jobs/", {"kind": "wct", "request": asked})
            ids.append(job["job_id"])
            ends = {"completed", "failed", "cancelled"}
            url = f"http://localhost/ws/jobs/{job['job_id']}"
            async with session.ws_connect(url, max_msg_size=0) as events:
                async for event in events:
                    if event.json().get("status") in ends or event.json().get("type") in ends:
                        break

    async def prober() -> None:
        while True:
            health.extend(await latencies(partial(answer, session, "/backends/"), 1))
            await asyncio.sleep(0.01)

    start = time.monotonic()
    probing = asyncio.create_task(prober())
    await asyncio.gather(*map(client, range(CLIENTS)))
    seconds = time.monotonic() - start
    probing.cancel()
    states = [(await answer(session, f"/jobs/{job}"))["status"] for job in ids]
    kept = f"{len(set(ids))} ids, {states.count('completed')} completed, {JOBS / seconds:.0f} a s"
    return [
        (f"{CLIENTS} clients, {JOBS} jobs", "none lost, none twice", kept),
        ("… an answer meanwhile", "p99 ≤ 20 ms", spread(sorted(health))),
    ]


def multiply(state: Path, count: int) -> None:
    """Copies of a finished job in the database of a stopped daemon."""
    with sqlite3.connect(state / "pycwtd.sqlite3") as database:
        database.row_factory = sqlite3.Row
        row = dict(
            database.execute("SELECT * FROM jobs WHERE status = 'completed' LIMIT 1").fetchone()
        )
        (last,) = database.execute("SELECT max(number) FROM jobs").fetchone()
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        copies = (row | {"id": str(uuid.uuid4()), "number": last + 1 + k} for k in range(count))
        database.executemany(f"INSERT INTO jobs ({names}) VALUES ({places})", copies)


async def measure() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        async with daemon(state) as (session, pid, seconds):
            rows = [("start, until it answers", "≤ 1.0 s", f"{seconds:.2f} s")]
            await latencies(partial(answer, session, "/backends/"), 10)
            rows.append(("the daemon's own memory at rest", "≤ 60 MB", f"{resident(pid):.0f} MB"))
            rows += await idle(session, pid)
            for part in (synchronous, streaming, saturated, crowd):
                rows += await part(session)
        multiply(state, STORED)
        async with daemon(state) as (_, _, seconds):
            told = f"start with {STORED + JOBS:,} stored jobs"
            rows.append((told, "≤ 1.0 s", f"{seconds:.2f} s"))
    with tempfile.TemporaryDirectory() as folder:
        return [*rows, *await queued(Path(folder) / "state")]


def main() -> None:
    """Measure and print."""
    about, rows = machine(), asyncio.run(measure())
    print(f"{about['processor']}, {about['processors']} processors, load {about['load'][0]:.1f}")
    print("| what | goal | measured |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
