"""The feed on a real daemon: what happens while the link is cut, stalls, or nobody is there."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from itertools import groupby

import pytest

from consoles import PATIENCE
from pycwtd.client import Client
from pycwtd_console.tui.feed import Feed
from pycwtd_console.tui.live import LiveSource
from pycwtd_console.tui.model import Link, Model
from support import red_pair, running

A, B = red_pair()
CWT = {"data": A, "dt": 1}


@pytest.fixture(scope="module")
def kept():
    with running(backends=["joblib"]) as one:
        yield one


@pytest.fixture
def daemon(kept):
    """One that is killed and started again."""
    if kept.process.poll() is not None:
        kept.start()
    return kept


class Line:
    """A connection to a daemon's socket that can be cut, and can stop to pass anything on."""

    def __init__(self, target, path):
        self.target, self.path = target, path
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers = set()
        self._tasks = set()

    async def __aenter__(self):
        await self.mend()
        return self

    async def __aexit__(self, *_):
        await self.cut()

    async def mend(self):
        """Take connections."""
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def cut(self):
        """Break what there is, and take nothing new."""
        self._server.close()
        self.path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()
        self.flow()
        await asyncio.gather(*self._tasks)

    def stall(self):
        """Take everything, pass nothing on, and say nothing."""
        self._passing.clear()

    def flow(self):
        """Pass on what has waited."""
        self._passing.set()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            there_reader, there = await asyncio.open_unix_connection(self.target)
            self._writers |= {writer, there}
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, there))
                group.create_task(self._pass(there_reader, writer))
        except* OSError:
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _pass(self, reader, writer):
        while data := await reader.read(65536):
            await self._passing.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


class Watched:
    """A feed, and what it has said of the model."""

    def __init__(self, socket):
        self.model = Model(Link("connecting", 0.0))
        self.links = []
        self._news = asyncio.Event()
        self.attempts = 0
        self._socket = socket
        self.feed = Feed(self._make, self.model, self._changed)

    @asynccontextmanager
    async def _make(self):
        self.attempts += 1
        async with Client(self._socket) as client:
            yield LiveSource(client)

    def _changed(self, parts):
        if "link" in parts:
            self.links.append(self.model.link.state)
        self._news.set()

    async def until(self, wanted):
        async with asyncio.timeout(PATIENCE):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    @property
    def numbers(self):
        return [event.seq for event in self.model.events]

    def completed(self, job_id):
        job = self.model.jobs.get(job_id)
        return job is not None and job.status == "completed"

    @asynccontextmanager
    async def run(self):
        task = asyncio.create_task(self.feed.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def stored(daemon):
    """Numbers of all events, as the store has them."""
    path = daemon.state / "pycwtd.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT seq FROM events ORDER BY seq")]


def test_after_a_cut_no_event_is_missing(daemon, tmp_path):
    async def main():
        async with Line(daemon.socket, tmp_path / "l") as line:
            watched = Watched(line.path)
            async with watched.run():
                await watched.until(lambda: watched.model.link.state == "live")
                await line.cut()
                await watched.until(lambda: watched.model.link.state == "reconnecting")
                assert "can't reach the daemon" in watched.model.link.reason
                jobs = [await asyncio.to_thread(daemon.submit, "cwt", CWT) for _ in range(3)]
                for job in jobs:
                    await asyncio.to_thread(daemon.finish, job)
                assert not any(map(watched.completed, jobs))
                await line.mend()
                watched.feed.hurry()
                await watched.until(lambda: all(map(watched.completed, jobs)))
                numbers = stored(daemon)
                await watched.until(lambda: numbers[-1] in watched.numbers)
                assert watched.numbers == numbers[-len(watched.numbers) :]
                assert {e.job_id for e in watched.model.events} >= set(jobs)
                changes = [state for state, _ in groupby(watched.links)]
                assert changes == ["live", "reconnecting", "live"]

    asyncio.run(main())


def test_a_killed_daemon_is_found_again_with_all_events(daemon):
    async def main():
        watched = Watched(daemon.socket)
        async with watched.run():
            await watched.until(lambda: watched.model.link.state == "live")
            job = await asyncio.to_thread(daemon.submit, "cwt", CWT)
            await watched.until(lambda: watched.completed(job))
            daemon.kill()
            await watched.until(lambda: watched.model.link.state == "reconnecting")
            await asyncio.to_thread(daemon.start)
            watched.feed.hurry()
            await watched.until(lambda: watched.model.link.state == "live")
            await watched.until(
                lambda: any(e.type == "system.started" for e in watched.model.events)
            )
            second = await asyncio.to_thread(daemon.submit, "cwt", CWT)
            await watched.until(lambda: watched.completed(second))
            numbers = stored(daemon)
            await watched.until(lambda: numbers[-1] in watched.numbers)
            assert watched.numbers == numbers[-len(watched.numbers) :]
            # One client all the time: what screens have begun with it goes on.
            assert watched.attempts == 1

    asyncio.run(main())


def test_a_silent_line_is_found_by_the_heartbeat(daemon, tmp_path, monkeypatch):
    monkeypatch.setattr("pycwtd.client.client._HEARTBEAT", 0.2)
    monkeypatch.setattr("pycwtd.client.client._UNANSWERED", 0.3)

    async def main():
        async with Line(daemon.socket, tmp_path / "l") as line:
            watched = Watched(line.path)
            async with watched.run():
                await watched.until(lambda: watched.model.link.state == "live")
                line.stall()
                await watched.until(lambda: watched.model.link.state == "reconnecting")
                assert "nothing was heard" in watched.model.link.reason
                line.flow()
                await watched.until(lambda: watched.model.link.state == "live")

    asyncio.run(main())


def test_a_machine_that_slept_connects_anew(daemon, monkeypatch):
    async def main():
        watched = Watched(daemon.socket)
        async with watched.run():
            await watched.until(lambda: watched.model.link.state == "live")
            monkeypatch.setattr("pycwtd_console.tui.feed._slept", lambda: 1e9)
            await watched.until(lambda: watched.model.link.state == "reconnecting")
            assert "asleep" in watched.model.link.reason
            await watched.until(lambda: watched.model.link.state == "live")

    asyncio.run(main())


def test_another_store_under_the_same_name_is_noticed(daemon):
    async def main():
        watched = Watched(daemon.socket)
        async with watched.run():
            await watched.until(lambda: watched.model.link.state == "live")
            for _ in range(3):
                job = await asyncio.to_thread(daemon.submit, "cwt", CWT)
                await watched.until(lambda job=job: watched.completed(job))
            before = watched.numbers[-1]
            daemon.kill()
            daemon.state.rename(daemon.root / "before")
            await asyncio.to_thread(daemon.start)
            watched.feed.hurry()
            await watched.until(lambda: watched.links[-1] == "live" and not watched.model.jobs)
            new = await asyncio.to_thread(daemon.submit, "cwt", CWT)
            await watched.until(lambda: watched.completed(new))
            assert list(watched.model.jobs) == [new]
            assert watched.numbers[-1] <= before

    asyncio.run(main())


def test_nobody_there_is_said_and_not_asked_for_ever_faster(tmp_path):
    async def main():
        watched = Watched(tmp_path / "nobody")
        async with watched.run():
            await watched.until(lambda: len(watched.links) == 3)
            assert set(watched.links) == {"reconnecting"}
            assert "no such socket" in watched.model.link.reason
            assert watched.feed._pause > 0.2

    asyncio.run(main())


def test_what_cannot_be_made_is_a_sentence():
    class Broken(Watched):
        def __init__(self, error):
            super().__init__(None)
            self.error = error

        @asynccontextmanager
        async def _make(self):
            raise self.error
            yield

    async def said(error):
        watched = Broken(error)
        async with watched.run():
            await watched.until(lambda: watched.links)
            return watched.model.link

    denied = asyncio.run(said(PermissionError(13, "Permission denied", "/etc/key")))
    assert (denied.state, denied.reason) == ("refused", "/etc/key: Permission denied")
    port = asyncio.run(said(ValueError("Port out of range 0-65535")))
    assert (port.state, port.reason) == ("refused", "Port out of range 0-65535")
