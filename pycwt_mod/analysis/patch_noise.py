"""Pointwise p-values of noise, got as those of the data, for the tests of patches."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import gammaincc

from pycwt_mod import checks
from pycwt_mod.analysis.planes import series_of
from pycwt_mod.gaps import FilledSeries, bridged, filled, filled_pair
from pycwt_mod.monte_carlo.levelmap import tails
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.monte_carlo.surrogate_models import RedNoise, WhiteNoise, find_model, stream
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.results.cautions import UnitRootWarning
from pycwt_mod.smoothing import Smoother, squared_coherence
from pycwt_mod.transform import transform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.planes import Plane, TransformLike
    from pycwt_mod.gaps import Gaps
    from pycwt_mod.monte_carlo.run import MonteCarlo
    from pycwt_mod.monte_carlo.surrogate_models import Draw
    from pycwt_mod.results.base import About
    from pycwt_mod.results.kinds import Coherence

    #: Draws a pair of surrogates: seed, number.
    Pairs = Callable[[int, int], NDArray[np.float64] | Sequence[NDArray[np.float64]]]


class PatchNoise(Protocol):
    """Planes of p-values, of data and of noise."""

    #: Scales in units of time, and the sampling interval.
    sj: NDArray[np.float64]
    dt: float
    #: Points that are tested, shape (scales, N).
    where: NDArray[np.bool_]

    def data(self) -> NDArray[np.float64]:
        """The p-values of the data, shape (scales, N)."""

    def plane(self, seed: int, k: int) -> NDArray[np.float64]:
        """Those of a realisation."""


def power_noise(
    plane: Plane, source: TransformLike, signal: ArrayLike | None, alpha: float | None
) -> PatchNoise:
    """The noise of a transform.

    Args:
        plane: of the transform.
        source: the transform itself.
        signal: its series, or a variance; None takes the transform's own.
        alpha: lag-1 autocorrelation; None estimates it.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, or there is no series.
    """
    series = series_of(source, signal)
    lag1 = None if alpha is None else checks.within(alpha, "alpha", -1, 1)
    about = getattr(source, "about", None)
    gaps: Gaps | None = about.gaps if about is not None else plane.gaps
    if np.ndim(series):
        return _Power(plane, filled(series, plane.gaps, "signal"), None, lag1, gaps or "mask")
    variance = checks.positive(np.asarray(series).item(), "signal")
    return _Power(plane, None, variance, lag1 or 0.0, gaps or "mask")


class _Power:
    """Power against AR(1) noise.

    Args:
        plane: of the transform.
        series: whose variance is taken; None where it is given.
        variance: of the noise, where it is given.
        lag1: lag-1 autocorrelation of the noise; None estimates it of every series.
        gaps: how the missing samples of a realisation are taken.
    """

    def __init__(
        self,
        plane: Plane,
        series: FilledSeries | None,
        variance: float | None,
        lag1: float | None,
        gaps: Gaps,
    ) -> None:
        self.sj, self.dt, self.where = plane.sj, plane.dt, plane.outside
        self._plane, self._series, self._gaps = plane, series, gaps
        self._variance, self._known = variance, lag1
        if series is not None:
            self._variance = float(series.there.var())
        self._lag1 = lag1 or 0.0
        if series is not None and lag1 is None:
            self._lag1 = ar1(series.values, series.present).g
        self._frequencies = plane.dt * plane.freqs

    def data(self) -> NDArray[np.float64]:
        power = np.square(np.abs(self._plane.W), dtype=np.float64)
        return self._p(power, float(self._variance or 0), float(self._lag1))

    def plane(self, seed: int, k: int) -> NDArray[np.float64]:
        there = self._plane.present
        x = noise_pair(seed, k // 2, self._plane.size, (self._lag1, self._lag1))[k % 2]
        if there is not None:
            x = bridged(x, there, self._gaps)
            x -= x[there].mean()
        lag1, variance = float(self._lag1), 1 / (1 - float(self._lag1) ** 2)
        if self._series is not None:
            variance = float((x if there is None else x[there]).var())
        if self._known is None:  # as of the data
            lag1 = _estimated(x, there)
        W = transform(x, self._plane.scales, self._plane.wavelet)
        return self._p(np.square(np.abs(W)), variance, lag1)

    def _p(self, power: NDArray[np.float64], variance: float, lag1: float) -> NDArray[np.float64]:
        nu = float(self._plane.wavelet.dofmin)
        background = variance * ar1_spectrum(self._frequencies, lag1)
        chance: NDArray[np.float64] = gammaincc(nu / 2, nu / 2 * power / background[:, None])
        return chance


def _estimated(x: NDArray[np.float64], present: NDArray[np.bool_] | None) -> float:
    with warnings.catch_warnings():
        # Some realisations of red noise come close to a unit root; that is no news of the data.
        warnings.simplefilter("ignore", UnitRootWarning)
        return ar1(x, present).g


def coherence_noise(coherence: Coherence, signal: ArrayLike | None) -> PatchNoise:
    """The noise of a coherence: pairs of the null hypothesis of its Monte Carlo run.

    Args:
        coherence: with such a run.
        signal: the pair of series, for null hypotheses that are made from them.

    Raises:
        TypeError: the series aren't made of numbers.
        ValueError: it has no such run, its series are needed, or the null hypothesis is a
            model of one's own.
    """
    if coherence.monte_carlo is None or coherence.about is None:
        raise ValueError("source has no Monte Carlo run: call wct with sig=True")
    return _Coherence(coherence, coherence.monte_carlo, coherence.about, signal)


class _Coherence:
    """Coherence against its run's null hypothesis, by its histogram."""

    def __init__(
        self, coherence: Coherence, run: MonteCarlo, about: About, signal: ArrayLike | None
    ) -> None:
        self.sj, self.dt = coherence.scales, about.dt
        mapped = coherence.level_map is not None
        # Of scales without levels there are no p-values.
        self.where = coherence.outside_gaps if mapped else coherence.outside
        self._coherence, self._run, self._about = coherence, run, about
        order = slice(None) if run.rows is None else np.argsort(run.rows)
        scales = coherence.scales[order] / about.dt
        n = coherence.n
        self._smoother = Smoother(about.wavelet, scales, run.task.scale_weights, n)
        self._scales = scales
        self._draws = _pairs(run, about, n, signal)

    def data(self) -> NDArray[np.float64]:
        return self._in_place(self._run.p_values(self._coherence.WCT))

    def plane(self, seed: int, k: int) -> NDArray[np.float64]:
        pair = self._draws(seed, k)
        masks = self._about.present or (None, None)
        w1, w2 = (
            transform(self._filled(x, mask), self._scales, self._about.wavelet)
            for x, mask in zip(pair, masks, strict=True)
        )
        r2 = squared_coherence(w1, w2, self._smoother)
        p = tails(self._run.task, self._run.histogram, r2)
        return self._in_place(p if self._run.rows is None else p[self._run.rows])

    def _filled(
        self, x: NDArray[np.float64], there: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        if there is None or there.all():
            return x - float(x.mean())
        bridge = bridged(x, there, self._about.gaps or "mask")
        return bridge - float(x[there].mean())

    def _in_place(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self.where, p, np.nan)


def _pairs(run: MonteCarlo, about: About, n: int, signal: ArrayLike | None) -> Pairs:
    """Draws pairs of surrogates of a run's null hypothesis."""
    try:
        model = find_model(run.null, "null")
    except ValueError:
        raise ValueError(
            f"source was tested against {run.null}, a model of one's own: give noise=, from "
            "noise_patches"
        ) from None
    if isinstance(model, RedNoise | WhiteNoise):
        white = isinstance(model, WhiteNoise)
        lag1 = (0.0, 0.0) if white else (float(run.task.ar1[0]), float(run.task.ar1[1]))
        return lambda seed, k: noise_pair(seed, k, n, lag1)
    pair = () if signal is None else tuple(signal)  # type: ignore[arg-type]
    if len(pair) != 2 or any(np.shape(one) != (n,) for one in pair):
        raise ValueError(
            f"signal must be the pair of series of {n} samples that source is of: surrogates for "
            f"null={run.null!r} are made from them"
        )
    series = filled_pair(pair, about.gaps)
    draws: list[Draw] = [model.fit((x.values - x.there.mean()) / x.there.std(), n) for x in series]
    return lambda seed, k: [draw(stream(seed, k, i)) for i, draw in enumerate(draws)]
