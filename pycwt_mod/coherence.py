"""Cross wavelet transform and wavelet coherence of two series.

Torrence & Compo (1998), section 6; Grinsted et al. (2004), sections 3.3 and 3.4.

**Sign of the phase.** Everywhere in this library the phase is that of W₁·conj(W₂). With
y1 = cos(ωt) and y2 = cos(ω(t − τ)), which follows τ later, it is +ωτ: *y1 leads ⇒ positive
phase*.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from pycwt_mod import checks
from pycwt_mod.background import cross_level
from pycwt_mod.compat import checked, pycwt_wct, pycwt_xwt
from pycwt_mod.gaps import filled_pair, masks_of
from pycwt_mod.grid import MIN_LENGTH
from pycwt_mod.long.circles import real_fft
from pycwt_mod.long.fast import MIN_FFT
from pycwt_mod.long.pairs import coherence_rows
from pycwt_mod.long.store import opened
from pycwt_mod.monte_carlo.tested import coherence_levels
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.own_grid import own_scales, spacing
from pycwt_mod.progress import progress_line, row_progress
from pycwt_mod.results import labels
from pycwt_mod.results.cautions import check_scales, check_trend
from pycwt_mod.results.kinds import About, Coherence, CrossTransform
from pycwt_mod.results.summaries import CoherenceSummary, summarise
from pycwt_mod.scales import CoherenceGrid, coherence_grid, significance_grid
from pycwt_mod.smoothing import Smoother, coherence_and_cross
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
    from pycwt_mod.gaps import FilledSeries, Gaps
    from pycwt_mod.long.store import Destination
    from pycwt_mod.monte_carlo.surrogate_models import SurrogateModel
    from pycwt_mod.results.labels import Labels

__all__ = ["Coherence", "CoherenceSummary", "CrossTransform", "summarise", "wct", "xwt"]

#: Whose phase a coherence has.
Phase = Literal["unsmoothed", "smoothed"]


def xwt(  # noqa: PLR0917 - pycwt's signature
    y1: ArrayLike | Labels,
    y2: ArrayLike | Labels,
    dt: float | None = None,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    significance_level: float = 0.95,
    wavelet: str | Wavelet = "morlet",
    normalize: bool = True,
    *,
    time_units: str = "auto",
    freqs: ArrayLike | None = None,
    periods: ArrayLike | None = None,
    gaps: Gaps | None = None,
    compat: str | None = None,
) -> CrossTransform:
    """Cross wavelet transform of two series, and the level of noise without relation.

    The level is √(P₁P₂)·Z_ν(p)/ν times the standard deviations, P being the AR(1) spectra of
    the series and Z the quantile of :func:`pycwt_mod.background.cross_level` (TC98, eq. 31).
    pycwt takes a χ² quantile there, which is 50 % too high.

    Args:
        y1: N real samples, not constant; may bring a time axis along, see :func:`pycwt_mod.cwt`.
        y2: as many; of two time axes both must be the same.
        dt: sampling interval; None takes that of the time axis.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one, or −1; see :func:`pycwt_mod.cwt`.
        significance_level: probability, between 0 and 1.
        wavelet: name or instance.
        normalize: divides each series by its standard deviation.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.
        freqs: Fourier frequencies in 1/time to use instead of ``dj``, ``s0`` and ``J``, in any
            order, which the results keep.
        periods: Fourier periods instead, likewise.
        gaps: how missing samples are taken: None refuses them, "mask" or "linear" as in
            :func:`pycwt_mod.cwt`. Standard deviations and AR(1) coefficients are those of the
            samples present; the cones of either series' gaps are left out.
        compat: "pycwt-0.5" gives that release's numbers; see :mod:`pycwt_mod.compat`.

    Returns:
        W12, coi, freq, signif; see :class:`CrossTransform`.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
        TrendWarning: a series is mostly a straight line.
        ConeWarning: nearly all of the map lies within the cone of influence.
    """
    mother = find_wavelet(wavelet)
    known = labels.read(dt, time_units, y1=y1, y2=y2)
    first, second = series = filled_pair(known.values, gaps)
    a, b, dt = first.values, second.values, known.dt
    z = cross_level(significance_level, mother.dofmin)
    sj = own_scales(freqs, periods, mother)
    own = sj is not None
    if sj is None:
        sj = scale_grid(a.size, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    step = spacing(sj) if own else dj
    about = About.of(
        *(known, mother, step),
        significance_level=significance_level,
        compat=compat,
        gaps=gaps,
        present=masks_of(series),
    )
    if compat is not None:
        checked(compat, gaps=gaps)
        parts = pycwt_xwt(a, b, dt, sj, mother, significance_level, normalize)
        return CrossTransform(*parts, about=about)
    freq = 1 / (mother.flambda() * sj)
    unit1, unit2 = unit_series(a, first.present), unit_series(b, second.present)
    check_scales(sj, a.size, mother, dt, about.present)
    check_trend(unit1[0], "y1")
    check_trend(unit2[0], "y2")
    w12 = transform(unit1[0], sj / dt, mother) * transform(unit2[0], sj / dt, mother).conj()
    deviations = _deviation(unit1[0], first) * _deviation(unit2[0], second)
    exponent = unit1[1] + unit2[1]
    if not normalize and abs(exponent) > 1000:
        raise ValueError("normalize=False: the product of y1 and y2 exceeds the range of floats")
    factor = 1 / deviations if normalize else 2.0**exponent
    colours = [ar1(x.values, x.present).g for x in series]
    spectra = ar1_spectrum(freq * dt, colours[0]) * ar1_spectrum(freq * dt, colours[1])
    signif = factor * deviations * np.sqrt(spectra) * z / mother.dofmin
    cone = cone_of_influence(a.size, dt, mother)
    return CrossTransform(w12 * factor, cone, freq, signif, about=about)


def wct(  # noqa: PLR0917 - pycwt's signature
    y1: ArrayLike | Labels,
    y2: ArrayLike | Labels,
    dt: float | None = None,
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
    estimator: Estimator | Literal["auto"] = "auto",
    null: str | SurrogateModel = "ar1",
    edges: bool = False,
    control: Control | None = None,
    dtype: DTypeLike = "float64",
    time_units: str = "auto",
    out: tuple[Destination, Destination] | None = None,
    threads: int = 1,
    freqs: ArrayLike | None = None,
    periods: ArrayLike | None = None,
    phase: Phase = "unsmoothed",
    gaps: Gaps | None = None,
    compat: str | None = None,
) -> Coherence:
    """Wavelet coherence of two series, and the level of noise without relation.

    Long series take the way of :mod:`pycwt_mod.long.pairs` with the Morlet wavelet, whose errors
    are told there.

    Args:
        y1: N real samples, not constant; may bring a time axis along, see :func:`pycwt_mod.cwt`.
        y2: as many; of two time axes both must be the same.
        dt: sampling interval; None takes that of the time axis.
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
        estimator: of the significance, ``cascade``, ``full`` or ``auto``; the result's
            ``estimator`` says which ran.
        null: what the two series are tested against: "ar1" (red noise of their own lag-1
            autocorrelations), "white", "ar" (AR(p) noise), "phase", "iaaft", "bootstrap", or a
            model of :mod:`pycwt_mod.monte_carlo.surrogate_models`. All but the first two run here,
            estimator ``full``, without the cache.
        edges: tests the points within the cone of influence, too, by levels that know the
            distance from the end (``level_map``, ``significant``). The noise then has the length
            of the series, in place of six times the largest scale; each end gives one value a
            realisation, so that ``mc_count`` should be 1000 or more. Works with every ``null``.
        control: watches and cancels the significance.
        dtype: of WCT and aWCT: float64 or float32.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.
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
        gaps: how missing samples are taken: None refuses them, "mask" or "linear" as in
            :func:`pycwt_mod.cwt`. The levels of maps of up to a million points, and of any with
            ``estimator="full"``, are those of surrogates with the same gaps
            (:mod:`pycwt_mod.monte_carlo.gapped`), computed here, without the cache. Others are
            those of noise without gaps, as with ``estimator="cascade"``: fast and served by every
            backend. Outside the cones noise passes these in 4.7 to 5.5 % in place of 5 %
            (docs/significance.md).
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
        TrendWarning: a series is mostly a straight line.
        ConeWarning: nearly all of the map lies within the cone of influence.
    """
    mother = find_wavelet(wavelet)
    known = labels.read(dt, time_units, y1=y1, y2=y2)
    series = filled_pair(known.values, gaps)
    a, dt = series[0].values, known.dt
    checks.within(significance_level, "significance_level", 0, 1)
    kind = checks.float_type(dtype, "dtype")
    threads = checks.whole(threads, "threads", 1, 1024)
    if edges and a.size < MIN_LENGTH:
        raise ValueError(f"edges=True needs series of at least {MIN_LENGTH} samples, not {a.size}")
    checks.one_of(phase, "phase", get_args(Phase))
    grid = coherence_grid(
        a.size, dt, dj=dj, s0=s0, J=J, freqs=freqs, periods=periods, wavelet=mother
    )
    step = grid.dj if freqs is None and periods is None else spacing(grid.scales)
    masks = masks_of(series)
    about = About.of(known, mother, step, compat=compat, gaps=gaps, present=masks)
    if compat is not None:
        checked(compat, sig=sig, dtype=dtype, phase=phase, out=out, threads=threads, gaps=gaps)
        both = a, series[1].values
        return Coherence(*pycwt_wct(*both, dt, grid, mother, normalize), about=about)
    levels_at = significance_grid(grid) if sig else None
    check_scales(grid.scales, a.size, mother, dt, masks)
    parts = (
        *_coherence(
            series,
            dt,
            grid,
            mother,
            dtype=kind,
            smoothed=phase == "smoothed",
            progress=progress,
            out=_destinations(out),
            threads=threads,
        ),
        cone_of_influence(a.size, dt, mother),
        1 / (mother.flambda() * grid.arranged(grid.scales)),
    )
    if levels_at is None:
        return Coherence(*parts, np.zeros(1), about=about)
    run = coherence_levels(
        *(series, levels_at, dt, mother),
        null=null,
        estimator=estimator,
        edges=edges,
        bins=bins,
        backend=backend,
        cache=cache,
        mc_count=mc_count,
        precision=precision,
        significance_level=significance_level,
        seed=seed,
        control=control or progress_line(progress, mc_count),
        rows=grid.rows,
    )
    at_points = run.level_map() if edges else None
    levels = grid.arranged(run.levels)
    return Coherence(*parts, levels, about=about, monte_carlo=run, level_map=at_points)


def _deviation(unit: NDArray[np.float64], series: FilledSeries) -> float:
    """Standard deviation of the samples present of a unit series."""
    return float((unit if series.present is None else unit[series.present]).std())


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
    series: tuple[FilledSeries, FilledSeries],
    dt: float,
    grid: CoherenceGrid,
    wavelet: Wavelet,
    *,
    dtype: np.dtype[Any],
    smoothed: bool,
    progress: bool,
    out: tuple[Destination, Destination],
    threads: int,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """R² and phase at ascending scales, emitted in the order of the results."""
    x1, x2 = (unit_series(y.values, y.present)[0] for y in series)
    scales = grid.scales / dt
    check_trend(x1, "y1", depth=1)
    check_trend(x2, "y2", depth=1)
    n, shape, weights = padded_length(x1.size), (scales.size, x1.size), grid.weights
    long = wavelet.family == "morlet" and n >= MIN_FFT
    with opened(out[0], shape, dtype, "out[0]") as r2, opened(out[1], shape, dtype, "out[1]") as a:
        if long and isinstance(weights, tuple) and not smoothed:
            emit_r2 = grid.emitter(r2.emit)
            spectra = [real_fft(x, n) for x in (x1, x2)]
            # They would only take room beside the rows.
            del x1, x2
            fresh = [r2.fresh, a.fresh] if grid.rows is None else []
            coherence_rows(
                spectra,
                shape[1],
                scales=scales,
                weights=weights,
                wavelet=wavelet,
                dtype=dtype,
                emit_r2=row_progress("coherence", scales.size, emit_r2) if progress else emit_r2,
                emit_phase=grid.emitter(a.emit),
                results=[array for array in fresh if array is not None],
                threads=threads,
            )
        else:
            w1, w2 = (transform(x, scales, wavelet) for x in (x1, x2))
            plain, cross = coherence_and_cross(w1, w2, Smoother(wavelet, scales, weights, x1.size))
            r2.emit_all(grid.arranged(plain))
            a.emit_all(grid.arranged(np.angle(cross if smoothed else w1 * w2.conj())))
    return r2.result(), a.result()
