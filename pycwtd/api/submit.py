"""From a request's body to a job in the engine: one way for all routes."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from pycwtd.api.audit import witness
from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem, decode, no_data
from pycwtd.engine.ledger import InputGoneError
from pycwtd.engine.rates import Work
from pycwtd.store import series
from pycwtd.store.records import Job
from pycwtd.workloads.plans import data_ids, make_plan, spelling

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.api.context import Context, Handler
    from pycwtd.workloads.interface import Kind, Plan

#: What is kept of a client's wish that no other backend stands in.
_STAYS: dict[bool, dict[str, Any]] = {False: {}, True: {"fallback": False}}
#: Drawn seeds fit the numbers of every JSON reader.
_SEED_BITS = 53
_MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that is in order."""

    kind: Kind
    plan: Plan

    @property
    def body(self) -> bytes:
        """What is stored of it."""
        return msgspec.json.encode(self.plan.request)


def find_kind(name: object, where: str, context: Context) -> Kind:
    """A kind by the name that a client gives in a field.

    Raises:
        Problem: 422, there is none.
    """
    kinds = context.engine.pool.workloads.kinds
    if not isinstance(name, str) or name not in kinds:
        given = "" if name is None else f", not {name!a}"
        known = ", ".join(sorted(kinds))
        raise Problem(422, f"{where}: must be one of {known}{given}", code="invalid_field")
    return kinds[name]


async def parse(kind: Kind, body: bytes, context: Context) -> Wanted:
    """A body, in any spelling of its kind, as what it comes to.

    Raises:
        Problem: 422, the body isn't right; 404, there is no such uploaded series.
        InvalidFieldError: as above, for what types can't express.
        InvalidCombinationError: its fields don't go together.
    """
    fields = set(decode(body, dict[str, msgspec.Raw]))
    request = decode(body, spelling(kind, fields))
    uploaded = {}
    for data_id in data_ids(request):
        found = await context.store(series.find, data_id)
        if found is None:
            raise no_data(data_id)
        uploaded[data_id] = found
    return Wanted(kind, make_plan(kind, request, context.config.limits, uploaded))


@web.middleware
async def found(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is deleted between being looked up and being linked wasn't there."""
    try:
        return await handler(request)
    except InputGoneError as error:
        raise no_data(str(error)) from None


def inputs(wanted: Wanted, context: Context) -> dict[str, Path]:
    """The files that a job needs in its folder."""
    return {
        name: context.store.data_folder(data_id) / "series.npy"
        for name, data_id in wanted.plan.files.items()
    }


def work_of(wanted: Wanted) -> Work | None:
    """All the Monte Carlo work of a job; None without any."""
    plan = wanted.plan
    if plan.task:
        work = Work(plan.task.estimator, plan.task.family, plan.cost, plan.task.edges)
        return work.times(plan.total)
    return Work(wanted.kind.name, "", plan.cost).times(plan.total) if plan.total else None


async def new_job(wanted: Wanted, owner: str, context: Context) -> Job:
    """The record of a job that isn't accepted yet.

    Raises:
        UnknownBackendError: there is no such backend.
        UnfitBackendError: it doesn't run such a task, and no other may.
        BackendUnavailableError: it can't compute, and no other may.
    """
    pool = context.engine.pool
    backend = reason = estimate = None
    plan, kind = wanted.plan, wanted.kind.name
    whole = work_of(wanted)
    if plan.task and whole:
        choice = await pool.choose(plan.backend, whole, fallback=plan.fallback)
        backend, reason = choice.name, choice.fallback_reason
        estimate = pool.seconds(backend, whole)
    elif whole:
        estimate = pool.seconds(pool.process_of(kind), whole)
    elif plan.backend != "auto":
        pool.find(plan.backend)
    seed = secrets.randbits(_SEED_BITS) if plan.seed is None else plan.seed
    return Job(
        id=str(uuid.uuid4()),
        kind=kind,
        owner=owner,
        parameters={**plan.parameters, "seed": seed, **_STAYS[not plan.fallback]},
        backend_asked=plan.backend,
        backend=backend,
        fallback_reason=reason,
        seed=seed,
        total=plan.total,
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


async def submit(
    request: web.Request, context: Context, wanted: Wanted, body: bytes, status: int = 202
) -> Job:
    """Accept one durable job, to be answered with that status."""
    record = await new_job(wanted, request[OWNER], context)
    return await context.engine.submit(
        [record],
        [wanted.body],
        idempotency=idempotency(request, body),
        inputs=[inputs(wanted, context)],
        witness=witness(request, status, record.id),
    )


async def submit_batch(
    request: web.Request, context: Context, wanted: list[Wanted], body: bytes
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
    bodies: list[bytes] = [b"", *(one.body for one in wanted)]
    return await context.engine.submit(
        [batch, *members],
        bodies,
        idempotency=idempotency(request, body),
        inputs=[{}, *(inputs(one, context) for one in wanted)],
        witness=witness(request, 202, batch.id),
    )


async def task_request(number: int, task: dict[str, Any], context: Context) -> Wanted:
    """One member of a batch.

    Raises:
        Problem: 422, naming the member and the field.
    """
    where = f"tasks[{number}]"
    kind = find_kind(task.pop("type", None), f"{where}.type", context)
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
