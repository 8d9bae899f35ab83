"""A device: one host process, what it can do, and how it fares."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from pycwtd.engine.lifecycle import (
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
    State,
    Unavailable,
    check_transition,
    coming_up,
    identity_of,
    reason_of,
    takes_work,
)
from pycwtd.engine.scheduler import Slot
from pycwtd.hosts.host import HostDiedError, HostError, TaskCancelledError
from pycwtd.logs import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwt_mod.backends import BackendInfo
    from pycwtd.engine.scheduler import Lease
    from pycwtd.hosts.host import Host

log = logging.getLogger(__name__)

#: After so many deaths within the window the device is quarantined.
QUARANTINE_DEATHS = 5
QUARANTINE_WINDOW = 600.0
#: Rest after a death, doubled with each further one in the window.
_BACKOFF_SECONDS = 0.1

#: Self-tests that are kept.
_TESTS = 10
#: Readings younger than this aren't asked for again, and an answer isn't waited for any longer.
_FRESH_SECONDS = 1.0
_PATIENCE_SECONDS = 1.0

#: The pool of the processes that transform, prepare and finish.
NUMERICS = "numerics"
#: A pool without devices, for jobs of workloads that aren't installed any more.
NOWHERE = "nowhere"


class SelfTest(NamedTuple):
    """A self-test that a device has had."""

    #: When it ended, in seconds since the epoch.
    time: float
    passed: bool
    figures: str
    #: How long it took.
    seconds: float


class Device:
    """One host process as the engine handles it."""

    def __init__(self, device_id: str, pool: str, host: Host, info: BackendInfo | None) -> None:
        self.id = device_id
        self.pool = pool
        self.host = host
        self.info = info
        #: The processes for numerics aren't hardware: they have nothing to be probed.
        self.state: State = Ready(Identity()) if info is None else Present()
        #: Set while it is known whether it can compute.
        self.settled = asyncio.Event()
        #: Set by every change of its state.
        self.woken = asyncio.Event()
        #: Called with it when its state has changed in a way that others are told of.
        self.told: Callable[[Device], None] = lambda _device: None
        #: What an operator has still to say before it can compute, if anything.
        self.unconfigured: str | None = None
        #: Why its board isn't there, where somebody watches for one.
        self.missing: str | None = None
        #: Whether its process may hold a port that has been another's meanwhile.
        self.stale = False
        #: Whether it may come back while it is unavailable: it was there, or is configured.
        self.recalled = False
        #: Whether its jobs wait until then.
        self.waits = False
        #: The self-tests that it has had on its way up, the newest last.
        self.tests: deque[SelfTest] = deque(maxlen=_TESTS)
        #: What its driver's sensors and counters said last, and when (seconds since the epoch).
        self.readings: list[dict[str, Any]] = []
        self.read_at: float | None = None
        #: Since the start: chunks that went wrong on it, and deaths of its process.
        self.errors = self.deaths = 0
        self._deaths: deque[float] = deque()
        self._not_before = 0.0

    @property
    def usable(self) -> bool:
        """Whether jobs may be given to it, now or after those that it has."""
        return takes_work(self.state)

    @property
    def reason(self) -> str | None:
        """Why it can't be given any, and what to do; None where there is no reason."""
        return reason_of(self.state)

    @property
    def identity(self) -> Identity:
        """What it computes on, as far as it is known now."""
        return identity_of(self.state)

    def slot(self) -> Slot:
        """The device as the scheduler sees it."""
        if self.info is None:
            return Slot(self.id, self.pool, usable=True, not_before=self._not_before)
        orders = isinstance(self.state, Ready | Broken | Quarantined | Drained)
        return Slot(self.id, self.pool, self.usable, orders=orders_of(self.id) if orders else None)

    def lacks(self, estimator: str, family: str) -> str | None:
        """Why this backend can't be given such a task, by its manifest; ``None`` if it can."""
        assert self.info
        if estimator not in self.info.estimators:
            known = ", ".join(self.info.estimators)
            return f"{self.id} doesn't run estimator {estimator}, it runs {known}"
        if family not in self.info.families:
            known = ", ".join(self.info.families)
            return f"{self.id} doesn't run wavelet {family}, it runs {known}"
        return None

    # -- its state -------------------------------------------------------------------------

    def enter(self, state: State) -> None:
        """Go over to another state.

        Raises:
            TransitionError: it can't follow on the one it is in.
        """
        before = self.state
        check_transition(self.id, before, state)
        self.state = state
        if coming_up(state):
            self.settled.clear()
        else:
            self.settled.set()
        self.woken.set()
        if not _is_routine(before, state):
            _log(self)
            self.told(self)

    def take_up(self, state: State) -> None:
        """Begin in a state that is known without a probe, and is no news."""
        self.state = state
        self.settled.set()
        if not isinstance(state, Unavailable):
            _log(self)

    def fresh(self) -> Present | Unavailable:
        """The state that everything begins with: again, or for the first time."""
        lack = self.unconfigured or self.missing
        return Unavailable(lack) if lack else Present()

    def lease(self, lease: Lease) -> None:
        """Be given to a step of a job."""
        if self.info is None:
            return
        assert isinstance(self.state, Ready | Broken | Quarantined | Drained)
        self.enter(Leased(lease.token, lease.job_id, self.state))

    def holds(self, lease: Lease) -> bool:
        """Whether nothing has happened to it since that lease."""
        if self.info is None:
            return True
        return isinstance(self.state, Leased) and self.state.token == lease.token

    def give_back(self, lease: Lease) -> None:
        """Be free again, unless something has happened to it."""
        state = self.state
        if not isinstance(state, Leased) or state.token != lease.token:
            return
        drained = state.drain_by is not None and isinstance(state.before, Ready)
        self.enter(Drained(state.drain_by or "") if drained else state.before)

    def fall(self, state: State) -> None:
        """Leave work; one that had none before its lease goes back to what it was."""
        now = self.state
        if isinstance(now, Leased) and isinstance(now.before, Quarantined | Drained):
            state = now.before
        elif isinstance(now, Leased) and now.drain_by is not None:
            state = Drained(now.drain_by)
        self.enter(state)

    # -- what it tells ---------------------------------------------------------------------

    def feel(self, readings: list[dict[str, Any]] | None) -> None:
        """Take note of what its driver's sensors and counters say."""
        if readings is not None:
            self.readings, self.read_at = readings, time.time()

    async def ask_readings(self) -> None:
        """Have it read them, if it is at rest; a job isn't made to wait, nor is who asks."""
        hooks = self.info.hooks if self.info else ()
        fresh = self.read_at is not None and time.time() - self.read_at < _FRESH_SECONDS
        if "readings" not in hooks or not self.usable or not self.host.pid or fresh:
            return
        if self.host.busy:
            return  # they come with its next chunk
        call = asyncio.ensure_future(self._read())
        await asyncio.wait({call}, timeout=_PATIENCE_SECONDS)

    async def _read(self) -> None:
        try:
            answer = await self.host.call("readings", {})
        except (HostError, HostDiedError, TaskCancelledError) as error:
            log.warning("backend %s gives no readings: %s", self.id, error)
        else:
            self.feel(answer.get("readings"))

    # -- deaths ----------------------------------------------------------------------------

    def rest_seconds(self) -> float:
        """How long it still rests after a death."""
        return max(0.0, self._not_before - time.monotonic())

    def died(self, reason: str) -> None:
        """Take note of a death: rest, and after too many, quarantine."""
        now = time.monotonic()
        while self._deaths and now - self._deaths[0] > QUARANTINE_WINDOW:
            self._deaths.popleft()
        self._deaths.append(now)
        self.deaths += 1
        rest = _BACKOFF_SECONDS * 2 ** (min(len(self._deaths), QUARANTINE_DEATHS) - 1)
        # The processes for numerics aren't hardware: it is a job that kills one, and the job
        # is what gets stopped. Without them nothing would work.
        if self.info is None:
            self._not_before = now + rest
        elif len(self._deaths) >= QUARANTINE_DEATHS:
            self.quarantine(
                f"its process died {len(self._deaths)} times within "
                f"{QUARANTINE_WINDOW / 60:.0f} minutes, at last: {reason}"
            )
        else:
            self.fall(Broken(f"its process died: {reason}", Retry.after(rest)))

    def quarantine(self, reason: str) -> None:
        """Give it no more work until an operator decides."""
        self.enter(Quarantined(reason, way_out(self.id)))

    def forgive(self) -> None:
        """Forget its deaths."""
        self._deaths.clear()


def way_out(device_id: str) -> str:
    """What an operator does about a device in quarantine."""
    return f"when it is mended, pycwtctl devices release {device_id} has it tested again"


def orders_of(device_id: str) -> str:
    """The pool of jobs that are about a device itself, whatever its state."""
    return f"device:{device_id}"


def _is_routine(before: State, state: State) -> bool:
    """Whether a change is work begun or done: the jobs' own events tell of that."""
    if isinstance(state, Leased):
        return not isinstance(before, Leased)
    return isinstance(before, Leased) and state is before.before


def _log(device: Device) -> None:
    state, name = device.state, device.state.name
    level = logging.INFO
    if isinstance(state, Quarantined):
        level = logging.ERROR
    elif isinstance(state, Broken | Unavailable):
        level = logging.WARNING
    elif isinstance(state, Present | Probed):
        level = logging.DEBUG
    words = device.reason or ", ".join(device.identity.parts)
    if isinstance(state, SelfTested):
        words = state.figures
    log.log(
        level,
        "backend %s %s%s",
        device.id,
        "is drained when its chunk is done" if isinstance(state, Leased) else name,
        f": {words}" if words else "",
        extra=fields_of(event=f"device.{name}", device=device.id, reason=device.reason),
    )
