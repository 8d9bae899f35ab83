"""The measurements: what may be called met, what the page says, and what a case measures.

Nothing here depends on how fast this machine is.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import floor, work
from bench.figures import Figures
from bench.goals import GOALS, Goal, verdict
from bench.page import goals, losses, page
from bench.picture import draw
from bench.schedule import Case, Runner, equal_count
from bench.table import seconds, significant, text
from bench_runs import NUMBERED, case, changed, child, errors, lost, raw_results, results


def test_all_goals_are_met_where_the_figures_reach_them():
    assert results(raw_results()) == ["met"] * len(GOALS)
    shown = page(Figures(raw_results()))
    assert shown.startswith("<!--")
    assert "missed" not in shown


@pytest.mark.parametrize(("number", "miss"), NUMBERED)
def test_a_missed_goal_is_called_missed(number, miss):
    raw = changed(*miss)
    assert results(raw)[number] == "missed"
    figures = Figures(raw)
    assert GOALS[number].text in losses(figures)
    counts = "15 met, 0 met when warm, 0 met at first, 1 missed, 0 not measured"
    assert losses(figures).startswith(f"Of 16 goals, {counts}:")
    row = next(
        line for line in page(figures).splitlines() if line.startswith("| " + GOALS[number].text)
    )
    assert row.endswith("| **missed** |")


@pytest.mark.parametrize(("number", "miss"), [(i, m) for i, m in NUMBERED if m[1] == "time"])
def test_a_slow_first_call_is_no_goal_met(number, miss):
    assert results(changed(*miss, kinds=("first",)))[number] == "met when warm"


@pytest.mark.parametrize(("number", "miss"), [(i, m) for i, m in NUMBERED if m[1] == "time"])
def test_slow_warm_calls_are_met_at_first_and_no_more(number, miss):
    raw = changed(*miss, kinds=("warm",))
    assert results(raw) == ["met"] * number + ["met at first"] + ["met"] * (15 - number)
    counts = "15 met, 0 met when warm, 1 met at first, 0 missed, 0 not measured"
    assert losses(Figures(raw)).startswith(f"Of 16 goals, {counts}:")
    assert " wanted, warm calls give " in lost(raw, number)
    assert f"| {GOALS[number].text} | " in goals(Figures(raw))
    assert "| **met at first** |" in goals(Figures(raw))


def test_what_falls_short_of_a_goal_is_told_of_the_calls_that_do():
    goal = "`cwt` complex64: pycwt / ours: at least 30.0 × wanted, "
    for kind, calls in (("first", "a first call gives"), ("warm", "warm calls give")):
        line = lost(changed("pycwt", "time", 0.7, kinds=(kind,)), 7)
        assert line.startswith(f"- {goal}{calls} 28.0 ×, 1.07 times off")


@pytest.mark.parametrize(("number", "miss"), NUMBERED)
def test_what_was_not_measured_is_not_met(number, miss):
    for entry in ({"runs": [], "missing": "killed by signal 9"}, None):
        raw = raw_results()
        raw["cases"][miss[0]] = entry
        if entry is None:
            del raw["cases"][miss[0]]
        assert results(raw)[number] == "not measured"
        assert f"{GOALS[number].text}: " in losses(Figures(raw))


def test_nothing_measured_is_nothing_met():
    raw = raw_results() | {"cases": {}}
    assert set(results(raw)) == {"not measured"}
    assert "| met |" not in page(Figures(raw))
    assert "not measured" in text(Figures(raw))


def test_a_cascade_less_certain_than_pycwt_is_no_match_for_it():
    raw = raw_results()
    raw["cases"]["errors-cascade-84"] = errors(0.021, 2101)
    assert results(raw)[2] == "not measured"
    count = equal_count(0.021, 0.02)
    assert count == math.ceil(300 * 1.05**2)
    raw["cases"]["cascade"] = case(0.005, count=count)
    assert results(raw)[2] == "met"
    assert equal_count(0.01, 0.02) == work.COUNT


def test_levels_that_are_not_as_precise_as_asked_are_not_met():
    raw = raw_results()
    raw["cases"]["precise"] = case(0.001, error=0.0051, count=4800)
    assert results(raw)[5] == "not measured"


@given(
    limit=st.floats(0.1, 1e6),
    first=st.none() | st.floats(allow_nan=True),
    warm=st.none() | st.floats(allow_nan=True),
    sense=st.sampled_from(["at least", "at most"]),
)
def test_met_means_that_both_calls_reach_the_limit(limit, first, warm, sense):
    goal = Goal("speed", sense, limit, "×", lambda figures, kind: None)
    good = all(
        f is not None and (f >= limit if sense == "at least" else f <= limit) for f in (first, warm)
    )
    assert (verdict(goal, first, warm) == "met") == good
    swapped = {"met when warm": "met at first", "met at first": "met when warm"}
    found = verdict(goal, first, warm)
    assert verdict(goal, warm, first) == swapped.get(found, found)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fcwt": case(0.2, peak_mb=960)}, "fCWT is 2.00 times as fast (single precision, warm"),
        (
            {"fcwt": case(0.2, 3, peak_mb=960)},
            "fCWT is 2.00 times as fast (single precision, first",
        ),
        ({"pycwt": case(16, peak_mb=900)}, "pycwt peaks at 900 MB, we at 1,800 MB"),
        ({"one": case(0.006)}, "pycwt is 2.00 times as fast as we are at a first call"),
        (
            {
                "scan-c64": case(1, n=[1000, 3000], cpu=[0.1, 0.2]),
                "scan-fcwt": case(1, n=[1000, 3000], cpu=[0.05, 0.3]),
            },
            "fCWT is faster at 1,000 samples",
        ),
    ],
)
def test_a_peer_that_wins_is_named(changes, sentence):
    raw = raw_results()
    assert sentence not in losses(Figures(raw))
    raw["cases"] |= changes
    assert sentence in losses(Figures(raw))


def test_the_least_of_all_rounds_counts_and_the_largest_peak():
    raw = raw_results()
    other = copy.deepcopy(raw["cases"]["c64"]["runs"][0]) | {"warm": [0.3, 0.5], "first": 0.7}
    raw["cases"]["c64"]["runs"].append(other | {"peak_kib": 2e6})
    figures = Figures(raw)
    assert figures.least("c64") == 0.3
    assert figures.median("c64") == 0.4
    assert figures.least("c64", "first") == 0.4
    assert figures.peak("c64") == pytest.approx(2048)


def test_the_floor_is_memory_and_ffts():
    assert Figures(raw_results()).floor("c64") == pytest.approx(0.3)
    # 5 n log2 n, the count of benchFFT.
    assert floor.fft_flops(1024) == 51200
    full, cascade = (Figures(raw_results()).floor(key) for key in ("full", "cascade"))
    assert cascade / full == pytest.approx(2101 / 9733)


def test_figures_are_written_with_three_digits():
    written = [seconds(x) for x in (0.0123456, 0.5, 12.345, 1234.5)]
    assert written == ["12.3 ms", "0.500 s", "12.3 s", "1,234 s"]
    assert significant(19_800.4) == "19,800"


def test_the_picture_is_drawn_without_peers_too(tmp_path):
    raw = raw_results()
    raw["cases"]["scan-c64"] = case(1, n=[1000, 3000], cpu=[0.1, 0.2])
    raw["cases"]["scan-cascade"] = case(1, J=[36, 84], n=[96, 1536], cpu=[0.1, 0.2])
    del raw["cases"]["pycwt"], raw["cases"]["pycwt-typical"], raw["cases"]["pycwt-144"]
    draw(Figures(raw), tmp_path / "images" / "a.png")
    assert (tmp_path / "images" / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_case_tells_its_memory_and_each_call():
    found = child(case="floor.fill", args={"size": 64_000_000}, warm=2)
    # Of one result, not of all three.
    assert 60_000 < found["peak_kib"] - found["before_kib"] < 120_000
    assert len(found["warm"]) == len(found["warm_elapsed"]) == 2
    assert found["first"] > 0


def test_a_program_that_is_not_there_is_missing():
    assert "fcwt" in child(case="peers.fcwt", args={"n": 1000})["missing"]


def test_a_python_that_is_not_there_leaves_its_cases_out():
    runner = Runner(Path("/no/bin/python"), 1, quick=True)
    runner.run([Case("pycwt", "peers.pycwt", {"n": 1000})])
    assert runner.found["pycwt"]["missing"] == "there is no /no/bin/python"
    assert Figures({"cases": runner.found}).missing("pycwt") == "there is no /no/bin/python"
