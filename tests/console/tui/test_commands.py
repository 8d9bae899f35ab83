"""The command line and the palette reach every place and every action, and nothing else."""

from __future__ import annotations

import asyncio

import pytest
from textual.widgets import Input

from consoles import console, dump, go, settle, type_in
from pycwtd_console.tui.commands import (
    CommandError,
    ConsoleCommands,
    commands,
    completions,
    execute,
    slug,
)
from pycwtd_console.tui.places import PLACES
from pycwtd_console.tui.widgets.command_line import CommandLine
from pycwtd_console.tui.widgets.filter_line import FilterLine
from pycwtd_console.tui.widgets.key_page import KeyPage, keys_of
from pycwtd_console.tui.widgets.listing import Listing


def actions_of(screen):
    """Names of what a screen's own keys do, as far as it is offered."""
    return {
        slug(active.binding.description)
        for active in screen.active_bindings.values()
        if active.node is screen and active.binding.id and active.binding.description
    }


async def palette_of(app):
    """Lines that the palette lists on the screen."""
    provider = ConsoleCommands(app.screen)
    return {str(hit.text or hit.display) async for hit in provider.discover()}


def test_every_place_and_action_is_reached_by_name_and_by_palette(house):
    async def look():
        async with console(house) as (app, pilot):
            actions = set()
            for place in PLACES:
                await app.execute(place.name, commands(app.screen))
                await pilot.pause()
                assert app.current_mode == place.name
                own = actions_of(app.screen)
                actions |= own
                known = commands(app.screen)
                assert own <= known.keys(), place
                lines = await palette_of(app)
                assert own | {p.name for p in PLACES} <= lines
                assert {f"theme {name}" for name in ("light", "contrast")} <= lines
                await settle(app, pilot)
            assert {"send", "analyse", "delete", "benchmark", "pause", "level", "cancel"} <= actions
            assert app.said == []

    asyncio.run(look())


def test_actions_act(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "logs")
            await app.execute("pause", commands(app.screen))
            await pilot.pause()
            assert "paused" in dump(app)
            await go(app, pilot, "data")
            await app.execute("filter nothing-is-called-so", commands(app.screen))
            assert app.screen.query_one(Listing).keys == []
            # Escape takes the filter away before it goes anywhere.
            await pilot.press("escape")
            assert len(app.screen.query_one(Listing).keys) == 1
            assert app.current_mode == "data"
            await app.execute("theme light", commands(app.screen))
            assert app.theme == "light"

    asyncio.run(look())


def test_what_cannot_be_done_is_said_with_the_nearest_name(house):
    async def look():
        async with console(house) as (app, _):
            known = commands(app.screen)
            for line, words in {
                "jbos": "did you mean jobs?",
                "device joblbi": "did you mean joblib?",
                "device": "takes the name of a device",
                "job": "takes the beginning",
                "theme lihgt": "did you mean light?",
                "theme light forever": "keep or nothing",
                "quit now": "takes nothing after it",
            }.items():
                with pytest.raises(CommandError) as caught:
                    await execute(line, known)
                assert words in str(caught.value)
            await app.execute("job ffffffff", known)
            assert app.said == ["there is no job 'ffffffff'"]

    asyncio.run(look())


def test_the_line_completes_and_remembers(house):
    async def look():
        async with console(house) as (app, pilot):
            await pilot.press(":")
            assert isinstance(app.screen, CommandLine)
            await type_in(pilot, "conf")
            await pilot.press("tab")
            assert app.screen.query_one(Input).value == "configuration"
            await pilot.press("enter")
            await pilot.pause()
            assert app.current_mode == "configuration"
            await pilot.press(":", "up")
            assert app.screen.query_one(Input).value == "configuration"
            await pilot.press("escape")
            await pilot.press(":")
            await type_in(pilot, "zzz")
            assert "nothing begins like that" in dump(app)
            await pilot.press("enter")
            await pilot.pause()
            assert "there is no 'zzz' here" in app.said[-1]

    asyncio.run(look())


def test_completion_knows_ids_devices_and_themes(house):
    async def look():
        async with console(house) as (app, _):
            known = commands(app.screen)
            assert completions("the", known) == ["theme"]
            assert completions("theme d", known) == ["theme dark", "theme dark keep"]
            assert completions("device jo", known) == ["device joblib"]
            assert completions("quit ", known) == []

    asyncio.run(look())


def test_a_filter_is_typed_and_dropped(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "backends")
            listing = app.screen.query_one(Listing)
            every = len(listing.keys)
            await pilot.press("slash")
            await type_in(pilot, "sequ")
            assert list(listing.keys) == ["sequential"]
            await pilot.press("enter")
            assert listing.has_focus
            assert app.screen.query_one(FilterLine).value == "sequ"
            await pilot.press("slash", "escape")
            assert len(listing.keys) == every
            assert not app.screen.query(FilterLine)
            await go(app, pilot, "health")
            await pilot.press("slash")
            assert not app.screen.query(FilterLine)
            assert "filter" not in commands(app.screen)

    asyncio.run(look())


def test_the_page_of_keys_has_what_holds_here(house):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "data")
            offered = actions_of(app.screen)
            await pilot.press("?")
            page = app.screen
            assert isinstance(page, KeyPage)
            groups = dict(page.groups)
            assert {key for key, _ in groups["Here"]} == {"a", "u", "d", "x"}
            assert len(groups["Here"]) == len(offered)
            assert ("8", "Health") in groups["Places"]
            assert "Delete what is marked" in dump(app)
            await pilot.press("escape")
            assert not isinstance(app.screen, KeyPage)

    asyncio.run(look())


ROLES = {
    "viewer": ({"overview", "jobs", "data", "backends", "health"}, {"download"}),
    "analyst": (
        {"overview", "jobs", "submit", "data", "backends", "health"},
        {"download", "upload", "delete", "analyse"},
    ),
}


@pytest.mark.parametrize("role", ROLES)
def test_what_the_role_may_not_do_is_offered_nowhere(house, analyst, role):
    places, actions = ROLES[role]
    token = {"viewer": None, "analyst": analyst}[role]

    async def look():
        async with console(house, url=house.url, token=token) as (app, pilot):
            assert app.model.greeting.role == role
            for place in PLACES:
                await pilot.press(place.key)
                assert (app.current_mode == place.name) == (place.name in places)
            await go(app, pilot, "data")
            known = commands(app.screen)
            assert {place.name for place in PLACES} & known.keys() == places
            every = {"download", "upload", "delete", "analyse"}
            assert every & known.keys() == actions
            assert {slug(title) for _, title in dict(keys_of(app.screen))["Here"]} >= {
                "fetch-the-file"
            }
            assert ("Delete" in dump(app)) == ("delete" in actions)
            lines = await palette_of(app)
            assert {place.name for place in PLACES} & lines == places
            assert every & lines == actions
            await go(app, pilot, "health")
            assert f", {role}" in dump(app)

    asyncio.run(look())
