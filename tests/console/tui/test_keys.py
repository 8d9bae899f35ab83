"""Keys that a person chooses, and those that hold when nobody has chosen."""

from __future__ import annotations

import asyncio
import re

import pytest

from consoles import console, recorded
from pycwtd_console.tui import themes
from pycwtd_console.tui.keys import (
    LAYERED,
    RESERVED,
    ConfigError,
    catalogue,
    clashes,
    keep_theme,
    load,
)
from pycwtd_console.tui.screens.jobs import JobsScreen
from pycwtd_console.tui.widgets.key_line import KeyLine

KNOWN = list(catalogue())


def test_every_binding_has_an_id():
    without = [k.binding.key for k in KNOWN if not k.binding.id]
    # Keys that move about in a drawing belong together.
    assert [key for key in without if key.removeprefix("shift+") not in LAYERED] == []
    # The test must have seen what there is.
    assert {"go.jobs", "jobs.cancel", "submit.send", "listing.mark", "app.command"} <= {
        k.binding.id for k in KNOWN
    }


def test_no_key_does_two_things_anywhere():
    assert list(clashes(KNOWN, {})) == []


def test_a_clash_is_found():
    found = set(clashes(KNOWN, {"jobs.cancel": "q"}))
    assert {frozenset(one) for one in found} == {frozenset({"q", "leave", "jobs.cancel"})}


def test_no_key_is_one_that_tmux_screen_or_the_terminal_keeps():
    assert [k.binding for k in KNOWN if k.binding.key in RESERVED] == []


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "console.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[keys]\n"jobs.cancle" = "X"\n', ["line 2", "'jobs.cancle'", "'jobs.cancel'"]),
        ('theme = "light"\n[keys]\n"jobs.cancel" = "q"\n', ["line 3", "jobs.cancel", "leave"]),
        ('[keys]\n"jobs.cancel" = "ctrl+b"\n', ["line 2", "jobs.cancel", "tmux"]),
        ('[keys]\n"jobs.cancel" = "f5,ctrl+a"\n', ["line 2", "screen's prefix"]),
        ('[keys]\n"jobs.cancel" = "ctrl+s"\n', ["line 2", "ctrl+s", "terminal"]),
        ('[keys]\n"jobs.cancel" = "ctrl+q"\n', ["line 2", "ctrl+q", "terminal"]),
        ('[keys]\n"jobs.cancel" = "Quux"\n', ["line 2", "quux", "isn't the name of a key"]),
        ('[keys]\n"jobs.cancel" = ""\n', ["line 2", "must be a key"]),
        ('[keys]\n"jobs.cancel" = 7\n', ["line 2", "must be a key", "7"]),
        ('[keys]\n"go.jobs" = "J"\n"go.logs" = "J"\n', ["J", "go.jobs", "go.logs"]),
        ('theme = "drak"\n', ["line 1", "'drak'", "dark"]),
        ("keys = 3\n", ["line 1", "must be a table"]),
        ('\ncolour = "x"\n', ["line 2", "'colour'", "theme and [keys]"]),
        ("theme = \n", ["isn't TOML", "line 1"]),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(write, text, words):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.toml")


def test_without_a_file_nothing_is_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = load()
    assert (found.theme, dict(found.keys)) == (themes.DEFAULT, {})
    assert found.path == tmp_path / "pycwtd" / "console.toml"


def test_two_keys_may_change_places(write):
    path = write('[keys]\n"jobs.status" = "x"\n"jobs.cancel" = "s"\n')
    assert dict(load(path).keys) == {"jobs.status": "x", "jobs.cancel": "s"}


@pytest.mark.parametrize(
    "before",
    ["", '# mine\n[keys]\n"go.logs" = "L"\n', '# a\ntheme = "dark"\n\n[keys]\n"go.logs" = "L"\n'],
)
def test_a_theme_that_is_kept_leaves_the_rest_of_the_file(write, before):
    path = write(before)
    keep_theme(path, "contrast")
    assert load(path).theme == "contrast"
    kept = [line for line in before.splitlines() if line and not line.startswith("theme")]
    assert [line for line in path.read_text().splitlines() if line in kept] == kept
    assert len(re.findall("theme", path.read_text())) == 1


def test_the_file_s_keys_and_colours_hold(daemon, write):
    path = write('theme = "light"\n[keys]\n"go.jobs" = "J"\n')

    async def look():
        async with console(daemon, configuration=load(path)) as (app, pilot):
            assert app.theme == "light"
            await pilot.press("2")
            assert not isinstance(app.screen, JobsScreen)
            await pilot.press("J")
            assert isinstance(app.screen, JobsScreen)
            await pilot.press("T")
            assert app.theme == themes.after("light")
            assert path.read_text().startswith('theme = "light"')
            app.choose_theme("contrast", keep=True)
            assert load(path).theme == "contrast"

    asyncio.run(look())


def test_a_click_on_a_key_is_the_key():
    async def main():
        async with recorded() as (app, pilot):
            line = app.screen.query_one(KeyLine)
            begin = 0
            for hint in line.hints:
                if hint.does == "Keys":
                    break
                begin += len(f"{hint.shown} {hint.does} ")
            for x, title in ((begin - 2, "FilterLine"), (begin, "KeyPage")):
                await pilot.click(KeyLine, offset=(x, 0))
                await pilot.pause()
                shown = [type(app.screen).__name__, type(app.focused).__name__]
                assert title in shown
                await pilot.press("escape")

    asyncio.run(main())
