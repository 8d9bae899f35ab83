"""Levels of partial and multiple coherence by Monte Carlo.

A realisation is one AR(1) series for each series of the analysis, with its coefficient, all of
them independent, six times as long as the largest scale; its R² is counted at each scale
outside the cone of influence, as :func:`pycwt_mod.wct_significance` does for two (Hu & Si 2016
test so). Of series with gaps the noise has their length and gaps, and is counted outside the
cones of these too. Whether the predictors cohere among themselves doesn't matter: neither R²
changes when they are replaced by other combinations of them.

The noise is that of :mod:`pycwt_mod.monte_carlo.streams`: series 2m and 2m + 1 are a pair of stream
m, so that realisation k depends on the seed and k alone, and 100 + 200 realisations are the same as
300.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pycwt_mod import checks
from pycwt_mod.analysis.elimination import multiple_of, partial_of
from pycwt_mod.analysis.spectral_matrix import SpectralMatrix, transforms_of
from pycwt_mod.backends import Cancelled, NoControl
from pycwt_mod.backends.task import MAX_REALISATIONS
from pycwt_mod.gaps import FilledSeries, bridged, masks_of, outside_gaps
from pycwt_mod.monte_carlo.histogram import levels, upper_tail
from pycwt_mod.monte_carlo.run import coherence_task, independent_values
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.smoothing import Smoother
from pycwt_mod.transform import outside_cone
from pycwt_mod.wavelets import Wavelet, wavelet_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Control, SignificanceTask
    from pycwt_mod.grid import Family

Kind = Literal["partial", "multiple"]
#: The generator has 64 streams of two series.
MAX_SERIES = 128


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """The null hypothesis: independent AR(1) series on a grid."""

    kind: Kind
    #: Lag-1 coefficient of each series, in the order of the analysis.
    lag1: tuple[float, ...]
    #: Grid, smoothing, length and bins; its own two coefficients aren't used.
    task: SignificanceTask
    #: Series whose gaps the noise has, and their length; none where nothing is missing.
    gapped: tuple[FilledSeries, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def on_grid(
        cls,
        kind: Kind,
        lag1: tuple[float, ...],
        *,
        dt: float,
        dj: float,
        sj: NDArray[np.float64],
        wavelet: Wavelet,
        bins: int = 1000,
        gapped: tuple[FilledSeries, ...] = (),
    ) -> NoiseModel:
        """The model of an analysis at scales ``sj`` = sj[0]·2^(j·dj), in units of time.

        Raises:
            TypeError: an argument isn't a number.
            ValueError: an argument is out of range, or there are more than 128 series.
        """
        if len(lag1) > MAX_SERIES:
            raise ValueError(f"there must be at most {MAX_SERIES} series, not {len(lag1)}")
        grid = (dt, dj, float(sj[0]), sj.size - 1)
        n = gapped[0].values.size if gapped else None
        task = coherence_task(0.0, 0.0, *grid, wavelet, bins=bins, estimator="full", n=n)
        return cls(kind, lag1, task, gapped)

    def outside(self, wavelet: Wavelet) -> NDArray[np.bool_]:
        """Points that are counted, shape (scales, length)."""
        scales = np.array(self.task.scales)
        outside = outside_cone(scales, self.task.length, wavelet)
        return (
            outside & outside_gaps(masks_of(self.gapped), scales, wavelet)
            if self.gapped
            else outside
        )

    def series(self, seed: int, realisation: int) -> list[FilledSeries]:
        """The noise of a realisation, with the gaps of the series."""
        made = noise(seed, realisation, self.task.length, self.lag1)
        if not self.gapped:
            return [FilledSeries(x) for x in made]
        return [
            x
            if like.present is None or like.gaps is None
            else FilledSeries(bridged(x.values, like.present, like.gaps), like.present, like.gaps)
            for x, like in zip(map(FilledSeries, made), self.gapped, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class MultivariateMonteCarlo:
    """The outcome of a run, with all that it takes to repeat it."""

    model: NoiseModel
    seed: int
    mc_count: int
    #: Counts of R², int64[scales, bins].
    histogram: NDArray[np.int64]
    #: R² that noise stays below, per scale.
    levels: NDArray[np.float64]
    #: Monte Carlo standard error of ``levels``; see
    #: :func:`pycwt_mod.monte_carlo.run.independent_values`.
    standard_errors: NDArray[np.float64]
    significance_level: float

    def at(self, significance_level: float) -> MultivariateMonteCarlo:
        """The same run read at another level; nothing is computed anew.

        Raises:
            TypeError: the level isn't a number.
            ValueError: it isn't between 0 and 1.
        """
        level = checks.within(significance_level, "significance_level", 0, 1)
        share = None
        if self.model.gapped:
            wavelet = wavelet_of(*_mother(self.model.task))
            cone = outside_cone(np.array(self.model.task.scales), self.model.task.length, wavelet)
            counted = self.model.outside(wavelet).sum(axis=1)
            share = counted / np.maximum(cone.sum(axis=1), 1)
        independent = independent_values(self.model.task, self.mc_count, share)
        found, errors = levels(self.histogram, level, independent)
        return replace(self, levels=found, standard_errors=errors, significance_level=level)

    def p_values(self, r2: ArrayLike) -> NDArray[np.float64]:
        """How often unrelated noises have at least this R², at the same scale.

        Args:
            r2: in [0, 1] or NaN, shape (scales, N) or (scales,).

        Returns:
            p-values of the same shape; NaN where R² is, and at scales where nothing was counted.

        Raises:
            ValueError: the shape doesn't fit, or a value isn't in [0, 1].
        """
        values = np.asarray(r2, dtype=np.float64)
        if values.ndim not in {1, 2} or values.shape[0] != len(self.histogram):
            raise ValueError(
                f"r2 must have one row for each of the {len(self.histogram)} scales, "
                f"not the shape {values.shape}"
            )
        if ((values < 0) | (values > 1)).any():
            raise ValueError("r2 must lie between 0 and 1")
        return upper_tail(self.histogram, values)


def noise_levels(
    model: NoiseModel,
    mc_count: int = 300,
    significance_level: float = 0.95,
    *,
    seed: int | None = None,
    control: Control | None = None,
) -> MultivariateMonteCarlo:
    """Run the Monte Carlo of a model in this process, in NumPy.

    Args:
        model: the null hypothesis.
        mc_count: realisations.
        significance_level: probability, between 0 and 1.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        control: watches and cancels the run.

    Returns:
        Levels, histogram and errors.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
        Cancelled: the control said so.
    """
    count = checks.whole(mc_count, "mc_count", 1, MAX_REALISATIONS)
    checks.within(significance_level, "significance_level", 0, 1)
    number = checks.seed(seed)
    watch = control or NoControl()
    task = model.task
    wavelet = wavelet_of(*_mother(task))
    scales = np.array(task.scales)
    smoother = Smoother(wavelet, scales, task.scale_weights, task.length)
    outside = model.outside(wavelet)
    histogram = np.zeros((scales.size, task.bins), np.int64)
    for k in range(count):
        if watch.cancelled():
            raise Cancelled
        series = model.series(number, k)
        matrix = SpectralMatrix(transforms_of(series, scales, wavelet), smoother)
        coherency = matrix.coherency(len(series))
        if model.kind == "partial":
            gamma = partial_of(coherency)
            r2 = np.minimum(gamma.real**2 + gamma.imag**2, 1.0)
        else:
            r2 = multiple_of(coherency)
        _count(histogram, r2, outside)
        watch.advance(k + 1)
    empty = np.empty(0)
    run = MultivariateMonteCarlo(model, number, count, histogram, empty, empty, significance_level)
    return run.at(significance_level)


def noise(
    seed: int, realisation: int, length: int, lag1: tuple[float, ...]
) -> list[NDArray[np.float64]]:
    """The independent series of a realisation, without their means.

    Args:
        seed: 0 ≤ seed < 2⁶⁴.
        realisation: its number.
        length: samples.
        lag1: lag-1 coefficient of each series.

    Returns:
        A series for each coefficient, shape (length,).

    Raises:
        ValueError: the seed is out of range.
    """
    series: list[NDArray[np.float64]] = []
    for stream in range((len(lag1) + 1) // 2):
        two = (lag1[2 * stream], lag1[min(2 * stream + 1, len(lag1) - 1)])
        series.extend(noise_pair(seed, realisation, length, two, stream))
    return series[: len(lag1)]


def _mother(task: SignificanceTask) -> tuple[Family, float, float]:
    return task.family, task.order, task.shape


def _count(
    histogram: NDArray[np.int64], r2: NDArray[np.float64], outside: NDArray[np.bool_]
) -> None:
    rows, columns = np.nonzero(outside & np.isfinite(r2))
    bins = histogram.shape[1]
    bin_ = np.minimum((r2[rows, columns] * bins).astype(np.int64), bins - 1)
    histogram += np.bincount(rows * bins + bin_, minlength=histogram.size).reshape(histogram.shape)
