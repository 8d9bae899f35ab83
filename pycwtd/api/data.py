"""Uploaded series: taken in, listed, looked at, fetched, deleted."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from pycwtd.api.admission import may_change
from pycwtd.api.answers import answer
from pycwtd.api.audit import witness
from pycwtd.api.context import CONTEXT, rfc3339
from pycwtd.api.data_types import DataList, DataPreview, DataView, Deleted, Uploaded, UploadMetadata
from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem, convert, decode, no_data
from pycwtd.api.ranges import send_file
from pycwtd.api.receive import Received, receive
from pycwtd.engine.errands import TaskRefusedError
from pycwtd.hosts.host import HostDiedError, HostError
from pycwtd.store import series
from pycwtd.store.files import sync_directory
from pycwtd.store.records import Data

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from pycwtd.api.context import Context
    from pycwtd.store.records import Witness

_STATUS = {"too_long": 413, "unknown_format": 415}


async def upload(request: web.Request) -> web.StreamResponse:
    """Take a file: on disk, read and found to be a series before the answer leaves."""
    context = request.app[CONTEXT]
    limits = context.config.limits
    context.store.check_room(limits.reserve_bytes + (request.content_length or 0))
    data_id = str(uuid.uuid4())
    folder = context.store.incoming / data_id
    folder.mkdir()
    try:
        received = await receive(request, folder / "original", limits.upload_bytes)
        record = await _read(context, folder, data_id, received, request[OWNER])
        told = witness(request, 200, data_id)
        # A client that hangs up now must not leave a folder that no row names.
        stored = await asyncio.shield(_commit(context, folder, record, told))
    finally:
        # Whatever went wrong, the client's leaving included: nothing half-written stays.
        shutil.rmtree(folder, ignore_errors=True)
    return answer(
        Uploaded(
            data_id,
            stored.filename,
            stored.length,
            f"{stored.length} samples; name them in requests as data_id, signal1_id, …",
        ),
        headers={"Location": f"/api/v1/data/{data_id}"},
    )


async def _read(
    context: Context, folder: Path, data_id: str, received: Received, owner: str
) -> Data:
    try:
        metadata = decode(received.metadata, dict[str, Any])
        known = decode(received.metadata, UploadMetadata)
    except Problem as problem:
        raise Problem(422, f"metadata: {problem.detail}", code=problem.code) from None
    found = await _ingest(context, folder, known)
    return Data(
        id=data_id,
        owner=owner,
        filename=received.filename,
        format=found["format"],
        length=found["length"],
        constant=found["constant"],
        bytes=received.size,
        sha256=received.sha256,
        series_sha256=found["sha256"],
        metadata=metadata,
        created_at=time.time(),
        missing=found["missing"],
    )


async def _ingest(context: Context, folder: Path, known: UploadMetadata) -> dict[str, Any]:
    try:
        return await context.engine.errands.ingest(
            folder, known.column, context.config.limits.upload_samples, known.gaps
        )
    except TaskRefusedError as error:
        status = 400 if error.combination else _STATUS.get(error.code, 422)
        raise Problem(status, str(error), code=error.code) from None
    except HostError as error:
        if error.kind == "storage":
            raise Problem(507, f"the disk can't take it: {error}", code="storage") from None
        raise Problem(422, f"file: can't be read: {error}", code="unreadable") from None
    except HostDiedError as error:
        raise Problem(422, f"file: the process that read it {error}", code="unreadable") from None


async def _commit(context: Context, folder: Path, record: Data, told: Witness | None) -> Data:
    target = context.store.data_folder(record.id)
    await asyncio.to_thread(_settle, folder, target)
    try:
        stored = await context.store(series.insert, record, told)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    context.engine.ledger.events.ring()
    return stored


def _settle(folder: Path, target: Path) -> None:
    sync_directory(folder)
    folder.rename(target)
    sync_directory(target.parent)


class DataQuery(Struct, forbid_unknown_fields=True):
    """Which series to list."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


async def listing(request: web.Request) -> web.StreamResponse:
    """A page of uploaded series, newest first."""
    query = convert(request.query, DataQuery)
    records = await request.app[CONTEXT].store(series.page, query.cursor, query.limit + 1)
    page = records[: query.limit]
    more = len(records) > query.limit
    return answer(
        DataList(
            data=[_view(record) for record in page],
            next_cursor=str(page[-1].number) if more else None,
        )
    )


def _view(record: Data) -> DataView:
    return DataView(
        data_id=record.id,
        filename=record.filename,
        format=record.format,
        length=record.length,
        missing=record.missing,
        bytes=record.bytes,
        sha256=record.sha256,
        owner=record.owner,
        created_at=rfc3339(record.created_at) or "",
        metadata=record.metadata,
    )


async def _find(request: web.Request) -> Data:
    data_id = request.match_info["id"]
    record = await request.app[CONTEXT].store(series.find, data_id)
    if record is None:
        raise no_data(data_id)
    return record


async def one(request: web.Request) -> web.StreamResponse:
    """One uploaded series."""
    return answer(_view(await _find(request)))


class PreviewQuery(Struct, forbid_unknown_fields=True):
    """How much of a series is wanted."""

    #: Stretches whose extremes are wanted.
    points: Annotated[int, Meta(ge=1, le=10_000)] = 400


async def preview(request: web.Request) -> web.StreamResponse:
    """The extremes of equal stretches of a series, and its moments."""
    context = request.app[CONTEXT]
    record = await _find(request)
    query = convert(request.query, PreviewQuery)
    names = DataPreview.__struct_fields__
    try:
        found = await context.engine.errands.preview(
            context.store.data_folder(record.id), query.points
        )
    except HostError as error:
        if await context.store(series.find, record.id) is None:
            raise no_data(record.id) from None  # deleted in this very moment
        text = f"the samples can't be read: {error}; upload the series again"
        raise Problem(410, text, code="damaged") from None
    except HostDiedError as error:
        text = f"the process that read the series {error}; try again"
        raise Problem(503, text, headers={"Retry-After": "1"}) from None
    known = {"data_id": record.id, **found}
    return answer(DataPreview(**{name: known[name] for name in names}))


async def download(request: web.Request) -> web.StreamResponse:
    """The file as it came."""
    record = await _find(request)
    path = request.app[CONTEXT].store.data_folder(record.id) / "original"
    try:
        return await send_file(request, path, "application/octet-stream", record.filename)
    except FileNotFoundError:  # deleted in this very moment
        raise no_data(record.id) from None


async def delete(request: web.Request) -> web.StreamResponse:
    """Forget a series. Jobs that use it keep their own link to its samples."""
    context = request.app[CONTEXT]
    record = await _find(request)
    may_change(request, record.owner)
    told = witness(request, 200, record.id)
    if not await context.store.freeing(series.delete, record.id, time.time(), told):
        raise no_data(record.id)
    await asyncio.to_thread(shutil.rmtree, context.store.data_folder(record.id), ignore_errors=True)
    context.engine.ledger.events.ring()
    return answer(Deleted(record.id, "deleted"))
