"""Devices: how each of them fares, and what operators order."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Literal

from pycwtd.api.analyses import accepted
from pycwtd.api.answers import answer
from pycwtd.api.audit import witness
from pycwtd.api.context import CONTEXT
from pycwtd.api.device_details import details, view
from pycwtd.api.device_types import DeviceList
from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem
from pycwtd.api.submit import idempotency
from pycwtd.engine.lifecycle import TransitionError, Unavailable
from pycwtd.engine.pool import BackendUnavailableError, UnknownBackendError
from pycwtd.store.records import Job

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.engine.device import Device


def _find(request: web.Request) -> Device:
    try:
        return request.app[CONTEXT].engine.pool.find(request.match_info["id"])
    except UnknownBackendError as error:
        raise Problem(404, str(error), code="unknown_backend") from None


async def listing(request: web.Request) -> web.StreamResponse:
    """All devices, with their states."""
    pool = request.app[CONTEXT].engine.pool
    await asyncio.gather(*(device.ask_readings() for device in pool.known()))
    return answer(DeviceList([view(device) for device in pool.known()]))


async def one(request: web.Request) -> web.StreamResponse:
    """One device, looked into."""
    return answer(await details(_find(request), request.app[CONTEXT]))


# -- jobs --------------------------------------------------------------------------------------


async def _present(request: web.Request) -> Device:
    """The device that the path names, whatever its state, if it is there.

    Raises:
        Problem: 404, there is none.
        BackendUnavailableError: what it computes on isn't there.
    """
    device = _find(request)
    await device.settled.wait()
    if isinstance(device.state, Unavailable):
        raise BackendUnavailableError(f"{device.id} isn't available: {device.reason}")
    return device


async def _order(request: web.Request, device: Device, kind: str) -> web.StreamResponse:
    record = Job(
        id=str(uuid.uuid4()),
        kind=kind,
        owner=request[OWNER],
        parameters={"device": device.id},
        backend_asked=device.id,
        backend=device.id,
        seed=0,
        total=0,
        created_at=time.time(),
    )
    key = idempotency(request, b"")
    record = await request.app[CONTEXT].engine.submit(
        [record], [b"{}"], idempotency=key, witness=witness(request, 202, record.id)
    )
    location = {"Location": f"/api/v1/jobs/{record.id}"}
    return answer(accepted(record, "accepted"), 202, location)


async def self_test(request: web.Request) -> web.StreamResponse:
    """Have a device compute what is known, as a job; one that fails is quarantined."""
    return await _order(request, await _present(request), "self_test")


async def flash(request: web.Request) -> web.StreamResponse:
    """Have a device's firmware written, as a job."""
    device = await _present(request)
    assert device.info
    if "flash" not in device.info.hooks:
        raise Problem(
            400,
            f"{device.id} can't be flashed: its driver has no such hook, so there is no firmware "
            "that the daemon could write",
            code="unfit_backend",
        )
    return await _order(request, device, "flash")


# -- orders ------------------------------------------------------------------------------------


async def _decide(
    request: web.Request, order: Literal["drain", "resume", "release"]
) -> web.StreamResponse:
    device = _find(request)
    engine = request.app[CONTEXT].engine
    if device.id not in engine.pool.devices:
        raise BackendUnavailableError(f"{device.id} isn't available: {device.reason}")
    told = witness(request, 202, request.match_info["id"])
    try:
        await engine.order(order, device, request[OWNER], told)
    except TransitionError as error:
        raise Problem(409, str(error), code="device_state") from None
    return answer(view(device), 202)


async def drain(request: web.Request) -> web.StreamResponse:
    """Give a device no more work; what it has begun it finishes."""
    return await _decide(request, "drain")


async def resume(request: web.Request) -> web.StreamResponse:
    """Bring a drained device back: it is probed and tested again."""
    return await _decide(request, "resume")


async def release(request: web.Request) -> web.StreamResponse:
    """Let a device out of quarantine: it is probed and tested again."""
    return await _decide(request, "release")
