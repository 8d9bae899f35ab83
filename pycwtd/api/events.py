"""WebSockets: events as they happen, and the progress of one job.

A reader's cursor runs over the rows of the store, so nothing is queued for a slow one: it
reads later what it would have read now, and costs the daemon no memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from aiohttp import WSMsgType
from msgspec import UNSET, Meta, Struct

from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT, rfc3339
from pycwtd.api.jobs import find, view
from pycwtd.api.problems import convert
from pycwtd.api.sockets import open_socket
from pycwtd.api.watch_types import EventList
from pycwtd.store.database import Database
from pycwtd.store.looking import recent_events
from pycwtd.store.records import FINAL

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp import web

    from pycwtd.store.records import Event

#: Events read from the store at a time: what each slow reader holds in memory.
_PAGE = 64
#: Progress goes out no more often than people can see (seconds).
_PROGRESS_INTERVAL = 0.1


class EventsQuery(Struct, forbid_unknown_fields=True):
    """Where to begin."""

    #: The last event that the client has seen; without it, from now on.
    since: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


def told(event: Event) -> dict[str, Any]:
    """An event as clients see it."""
    return {
        "type": event.type,
        "seq": event.seq,
        "time": rfc3339(event.time),
        "job_id": event.job_id,
        **event.data,
    }


class HistoryQuery(Struct, forbid_unknown_fields=True):
    """Which events to list."""

    #: Only those before this number.
    before: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    #: Only those after this number.
    since: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    job_id: str | None = None
    #: Such as ``job.failed``.
    type: str | None = None


async def history(request: web.Request) -> web.StreamResponse:
    """Events that have happened, newest first."""
    query = convert(request.query, HistoryQuery)
    found = await request.app[CONTEXT].store(
        recent_events,
        since=query.since,
        before=query.before,
        job_id=query.job_id,
        kind=query.type,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    more = len(found) > query.limit
    return answer(
        EventList(
            events=[told(event) for event in page],
            next_cursor=str(page[-1].seq) if more else UNSET,
        )
    )


async def _until_closed(socket: web.WebSocketResponse, sending: Awaitable[None]) -> None:
    """Send until done, or until the client goes; what it says is read and dropped."""
    task = asyncio.ensure_future(sending)
    reading = asyncio.create_task(_drain(socket))
    try:
        await asyncio.wait({task, reading}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            await socket.close()
    except ConnectionError:
        pass
    finally:
        task.cancel()
        reading.cancel()
        await asyncio.gather(task, reading, return_exceptions=True)


async def _drain(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return


async def events(request: web.Request) -> web.StreamResponse:
    """Every event of jobs and devices, from ``since`` on, in order, without gaps."""
    context = request.app[CONTEXT]
    query = convert(request.query, EventsQuery)
    cursor = query.since
    if cursor is None:
        cursor = await context.store(Database.last_event)
    socket = await open_socket(request)

    async def send() -> None:
        position = cursor
        newest = await context.store(Database.last_event)
        if position > newest:
            # The client has seen more than there is: the store has begun anew, and its numbers.
            gap = {"type": "gap", "from": 1, "to": newest}
            await socket.send_str(msgspec.json.encode(gap).decode())
            position = newest
        oldest = await context.store(Database.first_event)
        if position + 1 < oldest:
            # What is no longer kept can't be told; that it is missing, can.
            gap = {"type": "gap", "from": position + 1, "to": oldest - 1}
            await socket.send_str(msgspec.json.encode(gap).decode())
        while not context.engine.stopping:
            bell = context.engine.ledger.events.waiter()
            page = await context.store(Database.events, position, _PAGE)
            for event in page:
                await socket.send_str(msgspec.json.encode(told(event)).decode())
                position = event.seq
            if not page:
                await bell.wait()

    await _until_closed(socket, send())
    return socket


async def job(request: web.Request) -> web.StreamResponse:
    """One job, each time it has advanced, until it ends."""
    context = request.app[CONTEXT]
    record = await find(request)
    socket = await open_socket(request)

    async def send() -> None:
        while not context.engine.stopping:
            live = context.engine.active.get(record.id)
            bell = live.changed.waiter() if live else context.engine.ledger.events.waiter()
            current = await context.store(Database.job, record.id) or record
            seen = await view(current, context)
            await socket.send_str(msgspec.json.encode({"type": "job", **_plain(seen)}).decode())
            if seen.status in FINAL:
                return
            await asyncio.sleep(_PROGRESS_INTERVAL)
            await bell.wait()

    await _until_closed(socket, send())
    return socket


def _plain(seen: Struct) -> dict[str, object]:
    return dict(msgspec.to_builtins(seen))
