"""Who gets which device next: a pure function of what is known now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that has a next step, and the pool of devices which can do that step."""

    job_id: str
    owner: str
    #: Order of acceptance.
    number: int
    pool: str
    #: A client waits for it on an open connection.
    interactive: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A device as the scheduler sees it."""

    device_id: str
    pool: str
    usable: bool
    #: After a crash the device rests until then (monotonic seconds).
    not_before: float = 0.0
    #: Jobs of this pool, which are about the device itself, it takes first, usable or not.
    orders: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A device given to one step of a job.

    The token never repeats, so that a late answer under an old one is recognised.
    """

    token: int
    job_id: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the engine shall start now."""

    job_id: str
    device_id: str


def schedule(
    now: float,
    candidates: Sequence[Candidate],
    slots: Sequence[Slot],
    leases: Sequence[Lease],
    served: Mapping[str, float],
) -> list[Assignment]:
    """Assign free devices to waiting jobs.

    A device has one lease at a time, a job too. Among the jobs that wait for a pool, the
    owner who has been served least comes first (device seconds, lately), then jobs that a
    client is waiting for, then the order of acceptance. So every owner advances whatever the
    others submit, and every job of an owner ends.

    Args:
        now: monotonic time in seconds.
        candidates: jobs with a next step.
        slots: all devices.
        leases: what is under way.
        served: device seconds that each owner had lately.
    """
    leased_devices = {lease.device_id for lease in leases}
    leased_jobs = {lease.job_id for lease in leases}
    owner_of = {candidate.job_id: candidate.owner for candidate in candidates}
    load = Counter(owner_of[one.job_id] for one in leases if one.job_id in owner_of)
    waiting: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.job_id not in leased_jobs:
            waiting.setdefault(candidate.pool, []).append(candidate)

    def rank(one: Candidate) -> tuple[int, float, bool, int]:
        return load[one.owner], served.get(one.owner, 0.0), not one.interactive, one.number

    assignments = []
    for slot in sorted(slots, key=lambda slot: slot.device_id):
        if slot.device_id in leased_devices or now < slot.not_before:
            continue
        if queue := _queue_of(slot, waiting):
            chosen = min(queue, key=rank)
            queue.remove(chosen)
            load[chosen.owner] += 1
            assignments.append(Assignment(chosen.job_id, slot.device_id))
    return assignments


def _queue_of(slot: Slot, waiting: Mapping[str, list[Candidate]]) -> list[Candidate]:
    """The jobs that a free device may take: orders about it before all others."""
    orders = waiting.get(slot.orders) if slot.orders else None
    return orders or (waiting.get(slot.pool, []) if slot.usable else [])
