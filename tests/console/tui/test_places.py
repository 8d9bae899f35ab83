"""Data, backends, configuration, logs and health on a real daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from consoles import agrees, console, dump, go, settle, type_in
from pycwtd_console.tui.places import PLACES
from pycwtd_console.tui.screens.submit import SubmitScreen
from pycwtd_console.tui.widgets.confirm import Confirm
from pycwtd_console.tui.widgets.form import Form
from pycwtd_console.tui.widgets.key_line import KeyLine
from pycwtd_console.tui.widgets.listing import Listing
from pycwtd_console.tui.widgets.prompt import Ask


def test_a_series_is_uploaded_fetched_and_deleted(house, files, tmp_path):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "data")
            listing = app.screen.query_one(Listing)
            before = set(listing.keys)
            await pilot.press("u")
            await pilot.pause()
            app.screen.query_one("Input").value = str(tmp_path)
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.screen, Ask)
            assert "folder" in dump(app)
            await type_in(pilot, "/a.csv")
            await pilot.press("enter")
            await settle(app, pilot)
            (new,) = set(listing.keys) - before
            assert listing.key == new
            assert "128" in dump(app)
            await pilot.press("d")
            await pilot.pause()
            app.screen.query_one("Input").value = str(tmp_path / "back.csv")
            await pilot.press("enter")
            await settle(app, pilot)
            assert (tmp_path / "back.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
            # No is what happens if one doesn't say yes.
            await pilot.press("x")
            await pilot.pause()
            assert isinstance(app.screen, Confirm)
            await pilot.press("n")
            await settle(app, pilot)
            assert new in listing.keys
            await pilot.press("x")
            await pilot.pause()
            await pilot.press("y")
            await settle(app, pilot)
            assert set(listing.keys) == before

    asyncio.run(look())


def test_a_series_is_taken_to_the_form(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "data")
            key = app.screen.query_one(Listing).key
            await pilot.press("a")
            await pilot.pause()
            await settle(app, pilot)
            assert isinstance(app.screen, SubmitScreen)
            assert app.screen.query_one(Form).row("data").text == f"@{key}"

    asyncio.run(look())


def test_backends_are_timed(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "backends")
            listing = app.screen.query_one(Listing)
            while listing.key != "sequential":
                await pilot.press("down")
            await pilot.press("space", "b")
            await settle(app, pilot)
            text = dump(app)
            assert "100 realisations of 1000 samples" in text
            assert "1.00× sequential" in text
            assert "no scheduler is configured" in text

    asyncio.run(look())


def test_settings_tell_where_they_come_from(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "configuration")
            listing = app.screen.query_one(Listing)
            every = len(listing.keys)
            await pilot.press("c")
            assert "access.loopback" in listing.keys
            assert "limits.sync_seconds" not in listing.keys
            assert len(listing.keys) < every
            listing.cursor = list(listing.keys).index("access.loopback")
            await pilot.pause()
            shown = dump(app)
            assert "config.toml" in shown
            assert "viewer" in shown
            assert "loopback listener" in shown

    asyncio.run(look())


def test_lines_of_the_log_come_and_stay_few(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "logs")
            listing = app.screen.query_one(Listing)
            assert listing.keys
            # Newest first.
            assert [int(key) for key in listing.keys] == sorted(map(int, listing.keys))[::-1]
            assert "GET /api/v1/" in dump(app)
            await pilot.press("l", "l", "l")
            assert all(line.level in {"error", "critical"} for line in listing._rows.values())
            await pilot.press("p")
            assert "paused: p goes on; error and worse" in dump(app)
            assert app.screen._lines.maxlen == 2000

    asyncio.run(look())


DUMPS = Path(__file__).parent / "dumps"
SIZES = ((80, 24), (120, 40))
#: Numbers and words of these differ between machines.
_LOOSE = ("backends", "health", "logs")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_every_screen_looks_as_it_is_kept(house, size):
    async def look():
        async with console(house, size) as (app, pilot):
            for place in ("submit", "data", "configuration", *_LOOSE):
                await go(app, pilot, place)
                text = dump(app)
                lines = text.splitlines()
                assert len(lines) == size[1]
                assert max(map(len, lines)) <= size[0]
                if place not in _LOOSE:
                    agrees(DUMPS, f"{place}-{size[0]}x{size[1]}", text)

    asyncio.run(look())


def test_the_keys_of_every_screen_fit_80_columns(house):
    async def look():
        async with console(house) as (app, pilot):
            for place in PLACES:
                await go(app, pilot, place.name)
                hints = app.screen.query_one(KeyLine).hints
                width = sum(len(f"{hint.shown} {hint.does} ") for hint in hints) - 1
                assert 0 < width <= 80, place.name
                last = dump(app).splitlines()[-1]
                assert place.name == "submit" or last.endswith("Back"), last

    asyncio.run(look())


def test_health_says_who_one_is(house, analyst):
    async def look():
        async with console(house, (120, 40), url=house.url, token=analyst) as (app, pilot):
            await go(app, pilot, "health")
            text = dump(app)
            for words in ("✓ healthy", "key:ann, analyst", "submit, cancel", "memory", "disk"):
                assert words in text

    asyncio.run(look())
