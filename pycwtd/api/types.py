"""What the API answers, as types: answers are made from them and documented by them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from pycwt_mod.backends import Estimator
from pycwtd.api.device_types import DeviceState, DeviceView
from pycwtd.store.records import Status


class Root(Struct):
    """What this service is."""

    name: str
    version: str
    docs: str
    health: str
    server_version: str


class Health(Struct):
    """Whether the service works."""

    status: Literal["healthy", "unhealthy"]
    api_version: str


class BackendHealth(Struct):
    """Whether a backend is there, and well."""

    available: bool
    healthy: bool


class JobCounts(Struct):
    """Jobs in each state."""

    queued: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


class SystemUsage(Struct):
    """Use of the machine, each a share from 0 to 100 %."""

    cpu_usage: float
    memory_usage: float
    disk_usage: float


class WorkloadHealth(Struct):
    """Whether a workload's jobs are taken, or why not."""

    available: bool
    error: str | UnsetType = UNSET


class DetailedHealth(Struct):
    """Everything that tells whether the service is well."""

    status: Literal["healthy", "degraded"]
    #: Why it is degraded.
    reasons: list[str]
    timestamp: str
    version: str
    #: Seconds since the start.
    uptime: float
    backends: dict[str, BackendHealth]
    jobs: JobCounts
    system: SystemUsage
    workloads: dict[str, WorkloadHealth] = {}
    #: Number of the last event: whoever reads ``/ws/events`` from there on misses nothing.
    last_event: int | None = None


class KindStats(Struct):
    """Completed jobs of one kind on one backend."""

    kind: str
    backend: str | None
    jobs: int
    realisations: int
    seconds: float


class Stats(Struct):
    """Totals since the state directory was made."""

    jobs: int
    realisations: int
    bytes_stored: int
    by_kind_and_backend: list[KindStats]


class Capabilities(Struct):
    """What a backend can compute."""

    wavelets: list[str]
    estimators: list[str]
    #: Largest difference of a 95 % level from the reference that the driver admits.
    tolerance: float


class Backend(Struct):
    """One backend."""

    name: str
    type: Literal["cpu", "distributed", "gpu", "embedded", "fpga"]
    description: str
    available: bool
    capabilities: Capabilities
    #: The numerics class: results within one class are bit-identical.
    numerics: str
    #: Against ``sequential``, as measured here; null before both have been measured.
    estimated_speedup: float | None
    devices: list[str]
    #: How what it computes on fares.
    device: DeviceView
    error: str | UnsetType = UNSET


class RefusedDriver(Struct):
    """A driver that was found and isn't used."""

    driver: str
    reason: str


class BackendList(Struct):
    """All backends, and the drivers that were refused."""

    backends: list[Backend]
    refused: list[RefusedDriver] = []


class BackendStatus(Backend, kw_only=True):
    """One backend, and how it fares."""

    status: DeviceState
    #: Measured on this appliance: for each estimator, microseconds per realisation of 25 scales
    #: of the Morlet wavelet, four to the octave, from two samples on.
    performance_metrics: dict[str, float | None]
    last_error: str | None


class Alternative(Struct):
    """Another backend that would do."""

    backend: str
    #: Seconds, those behind the jobs that it has included.
    estimated_time: float
    #: Seconds behind the jobs that it has.
    waiting_time: float
    #: Joules, where its watts are configured (``engine.watts``).
    energy: float | None


class Recommendation(Struct):
    """The backend for a piece of work, with the arithmetic."""

    recommended_backend: str
    reason: str
    #: Seconds, those behind the jobs that it has included.
    estimated_time: float
    #: Seconds behind the jobs that it has.
    waiting_time: float
    #: Joules, where its watts are configured (``engine.watts``).
    energy: float | None
    alternatives: list[Alternative]


class CpuHardware(Struct):
    """The processor."""

    available: bool
    cores: int
    model: str


class GpuHardware(Struct):
    """Graphics processors that a driver could use."""

    available: bool
    type: str
    count: int
    devices: list[str]


class UsbDevice(Struct):
    """A serial device on USB."""

    port: str
    vid: str
    pid: str
    serial_number: str | None
    description: str


class FpgaHardware(Struct):
    """FPGA boards."""

    available: bool
    device: str | None
    interface: str | None
    status: str
    devices: list[UsbDevice]


class EmbeddedHardware(Struct):
    """Microcontroller boards."""

    available: bool
    status: str
    devices: list[UsbDevice]


class Hardware(Struct):
    """What is plugged in."""

    cpu: CpuHardware
    gpu: GpuHardware
    fpga: FpgaHardware
    embedded: EmbeddedHardware


class KindView(Struct):
    """A kind of job."""

    name: str
    summary: str
    #: Paths that take its requests.
    paths: list[str]
    #: Whether it has Monte Carlo realisations.
    simulates: bool


class WorkloadView(Struct):
    """A workload, or why it isn't used."""

    name: str
    available: bool
    kinds: list[KindView]
    title: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    #: The package that it comes with.
    package: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


class WorkloadList(Struct):
    """All workloads."""

    workloads: list[WorkloadView]


class BatchEntry(Struct):
    """One job of a batch."""

    task_id: int
    job_id: str
    status: Status


class JobView(Struct):
    """A job as clients see it. Times are RFC 3339, UTC."""

    job_id: str
    kind: str
    status: Status
    #: 0 … 1.
    progress: float
    #: When it will be done, at the present rate.
    eta: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    estimated_time_seconds: float | None
    #: How the noise is drawn; null without a Monte Carlo part.
    estimator: Estimator | None
    backend: str | None
    fallback_reason: str | None
    attempts: int
    error: str | None
    #: What keeps it from going on, such as a full disk.
    waiting_for: str | None
    owner: str
    seed: int
    #: Realisations computed and asked for, where there is a Monte Carlo part.
    realisations_done: int
    realisations: int
    #: Realisations per second.
    rate: float | None
    parameters: dict[str, Any]
    results: list[BatchEntry] | UnsetType = UNSET


class JobList(Struct):
    """A page of jobs, newest first."""

    jobs: list[JobView]
    #: Pass it as ``cursor`` for the next page; null on the last one.
    next_cursor: str | None


class JobAccepted(Struct):
    """A job that is on disk and will be run."""

    job_id: str
    status: Status
    #: Seconds; null before anything comparable has been measured.
    estimated_time: float | None
    #: How the noise is drawn; null without a Monte Carlo part.
    estimator: Estimator | None
    backend: str | None
    message: str


class BatchAccepted(Struct):
    """A batch that is on disk and will be run."""

    job_id: str
    status: Status
    tasks_count: int
    estimated_time: float | None


class NewJob(Struct, forbid_unknown_fields=True):
    """A job: what kind, and the request as the kind's own route takes it."""

    kind: str
    request: dict[str, Any]


class NewBatch(Struct, forbid_unknown_fields=True):
    """Several jobs: each with its ``type`` and the fields of its request beside it."""

    tasks: list[dict[str, Any]]
