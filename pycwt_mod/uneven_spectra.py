"""Spectra and coherence of unevenly sampled series (Foster 1996, F96), with their Monte Carlo.

The fits are those of :mod:`pycwt_mod.uneven`; the Monte Carlo is read like that of the even
transform: histograms, levels, standard errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod import checks
from pycwt_mod.backends import Cancelled, NoControl
from pycwt_mod.backends.task import MAX_REALISATIONS
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.surrogate_models import stream
from pycwt_mod.progress import progress_line
from pycwt_mod.smoothing import Smoother, scale_weights, squared_coherence
from pycwt_mod.uneven import FEWEST, Fit, UnevenSeries, uneven_series
from pycwt_mod.wavelets import Morlet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Control

#: Bins of the histograms.
_BINS = 1000
#: Share of the weight's area with samples that a point free of edge effects has: as much as there
#: is at one e-folding time of power, √2 scales, from the end of an even series.
_COVERED = 1 - math.erfc(1) / 2
#: Surrogates projected at a time.
_BATCH = 50


@dataclass(frozen=True, repr=False)
class WWZ:
    """What :func:`wwz` gives."""

    #: Complex amplitude, complex128[frequencies, times]: |W| is the amplitude of the oscillation
    #: (F96's WWA), its angle the phase at that time. NaN where too few samples are.
    W: NDArray[np.complex128]
    #: F96's Z (eq. 5-12), float64[frequencies, times]: distributed like F(2, N_eff − 3) for white
    #: noise. NaN where too few samples are.
    Z: NDArray[np.float64]
    #: Effective number of samples behind each point (F96, eq. 5-4), float64[frequencies, times].
    n_effective: NDArray[np.float64]
    #: The times τ, float64[times].
    tau: NDArray[np.float64]
    #: Frequencies in 1/time, float64[frequencies].
    freqs: NDArray[np.float64]
    #: Points free of edge effects, of gaps as of the ends, bool[frequencies, times].
    outside: NDArray[np.bool_]
    #: Z that AR(1) noise stays below, float64[frequencies]; NaN where not asked for.
    signif: NDArray[np.float64]
    #: Its Monte Carlo standard error.
    standard_errors: NDArray[np.float64]
    #: Persistence of the noise, in units of time.
    persistence: float
    #: Of the Monte Carlo run; None where there was none.
    seed: int | None
    mc_count: int

    @property
    def periods(self) -> NDArray[np.float64]:
        """1/freqs."""
        return 1 / self.freqs

    def plot(self, *, ax: Axes | None = None) -> Figure:
        """The map, with its level and cones; see :func:`pycwt_mod.plots.lines.plot_uneven`."""
        from pycwt_mod.plots.lines import plot_uneven  # noqa: PLC0415 - figures only

        return plot_uneven(self, ax=ax)

    def __repr__(self) -> str:
        return _told(self)


@dataclass(frozen=True, repr=False)
class UnevenCoherence:
    """What :func:`wwz_coherence` gives."""

    #: Squared coherence in [0, 1], float64[frequencies, times]; NaN where too few samples are.
    WCT: NDArray[np.float64]
    #: Phase of W₁·conj(W₂) in radians: positive where the first series leads.
    aWCT: NDArray[np.float64]  # noqa: N815 - as of pycwt_mod.wct
    tau: NDArray[np.float64]
    freqs: NDArray[np.float64]
    #: As of :class:`WWZ`, for both series.
    outside: NDArray[np.bool_]
    signif: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    seed: int | None
    mc_count: int

    def plot(self, *, ax: Axes | None = None) -> Figure:
        """The map, with its level and cones; see :func:`pycwt_mod.plots.lines.plot_uneven`."""
        from pycwt_mod.plots.lines import plot_uneven  # noqa: PLC0415 - figures only

        return plot_uneven(self, ax=ax)

    def __repr__(self) -> str:
        return _told(self)


def _told(found: WWZ | UnevenCoherence) -> str:
    periods, run = 1 / found.freqs, ""
    if found.seed is not None:
        run = f"; levels of {found.mc_count:,} realisations, seed {found.seed}"
    return (
        f"<{type(found).__name__}: {found.freqs.size} frequencies × {found.tau.size:,} times, "
        f"periods {periods.min():.4g} to {periods.max():.4g}{run}>"
    )


def wwz(
    times: ArrayLike,
    values: ArrayLike,
    freqs: ArrayLike,
    tau: ArrayLike | None = None,
    *,
    omega0: float = 6.0,
    sig: bool = True,
    significance_level: float = 0.95,
    mc_count: int = 300,
    seed: int | None = None,
    progress: bool = True,
    control: Control | None = None,
) -> WWZ:
    """Weighted wavelet Z-transform of an unevenly sampled series (F96).

    Args:
        times: N increasing times, at least 4.
        values: N real samples, not constant.
        freqs: frequencies in 1/time, positive, any number.
        tau: times at which the spectrum is wanted; None takes N even ones from the first to the
            last sample, 200 at most.
        omega0: of the Morlet wavelet whose envelope weights the samples.
        sig: whether to compute the level of AR(1) noise.
        significance_level: probability, between 0 and 1.
        mc_count: realisations of the noise.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        progress: shows a line of progress where standard error is a terminal.
        control: watches and cancels the run, in place of ``progress``.

    Returns:
        W, Z, levels; see :class:`WWZ`.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
        Cancelled: the control said so.
    """
    series = uneven_series(times, values)
    f, at = _grid(freqs, tau, series)
    mother = Morlet(omega0)
    p = checks.within(significance_level, "significance_level", 0, 1)
    run = _monte_carlo((series,), mc_count, seed, progress, control)
    fits = [Fit(series.times, at, w, mother.order) for w in 2 * np.pi * f]
    W, Z = (np.stack(a) for a in zip(*(fit(series.values[:, None]) for fit in fits), strict=True))
    n_effective = np.stack([fit.n_effective for fit in fits])
    outside = np.stack([fit.coverage for fit in fits]) >= _COVERED
    histogram = np.zeros((f.size, _BINS), np.int64)
    if sig:
        for (noise,) in run.batches():
            for j, fit in enumerate(fits):
                z = fit(noise)[1][outside[j]]
                # [0, ∞) onto [0, 1), to be read back below.
                histogram[j] += np.histogram(z / (1 + z), _BINS, (0, 1))[0]
    read, spread = levels(histogram, p, run.count * _independent(f, at, mother))
    return WWZ(
        W=W[..., 0],
        Z=Z[..., 0],
        n_effective=n_effective,
        tau=at,
        freqs=f,
        outside=outside,
        signif=read / (1 - read),
        standard_errors=spread / (1 - read) ** 2,
        persistence=series.persistence,
        seed=run.seed if sig else None,
        mc_count=run.count if sig else 0,
    )


def wwz_coherence(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    freqs: ArrayLike,
    tau: ArrayLike,
    *,
    omega0: float = 6.0,
    sig: bool = True,
    significance_level: float = 0.95,
    mc_count: int = 300,
    seed: int | None = None,
    progress: bool = True,
    control: Control | None = None,
) -> UnevenCoherence:
    """Coherence of two series with times of their own.

    The amplitudes of :func:`wwz` take the place of the wavelet coefficients in Grinsted et al.
    (2004), eq. 5, with the smoothing of :mod:`pycwt_mod.smoothing`: R² doesn't depend on factors
    of each scale.

    Args:
        first: times and values of the first series.
        second: those of the second.
        freqs: frequencies in 1/time, in even steps of their logarithm, at least two.
        tau: even times within both series, at least 4.
        omega0: of the Morlet wavelet.
        sig: as the following, see :func:`wwz`.
        significance_level: probability, between 0 and 1.
        mc_count: realisations of the noise.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        progress: shows a line of progress.
        control: watches and cancels the run, in place of ``progress``.

    Returns:
        WCT, aWCT, levels; see :class:`UnevenCoherence`. Frequencies come in the order given.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, or a grid isn't even.
        Cancelled: the control said so.
    """
    pair = [uneven_series(*first, "first"), uneven_series(*second, "second")]
    f, at = _grid(freqs, tau, pair[0])
    mother = Morlet(omega0)
    p = checks.within(significance_level, "significance_level", 0, 1)
    run = _monte_carlo(pair, mc_count, seed, progress, control)
    order = np.argsort(-f, kind="stable")
    smoother = _even_smoother(f[order], at, mother)
    fits = [[Fit(s.times, at, w, mother.order) for w in 2 * np.pi * f[order]] for s in pair]
    covered = np.minimum(*(np.stack([fit.coverage for fit in one]) for one in fits))
    samples = np.minimum(*(np.stack([fit.n_effective for fit in one]) for one in fits))
    outside, few = covered >= _COVERED, samples <= FEWEST

    W1, W2 = next(_amplitudes(fits, [s.values[:, None] for s in pair]))
    r2, phase = squared_coherence(W1, W2, smoother), np.angle(W1 * W2.conj())
    r2[few] = phase[few] = np.nan
    histogram = np.zeros((f.size, _BINS), np.int64)
    if sig:
        for noises in run.batches():
            for ours in _amplitudes(fits, noises):
                values = squared_coherence(*ours, smoother)
                for j, value in enumerate(values):
                    histogram[j] += np.histogram(value[outside[j]], _BINS, (0, 1))[0]
    read, spread = levels(histogram, p, run.count * _independent(f[order], at, mother))
    back = np.argsort(order)
    return UnevenCoherence(
        WCT=r2[back],
        aWCT=phase[back],
        tau=at,
        freqs=f,
        outside=outside[back],
        signif=read[back],
        standard_errors=spread[back],
        seed=run.seed if sig else None,
        mc_count=run.count if sig else 0,
    )


@dataclass(frozen=True)
class _MonteCarlo:
    """Noises like some series, in batches."""

    series: Sequence[UnevenSeries]
    count: int
    seed: int
    control: Control

    def batches(self) -> Iterator[list[NDArray[np.float64]]]:
        """For each series its noises side by side, shape (N, batch); looks at the control."""
        lasting = [series.persistence for series in self.series]
        for first in range(0, self.count, _BATCH):
            if self.control.cancelled():
                raise Cancelled
            last = min(first + _BATCH, self.count)
            yield [
                s.noise(T, [stream(self.seed, k, i) for k in range(first, last)])
                for i, (s, T) in enumerate(zip(self.series, lasting, strict=True))
            ]
            self.control.advance(last)


def _monte_carlo(
    series: Sequence[UnevenSeries],
    mc_count: int,
    seed: int | None,
    progress: bool,
    control: Control | None,
) -> _MonteCarlo:
    count = checks.whole(mc_count, "mc_count", 1, MAX_REALISATIONS)
    key = checks.seed(seed)
    return _MonteCarlo(series, count, key, control or progress_line(progress, count) or NoControl())


def _amplitudes(
    fits: Sequence[Sequence[Fit]], noises: Sequence[NDArray[np.float64]]
) -> Iterator[tuple[NDArray[np.complex128], NDArray[np.complex128]]]:
    """Complex amplitudes of pair after pair; 0 where too few samples are."""
    first, second = (
        np.nan_to_num(np.stack([fit(x)[0] for fit in one]))
        for one, x in zip(fits, noises, strict=True)
    )
    for k in range(first.shape[2]):
        yield first[..., k], second[..., k]


def _grid(
    freqs: ArrayLike, tau: ArrayLike | None, series: UnevenSeries
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    f = checks.positives(freqs, "freqs")
    if tau is None:
        return f, np.linspace(series.times[0], series.times[-1], min(200, series.times.size))
    return f, checks.samples(tau, "tau")


def _even_smoother(
    freqs: NDArray[np.float64], tau: NDArray[np.float64], mother: Morlet
) -> Smoother:
    """The smoothing over decreasing frequencies and even times.

    Raises:
        ValueError: a grid isn't even.
    """
    if freqs.size < 2 or tau.size < 4:
        raise ValueError(f"freqs and tau must be at least 2 and 4, not {freqs.size} and {tau.size}")
    steps, octaves = np.diff(tau), -np.diff(np.log2(freqs))
    if steps[0] <= 0 or np.ptp(steps) > 1e-6 * abs(steps[0]):
        raise ValueError("tau must be even times: take numpy.linspace")
    if octaves[0] <= 0 or np.ptp(octaves) > 1e-6:
        raise ValueError("freqs must be in even steps of their logarithm: take numpy.geomspace")
    scales = mother.order / (2 * np.pi * freqs) / steps[0]
    return Smoother(mother, scales, scale_weights(float(octaves.mean()), mother), tau.size)


def _independent(
    freqs: NDArray[np.float64], tau: NDArray[np.float64], mother: Morlet
) -> NDArray[np.float64]:
    """Independent values of one realisation: points closer than three scales are correlated."""
    scales = mother.order / (2 * np.pi * freqs)
    span = np.ptp(tau) - 2 * mother.efolding * scales
    return np.maximum(1.0, span / (3 * scales))
