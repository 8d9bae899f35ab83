"""Rectified, global and scale-averaged wavelet power, and their tests against red noise.

Torrence & Compo (1998), section 5 (TC98); Liu, Liang & Weisberg (2007), J. Atmos. Oceanic
Technol. 24, 2093–2102. The tests are those of :func:`pycwt_mod.significance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import gammaincc

from pycwt_mod.analysis.planes import Plane, plane_of, rows_within, series_of, times_of
from pycwt_mod.background import scale_average_dof, significance
from pycwt_mod.gaps import outside_ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.wavelets import Wavelet


@dataclass(frozen=True, slots=True, repr=False)
class GlobalSpectrum:
    """What :func:`global_spectrum` gives; all vectors of shape (scales,)."""

    #: Mean power over time in units of the series squared (over time too, if rectified); NaN
    #: at scales where nothing was averaged.
    power: NDArray[np.float64]
    #: Power that noise stays below, in the same units; NaN where not tested.
    level: NDArray[np.float64]
    #: Background spectrum of the noise, in the same units.
    background: NDArray[np.float64]
    #: Degrees of freedom of the mean (TC98, eq. 23).
    dof: NDArray[np.float64]
    #: Fourier frequencies of the scales in 1/time.
    freqs: NDArray[np.float64]
    #: Chance of noise to reach ``power``.
    p_values: NDArray[np.float64]

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Scales whose mean power reaches its level, shape (scales,)."""
        return np.asarray(self.power >= self.level)

    def plot(self, *, ax: Axes | None = None) -> Figure:
        """Power, level and background; see :func:`pycwt_mod.plots.lines.plot_spectrum`."""
        from pycwt_mod.plots.lines import plot_spectrum  # noqa: PLC0415 - figures only

        return plot_spectrum(self, ax=ax)

    def __repr__(self) -> str:
        above = 1 / self.freqs[self.significant]
        found = ", ".join(f"{period:.3g}" for period in above[:8])
        return (
            f"<GlobalSpectrum: {self.freqs.size} scales, periods {1 / self.freqs.max():.4g} to "
            f"{1 / self.freqs.min():.4g}; {above.size} reach the level"
            f"{': ' + found if found else ''}{', …' if above.size > 8 else ''}>"
        )


@dataclass(frozen=True, slots=True, repr=False)
class ScaleAverage:
    """What :func:`scale_average` gives."""

    #: Mean variance of the band in units of the series squared, shape (N,).
    power: NDArray[np.float64]
    #: What noise stays below.
    level: float
    #: What noise has on average.
    background: float
    #: Degrees of freedom of a point (TC98, eq. 28).
    dof: float
    #: Points where the whole band lies outside the cones of ends and gaps, shape (N,).
    outside: NDArray[np.bool_]
    #: Chance of noise to reach ``power``, shape (N,).
    p_values: NDArray[np.float64]
    #: Times of the samples, shape (N,): those of the transform's labels, else 0, dt, 2·dt, ….
    time: NDArray[Any]

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Samples outside the cones that reach the level, shape (N,)."""
        return (self.power >= self.level) & self.outside

    def plot(self, *, ax: Axes | None = None) -> Figure:
        """The variance over time; see :func:`pycwt_mod.plots.lines.plot_average`."""
        from pycwt_mod.plots.lines import plot_average  # noqa: PLC0415 - figures only

        return plot_average(self, ax=ax)

    def __repr__(self) -> str:
        outside = max(1, int(self.outside.sum()))
        return (
            f"<ScaleAverage: {self.power.size:,} samples, {self.significant.sum() / outside:.1%} "
            f"of those outside the cones reach the level of {self.level:.4g}; noise has "
            f"{self.background:.4g}>"
        )


def rectified_power(
    transform: TransformLike, wavelet: str | Wavelet | None = None
) -> NDArray[np.float64]:
    """Wavelet power over scale, |W|²/s (Liu, Liang & Weisberg 2007).

    |W|² of sinusoids of equal amplitude grows with their period; |W|²/s doesn't, so that peaks
    of a spectrum compare. The level of a point is that of |W|² over s.

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it.
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        float64, shape (scales, N), in units of the series squared over time. Times dt, it is
        that of a series sampled once in the unit of time.

    Raises:
        TypeError: ``transform`` isn't one.
        ValueError: it doesn't fit itself or the wavelet.
    """
    plane = plane_of(transform, wavelet)
    return _power(plane) / plane.sj[:, None]


def power_p_values(
    transform: TransformLike,
    signal: ArrayLike | None = None,
    *,
    alpha: float | None = None,
    wavelet: str | Wavelet | None = None,
) -> NDArray[np.float64]:
    """Chance of AR(1) noise to reach the power of each point (TC98, eq. 17–18).

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it.
        signal: the series, or its variance alone; None takes the transform's own ``series``.
        alpha: lag-1 autocorrelation of the noise; see :func:`pycwt_mod.significance`.
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        p-values, shape (scales, N), within the cone of influence too; NaN within the cones of
        gaps.

    Raises:
        TypeError: an argument isn't a number or a transform.
        ValueError: an argument is out of range.
    """
    plane, signal = plane_of(transform, wavelet), series_of(transform, signal)
    noise = significance(
        signal, plane.dt, plane.sj, 0, alpha, wavelet=plane.wavelet, gaps=plane.gaps
    )
    nu = float(plane.wavelet.dofmin)
    chance: NDArray[np.float64] = gammaincc(
        nu / 2, nu / 2 * _power(plane) / noise.fft_theor[:, None]
    )
    if plane.present is not None:
        chance[~plane.outside_gaps] = np.nan
    return chance


def global_spectrum(
    transform: TransformLike,
    signal: ArrayLike | None = None,
    *,
    alpha: float | None = None,
    significance_level: float = 0.95,
    dof: ArrayLike | None = None,
    outside_cone: bool = False,
    rectified: bool = False,
    wavelet: str | Wavelet | None = None,
) -> GlobalSpectrum:
    """Mean wavelet power over time and its test against red noise (TC98, eq. 22–23).

    Of a transform with gaps the points within their cones aren't averaged.

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it.
        signal: the series, or its variance alone; None takes the transform's own ``series``.
        alpha: lag-1 autocorrelation of the noise; see :func:`pycwt_mod.significance`.
        significance_level: probability, between 0 and 1.
        dof: number of points that count in eq. 23, one or one per scale. None takes those
            averaged; TC98's programs take N − s at scale s.
        outside_cone: averages the points outside the cone of influence alone.
        rectified: gives everything over scale; see :func:`rectified_power`.
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        The spectrum, its level, background and degrees of freedom. The level is NaN at scales
        without points.

    Raises:
        TypeError: an argument isn't a number or a transform.
        ValueError: an argument is out of range, or γ isn't known for the wavelet.
    """
    plane, signal = plane_of(transform, wavelet), series_of(transform, signal)
    where = plane.outside if outside_cone else plane.outside_gaps
    count = where.sum(axis=1)
    some = count > 0
    power = np.where(some, (_power(plane) * where).sum(axis=1) / np.maximum(count, 1), np.nan)
    # No average has fewer than one point; near the largest scales N − s runs below.
    points = np.maximum(count if dof is None else np.asarray(dof, np.float64), 1)
    test = significance(
        *(signal, plane.dt, plane.sj, 1, alpha, significance_level, points, plane.wavelet),
        gaps=plane.gaps,
    )
    span = points * plane.dt / (plane.wavelet.gamma * plane.sj)
    freedom = plane.wavelet.dofmin * np.hypot(1, span)
    ratio = np.where(some, power, 0) / test.fft_theor
    p_values = np.where(some, gammaincc(freedom / 2, freedom / 2 * ratio), np.nan)
    unit = 1 / plane.sj if rectified else np.ones(plane.sj.size)
    return GlobalSpectrum(
        power=power * unit,
        level=np.where(some, test.signif * unit, np.nan),
        background=test.fft_theor * unit,
        dof=freedom,
        freqs=plane.freqs,
        p_values=p_values,
    )


def scale_average(
    transform: TransformLike,
    band: ArrayLike,
    signal: ArrayLike | None = None,
    *,
    unit: Literal["period", "scale"] = "period",
    alpha: float | None = None,
    significance_level: float = 0.95,
    wavelet: str | Wavelet | None = None,
) -> ScaleAverage:
    """Mean wavelet power of a band of periods, and its test (TC98, eq. 24–28).

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it; its scales evenly spaced in octaves.
        band: lower and upper limit, included.
        signal: the series, or its variance alone; None takes the transform's own ``series``.
        unit: whether ``band`` is of Fourier periods or of scales, as in TC98's programs.
        alpha: lag-1 autocorrelation of the noise; see :func:`pycwt_mod.significance`.
        significance_level: probability, between 0 and 1.
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        The mean power of each time, its level, background and degrees of freedom.

    Raises:
        TypeError: an argument isn't a number or a transform.
        ValueError: an argument is out of range, nothing lies in the band, or δj₀ isn't known
            for the wavelet.
    """
    plane, signal = plane_of(transform, wavelet), series_of(transform, signal)
    if unit not in {"period", "scale"}:
        raise ValueError(f"unit must be 'period' or 'scale', not {unit!r}")
    inside = rows_within(plane.periods if unit == "period" else plane.sj, band, "band")
    scales = plane.sj[inside]
    mother, dj = plane.wavelet, plane.dj
    power = (_power(plane, inside) / scales[:, None]).sum(axis=0)
    power = dj * plane.dt / mother.cdelta * power  # eq. 24
    limits = [float(scales[0]), float(scales[-1])]
    test = significance(
        *(signal, plane.dt, plane.sj, 2, alpha, significance_level, limits, mother),
        gaps=plane.gaps,
    )
    freedom = scale_average_dof(limits, plane.sj, mother)
    s_avg = 1 / float((1 / scales).sum())  # eq. 25
    background = dj * plane.dt / (mother.cdelta * s_avg) * float(test.fft_theor)  # eq. 26
    chance = gammaincc(freedom / 2, freedom / 2 * power / background)
    outside = outside_ends(float(plane.periods[inside].max()), plane.coi)
    if plane.present is not None:
        outside &= plane.outside_gaps[inside].all(axis=0)
    return ScaleAverage(
        power, float(test.signif), background, freedom, outside, chance, times_of(transform, plane)
    )


def _power(plane: Plane, rows: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    W = plane.W if rows is None else plane.W[rows]
    power: NDArray[np.float64] = np.square(W.real, dtype=np.float64)
    power += np.square(W.imag, dtype=np.float64)
    return power
