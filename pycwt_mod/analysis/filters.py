"""Filtering by wavelets: a band of a series, and how bands of two series are correlated.

Torrence & Compo (1998), section 3i and eq. 29 (TC98).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy import fft as sp_fft
from scipy.special import ndtr, ndtri

from pycwt_mod import checks
from pycwt_mod.analysis.planes import band_limits, plane_of, rows_within
from pycwt_mod.gaps import filled, filled_pair, outside_gaps
from pycwt_mod.inverse import icwt
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.results.labels import read
from pycwt_mod.transform import MAX_DJ, edge_distance, transform, unit_series
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.gaps import FilledSeries, Gaps
    from pycwt_mod.results.labels import Labels

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True, repr=False)
class BandCorrelation:
    """What :func:`band_correlation` gives; all vectors of shape (lags,)."""

    #: Lags in units of time; at positive ones y1 is compared with later values of y2.
    lags: NDArray[np.float64]
    #: Correlation of the bands.
    r: NDArray[np.float64]
    #: Lower end of its confidence interval; NaN with three degrees of freedom or fewer.
    low: NDArray[np.float64]
    #: Upper end.
    high: NDArray[np.float64]
    #: Effective number of independent values.
    dof: NDArray[np.float64]
    #: Two-sided chance of unrelated noises to be so correlated at that one lag.
    p_values: NDArray[np.float64]
    #: Samples of both series outside the cones of the ends and of gaps, shape (N,).
    outside: NDArray[np.bool_]

    def plot(self, *, ax: Axes | None = None) -> Figure:
        """Correlation over lag; see :func:`pycwt_mod.plots.lines.plot_lags`."""
        from pycwt_mod.plots.lines import plot_lags  # noqa: PLC0415 - figures only

        return plot_lags(self, ax=ax)

    def __repr__(self) -> str:
        k = int(np.nanargmax(np.abs(self.r)))
        return (
            f"<BandCorrelation: {self.r.size} lags, the strongest r = {self.r[k]:+.2f} "
            f"({self.low[k]:+.2f} to {self.high[k]:+.2f}) at {self.lags[k]:.4g}, "
            f"p = {self.p_values[k]:.2g}, worth {self.dof[k]:.3g} independent values>"
        )


def bandpass(
    series: ArrayLike | Labels,
    dt: float | None = None,
    periods: ArrayLike | None = None,
    dj: float = 1 / 12,
    wavelet: str | Wavelet = "morlet",
    *,
    gaps: Gaps | None = None,
    time_units: str = "auto",
) -> NDArray[np.float64]:
    """The part of a series that lies in a band of periods (TC98, eq. 29).

    The filter has no phase shift. Its response is that of :func:`bandpass_response`: about 1
    well within the band, without ripples; with the Morlet wavelet it is 0.40 at the shortest
    period and 0.60 at the longest, and falls from 0.9 to 0.1 within two thirds of an octave.
    Near the ends of the series, within the cone of influence, the band is too weak.

    Args:
        series: N real samples, not constant; may bring a time axis along, see
            :func:`pycwt_mod.cwt`.
        dt: sampling interval; None takes that of the time axis.
        periods: shortest and longest Fourier period, in units of time; the shortest at least
            2·dt. Must be given.
        dj: spacing of the scales in octaves.
        wavelet: name or instance; no odd derivative of a Gaussian.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.

    Returns:
        The band, float64 of shape (N,), in units of the series, without the mean. Where samples
        are missing it is NaN, and beside gaps as at the ends it is too weak.

    Raises:
        TypeError: an argument isn't a number, or the series isn't made of real numbers.
        ValueError: an argument is out of range.
    """
    known = read(dt, time_units, series=series)
    x, mother = filled(known.values[0], gaps, "series"), find_wavelet(wavelet)
    band = _band(x, known.dt, _band_scales(_given(periods), known.dt, dj, mother), dj, mother)
    if x.present is not None:
        band[~x.present] = np.nan
    return band


def _given(periods: ArrayLike | None) -> ArrayLike:
    if periods is None:
        raise TypeError("periods must be given: the shortest and the longest of the band")
    return periods


def _band(
    x: FilledSeries, dt: float, scales: NDArray[np.float64], dj: float, wavelet: Wavelet
) -> NDArray[np.float64]:
    """The band of a filled series, at scales in units of time."""
    unit, exponent = unit_series(x.values, x.present)
    W = transform(unit, scales / dt, wavelet)
    band = icwt(W, scales, dt, dj, wavelet, method="classical")
    found: NDArray[np.float64] = np.ldexp(band, exponent)
    return found


def bandpass_from(
    transform: TransformLike, periods: ArrayLike, wavelet: str | Wavelet | None = None
) -> NDArray[np.float64]:
    """The band of a series whose transform exists already (TC98, eq. 29).

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it; its scales evenly spaced in octaves.
        periods: shortest and longest Fourier period, included; the scales between them are
            summed. Bands that share no scale add up to the band of all.
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        The band, float64 of shape (N,), in units of the series. Where samples are missing it is
        NaN, and beside gaps as at the ends it is too weak.

    Raises:
        TypeError: an argument isn't a number or a transform.
        ValueError: an argument is out of range, or nothing lies in the band.
    """
    plane = plane_of(transform, wavelet)
    inside = rows_within(plane.periods, periods, "periods")
    W, sj = plane.W[inside], plane.sj[inside]
    band = icwt(W, sj, plane.dt, plane.dj, plane.wavelet, method="classical")
    if plane.present is not None:
        band[~plane.present] = np.nan
    return band


def bandpass_response(
    at: ArrayLike, periods: ArrayLike, dj: float = 1 / 12, wavelet: str | Wavelet = "morlet"
) -> NDArray[np.float64]:
    """What :func:`bandpass` multiplies a sinusoid with, for periods well above 2·dt.

    The transform of cos(ωt) at scale s is ½√(2πs/dt) ψ̂(sω) exp(iωt); its sum by TC98's eq. 29
    gives δj √(2π) / (2 C_δ ψ₀(0)) · Σ_j Re[ψ̂(s_jω) + ψ̂(−s_jω)].

    Args:
        at: periods of the sinusoids, in units of time, shape (M,).
        periods: shortest and longest period of the band.
        dj: spacing of the scales in octaves.
        wavelet: name or instance.

    Returns:
        Factors, shape (M,).

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
    """
    mother = find_wavelet(wavelet)
    omega = 2 * np.pi / checks.positives(at, "at")
    scales = _band_scales(periods, None, dj, mother)
    x = scales[:, None] * omega
    total = (np.real(mother.psi_ft(x)) + np.real(mother.psi_ft(-x))).sum(axis=0)
    factor = dj * math.sqrt(2 * math.pi) / (2 * mother.cdelta * mother.psi0)
    response: NDArray[np.float64] = factor * total
    return response


def band_correlation(
    y1: ArrayLike | Labels,
    y2: ArrayLike | Labels,
    dt: float | None = None,
    periods: ArrayLike | None = None,
    lags: ArrayLike = 0,
    *,
    confidence: float = 0.95,
    dj: float = 1 / 12,
    wavelet: str | Wavelet = "morlet",
    gaps: Gaps | None = None,
    time_units: str = "auto",
) -> BandCorrelation:
    """Correlation of one band of two series at several lags.

    Both are filtered by :func:`bandpass` and compared outside the cone of influence of the
    longest period and of the cones of gaps. Neighbouring values of a band aren't independent: n
    of them are worth n² / Σ_k m(k) ρ₁(k) ρ₂(k), k from −n to n, m(k) being the pairs of them that
    are k samples apart, n − |k| without gaps, and ρ the autocorrelations (Bartlett 1946,
    J. R. Stat. Soc. Suppl. 8, 27–41; Bretherton et al. 1999, J. Climate 12, 1990–2009, eq. 31).
    ρ is that of AR(1) noise, with the coefficients of the series, sent through the filter: a
    sample autocorrelation of a few cycles is too uncertain. The interval is that of Fisher's
    z = artanh r, with standard error 1/√(dof − 3).

    Args:
        y1: N real samples, not constant; may bring a time axis along, see :func:`pycwt_mod.cwt`.
        y2: as many; of two time axes both must be the same.
        dt: sampling interval; None takes that of the time axis.
        periods: shortest and longest Fourier period of the band. Must be given.
        lags: whole numbers of samples, one or a vector. At lag k, y1 at time t is compared with
            y2 at t + k·dt: the correlation peaks at positive lags where y1 leads.
        confidence: of the interval, between 0 and 1.
        dj: spacing of the scales in octaves.
        wavelet: name or instance.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.

    Returns:
        Correlations, intervals and degrees of freedom for each lag.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, or fewer than four samples lie outside the
            cones at some lag.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
    """
    known = read(dt, time_units, y1=y1, y2=y2)
    series, step = filled_pair(known.values, gaps), known.dt
    level = checks.within(confidence, "confidence", 0, 1)
    mother, steps = find_wavelet(wavelet), _lags(lags)
    scales = _band_scales(_given(periods), step, dj, mother)
    bands = [_band(x, step, scales, dj, mother) for x in series]
    widest = band_limits(_given(periods), "periods")[1] / mother.flambda() * mother.efolding / step
    outside: NDArray[np.bool_] = edge_distance(bands[0].size) >= widest
    valid = [outside & _free(x, scales / step, mother) for x in series]
    products = np.ones(outside.size)
    for x in series:
        products *= _autocorrelation(x, _given(periods), step, dj, mother)
    r, dof = np.empty(steps.size), np.empty(steps.size)
    for i, k in enumerate(steps.tolist()):
        free = _beside(valid[0], valid[1], k)
        both: NDArray[np.bool_] = np.logical_and(*free)
        count = int(both.sum())
        if count < 4:
            raise ValueError(
                f"periods: {int(valid[0].sum())} samples lie outside the cones, too few at lags "
                f"up to {np.abs(steps).max()}"
            )
        one, other = (part[both] for part in _beside(bands[0], bands[1], k))
        r[i] = np.corrcoef(one, other)[0, 1]
        total = float(_apart(both) @ products[: both.size]) / count
        dof[i] = min(float(count), count / max(total, 1e-12))
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    error = 1 / np.sqrt(np.where(dof > 3, dof - 3, np.nan))
    reach = float(ndtri((1 + level) / 2)) * error
    p_values = 2 * ndtr(-np.abs(z) / error)
    return BandCorrelation(
        lags=np.asarray(steps * step, np.float64),
        r=r,
        low=np.tanh(z - reach),
        high=np.tanh(z + reach),
        dof=dof,
        p_values=p_values,
        outside=valid[0] & valid[1],
    )


def _free(x: FilledSeries, scales: NDArray[np.float64], wavelet: Wavelet) -> NDArray[np.bool_]:
    """Samples outside the cones of gaps at all scales of a band, given in samples."""
    if x.present is None:
        return np.ones(x.values.size, bool)
    return np.asarray(outside_gaps(x.present, scales, wavelet).all(axis=0))


def _beside(
    one: NDArray[_Number], other: NDArray[_Number], lag: int
) -> tuple[NDArray[_Number], NDArray[_Number]]:
    """What is compared at a lag k: the first at time t with the second at t + k."""
    n = one.size
    return one[max(0, -lag) : max(0, n - max(0, lag))], other[max(0, lag) : max(0, n + min(0, lag))]


def _apart(where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Ordered pairs of points that are 0 … N − 1 samples apart."""
    n = sp_fft.next_fast_len(2 * where.size, real=True)
    counts = np.rint(sp_fft.irfft(np.abs(sp_fft.rfft(where.astype(float), n)) ** 2, n))
    pairs: NDArray[np.float64] = counts[: where.size] * 2
    pairs[0] /= 2
    return pairs


def _band_scales(
    periods: ArrayLike, dt: float | None, dj: float, wavelet: Wavelet
) -> NDArray[np.float64]:
    """Scales in the middle of steps of dj octaves that fill the band evenly."""
    low, high = band_limits(periods, "periods")
    dj = checks.within(dj, "dj", 0, MAX_DJ)
    if dt is not None and low < 2 * dt * (1 - 1e-9):
        raise ValueError(f"periods must be at least 2·dt = {2 * dt:g}, not {low:g}")
    octaves = math.log2(high / low)
    count = round(octaves / dj)
    if count < 1:
        raise ValueError(f"dj must be at most twice the width of the band, {octaves:g} octaves")
    first = low * 2 ** ((octaves - (count - 1) * dj) / 2)
    scales: NDArray[np.float64] = first * np.exp2(np.arange(count) * dj) / wavelet.flambda()
    return scales


def _autocorrelation(
    x: FilledSeries, periods: ArrayLike, dt: float, dj: float, wavelet: Wavelet
) -> NDArray[np.float64]:
    """That of AR(1) noise like the series, sent through the filter, at lags 0 … N − 1."""
    n = sp_fft.next_fast_len(4 * x.values.size, real=True)
    f = sp_fft.rfftfreq(n)
    response = np.zeros(f.size)
    response[1:] = bandpass_response(dt / f[1:], periods, dj, wavelet)
    covariance = sp_fft.irfft(response**2 * ar1_spectrum(f, ar1(x.values, x.present).g), n)
    covariance = covariance[: x.values.size]
    correlation: NDArray[np.float64] = covariance / covariance[0]
    return correlation


def _lags(lags: ArrayLike) -> NDArray[np.int64]:
    steps = np.atleast_1d(np.asarray(lags))
    if steps.ndim != 1 or not steps.size or steps.dtype.kind not in "iuf":
        raise ValueError(
            f"lags must be a whole number of samples or a vector of them, not {lags!r}"
        )
    if not np.array_equal(steps, np.round(steps)):
        raise ValueError(f"lags must be whole numbers of samples, not {lags!r}")
    return steps.astype(np.int64)
