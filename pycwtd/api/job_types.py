"""What the API answers of the parts of a job, as types."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType


class ChunkView(Struct):
    """Realisations ``first … first + count - 1`` of a job, and where they were computed."""

    first: int
    count: int
    backend: str
    #: Of computing.
    seconds: float


class BackendShare(Struct):
    """What one backend has computed of a job."""

    backend: str
    realisations: int
    seconds: float


class LevelsView(Struct):
    """Significance levels by the realisations counted so far, one for each scale."""

    realisations: int
    #: The probability that noise stays below the levels.
    level: float
    periods: list[float]
    #: Null where nothing was counted.
    levels: list[float | None]
    #: Monte Carlo standard errors.
    errors: list[float | None]


class ChunkList(Struct, omit_defaults=True):
    """Where a job was computed, in the order of its realisations.

    Of a long job, chunks that follow one another on the same backend are added up.
    """

    chunks: list[ChunkView]
    #: Of the whole job, on whichever page.
    backends: list[BackendShare]
    #: Pass it as ``cursor`` for the next page; not there on the last one.
    next_cursor: str | UnsetType = UNSET
