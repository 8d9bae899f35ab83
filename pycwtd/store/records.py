"""What the store keeps of a job, a chunk and an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwt_mod.backends import Estimator

Status = Literal["queued", "running", "completed", "failed", "cancelled"]
#: Jobs that are about a device.
DEVICE_KINDS = frozenset({"self_test", "flash"})
#: A job in one of these states never changes again.
FINAL: frozenset[Status] = frozenset({"completed", "failed", "cancelled"})


class DeviceChange(Struct, frozen=True, kw_only=True):
    """What a device has come to, and the event that tells of it."""

    device: str
    event: str
    data: dict[str, Any]
    time: float
    #: Where it has to wait for an operator: the state, since when, and what is kept of it.
    state: Literal["quarantined", "drained"] | None = None
    since: float = 0.0
    kept: dict[str, str] = {}
    #: Whether what was kept of it is over.
    forget: bool = True
    #: Of the order that it came by.
    witness: Witness | None = None


class KeptDevice(Struct, frozen=True):
    """A device that waits for an operator, as its row has it."""

    id: str
    state: Literal["quarantined", "drained"]
    since: float
    data: dict[str, str]


class Chunk(Struct, frozen=True, kw_only=True):
    """Realisations ``first … first + count - 1`` of a job, computed and on disk."""

    first: int
    count: int
    file: str
    sha256: str
    backend: str
    seconds: float


class Ran(Struct, frozen=True, kw_only=True):
    """Where realisations ``first … first + count - 1`` of a job were computed."""

    first: int
    count: int
    backend: str
    seconds: float


class Job(Struct, frozen=True, kw_only=True):
    """A job as its row has it. Changes go through the store and give a new record."""

    id: str
    number: int = 0
    #: What it computes, as a workload names it; or ``batch``, a job that others belong to, or
    #: one of :data:`DEVICE_KINDS`.
    kind: str
    owner: str
    status: Status = "queued"
    batch_id: str | None = None
    parameters: dict[str, Any]
    backend_asked: str
    backend: str | None = None
    fallback_reason: str | None = None
    seed: int
    total: int
    attempts: int = 0
    host_deaths: int = 0
    created_at: float
    started_at: float | None = None
    completed_at: float | None = None
    estimated_seconds: float | None = None
    error: str | None = None
    result_sha256: str | None = None

    @property
    def estimator(self) -> Estimator | None:
        """How the noise is drawn; ``None`` without a Monte Carlo part."""
        if self.kind == "batch" or not self.total or self.backend is None:
            return None
        # A job that was accepted before there was a choice is a full one.
        estimator: Estimator = self.parameters.get("estimator", "full")
        return estimator


class Data(Struct, frozen=True, kw_only=True):
    """An uploaded series: the file as it came, and its samples in ``series.npy``."""

    id: str
    number: int = 0
    owner: str
    filename: str
    format: str
    #: Samples.
    length: int
    constant: bool
    #: Size of the file as it came.
    bytes: int
    sha256: str
    series_sha256: str
    metadata: dict[str, Any]
    created_at: float
    #: Samples that aren't there.
    missing: int = 0


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened, told in the transaction that made it happen."""

    seq: int
    time: float
    type: str
    job_id: str | None
    data: dict[str, Any]


#: ``unknown``: the client left before the answer, and the change may or may not have been made.
Outcome = Literal["done", "denied", "failed", "unknown"]


class AuditRow(Struct, frozen=True, kw_only=True):
    """A change that somebody made or was kept from making."""

    seq: int = 0
    time: float
    identity: str
    role: str
    address: str
    action: str
    target: str | None
    outcome: Outcome
    status: int
    request_id: str
    detail: str | None


@dataclass(slots=True)
class Witness:
    """The audit row of a change that is about to be made, for the transaction that makes it."""

    row: AuditRow
    #: Rows that the trail keeps.
    keep: int
    #: Whether it is on disk: of several transactions the first has it.
    written: bool = False


def batch_status(members: Sequence[Status]) -> Status:
    """The state of a batch whose members are in these states."""
    states = set(members)
    if not states <= FINAL:
        return "queued" if states == {"queued"} else "running"
    if states == {"completed"}:
        return "completed"
    return "failed" if "failed" in states else "cancelled"
