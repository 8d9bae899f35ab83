"""The service itself: what it is, whether it is well, what it has done."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from typing import TYPE_CHECKING

from pycwtd import __version__
from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT, rfc3339
from pycwtd.api.problems import Problem
from pycwtd.api.types import (
    BackendHealth,
    DetailedHealth,
    Health,
    JobCounts,
    KindStats,
    Root,
    Stats,
    SystemUsage,
    WorkloadHealth,
)
from pycwtd.engine.lifecycle import coming_up
from pycwtd.store.database import Database
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from pycwtd.api.context import Context
    from pycwtd.workloads.registry import Workloads

#: Version of the API, as opposed to that of the program.
API_VERSION = "1.0.0"
NAME = "PyCWT REST API"


async def root(_request: web.Request) -> web.StreamResponse:
    """What this is."""
    return answer(Root(NAME, API_VERSION, "/docs", "/health", __version__))


async def health(request: web.Request) -> web.StreamResponse:
    """Alive, and able to take jobs; else 503 and the reason."""
    if reason := trouble(request.app[CONTEXT]):
        raise Problem(503, reason, code="unhealthy", headers={"Retry-After": "10"})
    return answer(Health("healthy", API_VERSION))


def trouble(context: Context) -> str | None:
    """Why no jobs can be taken now; none if they can."""
    if stuck := context.stuck():
        return stuck
    if context.engine.ledger.trouble:
        return f"jobs wait for the disk: {context.engine.ledger.trouble}"
    try:
        context.store.check_room(context.config.limits.reserve_bytes)
    except (StoreError, OSError) as error:
        return str(error)
    return None


async def detailed_health(request: web.Request) -> web.StreamResponse:
    """All parts, one by one."""
    context = request.app[CONTEXT]
    backends = {
        device.id: BackendHealth(
            available=device.usable,
            healthy=device.usable or coming_up(device.state),
        )
        for device in context.engine.pool.known()
    }
    counts = await context.store(Database.counts)
    # A backend that is still being probed may turn out well.
    reasons = [reason] if (reason := trouble(context)) else []
    if not any(b.available or b.healthy for b in backends.values()):
        reasons.append("no backend can compute")
    return answer(
        DetailedHealth(
            status="degraded" if reasons else "healthy",
            reasons=reasons,
            timestamp=rfc3339(time.time()) or "",
            version=__version__,
            uptime=time.monotonic() - context.started,
            backends=backends,
            jobs=JobCounts(**counts),
            system=await asyncio.to_thread(_usage, context.store.root),
            workloads=_workloads(context.engine.pool.workloads),
            last_event=await context.store(Database.last_event),
        )
    )


def _workloads(known: Workloads) -> dict[str, WorkloadHealth]:
    """One that is refused harms nothing, so it leaves the daemon healthy."""
    return {
        **{one.workload.name: WorkloadHealth(True) for one in known.installed},
        **{name: WorkloadHealth(False, reason) for name, reason in known.refused.items()},
    }


def _usage(state_dir: Path) -> SystemUsage:
    memory = {}
    with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
        for line in file:
            name, _, value = line.partition(":")
            memory[name] = int(value.split()[0])
    disk = shutil.disk_usage(state_dir)
    return SystemUsage(
        cpu_usage=min(100.0, 100 * os.getloadavg()[0] / (os.cpu_count() or 1)),
        memory_usage=100 * (1 - memory["MemAvailable"] / memory["MemTotal"]),
        disk_usage=100 * disk.used / disk.total,
    )


async def stats(request: web.Request) -> web.StreamResponse:
    """What has been computed."""
    context = request.app[CONTEXT]
    rows = [KindStats(**row) for row in await context.store(Database.totals)]
    return answer(
        Stats(
            jobs=sum(row.jobs for row in rows),
            realisations=sum(row.realisations for row in rows),
            bytes_stored=await asyncio.to_thread(context.store.bytes_stored),
            by_kind_and_backend=rows,
        )
    )
