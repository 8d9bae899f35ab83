"""Cross-origin requests from the pages that the configuration names, and from no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.context import CONTEXT

if TYPE_CHECKING:
    from multidict import CIMultiDict

#: What a page may read of an answer's head, and send in a request's.
_EXPOSED = "X-Request-ID, Location, Retry-After, Content-Range, Accept-Ranges"
_TAKEN = "Authorization, Content-Type, Idempotency-Key, Range, X-Request-ID"
_METHODS = "GET, HEAD, POST, DELETE"
_MAX_AGE = "600"


def is_preflight(request: web.Request) -> bool:
    """Whether a browser asks what a page may do, before it lets the page do it."""
    return (
        request.method == "OPTIONS"
        and "Origin" in request.headers
        and "Access-Control-Request-Method" in request.headers
    )


def preflight() -> web.Response:
    """What a page that has been let in may do; the middleware has seen to its origin."""
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _TAKEN,
            "Access-Control-Max-Age": _MAX_AGE,
        },
    )


def allow(request: web.Request, headers: CIMultiDict[str]) -> None:
    """Let a page of a configured origin read an answer."""
    origins = request.app[CONTEXT].config.access.origins
    if not origins:
        return
    headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin in origins:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
