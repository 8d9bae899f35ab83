"""The life of a device: its states, what each of them knows, and what may follow on what.

::

    present → probed → self_tested → ready ⇄ leased
       ↑         any of these ↓
       ├── unavailable   what it computes on isn't there, or isn't configured
       ├── broken        something is wrong with it; it is tried again
       ├── quarantined   it can't be trusted, until an operator releases it
       └── drained       an operator has taken it out of work, until it is resumed

Whatever left the upper row comes back by ``present``: it is probed and tested again.
"""

from __future__ import annotations

import time
from typing import ClassVar

from msgspec import Struct, field


class Identity(Struct, frozen=True):
    """What a driver has found out about what it computes on."""

    #: In the driver's words: "2 threads, avx512", "ELM11 at /dev/ttyUSB1 …".
    parts: tuple[str, ...] = ()
    #: Version of the firmware or the gateware, where there is one.
    firmware: str | None = None
    #: What tells this board from others of its kind.
    serial: str | None = None


class Retry(Struct, frozen=True):
    """When a device is tried again."""

    #: Monotonic seconds.
    due: float
    #: For people: seconds since the epoch.
    at: float

    @classmethod
    def after(cls, seconds: float) -> Retry:
        """From now on."""
        return cls(time.monotonic() + seconds, time.time() + seconds)

    def rest(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.due - time.monotonic())


class State(Struct, frozen=True, kw_only=True):
    """One state of a device."""

    name: ClassVar[str]
    #: When it began, in seconds since the epoch.
    since: float = field(default_factory=time.time)


class Unavailable(State, frozen=True):
    """What it computes on isn't there, or nobody has said what that is."""

    name: ClassVar[str] = "unavailable"
    #: And what to do.
    reason: str
    #: None where nothing is tried before something changes.
    retry: Retry | None = None


class Present(State, frozen=True):
    """It is being probed, or is about to be."""

    name: ClassVar[str] = "present"


class Probed(State, frozen=True):
    """The driver has answered; it is being tested."""

    name: ClassVar[str] = "probed"
    identity: Identity


class SelfTested(State, frozen=True):
    """It computes what it should; its speed is being measured, unless it is known."""

    name: ClassVar[str] = "self_tested"
    identity: Identity
    #: Figures of the test.
    figures: str


class Ready(State, frozen=True):
    """It takes work."""

    name: ClassVar[str] = "ready"
    identity: Identity


class Broken(State, frozen=True):
    """Its process died, or its driver failed."""

    name: ClassVar[str] = "broken"
    reason: str
    #: None where it isn't tried again by itself.
    retry: Retry | None = None


class Quarantined(State, frozen=True):
    """It gets no work before an operator has decided."""

    name: ClassVar[str] = "quarantined"
    reason: str
    way_out: str


class Drained(State, frozen=True):
    """An operator has taken it out of work."""

    name: ClassVar[str] = "drained"
    by: str


class Leased(State, frozen=True):
    """A step of a job has it."""

    name: ClassVar[str] = "leased"
    #: Of the lease; never repeated.
    token: int
    job_id: str
    #: What it was before, and is again unless something happens.
    before: Ready | Broken | Quarantined | Drained
    #: Who wants it drained afterwards.
    drain_by: str | None = None


_WAYS_DOWN: tuple[type[State], ...] = (Unavailable, Broken, Quarantined, Drained)

#: What may follow on a state.
TRANSITIONS: dict[type[State], tuple[type[State], ...]] = {
    Unavailable: (Present, Drained, Unavailable),
    Present: (Probed, *_WAYS_DOWN),
    Probed: (SelfTested, Present, *_WAYS_DOWN),
    SelfTested: (Ready, Present, *_WAYS_DOWN),
    # Present: a board that was exchanged, or that has another firmware now.
    Ready: (Leased, Present, *_WAYS_DOWN),
    Leased: (Leased, Ready, Present, *_WAYS_DOWN),
    Broken: (Leased, Present, *_WAYS_DOWN),
    # Leased: a self-test or new firmware, by an operator's order.
    Quarantined: (Leased, Present, Quarantined),
    Drained: (Leased, Present, Quarantined),
}


class TransitionError(Exception):
    """A device can't go from its state to that one; the text says why."""


def check_transition(device: str, now: State, wanted: State) -> None:
    """See that a state may follow on another.

    Raises:
        TransitionError: it may not.
    """
    if type(wanted) not in TRANSITIONS[type(now)]:
        raise TransitionError(f"{device} is {now.name}: it can't become {wanted.name}")


def reason_of(state: State) -> str | None:
    """Why a device can't be given work, and what to do; None where there is no such reason."""
    match state:
        case Unavailable(reason=reason) | Broken(reason=reason):
            return reason
        case Quarantined(reason=reason, way_out=way_out):
            return f"{reason}; {way_out}"
        case Drained(by=by):
            return f"{by} has drained it; pycwtctl devices resume brings it back"
        case Leased(drain_by=by) if by is not None:
            return f"{by} has drained it; it finishes what it has begun"
        case Leased(before=before):
            return reason_of(before)
    return None


def identity_of(state: State) -> Identity:
    """What is known of what a device computes on."""
    match state:
        case Probed(identity=identity) | SelfTested(identity=identity) | Ready(identity=identity):
            return identity
        case Leased(before=Ready(identity=identity)):
            return identity
    return Identity()


def retry_of(state: State) -> Retry | None:
    """When a device is tried again, if that is certain."""
    return state.retry if isinstance(state, Unavailable | Broken) else None


def takes_work(state: State) -> bool:
    """Whether jobs may be given to it, now or after those that it has."""
    match state:
        case Ready():
            return True
        case Leased(before=Ready(), drain_by=None):
            return True
    return False


def coming_up(state: State) -> bool:
    """Whether it isn't known yet if it can compute."""
    return isinstance(state, Present | Probed | SelfTested)
