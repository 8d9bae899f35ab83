"""How a run is cut into pieces for threads, and the memory that they work in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycwt_mod._kernel import ffi, lib

from pycwt_mod.backends import Cancelled, NoControl, SignificanceTask
from pycwt_mod.monte_carlo import kernel_run
from pycwt_mod.monte_carlo.kernel import Plan
from pycwt_mod.monte_carlo.kernel_run import KEPT, KEPT_BYTES, SMALL_PIECE, TEAMS, Team

SCALES = tuple(2 * 2 ** (j / 6) for j in range(24))
TASK = SignificanceTask("morlet", 6.0, SCALES, (0.25, 0.5, 0.25), 150, (0.4, 0.9), 50)
PLANS = {kind: Plan(replace(TASK, estimator=kind)) for kind in ("full", "cascade")}


def taken(parts, span, threads, most=0):
    """The pieces of a queue in their order: number of the part, its first realisation, how many."""
    told = ffi.new("pk_part[]", [part.told(part.span(span)) for part in parts])
    queue = ffi.new("pk_queue *", (told, len(parts), threads, most, 0))
    first, count = ffi.new("uint64_t *"), ffi.new("uint64_t *")
    while (part := lib.pk_queue_take(queue, first, count)) >= 0:
        yield part, first[0], count[0]


@given(
    estimator=st.sampled_from(sorted(PLANS)),
    first=st.integers(0, 1000),
    count=st.integers(1, 3000),
    threads=st.integers(1, 9),
    lanes=st.sampled_from([(4, 4), (8, 8), (16, 8), (16, 16)]),
    most=st.sampled_from([0, 1, 10**5, SMALL_PIECE]),
)
def test_pieces_are_all_of_it_once(*, estimator, first, count, threads, lanes, most):
    parts = [p._replace(lanes=lanes[0], fewest=lanes[1]) for p in PLANS[estimator].parts]
    found = list(taken(parts, (first, count), threads, most))
    for number, part in enumerate(parts):
        mine = [(at, size) for other, at, size in found if other == number]
        begin, end = part.span((first, count))
        assert [at for at, _ in mine] == [begin, *(at + size for at, size in mine)][: len(mine)]
        assert sum(size for _, size in mine) == end - begin
        # Only the last one of a part may be a broken block.
        assert all(size > 0 and size % part.fewest == 0 for _, size in mine[:-1])
        if most:
            # A block is never cut for it.
            largest = max(1, most // part.workspace) * part.lanes
            assert all(size <= largest for _, size in mine)


@given(count=st.integers(200, 3000), threads=st.integers(2, 9))
def test_no_thread_is_left_with_much_more_than_the_others(count, threads):
    """Each takes the next piece when it is done; time goes with realisations."""
    (part,) = PLANS["full"].parts
    part = part._replace(lanes=16, fewest=8)
    loads = [0] * threads
    for _, _, size in taken([part], (0, count), threads):
        loads[loads.index(min(loads))] += -(-size // part.fewest) * part.fewest
    assert max(loads) - min(loads) <= part.lanes
    if threads == 2:
        assert max(loads) <= -(-count // 2) + part.fewest


@pytest.mark.parametrize("threads", [1, 5])
def test_many_spans_are_computed_once_by_any_number_of_threads(threads):
    """The same as one thread counts in two runs: nothing is lost, nothing doubled."""
    plan = PLANS["cascade"]
    halves = plan.run(6, 3, 900, 1) + plan.run(6, 903, 1100, 1)
    for _ in range(5):
        np.testing.assert_array_equal(plan.run(6, 3, 2000, threads), halves)


def test_who_helps_comes_back_between_pieces():
    plan = PLANS["full"]
    (part,) = plan.parts
    told = ffi.new("pk_part[]", [part.told((0, 3 * part.lanes + 1))])
    hist = np.zeros((len(SCALES), TASK.bins), np.int64)
    cells = ffi.from_buffer("int64_t[]", hist)
    team = TEAMS.lent(part, hist.size, 1)
    lib.pk_team_start(team.handle, told, 1, 1, part.workspace, 1, cells)
    steps = []
    while (code := lib.pk_team_help(team.handle)) == lib.PK_MORE:
        steps.append(lib.pk_team_done(team.handle))
    assert code == lib.PK_OK
    assert steps == [part.lanes * k for k in (1, 2, 3)] + [3 * part.lanes + 1]
    np.testing.assert_array_equal(hist, plan.run(1, 0, 3 * part.lanes + 1))


def test_a_team_is_used_again_and_by_one_at_a_time():
    (part,) = PLANS["full"].parts
    TEAMS.clear()
    teams = [TEAMS.lent(part, 100, 2) for _ in range(KEPT + 2)]
    assert len({team.handle for team in teams}) == len(teams)
    for team in teams:
        TEAMS.give_back(team)
    assert len(TEAMS) == KEPT
    assert TEAMS.lent(part, 100, 1) is teams[-1]
    assert TEAMS.lent(part, 100, 2) is teams[-2]


def test_a_team_that_fits_is_found_behind_one_that_does_not():
    (part,) = PLANS["full"].parts
    TEAMS.clear()
    large, small = TEAMS.lent(part, 200, 2), TEAMS.lent(part, 100, 2)
    TEAMS.give_back(large)
    TEAMS.give_back(small)
    assert TEAMS.lent(part, 200, 2) is large
    assert TEAMS.lent(part, 100, 2) is small


@pytest.mark.parametrize(("cells", "threads", "grown"), [(101, 2, 1), (100, 3, 1), (100, 2, 2)])
def test_a_team_that_is_too_small_is_replaced(cells, threads, grown):
    (part,) = PLANS["full"].parts
    TEAMS.clear()
    TEAMS.give_back(small := TEAMS.lent(part, 100, 2))
    part = part._replace(workspace=grown * part.workspace)
    found = TEAMS.lent(part, cells, threads)
    assert found is not small
    assert (found.cells, found.threads, found.workspace) == (cells, threads, part.workspace)


def test_a_team_is_freed_where_the_module_has_ended_before_it(monkeypatch, capfd):
    """As when the interpreter ends."""
    (part,) = PLANS["full"].parts
    team = TEAMS.lent(part, KEPT_BYTES, 1)
    monkeypatch.setattr(kernel_run, "lib", None)
    del team
    assert capfd.readouterr().err == ""


def test_teams_of_much_memory_are_not_kept():
    (part,) = PLANS["full"].parts
    TEAMS.clear()
    TEAMS.give_back(TEAMS.lent(part, KEPT_BYTES // 8, 1))
    assert len(TEAMS) == 0


def test_runs_at_the_same_time_share_the_teams():
    plan = PLANS["full"]
    expected = plan.run(1, 0, 40)
    TEAMS.clear()
    with ThreadPoolExecutor(4) as pool:
        for histogram in pool.map(lambda _: plan.run(1, 0, 40, 2), range(40)):
            np.testing.assert_array_equal(histogram, expected)
    assert 1 <= len(TEAMS) <= KEPT


class Stop(NoControl):
    def cancelled(self):
        return True


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cancelled_run_keeps_nothing(threads):
    """Neither counts nor memory, even while its exception is held."""
    plan = PLANS["cascade"]
    expected = plan.run(3, 0, 100, threads)
    TEAMS.clear()
    with pytest.raises(Cancelled) as caught:
        plan.run(3, 0, 10**8, threads, Stop())
    assert len(TEAMS) == 0
    kept = [value for entry in caught.traceback for value in entry.frame.f_locals.values()]
    (team,) = (value for value in kept if isinstance(value, Team))
    cells = ffi.new("int64_t[]", team.cells)
    assert lib.pk_team_start(team.handle, ffi.NULL, 0, 1, 0, 1, cells) == lib.PK_INVALID
    np.testing.assert_array_equal(plan.run(3, 0, 100, threads), expected)
