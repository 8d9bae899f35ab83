"""What waits: the scheduler decides as if it saw all of it, and sees little of it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pycwtd.engine.scheduler import Candidate, Slot, schedule
from pycwtd.engine.waiting import Waiting

OWNERS = ["ann", "bob", "eve"]
POOLS = ["numerics", "joblib", "sequential"]


@st.composite
def histories(draw):
    """Jobs that come, go on to another pool, and leave, in any order."""
    steps = []
    for number in range(draw(st.integers(0, 25))):
        job = draw(st.integers(0, 9))
        if draw(st.booleans()) or number < 5:
            # An owner's job keeps its owner and its number.
            steps.append(
                Candidate(
                    job_id=f"j{job}",
                    owner=OWNERS[job % 3],
                    number=job,
                    pool=draw(st.sampled_from(POOLS)),
                    interactive=job % 4 == 0,
                )
            )
        else:
            steps.append(f"j{job}")
    return steps


@given(
    histories(),
    st.lists(st.sampled_from(POOLS), max_size=5),
    st.dictionaries(st.sampled_from(OWNERS), st.floats(0, 100)),
)
def test_the_first_few_are_as_good_as_all(history, pools, served):
    waiting, everybody = Waiting(), {}
    slots = [Slot(f"d{n}", pool, usable=True) for n, pool in enumerate(pools)]
    places = Counter(pools)
    for step in history:
        if isinstance(step, Candidate):
            waiting.add(step)
            everybody[step.job_id] = step
        else:
            waiting.remove(step)
            everybody.pop(step, None)
        shown = [c for pool in waiting.pools() for c in waiting.first(pool, places[pool])]
        assert len({c.job_id for c in shown}) == len(shown)
        assert {c.job_id for c in shown} <= set(everybody)
        expected = schedule(0.0, list(everybody.values()), slots, [], served)
        assert schedule(0.0, shown, slots, [], served) == expected
        assert len(waiting) == len(everybody)
        for pool in POOLS:
            assert {c.job_id for c in waiting.of(pool)} == {
                c.job_id for c in everybody.values() if c.pool == pool
            }


def test_it_shows_as_many_of_ten_thousand_as_of_ten():
    waiting = Waiting()
    for number in range(10_000):
        waiting.add(Candidate(f"j{number}", OWNERS[number % 3], number, "joblib"))
    shown = list(waiting.first("joblib", 2))
    assert sorted(c.number for c in shown) == [0, 1, 2, 3, 4, 5]
    assert [c.number for c in waiting.first("joblib", 1)] == [0, 1, 2]
    for candidate in shown:
        waiting.remove(candidate.job_id)
    assert sorted(c.number for c in waiting.first("joblib", 2)) == [6, 7, 8, 9, 10, 11]


def test_who_waits_again_waits_where_it_was():
    """A job that has had its chunk goes back to its place, in front of those accepted later."""
    waiting = Waiting()
    jobs = [Candidate(f"j{n}", "ann", n, "joblib") for n in range(3)]
    for job in jobs:
        waiting.add(job)
    waiting.remove("j0")
    waiting.add(jobs[0])
    assert [c.job_id for c in waiting.first("joblib", 3)] == ["j0", "j1", "j2"]
