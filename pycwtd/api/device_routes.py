"""The operations on devices."""

from __future__ import annotations

from pycwtd.api import devices, workloads
from pycwtd.api.context import Operation
from pycwtd.api.device_types import DeviceDetails, DeviceList, DeviceView
from pycwtd.api.types import JobAccepted

_DEVICE = f"{workloads.API}/devices/{{id}}"

DEVICES: tuple[Operation, ...] = (
    Operation(
        "GET",
        f"{workloads.API}/devices/",
        devices.listing,
        "All devices, with their states",
        "Devices",
        {200: DeviceList},
    ),
    Operation(
        "GET",
        _DEVICE,
        devices.one,
        "One device, with its self-tests, counters and readings",
        "Devices",
        {200: DeviceDetails},
        errors=(404,),
    ),
    Operation(
        "POST",
        f"{_DEVICE}/self-test",
        devices.self_test,
        "Have a device compute what is known, as a job; one that fails is quarantined",
        "Devices",
        {202: JobAccepted},
        headers=workloads.IDEMPOTENT,
        errors=(400, 404, 409, 503, 507),
        takes="",
    ),
    Operation(
        "POST",
        f"{_DEVICE}/flash",
        devices.flash,
        "Have a device's firmware written, as a job",
        "Devices",
        {202: JobAccepted},
        headers=workloads.IDEMPOTENT,
        errors=(400, 404, 409, 503, 507),
        takes="",
    ),
    *(
        Operation(
            "POST",
            f"{_DEVICE}/{name}",
            handler,
            summary,
            "Devices",
            {202: DeviceView},
            errors=(404, 409, 503),
            takes="",
        )
        for name, handler, summary in (
            ("drain", devices.drain, "Give a device no more work; what it has begun it finishes"),
            ("resume", devices.resume, "Bring a drained device back, through probe and self-test"),
            (
                "release",
                devices.release,
                "Let a device out of quarantine, through probe and self-test",
            ),
        )
    ),
)
