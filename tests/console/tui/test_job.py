"""The screen of a job on a real daemon: its numbers against the result's file, read by numpy."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from consoles import agrees, console, dump, settle
from pycwt_mod import cwt
from pycwtd_console.tui.drawing.palette import table
from pycwtd_console.tui.widgets.confirm import Confirm
from shown import at, press, shown_soon
from support import red_pair, running

SCREENS = Path(__file__).with_name("screens")
A, B = red_pair(200, seed=3)
WCT = {"signal1": A, "signal2": B, "dt": 0.5, "dj": 0.125, "sig": True, "mc_count": 400, "seed": 11}
CWT = {"data": A, "dt": 0.5, "dj": 0.125, "sig": True}


@pytest.fixture(scope="module")
def daemon():
    with running(backends=["joblib"]) as one:
        yield one


@pytest.fixture(scope="module")
def wct(daemon):
    job = daemon.submit("wct", WCT)
    daemon.finish(job)
    return job, daemon.result(job)


def shown(result, row, column):
    """What the read-out has to say of a point, in numbers."""
    period = 1 / result["freqs"][row]
    return column * 0.5, period, result["WCT"][row, column], result["signif"][row]


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"(?<![²\d])[−]?\d+(?:\.\d+)?", text)]


def test_the_read_out_reads_the_result(daemon, wct):
    job, result = wct
    walks = ("", "right right up", "shift+left shift+down", "plus ] right up", "pagedown pageup")

    async def walk():
        async with at(daemon, job) as (app, pilot, screen):
            for keys in walks:
                await press(app, pilot, keys)
                view = screen._map.view
                row, column = view.row, view.column
                lines = dump(app).splitlines()
                place = next(line for line in lines if line.strip().startswith("time "))
                told = lines[lines.index(place) + 1]
                time, period, value, level = shown(result, row, column)
                np.testing.assert_allclose(numbers(place), [time, period, value], rtol=1e-3)
                degrees = math.degrees(result["aWCT"][row, column])
                assert numbers(told)[:3] == pytest.approx([95, level, degrees], rel=1e-3, abs=0.06)
                assert ("not significant" in told) == (value <= level)
                assert ("within the cone" in told) == (period > result["coi"][column])
                yield row, column

    async def all_of_them():
        return [place async for place in walk()]

    places = asyncio.run(all_of_them())
    assert len(set(places)) == 3  # two of the walks end where the one before did


def test_every_cell_has_the_colour_of_its_point(daemon, wct):
    job, result = wct

    async def check():
        async with at(daemon, job) as (app, pilot, screen):
            shown = screen._map
            shown.depth = "full"
            for key in ["plus"] * 2 + ["]"] * 2:
                await press(app, pilot, key)
            width, height = shown._cells()
            view, colours = shown.view, [tuple(c) for c in table("viridis")]
            rows, columns = np.arange(*view.rows), np.arange(*view.columns)
            assert columns.size <= width
            assert rows.size <= 2 * height
            looked_at = 0
            for y in range(height):
                x = -shown._gutter()
                for segment in shown.render_line(y):
                    for sign in segment.text:
                        if sign == "▀" and x >= 0:
                            column = view.columns[0] + x * columns.size // width
                            for half, colour in enumerate(
                                (segment.style.color, segment.style.bgcolor)
                            ):
                                pixel = tuple(colour.triplet)
                                octave = view.low + (2 * y + half + 0.5) / (2 * height) * (
                                    view.high - view.low
                                )
                                row = int(np.argmin(abs(np.log2(1 / result["freqs"]) - octave)))
                                if pixel in colours:
                                    value = result["WCT"][row, column]
                                    assert (
                                        abs(colours.index(pixel) - 255 * value) < 2
                                    )  # some colours are there twice
                                    looked_at += 1
                        x += 1
            assert looked_at > width * height  # of twice as many; the others are cone or contour

    asyncio.run(check())


def test_zoom_palettes_and_maximum(daemon, wct):
    job, _ = wct

    async def check():
        async with at(daemon, job, (80, 24)) as (app, pilot, screen):
            text = dump(app)
            assert "mean of 2.6 samples" in text
            await press(app, pilot, "n t")
            assert "maximum of 2.6 samples" in dump(app)
            assert screen._map.palette == "cividis"
            whole = screen._map.view
            await press(app, pilot, "plus plus ]")
            assert screen._map.view.columns[1] - screen._map.view.columns[0] == 50
            assert "every sample" in dump(app)
            await press(app, pilot, "0")
            assert screen._map.view.columns == whole.columns
            assert screen._map.view.rows == whole.rows
            await press(app, pilot, "0")
            assert screen._map.view.rows == (0, len(screen._map.map.periods))
            await pilot.resize_terminal(120, 40)
            await settle(app, pilot)
            assert screen._map._cells()[0] > 100
            assert max(map(len, dump(app).splitlines())) <= 120

    asyncio.run(check())


def test_shades_where_there_are_no_colours(daemon, wct, monkeypatch):
    job, _ = wct
    monkeypatch.setenv("NO_COLOR", "1")

    async def check():
        async with at(daemon, job, (80, 24)) as (app, pilot, screen):
            assert screen._map.shown_depth == "none"
            text = dump(app)
            assert "▀" not in text
            assert {"░", "▒", "▓", "█", "╱"} <= set(text)
            screen._map.depth = "sixteen"
            await settle(app, pilot)
            colours = {s.style.color.name for y in range(9) for s in screen._map.render_line(y)}
            assert {"cyan", "bright_black"} <= colours

    asyncio.run(check())


def test_the_spectrum_of_power_is_the_librarys(daemon):
    from pycwtd_console.tui.spectrum import spectrum

    job = daemon.submit("cwt", CWT)
    daemon.finish(job)
    transform = cwt(A, 0.5, 0.125)
    level = transform.significance(0.95, test=1)

    async def check():
        async with at(daemon, job, keys="s") as (app, _, screen):
            assert "95 % level of the mean" in dump(app)
            return spectrum(screen._map.map, screen._map.whole)

    found = asyncio.run(check())
    # The daemon normalises: its power is in units of the variance.
    variance = np.var(A)
    np.testing.assert_allclose(found.values, transform.global_power / variance, rtol=1e-9)
    np.testing.assert_allclose(found.level, level.signif / variance, rtol=1e-6)


def test_levels_chunks_log_and_parameters_of_an_ended_job(daemon, wct):
    job, result = wct

    async def check():
        async with at(daemon, job, keys="v") as (app, pilot, screen):
            levels = screen._levels.levels
            assert levels.realisations == 400
            np.testing.assert_allclose(levels.levels, result["signif"], rtol=1e-12)
            np.testing.assert_allclose(levels.errors, result["signif_error"], rtol=1e-12)
            assert "after 400 realisations" in dump(app)
            await press(app, pilot, "c")
            text = dump(app)
            (line,) = [one for one in text.splitlines() if re.search(r"█ \w+ +\d", one)]
            assert numbers(line)[1] == 400
            await press(app, pilot, "p")
            text = dump(app)
            for words in (
                job,
                "Morlet, ω0 6",
                "200 samples",
                "dt 0.5",
                "8 scales to the octave",
                "against red noise",
                "95 %",
                "400 realisations",
            ):
                assert words in text
            await press(app, pilot, "l")
            assert screen.page == "log"
            assert "older than the console" not in dump(app)

    asyncio.run(check())


def test_a_running_jobs_levels_settle_and_it_can_be_cancelled(daemon):
    request = WCT | {"mc_count": 1_000_000, "estimator": "full"}
    job = daemon.submit("wct", request)

    async def check():
        async with console(daemon, (100, 34)) as (app, pilot):
            app.open_job(job)
            await pilot.pause()
            screen = app.screen
            await pilot.press("v")
            await app.until(lambda: len(screen._levels.history) >= 3)
            history = screen._levels.history
            done, errors = zip(*history, strict=True)
            assert list(done) == sorted(set(done))
            # Of the same job each error falls about with the root of the realisations.
            assert errors[-1] < errors[0]
            assert 0.5 < errors[-1] / errors[0] / math.sqrt(done[0] / done[-1]) < 2
            await pilot.press("v")
            await pilot.pause()
            assert "expected at 1,000,000" in dump(app)
            # Whoever says no has it go on.
            await pilot.press("x")
            await pilot.pause()
            await pilot.press("n")
            known = len(screen._levels.history)
            await app.until(lambda: len(screen._levels.history) > known)
            assert screen.job.status == "running"
            await pilot.press("x")
            await pilot.pause()
            await pilot.press("y")
            await app.until(lambda: screen.job.status == "cancelled")
            assert "cancelled" in dump(app)

    asyncio.run(check())


def test_a_batch_leads_to_its_members(daemon):
    tasks = [{"type": "cwt", **CWT}, {"type": "xwt", "signal1": A, "signal2": B, "dt": 0.5}]
    batch = daemon.call("POST", "/api/v1/jobs/batch", {"tasks": tasks}).json["job_id"]
    daemon.finish(batch)

    async def check():
        async with at(daemon, batch) as (app, pilot, screen):
            assert screen.page == "members"
            assert "completed" in dump(app)
            await press(app, pilot, "down enter")
            assert app.screen is not screen
            assert app.screen.job.kind == "xwt"
            assert "cross power" in dump(app)
            await press(app, pilot, "q")
            assert app.screen is screen

    asyncio.run(check())


def test_other_states_have_their_own_view(daemon, wct):
    job, _ = wct

    async def check():
        async with at(daemon, job) as (app, pilot, screen):
            reason = "the backend's process died three times; the last words were: " + "x" * 70
            failed = msgspec.structs.replace(screen.job, status="failed", error=reason, attempts=3)
            screen.take(failed)
            await settle(app, pilot)
            assert screen.page == "about"
            text = " ".join(dump(app).split())
            assert "the last words were" in text
            assert "attempts 3" in text
            test = msgspec.structs.replace(
                *(screen.job,),
                **{"kind": "self_test", "status": "running", "backend": "joblib", "error": None},
                **{"completed_at": None, "realisations": 0, "parameters": {}},
            )
            screen.take(test)
            await settle(app, pilot)
            text = dump(app)
            assert "self_test  running" in text
            assert re.search(r"its state +\w+", text)
            assert "Map" not in text

    asyncio.run(check())


def test_an_unknown_job_is_a_sentence(daemon):
    async def check():
        async with at(daemon, "00000000-0000-0000-0000-000000000000") as (app, pilot, _):
            assert "there is no job" in dump(app)
            await press(app, pilot, "m v c e x")

    asyncio.run(check())


# -- export ---------------------------------------------------------------------------------


async def write(app, pilot, path):
    """Ask for a file, as a person does."""
    from textual.widgets import Input

    await pilot.press("e")
    await shown_soon(pilot, lambda: isinstance(app.focused, Input))
    app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")


@pytest.mark.parametrize(
    ("name", "beginning"), [("r.npz", b"PK"), ("r.nc", b"\x89HDF"), ("r.png", b"\x89PNG")]
)
def test_export_writes_what_the_suffix_says(daemon, wct, tmp_path, name, beginning):
    job, result = wct
    path = tmp_path / name

    async def check():
        async with at(daemon, job, (80, 24)) as (app, pilot, screen):
            await write(app, pilot, path)
            await settle(app, pilot)
            assert app.screen is screen, dump(app)
            assert str(path) in "".join(app.said)

    asyncio.run(check())
    assert path.read_bytes().startswith(beginning)
    assert [one.name for one in tmp_path.iterdir()] == [name]
    if name == "r.npz":
        with np.load(path) as archive:
            np.testing.assert_array_equal(archive["WCT"], result["WCT"])


def test_export_asks_and_says_what_is_wrong(daemon, wct, tmp_path):
    job, _ = wct
    there = tmp_path / "there.npz"
    there.write_text("mine")

    async def check():
        async with at(daemon, job, (80, 24)) as (app, pilot, screen):
            for path, words in (
                (tmp_path / "r.xlsx", ".npz, .nc, .png"),
                (tmp_path / "no" / "r.npz", "There is no folder"),
            ):
                await write(app, pilot, path)
                await settle(app, pilot)
                assert words in " ".join(dump(app).replace("│", " ").split())
                await press(app, pilot, "escape")
                assert app.screen is screen
            for answer, kept in (("n", True), ("y", False)):
                await write(app, pilot, there)
                await shown_soon(pilot, lambda: isinstance(app.screen, Confirm))
                asked = "".join(str(one.render()) for one in app.screen.query("Static"))
                assert f"{there} is there already and will be replaced" in asked
                await press(app, pilot, answer)
                assert (there.read_bytes() == b"mine") == kept
                if kept:
                    await press(app, pilot, "escape")

    asyncio.run(check())


# -- as text --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("page", "key"), [("map", "m"), ("levels", "v"), ("spectrum", "s")])
def test_screen_is_the_kept_one(daemon, wct, monkeypatch, size, *, page, key):
    job, _ = wct
    monkeypatch.setenv("NO_COLOR", "1")

    async def check():
        async with at(daemon, job, size, key) as (app, _, screen):
            screen._headline.update("the headline")  # which tells how long it took
            await app.animator.wait_until_complete()
            return dump(app)

    agrees(SCREENS, f"job-{page}-{size[0]}x{size[1]}", asyncio.run(check()))
