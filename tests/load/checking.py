"""What has to be true when all is over: no job lost or doubled, every number the library's."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

import pycwt_mod
from load import work
from pycwtd.platform.inotify import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from load.lab import Lab
    from support import Daemon

#: Jobs whose numbers are looked at.
SPOTS = 40
#: After the last of the traffic, all jobs have ended by then (seconds).
_PATIENCE = 120
#: What the library calls what a result has, and how close they are: the transforms' sums are
#: added up in another order when several threads do it.
_CLOSE = {"rtol": 1e-9, "atol": 1e-12}


async def wait_ended(lab: Lab) -> None:
    """Wait until an end was told of each accepted job."""
    record = lab.record
    try:
        async with asyncio.timeout(_PATIENCE):
            while record.open_jobs():
                record.ended.clear()
                await record.ended.wait()
    except TimeoutError:
        record.complain(f"jobs that don't end: {record.open_jobs()}")


async def check_jobs(lab: Lab) -> Counter[str]:
    """Each accepted job is there once and has ended once, as it should; returns the ends."""
    record, listed = lab.record, dict[str, str]()
    path: str | None = "/jobs?limit=1000"
    while path:
        _, body = await lab.ask(lab.people[0], "look", "GET", path)
        page = json.loads(body)
        for job in page["jobs"]:
            if job["job_id"] in listed:
                record.complain(f"job {job['job_id']} is listed twice")
            listed[job["job_id"]] = job["status"]
            if job["job_id"] not in record.jobs and job["seed"] in record.left:
                record.accept(job["job_id"], job["kind"], {})
        path = page["next_cursor"] and f"/jobs?limit=1000&cursor={page['next_cursor']}"
    for job_id in record.jobs.keys() - listed.keys():
        record.complain(f"job {job_id} was accepted and is lost")
    for job_id in listed.keys() - record.jobs.keys():
        record.complain(f"job {job_id} is there, and nobody was told so")
    for job_id, job in record.jobs.items():
        ends = record.ends[job_id]
        if ends != [listed.get(job_id)]:
            record.complain(f"job {job_id} is {listed.get(job_id)}, and was told to be {ends}")
        allowed = {"cancelled"} if job.cancel_granted else {"completed"}
        if listed.get(job_id) not in allowed:
            record.complain(f"{job.kind} {job_id} is {listed.get(job_id)}, not {allowed}")
    return Counter(listed.values())


async def check_data(lab: Lab, state: Path) -> int:
    """What was uploaded and not deleted is there, bit by bit, and nothing else is."""
    record, listed = lab.record, set[str]()
    path: str | None = "/data/?limit=1000"
    while path:
        _, body = await lab.ask(lab.people[0], "look", "GET", path)
        page = json.loads(body)
        listed |= {one["data_id"] for one in page["data"]}
        path = page["next_cursor"] and f"/data/?limit=1000&cursor={page['next_cursor']}"
    if listed != record.uploads.keys():
        record.complain(f"uploads: {listed ^ record.uploads.keys()} are there or aren't")
    for data_id in random.Random(1).sample(sorted(listed), min(SPOTS, len(listed))):
        _, body = await lab.ask(lab.people[0], "download", "GET", f"/data/{data_id}/download")
        if body != record.uploads[data_id].data:
            record.complain(f"upload {data_id} isn't what was sent")
    await wait_cleared(state / "incoming")
    check_files(lab, state, listed)
    return len(listed)


async def wait_cleared(folder: Path) -> None:
    """Wait until nothing is there: a stream whose client left computes its window to the end."""
    watch, changed = Watch(), asyncio.Event()
    watch.set([folder])
    loop = asyncio.get_running_loop()

    def look() -> None:
        watch.read()
        changed.set()

    loop.add_reader(watch.fd, look)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while any(folder.iterdir()):
                    await changed.wait()
                    changed.clear()
    finally:
        loop.remove_reader(watch.fd)
        watch.close()


def check_files(lab: Lab, state: Path, uploads: set[str]) -> None:
    """No file is left of what was broken off, and none that no row names."""
    record = lab.record
    jobs = {path.name for path in (state / "jobs").iterdir()}
    data = {path.name for path in (state / "data").iterdir()}
    left = [path.name for path in (state / "incoming").iterdir()]
    half = [str(path) for path in state.rglob("*") if path.suffix in {".tmp", ".part"}]
    if jobs - record.jobs.keys() or data != uploads or left or half:
        strange = (jobs - record.jobs.keys(), data ^ uploads, left, half)
        record.complain(f"files that belong to nothing: {strange}")


# -- numbers --------------------------------------------------------------------------------


async def check_numbers(lab: Lab) -> int:
    """Some of the results, in all formats, against the library's; returns how many."""
    record, dice = lab.record, random.Random(2)
    done = [one for one in record.completed(work.KINDS) if _series(record.jobs[one].request)]
    chosen = dice.sample(done, min(SPOTS, len(done)))
    for job_id in chosen:
        job, path = record.jobs[job_id], f"/jobs/{job_id}/result?format="
        bodies = {}
        for form in ("npz", "json", "netcdf"):
            _, bodies[form] = await lab.ask(lab.people[0], "result", "GET", path + form)
        told = await asyncio.to_thread(compare, job.kind, job.request, bodies["npz"])
        told += await asyncio.to_thread(same_numbers, bodies)
        for text in told:
            record.complain(f"{job.kind} {job_id}: {text}")
    for one in record.answers:
        for text in await asyncio.to_thread(compare, *one):
            record.complain(f"{one.kind} at once: {text}")
    return len(chosen) + len(record.answers)


def _series(asked: dict[str, Any]) -> list[list[float]]:
    names = ("data", "signal1", "signal2", "data1", "data2")
    return [asked[name] for name in names if name in asked]


def compare(kind: str, asked: dict[str, Any], body: bytes) -> list[str]:
    """What of a result isn't the library's."""
    got, expected = arrays(body), library(kind, asked)
    wrong = []
    for name, values in expected.items():
        exact = name == "signif" and kind != "xwt"
        close = {"rtol": 0, "atol": 0} if exact else _CLOSE
        if not np.allclose(got[name], values, equal_nan=True, **close):
            wrong.append(f"{name} isn't the library's")
    return wrong


def arrays(body: bytes) -> dict[str, np.ndarray]:
    """The arrays of an npz."""
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def library(kind: str, asked: dict[str, Any]) -> dict[str, np.ndarray]:
    """The same by the library, on one thread."""
    series = [np.array(one) for one in _series(asked)]
    grid: dict[str, Any] = {"dj": asked.get("dj", 0.25), "wavelet": asked.get("mother", "morlet")}
    if kind == "cwt":
        if asked.get("normalize", True):
            series = [(one - one.mean()) / one.std() for one in series]
        return {"wave": pycwt_mod.cwt(series[0], asked["dt"], **grid)[0]}
    if kind == "xwt":
        return {"xwt": pycwt_mod.xwt(*series, asked["dt"], **grid)[0]}
    options = {"mc_count": asked["mc_count"], "seed": asked["seed"], "estimator": "cascade"}
    options |= {"backend": "sequential", "progress": False, "cache": False}
    whole = pycwt_mod.wct(*series, asked["dt"], **grid, **options)
    if kind == "significance":
        return {"signif": whole[4]}
    return {"WCT": whole[0], "aWCT": whole[1], "signif": whole[4]}


def same_numbers(bodies: dict[str, bytes]) -> list[str]:
    """What JSON and NetCDF have otherwise than the npz."""
    packed, plain = arrays(bodies["npz"]), json.loads(bodies["json"])
    wrong = []
    for name, values in packed.items():
        if name not in plain or values.dtype.kind not in "fc" or values.ndim == 0:
            continue
        found = np.array(plain[name], dtype=float)
        found = found[..., 0] + 1j * found[..., 1] if values.dtype.kind == "c" else found
        if not np.array_equal(found, values, equal_nan=True):
            wrong.append(f"{name} differs between JSON and npz")
    wrong += [] if bodies["netcdf"][:4] in _NETCDF else ["its NetCDF is none"]
    return wrong


#: Of NetCDF 3 and of HDF5, which NetCDF 4 is.
_NETCDF = {b"CDF\x01", b"CDF\x02", b"\x89HDF"}

# -- what the daemon says itself --------------------------------------------------------------


def check_daemon(lab: Lab, daemon: Daemon) -> dict[str, float]:
    """Its own counts, and its log: no defect, no process that died."""
    record = lab.record
    text = daemon.call("GET", "/metrics").body.decode()
    found = re.findall(r'pycwtd_request_seconds_count\{.*?status="(5\d\d)".*?\} (\S+)', text)
    served = Counter[str]()
    for status, count in found:
        served[status] += float(count)
    refused = sum(n for (_, status), n in record.statuses.items() if status == "503")
    for status, count in served.items():
        if status != "503" or count > refused:
            record.complain(f"the daemon counts {count:g} answers of {status}")
    if deaths := float(re.findall(r"^pycwtd_host_deaths_total (\S+)$", text, re.MULTILINE)[0]):
        record.complain(f"{deaths:g} host processes died at work")
    for line in daemon.log.splitlines():
        told = json.loads(line) if line.startswith("{") else {"level": "none", "message": line}
        if told["level"] in {"error", "critical", "none"}:
            record.complain(f"in the log: {line[:500]}")
    return dict(served)
