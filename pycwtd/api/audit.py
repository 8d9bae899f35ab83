"""The audit trail: a row for every change, written before its answer leaves.

What is written down of a change takes its row along into the same transaction (a witness). All
others, refusals among them, are written when the answer is there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.access.access import Identity
from pycwtd.api.admission import IDENTITY, identity_key, rule_for
from pycwtd.api.context import CONTEXT
from pycwtd.api.guard import connection_of
from pycwtd.logs import REQUEST_ID
from pycwtd.store import trail
from pycwtd.store.records import AuditRow, Witness
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from pycwtd.store.records import Outcome
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)

#: After these something is there that wasn't; another POST whose answer has no Location was a
#: computation that the client has waited for.
_MADE = {201, 202}
#: In place of a status: the client left while its request was being carried out.
HUNG_UP = 499
#: The row that a handler has sent along with its change.
_WITNESS = web.RequestKey("witness", Witness)


class Trail:
    """Writes rows; those that come while some are being written share the next commit."""

    def __init__(self, store: Store, keep: int) -> None:
        self._store = store
        #: Rows that are kept.
        self.keep = keep
        self._waiting: list[AuditRow] = []
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, row: AuditRow) -> None:
        """Return when the row is on disk; where the disk refuses it, it is in the log."""
        await asyncio.shield(self.post(row))

    def post(self, row: AuditRow) -> asyncio.Task[None]:
        """Write a row that nobody waits for."""
        self._waiting.append(row)
        task = asyncio.create_task(self._flush())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def configure(self, keep: int) -> None:
        """Keep so many rows from now on."""
        self.keep = keep

    async def close(self) -> None:
        """Wait until all is written."""
        await asyncio.gather(*self._tasks)

    async def _flush(self) -> None:
        async with self._writing:
            rows, self._waiting = self._waiting, []
            if not rows:
                return
            try:
                await self._store(trail.add, rows, self.keep)
            except StoreError as error:
                for one in rows:
                    log.error("the audit trail can't be written (%s): %s", error, one)


def audit_row(
    request: web.Request, status: int, location: str | None, detail: str | None, request_id: str
) -> AuditRow | None:
    """The row of an answer; none where nothing was changed and nobody was kept from it.

    Args:
        request: what was asked.
        status: of the answer; ``HUNG_UP`` where the client didn't wait for it.
        location: of what was made.
        detail: why it was refused.
        request_id: the id that the log has it under.
    """
    outcome = _outcome(request, rule_for(request).action, status, location)
    if outcome is None:
        return None
    told = request.get(_WITNESS)
    if outcome in {"done", "unknown"} and told is not None and told.written:
        return None
    identity = _identity(request)
    if outcome == "denied":
        # Nobody pushes the trail's old rows out by knocking: the log has every refusal.
        failures = request.app[CONTEXT].access.failures
        if failures.take(f"denied:{identity_key(identity)}", time.monotonic()):
            return None
    target = request.match_info.get("id") or request.match_info.get("name")
    if location:
        target = location.rpartition("/")[2]
    return _row(request, outcome, status, target, request_id=request_id, detail=detail)


def witness(request: web.Request, status: int, target: str) -> Witness | None:
    """The row of a change that a request is about to make.

    Where no transaction takes it, as where nothing had to be changed, it is written like any other.

    Args:
        request: what was asked.
        status: of the answer, if all goes well.
        target: of which job, series, key or device.
    """
    if rule_for(request).action is None:
        return None
    row = _row(request, "done", status, target, request_id=REQUEST_ID.get(), detail=None)
    request[_WITNESS] = Witness(row, request.app[CONTEXT].trail.keep)
    return request[_WITNESS]


def _identity(request: web.Request) -> Identity:
    return request.get(IDENTITY) or Identity("anyone", "none", connection_of(request).client)


def _row(
    request: web.Request,
    outcome: Outcome,
    status: int,
    target: str | None,
    *,
    request_id: str,
    detail: str | None,
) -> AuditRow:
    identity = _identity(request)
    return AuditRow(
        time=time.time(),
        identity=identity.name,
        role=identity.role,
        address=identity.address,
        action=rule_for(request).action or f"{request.method} {ascii(request.path)[1:-1]}"[:200],
        target=target and ascii(target)[1:-1][:200],
        outcome=outcome,
        status=status,
        request_id=request_id,
        detail=detail,
    )


def _outcome(
    request: web.Request, action: str | None, status: int, location: str | None
) -> Outcome | None:
    if status in {401, 403}:
        return "denied"
    if action is None:
        return None
    if status >= 500:
        return "failed"
    if status == HUNG_UP:
        return "unknown"
    made = request.method != "POST" or status in _MADE or location is not None
    return "done" if status < 400 and made else None
