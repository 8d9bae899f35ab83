"""Prometheus metrics: what is counted as it happens, and what is looked up when asked for."""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from pycwtd import __version__
from pycwtd.api.context import CONTEXT
from pycwtd.api.service import trouble
from pycwtd.api.types import JobCounts
from pycwtd.store.database import Database
from pycwtd.store.stamp import read_stamp

if TYPE_CHECKING:
    from pycwtd.api.context import Context, Handler
    from pycwtd.store.records import Job

#: From a health check to a job that runs over night (seconds).
_ANSWERS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_JOBS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600)


class Meters:
    """What is counted as it happens, since the start of the daemon."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # Memory, CPU time, open files and start of the daemon's own process.
        ProcessCollector(registry=self.registry)
        self.requests = Histogram(
            "pycwtd_request_seconds",
            "Time from a request to the end of its answer.",
            ["method", "path", "status"],
            buckets=_ANSWERS,
            registry=self.registry,
        )
        labels = ["kind", "backend"]
        self.waits = Histogram(
            "pycwtd_queue_seconds",
            "Time from a job's acceptance to its start.",
            labels,
            buckets=_JOBS,
            registry=self.registry,
        )
        self.computations = Histogram(
            "pycwtd_compute_seconds",
            "Time from a job's start to its end.",
            labels,
            buckets=_JOBS,
            registry=self.registry,
        )
        self.ended = Counter(
            "pycwtd_jobs_ended",
            "Jobs that have ended since the start.",
            [*labels, "status"],
            registry=self.registry,
        )

    def job_ended(self, job: Job) -> None:
        """Take note of a job in its final state."""
        labels = (job.kind, job.backend or "none")
        self.ended.labels(*labels, job.status).inc()
        if job.started_at is not None and job.completed_at is not None:
            # The clock may have been set back in the meantime.
            self.waits.labels(*labels).observe(max(0.0, job.started_at - job.created_at))
            self.computations.labels(*labels).observe(max(0.0, job.completed_at - job.started_at))


METERS: web.AppKey[Meters] = web.AppKey("meters", Meters)


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Time every request, under its route and not under its path, of which there are endless."""
    started = time.monotonic()
    status = 0
    try:
        response = await handler(request)
        status = response.status
    finally:
        resource = request.match_info.route.resource
        path = resource.canonical if resource else "none"
        # Any word will do for a method; those that no route takes are one.
        method = request.method if resource else "other"
        seconds = time.monotonic() - started
        request.app[METERS].requests.labels(method, path, str(status)).observe(seconds)
    return response


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus' text format."""
    context = request.app[CONTEXT]
    found = await _looked_up(context)
    body = generate_latest(request.app[METERS].registry) + generate_latest(found)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _looked_up(context: Context) -> CollectorRegistry:
    registry = CollectorRegistry()
    jobs = Gauge("pycwtd_jobs", "Jobs in each state.", ["status"], registry=registry)
    counts = JobCounts(**await context.store(Database.counts))
    for status in JobCounts.__struct_fields__:
        jobs.labels(status).set(getattr(counts, status))
    up = Gauge("pycwtd_backend_up", "Whether a backend can compute.", ["name"], registry=registry)
    for device in context.engine.pool.known():
        up.labels(device.id).set(device.usable)
    states = Gauge(
        "pycwtd_device_state", "1 for a device's state.", ["name", "state"], registry=registry
    )
    for device in context.engine.pool.known():
        states.labels(device.id, device.state.name).set(1)
    done = Counter(
        "pycwtd_realisations", "Realisations of completed jobs.", ["backend"], registry=registry
    )
    for row in await context.store(Database.totals):
        done.labels(row["backend"] or "none").inc(row["realisations"])
    _add_state(context, registry)
    _add_faults(context, registry)
    _add_queue(context, registry)
    await _add_disk(context, registry)
    return registry


def _add_state(context: Context, registry: CollectorRegistry) -> None:
    for name, text, value in (
        ("pycwtd_uptime_seconds", "Time since the start.", time.monotonic() - context.started),
        ("pycwtd_healthy", "Whether jobs are taken, as /health says it.", not trouble(context)),
        (
            "pycwtd_waiting_for_disk",
            "Whether jobs wait for the disk.",
            context.engine.ledger.trouble is not None,
        ),
        (
            "pycwtd_stuck",
            "Whether a part of the daemon doesn't move.",
            context.stuck() is not None,
        ),
        ("pycwtd_loop_lag_seconds", "How late the event loop last woke up.", context.lag()),
    ):
        Gauge(name, text, registry=registry).set(value)
    Info("pycwtd_build", "The program.", registry=registry).info({"version": __version__})


def _add_faults(context: Context, registry: CollectorRegistry) -> None:
    engine = context.engine
    counted = {
        "pycwtd_disk_refusals": (
            "Times that the disk refused something.",
            engine.ledger.disk.refusals,
        ),
        "pycwtd_damaged_files": ("Files that were found damaged.", engine.repair.found),
        "pycwtd_submissions_refused": (
            "Submissions that found the queue full.",
            engine.queue.refused,
        ),
        "pycwtd_host_deaths": ("Host processes that died at work.", engine.mishaps.deaths),
    }
    for name, (text, value) in counted.items():
        Counter(name, f"{text[:-1]}, since the start.", registry=registry).inc(value)


def _add_queue(context: Context, registry: CollectorRegistry) -> None:
    queue, limits = context.engine.queue, context.config.limits
    waiting = [
        job.record.created_at
        for job in context.engine.active.values()
        if job.record.status == "queued"
    ]
    # The clock may have been set back in the meantime.
    oldest = max(0.0, time.time() - min(waiting)) if waiting else 0.0
    for name, text, value in (
        ("pycwtd_queue_jobs", "Jobs that haven't ended.", queue.jobs),
        ("pycwtd_queue_bytes", "Bytes of their requests.", queue.bytes),
        ("pycwtd_queue_limit_jobs", "Jobs that the queue takes.", limits.queued_jobs),
        ("pycwtd_queue_limit_bytes", "Bytes that it takes.", limits.queued_bytes),
        ("pycwtd_queue_oldest_seconds", "Age of the oldest job that hasn't started.", oldest),
    ):
        Gauge(name, text, registry=registry).set(value)


async def _add_disk(context: Context, registry: CollectorRegistry) -> None:
    text = "When the last good backup was made; 0 if none is known of."
    stamp = await asyncio.to_thread(read_stamp, context.store.root)
    Gauge("pycwtd_backup_timestamp_seconds", text, registry=registry).set(stamp)
    try:
        disk = await asyncio.to_thread(shutil.disk_usage, context.store.root)
    except OSError:
        # No figure is better than one from before; an alert goes by its absence.
        return
    for name, text, value in (
        ("pycwtd_disk_free_bytes", "Room on the disk of the state directory.", disk.free),
        ("pycwtd_disk_size_bytes", "Its size.", disk.total),
        (
            "pycwtd_disk_reserve_bytes",
            "With less room than this no jobs are taken.",
            context.config.limits.reserve_bytes,
        ),
    ):
        Gauge(name, text, registry=registry).set(value)
