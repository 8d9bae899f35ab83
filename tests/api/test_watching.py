"""Watching the daemon itself: events that have happened, its log, its settings."""

from __future__ import annotations

import asyncio
import json

import pytest

from pycwtd.client import Client, Configuration, Events, Logs
from support import red_pair, running

A, B = red_pair()
PAIR = {"data1": A, "data2": B, "dt": 1.0, "mc_count": 20}
CONFIG = """
[limits]
sync_seconds = 7.5
[access]
origins = ["https://me:hush@page"]
[drivers.dask]
scheduler = "tcp://127.0.0.1:1"
"""


@pytest.fixture(scope="module")
def watched():
    """A daemon whose settings come from several places, with a job that has ended."""
    with running(CONFIG, start=False, backends=["joblib"]) as daemon:
        daemon.start({"PYCWTD_ENGINE__CHUNK_SECONDS": "0.5"})
        daemon.job_id = daemon.submit("significance", PAIR)
        daemon.finish(daemon.job_id)
        yield daemon


def ask(daemon, work):
    async def main():
        async with Client(daemon.socket) as client:
            return await work(client)

    return asyncio.run(main())


# -- events --------------------------------------------------------------------------------


def test_events_are_those_of_the_websocket_newest_first(watched):
    last = {"type": "job.completed", "job_id": watched.job_id}
    told = watched.events(0, lambda event: last.items() <= event.items())
    listed = watched.call("GET", "/api/v1/events?limit=1000").json
    assert "next_cursor" not in listed
    # A device may have been told of since.
    newest = told[-1]["seq"]
    assert [one for one in listed["events"] if one["seq"] <= newest] == told[::-1]


def test_events_page_by_page_and_by_what_they_are(watched):
    whole = watched.call("GET", "/api/v1/events?limit=1000").json["events"]
    newest = whole[0]["seq"]
    pages, query = [], f"before={newest + 1}&limit=2"
    while query:
        page = watched.call("GET", f"/api/v1/events?{query}").json
        pages += page["events"]
        cursor = page.get("next_cursor")
        query = cursor and f"before={cursor}&limit=2"
    assert pages == whole
    mine = watched.call("GET", f"/api/v1/events?job_id={watched.job_id}").json["events"]
    assert mine == [one for one in whole if one["job_id"] == watched.job_id]
    assert [one["type"] for one in mine][::-1][:2] == ["job.queued", "job.running"]
    ended = watched.call("GET", "/api/v1/events?type=job.completed").json["events"]
    assert [one["job_id"] for one in ended] == [watched.job_id]
    since = mine[1]["seq"]
    later = watched.call("GET", f"/api/v1/events?since={since}&job_id={watched.job_id}").json
    assert later["events"] == mine[:1]


def test_the_client_reads_all_pages(watched, monkeypatch):
    monkeypatch.setattr("pycwtd.client.pages._PAGE", 2)
    found = ask(watched, lambda client: Events(client).recent(None, before=6))
    assert [one["seq"] for one in found] == [5, 4, 3, 2, 1]
    found = ask(watched, lambda client: Events(client).recent(1, job_id=watched.job_id))
    assert [one["type"] for one in found] == ["job.completed"]
    assert ask(watched, lambda client: Events(client).recent(type="job.burnt")) == []


# -- the log -------------------------------------------------------------------------------


def test_the_ring_has_what_stderr_has(watched):
    lines = ask(watched, lambda client: Logs(client).recent(2000))
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    written = watched.log
    assert all(line.message.split("\n")[0] in written for line in lines)
    about = ask(watched, lambda client: Logs(client).recent(job_id=watched.job_id))
    assert [line.fields["event"] for line in about] == [
        "job.queued",
        "job.running",
        "job.completed",
    ]
    assert about[0].level == "info"


def test_following_the_log_leaves_nothing_out_and_isnt_in_it(watched):
    first = ask(watched, lambda client: Logs(client).recent(3))
    assert len(first) == 3
    watched.call("GET", "/api/v1/jobs/nobody")
    after = ask(watched, lambda client: Logs(client).recent(since=first[-1].seq))
    requests = [line.fields["route"] for line in after if line.fields.get("event") == "request"]
    assert requests == ["/api/v1/jobs/{id}"]
    assert ask(watched, lambda client: Logs(client).recent(2, since=0))[0].seq == 1
    assert ask(watched, lambda client: Logs(client).recent(level="error")) == []


def test_a_ring_forgets_the_oldest():
    import logging

    from pycwtd.logs import LOG_ROUTE, Ring

    ring = Ring(size=3)
    for number in range(5):
        ring.handle(logging.makeLogRecord({"msg": f"line {number}", "levelname": "INFO"}))
    quiet = {"msg": "asked", "levelname": "INFO", "fields": {"route": LOG_ROUTE}}
    ring.handle(logging.makeLogRecord(quiet))
    assert ring.kept == (3, 5)
    assert [line.message for line in ring.lines(None, 10)] == ["line 2", "line 3", "line 4"]
    assert [line.seq for line in ring.lines(3, 1)] == [4]


# -- settings ------------------------------------------------------------------------------


def test_every_setting_with_its_source_and_what_it_means(watched):
    found = {one.name: one for one in ask(watched, lambda client: Configuration(client).all())}
    sync = found["limits.sync_seconds"]
    assert (sync.value, sync.source) == (7.5, "config.toml:3")
    assert "becomes a job" in sync.description
    assert found["engine.chunk_seconds"].source == "PYCWTD_ENGINE__CHUNK_SECONDS"
    assert found["state_dir"].source == "command line"
    assert (found["limits.streams"].value, found["limits.streams"].source) == (4, "default")
    assert all(one.description for one in found.values())
    assert "hush" not in json.dumps([one.value for one in found.values()])


def test_a_secret_is_told_of_and_not_told():
    from pycwtd.config import Config
    from pycwtd.config.listing import settings

    config = Config(drivers={"board": {"api_token": "hush", "password": "", "port": "x"}})
    found = {one.name: one.value for one in settings(config, lambda _key: "built-in")}
    assert found["drivers.board.api_token"] == "set"
    assert found["drivers.board.password"] == "not set"
    assert found["drivers.board.port"] == "x"


@pytest.mark.parametrize("path", ["events", "logs", "config"])
def test_who_may_watch(path):
    from pycwtd.api.permissions import RULES

    role = RULES["GET", f"/api/v1/{path}"].role
    assert role == ("viewer" if path == "events" else "operator")
