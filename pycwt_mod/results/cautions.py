"""What the library warns of: results that are right as computed, and easily misread.

Each text says what is the matter and what helps. All are :class:`CautionWarning`, so that one
filter silences or catches them. Their thresholds are chosen so that ordinary use is silent.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.wavelets import Wavelet

#: Share of a series' variance in a straight line that is worth a word. A sine of one period has
#: 6/π² = 0.61 in it; 4 % of random walks pass it, and of 50 samples of AR(1) noise at 0.9 none in
#: 5000.
TREND_SHARE = 0.9
#: Share of a map outside the cone below which it is hardly worth a look. The default scales leave
#: 17 % to 16 samples, and more to longer series.
OUTSIDE_SHARE = 0.1
#: Of shorter series neither says anything.
_SHORTEST = 16
#: Independent values above a level without which that level is the largest of chance.
FEWEST_ABOVE = 1.0


class CautionWarning(UserWarning):
    """Any of this library's warnings."""


class UnitRootWarning(CautionWarning):
    """A series is redder than any AR(1) process of its length is expected to be."""


class TrendWarning(CautionWarning):
    """A straight line makes up most of a series."""


class ConeWarning(CautionWarning):
    """Nearly all of a map lies within the cone of influence."""


class FewRealisationsWarning(CautionWarning):
    """Too few realisations for a significance level."""


def check_trend(x: NDArray[np.float64], name: str, depth: int = 0) -> None:
    """Warn of a series that is mostly a straight line.

    Its ends don't meet, which the transform sees as a step at the edges, and its variance and
    lag-1 autocorrelation, which the levels are made from, are the line's.

    Args:
        x: N samples without their mean, of any unit that squares safely.
        name: of the argument.
        depth: calls between this and the function that the user called.

    Warns:
        TrendWarning: the line has more than :data:`TREND_SHARE` of the variance.
    """
    n = x.size
    if n < _SHORTEST:
        return
    # Of a ramp without mean: Σ (i − (n−1)/2)² = n (n² − 1)/12; Σ i·x serves as x has no mean.
    along = float(np.arange(n, dtype=np.float64) @ x)
    share = along * along / (n * (n * n - 1) / 12) / float(x @ x)
    if share > TREND_SHARE:
        warnings.warn(
            f"{share:.0%} of the variance of {name} lies in its linear trend, which leaks into the "
            f"map from both ends and raises the levels: take it off first, for instance by "
            f"pycwt_mod.detrend({name})",
            TrendWarning,
            stacklevel=3 + depth,
        )


def check_scales(
    scales: NDArray[np.float64],
    n: int,
    wavelet: Wavelet,
    dt: float,
    present: tuple[NDArray[np.bool_], ...] = (),
) -> None:
    """Warn of a map that lies nearly all within the cones of the ends or of gaps.

    Args:
        scales: in units of time.
        n: samples of the series.
        wavelet: whose cone counts.
        dt: sampling interval.
        present: of each series the samples that are there; empty where none is missing.

    Warns:
        ConeWarning: less than :data:`OUTSIDE_SHARE` of the points lie outside.
    """
    if n < _SHORTEST:
        return
    if present:
        _check_gaps(scales / dt, wavelet, present)
    # Scales that half the series lies outside of; where there are enough, no sum is needed.
    half = np.count_nonzero(scales <= n * dt / (4 * wavelet.efolding))
    if half >= 2 * OUTSIDE_SHARE * scales.size:
        return
    edge = np.ceil(scales * (wavelet.efolding / dt))
    share = float(np.maximum(n - 2 * edge, 0).mean()) / n
    if share < OUTSIDE_SHARE:
        longest = wavelet.flambda() / wavelet.efolding * ((n - 1) // 2) * dt
        warnings.warn(
            f"only {share:.1%} of the map lie outside the cone of influence, where the series' "
            f"ends don't reach: {n} samples at dt = {dt:g} tell nothing of periods beyond "
            f"{longest:.4g}. Ask for shorter ones (s0, J or freqs), or take a longer series",
            ConeWarning,
            stacklevel=3,
        )


def _check_gaps(
    scales: NDArray[np.float64], wavelet: Wavelet, present: tuple[NDArray[np.bool_], ...]
) -> None:
    from pycwt_mod.gaps import outside_gaps

    share = float(outside_gaps(present, scales, wavelet).mean())
    if share < OUTSIDE_SHARE:
        missing = 1 - min(float(mask.mean()) for mask in present)
        warnings.warn(
            f"only {share:.1%} of the map lie outside the cones around gaps: {missing:.1%} of the "
            "samples are missing, all over the series. Average to longer steps, or take "
            "pycwt_mod.wwz, which needs no even steps",
            ConeWarning,
            stacklevel=4,
        )


def check_realisations(
    independent: NDArray[np.float64], level: float, mc_count: int, depth: int = 0
) -> None:
    """Warn where a level is read off less than one independent value.

    Args:
        independent: independent values per scale, shape (scales,); see
            :func:`pycwt_mod.monte_carlo.run.independent_values`.
        level: the probability.
        mc_count: realisations.
        depth: calls between this and the function that the user called.

    Warns:
        FewRealisationsWarning: at some scale less than one is expected above the level.
    """
    above = float(independent.min()) * (1 - level)
    if above < FEWEST_ABOVE:
        needed = math.ceil(mc_count * FEWEST_ABOVE / above)
        warnings.warn(
            f"{mc_count} realisations are too few for a level of {level:g}: at some scales no "
            f"independent value is expected above it. Take mc_count = {needed} or more, ten times "
            "that for a level to rely on",
            FewRealisationsWarning,
            stacklevel=3 + depth,
        )
