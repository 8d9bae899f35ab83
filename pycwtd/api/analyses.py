"""The analyses, called and waited for; a call that takes too long becomes a job."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from pycwtd.api.answers import answer, wanted_format
from pycwtd.api.audit import witness
from pycwtd.api.context import CONTEXT
from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem
from pycwtd.api.results import send_result
from pycwtd.api.submit import inputs, new_job, parse, submit
from pycwtd.api.types import JobAccepted
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.api.context import Handler
    from pycwtd.store.records import Job
    from pycwtd.workloads.interface import Kind


def waiting(kind: Kind) -> Handler:
    """The handler of a route that answers with the result."""
    return partial(_wait_for, kind)


async def _wait_for(kind: Kind, request: web.Request) -> web.StreamResponse:
    context = request.app[CONTEXT]
    form = wanted_format(request)
    wanted = await parse(kind, await request.read(), context)
    record = await new_job(wanted, request[OWNER], context)
    engine = context.engine
    files = [inputs(wanted, context)]
    limit = context.config.limits.sync_seconds
    if (record.estimated_seconds or 0.0) > limit:
        told = witness(request, 202, record.id)
        record = await engine.submit([record], [wanted.body], inputs=files, witness=told)
        return _accepted(record, 202, "the call would take long and runs as a job")
    await engine.submit([record], [wanted.body], durable=False, inputs=files)
    job = engine.active[record.id]
    try:
        await _first(job.ended, engine.halted, limit)
    except asyncio.CancelledError:  # the client has hung up
        engine.drop(job)
        raise
    if engine.stopping:
        raise Problem(503, "the daemon is stopping", headers={"Retry-After": "5"})
    if not job.ended.is_set():
        try:
            await engine.ledger.promote(job, witness(request, 202, record.id))
        except (OSError, StoreError):  # nobody hears of it again
            engine.drop(job)
            raise
        return _accepted(job.record, 202, "the call takes long and goes on as a job")
    try:
        if job.record.status != "completed":
            if engine.ledger.trouble:
                raise Problem(507, job.record.error or "", code="storage")
            # What the numerics refuse although every field was right by itself.
            raise Problem(400, job.record.error or "the computation was cancelled")
        return await send_result(request, context, job.record, form)
    finally:
        engine.forget(job)


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Wait until one of two things has happened, or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def at_once(kind: Kind) -> Handler:
    """The handler of a route that always makes a job and answers with it."""
    return partial(_submit, kind)


async def _submit(kind: Kind, request: web.Request) -> web.StreamResponse:
    context = request.app[CONTEXT]
    body = await request.read()
    record = await submit(request, context, await parse(kind, body, context), body, 200)
    return _accepted(record, 200, f"follow it at /api/v1/jobs/{record.id} or /ws/jobs/{record.id}")


def _accepted(record: Job, status: int, message: str) -> web.Response:
    return answer(accepted(record, message), status, {"Location": f"/api/v1/jobs/{record.id}"})


def accepted(record: Job, message: str) -> JobAccepted:
    """What a client is told of a job that has just been accepted."""
    return JobAccepted(
        job_id=record.id,
        status=record.status,
        estimated_time=record.estimated_seconds,
        estimator=record.estimator,
        backend=record.backend,
        message=message,
    )
