"""The table of operations: routed from here, documented from here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pycwtd.api import (
    backends,
    benchmark,
    data,
    docs,
    estimates,
    events,
    jobs,
    metrics,
    pages,
    service,
    workloads,
)
from pycwtd.api.account_routes import ACCOUNTS
from pycwtd.api.answers import NETCDF, NPZ
from pycwtd.api.benchmark_types import BenchmarkRequest, BenchmarkResult
from pycwtd.api.context import Operation
from pycwtd.api.data_types import DataList, DataPreview, DataView, Deleted, Uploaded, UploadForm
from pycwtd.api.device_routes import DEVICES
from pycwtd.api.device_types import FlashResult, SelfTestResult
from pycwtd.api.job_routes import JOB_PARTS
from pycwtd.api.job_types import EstimateView
from pycwtd.api.results import NPY, SliceQuery
from pycwtd.api.types import (
    Backend,
    BackendList,
    BackendStatus,
    BatchAccepted,
    DetailedHealth,
    Hardware,
    Health,
    JobAccepted,
    JobList,
    JobView,
    NewBatch,
    NewJob,
    Recommendation,
    Root,
    Stats,
    WorkloadList,
)
from pycwtd.api.watch_routes import WATCHING
from pycwtd.workloads.registry import RESERVED, installed

if TYPE_CHECKING:
    from pycwtd.workloads.registry import Workloads

API = workloads.API

_IDEMPOTENT = workloads.IDEMPOTENT

_FIXED: tuple[Operation, ...] = (
    Operation("GET", "/", service.root, "What this is", "Service", {200: Root}),
    Operation("GET", "/health", service.health, "Whether it works", "Service", {200: Health}),
    Operation(
        "GET",
        f"{API}/health/detailed",
        service.detailed_health,
        "Every part, one by one",
        "Service",
        {200: DetailedHealth},
    ),
    Operation("GET", f"{API}/stats", service.stats, "Totals", "Service", {200: Stats}),
    Operation(
        "GET",
        "/metrics",
        metrics.metrics,
        "Prometheus metrics",
        "Service",
        {200: None},
        also=("text/plain",),
    ),
    Operation("GET", "/openapi.json", docs.openapi, "This document", "Service", {200: dict}),
    Operation(
        "GET",
        f"{API}/openapi.json",
        docs.openapi,
        "This document",
        "Service",
        {200: dict},
    ),
    Operation(
        "GET",
        "/docs",
        pages.docs,
        "The interactive page",
        "Service",
        {200: None},
        also=("text/html",),
    ),
    Operation(
        "GET",
        "/redoc",
        pages.redoc,
        "The reference page",
        "Service",
        {200: None},
        also=("text/html",),
    ),
    Operation(
        "GET",
        "/assets/{name}",
        pages.asset,
        "A file that these pages are made of",
        "Service",
        {200: None},
        errors=(404,),
        also=("text/javascript", "text/css", "text/plain", "image/png"),
    ),
    Operation(
        "GET", f"{API}/backends/", backends.listing, "All backends", "Backends", {200: BackendList}
    ),
    Operation(
        "GET",
        f"{API}/backends/recommend",
        backends.recommend,
        "The backend for a piece of work, from measured rates",
        "Backends",
        {200: Recommendation},
        query=backends.RecommendQuery,
        errors=(422, 503),
    ),
    Operation(
        "GET",
        f"{API}/backends/{{name}}",
        backends.one,
        "One backend",
        "Backends",
        {200: Backend},
        errors=(404,),
    ),
    Operation(
        "GET",
        f"{API}/backends/{{name}}/status",
        backends.status,
        "One backend, with what has been measured of it",
        "Backends",
        {200: BackendStatus},
        errors=(404,),
    ),
    Operation(
        "GET",
        f"{API}/hardware/detect",
        backends.hardware,
        "What is plugged in",
        "Backends",
        {200: Hardware},
    ),
    Operation(
        "GET",
        f"{API}/workloads/",
        workloads.listing,
        "All workloads, with the kinds of jobs that they bring",
        "Service",
        {200: WorkloadList},
    ),
    Operation(
        "GET", f"{API}/jobs/{{id}}", jobs.one, "One job", "Jobs", {200: JobView}, errors=(404,)
    ),
    Operation(
        "DELETE",
        f"{API}/jobs/{{id}}",
        jobs.cancel,
        "Cancel a job",
        "Jobs",
        {200: JobView},
        errors=(404, 409, 507),
    ),
    Operation(
        "GET",
        f"{API}/jobs/{{id}}/result/{{array}}",
        jobs.array,
        "One array of a result as .npy, or a strided part of it; byte ranges",
        "Jobs",
        {200: None, 206: None, 304: None},
        query=SliceQuery,
        errors=(400, 404, 409, 410, 416, 422, 507),
        also=(NPY,),
    ),
    Operation(
        "POST",
        f"{API}/data/upload",
        data.upload,
        "Upload a series",
        "Data",
        {200: Uploaded},
        body=UploadForm,
        example={"file": "value\n1.5\n2.25\n-0.5\n", "metadata": '{"column": "value"}'},
        errors=(400, 408, 413, 415, 422, 507),
        takes="multipart/form-data",
    ),
    Operation(
        "GET",
        f"{API}/data/",
        data.listing,
        "Uploaded series, newest first",
        "Data",
        {200: DataList},
        query=data.DataQuery,
        errors=(422,),
    ),
    Operation(
        "GET",
        f"{API}/data/{{id}}",
        data.one,
        "One uploaded series",
        "Data",
        {200: DataView},
        errors=(404,),
    ),
    Operation(
        "GET",
        f"{API}/data/{{id}}/preview",
        data.preview,
        "An uploaded series in a few numbers: extremes of equal stretches, moments",
        "Data",
        {200: DataPreview},
        query=data.PreviewQuery,
        errors=(404, 410, 422),
    ),
    Operation(
        "GET",
        f"{API}/data/{{id}}/download",
        data.download,
        "The file as it came; byte ranges",
        "Data",
        {200: None, 206: None, 304: None},
        errors=(404, 416),
        also=("application/octet-stream",),
    ),
    Operation(
        "DELETE",
        f"{API}/data/{{id}}",
        data.delete,
        "Delete an uploaded series",
        "Data",
        {200: Deleted},
        errors=(404, 507),
    ),
    Operation(
        "POST",
        f"{API}/benchmark",
        benchmark.benchmark,
        "Time backends with the same work",
        "Backends",
        {200: BenchmarkResult},
        body=BenchmarkRequest,
        example={"signal_length": 500, "mc_count": 100, "backends": ["sequential", "joblib"]},
        errors=(400, 413, 422),
    ),
    *JOB_PARTS,
    *DEVICES,
    *ACCOUNTS,
    *WATCHING,
    Operation(
        "GET",
        "/ws/events",
        events.events,
        "WebSocket: every event, with resume",
        "Events",
        {101: None},
        query=events.EventsQuery,
        errors=(422,),
    ),
    Operation(
        "GET",
        "/ws/jobs/{id}",
        events.job,
        "WebSocket: one job until it ends",
        "Events",
        {101: None},
        errors=(404,),
    ),
)


@cache
def operations() -> tuple[Operation, ...]:
    """All operations: what is routed, and what is documented."""
    known = installed()
    return (*_FIXED, *workloads.operations_of(known), *_of_all_kinds(known))


def _of_all_kinds(known: Workloads) -> tuple[Operation, ...]:
    """What takes and shows jobs of every kind."""
    return (
        Operation(
            "POST",
            f"{API}/jobs/",
            jobs.create,
            "Submit a job",
            "Jobs",
            {202: JobAccepted},
            body=NewJob,
            example=workloads.job_example(known),
            headers=_IDEMPOTENT,
            errors=(400, 404, 409, 422, 503, 507),
        ),
        Operation(
            "POST",
            f"{API}/jobs/batch",
            jobs.create_batch,
            "Submit several jobs, all or none",
            "Jobs",
            {202: BatchAccepted},
            body=NewBatch,
            example=workloads.batch_example(known),
            headers=_IDEMPOTENT,
            errors=(400, 404, 409, 422, 503, 507),
        ),
        Operation(
            "POST",
            f"{API}/jobs/estimate",
            estimates.estimate,
            "What a job would be and cost on each backend; nothing is made",
            "Jobs",
            {200: EstimateView},
            body=NewJob,
            example=workloads.job_example(known),
            errors=(400, 404, 422, 503),
        ),
        Operation(
            "GET",
            f"{API}/jobs/",
            jobs.listing,
            "Jobs, newest first",
            "Jobs",
            {200: JobList},
            query=jobs.JobsQuery,
            choices={"kind": (*known.kinds, *sorted(RESERVED))},
            errors=(422,),
        ),
        Operation(
            "GET",
            f"{API}/jobs/{{id}}/result",
            jobs.result,
            "The result of a completed job",
            "Jobs",
            {200: (*(kind.result for kind in known.kinds.values()), SelfTestResult, FlashResult)},
            errors=(400, 404, 406, 409, 410, 422, 507),
            also=(NPZ, NETCDF),
        ),
    )
