"""What every request passes: its id, who it is from, where it may come from, the log."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd import logs
from pycwtd.api.admission import IDENTITY, admit, check_page
from pycwtd.api.audit import HUNG_UP, audit_row
from pycwtd.api.context import CONTEXT
from pycwtd.api.cors import allow, is_preflight, preflight
from pycwtd.api.guard import connection_of
from pycwtd.api.problems import Problem
from pycwtd.api.sockets import while_allowed
from pycwtd.engine.pool import BackendUnavailableError, UnfitBackendError, UnknownBackendError
from pycwtd.engine.queue import QueueFullError
from pycwtd.engine.repair import ResultLostError
from pycwtd.store.database import IdempotencyConflictError
from pycwtd.store.store import StoreError
from pycwtd.workloads.interface import InvalidCombinationError, InvalidFieldError

if TYPE_CHECKING:
    from pycwtd.api.context import Handler

log = logging.getLogger(__name__)

OWNER = web.RequestKey("owner", str)
REQUEST_ID = web.RequestKey("request_id", str)

_CLIENT_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, turn what goes wrong into a problem, write one log line."""
    given = request.headers.get("X-Request-ID", "")
    request_id = given if _CLIENT_ID.fullmatch(given) else logs.new_request_id()
    request[REQUEST_ID] = request_id
    token = logs.REQUEST_ID.set(request_id)
    request[OWNER] = "nobody"
    started = time.monotonic()
    connection = connection_of(request)
    late: list[int] = []
    connection.begin(request, lambda: late.append(408))
    status: int | str = "hung up"
    try:
        response = await _answer(request, handler)
        status = response.status
    except asyncio.CancelledError:
        # A WebSocket has no other end than one side's leaving.
        if request.path.startswith("/ws/"):
            status = "closed"
        elif late:
            status = late[0]
        elif row := audit_row(request, HUNG_UP, None, None, request_id):
            request.app[CONTEXT].trail.post(row)
        raise
    finally:
        connection.end()
        _log(request, status, time.monotonic() - started)
        # The next thing on this connection may be no request.
        logs.REQUEST_ID.reset(token)
    return response


def _log(request: web.Request, status: int | str, seconds: float) -> None:
    """One line a request; its query and headers, where secrets may be, aren't in it."""
    identity = request.get(IDENTITY)
    path = ascii(request.path)[1:-1]
    resource = request.match_info.route.resource
    log.info(
        "%s %s %s %s %.1f ms, %s",
        *(request[REQUEST_ID], request.method, path, status, seconds * 1e3),
        f"{identity.name} at {identity.address}" if identity else "nobody",
        extra=logs.fields_of(
            event="request",
            method=request.method,
            path=path,
            route=resource.canonical if resource else None,
            status=status,
            ms=round(seconds * 1e3, 3),
            identity=identity.name if identity else None,
            address=identity.address if identity else None,
        ),
    )


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        check_page(request)
        if is_preflight(request):
            return preflight()
        request[OWNER] = admit(request).name
        with while_allowed(request):
            response = await handler(request)
    except Problem as problem:
        return await _refusal(request, problem)
    except web.HTTPException as error:
        return await _refusal(request, _from_aiohttp(error))
    except Exception:
        log.exception("request %s failed", request[REQUEST_ID])
        detail = f"the daemon has a defect; its log says more under {request[REQUEST_ID]}"
        return await _refusal(request, Problem(500, detail))
    await _audit(request, response.status, response.headers.get("Location"), None)
    return response


async def _refusal(request: web.Request, problem: Problem) -> web.Response:
    await _audit(request, problem.status, None, problem.detail)
    # What is left of a body that nobody reads would be taken for the next request.
    keep_alive = request.content.is_eof() or not request.body_exists
    return problem.response(request.path, keep_alive=keep_alive)


async def _audit(
    request: web.Request, status: int, location: str | None, detail: str | None
) -> None:
    if row := audit_row(request, status, location, detail, request[REQUEST_ID]):
        await request.app[CONTEXT].trail.write(row)


async def announce(request: web.Request, response: web.StreamResponse) -> None:
    """Put the id on every answer, WebSockets' and files' included."""
    response.headers["X-Request-ID"] = request.get(REQUEST_ID, "")
    response.headers["X-Content-Type-Options"] = "nosniff"
    allow(request, response.headers)


def _from_aiohttp(error: web.HTTPException) -> Problem:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    texts = {
        404: "there is nothing at this path; GET /openapi.json lists what there is",
        405: "this path doesn't take that method",
        413: "the body is larger than this appliance takes",
    }
    return Problem(error.status, texts.get(error.status, error.reason), headers=headers)


@web.middleware
async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the engine and the store refuse, in HTTP's words."""
    context = request.app[CONTEXT]
    # What only asks is still answered, until the connections are closed.
    if context.engine.stopping and request.method not in {"GET", "HEAD"}:
        raise Problem(503, "the daemon is stopping", headers={"Retry-After": "5"})
    try:
        return await _disk_willing(request, handler)
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
    except QueueFullError as error:
        raise Problem(
            503, f"{error}; try again later", code="queue_full", headers={"Retry-After": "10"}
        ) from None
    except ResultLostError as error:
        raise _lost(error) from None
    except IdempotencyConflictError:
        raise Problem(
            409, "Idempotency-Key: was used before, with another request", code="key_reused"
        ) from None


async def _disk_willing(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (StoreError, OSError) as error:
        if isinstance(error, ConnectionError):
            raise
        log.error("request %s: %s", request[REQUEST_ID], error)
        request.app[CONTEXT].engine.ledger.disk.failed(error)
        raise Problem(507, f"the disk can't take it: {error}", code="storage") from None


def _lost(error: ResultLostError) -> Problem:
    if error.again:
        return Problem(409, str(error), code="result_damaged", headers={"Retry-After": "10"})
    return Problem(410, str(error), code="result_lost")
