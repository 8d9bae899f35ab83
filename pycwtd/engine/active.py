"""A job that isn't finished, as the engine holds it in memory."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pycwtd.engine import spans
from pycwtd.engine.device import NUMERICS, orders_of
from pycwtd.engine.rates import Pace, Work
from pycwtd.engine.scheduler import Candidate, Lease
from pycwtd.engine.signal import Bell
from pycwtd.logs import REQUEST_ID
from pycwtd.store.records import DEVICE_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pycwtd.store.records import Chunk, Job, Witness

    #: Tells of a job its record, its folder and the processes of its workload.
    Place = Callable[[Job], tuple[Job, Path, str]]


class Phase(Enum):
    """The steps of a job. A job without Monte Carlo is finished by its preparation."""

    PREPARE = "prepare"
    SIMULATE = "simulate"
    FINISH = "finish"
    #: The one step of a job that is about a device.
    DEVICE = "device"


@dataclass(slots=True)
class ActiveJob:
    """One unfinished job: its record, where it stands, who waits for it."""

    record: Job
    folder: Path
    #: The processes that prepare and finish it, and without a backend compute it, too.
    pool: str = NUMERICS
    #: False for a synchronous call, which lives and dies with its connection.
    durable: bool = True
    #: Files that it needs, by the names that they get in its folder.
    inputs: Mapping[str, Path] = field(default_factory=dict)
    phase: Phase = Phase.PREPARE
    chunks: list[Chunk] = field(default_factory=list)
    lease: Lease | None = None
    #: Realisations of the chunk in flight that are done; of a job about a device, percent.
    in_flight: int = 0
    cancelled: bool = False
    #: Of whoever has cancelled it.
    witness: Witness | None = None
    #: Of the request that it came by; empty after a restart.
    request_id: str = field(default_factory=REQUEST_ID.get)
    #: Set when the job has reached its final state.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    changed: Bell = field(default_factory=Bell)
    #: Monotonic time and realisations at the start of the simulation, for the rate.
    simulating_since: tuple[float, int] | None = None
    #: Size of its request, which counts against the queue's.
    bytes: int = 0
    #: How often files of it were found damaged.
    repairs: int = 0
    #: The backends that don't take its task.
    refused_by: set[str] = field(default_factory=set)
    #: How long its own realisations take, and on which backend.
    pace: tuple[str, Pace] | None = None
    #: Whether its files must reach the disk before they count; set before :attr:`durable`.
    synced: bool = field(init=False)

    def __post_init__(self) -> None:
        self.synced = self.durable
        if self.record.kind in DEVICE_KINDS:
            self.phase = Phase.DEVICE

    @property
    def work(self) -> Work:
        """One realisation, as far as it can be told beforehand."""
        values = self.record.parameters
        if self.record.backend is None:
            return Work(self.record.kind, "", values.get("cost", 0.0))
        # Jobs of earlier versions have their cost in other units: it isn't known.
        units = values.get("cost", 0.0)
        edges = values.get("edges", False)
        return Work(self.record.estimator or "full", values["family"], units, edges)

    @property
    def computed_by(self) -> str:
        """Where its realisations are computed: its backend, or the processes of its workload."""
        return self.record.backend or self.pool

    def pace_on(self, backend: str) -> Pace:
        """What has been measured of this very job there."""
        if self.pace is None or self.pace[0] != backend:
            self.pace = backend, Pace()
        return self.pace[1]

    @property
    def candidate(self) -> Candidate:
        """The job as the scheduler sees it."""
        pool = self.computed_by if self.phase is Phase.SIMULATE else self.pool
        if self.phase is Phase.DEVICE:
            pool = orders_of(self.record.backend or "")
        return Candidate(
            job_id=self.record.id,
            owner=self.record.owner,
            number=self.record.number,
            pool=pool,
            interactive=not self.durable,
        )

    def advance(self) -> None:
        """From simulating to finishing, when the last realisation is in."""
        if spans.next_gap(self.chunks, self.record.total) is None:
            self.phase = Phase.FINISH

    @property
    def realisations_done(self) -> int:
        """Realisations computed, the chunk in flight included."""
        return min(spans.done(self.chunks) + self.in_flight, self.record.total)

    @property
    def progress(self) -> float:
        """Share of the work done, 0 … 1. Preparing and finishing are short beside it."""
        if self.phase is Phase.DEVICE:
            return min(self.in_flight, 100) / 100
        total = self.record.total
        return self.realisations_done / total if total else 0.0

    def rate(self) -> float | None:
        """Realisations per second since the simulation went on last."""
        if self.simulating_since is None:
            return None
        since, before = self.simulating_since
        elapsed = time.monotonic() - since
        fresh = self.realisations_done - before
        return fresh / elapsed if elapsed > 0 and fresh > 0 else None

    def seconds_left(self) -> float | None:
        """Time left at the present rate."""
        rate = self.rate()
        return None if rate is None else (self.record.total - self.realisations_done) / rate
