"""The life of a device: what may follow on what, and that nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycwt_mod.backends import BackendInfo
from pycwtd.engine.device import QUARANTINE_DEATHS, Device
from pycwtd.engine.lifecycle import (
    TRANSITIONS,
    Broken,
    Drained,
    Identity,
    Leased,
    Present,
    Probed,
    Quarantined,
    Ready,
    Retry,
    SelfTested,
    TransitionError,
    Unavailable,
    check_transition,
    coming_up,
    identity_of,
    reason_of,
    takes_work,
)
from pycwtd.engine.rates import Rates
from pycwtd.engine.scheduler import Lease
from pycwtd.engine.supervision import Supervision
from pycwtd.hosts.host import Host

BOARD = Identity(("a board",), "1.0", "42")
STATES = {
    type(state): state
    for state in (
        Unavailable("it isn't there"),
        Present(),
        Probed(BOARD),
        SelfTested(BOARD, "figures"),
        Ready(BOARD),
        Leased(7, "job", Ready(BOARD)),
        Broken("its process died", Retry.after(1.0)),
        Quarantined("it lies", "release it"),
        Drained("ann"),
    )
}
INFO = BackendInfo("board", "embedded", "", "f32-1", 0.0, ("morlet",), ("full",))


@pytest.fixture
def supervision():
    return Supervision(Rates())


def board():
    """A device whose process is never started."""
    return Device("board", "board", Host("backend:board", 1.0), INFO)


def test_every_state_has_its_successors():
    assert set(TRANSITIONS) == set(STATES)
    for followers in TRANSITIONS.values():
        assert set(followers) <= set(STATES)


@pytest.mark.parametrize("now", STATES)
@pytest.mark.parametrize("then", STATES)
def test_what_isnt_in_the_table_is_refused(now, then):
    if then in TRANSITIONS[now]:
        check_transition("board", STATES[now], STATES[then])
        return
    with pytest.raises(TransitionError, match=f"board is {now.name}: it can't become {then.name}"):
        check_transition("board", STATES[now], STATES[then])


def test_no_way_to_work_but_through_probe_and_self_test():
    """From wherever it is, a device that isn't ready comes to work by present alone."""
    before = {Ready: {SelfTested, Leased}, SelfTested: {Probed}, Probed: {Present}}
    for state, expected in before.items():
        assert {now for now, then in TRANSITIONS.items() if state in then} == expected
    # A lease of what isn't ready is an order of an operator's, and leads back.
    for now in (Quarantined, Drained, Broken):
        leased = Leased(1, "job", STATES[now])
        assert not takes_work(leased)
        assert reason_of(leased) == reason_of(STATES[now])


def test_what_takes_work():
    assert {state for state in STATES if takes_work(STATES[state])} == {Ready, Leased}
    assert {state for state in STATES if coming_up(STATES[state])} == {Present, Probed, SelfTested}
    assert not takes_work(Leased(7, "job", Ready(BOARD), "ann"))
    assert identity_of(STATES[Leased]) == BOARD
    assert identity_of(STATES[Drained]) == Identity()


#: What may happen to a device, and what operators may order.
HAPPENINGS = st.lists(
    st.sampled_from(
        [
            *("climb", "lease", "give back", "die", "lie", "away"),
            *("unplug", "plug", "drain", "resume", "release", "flash"),
        ]
    ),
    max_size=30,
)


_NEXT = {Present: Probed(BOARD), Probed: SelfTested(BOARD, ""), SelfTested: Ready(BOARD)}


def work(what, device, lease):
    """What comes of being brought up, and of work."""
    at_it = coming_up(device.state) or device.holds(lease)
    slot = device.slot()
    if what == "climb" and type(device.state) in _NEXT:
        device.enter(_NEXT[type(device.state)])
    elif what == "lease" and (slot.usable or slot.orders) and not isinstance(device.state, Leased):
        device.lease(lease)
    elif what == "give back":
        device.give_back(lease)
    elif what == "die" and at_it:
        device.died("it exited")
    elif what == "lie" and at_it:
        device.quarantine("it lies")


def happen(what, device, supervision, lease):
    """One thing; those that its state doesn't allow are refused or are nothing."""
    happenings = {
        "unplug": lambda: supervision.unplugged(device, "it was unplugged"),
        "plug": lambda: supervision.plugged(device),
        "away": lambda: supervision.away(device, lease, "the cable is out"),
        "flash": lambda: supervision.flashed(device, lease),
        "drain": lambda: supervision.drain(device, "ann"),
        "resume": lambda: supervision.resume(device),
        "release": lambda: supervision.release(device),
    }
    happenings.get(what, lambda: work(what, device, lease))()


@given(HAPPENINGS)
def test_whatever_happens_it_is_in_a_state_that_it_may_be_in(happenings):
    device, supervision = board(), Supervision(Rates())
    trusted = True
    for number, what in enumerate(happenings):
        lease = Lease(number + 1, "job", "board")
        if isinstance(device.state, Leased):
            lease = Lease(device.state.token, "job", "board")
        drained = reason_of(device.state) is not None and "drained" in reason_of(device.state)
        try:
            happen(what, device, supervision, lease)
        except TransitionError:
            assert what in {"drain", "resume", "release"}
        trusted = not isinstance(device.state, Quarantined) and (
            trusted or isinstance(device.state, Present)
        )
        assert trusted or not device.usable
        assert device.slot().usable == device.usable
        assert device.settled.is_set() == (not coming_up(device.state)) or number == 0
        # Nobody but an operator ends a drain, unless it turns out to be a liar.
        if drained and what not in {"resume", "release", "lie"}:
            assert not device.usable


def test_a_drain_waits_for_the_chunk_and_a_resume_before_it_ends_is_none(supervision):
    device, lease = board(), Lease(1, "job", "board")
    device.take_up(Ready(BOARD))
    device.lease(lease)
    supervision.drain(device, "ann")
    assert isinstance(device.state, Leased)
    assert "ann has drained it; it finishes" in device.reason
    supervision.resume(device)
    assert device.usable
    supervision.drain(device, "ann")
    device.give_back(lease)
    assert device.state.by == "ann"
    with pytest.raises(TransitionError, match="isn't in quarantine, it is drained"):
        supervision.release(device)
    supervision.resume(device)
    assert isinstance(device.state, Present)


def test_a_chunk_of_a_board_that_was_exchanged_doesnt_count(supervision):
    device, lease = board(), Lease(1, "job", "board")
    device.take_up(Ready(BOARD))
    device.lease(lease)
    assert device.holds(lease)
    supervision.unplugged(device, "it was unplugged")
    supervision.plugged(device)
    assert not device.holds(lease)
    device.give_back(lease)
    assert isinstance(device.state, Present)


def test_five_deaths_are_a_quarantine_and_a_release_forgives_them(supervision):
    device = board()
    for _ in range(QUARANTINE_DEATHS - 1):
        device.died("exited with status 3")
        assert isinstance(device.state, Broken)
        assert device.state.retry
        device.enter(Present())
    device.died("exited with status 3")
    assert isinstance(device.state, Quarantined)
    assert "died 5 times within 10 minutes, at last: exited with status 3" in device.reason
    with pytest.raises(TransitionError, match="is quarantined"):
        supervision.drain(device, "ann")
    supervision.release(device)
    device.died("exited with status 3")
    assert isinstance(device.state, Broken)


def test_what_isnt_configured_isnt_probed_by_a_resume(supervision):
    device = board()
    device.unconfigured = "no port is configured"
    device.take_up(device.fresh())
    supervision.drain(device, "ann")
    supervision.resume(device)
    assert device.state.reason == "no port is configured"


def test_orders_go_first_and_to_whatever_is_there():
    from pycwtd.engine.scheduler import Candidate, Slot, schedule

    work = Candidate("work", "ann", 1, "board")
    order = Candidate("order", "bob", 2, "device:board")
    served = {"bob": 9.0}
    ready = Slot("board", "board", usable=True, orders="device:board")
    (one,) = schedule(0.0, [work, order], [ready], [], served)
    assert one.job_id == "order"
    drained = Slot("board", "board", usable=False, orders="device:board")
    assert [a.job_id for a in schedule(0.0, [work, order], [drained], [], {})] == ["order"]
    assert schedule(0.0, [work], [drained], [], {}) == []
    assert schedule(0.0, [order], [drained], [Lease(1, "x", "board")], {}) == []
