"""Recordings: made from a real daemon, played, and those that can't be."""

from __future__ import annotations

import asyncio
import json

import pytest

from consoles import PATIENCE, RECORDING, recorded, utc
from pycwtd.client import Client, ClientError
from pycwtd_console.tui.feed import Feed
from pycwtd_console.tui.heads import read_head
from pycwtd_console.tui.model import Link, Model
from pycwtd_console.tui.recorder import record
from pycwtd_console.tui.recording import Replay, replaying
from support import red_pair

A, _ = red_pair()


def played(path):
    """The model at the end of a recording."""
    model = Model(Link("connecting", 0.0))

    async def main():
        async with asyncio.timeout(PATIENCE):
            await Feed(lambda: replaying(path, float("inf")), model, lambda _: None).run()

    asyncio.run(main())
    return model


def test_what_is_recorded_is_what_the_daemon_says(daemon, tmp_path):
    path = tmp_path / "r.jsonl"

    async def main():
        begun, enough = asyncio.Event(), asyncio.Event()
        told = []

        def tell(event):
            told.append(event)
            if event["type"] == "job.completed":
                enough.set()

        async with asyncio.timeout(PATIENCE), Client(daemon.socket) as client:
            first = await asyncio.to_thread(daemon.submit, "cwt", {"data": A, "dt": 1})
            await asyncio.to_thread(daemon.finish, first)
            task = asyncio.create_task(record(client, path, tell, begun.set))
            await begun.wait()
            second = await asyncio.to_thread(daemon.submit, "cwt", {"data": A, "dt": 2})
            await enough.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return [first, second], told

    jobs, told = asyncio.run(main())
    model = played(path)
    assert [job for job in model.jobs if job in jobs] == jobs[::-1]
    for job_id in jobs:
        said = daemon.job(job_id)
        known = model.jobs[job_id]
        assert (known.status, known.created_at, known.completed_at) == (
            "completed",
            said["created_at"],
            said["completed_at"],
        )
    assert [event.seq for event in model.events] == [event["seq"] for event in told]
    assert model.greeting.role == "admin"


def test_a_recording_cut_anywhere_is_still_good(tmp_path):
    whole = RECORDING.read_bytes()
    complete = whole.index(b'"event"')
    path = tmp_path / "cut.jsonl"
    for size in range(complete, len(whole), len(whole) // 12):
        path.write_bytes(whole[:size])
        model = played(path)
        assert model.link.state == "ended"
        assert model.link.reason == ""
        lines = whole[:size].split(b"\n")[:-1]
        events = [json.loads(line)["event"] for line in lines if b'"event":' in line]
        shown = [e["seq"] for e in events if e["type"] != "job.progress"]
        assert [event.seq for event in model.events] == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("GIF89a\n", "isn't a recording"),
        ('{"format": "other", "version": 1}\n', "isn't a recording"),
        (
            '{"format": "pycwtd-recording", "version": 2, "time": "2026-01-01T00:00:00Z"}\n',
            "as new as",
        ),
        ('{"format": "pycwtd-recording"}\n', "damaged"),
        ('{"format": "pycwtd-recording", "version": 1, "time": "noon"}\n', "damaged"),
    ],
)
def test_what_is_no_recording_is_a_sentence(tmp_path, text, said):
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_head(path)


def test_a_damaged_line_ends_the_recording_with_its_number(tmp_path):
    lines = RECORDING.read_bytes().splitlines(keepends=True)
    path = tmp_path / "damaged"
    path.write_bytes(b"".join([*lines[:12], b'{"at": 1.0, "job": {"job_id": 3}}\n', *lines[13:]]))
    model = played(path)
    assert model.link.state == "ended"
    assert "line 13" in model.link.reason


def test_a_recording_without_a_snapshot_says_so(tmp_path):
    path = tmp_path / "short"
    path.write_bytes(RECORDING.read_bytes().splitlines(keepends=True)[0])
    model = played(path)
    assert "ends before anything was recorded" in model.link.reason


def test_it_is_played_at_its_speed():
    replay = Replay(RECORDING, speed=1.0)
    recorded = [json.loads(line) for line in RECORDING.read_text().splitlines()[1:]]

    async def main():
        await replay.hello()
        loop = asyncio.get_running_loop()
        waits = []

        async def sleep(seconds):
            waits.append(loop.time() + seconds)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "sleep", sleep)
            items = replay.events(None)
            for _ in range(20):
                await anext(items)
            await items.aclose()
        return waits

    waits = asyncio.run(main())
    due = [line["at"] for line in recorded if line["at"] > 0.0 or "event" in line]
    begun = waits[0] - due[0]
    # A computer as slow as this may need some of it for the lines between.
    assert [round(wait - begun, 0) for wait in waits] == [round(at, 0) for at in due[: len(waits)]]


def test_nothing_is_offered_that_a_recording_cannot_do():
    async def main():
        async with recorded() as (app, _):
            assert not app.may("analyst")
            assert "Cancel" not in app.text
            assert await app.ask(lambda client: client.health()) is None

    with utc():
        asyncio.run(main())


def test_its_time_is_the_one_of_the_recording():
    model = played(RECORDING)
    last = json.loads(RECORDING.read_text().splitlines()[-1])["at"]
    assert model.clock() == pytest.approx(Replay(RECORDING).began + last)


def test_asking_for_a_job_it_has_not_is_a_404():
    async def main():
        replay = Replay(RECORDING)
        await replay.hello()
        await replay.job("nobody")

    with pytest.raises(ClientError, match="no job nobody") as caught:
        asyncio.run(main())
    assert caught.value.status == 404
