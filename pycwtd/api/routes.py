"""The table of operations: routed from here, documented from here."""

from __future__ import annotations

from typing import Any

from pycwtd.api import accounts, analyses, backends, docs, events, jobs, service
from pycwtd.api.answers import NPZ
from pycwtd.api.context import Operation
from pycwtd.api.types import (
    Backend,
    BackendList,
    BackendStatus,
    BatchAccepted,
    CwtResult,
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
    SignificanceResult,
    Stats,
    WctResult,
    XwtResult,
)
from pycwtd.workloads.wavelet.requests import TYPES, Kind

API = "/api/v1"

_WAVE = [round(0.1 * ((7 * i) % 11) - 0.5, 1) for i in range(32)]
_LATER = [round(0.1 * ((7 * i + 4) % 11) - 0.5, 1) for i in range(32)]
_IDEMPOTENT = {"Idempotency-Key": "A retry with the same key returns the first job."}

_RESULTS: dict[Kind, Any] = {"cwt": CwtResult, "xwt": XwtResult, "wct": WctResult}
_TITLES = {
    "cwt": "Continuous wavelet transform",
    "xwt": "Cross-wavelet spectrum",
    "wct": "Wavelet coherence, with its Monte Carlo significance where asked",
}


def _analysis(prefix: str, kind: Kind) -> Operation:
    spelling = TYPES[kind][0 if prefix == "wavelet" else 1]
    names = [n for n in spelling.__struct_fields__ if n.startswith(("data", "signal"))]
    names = [n for n in names if n in {"data", "signal1", "signal2", "data1", "data2"}]
    series = dict(zip(names, (_WAVE, _LATER), strict=False))
    return Operation(
        "POST",
        f"{API}/{prefix}/{kind}",
        analyses.waiting(kind),
        _TITLES[kind],
        "Analyses",
        {200: _RESULTS[kind], 202: JobAccepted},
        body=spelling,
        example={**series, "dt": 1.0, "dj": 0.5},
        errors=(400, 406, 413, 422, 503, 507),
        also=(NPZ,),
    )


_PAIR: dict[str, Any] = {
    **{"data1": _WAVE, "data2": _LATER, "dt": 1.0, "dj": 0.5},
    **{"mc_count": 100, "estimator": "cascade"},
}

ACCOUNTS = (
    Operation(
        "POST",
        f"{API}/auth/token",
        accounts.token,
        "Exchange a key for a short-lived token",
        "Access",
        {200: accounts.AccessToken},
        body=accounts.PasswordForm,
        example={"username": "alice", "password": "pycwtd_0123abcd_" + 43 * "x"},
        takes="application/x-www-form-urlencoded",
        errors=(415, 422),
    ),
    Operation("GET", f"{API}/auth/me", accounts.me, "Who is asking", "Access", {200: accounts.Me}),
    Operation(
        "GET", f"{API}/auth/keys/", accounts.listing, "All keys", "Access", {200: accounts.KeyList}
    ),
    Operation(
        "POST",
        f"{API}/auth/keys/",
        accounts.add,
        "Make a key; its secret is in this answer and nowhere else",
        "Access",
        {201: accounts.KeyMade},
        body=accounts.NewKey,
        example={"name": "alice", "role": "analyst", "expires_in": 7_776_000},
        errors=(415, 422, 507),
    ),
    Operation(
        "DELETE",
        f"{API}/auth/keys/{{id}}",
        accounts.revoke,
        "Revoke a key, and cut off who is connected with it",
        "Access",
        {200: accounts.KeyView},
        errors=(404, 507),
    ),
    Operation(
        "GET",
        f"{API}/audit",
        accounts.audit,
        "Who changed what, newest first",
        "Access",
        {200: accounts.AuditList},
        query=accounts.AuditQuery,
        errors=(422,),
    ),
)

OPERATIONS: tuple[Operation, ...] = (
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
        service.metrics,
        "Prometheus metrics",
        "Service",
        {200: None},
        also=("text/plain",),
    ),
    Operation("GET", "/openapi.json", docs.openapi, "This document", "Service", {200: dict}),
    Operation("GET", f"{API}/openapi.json", docs.openapi, "This document", "Service", {200: dict}),
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
    *(_analysis(prefix, kind) for prefix in ("wavelet", "analysis") for kind in _RESULTS),
    Operation(
        "POST",
        f"{API}/analysis/significance",
        analyses.significance,
        "Levels of coherence against red noise, as a job",
        "Analyses",
        {200: JobAccepted},
        body=TYPES["significance"][1],
        example=_PAIR,
        headers=_IDEMPOTENT,
        errors=(400, 409, 413, 422, 503, 507),
    ),
    Operation(
        "POST",
        f"{API}/jobs/",
        jobs.create,
        "Submit a job",
        "Jobs",
        {202: JobAccepted},
        body=NewJob,
        example={"kind": "significance", "request": _PAIR},
        headers=_IDEMPOTENT,
        errors=(400, 409, 413, 422, 503, 507),
    ),
    Operation(
        "POST",
        f"{API}/jobs/batch",
        jobs.create_batch,
        "Submit several jobs, all or none",
        "Jobs",
        {202: BatchAccepted},
        body=NewBatch,
        example={"tasks": [{"type": "significance", **_PAIR}]},
        headers=_IDEMPOTENT,
        errors=(400, 409, 413, 422, 503, 507),
    ),
    Operation(
        "GET",
        f"{API}/jobs/",
        jobs.listing,
        "Jobs, newest first",
        "Jobs",
        {200: JobList},
        query=jobs.JobsQuery,
        errors=(422,),
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
        errors=(404, 409),
    ),
    Operation(
        "GET",
        f"{API}/jobs/{{id}}/result",
        jobs.result,
        "The result of a completed job",
        "Jobs",
        {200: (CwtResult, XwtResult, WctResult, SignificanceResult)},
        errors=(400, 404, 406),
        also=(NPZ,),
    ),
    *ACCOUNTS,
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
