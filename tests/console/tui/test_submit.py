"""The form: as the daemon validates, and nothing typed is lost."""

from __future__ import annotations

import asyncio
import dataclasses
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from textual.widgets import Static

from consoles import console, dump, go, settle, type_in
from pycwtd.client import Client, ClientError
from pycwtd_console.tui.estimates import estimate
from pycwtd_console.tui.schema import fields_of, named_field
from pycwtd_console.tui.screens.submit import SubmitScreen
from pycwtd_console.tui.series import binned, complete_path, preview
from pycwtd_console.tui.widgets.field import Choice, FieldRow
from pycwtd_console.tui.widgets.form import Form
from support import red_pair

A, B = red_pair()
#: Texts for every field that is typed: what is right and what is wrong, the daemon says.
PROBES = ("1", "-1", "0", "0.5", "2001", "1e7", "x", "0.0001", "1.5", "1e400", "-0.1", "NaN")


@pytest.fixture(scope="module")
def document(house):
    return house.call("GET", "/openapi.json").json


def test_fields_take_what_the_daemon_takes(house, document):
    """Each probe alone is judged by the form, and by the daemon when it is sent."""
    seen = set()
    for spec in fields_of(document, "/api/v1/analysis/wct"):
        if spec.kind not in {"number", "integer"}:
            continue
        for text in PROBES:
            try:
                value, ours = spec.parse(text), True
            except ValueError:
                ours = False
                value = float(text) if text not in {"x", "NaN", "1e400"} else text
            request = {"data1": A, "data2": B, "dt": 1.0, "sig": None, spec.name: value}
            del request["sig"]
            answer = house.call(
                "POST", "/api/v1/jobs/estimate", {"kind": "wct", "request": request}
            )
            # 400 is of fields that don't go together, which a field can't know.
            theirs = answer.status != 422
            assert ours == theirs, (spec.name, text, answer.body)
            seen.add((spec.kind, ours))
    assert len(seen) == 4


def test_the_document_s_words_are_the_form_s(document):
    specs = {spec.name: spec for spec in fields_of(document, "/api/v1/analysis/wct")}
    assert specs["data1"].kind == "series"
    assert specs["data1"].uploads
    assert "data1_id" not in specs
    assert specs["dt"].required
    assert not specs["dj"].required
    assert specs["gaps"].choices == ("linear", "mask")
    assert specs["gaps"].parse("none") is None
    assert specs["seed"].parse("9007199254740993") == 9007199254740993
    assert specs["dt"].parse("1/12") == 1 / 12
    assert specs["s0"].parse("-1") == -1
    for name, text, words in (
        ("dt", "0", "must be a number > 0"),
        ("mc_count", "0", "must be a whole number ≥ 1 and ≤ 1,000,000"),
        ("wavelet", "haar", "must be one of"),
        ("s0", "-2", "or -1"),
    ):
        with pytest.raises(ValueError, match=words):
            specs[name].parse(text)


def test_a_bound_that_is_left_out_is_left_out(document):
    (dt,) = (s for s in fields_of(document, "/api/v1/analysis/wct") if s.name == "dt")
    for word, right, wrong in (
        ("exclusiveMinimum", "1.5", "1"),
        ("minimum", "1", "0.5"),
        ("exclusiveMaximum", "0.5", "1"),
        ("maximum", "1", "1.5"),
    ):
        spec = dataclasses.replace(dt, bounds=((word, 1.0),), exempt=None)
        assert spec.parse(right) == float(right)
        with pytest.raises(ValueError, match="must be a number"):
            spec.parse(wrong)


def test_a_sentence_is_put_to_its_field():
    names = ["dt", "data1", "data2", "backend", "J"]
    assert named_field("dt: must be a number > 0.0", names) == "dt"
    assert named_field("data1[3]: must be finite", names) == "data1"
    assert named_field("data1, data2: differ", names) == "data1"
    assert named_field("data2_id: must be a text", names) == "data2"
    assert named_field("there is no backend 'q'", names) == "backend"
    assert named_field("the queue is full", names) is None


def test_bins_keep_the_extremes():
    values = [*A, None, 99.0]
    found = binned(values * 20)
    assert (found.length, found.missing) == (len(values) * 20, 20)
    assert max(v for v in found.maxima if v is not None) == 99.0
    assert min(v for v in found.minima if v is not None) == min(A)


def test_paths_are_completed(tmp_path):
    (tmp_path / "series.csv").touch()
    (tmp_path / "folder").mkdir()
    assert complete_path(f"{tmp_path}/se") == f"{tmp_path}/series.csv"
    assert complete_path(f"{tmp_path}/f") == f"{tmp_path}/folder/"
    assert complete_path(f"{tmp_path}/x") is None
    assert complete_path("/nowhere/at/all") is None


async def fill(app, pilot, **texts):
    """Put texts into fields, as if they were typed."""
    for name, text in texts.items():
        app.screen.query_one(Form).row(name).text = text
    await pilot.pause()
    await settle(app, pilot)


async def turn(app, pilot, kind):
    app.screen.query_one("#kind", Choice).value = kind
    await pilot.pause()
    await settle(app, pilot)


def verdict(app):
    return str(app.screen.query_one("#verdict", Static).render())


def test_wrong_input_is_said_at_its_field(house, files, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("1\n2\nx\n")

    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "submit")
            await turn(app, pilot, "wct")
            form = app.screen.query_one(Form)
            await fill(app, pilot, data1=str(bad), data2=files[1], dt="0", mc_count="many")
            assert form.row("data1").wrong == "line 3: 'x' isn't a number"
            assert form.row("dt").wrong == "must be a number > 0"
            assert "whole number" in form.row("mc_count").wrong
            assert not form.row("data2").wrong
            assert verdict(app).startswith("✗ data1: line 3")
            # A sign, not the colour alone.
            assert "✗ must be a number > 0" in dump(app)
            # It isn't sent, and the cursor is where something is wrong.
            await pilot.press("ctrl+g")
            await settle(app, pilot)
            assert isinstance(app.screen, SubmitScreen)
            assert app.screen.focused.id == "field-data1"
            # All is well one by one; that they don't go together, the daemon says.
            (tmp_path / "short.csv").write_text("1\n2\n1\n" * 20)
            await fill(app, pilot, data1=str(tmp_path / "short.csv"), dt="1", mc_count="")
            assert "length" in form.row("data1").wrong or "samples" in form.row("data1").wrong
            await fill(app, pilot, data1=files[0])
            assert not [row.spec.name for row in form.rows if row.wrong]
            assert verdict(app).startswith("Ready: 128 samples")
            assert "sequential" in dump(app)

    asyncio.run(look())


def test_a_job_is_sent_and_opened_and_nothing_is_lost(house, files):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "submit")
            await turn(app, pilot, "wct")
            await fill(app, pilot, data1=files[0], data2=files[1], dt="1/2", mc_count="20")
            await go(app, pilot, "jobs")
            await go(app, pilot, "submit")
            await turn(app, pilot, "cwt")
            form = app.screen.query_one(Form)
            # What is the first series of one kind is the first of the other.
            assert form.row("data").text == files[0]
            assert "mc_count" not in [spec.name for spec in form.specs]
            await turn(app, pilot, "wct")
            texts = {row.spec.name: row.text for row in app.screen.query(FieldRow)}
            assert texts["mc_count"] == "20"
            assert texts["data2"] == files[1]
            opened = []
            app.open_job = opened.append
            await pilot.press("ctrl+g")
            await settle(app, pilot)
            (job_id,) = opened
            job = await asyncio.to_thread(house.finish, job_id)
            assert (job["kind"], job["status"], job["realisations"]) == ("wct", "completed", 20)
            assert job["parameters"]["dt"] == 0.5
            assert form.row("mc_count").text == "20"

    asyncio.run(look())


def test_a_plug_in_s_workload_has_its_form_its_words_and_its_result(house, tmp_path):
    """Made of its schema, judged as the API judges, sent, and shown by name and value."""
    (tmp_path / "v.csv").write_text("1\n2\n4.5\n")

    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "submit")
            assert "sums" in app.screen.query_one("#kind", Choice).options
            await turn(app, pilot, "sums")
            form = app.screen.query_one(Form)
            assert [s.name for s in form.specs if s.kind == "series"] == ["values"]
            assert {s.name for s in form.specs} >= {"values", "rounds", "how"}
            assert verdict(app) == "✗ values: is needed"
            await fill(app, pilot, values=str(tmp_path / "v.csv"), rounds="half")
            wrong = form.row("rounds").wrong
            assert wrong.startswith("must be a whole number")
            request = {"values": [1.0], "rounds": "half"}
            refused = house.call("POST", "/api/v1/jobs", {"kind": "sums", "request": request})
            assert refused.status == 422
            assert "rounds: must be a whole number" in refused.json["detail"]
            await fill(app, pilot, rounds="")
            assert verdict(app).startswith("Ready")
            await pilot.press("ctrl+g")
            await settle(app, pilot)
            await settle(app, pilot)
            await asyncio.to_thread(house.finish, app.screen.job_id)
            await app.until(lambda: app.screen.job and app.screen.job.status == "completed")
            await pilot.press("r")
            await settle(app, pilot)
            text = dump(app)
            assert re.search(r"total +7\.5", text), text

    asyncio.run(look())


def test_series_come_from_the_store_and_go_there(house, files):
    async def look():
        async with console(house) as (app, pilot):
            await go(app, pilot, "submit")
            await turn(app, pilot, "xwt")
            await pilot.press("ctrl+o")
            await type_in(pilot, "level")
            await pilot.press("enter")
            await settle(app, pilot)
            form = app.screen.query_one(Form)
            assert form.row("data1").text.startswith("@")
            await fill(app, pilot, data2=files[1], dt="1")
            before = form.row("data1").text
            await pilot.press("ctrl+t")
            await settle(app, pilot)
            assert form.row("data1").text == before
            uploaded = form.row("data2").text
            assert uploaded.startswith("@")
            assert house.call("GET", f"/api/v1/data/{uploaded[1:]}").json["length"] == 128
            await fill(app, pilot, data2="@nix")
            assert "there is no uploaded series 'nix'" in form.row("data2").wrong

    asyncio.run(look())


def test_an_older_daemon_is_no_error():
    """One that has no such routes, over real HTTP; what else goes wrong still is one."""
    answers = {"code": "not_found", "status": 404}

    async def handle(_: web.Request) -> web.Response:
        body = {"detail": "nothing here", "error": {"code": answers["code"]}}
        return web.json_response(body, status=answers["status"])

    async def look():
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", handle)
        async with TestServer(app) as server, Client(url=str(server.make_url("/"))) as client:
            for answers["status"], answers["code"] in ((404, "not_found"), (405, "no_method")):
                assert await estimate(client, "cwt", {}) is None
                assert await preview(client, "x") is None
            answers.update(status=404, code="unknown_data")
            for call in (estimate(client, "cwt", {}), preview(client, "x")):
                with pytest.raises(ClientError, match="nothing here"):
                    await call

    asyncio.run(look())
