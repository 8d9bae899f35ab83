"""A multipart upload, written to disk as it comes in; memory holds one block of it."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError

from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import MultipartReader, web

#: Bytes in memory at a time.
_BLOCK = 256 * 1024
#: Size of the metadata.
_MOST_METADATA = 64 * 1024
#: Beside the file, a body has its metadata, names and boundaries.
_AROUND = _MOST_METADATA + 8192
#: A client that sends nothing for so long is given up (seconds).
_SILENCE = 30.0
_LONGEST_NAME = 255


@dataclass
class Received:
    """What came."""

    filename: str = "data"
    size: int = -1
    sha256: str = ""
    metadata: bytes = b"{}"


async def receive(request: web.Request, path: Path, limit: int) -> Received:
    """Write the part ``file`` to ``path``, synced, and read the part ``metadata``.

    Args:
        request: a multipart form.
        path: of the file to be made.
        limit: of the file's size.

    Raises:
        Problem: 413, it is too large; 422, it isn't such a form; 408, it stopped coming.
        OSError: the disk is full or failing.
    """
    if (request.content_length or 0) > limit + _AROUND:
        raise _too_large(limit)
    received = Received()
    try:
        reader = await request.multipart()
        while (part := await _next(reader)) is not None:
            await _take(part, received, path, limit)
    except (ValueError, AssertionError, BadHttpMessage, HttpProcessingError) as error:
        raise Problem(
            422, f"the body isn't a multipart form: {error}", code="invalid_form"
        ) from None
    except TimeoutError:
        raise Problem(408, f"nothing came for {_SILENCE:.0f} s") from None
    if received.size < 0:
        raise Problem(422, "file: is missing", code="invalid_field")
    return received


async def _next(reader: MultipartReader) -> BodyPartReader | None:
    async with asyncio.timeout(_SILENCE):
        part = await reader.next()
    if part is not None and not isinstance(part, BodyPartReader):
        raise Problem(422, "a part must not have parts itself", code="invalid_form")
    return part


async def _take(part: BodyPartReader, received: Received, path: Path, limit: int) -> None:
    if part.name == "file" and received.size < 0:
        received.filename = _file_name(part.filename)
        received.size, received.sha256 = await _write(part, path, limit)
    elif part.name == "metadata" and received.metadata == b"{}":
        received.metadata = await _text(part) or b"{}"
    elif part.name in {"file", "metadata"}:
        raise Problem(422, f"{part.name}: is there twice", code="invalid_field")
    else:
        shown = ascii(part.name)[:60]
        raise Problem(422, f"there is no field {shown}, only file and metadata", code="no_field")


async def _block(part: BodyPartReader) -> bytes:
    async with asyncio.timeout(_SILENCE):
        return await part.read_chunk(_BLOCK)


async def _write(part: BodyPartReader, path: Path, limit: int) -> tuple[int, str]:
    """The file's size and digest."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        while data := await _block(part):
            size += len(data)
            if size > limit:
                raise _too_large(limit)
            digest.update(data)
            await asyncio.to_thread(file.write, data)
        await asyncio.to_thread(_sync, file.fileno(), file.flush)
    return size, digest.hexdigest()


def _sync(fd: int, flush: object) -> None:
    assert callable(flush)
    flush()
    os.fsync(fd)


async def _text(part: BodyPartReader) -> bytes:
    text = bytearray()
    while data := await _block(part):
        text += data
        if len(text) > _MOST_METADATA:
            raise Problem(
                413, f"metadata: is larger than {_MOST_METADATA} bytes", code="metadata_size"
            )
    return bytes(text)


def _too_large(limit: int) -> Problem:
    return Problem(413, f"file: is larger than the {limit} bytes that this appliance takes")


def _file_name(given: str | None) -> str:
    """The last part of a path, without what no file's name should have."""
    name = (given or "").replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if c.isprintable()).strip()[:_LONGEST_NAME]
    return name if name.strip(".") else "data"
