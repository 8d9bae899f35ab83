"""The operations that look into a job."""

from __future__ import annotations

from pycwtd.api import job_parts, workloads
from pycwtd.api.context import Operation
from pycwtd.api.job_types import ChunkList, LevelsView

_JOB = f"{workloads.API}/jobs/{{id}}"

JOB_PARTS: tuple[Operation, ...] = (
    Operation(
        "GET",
        f"{_JOB}/chunks",
        job_parts.chunks,
        "Where a job's realisations were computed, and how long that took",
        "Jobs",
        {200: ChunkList},
        query=job_parts.ChunksQuery,
        errors=(404, 422),
    ),
    Operation(
        "GET",
        f"{_JOB}/levels",
        job_parts.levels,
        "The significance levels by the realisations so far, with their standard errors",
        "Jobs",
        {200: LevelsView},
        errors=(404, 409, 410, 507),
    ),
)
