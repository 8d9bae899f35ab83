"""What the API answers, as types: answers are made from them and documented by them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pycwt_mod.backends import Estimator
from pycwtd.store.records import JobKind, Status
from pycwtd.workloads.wavelet.fields import Kind


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


class DetailedHealth(Struct):
    """Everything that tells whether the service is well."""

    status: Literal["healthy", "degraded"]
    timestamp: str
    version: str
    #: Seconds since the start.
    uptime: float
    backends: dict[str, BackendHealth]
    jobs: JobCounts
    system: SystemUsage


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

    status: Literal["present", "ready", "unavailable", "quarantined"]
    #: Measured on this appliance: for each estimator, microseconds per realisation of 25 scales
    #: of the Morlet wavelet, four to the octave, from two samples on.
    performance_metrics: dict[str, float | None]
    last_error: str | None


class Alternative(Struct):
    """Another backend that would do."""

    backend: str
    estimated_time: float


class Recommendation(Struct):
    """The backend for a piece of work, with the arithmetic."""

    recommended_backend: str
    reason: str
    #: Seconds.
    estimated_time: float
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


class BatchEntry(Struct):
    """One job of a batch."""

    task_id: int
    job_id: str
    status: Status


class JobView(Struct):
    """A job as clients see it. Times are RFC 3339, UTC."""

    job_id: str
    kind: JobKind
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

    kind: Kind
    request: dict[str, Any]


class NewBatch(Struct, forbid_unknown_fields=True):
    """Several jobs: each with its ``type`` and the fields of its request beside it."""

    tasks: list[dict[str, Any]]


Matrix = list[list[float]]
#: ``[re, im]``.
Complex = Annotated[list[float], Meta(min_length=2, max_length=2)]
ComplexMatrix = list[list[Complex]]


class CwtResult(Struct, kw_only=True):
    """A continuous wavelet transform; ``wave`` is scales × time."""

    wave: ComplexMatrix
    scales: list[float]
    freqs: list[float]
    coi: list[float]
    fft: list[Complex]
    fftfreqs: list[float]
    #: With ``gaps``, the share of each wavelet that falls on samples that are there.
    coverage: Matrix | UnsetType = UNSET
    #: With ``gaps``, the points that neither the ends nor gaps reach; scales × time.
    outside: list[list[bool]] | UnsetType = UNSET
    signif: list[float] | UnsetType = UNSET
    #: What the numerics found worth a word, such as a series that is nearly a random walk.
    warnings: list[str] | UnsetType = UNSET
    #: Seconds.
    computation_time: float


class XwtResult(Struct, kw_only=True):
    """A cross-wavelet spectrum; ``phase`` in radians, positive where the first leads."""

    xwt: ComplexMatrix
    amplitude: Matrix
    phase: Matrix
    coi: list[float]
    freqs: list[float]
    scales: list[float]
    coverage: Matrix | UnsetType = UNSET
    outside: list[list[bool]] | UnsetType = UNSET
    signif: list[float] | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    computation_time: float


class SignificanceResult(Struct, kw_only=True):
    """Levels of the squared coherence of independent red noise, for each scale."""

    scales: list[float]
    freqs: list[float]
    signif: list[float | None] | UnsetType = UNSET
    sig95: list[float | None] | UnsetType = UNSET
    #: Monte Carlo standard error of each level.
    signif_error: list[float | None] | UnsetType = UNSET
    #: With ``edges``, the level at every point, the cone of influence included; scales × time.
    level_map: list[list[float | None]] | UnsetType = UNSET
    level_map_error: list[list[float | None]] | UnsetType = UNSET
    significance_level: float | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    mc_count: int | UnsetType = UNSET
    #: How the noise was drawn.
    estimator: Estimator | UnsetType = UNSET
    backend_used: str | UnsetType = UNSET
    fallback_reason: str | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    computation_time: float


class SelfTestResult(Struct, kw_only=True):
    """What a device's self-test found."""

    passed: bool
    #: The same run twice gives the same counts.
    repeats: bool
    #: The counts of two parts are those of the whole.
    adds_up: bool
    #: The mean coherence is that of the float64 reference, within the driver's tolerance.
    agrees: bool
    #: Largest difference of a scale's mean coherence from the reference.
    deviation: float
    backend_used: str
    computation_time: float


class WctResult(SignificanceResult, kw_only=True):
    """Squared wavelet coherence (0 … 1) and phase (radians), scales × time."""

    WCT: Matrix
    aWCT: Matrix  # noqa: N815 - the name is pycwt's
    coi: list[float]
    coverage: Matrix | UnsetType = UNSET
    outside: list[list[bool]] | UnsetType = UNSET
