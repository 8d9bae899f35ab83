"""What clients send: one set of analyses in two spellings, and the one form behind both.

The types validate requests and are what the OpenAPI document is generated from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pycwt_mod import grid
from pycwt_mod.backends.task import EDGE_FAMILIES, FIRST_STAGE, MAX_LENGTH, Estimator, estimators_of
from pycwt_mod.grid import Family
from pycwtd.workloads.wavelet.cost import realisation_cost

if TYPE_CHECKING:
    from pycwtd.config import Limits

Kind = Literal["cwt", "xwt", "wct", "significance"]
Mother = Literal["morlet", "paul", "dog", "mexicanhat", "morse"]

#: Shorter series have no time-frequency structure to speak of.
MIN_SAMPLES = 16
#: Largest seed: a signed 64-bit integer, which every client and the database can hold.
MAX_SEED = 2**63 - 1

Series = Annotated[
    list[float],
    Meta(description="Evenly sampled values, at least 16, finite.", min_length=1),
]
Interval = Annotated[float, Meta(gt=0, description="Sampling interval, in any unit of time.")]
Spacing = Annotated[float, Meta(ge=0.001, le=1, description="Spacing of scales in octaves.")]
Smallest = Annotated[
    float, Meta(description="Smallest scale; -1 chooses 2·dt over the Fourier factor.")
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
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED, description="Reproduces the result exactly.")]


class InvalidCombinationError(ValueError):
    """The fields are valid one by one, but not together; the text names them."""


class InvalidFieldError(ValueError):
    """One field is out of its range in a way that its type can't express."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class _Grid(Struct, kw_only=True, forbid_unknown_fields=True):
    dt: Interval
    dj: Spacing = 0.25
    s0: Smallest = -1.0
    J: Count = -1
    param: Order = -1.0
    gamma: Shape = -1.0
    normalize: bool = True


class _Test(_Grid, kw_only=True):
    significance_level: Level | None = None
    mc_count: Realisations = 300
    precision: Precision | None = None
    estimator: Way = "auto"
    backend: str = "auto"
    fallback: Annotated[
        bool, Meta(description="Whether another backend may stand in for an unavailable one.")
    ] = True
    seed: Seed | None = None


class _WaveletSpelling(_Test, kw_only=True):
    mother: Mother = "morlet"
    sig: bool = False


class _AnalysisSpelling(_Test, kw_only=True):
    wavelet: Mother = "morlet"
    significance_test: bool = False


class WaveletSingle(_WaveletSpelling, kw_only=True):
    """``/wavelet/cwt``."""

    data: Series


class WaveletPair(_WaveletSpelling, kw_only=True):
    """``/wavelet/xwt`` and ``/wavelet/wct``."""

    signal1: Series
    signal2: Series
    edges: Edges = False


class AnalysisSingle(_AnalysisSpelling, kw_only=True):
    """``/analysis/cwt``."""

    data: Series


class AnalysisPair(_AnalysisSpelling, kw_only=True):
    """``/analysis/xwt``, ``/analysis/wct`` and ``/analysis/significance``."""

    data1: Series
    data2: Series
    edges: Edges = False


AnyRequest = WaveletSingle | WaveletPair | AnalysisSingle | AnalysisPair


class Analysis(Struct, kw_only=True):
    """An analysis in the one form that the engine and the workers know."""

    kind: Kind
    dt: float
    dj: float
    s0: float
    J: int
    family: Family
    order: float
    normalize: bool
    test: bool
    level: float
    mc_count: int
    precision: float | None
    backend: str
    fallback: bool
    seed: int | None
    series: list[list[float]]
    #: Requests that were stored before there was a choice are for ``full``.
    estimator: Estimator = "full"
    #: γ of Morse; 0 for the other families, as in requests that were stored before there was one.
    shape: float = 0.0
    #: Those were for the points outside the cone of influence.
    edges: bool = False

    @property
    def simulates(self) -> bool:
        """Whether there is a Monte Carlo part."""
        return self.kind == "significance" or (self.kind == "wct" and self.test)

    @property
    def total(self) -> int:
        """Realisations to begin with; 0 without Monte Carlo."""
        if not self.simulates:
            return 0
        return self.mc_count if self.precision is None else FIRST_STAGE

    def parameters(self) -> dict[str, Any]:
        """Everything but the series, as the job's row keeps it."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        values["samples"] = len(values.pop("series")[0])
        values["cost"] = self.cost()
        return values

    def length(self) -> int:
        """Samples of one Monte Carlo realisation."""
        if self.edges:
            return len(self.series[0])
        return grid.surrogate_length(self.s0 * 2 ** (self.J * self.dj) / self.dt, self.cone())

    def cone(self) -> float:
        """E-folding time of the wavelet, in scales."""
        return grid.cone_factor(self.family, self.order, self.shape)

    def cost(self) -> float:
        """Cost of one Monte Carlo realisation, 0 without Monte Carlo."""
        if not self.simulates:
            return 0.0
        smallest = self.s0 / self.dt
        return realisation_cost(
            *(self.estimator, self.family, smallest, self.dj, self.J),
            cone=self.cone(),
            samples=self.length() if self.edges else None,
        )


#: The request type of a kind, by spelling: which fields are there tells which it is.
TYPES: dict[Kind, tuple[type[AnyRequest], ...]] = {
    "cwt": (WaveletSingle, AnalysisSingle),
    "xwt": (WaveletPair, AnalysisPair),
    "wct": (WaveletPair, AnalysisPair),
    "significance": (WaveletPair, AnalysisPair),
}


def spelling(kind: Kind, fields: set[str]) -> type[AnyRequest]:
    """The request type that a body with these fields is meant for."""
    wavelet, analysis = TYPES[kind]
    own = {f.encode_name for f in msgspec.structs.fields(wavelet)}
    other = {f.encode_name for f in msgspec.structs.fields(analysis)}
    return analysis if len(fields & (other - own)) > len(fields & (own - other)) else wavelet


def analysis(kind: Kind, request: AnyRequest, limits: Limits) -> Analysis:
    """The one form of a request, with every default worked out.

    Raises:
        InvalidFieldError: a field is out of its range.
        InvalidCombinationError: the fields don't fit together.
    """
    if isinstance(request, WaveletSingle | WaveletPair):
        mother, asked = request.mother, request.sig
    else:
        mother, asked = request.wavelet, request.significance_test
    family, order, shape = _wavelet(mother, request.param, request.gamma)
    if not 1e-100 < request.dt < 1e100:
        raise InvalidFieldError("dt", f"must lie between 1e-100 and 1e100, not {request.dt:g}")
    series = _series(request)
    samples = len(series[0])
    s0 = grid.default_s0(request.dt, family, order, shape) if request.s0 == -1 else request.s0
    if s0 <= 0:
        raise InvalidFieldError("s0", f"must be a positive scale, or -1, not {s0:g}")
    if not 1e-9 < s0 / request.dt < 1e9:
        raise InvalidCombinationError(f"s0: {s0:g} is out of all proportion to dt = {request.dt:g}")
    _check_fits(samples, request.dt, s0, grid.cone_factor(family, order, shape))
    count = request.J
    if count == -1:
        largest = grid.largest_scale(samples * request.dt, family, order, shape)
        count = grid.default_count(largest, request.dj, s0)
    result = Analysis(
        kind=kind,
        dt=request.dt,
        dj=request.dj,
        s0=s0,
        J=count,
        family=family,
        order=order,
        normalize=request.normalize,
        test=asked or request.significance_level is not None or kind == "significance",
        level=request.significance_level or 0.95,
        mc_count=request.mc_count,
        precision=request.precision,
        estimator=_estimator(request.estimator, family),
        shape=shape,
        backend=request.backend,
        fallback=request.fallback,
        seed=request.seed,
        series=series,
        edges=getattr(request, "edges", False),
    )
    if result.edges and not result.simulates:
        raise InvalidCombinationError(
            "edges: nothing is tested here; it goes with a significance, or with a wct and its "
            "test (sig, significance_test or significance_level)"
        )
    if result.edges and family not in EDGE_FAMILIES:
        raise InvalidCombinationError(
            f"edges: levels within the cone of influence aren't calibrated for {family}; leave it "
            f"out, or take one of {', '.join(EDGE_FAMILIES)}"
        )
    _check_size(result, samples, limits)
    return result


def _estimator(asked: Way, family: Family) -> Estimator:
    known = estimators_of(family)
    if asked == "auto":
        return known[0]
    if asked not in known:
        raise InvalidCombinationError(
            f"estimator: {asked} isn't calibrated for wavelets of the family {family}; leave it "
            f"out, or take {known[0]}"
        )
    return asked


def _wavelet(mother: Mother, param: float, gamma: float) -> tuple[Family, float, float]:
    """Family, order and shape."""
    if gamma != -1 and mother != "morse":
        raise InvalidCombinationError(f"gamma: the wavelet {mother} has none, only morse does")
    if mother == "mexicanhat":
        if param not in (-1, 2):
            raise InvalidCombinationError(
                f"param: the Mexican hat is the DOG of order 2 and takes no other, not {param:g}"
            )
        return "dog", 2.0, 0.0
    order = grid.DEFAULT_ORDERS[mother] if param == -1 else param
    shape = 0.0
    if mother == "morse":
        shape = grid.DEFAULT_SHAPE if gamma == -1 else gamma
    try:
        grid.check_order(mother, order, shape)
    except ValueError as error:
        named = "gamma" if str(error).startswith("γ") else "param"
        raise InvalidCombinationError(f"{named}: {error}") from None
    return mother, order, shape


def _series(request: AnyRequest) -> list[list[float]]:
    names = [n for n in ("data", "signal1", "signal2", "data1", "data2") if hasattr(request, n)]
    series: list[list[float]] = [getattr(request, name) for name in names]
    for name, values in zip(names, series, strict=True):
        if len(values) < MIN_SAMPLES:
            raise InvalidCombinationError(
                f"{name}: a series needs at least {MIN_SAMPLES} samples, this one has {len(values)}"
            )
        if min(values) == max(values):
            raise InvalidCombinationError(
                f"{name}: all samples are equal, there is nothing to analyse in a constant"
            )
    if len({len(values) for values in series}) > 1:
        lengths = " and ".join(str(len(values)) for values in series)
        raise InvalidCombinationError(
            f"{' and '.join(names)}: the series must have the same length, not {lengths} samples"
        )
    return series


def _check_fits(samples: int, dt: float, s0: float, cone: float) -> None:
    if s0 * cone > (samples - 1) // 2 * dt:
        raise InvalidCombinationError(
            f"s0: a series of {samples} samples is too short for scales from {s0:g} on: none of "
            "them has a point outside the cone of influence; s0 must be at most "
            f"{(samples - 1) // 2 * dt / cone:.6g}"
        )


def _check_size(wanted: Analysis, samples: int, limits: Limits) -> None:
    if wanted.J * wanted.dj > 60:
        raise InvalidCombinationError(
            f"J: {wanted.J} scales of {wanted.dj:g} octaves reach over more than 60 octaves"
        )
    points = samples * (wanted.J + 1)
    if points > limits.transform_points:
        raise InvalidCombinationError(
            f"J: {samples} samples at {wanted.J + 1} scales make {points} points, more than the "
            f"{limits.transform_points} that this appliance takes; use fewer scales"
        )
    if wanted.simulates and wanted.length() > MAX_LENGTH:
        raise InvalidCombinationError(
            f"J: the largest scale needs realisations of {wanted.length()} samples, "
            f"more than {MAX_LENGTH}; use fewer scales"
        )
