"""Bodies: refused by what their heads say of them, before anything of them is read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.admission import rule_for
from pycwtd.api.answers import JSON
from pycwtd.api.context import CONTEXT, TAKES
from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycwtd.api.context import Handler

#: Bytes of the bodies in memory, by request.
HELD: web.AppKey[dict[int, int]] = web.AppKey("held", dict)
#: Braces count as brackets; of all else, only what tells texts from structure is kept.
_CLOSED = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b'[]{}"\\')


async def later(_request: web.Request) -> None:
    """Hold back ``100 Continue``, which aiohttp would send before anybody has been asked."""


@web.middleware
async def limit_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a body in if it isn't too large, too deep or packed; only then ask for it."""
    resource = request.match_info.route.resource
    if resource is None:
        return await handler(request)
    taken = request.app[TAKES].get(resource.canonical, JSON)
    if taken and request.method == "POST" and request.content_type != taken:
        # A web page can send a form or a text to any address without being asked first.
        raise Problem(
            415, f"Content-Type: must be {taken}, not {ascii(request.content_type)[1:-1]}"
        )
    rule = rule_for(request)
    if "Content-Encoding" in request.headers and request.body_exists:
        raise Problem(
            415,
            "Content-Encoding: bodies are taken as they are, not compressed",
            headers={"Accept-Encoding": "identity"},
        )
    limits = request.app[CONTEXT].config.limits
    most = limits.body_bytes if rule.body_bytes is None else rule.body_bytes
    if most and (request.content_length or 0) > most:
        raise too_large(most)
    with _room(request, most):
        expects = request.headers.get("Expect", "").lower() == "100-continue"
        if expects and request.version >= (1, 1):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        if request.body_exists and request.content_type == JSON and most:
            network = request.app[CONTEXT].config.network
            body = await request.read()
            if len(body) > most:
                raise too_large(most)
            check_json(body, network.json_depth, network.json_texts)
        return await handler(request)


@contextmanager
def _room(request: web.Request, most: int) -> Iterator[None]:
    """Hold a body's place among all that are in memory; one of unknown size takes the most.

    Raises:
        Problem: 503, there is none.
    """
    size = 0
    if most and request.body_exists:
        size = most if request.content_length is None else request.content_length
    held = request.app[HELD]
    most_held = request.app[CONTEXT].config.network.bodies_bytes
    if size and held and sum(held.values()) + size > most_held:
        raise Problem(
            503,
            "other requests' bodies take up all the memory there is for them",
            code="bodies",
            headers={"Retry-After": "5"},
        )
    if size:
        held[id(request)] = size
    try:
        yield
    finally:
        held.pop(id(request), None)


def too_large(most: int) -> Problem:
    """The refusal of a body."""
    return Problem(413, f"the body is larger than the {most} bytes that are taken here")


def check_json(body: bytes, depth: int, texts: int) -> None:
    """Refuse what is nested or cut up beyond what any request needs.

    It is done by whole-text operations, for it has to be quick on 64 MiB of brackets.

    Raises:
        Problem: 422.
    """
    if body.count(b"[") + body.count(b"{") <= depth:
        return
    if body.count(b'"') > 2 * texts:
        raise Problem(422, f"the body has more than {texts} texts", code="invalid_json")
    kept = body.translate(_CLOSED, _NO_BRACKETS).replace(b"\\\\", b"").replace(b'\\"', b"")
    # What is between quotes isn't structure.
    brackets = b"".join(kept.split(b'"')[::2])
    for _ in range(depth):
        brackets = brackets.replace(b"[]", b"")
    if b"[]" in brackets:
        raise Problem(
            422,
            f"the body has more than {depth} lists and objects inside each other",
            code="invalid_json",
        )
