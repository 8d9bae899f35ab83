"""A job that isn't finished, as the engine holds it in memory."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pycwtd.engine import spans
from pycwtd.engine.device import NUMERICS
from pycwtd.engine.rates import Pace, Work
from pycwtd.engine.scheduler import Candidate, Lease
from pycwtd.engine.signal import Bell
from pycwtd.store.records import DEVICE_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pycwtd.store.records import Chunk, Job


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
    #: False for a synchronous call, which lives and dies with its connection.
    durable: bool = True
    #: Files that it needs, by the names that they get in its folder.
    inputs: Mapping[str, Path] = field(default_factory=dict)
    phase: Phase = Phase.PREPARE
    chunks: list[Chunk] = field(default_factory=list)
    lease: Lease | None = None
    #: Realisations of the chunk in flight that are done.
    in_flight: int = 0
    cancelled: bool = False
    #: Set when the job has reached its final state.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    changed: Bell = field(default_factory=Bell)
    #: Monotonic time and realisations at the start of the simulation, for the rate.
    simulating_since: tuple[float, int] | None = None
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
        # Jobs of earlier versions have their cost in other units: it isn't known.
        units = values.get("cost", 0.0)
        edges = values.get("edges", False)
        return Work(self.record.estimator or "full", values["family"], units, edges)

    def pace_on(self, backend: str) -> Pace:
        """What has been measured of this very job on a backend."""
        if self.pace is None or self.pace[0] != backend:
            self.pace = backend, Pace()
        return self.pace[1]

    @property
    def candidate(self) -> Candidate:
        """The job as the scheduler sees it."""
        on_backend = self.phase in {Phase.SIMULATE, Phase.DEVICE}
        pool = self.record.backend if on_backend else NUMERICS
        assert pool is not None
        return Candidate(
            job_id=self.record.id,
            owner=self.record.owner,
            number=self.record.number,
            pool=pool,
            interactive=not self.durable,
        )

    @property
    def realisations_done(self) -> int:
        """Realisations computed, the chunk in flight included."""
        return min(spans.done(self.chunks) + self.in_flight, self.record.total)

    @property
    def progress(self) -> float:
        """Share of the work done, 0 … 1. Preparing and finishing are short beside it."""
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
