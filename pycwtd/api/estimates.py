"""What a job would cost, before it is one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT
from pycwtd.api.job_types import Candidate, EstimateView
from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import decode
from pycwtd.api.submit import find_kind, new_job, parse, work_of
from pycwtd.api.types import NewJob

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool
    from pycwtd.engine.rates import Work


async def estimate(request: web.Request) -> web.StreamResponse:
    """Look at a job as if it were submitted, with the same errors; make nothing."""
    context = request.app[CONTEXT]
    new = decode(await request.read(), NewJob)
    kind = find_kind(new.kind, "kind", context)
    wanted = await parse(kind, msgspec.json.encode(new.request), context)
    pool = context.engine.pool
    await pool.probed()
    record = await new_job(wanted, request[OWNER], context)
    task, whole = wanted.plan.task, work_of(wanted)
    candidates: list[Candidate] = []
    if task and whole:
        candidates = [_candidate(device, whole, pool) for device in pool.known()]
        candidates.sort(key=_order)
    grid = record.parameters.get("J")
    return answer(
        EstimateView(
            kind=kind.name,
            realisations=record.total,
            scales=grid + 1 if isinstance(grid, int) else None,
            samples=record.parameters.get("samples"),
            estimator=record.estimator,
            estimated_time=record.estimated_seconds,
            backend=record.backend,
            fallback_reason=record.fallback_reason,
            backends=candidates,
            recommended_backend=pool.fastest(whole) if task and whole else None,
        )
    )


def _candidate(device: Device, work: Work, pool: Pool) -> Candidate:
    """A backend with what the work would take there, or why it can't."""
    lack = device.lacks(work.estimator, work.family)
    if not device.usable:
        lack = lack or device.reason or "it is being probed; ask again in a second"
    if lack is not None:
        return Candidate(device.id, device.usable, None, None, lack)
    wait, seconds = pool.wait(device.id), pool.seconds(device.id, work)
    done = None if seconds is None else wait + seconds
    return Candidate(
        device.id, available=True, estimated_time=done, waiting_time=wait, reason=UNSET
    )


def _order(one: Candidate) -> tuple[bool, float, str]:
    """The soonest first, those that can't last."""
    seconds = math.inf if one.estimated_time is None else one.estimated_time
    return one.reason is not UNSET, seconds, one.backend
