"""An answer of every type, as the document shows it."""

from __future__ import annotations

from typing import Any

from pycwtd.api import accounts, device_types, job_types, types, watch_types
from pycwtd.api.benchmark_types import BenchmarkResult
from pycwtd.api.data_types import DataList, DataPreview, DataView, Deleted, Uploaded

_JOB = "5d5020aa-8bc6-4d3e-b79e-09b308abe8fa"
_DATA = "0b9f0c3e-2f0a-4f0e-9d51-3c1f8a7be0d2"
_THEN, _NOW = "2026-03-01T12:00:00.000Z", "2026-03-01T12:00:02.500Z"

_DEVICE: dict[str, Any] = {
    **{"id": "joblib", "backend": "joblib", "state": "ready", "since": _THEN},
    **{"parts": ["2 threads, avx512"], "hooks": []},
}
_BACKEND: dict[str, Any] = {
    "name": "joblib",
    "type": "cpu",
    "description": "The C kernel on every core that the process may use",
    "available": True,
    "capabilities": {
        "wavelets": ["morlet", "paul", "dog", "morse"],
        "estimators": ["full", "cascade"],
        "tolerance": 0.003,
    },
    "numerics": "f32-1",
    "estimated_speedup": 1.9,
    "devices": ["2 threads, avx512"],
    "device": _DEVICE,
}
_VIEW: dict[str, Any] = {
    **{"job_id": _JOB, "kind": "significance", "status": "running", "progress": 0.4},
    **{"eta": _NOW, "created_at": _THEN, "started_at": _THEN, "completed_at": None},
    **{"estimated_time_seconds": 2.5, "estimator": "cascade", "backend": "joblib"},
    **{"fallback_reason": None, "attempts": 1, "error": None, "waiting_for": None},
    **{"owner": "uid:1000", "seed": 1, "realisations_done": 400, "realisations": 1000},
    **{"rate": 400.0, "parameters": {"dt": 1.0, "samples": 1000}},
}
_ACCEPTED: dict[str, Any] = {
    **{"job_id": _JOB, "status": "queued", "estimated_time": 2.5, "estimator": "cascade"},
    **{"backend": "joblib", "message": "accepted"},
}
_SERIES: dict[str, Any] = {
    **{"data_id": _DATA, "filename": "ice.csv", "format": "csv", "length": 147, "missing": 0},
    **{"bytes": 1470, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    **{"owner": "uid:1000", "created_at": _THEN, "metadata": {"column": "extent"}},
}
_KEY: dict[str, Any] = {
    **{"id": "0123abcd", "name": "alice", "role": "analyst", "status": "valid"},
    **{"created_at": _THEN, "created_by": "uid:0", "expires_at": None, "revoked_at": None},
}

#: By the type of the answer.
EXAMPLES: dict[type, Any] = {
    types.Root: {
        **{"name": "PyCWT REST API", "version": "1.0.0", "docs": "/docs", "health": "/health"},
        "server_version": "0.1.0",
    },
    types.Health: {"status": "healthy", "api_version": "1.0.0"},
    types.DetailedHealth: {
        **{"status": "healthy", "reasons": [], "timestamp": _NOW, "version": "0.1.0"},
        "uptime": 86400.0,
        "last_event": 17,
        "backends": {"joblib": {"available": True, "healthy": True}},
        "jobs": {"queued": 0, "running": 1, "completed": 17, "failed": 0, "cancelled": 2},
        "system": {"cpu_usage": 55.0, "memory_usage": 20.5, "disk_usage": 31.0},
        "workloads": {"wavelet": {"available": True}},
    },
    types.Stats: {
        **{"jobs": 17, "realisations": 21000, "bytes_stored": 1048576},
        "by_kind_and_backend": [
            {
                **{"kind": "wct", "backend": "joblib", "jobs": 17},
                **{"realisations": 21000, "seconds": 12.5},
            }
        ],
    },
    types.BackendList: {"backends": [_BACKEND], "refused": []},
    types.WorkloadList: {
        "workloads": [
            {
                **{"name": "wavelet", "available": True, "version": "0.1.0", "package": "pycwtd"},
                "title": "Wavelet transforms, cross spectra, coherence and their significance",
                "kinds": [
                    {
                        **{"name": "wct", "summary": "Wavelet coherence", "simulates": True},
                        "paths": ["/api/v1/wavelet/wct", "/api/v1/analysis/wct"],
                    }
                ],
            },
            {
                **{"name": "bispectrum", "available": False, "kinds": []},
                "error": "kind wct: wavelet has one of that name",
            },
        ]
    },
    types.Backend: _BACKEND,
    types.BackendStatus: {
        **_BACKEND,
        "status": "ready",
        "performance_metrics": {"microseconds_per_realisation_cascade": 6.1, "speedup": 1.9},
        "last_error": None,
    },
    device_types.DeviceView: _DEVICE,
    device_types.DeviceDetails: {
        **_DEVICE,
        "self_tests": [
            {
                **{"time": _NOW, "passed": True, "duration": 0.02},
                "figures": "8 realisations of full: the C kernel's counts",
            }
        ],
        "counters": {"errors": 0, "deaths": 0},
        "readings": [{"name": "temperature Package id 0", "value": 51.0, "unit": "°C"}],
        "read_at": _NOW,
    },
    device_types.DeviceList: {
        "devices": [
            _DEVICE,
            {
                **{"id": "elm11_lua", "backend": "elm11_lua", "state": "quarantined"},
                **{"since": _NOW, "parts": [], "hooks": ["flash"]},
                "reason": "it failed its self-test: 8 realisations of cascade: …",
                "way_out": "when it is mended, pycwtctl devices release elm11_lua has it tested "
                "again",
            },
        ]
    },
    types.Recommendation: {
        "recommended_backend": "joblib",
        "reason": "the soonest to be done: 300 realisations … take 0.002 s, nothing is before them",
        **{"estimated_time": 0.002, "waiting_time": 0.0, "energy": None},
        "alternatives": [
            {
                **{"backend": "sequential", "estimated_time": 0.0038},
                **{"waiting_time": 0.0, "energy": None},
            }
        ],
    },
    types.Hardware: {
        "cpu": {"available": True, "cores": 2, "model": "Cortex-A76"},
        "gpu": {"available": False, "type": "None", "count": 0, "devices": []},
        "fpga": {
            **{"available": False, "device": None, "interface": None},
            **{"status": "not found", "devices": []},
        },
        "embedded": {"available": False, "status": "not found", "devices": []},
    },
    types.JobList: {"jobs": [_VIEW], "next_cursor": None},
    types.JobView: _VIEW,
    job_types.EstimateView: {
        **{"kind": "significance", "realisations": 1000, "scales": 37, "samples": 1000},
        **{"estimator": "cascade", "estimated_time": 0.4},
        **{"backend": "joblib", "fallback_reason": None},
        "backends": [
            {
                **{"backend": "joblib", "available": True},
                **{"estimated_time": 2.4, "waiting_time": 2.0},
            },
            {
                **{"backend": "gpu", "available": False},
                **{"estimated_time": None, "waiting_time": None},
                "reason": "no driver for it is installed",
            },
        ],
        "recommended_backend": "joblib",
    },
    job_types.LevelsView: {
        **{"realisations": 400, "level": 0.95, "periods": [2.0, 2.38]},
        **{"levels": [0.71, 0.74], "errors": [0.004, 0.006]},
    },
    job_types.ChunkList: {
        "chunks": [
            {"first": 0, "count": 32, "backend": "joblib", "seconds": 0.08},
            {"first": 32, "count": 368, "backend": "joblib", "seconds": 0.92},
        ],
        "backends": [{"backend": "joblib", "realisations": 400, "seconds": 1.0}],
    },
    types.JobAccepted: _ACCEPTED,
    types.BatchAccepted: {
        **{"job_id": _JOB, "status": "queued", "tasks_count": 2, "estimated_time": 5.0},
    },
    device_types.SelfTestResult: {
        **{"passed": True, "repeats": True, "adds_up": True, "agrees": True},
        **{"exact": True, "deviation": 0.0, "limit": 0.0, "realisations": 16},
        "figures": "8 realisations of full: the C kernel's counts, mean R² differs by 0.0000",
        **{"backend_used": "joblib", "computation_time": 0.02},
    },
    device_types.FlashResult: {
        **{"firmware": "5b0c2f1e", "backend_used": "elm11_lua", "computation_time": 21.5},
    },
    Uploaded: {
        **{"data_id": _DATA, "filename": "ice.csv", "length": 147},
        "message": "147 samples; name them in requests as data_id, signal1_id, …",
    },
    DataView: _SERIES,
    DataPreview: {
        **{"data_id": _DATA, "length": 147, "missing": 0, "mean": 211.3, "std": 105.2},
        **{"minimum": 52.0, "maximum": 420.0},
        **{"minima": [52.0, 61.5, 58.0], "maxima": [398.0, 420.0, 333.0]},
    },
    DataList: {"data": [_SERIES], "next_cursor": None},
    Deleted: {"data_id": _DATA, "message": "deleted"},
    BenchmarkResult: {
        **{"signal_length": 1000, "mc_count": 100, "fastest_backend": "sequential"},
        "results": {
            "sequential": {"status": "completed", "computation_time": 0.01, "speedup": 1.0},
            "gpu": {
                **{"status": "unavailable", "computation_time": None, "speedup": None},
                "error": "no driver for it is installed",
            },
        },
        "test_parameters": {
            **{"estimator": "cascade", "wavelet": "morlet", "dt": 1.0},
            **{"dj": 0.25, "s0": 1.936, "J": 36},
        },
    },
    watch_types.EventList: {
        "events": [
            {
                **{"type": "job.running", "seq": 41, "time": _NOW, "job_id": _JOB},
                "backend": "joblib",
            },
            {"type": "job.queued", "seq": 40, "time": _THEN, "job_id": _JOB},
        ],
        "next_cursor": "40",
    },
    watch_types.LogLines: {
        "lines": [
            {
                **{"seq": 7, "time": _NOW, "level": "info", "logger": "pycwtd.engine.journal"},
                "message": f"job {_JOB} running: backend joblib",
                "fields": {"event": "job.running", "job_id": _JOB},
            }
        ],
        **{"first_seq": 1, "last_seq": 7},
    },
    watch_types.ConfigView: {
        "settings": [
            {
                **{"name": "limits.sync_seconds", "value": 10.0},
                "source": "/etc/pycwtd/pycwtd.toml:12",
                "description": "A synchronous call that runs longer becomes a job (seconds).",
            }
        ]
    },
    accounts.AccessToken: {
        **{"access_token": "eyJ…", "token_type": "bearer", "expires_in": 3600},
    },
    accounts.Me: {"identity": "key:alice", "role": "analyst", "address": "192.0.2.7"},
    accounts.KeyView: _KEY,
    accounts.KeyMade: {**_KEY, "key": "pycwtd_0123abcd_" + 43 * "x"},
    accounts.KeyList: {"keys": [_KEY]},
    accounts.AuditList: {
        "entries": [
            {
                **{"seq": 1, "time": _NOW, "identity": "key:alice", "role": "analyst"},
                **{"address": "192.0.2.7", "action": "job.submit", "target": _JOB},
                **{"outcome": "done", "status": 202, "request_id": "5f3a", "detail": None},
            }
        ],
        "next_cursor": None,
    },
    dict: {"openapi": "3.1.0", "info": {"title": "PyCWT REST API", "version": "1.0.0"}},
}
