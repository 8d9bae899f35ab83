"""Sending typed answers and result files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aiohttp.abc import AbstractStreamWriter

NPZ = "application/x-npz"
JSON = "application/json"
#: Bodies from here on are compressed, where the client accepts it.
_COMPRESS_FROM = 1024


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer from its type."""
    response = web.Response(
        status=status, body=msgspec.json.encode(value), content_type=JSON, headers=headers
    )
    if response.content_length and response.content_length >= _COMPRESS_FROM:
        response.enable_compression()
    return response


def wanted_format(request: web.Request) -> str:
    """``json`` or ``npz``, by ``?format=``, else by ``Accept``.

    Raises:
        Problem: 422 for a format that doesn't exist, 406 where nothing that is accepted can
            be given.
    """
    asked = request.query.get("format")
    if asked is not None:
        if asked not in {"json", "npz"}:
            raise Problem(422, f"format: must be json or npz, not {asked!r}", code="invalid_field")
        return asked
    accepted = request.headers.get("Accept", "*/*")
    for kind in _by_preference(accepted):
        if kind in {JSON, "application/*", "*/*"}:
            return "json"
        if kind == NPZ:
            return "npz"
    raise Problem(406, f"a result is {JSON} or {NPZ}, none of which the Accept header allows")


class _SentFile(web.FileResponse):
    """A file that is sent once.

    aiohttp prepares what a handler returns even if the handler has done so, and a file that is
    prepared twice goes out twice.
    """

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return None if self.prepared else await super().prepare(request)


def _by_preference(accepted: str) -> list[str]:
    """The media types of an Accept header, the most wanted first; RFC 9110, section 12.5.1."""
    ranked = []
    for position, part in enumerate(accepted.split(",")):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if quality > 0:
            ranked.append((-quality, position, kind))
    return [kind for _, _, kind in sorted(ranked)]


async def send_file(
    request: web.Request, path: Path, content_type: str, name: str
) -> web.FileResponse:
    """Stream a file; ranges and compression included. It may be removed afterwards."""
    response = _SentFile(
        path,
        headers={
            "Content-Type": content_type,
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )
    if content_type == JSON:
        del response.headers["Content-Disposition"]
        if path.stat().st_size >= _COMPRESS_FROM:
            response.enable_compression()
    await response.prepare(request)
    return response
