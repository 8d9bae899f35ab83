"""Jobs, looked into: where they were computed, what they have found so far."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from pycwtd.api.job_types import Candidate, ChunkList, ChunkView, EstimateView, LevelsView
from pycwtd.api.types import BatchAccepted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pycwtd.client.client import Client

_JOBS = "/api/v1/jobs"

__all__ = ["Candidate", "ChunkView", "EstimateView", "Jobs", "LevelsView"]


class Jobs:
    """The jobs of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def chunks(self, job_id: str) -> list[ChunkView]:
        """Where a job's realisations were computed, in their order.

        Args:
            job_id: the full id.
        """
        found: list[ChunkView] = []
        query: dict[str, str] = {}
        while True:
            page = await self._client.ask("GET", f"{_path(job_id)}/chunks", ChunkList, params=query)
            found += page.chunks
            if page.next_cursor is UNSET:
                return found
            query = {"cursor": page.next_cursor}

    async def levels(self, job_id: str) -> LevelsView:
        """The significance levels by the realisations counted so far, or all of them.

        Args:
            job_id: the full id.

        Raises:
            ClientError: 409 where nothing is counted yet, or never will be.
        """
        return await self._client.ask("GET", f"{_path(job_id)}/levels", LevelsView)

    async def estimate(self, kind: str, request: Mapping[str, Any]) -> EstimateView:
        """What a job would be and cost; nothing is submitted.

        Args:
            kind: of the job.
            request: as :meth:`pycwtd.client.Client.submit` takes it.

        Raises:
            ClientError: the daemon would refuse it, with the same words.
        """
        body = msgspec.json.encode({"kind": kind, "request": request})
        headers = {"Content-Type": "application/json"}
        path = f"{_JOBS}/estimate"
        return await self._client.ask("POST", path, EstimateView, data=body, headers=headers)

    async def submit_batch(
        self, tasks: Sequence[Mapping[str, Any]], idempotency_key: str | None = None
    ) -> BatchAccepted:
        """Hand in several jobs, all or none.

        Args:
            tasks: each with its ``type``, a kind, and the fields of its request beside it.
            idempotency_key: of this submission; None draws one.

        Raises:
            ClientError: the daemon refuses one of them, or can't be reached.
        """
        body = msgspec.json.encode({"tasks": tasks})
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key or str(uuid.uuid4()),
        }
        path = f"{_JOBS}/batch"
        return await self._client.ask("POST", path, BatchAccepted, data=body, headers=headers)


def _path(job_id: str) -> str:
    return f"{_JOBS}/{quote(job_id, safe='')}"
