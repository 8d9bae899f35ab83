"""Cross wavelet transform and wavelet coherence of two series.

Torrence & Compo (1998), section 6; Grinsted et al. (2004), sections 3.3 and 3.4.

**Sign of the phase.** Everywhere in this library the phase is that of W₁·conj(W₂). With
y1 = cos(ωt) and y2 = cos(ω(t − τ)), which follows τ later, it is +ωτ: *y1 leads ⇒ positive
phase*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pycwt_mod import checks
from pycwt_mod.background import cross_level
from pycwt_mod.cache import HistogramCache
from pycwt_mod.fast import MIN_FFT
from pycwt_mod.montecarlo import MonteCarlo, coherence_task, monte_carlo
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.pairs import coherence_rows
from pycwt_mod.progress import progress_line
from pycwt_mod.smoothing import Smoother, scale_weights, squared_coherence
from pycwt_mod.transform import (
    cone_of_influence,
    padded_length,
    scale_grid,
    transform,
    unit_series,
)
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from pycwt_mod.backends import Control
    from pycwt_mod.backends.task import Estimator
    from pycwt_mod.levelmap import LevelMap


class CrossTransform(NamedTuple):
    """What :func:`xwt` gives; it unpacks as pycwt's tuple does."""

    #: W₁·conj(W₂), complex128, shape (scales, N).
    W12: NDArray[np.complex128]
    #: Cone of influence in periods, shape (N,).
    coi: NDArray[np.float64]
    #: Fourier frequencies of the scales in 1/time, shape (scales,).
    freq: NDArray[np.float64]
    #: |W12| that two independent AR(1) noises stay below, shape (scales,).
    signif: NDArray[np.float64]


class _CoherenceTuple(NamedTuple):
    WCT: NDArray[np.floating]
    aWCT: NDArray[np.floating]  # noqa: N815 - pycwt's name
    coi: NDArray[np.float64]
    freq: NDArray[np.float64]
    sig: NDArray[np.float64]


class Coherence(_CoherenceTuple):
    """What :func:`wct` gives; it unpacks as pycwt's tuple does.

    Elements:
        WCT: squared coherence R² in [0, 1], shape (scales, N).
        aWCT: phase in radians of the unsmoothed W₁·conj(W₂), shape (scales, N); positive where
            y1 leads.
        coi: cone of influence in periods, shape (N,).
        freq: Fourier frequencies of the scales in 1/time, shape (scales,).
        sig: R² that independent noises stay below outside the cone of influence, shape
            (scales,); NaN at a scale that lies within it altogether; [0] where not asked for.
    """

    #: The Monte Carlo run behind ``sig``: seed, backend, realisations, histogram and errors.
    monte_carlo: MonteCarlo | None = None
    #: Levels at every point with their errors, the cone of influence included; None unless asked
    #: for by ``edges``.
    level_map: LevelMap | None = None

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Where R² reaches its level, shape (scales, N).

        Points within the cone of influence are tested with ``edges`` alone; else they aren't
        significant.

        Raises:
            ValueError: the coherence has no significance levels.
        """
        if self.level_map is not None:
            return np.asarray(self.level_map.levels <= self.WCT)
        period = 1 / self.freq
        if self.sig.size != period.size:
            raise ValueError("coherence has no significance levels: call wct with sig=True")
        return (period[:, None] <= self.coi) & (self.sig[:, None] <= self.WCT)

    @property
    def seed(self) -> int | None:
        """Seed of the Monte Carlo run."""
        return self.monte_carlo.seed if self.monte_carlo else None

    @property
    def backend(self) -> str | None:
        """Name of the backend that ran it."""
        return self.monte_carlo.backend if self.monte_carlo else None

    @property
    def mc_count(self) -> int | None:
        """Its realisations."""
        return self.monte_carlo.mc_count if self.monte_carlo else None


def xwt(  # noqa: PLR0917 - pycwt's signature
    y1: ArrayLike,
    y2: ArrayLike,
    dt: float,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    significance_level: float = 0.95,
    wavelet: str | Wavelet = "morlet",
    normalize: bool = True,
) -> CrossTransform:
    """Cross wavelet transform of two series, and the level of noise without relation.

    The level is √(P₁P₂)·Z_ν(p)/ν times the standard deviations, P being the AR(1) spectra of
    the series and Z the quantile of :func:`pycwt_mod.background.cross_level` (TC98, eq. 31).
    pycwt takes a χ² quantile there, which is 50 % too high.

    Args:
        y1: N real samples, not constant.
        y2: as many.
        dt: sampling interval.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one, or −1; see :func:`pycwt_mod.cwt`.
        significance_level: probability, between 0 and 1.
        wavelet: name or instance.
        normalize: divides each series by its standard deviation.

    Returns:
        W12, coi, freq, signif; see :class:`CrossTransform`.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
    """
    mother = find_wavelet(wavelet)
    a, b = checks.pair(y1, y2)
    dt = checks.positive(dt, "dt")
    z = cross_level(significance_level, mother.dofmin)
    sj = scale_grid(a.size, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    freq = 1 / (mother.flambda() * sj)
    unit1, unit2 = unit_series(a), unit_series(b)
    w12 = transform(unit1[0], sj / dt, mother) * transform(unit2[0], sj / dt, mother).conj()
    deviations = float(unit1[0].std() * unit2[0].std())
    exponent = unit1[1] + unit2[1]
    if not normalize and abs(exponent) > 1000:
        raise ValueError("normalize=False: the product of y1 and y2 exceeds the range of floats")
    factor = 1 / deviations if normalize else 2.0**exponent
    spectra = ar1_spectrum(freq * dt, ar1(a).g) * ar1_spectrum(freq * dt, ar1(b).g)
    signif = factor * deviations * np.sqrt(spectra) * z / mother.dofmin
    return CrossTransform(w12 * factor, cone_of_influence(a.size, dt, mother), freq, signif)


def wct(  # noqa: PLR0917 - pycwt's signature
    y1: ArrayLike,
    y2: ArrayLike,
    dt: float,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    sig: bool = True,
    significance_level: float = 0.95,
    wavelet: str | Wavelet = "morlet",
    normalize: bool = True,
    *,
    mc_count: int = 300,
    progress: bool = True,
    cache: bool = True,
    precision: float | None = None,
    backend: str = "auto",
    seed: int | None = None,
    bins: int = 1000,
    estimator: Estimator = "full",
    edges: bool = False,
    control: Control | None = None,
    dtype: DTypeLike = "float64",
) -> Coherence:
    """Wavelet coherence of two series, and the level of noise without relation.

    Long series take the way of :mod:`pycwt_mod.pairs` with the Morlet wavelet, whose errors are
    told there.

    Args:
        y1: N real samples, not constant.
        y2: as many.
        dt: sampling interval.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one, or −1; see :func:`pycwt_mod.cwt`.
        sig: whether to compute significance levels.
        significance_level: probability, between 0 and 1.
        wavelet: name or instance.
        normalize: accepted for pycwt's sake, without effect: neither R² nor the phase depends
            on the units of the series.
        mc_count: as the following, see :func:`pycwt_mod.wct_significance`.
        progress: shows a line of progress on a terminal.
        cache: looks for the significance in the user's cache directory, and keeps it there.
        precision: in place of ``mc_count``: the standard error that no level shall exceed.
        backend: who computes the significance.
        seed: makes the significance reproducible.
        bins: of the histogram.
        estimator: of the significance.
        edges: tests the points within the cone of influence, too, by levels that know the
            distance from the end (``level_map``, ``significant``). The noise then has the length
            of the series, in place of six times the largest scale; each end gives one value a
            realisation, so that ``mc_count`` should be 1000 or more.
        control: watches and cancels the significance.
        dtype: of WCT and aWCT: float64 or float32.

    Returns:
        WCT, aWCT, coi, freq, sig; see :class:`Coherence`.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range.
        UnknownBackendError: there is no backend of that name.
        BackendUnavailableError: the backend can't compute now.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
    """
    del normalize
    mother = find_wavelet(wavelet)
    a, b = checks.pair(y1, y2)
    dt = checks.positive(dt, "dt")
    checks.within(significance_level, "significance_level", 0, 1)
    kind = checks.float_type(dtype, "dtype")
    sj = scale_grid(a.size, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    parts = (
        *_coherence(a, b, sj / dt, scale_weights(dj, mother), mother, dtype=kind),
        cone_of_influence(a.size, dt, mother),
        1 / (mother.flambda() * sj),
    )
    if not sig:
        return Coherence(*parts, np.zeros(1))
    colours = (ar1(a).g, ar1(b).g)
    grid = (dt, dj, float(sj[0]), sj.size - 1)
    task = coherence_task(
        *(*colours, *grid, mother),
        bins=bins,
        estimator=estimator,
        n=a.size if edges else None,
        edges=edges,
    )
    run = monte_carlo(
        task,
        mc_count,
        precision=precision,
        significance_level=significance_level,
        backend=backend,
        seed=seed,
        control=control or progress_line(progress, mc_count),
        cache=HistogramCache() if cache else None,
    )
    result = Coherence(*parts, run.levels)
    result.monte_carlo = run
    if edges:
        result.level_map = run.level_map()
    return result


def _coherence(
    y1: NDArray[np.float64],
    y2: NDArray[np.float64],
    scales: NDArray[np.float64],
    weights: tuple[float, ...],
    wavelet: Wavelet,
    *,
    dtype: np.dtype[Any],
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """R² and phase at scales in samples."""
    x1, x2 = unit_series(y1)[0], unit_series(y2)[0]
    n = padded_length(x1.size)
    if wavelet.family == "morlet" and n >= MIN_FFT:
        r2, phase = (np.empty((scales.size, x1.size), dtype) for _ in range(2))
        coherence_rows(
            x1, x2, n, scales=scales, weights=weights, wavelet=wavelet, r2=r2, phase=phase
        )
        return r2, phase
    w1, w2 = (transform(x, scales, wavelet) for x in (x1, x2))
    smoother = Smoother(wavelet, scales, weights, x1.size)
    r2, phase = squared_coherence(w1, w2, smoother), np.angle(w1 * w2.conj())
    return r2.astype(dtype, copy=False), phase.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class CoherenceSummary:
    """A coherence in a few numbers, all of them from outside the cone of influence."""

    #: Periods where the mean R² peaks, the strongest first, three at most.
    peak_periods: tuple[float, ...]
    #: Share of the points that lie above the level (0.05 for noise at the 95 % level).
    significant_share: float
    #: Circular mean of the phase over those points in radians, NaN where there are none.
    mean_phase: float


def summarise(coherence: Coherence) -> CoherenceSummary:
    """Peaks, significant share and mean phase of a coherence, outside the cone of influence.

    Peaks are sought among the periods of which at least half the series lies outside the cone;
    a rise that goes on beyond them is no peak.

    Args:
        coherence: from :func:`wct`, with ``sig``.

    Returns:
        The summary.

    Raises:
        ValueError: the coherence has no significance levels.
    """
    r2, period = coherence.WCT, 1 / coherence.freq
    if coherence.sig.size != period.size:
        raise ValueError("coherence has no significance levels: call wct with sig=True")
    outside = period[:, None] <= coherence.coi
    above = outside & coherence.significant
    count = outside.sum(axis=1)
    usable = np.flatnonzero(count >= r2.shape[1] / 2)
    mean = (r2 * outside).sum(axis=1)[usable] / count[usable]
    walled = np.concatenate([[np.inf], mean, [np.inf]])
    peaks = np.flatnonzero((mean > walled[:-2]) & (mean >= walled[2:]))
    strongest: list[float] = []
    for candidate in period[usable[peaks[np.argsort(-mean[peaks], kind="stable")]]].tolist():
        # Half an octave apart: closer ones are dents in one peak.
        if all(abs(np.log2(candidate / other)) >= 0.5 for other in strongest):
            strongest.append(candidate)
    vectors = np.exp(1j * coherence.aWCT[above])
    return CoherenceSummary(
        peak_periods=tuple(strongest[:3]),
        significant_share=float(above.sum() / max(1, outside.sum())),
        mean_phase=float(np.angle(vectors.mean())) if vectors.size else float("nan"),
    )
