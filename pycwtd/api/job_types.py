"""What the API answers of the parts of a job, as types."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from pycwt_mod.backends import Estimator


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


class Candidate(Struct):
    """A backend, for a job that isn't submitted yet."""

    backend: str
    available: bool
    #: Seconds, those behind the jobs that it has included; null before anything comparable has
    #: been measured, and for one that can't take it.
    estimated_time: float | None
    #: Seconds behind the jobs that it has.
    waiting_time: float | None
    #: Why it can't take it.
    reason: str | UnsetType = UNSET


class EstimateView(Struct):
    """What a job would be and cost; nothing is made."""

    kind: str
    #: To begin with, where a precision is asked for; 0 without a Monte Carlo part.
    realisations: int
    #: Null for what has no scales.
    scales: int | None
    samples: int | None
    #: Null without a Monte Carlo part on a backend.
    estimator: Estimator | None
    #: Of the job as it is asked for; null before anything comparable has been measured.
    estimated_time: float | None
    #: That the job as it is asked for would get.
    backend: str | None
    fallback_reason: str | None
    #: Every backend, the ones that would be done the soonest first; none without such a part.
    backends: list[Candidate]
    #: The soonest to be done.
    recommended_backend: str | None


class ChunkList(Struct, omit_defaults=True):
    """Where a job was computed, in the order of its realisations.

    Of a long job, chunks that follow one another on the same backend are added up.
    """

    chunks: list[ChunkView]
    #: Of the whole job, on whichever page.
    backends: list[BackendShare]
    #: Pass it as ``cursor`` for the next page; not there on the last one.
    next_cursor: str | UnsetType = UNSET
