"""What a benchmark takes and answers, as types."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pycwt_mod.backends import Estimator


class BenchmarkRequest(Struct, forbid_unknown_fields=True):
    """What to time."""

    backends: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(min_length=1, max_length=32)
    ]
    #: Samples of the series.
    signal_length: Annotated[int, Meta(ge=16, le=1_000_000)] = 1000
    #: Monte Carlo realisations.
    mc_count: Annotated[int, Meta(ge=1, le=100_000)] = 100
    estimator: Estimator = "cascade"


class Timing(Struct):
    """How one backend did."""

    status: Literal["completed", "failed", "unavailable"]
    #: Seconds that the computation took, without the start of any process.
    computation_time: float | None = None
    #: Against ``sequential``; null where that one was never measured.
    speedup: float | None = None
    error: str | UnsetType = UNSET


class TestParameters(Struct):
    """What was timed."""

    estimator: Estimator
    wavelet: str
    dt: float
    dj: float
    s0: float
    J: int


class BenchmarkResult(Struct):
    """How the backends did."""

    signal_length: int
    mc_count: int
    results: dict[str, Timing]
    fastest_backend: str | None
    test_parameters: TestParameters
