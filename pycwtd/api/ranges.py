"""Bodies that are made as they are sent, with byte ranges: RFC 9110, section 14."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from pycwtd.api.answers import disposition
from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes made at a time; a slow reader holds so much of the daemon's memory.
_BLOCK = 256 * 1024
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*")


class Body(Protocol):
    """Bytes that can be read anywhere."""

    size: int

    def read(self, offset: int, size: int) -> bytes:
        """At most ``size`` bytes from ``offset``, at least one before the end."""


@dataclass(slots=True)
class FilePart:
    """A piece of a file."""

    path: Path
    start: int
    size: int

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the piece."""
        with self.path.open("rb") as file:
            file.seek(self.start + offset)
            return file.read(min(size, self.size - offset))


async def send_body(
    request: web.Request, body: Body, media: str, name: str, version: str
) -> web.StreamResponse:
    """Send a body, or the range of it that the request asks for.

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
        return web.Response(status=304, headers=headers)
    first, last = 0, body.size - 1
    part = _range(request, body.size, etag)
    if part is not None:
        first, last = part
        headers["Content-Range"] = f"bytes {first}-{last}/{body.size}"
    headers["Content-Disposition"] = disposition(name)
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    response.content_type = media
    response.content_length = last + 1 - first
    await response.prepare(request)
    try:
        if request.method != "HEAD":
            await _write(response, body, first, last)
        await response.write_eof()
    except ConnectionError:  # the client has enough
        pass
    return response


async def _write(response: web.StreamResponse, body: Body, first: int, last: int) -> None:
    position = first
    while position <= last:
        size = min(_BLOCK, last + 1 - position)
        data = await asyncio.to_thread(body.read, position, size)
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
