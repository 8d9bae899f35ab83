"""What every request passes: its id, who it is from, where it may come from, the log."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from pycwtd.api.answers import JSON
from pycwtd.api.context import CONTEXT, PUBLIC, TAKES
from pycwtd.api.problems import Problem
from pycwtd.config import is_loopback
from pycwtd.engine.engine import QueueFullError
from pycwtd.engine.pool import BackendUnavailableError, UnfitBackendError, UnknownBackendError
from pycwtd.platform.sockets import peer_uid
from pycwtd.store.database import IdempotencyConflictError
from pycwtd.store.store import StoreError
from pycwtd.workloads.wavelet.requests import InvalidCombinationError, InvalidFieldError

if TYPE_CHECKING:
    import socket

    from pycwtd.api.context import Handler

log = logging.getLogger(__name__)

OWNER = web.RequestKey("owner", str)
REQUEST_ID = web.RequestKey("request_id", str)

_CLIENT_ID = re.compile(r"[\w.:-]{1,64}")


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, turn what goes wrong into a problem, write one log line."""
    given = request.headers.get("X-Request-ID", "")
    request_id = given if _CLIENT_ID.fullmatch(given) else secrets.token_hex(8)
    request[REQUEST_ID] = request_id
    request[OWNER] = "nobody"
    started = time.monotonic()
    status: int | str = "hung up"
    try:
        response = await _answer(request, handler)
        status = response.status
    except asyncio.CancelledError:
        # A WebSocket has no other end than one side's leaving.
        if request.path.startswith("/ws/"):
            status = "closed"
        raise
    finally:
        log.info(
            "%s %s %s %s %.1f ms, %s",
            request_id,
            request.method,
            ascii(request.path)[1:-1],
            status,
            (time.monotonic() - started) * 1e3,
            request[OWNER],
        )
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        request[OWNER] = _owner(request)
        return await handler(request)
    except Problem as problem:
        return problem.response(request.path)
    except web.HTTPException as error:
        return _from_aiohttp(error).response(request.path)
    except Exception:
        log.exception("request %s failed", request[REQUEST_ID])
        detail = f"the daemon has a defect; its log says more under {request[REQUEST_ID]}"
        return Problem(500, detail).response(request.path)


async def announce(request: web.Request, response: web.StreamResponse) -> None:
    """Put the id on every answer, WebSockets' and files' included."""
    response.headers["X-Request-ID"] = request.get(REQUEST_ID, "")
    response.headers["X-Content-Type-Options"] = "nosniff"


def _from_aiohttp(error: web.HTTPException) -> Problem:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    texts = {
        404: "there is nothing at this path; GET /openapi.json lists what there is",
        405: "this path doesn't take that method",
        413: "the body is larger than this appliance takes",
    }
    return Problem(error.status, texts.get(error.status, error.reason), headers=headers)


def _owner(request: web.Request) -> str:
    """Who the request is from; refuses what may not come in."""
    context = request.app[CONTEXT]
    connection: socket.socket | None = (
        request.transport.get_extra_info("socket") if request.transport else None
    )
    if connection is None:
        raise Problem(400, "the connection is gone")
    if connection.family.name == "AF_UNIX":
        _check_origin(request, {"localhost", ""})
        return f"uid:{peer_uid(connection)}"
    address, port = connection.getsockname()[:2]
    listener = next(one for one in context.config.listen if one.tcp and one.port in (port, 0))
    allowed = {listener.host, address}
    if is_loopback(address):
        allowed |= {"localhost", "127.0.0.1", "::1"}
    _check_host(request, allowed)
    _check_origin(request, allowed)
    if listener.auth == "none":
        return "loopback"
    resource = request.match_info.route.resource
    if resource and resource.canonical in request.app[PUBLIC]:
        return "anyone"
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    assert context.token
    if scheme.lower() != "bearer" or not hmac.compare_digest(
        token.strip().encode(), context.token.encode()
    ):
        given = "this bearer token isn't the right one" if token else "a bearer token is needed"
        raise Problem(
            401,
            f"{given}: it is in the file 'token' in the daemon's state directory; send it as "
            "'Authorization: Bearer …', or give pycwtctl --token-file or PYCWTD_TOKEN",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return "token"


def _check_host(request: web.Request, allowed: set[str]) -> None:
    """A web page that rebinds its name to this address carries its own name in Host."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if host not in allowed:
        raise Problem(403, f"Host: {host!r} isn't a name of this listener", code="wrong_host")


def _check_origin(request: web.Request, allowed: set[str]) -> None:
    """A browser says which page a request is from; no other site's page may talk to us."""
    origin = request.headers.get("Origin")
    if origin is not None and (urlsplit(origin).hostname or origin) not in allowed:
        raise Problem(403, f"Origin: {origin!r} isn't allowed here", code="wrong_origin")


@web.middleware
async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the engine and the store refuse, in HTTP's words."""
    context = request.app[CONTEXT]
    if context.engine.stopping:
        raise Problem(503, "the daemon is stopping", headers={"Retry-After": "5"})
    resource = request.match_info.route.resource
    taken = request.app[TAKES].get(resource.canonical, JSON) if resource else None
    if taken and request.method == "POST" and request.content_type != taken:
        # A web page can send a form or a text to any address without being asked first.
        raise Problem(
            415, f"Content-Type: must be {taken}, not {ascii(request.content_type)[1:-1]}"
        )
    try:
        return await handler(request)
    except InvalidFieldError as error:
        raise Problem(422, str(error), code="invalid_field") from None
    except InvalidCombinationError as error:
        raise Problem(400, str(error), code="invalid_combination") from None
    except UnknownBackendError as error:
        raise Problem(400, f"backend: {error}", code="unknown_backend") from None
    except UnfitBackendError as error:
        raise Problem(400, f"backend: {error}", code="unfit_backend") from None
    except BackendUnavailableError as error:
        raise Problem(
            503, f"backend: {error}", code="backend_unavailable", headers={"Retry-After": "60"}
        ) from None
    except QueueFullError:
        raise Problem(
            503,
            f"the queue is full ({context.config.limits.queued_jobs} jobs); try again later",
            code="queue_full",
            headers={"Retry-After": "10"},
        ) from None
    except IdempotencyConflictError:
        raise Problem(
            409, "Idempotency-Key: was used before, with another request", code="key_reused"
        ) from None
    except (StoreError, OSError) as error:
        if isinstance(error, ConnectionError):
            raise
        log.error("request %s: %s", request[REQUEST_ID], error)
        raise Problem(507, f"the disk can't take it: {error}", code="storage") from None
