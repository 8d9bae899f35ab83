"""What people do when all goes well."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import numpy as np

from load.record import Answered, Upload

if TYPE_CHECKING:
    from random import Random

    from load.lab import Lab, Person

#: One answer in so many is computed again by the library when all is over.
SPOT = 25
KINDS = {"cwt", "xwt", "wct", "significance"}
FORMS = ("npz", "npz", "npz", "json", "netcdf")
_LOOKS = (
    *("/health", "/health/detailed", "/backends/", "/jobs?limit=20", "/data/?limit=20"),
    *("/stats", "/metrics", "/jobs?status=completed&limit=5", "/devices", "/events?limit=20"),
)
#: Hours of work: whoever asks for it thinks better of it.
_LONG = {"dj": 1 / 12, "mc_count": 1_000_000, "estimator": "full", "backend": "auto"}


def request(lab: Lab, dice: Random, kind: str) -> dict[str, Any]:
    """A request of the wavelet spelling, small enough for everyday."""
    one, other = lab.pair(dice)
    asked: dict[str, Any] = {
        "dt": dice.choice((0.5, 1.0, 1 / 12)),
        "dj": dice.choice((0.25, 1 / 8)),
    }
    asked["mother"] = dice.choice(("morlet", "morlet", "paul", "dog"))
    if kind == "cwt":
        return asked | {"data": one}
    asked |= {"signal1": one, "signal2": other}
    if kind == "wct":
        asked |= {"sig": True, "mc_count": dice.randrange(20, 200), "seed": dice.getrandbits(31)}
    return asked


async def call(lab: Lab, person: Person, kind: str, asked: dict[str, Any], form: str) -> bytes:
    """A synchronous call; its answer, or nothing where it took long and has become a job."""
    path = f"/wavelet/{kind}?format={form}"
    status, body = await lab.ask(person, f"{kind}, {form}", "POST", path, (200, 202), json=asked)
    if status == 202:
        lab.record.accept(json.loads(body)["job_id"], kind, asked)
    return body if status == 200 else b""


async def _now(lab: Lab, dice: Random, kind: str) -> None:
    asked, form = request(lab, dice, kind), dice.choice(FORMS)
    body = await call(lab, lab.somebody(dice), kind, asked, form)
    if body and form == "npz" and dice.randrange(SPOT) == 0:
        lab.record.answers.append(Answered(kind, asked, body))


async def transform(lab: Lab, dice: Random) -> None:
    """One series, at once."""
    await _now(lab, dice, "cwt")


async def cross(lab: Lab, dice: Random) -> None:
    """Two of them."""
    await _now(lab, dice, "xwt")


async def coherence(lab: Lab, dice: Random) -> None:
    """Two of them, with levels."""
    await _now(lab, dice, "wct")


async def submit(lab: Lab, dice: Random, person: Person, kind: str, asked: dict[str, Any]) -> str:
    """A job; its id, or nothing."""
    headers = {"Idempotency-Key": f"{dice.getrandbits(64):x}"} if dice.random() < 0.5 else {}
    status, body = await lab.ask(
        *(person, "job accepted", "POST", "/jobs", (202,)),
        json={"kind": kind, "request": asked},
        headers=headers,
    )
    if status != 202:
        return ""
    job_id = str(json.loads(body)["job_id"])
    lab.record.accept(job_id, kind, asked)
    return job_id


async def simulate(lab: Lab, dice: Random) -> None:
    """A job; some stay to see how it gets on, and take its result with them."""
    person = lab.somebody(dice)
    kind = dice.choice(("wct", "wct", "cwt", "significance"))
    asked = request(lab, dice, "wct" if kind == "significance" else kind)
    if kind == "significance":
        asked = {name: value for name, value in asked.items() if name not in {"sig", "mother"}}
        asked |= {"data1": asked.pop("signal1"), "data2": asked.pop("signal2")}
    job_id = await submit(lab, dice, person, kind, asked)
    if not job_id or dice.random() < 0.5:
        return
    last = await _follow(lab, person, job_id)
    if last == "completed":
        path = f"/jobs/{job_id}/result?format={dice.choice(FORMS)}"
        await lab.ask(person, "result", "GET", path)
    elif last != "cancelled":
        lab.record.complain(f"job {job_id} ended as {last}")


async def _follow(lab: Lab, person: Person, job_id: str) -> str:
    """The state that a job ends in, by its WebSocket."""
    last = ""
    try:
        async with person.session.ws_connect(f"/ws/jobs/{job_id}", max_msg_size=0) as events:
            async for event in events:
                last = event.json()["status"]
    except aiohttp.ClientError as error:
        lab.record.complain(f"following {job_id}: {error!r}")
    return last


async def batch(lab: Lab, dice: Random) -> None:
    """Three jobs in one."""
    person = lab.somebody(dice)
    kinds = dice.sample(("cwt", "xwt", "wct"), 3)
    requests = [request(lab, dice, kind) for kind in kinds]
    tasks = [{"type": kind, **asked} for kind, asked in zip(kinds, requests, strict=True)]
    status, body = await lab.ask(
        person, "batch accepted", "POST", "/jobs/batch", (202,), json={"tasks": tasks}
    )
    if status != 202:
        return
    whole = json.loads(body)["job_id"]
    lab.record.accept(whole, "batch", {})
    _, body = await lab.ask(person, "job", "GET", f"/jobs/{whole}")
    for one in json.loads(body)["results"]:
        number = one["task_id"]
        lab.record.accept(one["job_id"], kinds[number], requests[number])


async def cancel(lab: Lab, dice: Random) -> None:
    """A job that is stopped at any moment: before it starts, while it runs, when it is done."""
    person = lab.somebody(dice)
    asked = request(lab, dice, "wct")
    if dice.random() < 0.6:
        asked |= _LONG | {"mother": "morlet"}
    job_id = await submit(lab, dice, person, "wct", asked)
    if not job_id:
        return
    await asyncio.sleep(dice.uniform(0, 1.5))
    lab.record.jobs[job_id].cancel_asked = True
    status, _ = await lab.ask(person, "cancel", "DELETE", f"/jobs/{job_id}", (200, 409))
    lab.record.jobs[job_id].cancel_granted = status == 200


async def fetch(lab: Lab, dice: Random) -> None:
    """A result of before, whole or in part."""
    done = lab.record.completed(KINDS)
    if not done:
        return
    job_id = dice.choice(done)
    array = {"cwt": "wave", "xwt": "xwt", "wct": "WCT", "significance": "signif"}
    name = array[lab.record.jobs[job_id].kind]
    path, headers, expected = dice.choice(
        [
            *((f"?format={form}", {}, 200) for form in FORMS),
            (f"/{name}", {}, 200),
            (f"/{name}?rows=0:4", {}, 200),
            (f"/{name}", {"Range": "bytes=0-255"}, 206),
        ]
    )
    where = f"/jobs/{job_id}/result{path}"
    await lab.ask(lab.somebody(dice), "result", "GET", where, (expected,), headers=headers)


def written(series: list[float], dice: Random) -> tuple[str, bytes]:
    """A file of a series: its name and what is in it."""
    form = dice.choice(("csv", "csv", "json", "npy"))
    if form == "json":
        return "series.json", json.dumps(series).encode()
    if form == "npy":
        buffer = io.BytesIO()
        np.save(buffer, np.array(series))
        return "series.npy", buffer.getvalue()
    return "series.csv", ("value\n" + "\n".join(map(repr, series)) + "\n").encode()


async def upload(lab: Lab, dice: Random) -> None:
    """A series to be kept; some have it transformed at once."""
    person = lab.somebody(dice)
    name, data = written(dice.choice(lab.series), dice)
    form = aiohttp.FormData()
    form.add_field("file", data, filename=name)
    status, body = await lab.ask(person, "upload", "POST", "/data/upload", (200,), data=form)
    if status != 200:
        return
    data_id = json.loads(body)["data_id"]
    if dice.random() < 0.3:
        await call(lab, person, "cwt", {"data_id": data_id, "dt": 1.0}, "npz")
    if dice.random() < 0.3:
        await submit(lab, dice, person, "cwt", {"data_id": data_id, "dt": 1.0})
    # Nobody deletes it before it is known here.
    lab.record.uploads[data_id] = Upload(data, person.number)


async def drop(lab: Lab, dice: Random) -> None:
    """A series that its owner needs no more."""
    if not lab.record.uploads:
        return
    data_id = dice.choice(list(lab.record.uploads))
    owner = lab.people[lab.record.uploads.pop(data_id).owner]
    await lab.ask(owner, "delete", "DELETE", f"/data/{data_id}")


async def look(lab: Lab, dice: Random) -> None:
    """What people, consoles and monitoring ask for."""
    path = dice.choice(_LOOKS)
    await lab.ask(lab.somebody(dice), "look", "GET", path)


async def stream(lab: Lab, dice: Random) -> None:
    """Windows as they come from an instrument."""
    person, record = lab.somebody(dice), lab.record
    one, other = lab.pair(dice)
    window = len(one) // 2
    try:
        async with person.session.ws_connect("/ws/stream/wct", max_msg_size=0) as socket:
            await socket.send_json({"type": "config", "dt": 1.0, "window": window, "hop": window})
            said = await socket.receive_json()
            if said["type"] != "ack":
                record.complain(f"stream: {said}")
                return
            for _ in range(5):
                began = asyncio.get_running_loop().time()
                await socket.send_json({"type": "data", "signal1": one, "signal2": other})
                for _ in range(len(one) // window):
                    said = await socket.receive_json()
                    if said["type"] != "result":
                        record.complain(f"stream: {str(said)[:300]}")
                record.answered("windows", 200, began, refused=False)
    except aiohttp.WSServerHandshakeError as error:
        # There are places for four; a fifth is told so, and when to come back.
        record.answered("windows", error.status, 0.0, refused=True)
        if error.status != 503 or "Retry-After" not in (error.headers or {}):
            record.complain(f"stream: {error!r}")
    except (aiohttp.ClientError, TypeError) as error:
        record.complain(f"stream: {error!r}")


async def watch(lab: Lab, dice: Random) -> None:
    """A console that is opened, looked at, and closed."""
    person = lab.somebody(dice)
    try:
        async with (
            person.session.ws_connect("/ws/events?since=0", max_msg_size=0) as events,
            asyncio.timeout(dice.uniform(0.5, 5)),
        ):
            last = 0
            async for event in events:
                told = event.json()
                if told["seq"] != last + 1:
                    lab.record.complain(f"events: {told['seq']} came after {last}")
                last = told["seq"]
    except TimeoutError:
        pass
    except aiohttp.ClientError as error:
        lab.record.complain(f"events: {error!r}")
