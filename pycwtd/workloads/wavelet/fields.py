"""The fields of requests: their types, ranges and meanings, as the OpenAPI document tells them.

Beside them are the errors that types can't express.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

#: How missing samples are taken, as :data:`pycwt_mod.gaps.Gaps`, which this process doesn't load.
GapsWay = Literal["mask", "linear"]
Kind = Literal["cwt", "xwt", "wct", "significance"]
Mother = Literal["morlet", "paul", "dog", "mexicanhat", "morse"]

#: Shorter series have no time-frequency structure to speak of.
MIN_SAMPLES = 16
#: Largest seed: a signed 64-bit integer, which every client and the database can hold.
MAX_SEED = 2**63 - 1

Series = Annotated[
    list[float | None],
    Meta(
        description="Evenly sampled values, at least 16, finite; null where a sample is missing, "
        "which takes gaps.",
        min_length=1,
    ),
]
DataId = Annotated[
    str,
    Meta(description="An uploaded series, in place of an inline one.", min_length=1, max_length=64),
]
Interval = Annotated[
    float,
    Meta(
        gt=0,
        description="Sampling interval, in any unit of time.",
        extra_json_schema={"minimum": 1e-100, "maximum": 1e100},
    ),
]
Spacing = Annotated[float, Meta(ge=0.001, le=1, description="Spacing of scales in octaves.")]
Smallest = Annotated[
    float,
    Meta(
        description="Smallest scale; -1 chooses 2·dt over the Fourier factor.",
        extra_json_schema={"anyOf": [{"const": -1}, {"exclusiveMinimum": 0}]},
    ),
]
Count = Annotated[
    int, Meta(ge=-1, le=2000, description="Number of scales less one; -1: as many as fit.")
]
Order = Annotated[
    float,
    Meta(
        description="ω0 of Morlet, m of Paul and DOG, β of Morse; -1: the usual one (6, 4, 2, 20)."
    ),
]
Shape = Annotated[float, Meta(description="γ of Morse, 1 to 10; -1: 3. Other wavelets have none.")]
Level = Annotated[
    float, Meta(gt=0, lt=1, description="Giving a level turns the test on; 0.95 if only that.")
]
Realisations = Annotated[int, Meta(ge=1, le=1_000_000, description="Monte Carlo realisations.")]
Precision = Annotated[
    float,
    Meta(gt=0, lt=1, description="Instead of a count: the largest standard error of a level."),
]
Way = Annotated[
    Literal["auto", "cascade", "full"],
    Meta(
        description="How the Monte Carlo test draws its noise. cascade: short series for every "
        "octave of scales, some ten times faster. full: series of six times the largest scale, "
        "seen at every scale. Both estimate the same levels. auto: cascade; full for morse, which "
        "cascade isn't calibrated for. The result names the one that ran."
    ),
]
Edges = Annotated[
    bool,
    Meta(
        description="Whether a coherence is tested within the cone of influence, too, by levels "
        "that know the distance from the series' ends: level_map in the result. The noise then "
        "has the length of the series, and 1000 realisations or more are in order."
    ),
]
Gaps = Annotated[
    GapsWay | None,
    Meta(
        description="How missing samples are taken, null in a series or NaN in an upload. mask: "
        "they weigh nothing. linear: straight lines bridge them. null: they are refused. The "
        "result then has coverage, the share of each wavelet that falls on samples that are "
        "there, and outside, the points that neither the ends nor gaps reach. Levels of "
        "coherence are those of noise without gaps."
    ),
]
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED, description="Reproduces the result exactly.")]


class InvalidCombinationError(ValueError):
    """The fields are valid one by one, but not together; the text names them."""


class InvalidFieldError(ValueError):
    """One field is out of its range in a way that its type can't express."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
