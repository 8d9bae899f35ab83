"""What clients send: one set of analyses in two spellings, and the one form behind both.

The types validate requests and are what the OpenAPI document is generated from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pycwt_mod import grid
from pycwt_mod.backends.task import EDGE_FAMILIES, FIRST_STAGE, MAX_LENGTH, Estimator, estimators_of
from pycwt_mod.grid import Family
from pycwtd.workloads.interface import BackendTask, InvalidCombinationError, InvalidFieldError, Plan
from pycwtd.workloads.plans import series_names
from pycwtd.workloads.wavelet.checks import check_fits, check_gaps, check_series
from pycwtd.workloads.wavelet.cost import realisation_cost
from pycwtd.workloads.wavelet.fields import (
    Count,
    DataId,
    Edges,
    Gaps,
    GapsWay,
    Interval,
    Kind,
    Level,
    Mother,
    Order,
    Precision,
    Realisations,
    Seed,
    Series,
    Shape,
    Smallest,
    Spacing,
    Way,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycwtd.config import Limits
    from pycwtd.workloads.interface import Uploaded


class _Grid(Struct, kw_only=True, forbid_unknown_fields=True):
    dt: Interval
    dj: Spacing = 0.25
    s0: Smallest = -1.0
    J: Count = -1
    param: Order = -1.0
    gamma: Shape = -1.0
    normalize: bool = True
    gaps: Gaps = None


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

    data: Series | UnsetType = UNSET
    data_id: DataId | UnsetType = UNSET


class WaveletPair(_WaveletSpelling, kw_only=True):
    """``/wavelet/xwt`` and ``/wavelet/wct``."""

    signal1: Series | UnsetType = UNSET
    signal1_id: DataId | UnsetType = UNSET
    signal2: Series | UnsetType = UNSET
    signal2_id: DataId | UnsetType = UNSET
    edges: Edges = False


class AnalysisSingle(_AnalysisSpelling, kw_only=True):
    """``/analysis/cwt``."""

    data: Series | UnsetType = UNSET
    data_id: DataId | UnsetType = UNSET


class AnalysisPair(_AnalysisSpelling, kw_only=True):
    """``/analysis/xwt``, ``/analysis/wct`` and ``/analysis/significance``."""

    data1: Series | UnsetType = UNSET
    data1_id: DataId | UnsetType = UNSET
    data2: Series | UnsetType = UNSET
    data2_id: DataId | UnsetType = UNSET
    edges: Edges = False


AnyRequest = WaveletSingle | WaveletPair | AnalysisSingle | AnalysisPair


class SeriesFile(Struct, frozen=True):
    """A series in a file of the job's folder."""

    file: str
    samples: int
    data_id: str


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
    series: list[list[float | None] | SeriesFile]
    #: Requests that were stored before there was a choice are for ``full``.
    estimator: Estimator = "full"
    #: γ of Morse; 0 for the other families, as in requests that were stored before there was one.
    shape: float = 0.0
    #: Those were for the points outside the cone of influence.
    edges: bool = False
    #: How missing samples are taken; None where there may be none.
    gaps: GapsWay | None = None

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
        without: Analysis = msgspec.structs.replace(self, series=[])
        values: dict[str, Any] = msgspec.to_builtins(without)
        del values["series"]
        values["samples"] = self.samples
        if uploaded := [one.data_id for one in self.series if isinstance(one, SeriesFile)]:
            values["data_ids"] = uploaded
        values["cost"] = self.cost()
        return values

    @property
    def samples(self) -> int:
        """Samples of each series."""
        first = self.series[0]
        return first.samples if isinstance(first, SeriesFile) else len(first)

    def length(self) -> int:
        """Samples of one Monte Carlo realisation."""
        if self.edges:
            return self.samples
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


def plan(kind: Kind, request: AnyRequest, limits: Limits, uploaded: Mapping[str, Uploaded]) -> Plan:
    """What a request comes to; arguments and errors are those of :func:`analysis`."""
    wanted = analysis(kind, request, limits, uploaded)
    task = BackendTask(wanted.estimator, wanted.family, wanted.edges)
    return Plan(
        request=wanted,
        parameters=wanted.parameters(),
        files={one.file: one.data_id for one in wanted.series if isinstance(one, SeriesFile)},
        total=wanted.total,
        cost=wanted.cost(),
        seed=wanted.seed,
        task=task if wanted.simulates else None,
        backend=wanted.backend,
        fallback=wanted.fallback,
    )


def analysis(
    kind: Kind, request: AnyRequest, limits: Limits, uploaded: Mapping[str, Uploaded]
) -> Analysis:
    """The one form of a request, with every default worked out.

    Args:
        kind: of analysis.
        request: in either spelling.
        limits: of this appliance.
        uploaded: the series that the request names by their ids.

    Raises:
        InvalidFieldError: a field is out of its range.
        InvalidCombinationError: the fields don't fit together.
    """
    if isinstance(request, WaveletSingle | WaveletPair):
        mother, asked = request.mother, request.sig
    else:
        mother, asked = request.wavelet, request.significance_test
    family, order, shape = _wavelet(mother, request.param, request.gamma)
    if not 1e-100 <= request.dt <= 1e100:
        raise InvalidFieldError("dt", f"must lie between 1e-100 and 1e100, not {request.dt:g}")
    series = _series(request, uploaded)
    samples = series[0].samples if isinstance(series[0], SeriesFile) else len(series[0])
    s0 = grid.default_s0(request.dt, family, order, shape) if request.s0 == -1 else request.s0
    if s0 <= 0:
        raise InvalidFieldError("s0", f"must be a positive scale, or -1, not {s0:g}")
    if not 1e-9 < s0 / request.dt < 1e9:
        raise InvalidCombinationError(f"s0: {s0:g} is out of all proportion to dt = {request.dt:g}")
    check_fits(samples, request.dt, s0, grid.cone_factor(family, order, shape))
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
        gaps=request.gaps,
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


def _series(
    request: AnyRequest, uploaded: Mapping[str, Uploaded]
) -> list[list[float | None] | SeriesFile]:
    names = series_names(type(request))
    series: list[list[float | None] | SeriesFile] = []
    lengths_found: list[int] = []
    for name in names:
        values, data_id = getattr(request, name), getattr(request, f"{name}_id")
        if values is UNSET and data_id is UNSET:
            raise InvalidFieldError(name, f"is missing; give it, or {name}_id")
        if values is not UNSET and data_id is not UNSET:
            raise InvalidFieldError(name, f"give either it or {name}_id, not both")
        if values is UNSET:
            found = uploaded[data_id]
            series.append(SeriesFile(f"series-{len(series)}.npy", found.length, data_id))
            check_gaps(name, found.missing, request.gaps, None)
            check_series(name, found.length - found.missing, found.constant)
            lengths_found.append(found.length)
        else:
            series.append(values)
            _check_values(name, values, request.gaps)
            lengths_found.append(len(values))
    if len(set(lengths_found)) > 1:
        lengths = " and ".join(map(str, lengths_found))
        raise InvalidCombinationError(
            f"{' and '.join(names)}: the series must have the same length, not {lengths} samples"
        )
    return series


def _check_values(name: str, values: list[float | None], gaps: Gaps) -> None:
    there = [value for value in values if value is not None]
    missing = len(values) - len(there)
    check_gaps(name, missing, gaps, values.index(None) if missing else None)
    check_series(name, len(there), bool(there) and min(there) == max(there))


def _check_size(wanted: Analysis, samples: int, limits: Limits) -> None:
    if wanted.J * wanted.dj > 60:
        raise InvalidCombinationError(
            f"J: {wanted.J} scales of {wanted.dj:g} octaves reach over more than 60 octaves"
        )
    points = samples * (wanted.J + 1)
    # A transform goes to its file row by row; what is made of two, and where gaps are felt, is in
    # memory whole.
    streamed = wanted.kind == "cwt" and wanted.gaps is None
    most = limits.streamed_points if streamed else limits.transform_points
    if wanted.kind != "significance" and points > most:
        raise InvalidCombinationError(
            f"J: {samples} samples at {wanted.J + 1} scales make {points} points, more than the "
            f"{most} that this appliance takes; use fewer scales"
        )
    if wanted.simulates and wanted.length() > MAX_LENGTH:
        raise InvalidCombinationError(
            f"J: the largest scale needs realisations of {wanted.length()} samples, "
            f"more than {MAX_LENGTH}; use fewer scales"
        )
