"""Unevenly sampled series: their noise, and the fits of the weighted wavelet Z-transform.

Foster (1996), Astron. J. 112, 1709–1729 (F96): at every time τ and frequency ω a constant, a
cosine and a sine are fitted to the samples, weighted by exp(−c ω²(t − τ)²). With
c = 1/(2ω₀²) the weight is the Morlet wavelet's envelope at the scale s = ω₀/ω.

The noise is AR(1) in continuous time: samples Δt apart correlate by exp(−Δt/T), T being the
persistence (Mudelsee 2002, Comput. Geosci. 28, 69–72).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from pycwt_mod import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

#: Weights below this are none: samples farther than six scales away.
_NEGLIGIBLE = math.exp(-18)
#: A fit of three functions to fewer effective samples says nothing (F96, eq. 5-12: N_eff − 3).
FEWEST = 4.0


@dataclass(frozen=True)
class UnevenSeries:
    """A series and its times, which increase."""

    #: float64[N].
    times: NDArray[np.float64]
    #: Without its mean, float64[N].
    values: NDArray[np.float64]

    @property
    def persistence(self) -> float:
        """T of the AR(1) noise that resembles the series, in units of time; 0 for white noise."""
        return persistence_time(self.times, self.values)

    def noise(self, T: float, rngs: Sequence[np.random.Generator]) -> NDArray[np.float64]:
        """AR(1) noises of unit variance at the series' times, one of each generator.

        Args:
            T: their persistence.
            rngs: generators of normal numbers.

        Returns:
            float64[N, noises].
        """
        z = np.stack([rng.standard_normal(self.times.size) for rng in rngs], axis=1)
        if T == 0:
            return z
        a = np.exp(-np.diff(self.times) / T)
        gain = np.sqrt(-np.expm1(-2 * np.diff(self.times) / T))
        for t in range(1, len(z)):
            z[t] = a[t - 1] * z[t - 1] + gain[t - 1] * z[t]
        return z


def persistence_time(times: ArrayLike, values: ArrayLike) -> float:
    """T of the AR(1) process x(t + Δ) = exp(−Δ/T)·x(t) + noise that fits best.

    Least squares over all pairs of neighbouring samples (Mudelsee 2002, eq. 4). The estimate is
    biased low in short series, like the lag-1 autocorrelation of even ones.

    Args:
        times: N increasing times, at least 4.
        values: N real samples, not constant.

    Returns:
        T in units of the times; 0 where neighbours don't correlate.

    Raises:
        TypeError: an argument isn't made of real numbers.
        ValueError: an argument is unfit.
    """
    series = uneven_series(times, values)
    gaps, x = np.diff(series.times), series.values / series.values.std()
    median = float(np.median(gaps))

    def misfit(log_t: float) -> float:
        return float(np.sum((x[1:] - x[:-1] * np.exp(-gaps / math.exp(log_t))) ** 2))

    span = float(series.times[-1] - series.times[0])
    # A coarse look first: the misfit may have more than one valley.
    coarse = np.linspace(math.log(median / 20), math.log(span), 60)
    best = int(np.argmin([misfit(at) for at in coarse]))
    low, high = coarse[max(0, best - 1)], coarse[min(59, best + 1)]
    found = scipy.optimize.minimize_scalar(misfit, bounds=(low, high), method="bounded")
    if best == 0 or misfit(float(found.x)) >= float(np.sum(x[1:] ** 2)):
        return 0.0
    return math.exp(float(found.x))


def uneven_series(times: ArrayLike, values: ArrayLike, name: str = "") -> UnevenSeries:
    """A series and its times, checked, its mean removed.

    Raises:
        TypeError: an argument isn't made of real numbers.
        ValueError: an argument is unfit, or the times don't increase.
    """
    of = f"{name}: " if name else ""
    t, x = checks.series(times, f"{of}times"), checks.series(values, f"{of}values")
    if t.size != x.size:
        raise ValueError(f"{of}times and values must have the same length, not {t.size}, {x.size}")
    late = np.flatnonzero(np.diff(t) <= 0)
    if late.size:
        i = int(late[0]) + 1
        raise ValueError(f"{of}times must increase, but {t[i]:g} at index {i} follows {t[i - 1]:g}")
    return UnevenSeries(t, x - x.mean())


class Fit:
    """The fits of one frequency at all τ: linear in the values, so that it serves any series.

    Attributes:
        n_effective: effective number of samples (F96, eq. 5-4), float64[τ].
        coverage: share of the weight's area that samples stand for, about 0 to 1, float64[τ].
    """

    def __init__(
        self, t: NDArray[np.float64], tau: NDArray[np.float64], omega: float, omega0: float
    ) -> None:
        u = omega * (t - tau[:, None])
        weight = np.exp(-0.5 * (u / omega0) ** 2)
        weight[weight < _NEGLIGIBLE] = 0
        total = weight.sum(axis=1)
        squares = (weight**2).sum(axis=1)
        # Squares of tiny weights vanish before the weights do: no samples, then.
        there = squares > 0
        self.n_effective = np.where(there, total**2 / np.where(there, squares, 1), 0.0)
        self._enough = self.n_effective > FEWEST
        self.coverage = (
            weight @ _cells(t, 2 * np.pi / omega) / (np.sqrt(2 * np.pi) * omega0 / omega)
        )
        self._weight = weight / np.where(total > 0, total, 1)[:, None]
        basis = np.stack([np.ones_like(u), np.cos(u), np.sin(u)])
        self._rows = basis * self._weight
        self._inner = np.einsum("itn,jtn->tij", basis, self._rows)
        # Too few samples: any matrix that can be solved; what comes out isn't used.
        self._inner[~self._enough] = np.eye(3)

    def __call__(
        self, x: NDArray[np.float64]
    ) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """Complex amplitude and Z of series, shape (N, series) → (τ, series)."""
        rhs = np.stack([rows @ x for rows in self._rows], axis=1)
        try:
            fitted = np.linalg.solve(self._inner, rhs)
        except np.linalg.LinAlgError:
            fitted = np.linalg.pinv(self._inner, hermitian=True) @ rhs
        mean = rhs[:, 0]
        variance = self._weight @ x**2 - mean**2
        explained = np.einsum("tkr,tkr->tr", fitted, rhs) - mean**2
        left = np.maximum(variance - explained, 1e-15 * variance)
        freedom = (self.n_effective - 3)[:, None]
        z = np.divide(freedom * explained, 2 * left, out=np.zeros_like(left), where=left > 0)
        # cos(u)·a + sin(u)·b has its peak where the phase ωt of the oscillation is atan2(b, a).
        w = fitted[:, 1] - 1j * fitted[:, 2]
        w[~self._enough], z[~self._enough] = np.nan, np.nan
        return w, np.maximum(z, 0)


def _cells(t: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """The time that each sample stands for: half way to its neighbours.

    Neighbours more than a period apart have a gap between them that neither stands for.
    """
    half = np.diff(t) / 2
    half[half > period / 2] = min(float(np.median(half)), period / 2)
    cells: NDArray[np.float64] = np.append(half, 0) + np.append(0, half)
    return cells
