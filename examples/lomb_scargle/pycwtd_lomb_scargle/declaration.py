"""What the daemon knows of the periodogram: types, and where it is computed."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from pycwtd.workloads.interface import (
    MAX_SEED,
    InvalidCombinationError,
    Kind,
    MonteCarlo,
    Workload,
)

DataId = Annotated[str, Meta(description="An uploaded series.", min_length=1, max_length=64)]
Frequency = Annotated[
    float, Meta(gt=0, description="In cycles per unit of time; by default from the times.")
]


class PeriodogramRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """Samples at any times."""

    times: (
        Annotated[list[float], Meta(description="Increasing, at least 8.", min_length=1)]
        | UnsetType
    ) = UNSET
    times_id: DataId | UnsetType = UNSET
    values: (
        Annotated[list[float], Meta(description="As many as times.", min_length=1)] | UnsetType
    ) = UNSET
    values_id: DataId | UnsetType = UNSET
    min_frequency: Frequency | None = None
    max_frequency: Frequency | None = None
    n_frequencies: Annotated[int, Meta(ge=2, le=20_000)] = 200
    mc_count: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Surrogates; 0: no significance.")
    ] = 1000
    level: Annotated[float, Meta(gt=0, lt=1, description="Of the test.")] = 0.95
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] | None = None

    def __post_init__(self) -> None:
        """What the fields' types can't say."""
        low, high = self.min_frequency, self.max_frequency
        if low is not None and high is not None and low >= high:
            raise InvalidCombinationError(
                f"min_frequency: must be below max_frequency, not {low:g} and {high:g}"
            )


class PeriodogramResult(Struct, kw_only=True):
    """Power at each frequency: the share of the variance that a sine explains, 0 to 1."""

    frequencies: list[float]
    power: list[float]
    #: Expected of AR(1) noise with the persistence of the series.
    noise_power: list[float]
    #: In units of time; 0 is white noise.
    persistence: float
    peak_frequency: float
    #: Probability that such noise has, at any of the frequencies, a peak that stands out as far.
    false_alarm: list[float] | UnsetType = UNSET
    #: The power above which it stands out at the level asked for, among all frequencies; above 1
    #: no peak at that frequency can.
    level_power: list[float | None] | UnsetType = UNSET
    level: float | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    mc_count: int | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    #: Seconds.
    computation_time: float


_TIMES = [round(1.7 * i + 0.5 * ((7 * i) % 3), 1) for i in range(24)]
_VALUES = [round(0.1 * ((5 * i) % 11) - 0.5, 1) for i in range(24)]

LOMB_SCARGLE = Kind(
    name="lomb_scargle",
    summary="Lomb–Scargle periodogram, tested against red noise at the same times",
    requests=(PeriodogramRequest,),
    result=PeriodogramResult,
    example={"times": _TIMES, "values": _VALUES, "n_frequencies": 20, "mc_count": 100},
    result_example={
        **{"frequencies": [0.02, 0.04], "power": [0.61, 0.02], "noise_power": [0.1, 0.08]},
        **{"persistence": 1.3, "peak_frequency": 0.02, "false_alarm": [0.002, 1.0]},
        **{"level_power": [0.4, 0.32], "level": 0.95, "seed": 1, "mc_count": 1000},
        "computation_time": 0.02,
    },
    series=("times", "values"),
    least_samples=8,
    same_length=True,
    monte_carlo=MonteCarlo("mc_count", cost=("values", "n_frequencies")),
    axes={
        **dict.fromkeys(("frequencies", "power", "noise_power"), ("frequency",)),
        **dict.fromkeys(("false_alarm", "level_power"), ("frequency",)),
        "histogram": ("bin",),
    },
)

WORKLOAD = Workload(
    name="lomb_scargle",
    title="Periodograms of uneven series",
    version="1.0.0",
    compute="pycwtd_lomb_scargle.compute",
    kinds=(LOMB_SCARGLE,),
)
