"""What the API answers of devices, as types."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

#: See :mod:`pycwtd.engine.lifecycle`.
DeviceState = Literal[
    "unavailable",
    "present",
    "probed",
    "self_tested",
    "ready",
    "leased",
    "draining",
    "drained",
    "broken",
    "quarantined",
]


class ReadingView(Struct):
    """What a sensor of a device says."""

    name: str
    value: float
    #: Such as °C, V or B; empty for numbers of things.
    unit: str


class DeviceView(Struct, kw_only=True, omit_defaults=True):
    """A device, and of its state what is valid in it."""

    id: str
    backend: str
    state: DeviceState
    since: str
    #: What it computes on, in its driver's words.
    parts: list[str]
    #: What its driver can do beside computing, such as ``flash``.
    hooks: list[str]
    #: Why it takes no work.
    reason: str | UnsetType = UNSET
    #: Of a quarantined one: what an operator does about it.
    way_out: str | UnsetType = UNSET
    #: When it is tried again.
    next_try: str | UnsetType = UNSET
    #: Of a leased one.
    job_id: str | UnsetType = UNSET
    firmware: str | UnsetType = UNSET
    serial: str | UnsetType = UNSET
    #: Of its sensors, where its driver has any.
    readings: list[ReadingView] = []


class SelfTestView(Struct, kw_only=True):
    """A self-test that a device has had."""

    #: When it ended.
    time: str
    passed: bool
    figures: str
    #: How long it took (seconds).
    duration: float
    #: Of one that somebody has ordered.
    job_id: str | UnsetType = UNSET


class DeviceDetails(DeviceView, kw_only=True):
    """A device, looked into."""

    #: The last ten, newest first.
    self_tests: list[SelfTestView]
    #: Numbers that only grow: of the daemon since its start, ``errors``, chunks that went wrong
    #: on it, and ``deaths`` of its process; of its driver, such as ``retries`` on its line.
    counters: dict[str, float]
    readings: list[ReadingView]
    #: When the driver's counters and readings were taken.
    read_at: str | UnsetType = UNSET


class DeviceList(Struct):
    """All devices."""

    devices: list[DeviceView]


class SelfTestResult(Struct, kw_only=True):
    """What a device's self-test found."""

    passed: bool
    #: The same run twice gives the same counts.
    repeats: bool
    #: The counts of two parts are those of the whole.
    adds_up: bool
    #: The counts are those of its class; or the mean coherence is that of the float64 reference,
    #: within the driver's tolerance and what chance makes of it.
    agrees: bool
    #: Whether every count was compared with the C kernel's.
    exact: bool
    #: Largest difference of a scale's mean coherence from the reference.
    deviation: float
    #: What that may be; 0 where counts have to be equal.
    limit: float
    realisations: int
    #: All of this in words.
    figures: str
    backend_used: str
    computation_time: float


class FlashResult(Struct, kw_only=True):
    """What new firmware has come to."""

    #: The version that is on the board now.
    firmware: str
    backend_used: str
    computation_time: float
