"""What can be done to a device: jobs like any other."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from pycwtd.api.analyses import accepted
from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT
from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem
from pycwtd.api.submit import idempotency
from pycwtd.engine.device import Condition
from pycwtd.engine.pool import BackendUnavailableError, UnknownBackendError
from pycwtd.store.records import Job

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.engine.device import Device


async def _ready(request: web.Request) -> Device:
    """The device that the path names.

    Raises:
        Problem: 404, there is none.
        BackendUnavailableError: it can't do anything now.
    """
    try:
        device = request.app[CONTEXT].engine.pool.find(request.match_info["id"])
    except UnknownBackendError as error:
        raise Problem(404, str(error), code="unknown_backend") from None
    await device.probed.wait()
    if device.condition is not Condition.READY:
        raise BackendUnavailableError(f"{device.id} isn't available: {device.reason}")
    return device


async def self_test(request: web.Request) -> web.StreamResponse:
    """Have a device compute what is known, as a job."""
    context = request.app[CONTEXT]
    device = await _ready(request)
    record = Job(
        id=str(uuid.uuid4()),
        kind="self_test",
        owner=request[OWNER],
        parameters={"device": device.id},
        backend_asked=device.id,
        backend=device.id,
        seed=0,
        total=0,
        created_at=time.time(),
    )
    record = await context.engine.submit([record], [b"{}"], idempotency=idempotency(request, b""))
    location = {"Location": f"/api/v1/jobs/{record.id}"}
    return answer(accepted(record, "accepted"), 202, location)


async def flash(request: web.Request) -> web.StreamResponse:
    """Write a device's firmware; a backend that is a program has none."""
    device = await _ready(request)
    raise Problem(
        400, f"{device.id} has no firmware: there is nothing to flash", code="unfit_backend"
    )
