"""Cross wavelet transform and wavelet coherence of two series.

Torrence & Compo (1998), section 6; Grinsted et al. (2004), sections 3.3 and 3.4.

**Sign of the phase.** Everywhere in this library the phase is that of W₁·conj(W₂). With
y1 = cos(ωt) and y2 = cos(ω(t − τ)), which follows τ later, it is +ωτ: *y1 leads ⇒ positive
phase*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from pycwt_mod import checks
from pycwt_mod.background import cross_level
from pycwt_mod.cache import HistogramCache
from pycwt_mod.compat import checked, pycwt_wct, pycwt_xwt
from pycwt_mod.fast import MIN_FFT
from pycwt_mod.montecarlo import MonteCarlo, coherence_task, monte_carlo
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.nulls import null_hypothesis
from pycwt_mod.pairs import coherence_rows
from pycwt_mod.progress import progress_line
from pycwt_mod.scales import CoherenceGrid, coherence_grid, significance_grid
from pycwt_mod.smoothing import Smoother, coherence_and_cross
from pycwt_mod.store import opened
from pycwt_mod.transform import (
    cone_of_influence,
    own_scales,
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
    from pycwt_mod.store import Destination
    from pycwt_mod.surrogate_models import SurrogateModel

#: Whose phase a coherence has.
Phase = Literal["unsmoothed", "smoothed"]


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

    @property
    def freqs(self) -> NDArray[np.float64]:
        """Another name of ``freq``, that of :class:`pycwt_mod.transform.Transform`."""
        return self.freq

    @property
    def periods(self) -> NDArray[np.float64]:
        """Fourier periods of the scales in units of time, shape (scales,)."""
        return 1 / self.freq


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
        aWCT: phase in radians of W₁·conj(W₂), shape (scales, N); positive where y1 leads.
        coi: cone of influence in periods, shape (N,).
        freq: Fourier frequencies of the scales in 1/time, shape (scales,).
        sig: R² that independent noises stay below, shape (scales,); [0] where not asked for.
    """

    #: The Monte Carlo run behind ``sig``: seed, backend, realisations, histogram and errors.
    monte_carlo: MonteCarlo | None = None

    @property
    def freqs(self) -> NDArray[np.float64]:
        """Another name of ``freq``, that of :class:`pycwt_mod.transform.Transform`."""
        return self.freq

    @property
    def periods(self) -> NDArray[np.float64]:
        """Fourier periods of the scales in units of time, shape (scales,)."""
        return 1 / self.freq

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

    @property
    def estimator(self) -> Estimator | None:
        """Which estimator it ran."""
        return self.monte_carlo.estimator if self.monte_carlo else None


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
    *,
    freqs: ArrayLike | None = None,
    periods: ArrayLike | None = None,
    compat: str | None = None,
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
        freqs: Fourier frequencies in 1/time to use instead of ``dj``, ``s0`` and ``J``, in any
            order, which the results keep.
        periods: Fourier periods instead, likewise.
        compat: "pycwt-0.5" gives that release's numbers; see :mod:`pycwt_mod.compat`.

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
    sj = own_scales(freqs, periods, mother)
    if sj is None:
        sj = scale_grid(a.size, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    if compat is not None:
        checked(compat)
        return CrossTransform(*pycwt_xwt(a, b, dt, sj, mother, significance_level, normalize))
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
    estimator: Estimator = "cascade",
    null: str | SurrogateModel = "ar1",
    control: Control | None = None,
    dtype: DTypeLike = "float64",
    out: tuple[Destination, Destination] | None = None,
    threads: int = 1,
    freqs: ArrayLike | None = None,
    periods: ArrayLike | None = None,
    phase: Phase = "unsmoothed",
    compat: str | None = None,
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
        normalize: accepted for pycwt's sake, without effect but with ``compat``: neither R² nor
            the phase depends on the units of the series.
        mc_count: as the following, see :func:`pycwt_mod.wct_significance`.
        progress: shows a line of progress on a terminal.
        cache: looks for the significance in the user's cache directory, and keeps it there.
        precision: in place of ``mc_count``: the standard error that no level shall exceed.
        backend: who computes the significance.
        seed: makes the significance reproducible.
        bins: of the histogram.
        estimator: of the significance, ``cascade`` or ``full``.
        null: what the two series are tested against: "ar1" (red noise of their own lag-1
            autocorrelations), "white", "ar" (AR(p) noise), "phase", "iaaft", "bootstrap", or a
            model of :mod:`pycwt_mod.surrogate_models`. All but the first two run here, estimator
            ``full``, without the cache.
        control: watches and cancels the significance.
        dtype: of WCT and aWCT: float64 or float32.
        out: what WCT and aWCT are written to, a pair; see :func:`pycwt_mod.cwt`.
        threads: scales of a long series computed at the same time.
        freqs: Fourier frequencies in 1/time to use instead of ``dj``, ``s0`` and ``J``, in any
            order, which the results keep. Where they aren't a geometric sequence the window
            over scales is that of :func:`pycwt_mod.scales.window_matrix`, and there is no ``sig``.
        periods: Fourier periods instead, likewise.
        phase: of the "unsmoothed" W₁·conj(W₂) at the point itself, as Grinsted's toolbox and
            pycwt have it, or of the "smoothed" cross spectrum that R² is made from (Torrence &
            Webster 1999). The smoothed one, and a grid of one's own that isn't geometric, takes
            the plain way for long series too, with some 100 bytes a point of WCT.
        compat: "pycwt-0.5" gives that release's numbers, without ``sig``; see
            :mod:`pycwt_mod.compat`.

    Returns:
        WCT, aWCT, coi, freq, sig; see :class:`Coherence`.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, or ``out`` is one place for both.
        UnknownBackendError: there is no backend of that name.
        BackendUnavailableError: the backend can't compute now.
        OSError: a file can't be written.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
    """
    mother = find_wavelet(wavelet)
    a, b = checks.pair(y1, y2)
    dt = checks.positive(dt, "dt")
    checks.within(significance_level, "significance_level", 0, 1)
    kind = checks.float_type(dtype, "dtype")
    threads = checks.whole(threads, "threads", 1, 1024)
    checks.one_of(phase, "phase", get_args(Phase))
    grid = coherence_grid(
        a.size, dt, dj=dj, s0=s0, J=J, freqs=freqs, periods=periods, wavelet=mother
    )
    if compat is not None:
        checked(compat, sig=sig, dtype=dtype, phase=phase, out=out, threads=threads)
        return Coherence(*pycwt_wct(a, b, dt, grid, mother, normalize))
    spacing = significance_grid(grid) if sig else None
    places, smoothed = _destinations(out), phase == "smoothed"
    parts = (
        *_coherence(
            a, b, dt, grid, mother, dtype=kind, smoothed=smoothed, out=places, threads=threads
        ),
        cone_of_influence(a.size, dt, mother),
        1 / (mother.flambda() * grid.arranged(grid.scales)),
    )
    if spacing is None:
        return Coherence(*parts, np.zeros(1))
    task = coherence_task(ar1(a).g, ar1(b).g, dt, *spacing, mother, bins=bins, estimator=estimator)
    hypothesis = null_hypothesis(null, task, (a, b))
    if hypothesis.backend and backend != "auto":
        raise ValueError(
            f"backend={backend!r} can't run null={hypothesis.name!r}, whose surrogates are made "
            "in this process: leave backend at 'auto'"
        )
    run = monte_carlo(
        hypothesis.task,
        mc_count,
        precision=precision,
        significance_level=significance_level,
        backend=hypothesis.backend or backend,
        seed=seed,
        control=control or progress_line(progress, mc_count),
        cache=HistogramCache() if cache and not hypothesis.backend else None,
    )
    result = Coherence(*parts, grid.arranged(run.levels))
    result.monte_carlo = replace(run, rows=grid.rows, null=hypothesis.name)
    return result


def _destinations(
    out: tuple[Destination, Destination] | None,
) -> tuple[Destination, Destination]:
    if out is None:
        return None, None
    if not isinstance(out, tuple | list) or len(out) != 2:
        raise TypeError(f"out must be a pair, of arrays or paths for WCT and aWCT, not {out!r}")
    first, second = out
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        same = np.shares_memory(first, second)
    elif isinstance(first, str | PathLike) and isinstance(second, str | PathLike):
        same = Path(first).absolute() == Path(second).absolute()
    else:
        same = False
    if same:
        raise ValueError("out must be two different places for WCT and aWCT")
    return first, second


def _coherence(
    y1: NDArray[np.float64],
    y2: NDArray[np.float64],
    dt: float,
    grid: CoherenceGrid,
    wavelet: Wavelet,
    *,
    dtype: np.dtype[Any],
    smoothed: bool,
    out: tuple[Destination, Destination],
    threads: int,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """R² and phase at ascending scales, emitted in the order of the results."""
    x1, x2, scales = unit_series(y1)[0], unit_series(y2)[0], grid.scales / dt
    n, shape, weights = padded_length(x1.size), (scales.size, x1.size), grid.weights
    long = wavelet.family == "morlet" and n >= MIN_FFT
    with opened(out[0], shape, dtype, "out[0]") as r2, opened(out[1], shape, dtype, "out[1]") as a:
        if long and isinstance(weights, tuple) and not smoothed:
            coherence_rows(
                x1,
                x2,
                n,
                scales=scales,
                weights=weights,
                wavelet=wavelet,
                dtype=dtype,
                emit_r2=grid.emitter(r2.emit),
                emit_phase=grid.emitter(a.emit),
                threads=threads,
            )
        else:
            w1, w2 = (transform(x, scales, wavelet) for x in (x1, x2))
            plain, cross = coherence_and_cross(w1, w2, Smoother(wavelet, scales, weights, x1.size))
            r2.emit_all(grid.arranged(plain))
            a.emit_all(grid.arranged(np.angle(cross if smoothed else w1 * w2.conj())))
    return r2.result(), a.result()


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
    above = outside & (r2 >= coherence.sig[:, None])
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
