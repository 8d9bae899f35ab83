"""Results in the form that the client wants, streamed from their files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from pycwtd.api.answers import FORMS, JSON, NPZ
from pycwtd.api.problems import Problem, convert
from pycwtd.api.ranges import Body, FilePart, send_body, send_file
from pycwtd.hosts.host import HostDiedError, HostError
from pycwtd.store.npz import Cut, UnsliceableError, members

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.api.context import Context
    from pycwtd.store.records import Job

NPY = "application/x-npy"
_FILES = {"json": "result.json", "netcdf": "result.nc"}

Slice = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{0,12}:[0-9]{0,12}(:0*[1-9][0-9]{0,11})?$",
        description="start:stop or start:stop:step, counted from 0, the stop left out.",
    ),
]


async def send_result(
    request: web.Request, context: Context, record: Job, form: str
) -> web.StreamResponse:
    """Send the result of a completed job.

    Raises:
        Problem: 406 where JSON would be too large, 500 where the file is gone.
    """
    folder = context.store.folder(record.id)
    name = f"{record.kind}-{record.id[:8]}"
    if form == "npz":
        return await send_file(request, folder / "result.npz", NPZ, f"{name}.npz")
    path = folder / _FILES[form]
    if not path.exists():
        try:
            limit = context.config.limits.json_numbers
            told = await context.engine.errands.render(record.kind, folder, form, limit)
        except HostError as error:
            if error.kind == "storage":
                raise Problem(507, f"the disk can't take it: {error}", code="storage") from None
            raise Problem(500, f"the result can't be written as {form}: {error}") from None
        except HostDiedError as error:
            raise Problem(500, f"the result can't be written as {form}: {error}") from None
        if "too_large" in told:
            raise Problem(
                406,
                f"this result has {told['too_large']} numbers, more than the "
                f"{context.config.limits.json_numbers} that are sent as JSON; ask for {NPZ}",
            )
    suffix = "json" if FORMS[form] == JSON else "nc"
    return await send_file(request, path, FORMS[form], f"{name}.{suffix}")


class SliceQuery(Struct, forbid_unknown_fields=True):
    """Which part of an array."""

    rows: Slice | None = None
    cols: Slice | None = None


async def send_array(request: web.Request, context: Context, record: Job) -> web.StreamResponse:
    """Send one array of a result, or a strided part of it, as ``.npy``.

    Raises:
        Problem: 404 for an array that isn't in the result, 400 for a part that it hasn't.
    """
    query = convert(request.query, SliceQuery)
    path = context.store.folder(record.id) / "result.npz"
    found = await asyncio.to_thread(members, path)
    name = request.match_info["array"].removesuffix(".npy")
    if name not in found:
        known = ", ".join(found)
        shown = ascii(name)[1:-1]
        raise Problem(404, f"this result has no array {shown}; it has {known}", code="no_array")
    member = found[name]
    body: Body
    if query.rows or query.cols:
        rows = _slice(query.rows) or slice(None)
        try:
            body = Cut(path, member, rows, _slice(query.cols))
        except UnsliceableError as error:
            raise Problem(400, str(error), code="unsliceable") from None
    else:
        body = FilePart(path, member.offset, member.size)
    tag = f"{record.result_sha256}-{name}-{query.rows or ''}-{query.cols or ''}"
    return await send_body(request, body, NPY, f"{name}.npy", tag)


def _slice(text: str | None) -> slice | None:
    if text is None:
        return None
    return slice(*(int(part) if part else None for part in text.split(":")))
