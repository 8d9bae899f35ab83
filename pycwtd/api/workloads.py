"""The routes and lists that follow from the workloads that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycwtd.api import analyses, streams
from pycwtd.api.answers import NETCDF, NPZ, answer
from pycwtd.api.context import CONTEXT, Operation
from pycwtd.api.permissions import STREAM, SUBMIT
from pycwtd.api.types import JobAccepted, KindView, WorkloadList, WorkloadView

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.workloads.interface import Kind, Route, Stream
    from pycwtd.workloads.registry import Installed, Workloads

API = "/api/v1"
IDEMPOTENT = {"Idempotency-Key": "A retry with the same key returns the first job."}


async def listing(request: web.Request) -> web.StreamResponse:
    """All workloads, the refused ones with the reason."""
    known = request.app[CONTEXT].engine.pool.workloads
    refused = [
        WorkloadView(name=name, available=False, kinds=[], error=reason)
        for name, reason in known.refused.items()
    ]
    return answer(WorkloadList([*map(_view, known.installed), *refused]))


def _view(one: Installed) -> WorkloadView:
    workload = one.workload
    return WorkloadView(
        name=workload.name,
        available=True,
        title=workload.title,
        version=workload.version,
        package=one.distribution,
        kinds=[
            KindView(
                name=kind.name,
                summary=kind.summary,
                paths=[f"{API}/{route.path}" for route in kind.paths],
                simulates=kind.simulates,
            )
            for kind in workload.kinds
        ],
    )


def operations_of(workloads: Workloads) -> tuple[Operation, ...]:
    """The operations of all kinds and streams."""
    kinds = [
        _operation(one, kind, route)
        for one in workloads.installed
        for kind in one.workload.kinds
        for route in kind.paths
    ]
    all_streams = [
        _stream(one.workload.name, stream)
        for one in workloads.installed
        for stream in one.workload.streams
    ]
    return (*kinds, *all_streams)


def _stream(workload: str, stream: Stream) -> Operation:
    return Operation(
        "GET",
        f"/ws/stream/{stream.name}",
        streams.serving(workload, stream),
        stream.summary,
        "Streams",
        {101: None},
        errors=(503,),
        rule=STREAM,
    )


def _operation(one: Installed, kind: Kind, route: Route) -> Operation:
    return Operation(
        "POST",
        f"{API}/{route.path}",
        analyses.waiting(kind) if route.waits else analyses.at_once(kind),
        route.summary or kind.summary,
        "Analyses" if one.shares else one.workload.title,
        {200: kind.result, 202: JobAccepted} if route.waits else {200: JobAccepted},
        body=route.request,
        example=dict(route.example or kind.example),
        headers={} if route.waits else IDEMPOTENT,
        errors=(400, 404, 406, 422, 503, 507) if route.waits else (400, 404, 409, 422, 503, 507),
        also=(NPZ, NETCDF) if route.waits else (),
        rule=SUBMIT,
    )


def job_example(workloads: Workloads) -> dict[str, Any]:
    """A job as it is submitted: of the last kind of the first workload."""
    for one in workloads.installed:
        kind = one.workload.kinds[-1]
        return {"kind": kind.name, "request": dict(kind.example)}
    return {"kind": "none", "request": {}}


def batch_example(workloads: Workloads) -> dict[str, Any]:
    """The same as a batch of one."""
    job = job_example(workloads)
    return {"tasks": [{"type": job["kind"], **job["request"]}]}
