"""Jobs: submitted, listed, looked at, fetched, cancelled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import UNSET, Meta, Struct

from pycwtd.api.admission import may_change
from pycwtd.api.analyses import accepted
from pycwtd.api.answers import answer, wanted_format
from pycwtd.api.audit import witness
from pycwtd.api.context import CONTEXT, rfc3339
from pycwtd.api.problems import Problem, convert, decode
from pycwtd.api.results import send_array, send_result
from pycwtd.api.submit import find_kind, parse, submit, submit_batch, task_request
from pycwtd.api.types import (
    BatchAccepted,
    BatchEntry,
    JobList,
    JobView,
    NewBatch,
    NewJob,
)
from pycwtd.engine.device import NOWHERE
from pycwtd.engine.engine import NotActiveError
from pycwtd.store.database import Database
from pycwtd.store.records import FINAL, Job, Status
from pycwtd.workloads.registry import RESERVED

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.api.context import Context
    from pycwtd.engine.active import ActiveJob

_MAX_BATCH = 1000


async def create(request: web.Request) -> web.StreamResponse:
    """Accept one job: on disk before the answer leaves."""
    context = request.app[CONTEXT]
    body = await request.read()
    new = decode(body, NewJob)
    kind = find_kind(new.kind, "kind", context)
    wanted = await parse(kind, msgspec.json.encode(new.request), context)
    record = await submit(request, context, wanted, body)
    return answer(accepted(record, "accepted"), 202, {"Location": f"/api/v1/jobs/{record.id}"})


async def create_batch(request: web.Request) -> web.StreamResponse:
    """Accept several jobs together, or none of them."""
    context = request.app[CONTEXT]
    body = await request.read()
    tasks = decode(body, NewBatch).tasks
    if not 1 <= len(tasks) <= _MAX_BATCH:
        raise Problem(422, f"tasks: must be 1 to {_MAX_BATCH} tasks", code="invalid_field")
    wanted = [await task_request(number, task, context) for number, task in enumerate(tasks)]
    batch = await submit_batch(request, context, wanted, body)
    return answer(
        BatchAccepted(batch.id, batch.status, batch.parameters["tasks"], batch.estimated_seconds),
        202,
        {"Location": f"/api/v1/jobs/{batch.id}"},
    )


class JobsQuery(Struct, forbid_unknown_fields=True):
    """Which jobs to list."""

    status: Status | None = None
    kind: str | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


async def listing(request: web.Request) -> web.StreamResponse:
    """A page of jobs, newest first."""
    context = request.app[CONTEXT]
    query = convert(request.query, JobsQuery)
    if query.kind is not None:
        await _check_kind(query.kind, context)
    records = await context.store(
        Database.jobs,
        status=query.status,
        kind=query.kind,
        before=query.cursor,
        limit=query.limit + 1,
    )
    page = records[: query.limit]
    more = len(records) > query.limit
    return answer(
        JobList(
            jobs=[await view(record, context) for record in page],
            next_cursor=str(page[-1].number) if more else None,
        )
    )


async def _check_kind(kind: str, context: Context) -> None:
    """See that there may be jobs of this kind."""
    known = {*context.engine.pool.workloads.kinds, *RESERVED}
    # Of a workload that isn't installed any more, there may be some.
    if kind not in known and not await context.store(Database.jobs, kind=kind, limit=1):
        detail = f"kind: must be one of {', '.join(sorted(known))}, not {kind!a}"
        raise Problem(422, detail, code="invalid_field")


def _waits_for(job: ActiveJob | None, context: Context) -> str | None:
    """What keeps a job from going on."""
    if job is None:
        return None
    if job.pool == NOWHERE:
        kind = job.record.kind
        return f"no workload with the kind {kind} is installed; install it and restart pycwtd"
    return context.engine.waiting_for(job)


async def view(record: Job, context: Context) -> JobView:
    """A job as clients see it, with what the engine knows of it at this moment."""
    live = context.engine.active.get(record.id)
    if live:
        record = live.record
    members = None
    if record.kind == "batch":
        members = await context.store(Database.jobs, batch_id=record.id)
        members.reverse()
    completed = record.status == "completed"
    done = live.realisations_done if live else (record.total if completed else 0)
    left = live.seconds_left() if live else None
    progress = 1.0 if completed else (live.progress if live else 0.0)
    if members:
        progress = sum(member.status in FINAL for member in members) / len(members)
    return JobView(
        job_id=record.id,
        kind=record.kind,
        status=record.status,
        progress=progress,
        eta=rfc3339(time.time() + left) if left is not None else None,
        created_at=rfc3339(record.created_at) or "",
        started_at=rfc3339(record.started_at),
        completed_at=rfc3339(record.completed_at),
        estimated_time_seconds=record.estimated_seconds,
        estimator=record.estimator,
        backend=record.backend,
        fallback_reason=record.fallback_reason,
        attempts=record.attempts,
        error=record.error,
        waiting_for=_waits_for(live, context),
        owner=record.owner,
        seed=record.seed,
        realisations_done=done,
        realisations=record.total,
        rate=live.rate() if live else None,
        parameters=record.parameters,
        results=UNSET
        if members is None
        else [BatchEntry(i, member.id, member.status) for i, member in enumerate(members)],
    )


async def find(request: web.Request) -> Job:
    """The job that the path names.

    Raises:
        Problem: 404, there is none.
    """
    job_id = request.match_info["id"]
    record = await request.app[CONTEXT].store(Database.job, job_id)
    if record is None:
        raise Problem(404, f"there is no job {ascii(job_id)[1:-1]}", code="unknown_job")
    return record


async def one(request: web.Request) -> web.StreamResponse:
    """One job."""
    return answer(await view(await find(request), request.app[CONTEXT]))


async def result(request: web.Request) -> web.StreamResponse:
    """The result of a completed job."""
    form = wanted_format(request)
    record = await _completed(request)
    return await send_result(request, request.app[CONTEXT], record, form)


async def array(request: web.Request) -> web.StreamResponse:
    """One array of a result."""
    record = await _completed(request)
    return await send_array(request, request.app[CONTEXT], record)


async def _completed(request: web.Request) -> Job:
    record = await find(request)
    if record.kind == "batch":
        raise Problem(400, "a batch has no result of its own; fetch those of its tasks")
    if record.status != "completed":
        reason = f": {record.error}" if record.error else ""
        raise Problem(
            400, f"the job is {record.status}, it has no result{reason}", code="not_completed"
        )
    await request.app[CONTEXT].engine.check_result(record)
    return record


async def cancel(request: web.Request) -> web.StreamResponse:
    """Stop a job, or all the jobs of a batch."""
    context = request.app[CONTEXT]
    record = await find(request)
    may_change(request, record.owner)
    told = witness(request, 200, record.id)
    if record.kind == "batch":
        members = await context.store(Database.jobs, batch_id=record.id)
        live = [m for m in members if m.id in context.engine.active]
        if not live:
            raise _ended(record.id)
        for member in live:
            await context.engine.cancel(member.id, told)
        record = await find(request)
    else:
        try:
            record = await context.engine.cancel(record.id, told)
        except NotActiveError:
            raise _ended(record.id) from None
    return answer(await view(record, context))


def _ended(job_id: str) -> Problem:
    return Problem(409, f"job {job_id} has ended already", code="already_ended")
