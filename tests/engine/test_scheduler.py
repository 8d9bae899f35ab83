"""The scheduler as a pure function: what must hold whatever is asked of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pycwtd.engine.scheduler import Candidate, Lease, Slot, schedule

POOLS = ["numerics", "joblib", "sequential"]


@st.composite
def situations(draw):
    count = draw(st.integers(0, 12))
    candidates = [
        Candidate(
            job_id=f"j{n}",
            owner=draw(st.sampled_from(["ann", "bob", "eve"])),
            number=n,
            pool=draw(st.sampled_from(POOLS)),
            interactive=draw(st.booleans()),
        )
        for n in range(count)
    ]
    slots = [
        Slot(
            device_id=f"d{n}",
            pool=draw(st.sampled_from(POOLS)),
            usable=draw(st.booleans()),
            not_before=draw(st.sampled_from([0.0, 5.0, 20.0])),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    busy = min(len(candidates), len(slots), draw(st.integers(0, 4)))
    jobs = draw(st.permutations(candidates))[:busy]
    devices = draw(st.permutations(slots))[:busy]
    leases = [
        Lease(n, job.job_id, device.device_id)
        for n, (job, device) in enumerate(zip(jobs, devices, strict=True))
    ]
    served = draw(st.dictionaries(st.sampled_from(["ann", "bob", "eve"]), st.floats(0, 100)))
    return candidates, slots, leases, served


@given(situations())
def test_nothing_is_leased_twice_and_nothing_unfit(situation):
    candidates, slots, leases, served = situation
    assignments = schedule(10.0, candidates, slots, leases, served)
    jobs = [a.job_id for a in assignments] + [lease.job_id for lease in leases]
    devices = [a.device_id for a in assignments] + [lease.device_id for lease in leases]
    assert len(set(jobs)) == len(jobs)
    assert len(set(devices)) == len(devices)
    candidate = {c.job_id: c for c in candidates}
    slot = {s.device_id: s for s in slots}
    for a in assignments:
        assert candidate[a.job_id].pool == slot[a.device_id].pool
        assert slot[a.device_id].usable
        assert slot[a.device_id].not_before <= 10.0


@given(situations())
def test_no_usable_device_idles_while_a_job_waits_for_it(situation):
    candidates, slots, leases, served = situation
    assignments = schedule(10.0, candidates, slots, leases, served)
    taken_jobs = {a.job_id for a in assignments} | {lease.job_id for lease in leases}
    taken_slots = {a.device_id for a in assignments} | {lease.device_id for lease in leases}
    waiting = {c.pool for c in candidates if c.job_id not in taken_jobs}
    idle = {
        s.pool
        for s in slots
        if s.device_id not in taken_slots and s.usable and s.not_before <= 10.0
    }
    assert not waiting & idle


@given(situations())
def test_it_depends_on_the_situation_alone(situation):
    candidates, slots, leases, served = situation
    first = schedule(10.0, candidates, slots, leases, served)
    again = schedule(10.0, candidates[::-1], slots[::-1], leases[::-1], dict(served))
    assert first == again


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob", "eve"]), st.integers(1, 5)),
        min_size=1,
        max_size=12,
    )
)
def test_every_job_ends_and_shares_are_fair(work):
    """A simulated day on one device: unit chunks, the owner's service counted as it is given."""
    left = {f"j{n}": chunks for n, (_, chunks) in enumerate(work)}
    owner = {f"j{n}": who for n, (who, _) in enumerate(work)}
    served: dict[str, float] = {}
    slot = Slot("d0", "joblib", usable=True)
    for step in range(sum(left.values())):
        candidates = [
            Candidate(job, owner[job], int(job[1:]), "joblib") for job, n in left.items() if n
        ]
        (assignment,) = schedule(float(step), candidates, [slot], [], served)
        left[assignment.job_id] -= 1
        who = owner[assignment.job_id]
        served[who] = served.get(who, 0.0) + 1
        # Owners who still want something are never more than a chunk apart.
        wanting = {owner[job] for job, n in left.items() if n}
        shares = [served.get(one, 0.0) for one in wanting]
        assert max(shares, default=0) - min(shares, default=0) <= 1
    assert not any(left.values())


def test_an_owner_with_one_job_isnt_kept_waiting_by_a_thousand_of_another():
    candidates = [Candidate(f"a{n}", "ann", n, "joblib") for n in range(1000)]
    candidates.append(Candidate("b", "bob", 1000, "joblib"))
    slots = [Slot("d0", "joblib", usable=True)]
    (assignment,) = schedule(0.0, candidates, slots, [], {"ann": 1.0})
    assert assignment.job_id == "b"


def test_a_waiting_client_goes_before_the_owners_own_background_jobs():
    candidates = [
        Candidate("background", "ann", 1, "joblib"),
        Candidate("call", "ann", 2, "joblib", interactive=True),
    ]
    (assignment,) = schedule(0.0, candidates, [Slot("d0", "joblib", usable=True)], [], {})
    assert assignment.job_id == "call"
