"""A job, looked into: where it was computed, and the levels that it has found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, Struct

from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT
from pycwtd.api.job_types import BackendShare, ChunkList, ChunkView, LevelsView
from pycwtd.api.jobs import find
from pycwtd.api.problems import Problem, convert
from pycwtd.engine.interim import NoLevelsError
from pycwtd.hosts.host import HostDiedError
from pycwtd.store import looking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from pycwtd.api.context import Context
    from pycwtd.store.records import Chunk, Job, Ran

#: Of a job that has no levels to be read.
_NO_LEVELS = "no_levels"


class ChunksQuery(Struct, forbid_unknown_fields=True):
    """Which part of them."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 1000
    #: ``next_cursor`` of the page before.
    cursor: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


async def chunks(request: web.Request) -> web.StreamResponse:
    """Where the realisations of a job were computed, and how long that took."""
    context = request.app[CONTEXT]
    record = await find(request)
    query = convert(request.query, ChunksQuery)
    found = await _places(record, context)
    left = [one for one in found if query.cursor is None or one.first >= query.cursor]
    page = left[: query.limit]
    more = len(left) > query.limit
    return answer(
        ChunkList(
            chunks=[ChunkView(one.first, one.count, one.backend, one.seconds) for one in page],
            backends=_shares(found),
            next_cursor=str(left[query.limit].first) if more else UNSET,
        )
    )


async def _places(record: Job, context: Context) -> Sequence[Chunk | Ran]:
    """From memory while a job is there, and from the store when it has ended."""
    if live := context.engine.active.get(record.id):
        return sorted(live.chunks, key=lambda chunk: chunk.first)
    return await context.store(looking.places, record.id)


def _shares(found: Sequence[Chunk | Ran]) -> list[BackendShare]:
    shares: dict[str, BackendShare] = {}
    for one in found:
        share = shares.setdefault(one.backend, BackendShare(one.backend, 0, 0.0))
        share.realisations += one.count
        share.seconds += one.seconds
    return list(shares.values())


async def levels(request: web.Request) -> web.StreamResponse:
    """The significance levels of a job, while it runs, and after."""
    context = request.app[CONTEXT]
    record = await find(request)
    try:
        return answer(await _levels(record, context))
    except NoLevelsError as error:
        raise Problem(409, str(error), code=_NO_LEVELS) from None
    except HostDiedError as error:
        text = f"the process that read the levels {error}; try again"
        raise Problem(503, text, headers={"Retry-After": "1"}) from None


async def _levels(record: Job, context: Context) -> LevelsView:
    interim, live = context.engine.interim, context.engine.active.get(record.id)
    if record.kind == "batch":
        raise NoLevelsError("a batch has no levels of its own; ask for those of its tasks")
    if not record.total:
        raise NoLevelsError(f"this {record.kind} job has no Monte Carlo part, so it has no levels")
    if live:
        return LevelsView(**await interim.of_running(live))
    if record.status != "completed":
        raise NoLevelsError(f"the job is {record.status}; what it had counted isn't kept")
    await context.engine.check_result(record)
    return LevelsView(**await interim.of_completed(record, context.store.folder(record.id)))
