"""The model and the listing with ten thousand jobs, and what can be done with them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from msgspec import convert
from msgspec.structs import replace

from consoles import PATIENCE, RECORDING, WatchedApp, live, press, settle
from pycwtd.api.types import JobList, JobView
from pycwtd.client import UnreachableError
from pycwtd_console.tui.feed import Feed
from pycwtd_console.tui.model import Link, Model
from pycwtd_console.tui.recording import Replay
from pycwtd_console.tui.source import Happening
from pycwtd_console.tui.widgets.listing import Listing
from support import red_pair

A, _ = red_pair()


def job(number, status="completed", **changes):
    """The n-th of many, one a second."""
    made = f"2026-01-{1 + number // 86400:02d}T"
    made += f"{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
    said = {
        **{"job_id": f"{number:08d}-0000", "kind": "wct", "status": status, "progress": 0.5},
        **{"eta": None, "created_at": made, "started_at": None, "completed_at": None},
        **{"estimated_time_seconds": None, "estimator": None, "backend": "joblib"},
        **{"fallback_reason": None, "attempts": 1, "error": None, "waiting_for": None},
        **{"owner": "uid:0", "seed": 1, "realisations_done": 1, "realisations": 10, "rate": 1.0},
        "parameters": {},
    }
    return convert({**said, **changes}, JobView)


def key(number):
    return f"{number:08d}-0000"


def model_of(count):
    model = Model(Link("live", 0.0))
    model.keep_jobs(job(number) for number in range(count))
    return model


def test_jobs_are_newest_first_however_they_come():
    model = Model(Link("live", 0.0))
    for numbers in ([5, 4, 3], [8, 7], [1, 0], [6], [2]):
        model.keep_jobs(job(number) for number in numbers)
    assert list(model.jobs) == [key(number) for number in range(8, -1, -1)]


def test_a_change_keeps_its_place_and_the_same_mapping():
    model = model_of(100)
    jobs = model.jobs
    model.keep_jobs([job(50, "running")])
    assert model.jobs is jobs
    assert list(model.jobs)[49] == key(50)
    assert list(model.running) == [key(50)]
    model.keep_jobs([job(50)])
    assert model.running == {}


def test_no_more_than_twenty_thousand_and_none_at_work_is_dropped():
    model = Model(Link("live", 0.0))
    model.keep_jobs([job(0, "running"), job(1, "queued")])
    model.older = "7"
    model.keep_jobs(job(number) for number in range(2, 21_000))
    assert len(model.jobs) == 20_000
    assert list(model.jobs)[-2:] == [key(1), key(0)]
    assert model.older is None
    assert model.full


def test_events_of_days_take_no_more_room():
    model = Model(Link("live", 0.0))
    feed = Feed(lambda: None, model, lambda _: None)
    for number in range(1, 200_001):
        feed.take(Happening("job.running", number, "2026-01-01T00:00:00Z", str(number % 50), {}))
    assert len(model.events) == 2000
    assert model.events[-1].seq == 200_000
    assert len(feed._dirty_jobs) == 50


class Many(Replay):
    """A recording's daemon with many jobs, by the page."""

    def __init__(self, count):
        super().__init__(RECORDING, float("inf"))
        self.all = [job(number) for number in range(count - 1, -1, -1)]
        self.pages = 0

    async def jobs(self, *, status=None, cursor=None, limit=200):
        self._asked.set()
        if status:
            return JobList([], None)
        self.pages += 1
        begin = int(cursor or 0)
        more = begin + limit < len(self.all)
        return JobList(self.all[begin : begin + limit], str(begin + limit) if more else None)


@asynccontextmanager
async def looking(source, size=(80, 24)):
    @asynccontextmanager
    async def make():
        yield source

    app = WatchedApp(make, "many")
    async with app.run_test(size=size) as pilot:
        await app.until(lambda: app.model.link.state == "ended")
        await press(pilot, "2")
        yield app, pilot, app.screen.query_one("#jobs", Listing)


def test_older_jobs_come_when_one_goes_down_to_them():
    async def main():
        source = Many(3000)
        async with looking(source) as (app, pilot, listing):
            before = len(listing.keys)
            assert before < 3000
            while len(listing.keys) < 3000:
                known = len(listing.keys)
                await press(pilot, "end")
                await app.until(lambda known=known: len(app.model.jobs) > known)
                await pilot.pause()
            assert listing.keys[-1] == key(0)
            assert app.model.older is None
            await press(pilot, "end")
            assert listing.key == key(0)
            assert "00000000" in app.text

    asyncio.run(main())


def test_ten_thousand_jobs_draw_only_what_is_seen(monkeypatch):
    async def main():
        async with looking(Many(10_000)) as (app, pilot, listing):
            app.model.keep_jobs(job(number) for number in range(10_000))
            app.changed(frozenset({"jobs"}))
            await pilot.pause()
            assert len(listing.keys) >= 10_000
            drawn = []
            draw = Listing.render_line

            def count(self, y):
                drawn.append(y)
                return draw(self, y)

            monkeypatch.setattr(Listing, "render_line", count)
            await press(pilot, "end")
            app.model.keep_jobs([job(9_999, "running")])
            app.changed(frozenset({"jobs"}))
            await pilot.pause()
            assert 0 < len(drawn) < 20 * listing.size.height

    asyncio.run(main())


def late(number):
    """A job that is newer than all of the recording's."""
    return job(number, created_at=f"2027-01-01T00:00:0{number % 10}.000Z")


def test_the_cursor_stays_with_its_row_once_it_was_moved():
    async def main():
        async with looking(Many(100)) as (app, pilot, listing):
            newest = late(200_000)
            app.model.keep_jobs([newest])
            app.changed(frozenset({"jobs"}))
            assert listing.key == newest.job_id
            await press(pilot, "down down space")
            held = listing.key
            app.model.keep_jobs([late(200_001), late(200_002)])
            app.changed(frozenset({"jobs"}))
            await pilot.pause()
            assert listing.key == held
            assert held is not None
            assert len(listing.picked) == 1
            assert listing.picked[0] != held
            await press(pilot, "home")
            app.model.keep_jobs([late(200_003)])
            app.changed(frozenset({"jobs"}))
            assert listing.key == late(200_003).job_id

    asyncio.run(main())


def test_a_click_is_on_the_row_that_is_seen_there():
    async def main():
        async with looking(Many(100)) as (app, pilot, listing):
            for y in (3, 7):
                await pilot.click("#jobs", offset=(3, y))
                await pilot.pause()
                assert listing.key == listing.keys[y - 1]
                assert app.text.splitlines()[listing.region.y + y].split()[0] == listing.key[:8]

    asyncio.run(main())


def test_a_filter_looks_at_new_rows_alone(monkeypatch):
    async def main():
        async with looking(Many(100)) as (app, _, listing):
            listing.filter("0000001 WCT")
            assert [k[:8] for k in listing.keys] == [f"{n:08d}" for n in [*range(19, 9, -1), 1]]
            looked = []
            module = "pycwtd_console.tui.widgets.listing._has"
            monkeypatch.setattr(module, lambda _words, key, *_: looked.append(key) or True)
            app.model.keep_jobs([job(50, "failed")])
            app.changed(frozenset({"jobs"}))
            assert looked == [key(50)]
            assert key(50) in listing.keys

    asyncio.run(main())


class Breaking(Many):
    """One whose connection breaks while an old job is asked for that an event has told of."""

    broken = False

    async def events(self, _since):
        yield None
        if not self.broken:
            yield Happening("job.failed", 10**6, "2026-01-01T00:00:00Z", key(5), {})
        await asyncio.Event().wait()

    async def job(self, job_id):
        if not self.broken:
            self.broken = True
            raise UnreachableError("the line is gone", lost=True)
        return next(one for one in self.all if one.job_id == job_id)


def test_what_was_asked_for_when_the_line_broke_is_asked_for_again():
    async def main():
        source, model, news = Breaking(3000), Model(Link("connecting", 0.0)), asyncio.Event()

        @asynccontextmanager
        async def make():
            yield source

        task = asyncio.create_task(Feed(make, model, lambda _: news.set()).run())
        async with asyncio.timeout(PATIENCE):
            while key(5) not in model.jobs:
                news.clear()
                await news.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert source.broken
        assert len(model.jobs) < 3000

    asyncio.run(main())


def test_a_status_is_chosen_by_key():
    async def main():
        source = Many(10)
        source.all[3] = replace(source.all[3], status="failed")
        source.all[4] = replace(source.all[4], status="queued")
        async with looking(source) as (app, pilot, listing):
            everything = len(listing.keys)
            await press(pilot, "s")
            assert [app.model.jobs[k].status for k in listing.keys] == ["queued"]
            await press(pilot, "S S S")
            assert {app.model.jobs[k].status for k in listing.keys} <= {"failed"}
            await press(pilot, "s s s")
            assert len(listing.keys) in {everything, 1}

    asyncio.run(main())


#: What no machine finishes while a test looks on.
ENDLESS = {
    **{"signal1": A, "signal2": A[::-1], "dt": 1, "sig": True, "mc_count": 1_000_000},
    **{"estimator": "full", "dj": 1 / 12, "s0": 2, "J": 100},
}


def test_marked_jobs_are_cancelled_after_a_yes_and_not_before(daemon):
    jobs = [daemon.submit("wct", ENDLESS) for _ in range(3)]

    async def main():
        app = live(daemon.socket)
        async with app.run_test(size=(80, 24)) as pilot:
            await app.until(lambda: all(job in app.model.jobs for job in jobs))
            await press(pilot, "2 space space x")
            assert "2 jobs are cancelled" in " ".join(app.text.split())
            await press(pilot, "n")
            assert {daemon.job(job)["status"] for job in jobs} <= {"queued", "running"}
            await press(pilot, "x y")
            await app.until(lambda: all(app.model.jobs[j].status == "cancelled" for j in jobs[1:]))
            assert daemon.job(jobs[0])["status"] in {"queued", "running"}
            await press(pilot, "y")
            assert app.clipboard in jobs

    asyncio.run(main())
    assert daemon.call("DELETE", f"/api/v1/jobs/{jobs[0]}").status == 200


@pytest.fixture(scope="module")
def drained(daemon):
    """No backend takes work, so that jobs wait."""
    for device in ("joblib", "sequential"):
        assert daemon.call("POST", f"/api/v1/devices/{device}/drain").status == 202
    yield daemon
    for device in ("joblib", "sequential"):
        daemon.call("POST", f"/api/v1/devices/{device}/resume")


def test_a_device_offers_what_its_state_allows(drained):
    async def main():
        app = live(drained.socket)
        async with app.run_test(size=(120, 40)) as pilot:
            await app.until(lambda: "joblib" in app.model.devices)
            app.open_device("joblib")
            await pilot.pause()
            assert "drained" in app.text
            offered = {binding.id for binding in _offered(app)}
            assert {"device.resume", "device.self_test"} <= offered
            assert not offered & {"device.drain", "device.release", "device.flash"}
            # Other tests may have had it tested before.
            before = self_tests(app)
            # Whoever says no has changed nothing.
            for key in "ut":
                await press(pilot, f"{key} n")
                await settle(app, pilot)
            device = drained.call("GET", "/api/v1/devices/joblib").json
            assert device["state"] == "drained"
            assert self_tests(app) == before
            await press(pilot, "t y")
            await app.until(lambda: self_tests(app) > before)
            await app.until(lambda: app.screen._outcome)
            assert "self-test passed" in app.screen._outcome

    asyncio.run(main())


def self_tests(app):
    return {job_id for job_id, job in app.model.jobs.items() if job.kind == "self_test"}


def _offered(app):
    return [active.binding for active in app.screen.active_bindings.values()]
