"""Sending typed answers and result files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from aiohttp import web

from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

NPZ = "application/x-npz"
NETCDF = "application/netcdf"
#: The forms of a result, by the word for ``?format=``.
FORMS = {"json": "application/json", "npz": NPZ, "netcdf": NETCDF}
JSON = "application/json"
#: Bodies from here on are compressed, where the client accepts it.
COMPRESS_FROM = 1024


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer from its type."""
    response = web.Response(
        status=status, body=msgspec.json.encode(value), content_type=JSON, headers=headers
    )
    if response.content_length and response.content_length >= COMPRESS_FROM:
        response.enable_compression()
    return response


def wanted_format(request: web.Request) -> str:
    """``json``, ``npz`` or ``netcdf``, by ``?format=``, else by ``Accept``.

    Raises:
        Problem: 422 for a format that doesn't exist, 406 where nothing that is accepted can
            be given.
    """
    asked = request.query.get("format")
    if asked is not None:
        if asked not in FORMS:
            detail = f"format: must be one of {', '.join(FORMS)}, not {asked!a}"
            raise Problem(422, detail, code="invalid_field")
        return asked
    accepted = request.headers.get("Accept", "*/*")
    for kind in _by_preference(accepted):
        if kind in {"application/*", "*/*"}:
            return "json"
        for form, media in FORMS.items():
            if kind.lower() in {media, media.replace("/", "/x-")}:
                return form
    known = ", ".join(FORMS.values())
    raise Problem(406, f"a result is one of {known}; the Accept header allows none of them")


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


def disposition(filename: str) -> str:
    """A Content-Disposition that any name survives (RFC 6266, appendix D)."""
    plain = filename.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
