"""Bringing devices up, and back: probed, tested and measured before they get any work."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Literal

from pycwtd.engine.device import SelfTest
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
    TransitionError,
    Unavailable,
    coming_up,
    retry_of,
)
from pycwtd.engine.rates import Rates, Work
from pycwtd.hosts.host import HostDiedError, HostError, TaskCancelledError
from pycwtd.workloads.wavelet.cost import USUAL_FAMILY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pycwtd.engine.device import Device
    from pycwtd.engine.scheduler import Lease

log = logging.getLogger(__name__)

#: What an operator may want of a device.
Order = Literal["drain", "resume", "release"]

#: Times a device is tried whose process dies in it; then its driver is broken, not unlucky.
_TRIES = 2
#: Rest before a device that is away is asked again, doubled from the first to the last: a
#: scheduler that was restarted is back within seconds, one that is switched off costs next to
#: nothing.
_RESTS = (1.0, 30.0)


class _OvertakenError(Exception):
    """Somebody has decided something else about the device meanwhile."""


class Supervision:
    """Sees to the devices that are backends, one task for each.

    Args:
        rates: what is measured goes there.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        #: Called with a device that was unplugged while a job had it.
        self.taken: Callable[[Device], None] = lambda _device: None
        self._first: asyncio.Task[None] | None = None
        self._keepers: list[asyncio.Task[None]] = []
        self._tries: dict[str, int] = {}

    def begin(self, devices: Sequence[Device]) -> None:
        """Bring them up, and keep them up."""
        self._first = asyncio.create_task(self._first_round(devices), name="first probes")

    async def _first_round(self, devices: Sequence[Device]) -> None:
        """One after the other, because each is measured and they share the cores."""
        # This machine's own first: what is far away may take its time to answer.
        for device in sorted(devices, key=lambda d: d.info is None or d.info.type != "cpu"):
            if isinstance(device.state, Present):
                await self._bring_up(device)
            keeper = asyncio.create_task(self._keep(device), name=f"keeper of {device.id}")
            self._keepers.append(keeper)

    async def probed(self) -> None:
        """Wait until every device has had its first turn."""
        if self._first:
            await asyncio.wait({self._first})

    async def stop(self) -> None:
        """Leave them as they are."""
        tasks = [task for task in (self._first, *self._keepers) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, device: Device) -> None:
        while True:
            device.woken.clear()
            if device.host.pid and _lets_go(device):
                device.stale = False
                await device.host.rest()
                continue
            if isinstance(device.state, Present):
                await self._bring_up(device)
                continue
            retry = retry_of(device.state)
            try:
                async with asyncio.timeout(retry.rest() if retry else None):
                    await device.woken.wait()
            except TimeoutError:
                if retry_of(device.state) is retry:  # nobody has been faster
                    device.enter(device.fresh())

    # -- up --------------------------------------------------------------------------------

    async def _bring_up(self, device: Device) -> None:
        """From present to ready, or to where the device's faults lead it."""
        for left in reversed(range(_TRIES)):
            try:
                await _Ascent(device, self._rates).climb()
                self._tries.pop(device.id, None)
            except _OvertakenError:
                return
            except _LostError as error:
                device.enter(Unavailable(str(error), self._retry(device)))
            except HostDiedError as error:
                device.died(f"{error}, while it was being probed")
                if await self._still_broken(device):
                    if left:
                        device.enter(device.fresh())
                        continue
                    device.enter(Broken(device.reason or str(error), self._retry(device)))
            except HostError as error:
                device.enter(Broken(str(error), self._retry(device)))
            return

    async def _still_broken(self, device: Device) -> bool:
        """Whether a device whose process has died is to be tried again, after its rest."""
        if isinstance(device.state, Broken):
            await asyncio.sleep(device.state.retry.rest() if device.state.retry else 0.0)
        return isinstance(device.state, Broken)

    def _retry(self, device: Device) -> Retry | None:
        """When to ask again, if that makes sense: a port that isn't there tells by itself."""
        if not device.recalled or device.missing:
            return None
        tries = self._tries[device.id] = self._tries.get(device.id, -1) + 1
        first, longest = _RESTS
        return Retry.after(min(first * 2**tries, longest))

    # -- what happens to them --------------------------------------------------------------

    def away(self, device: Device, lease: Lease, reason: str) -> None:
        """Take note that a backend says, at work, that what it computes on is gone."""
        if device.holds(lease):
            device.recalled = True
            device.fall(Unavailable(reason, self._retry(device)))

    def tested(self, device: Device, lease: Lease, passed: bool, figures: str) -> None:
        """Take note of a self-test that an operator has ordered."""
        if not passed and device.holds(lease):
            device.quarantine(f"it failed its self-test: {figures}")

    def flashed(self, device: Device, lease: Lease) -> None:
        """It has another firmware: begin anew, where it was at work."""
        if device.holds(lease):
            device.fall(device.fresh())

    def plugged(self, device: Device) -> None:
        """Its port is there."""
        device.missing = None
        device.stale = device.host.pid is not None
        self._tries.pop(device.id, None)
        if isinstance(device.state, Unavailable | Broken):
            device.enter(device.fresh())

    def unplugged(self, device: Device, reason: str) -> None:
        """Its port is gone."""
        device.missing = reason
        if isinstance(device.state, Quarantined | Drained):
            return  # until somebody decides, here or not
        self._interrupt(device)
        leased = isinstance(device.state, Leased)
        device.fall(Unavailable(reason))
        if leased:
            self.taken(device)

    # -- what operators order --------------------------------------------------------------

    def order(self, order: Order, device: Device, by: str) -> None:
        """Do what an operator wants.

        Raises:
            TransitionError: its state doesn't allow it.
        """
        if order == "drain":
            self.drain(device, by)
        elif order == "resume":
            self.resume(device)
        else:
            self.release(device)

    def drain(self, device: Device, by: str) -> None:
        """Give it no more work; what it has begun it finishes.

        Raises:
            TransitionError: it is quarantined.
        """
        state = device.state
        if isinstance(state, Leased) and isinstance(state.before, Ready):
            device.enter(_with_drain(state, by))
        elif isinstance(state, Quarantined | Leased):
            raise TransitionError(f"{device.id} is quarantined: it gets no work as it is")
        elif not isinstance(state, Drained):
            self._interrupt(device)
            device.enter(Drained(by))

    def resume(self, device: Device) -> None:
        """Bring a drained device back; it is probed and tested again.

        Raises:
            TransitionError: it isn't drained.
        """
        state = device.state
        if isinstance(state, Leased) and state.drain_by is not None:
            device.enter(_with_drain(state, None))
        elif isinstance(state, Drained):
            self._begin_anew(device)
        else:
            raise TransitionError(f"{device.id} isn't drained, it is {state.name}")

    def release(self, device: Device) -> None:
        """Let a device out of quarantine; it is probed and tested again.

        Raises:
            TransitionError: it isn't in quarantine.
        """
        if not isinstance(device.state, Quarantined):
            raise TransitionError(f"{device.id} isn't in quarantine, it is {device.state.name}")
        device.forgive()
        self._begin_anew(device)

    def _interrupt(self, device: Device) -> None:
        if coming_up(device.state):
            device.host.cancel(_tag(device))

    def _begin_anew(self, device: Device) -> None:
        device.enter(Present())
        state = device.fresh()
        if isinstance(state, Unavailable):
            device.enter(state)


def _lets_go(device: Device) -> bool:
    """Whether its process has to give back what it holds, a port above all."""
    out_of_work = isinstance(device.state, Quarantined | Drained)
    return device.missing is not None or device.stale or out_of_work


def _with_drain(state: Leased, by: str | None) -> Leased:
    return Leased(state.token, state.job_id, state.before, by)


def _tag(device: Device) -> str:
    """Of what a device's host is asked while it is brought up."""
    return f"bring-up {device.id}"


class _LostError(Exception):
    """The driver says that what it computes on isn't there."""


class _Ascent:
    """One try to bring a device up, as long as nobody interferes."""

    def __init__(self, device: Device, rates: Rates) -> None:
        self._device = device
        self._rates = rates
        self._state = device.state

    async def climb(self) -> None:
        """Probe, test, measure.

        Raises:
            _OvertakenError: somebody has decided something else meanwhile.
            _LostError: what it computes on isn't there.
            HostError: the driver fails.
            HostDiedError: its process dies.
        """
        found = await self._ask("probe")
        if not found["available"]:
            raise _LostError(found["reason"])
        identity = Identity(tuple(found["devices"]), found["firmware"], found["serial"])
        self._go(Probed(identity))
        started = time.monotonic()
        tested = await self._ask("self_test")
        self._note(started, passed=tested["passed"], figures=tested["figures"])
        if not tested["passed"]:
            self._device.quarantine(f"it failed its self-test: {tested['figures']}")
            return
        self._go(SelfTested(identity, tested["figures"]))
        await self._calibrate()
        self._go(Ready(identity))

    def _note(self, started: float, *, passed: bool, figures: str) -> None:
        seconds = time.monotonic() - started
        self._device.tests.append(SelfTest(time.time(), passed, figures, seconds))

    def _go(self, state: State) -> None:
        self._device.enter(state)
        self._state = state

    async def _ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        device, started = self._device, time.monotonic()
        try:
            answer = await device.host.call(op, arguments, tag=_tag(device))
        except HostError as error:
            self._check()
            if error.kind == "unavailable":
                raise _LostError(str(error)) from None
            if error.kind != "defect":
                raise
            if op == "self_test":
                self._note(started, passed=False, figures=str(error))
            device.quarantine(str(error))
            raise _OvertakenError from None
        except (HostDiedError, TaskCancelledError) as error:
            self._check()
            if isinstance(error, HostDiedError):
                raise
            raise _LostError("it was stopped while it was being tested") from None
        self._check()
        return answer

    def _check(self) -> None:
        if self._device.state is not self._state:
            raise _OvertakenError

    async def _calibrate(self) -> None:
        """Have each estimator timed with the usual wavelet, so that first estimates are right.

        What the other families take is measured by the first job that uses them.
        """
        info, pool = self._device.info, self._device.pool
        assert info
        family = USUAL_FAMILY if USUAL_FAMILY in info.families else info.families[0]
        for estimator in info.estimators:
            if self._rates.seconds(pool, Work(estimator, family, 1.0)) is not None:
                continue
            measured = await self._ask("calibrate", estimator=estimator, family=family)
            work = Work(estimator, family, measured["cost"])
            self._rates.measured(pool, work, measured["seconds"])
