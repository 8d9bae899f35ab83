"""A device as clients see it, at a glance and looked into."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from msgspec import UNSET

from pycwtd.api.context import rfc3339
from pycwtd.api.device_types import DeviceDetails, DeviceView, ReadingView, SelfTestView
from pycwtd.engine.lifecycle import Leased, Quarantined, retry_of
from pycwtd.store.devices import self_tests
from pycwtd.store.npz import members

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.api.context import Context
    from pycwtd.engine.device import Device
    from pycwtd.store.records import Job

#: Self-tests that are shown.
_TESTS = 10


def view(device: Device) -> DeviceView:
    """A device as clients see it: of its state, only what is valid in it."""
    state, identity, info = device.state, device.identity, device.info
    assert info
    retry = retry_of(state)
    name = "draining" if isinstance(state, Leased) and state.drain_by is not None else state.name
    return DeviceView(
        id=device.id,
        backend=info.name,
        state=name,  # type: ignore[arg-type]  # one of its literals
        since=rfc3339(state.since) or "",
        parts=list(identity.parts),
        hooks=list(info.hooks),
        reason=device.reason or UNSET,
        way_out=state.way_out if isinstance(state, Quarantined) else UNSET,
        next_try=(rfc3339(retry.at) or UNSET) if retry else UNSET,
        job_id=state.job_id if isinstance(state, Leased) else UNSET,
        firmware=identity.firmware or UNSET,
        serial=identity.serial or UNSET,
        readings=[
            ReadingView(one["name"], one["value"], one["unit"])
            for one in device.readings
            if not one["total"]
        ],
    )


async def details(device: Device, context: Context) -> DeviceDetails:
    """A device, with its last self-tests, and what its driver tells."""
    ordered = await context.store(self_tests, device.id, _TESTS)
    folders = [context.store.folder(job.id) for job in ordered]
    found = await asyncio.to_thread(lambda: [*map(_test, ordered, folders)])
    found += [
        SelfTestView(
            time=rfc3339(one.time) or "",
            passed=one.passed,
            figures=one.figures,
            duration=one.seconds,
        )
        for one in device.tests
    ]
    found.sort(key=lambda one: one.time, reverse=True)
    await device.ask_readings()
    seen = view(device)
    totals = {one["name"]: one["value"] for one in device.readings if one["total"]}
    return DeviceDetails(
        **{name: getattr(seen, name) for name in DeviceView.__struct_fields__},
        self_tests=found[:_TESTS],
        counters={"errors": device.errors, "deaths": device.deaths, **totals},
        read_at=rfc3339(device.read_at) or UNSET,
    )


def _test(job: Job, folder: Path) -> SelfTestView:
    """A self-test that somebody has ordered; one whose job failed wasn't passed."""
    passed, figures = False, job.error or ""
    if job.status == "completed":
        try:
            passed, figures = _outcome(folder / "result.npz")
        except (OSError, ValueError, KeyError) as error:
            figures = f"its result can't be read: {error}"
    ended = job.completed_at or job.created_at
    return SelfTestView(
        time=rfc3339(ended) or "",
        passed=passed,
        figures=figures,
        duration=max(0.0, ended - (job.started_at or ended)),
        job_id=job.id,
    )


def _outcome(path: Path) -> tuple[bool, str]:
    """What a result says, read without numpy: a truth value and a text."""
    found = members(path)
    with path.open("rb") as file:
        file.seek(found["passed"].start)
        (passed,) = struct.unpack("?", file.read(1))
        text = found["figures"]
        file.seek(text.start)
        order = "utf-32-be" if text.descr[0] == ">" else "utf-32-le"
        return passed, file.read(text.itemsize).decode(order).rstrip("\0")
