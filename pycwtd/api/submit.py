"""From a request's body to a job in the engine: one way for all routes."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any, get_args

import msgspec
from aiohttp import web

from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem, decode, no_data
from pycwtd.engine.ledger import InputGoneError
from pycwtd.engine.rates import Work
from pycwtd.store.database import Database
from pycwtd.store.records import Job
from pycwtd.workloads.wavelet.fields import Kind
from pycwtd.workloads.wavelet.requests import (
    Analysis,
    SeriesFile,
    analysis,
    data_ids,
    spelling,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.api.context import Context, Handler

#: Drawn seeds fit the numbers of every JSON reader.
_SEED_BITS = 53
_MAX_KEY = 255


async def parse(kind: Kind, body: bytes, context: Context) -> Analysis:
    """A body of either spelling as an analysis.

    Raises:
        Problem: 422, the body isn't right; 404, there is no such uploaded series.
        InvalidFieldError: as above, for what types can't express.
        InvalidCombinationError: its fields don't go together.
    """
    fields = set(decode(body, dict[str, msgspec.Raw]))
    request = decode(body, spelling(kind, fields))
    uploaded = {}
    for data_id in data_ids(request):
        found = await context.store(Database.data, data_id)
        if found is None:
            raise no_data(data_id)
        uploaded[data_id] = found
    return analysis(kind, request, context.config.limits, uploaded)


@web.middleware
async def found(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is deleted between being looked up and being linked wasn't there."""
    try:
        return await handler(request)
    except InputGoneError as error:
        raise no_data(str(error)) from None


def inputs(wanted: Analysis, context: Context) -> dict[str, Path]:
    """The files that an analysis needs in its job's folder."""
    return {
        one.file: context.store.data_folder(one.data_id) / "series.npy"
        for one in wanted.series
        if isinstance(one, SeriesFile)
    }


async def new_job(wanted: Analysis, owner: str, context: Context) -> Job:
    """The record of a job that isn't accepted yet.

    Raises:
        UnknownBackendError: there is no such backend.
        UnfitBackendError: it doesn't run such a task, and no other may.
        BackendUnavailableError: it can't compute, and no other may.
    """
    pool = context.engine.pool
    backend = reason = estimate = None
    if wanted.simulates:
        work = Work(wanted.estimator, wanted.family, wanted.cost(), wanted.edges)
        choice = await pool.choose(wanted.backend, work, fallback=wanted.fallback)
        backend, reason = choice.name, choice.fallback_reason
        estimate = pool.seconds(backend, work.times(wanted.total))
    elif wanted.backend != "auto":
        pool.find(wanted.backend)
    seed = secrets.randbits(_SEED_BITS) if wanted.seed is None else wanted.seed
    return Job(
        id=str(uuid.uuid4()),
        kind=wanted.kind,
        owner=owner,
        parameters={**wanted.parameters(), "seed": seed},
        backend_asked=wanted.backend,
        backend=backend,
        fallback_reason=reason,
        seed=seed,
        total=wanted.total,
        created_at=time.time(),
        estimated_seconds=estimate,
    )


def idempotency(request: web.Request, body: bytes) -> tuple[str, str] | None:
    """The client's key and the digest of what it asks for under it.

    Raises:
        Problem: 400, the key is empty or too long.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= _MAX_KEY:
        raise Problem(400, f"Idempotency-Key: must have 1 to {_MAX_KEY} characters")
    return key, hashlib.sha256(request.path.rstrip("/").encode() + b"\0" + body).hexdigest()


async def submit(request: web.Request, context: Context, wanted: Analysis, body: bytes) -> Job:
    """Accept one durable job."""
    record = await new_job(wanted, request[OWNER], context)
    return await context.engine.submit(
        [record],
        [msgspec.json.encode(wanted)],
        idempotency=idempotency(request, body),
        inputs=[inputs(wanted, context)],
    )


async def submit_batch(
    request: web.Request, context: Context, wanted: list[Analysis], body: bytes
) -> Job:
    """Accept a batch: all its jobs, or none."""
    owner = request[OWNER]
    members = [await new_job(one, owner, context) for one in wanted]
    estimates = [m.estimated_seconds for m in members if m.estimated_seconds is not None]
    batch = Job(
        id=str(uuid.uuid4()),
        kind="batch",
        owner=owner,
        parameters={"tasks": len(members)},
        backend_asked="auto",
        seed=0,
        total=sum(m.total for m in members),
        created_at=time.time(),
        estimated_seconds=sum(estimates) if estimates else None,
    )
    members = [msgspec.structs.replace(m, batch_id=batch.id) for m in members]
    bodies: list[bytes] = [b"", *(msgspec.json.encode(one) for one in wanted)]
    return await context.engine.submit(
        [batch, *members],
        bodies,
        idempotency=idempotency(request, body),
        inputs=[{}, *(inputs(one, context) for one in wanted)],
    )


async def task_request(number: int, task: dict[str, Any], context: Context) -> Analysis:
    """One member of a batch.

    Raises:
        Problem: 422, naming the member and the field.
    """
    where = f"tasks[{number}]"
    kind = task.pop("type", None)
    kinds = get_args(Kind)
    if kind not in kinds:
        raise Problem(422, f"{where}.type: must be one of {', '.join(kinds)}", code="invalid_field")
    try:
        return await parse(kind, msgspec.json.encode(task), context)
    except Problem as problem:
        joint = "." if problem.code == "invalid_field" else ": "
        raise Problem(
            problem.status, f"{where}{joint}{problem.detail}", code=problem.code
        ) from None
    except ValueError as error:
        error.args = (f"{where}.{error}",)
        raise
