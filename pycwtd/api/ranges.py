"""Files and parts of arrays as bodies, with byte ranges: RFC 9110, sections 13 and 14."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from pycwtd.api.answers import COMPRESS_FROM, JSON, disposition
from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes made at a time; a slow reader holds so much of the daemon's memory.
_BLOCK = 64 * 1024
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*")


class Body(Protocol):
    """Bytes that can be read anywhere."""

    size: int

    def read(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes from ``offset``, at least one before the end."""

    def at_hand(self, offset: int, size: int) -> bytes:
        """The same as far as it is in memory; empty where it has to be fetched or made."""

    def close(self) -> None:
        """Let go of the file."""


class FilePart:
    """A file, or a piece of one; it may be removed while it is sent."""

    def __init__(self, path: Path, start: int = 0, size: int | None = None) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self._fd)
        self._start = start
        self.size = status.st_size if size is None else size
        #: Changes whenever the file does.
        self.version = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the piece."""
        return os.pread(self._fd, min(size, self.size - offset), self._start + offset)

    def at_hand(self, offset: int, size: int) -> bytes:
        """Bytes of the piece that the kernel has in its cache."""
        data = bytearray(min(size, self.size - offset))
        try:
            got = os.preadv(self._fd, [data], self._start + offset, os.RWF_NOWAIT)
        except OSError:  # they aren't there, or this kind of file system doesn't tell
            return b""
        return bytes(memoryview(data)[:got])

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


async def send_file(request: web.Request, path: Path, media: str, name: str) -> web.StreamResponse:
    """Send a file; JSON is compressed where the client accepts it, the others have ranges.

    Raises:
        FileNotFoundError: it isn't there.
        Problem: 416, the range begins behind the end.
    """
    body = FilePart(path)
    if media != JSON:
        return await send_body(request, body, media, name, body.version)
    response = web.StreamResponse()
    response.content_type = JSON
    if body.size >= COMPRESS_FROM:
        response.enable_compression()
    response.content_length = None if response.compression else body.size
    return await _send(request, response, body, 0, body.size - 1)


async def send_body(
    request: web.Request, body: Body, media: str, name: str, version: str
) -> web.StreamResponse:
    """Send a body, or the range of it that the request asks for, and close it.

    Args:
        request: whose headers say which part, and which version the client has.
        body: what to send.
        media: its type.
        name: for a file that it is saved to.
        version: changes whenever the bytes do.

    Raises:
        Problem: 416, the range begins behind the end.
    """
    etag = f'"{hashlib.sha256(version.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes"}
    known = {tag.strip().removeprefix("W/") for tag in _list(request, "If-None-Match")}
    if etag in known or "*" in known:
        body.close()
        return web.Response(status=304, headers=headers)
    first, last = 0, body.size - 1
    try:
        part = _range(request, body.size, etag)
    except Problem:
        body.close()
        raise
    if part is not None:
        first, last = part
        headers["Content-Range"] = f"bytes {first}-{last}/{body.size}"
    headers["Content-Disposition"] = disposition(name)
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    response.content_type = media
    response.content_length = last + 1 - first
    return await _send(request, response, body, first, last)


async def _send(
    request: web.Request, response: web.StreamResponse, body: Body, first: int, last: int
) -> web.StreamResponse:
    try:
        await response.prepare(request)
        if request.method != "HEAD":
            await _write(response, body, first, last)
        await response.write_eof()
    except ConnectionError:  # the client has enough
        pass
    finally:
        body.close()
    return response


async def _write(response: web.StreamResponse, body: Body, first: int, last: int) -> None:
    position = first
    while position <= last:
        size = min(_BLOCK, last + 1 - position)
        # A thread costs more than a copy from memory, which never blocks.
        data = body.at_hand(position, size) or await asyncio.to_thread(body.read, position, size)
        if not data:
            response.force_close()
            raise ConnectionError("the file has been cut off")
        await response.write(data)
        position += len(data)


def _list(request: web.Request, header: str) -> list[str]:
    return request.headers.get(header, "").split(",")


def _range(request: web.Request, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte asked for; ``None`` where the whole is to be sent."""
    asked = request.headers.get("Range")
    condition = request.headers.get("If-Range")
    if request.method != "GET" or asked is None or condition not in {None, etag}:
        return None
    # A server may ignore what it doesn't understand, several ranges at once included.
    found = _ONE_RANGE.fullmatch(asked)
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        first, last = size - length, size - 1
    else:
        first = int(found[1])
        last = min(int(found[2]), size - 1) if found[2] else size - 1
        if found[2] and int(found[2]) < first:
            return None
    if first >= size:
        raise Problem(
            416,
            f"Range: begins at or behind the end, which is at byte {size}",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, last
