"""The daemon's log and its settings, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT, rfc3339
from pycwtd.api.problems import convert
from pycwtd.api.watch_types import ConfigView, Level, LogLine, LogLines
from pycwtd.config.listing import settings
from pycwtd.logs import RING

if TYPE_CHECKING:
    from aiohttp import web


class LogsQuery(Struct, forbid_unknown_fields=True):
    """Which lines of the log."""

    #: Only those after this number, the oldest of them first; without it, the newest.
    since: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=2000)] = 200
    #: The least.
    level: Level = "debug"
    job_id: str | None = None


async def logs(request: web.Request) -> web.StreamResponse:
    """The newest lines of the log, or those after one of them."""
    query = convert(request.query, LogsQuery)
    found = RING.lines(query.since, query.limit, query.level, query.job_id)
    lines = [
        LogLine(one.seq, rfc3339(one.time) or "", one.level, one.logger, one.message, one.fields)  # type: ignore[arg-type]  # one of its words
        for one in found
    ]
    return answer(LogLines(lines, *RING.kept))


async def config(request: web.Request) -> web.StreamResponse:
    """Every setting as it holds now; secrets are told of, not told."""
    context = request.app[CONTEXT]
    return answer(ConfigView(list(settings(context.config, context.origin))))
