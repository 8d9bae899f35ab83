"""What the least work and two processors of their own would give, where a goal is lost."""

from __future__ import annotations

import copy
import os
import select
import subprocess
import sys

import pytest

from bench import beside, work
from bench.beside import while_all_run
from bench.figures import Figures
from bench.goals import GOALS
from bench.page import losses, page
from bench.schedule import significance_cases
from bench.table import seconds, significant, text
from bench_runs import ROOT, changed, child, lost, raw_results


#: In the run of bench_runs the floors take: c64 0.3 s, c128 0.6 s, wct32 0.4 s. Those
#: of full and of the cascade follow from 50 GFLOP/s and the points of their plans.
@pytest.mark.parametrize(
    ("number", "key", "factor", "figures"),
    [
        (7, "pycwt", 0.5, "20.0 ×, 1.50 times off; the floor itself gives 26.7 ×."),
        (8, "fcwt", 0.5, "3.75 ×, 1.33 times off; the floor itself gives 5.00 ×."),
        (11, "c128", 4, "0.750 ×, 1.33 times off; the floor itself gives 5.00 ×."),
        (12, "wct32", 2, "7.00 ×, 1.75 times off; the floor itself gives 1.33 ×."),
        (13, "wct64", 2, "7.00 ×, 1.75 times off."),
    ],
)
def test_what_the_floor_would_give_is_told_where_a_goal_is_lost(number, key, factor, figures):
    line = lost(changed(key, "time", factor, kinds=("warm",)), number)
    assert line.endswith(f" wanted, warm calls give {figures}")


def test_memory_has_no_floor():
    assert lost(changed("c64", "peak", 1.2), 9).endswith(" we have 1,140 MB, 1.14 times off.")


@pytest.mark.parametrize(("number", "key"), [(0, "full"), (2, "cascade")])
def test_the_floor_of_a_significance_is_pycwt_over_the_counted_work(number, key):
    figures = Figures(changed(key, "time", 10))
    at_floor = GOALS[number].at_floor(figures, "warm")
    assert at_floor == pytest.approx(0.4 * 300 / figures.floor(key))
    assert f"; the floor itself gives {significant(at_floor)} ×." in losses(figures)


def test_a_floor_that_our_own_calls_pass_is_called_no_bound():
    raw = changed("full", "time", 10, kinds=("first",))
    for warm, words in ((0.04, " ×."), (0.001, " ×, which our own calls pass.")):
        raw["cases"]["full"]["runs"][0]["warm"] = [warm]
        assert "the floor itself gives" in lost(raw, 0)
        assert lost(raw, 0).endswith(words)


def test_a_run_without_a_floor_tells_none():
    raw = changed("c64", "time", 2)
    assert "the floor itself" in losses(Figures(raw))
    del raw["cases"]["ffts64"]
    assert "the floor itself" not in losses(Figures(raw))


def test_two_processes_that_share_nothing_bound_what_two_threads_gain():
    raw = changed("full-two", "time", 1.3)
    bound = "; two processes that have nothing in common reach 1.80 ×."
    # 1/40 + 1/50 runs each ms, where one alone makes 1/40.
    assert Figures(raw).together == pytest.approx(1.8)
    assert lost(raw, 1).endswith(bound)
    assert lost(changed("cascade-two", "time", 1.3), 3).endswith(bound)
    # 40 ms of one thread, and 5 ms of the cascade.
    assert f"| floor of full, two threads, elapsed |  | {seconds(0.04 / 1.8)} |" in page(
        Figures(raw)
    )
    assert f"| floor of cascade, two threads, elapsed |  | {seconds(0.005 / 1.8)} |" in page(
        Figures(raw)
    )
    assert "side by side 40.0 ms and 50.0 ms, counted while both were busy: 1.80 times" in page(
        Figures(raw)
    )


def test_others_on_the_machine_do_not_lower_what_two_processors_do():
    raw = raw_results()
    run = raw["cases"]["full-beside"]["runs"][0]
    # Alone undisturbed once, side by side never: the rounds next to each other tell.
    run["values"] = {
        "alone": [[0.04, 0.05], [0.04, 0.05], [0.02, 0.025]],
        "beside": [[0.04, 0.05], [0.05, 0.0625], [0.4, 0.5]],
    }
    found = Figures(raw).beside()
    assert (found.alone, found.both) == ([0.02, 0.025], [0.04, 0.05])
    assert (found.gain.best, found.gain.usual) == (pytest.approx(1), pytest.approx(1.6))
    assert Figures(raw).together == pytest.approx(1.6)
    # Side by side undisturbed in one round of another process: the best tells.
    other = copy.deepcopy(run)
    other["values"] = {"alone": [[0.02, 0.025]] * 4, "beside": [[0.02, 0.025]] + [[0.4, 0.5]] * 3}
    raw["cases"]["full-beside"]["runs"].append(other)
    assert Figures(raw).beside().gain.usual < 1.6
    assert Figures(raw).together == pytest.approx(2)


@pytest.mark.parametrize("entry", [None, {"runs": [], "missing": "this machine has 1 processor"}])
def test_a_run_that_knows_no_two_processes_is_shown_without_them(entry):
    raw = changed("full-two", "time", 1.3)
    raw["cases"]["full-beside"] = entry
    if entry is None:
        del raw["cases"]["full-beside"]
    why = "not measured in this run" if entry is None else entry["missing"]
    assert lost(raw, 1).endswith(" times off.")
    assert f"floor of full, two threads, elapsed: {why}." in page(Figures(raw))
    assert f"There is no figure of that: {why}." in page(Figures(raw))
    assert why in text(Figures(raw))


def test_two_threads_are_compared_with_one_by_turns():
    raw = raw_results()
    # A machine that is twice as fast for a while: nothing that was measured far apart is compared.
    raw["cases"]["full-turns"]["runs"][0]["values"] = {
        "one": [0.04] * 5 + [0.02] * 2 + [0.04] * 5,
        "two": [0.022] * 5 + [0.018] * 2 + [0.022] * 5,
    }
    found = Figures(raw).threads("full")
    assert (found.best, found.usual) == (pytest.approx(20 / 18), pytest.approx(40 / 22))
    assert Figures(raw).gained("full", "warm") == pytest.approx(40 / 22)
    assert Figures(raw).gained("full", "first") == pytest.approx(40 / 21)
    assert "Two threads of `full` make, likewise, 1.11 times the runs of one at best and 1.82" in (
        page(Figures(raw)).replace("\n", " ")
    )
    # A processor that somebody else has half of doesn't make two gain more than two.
    raw["cases"]["full-turns"]["runs"][0]["values"] = {"one": [0.06, 0.03] * 4, "two": [0.02] * 8}
    assert Figures(raw).threads("full").usual == pytest.approx(2)
    del raw["cases"]["full-turns"]
    assert Figures(raw).gained("full", "warm") is None
    assert "Two threads of `full`" not in page(Figures(raw))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="takes two processors")
def test_two_threads_tell_their_rounds():
    found = child(case="beside.threads", args=BESIDE | {"rounds": 3}, cpus=2)["values"]
    assert {name: len(seconds) for name, seconds in found.items()} == {"one": 3, "two": 3}
    assert all(each > 0 for seconds in found.values() for each in seconds)


def test_two_processes_are_compared_over_the_span_in_which_both_ran():
    # The second begins late, and goes on alone at twice the speed when the first has ended.
    first, second = [0.0, 1.0, 3.0, 5.0], [1.0, 3.0, 5.0, 6.0, 7.0]
    assert while_all_run([first, second]) == pytest.approx([2, 2])
    # One that stood still while the other called is charged for it: a quarter of a call in 2 s.
    assert while_all_run([[0.0, 1.0, 2.0], [0.0, 8.0]]) == pytest.approx([1, 8])
    assert while_all_run([[3.0, 4.0, 7.0]]) == pytest.approx([2])
    with pytest.raises(RuntimeError, match="never ran at the same time"):
        while_all_run([[0.0, 1.0], [1.0, 2.0]])


#: A short significance for two processes beside each other.
BESIDE = {"J": 24, "estimator": "full", "count": 2}


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="takes two processors")
def test_two_processes_tell_their_calls_alone_and_beside_each_other():
    found = child(case="beside.significance", args=BESIDE | {"rounds": 3}, cpus=2)["values"]
    for name in ("alone", "beside"):
        assert [len(pair) for pair in found[name]] == [2, 2, 2]
        assert all(each > 0 for pair in found[name] for each in pair)
    raw = raw_results()
    raw["cases"]["full-beside"]["runs"][0]["values"] = found
    assert Figures(raw).together > 0


def test_processes_beside_each_other_do_what_one_thread_is_measured_with():
    cases = {case.key: case for case in significance_cases({work.TYPICAL: 300, work.LARGE: 300})}
    case = cases["full-beside"]
    assert (case.case, case.args, case.cpus) == ("beside.significance", cases["full"].args, 2)


def test_one_processor_has_nobody_beside_it():
    pinned = (
        "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from bench.child import main; main()"
    )
    found = child(["-c", pinned], case="beside.significance", args=BESIDE, cpus=2)
    assert found == {"missing": "this machine has 1 processor"}


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="takes two processors")
def test_a_process_that_ends_early_is_not_waited_for(capfd):
    with pytest.raises(RuntimeError, match="ended early"):
        beside.significance(**BESIDE | {"estimator": "none"})()
    assert "estimator" in capfd.readouterr().err


def test_processes_beside_each_other_end_with_the_one_that_started_them():
    """Killed, so that it has no time to tell them."""
    processor = min(os.sched_getaffinity(0))
    code = (
        "import multiprocessing, sys; from bench import beside\n"
        f"with beside._process({processor}, {BESIDE}) as pipe:\n"
        "    pipe.recv()\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert os.sched_getaffinity(pid) == {processor}
        ended = os.pidfd_open(pid)
        assert select.select([ended], [], [], 0)[0] == []
        parent.kill()
        assert select.select([ended], [], [], 60)[0] == [ended]
        os.close(ended)
