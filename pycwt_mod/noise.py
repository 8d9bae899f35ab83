"""Red noise: the AR(1) model x[t] = g·x[t−1] + a·z[t], its estimate, spectrum and surrogates.

Allen & Smith (1996), J. Climate 9, 3373–3404 (AS96); Grinsted et al. (2004).
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy

from pycwt_mod import checks
from pycwt_mod.gaps import filled
from pycwt_mod.results.cautions import UnitRootWarning
from pycwt_mod.results.labels import unlabelled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.results.labels import Labels


class RedNoise(NamedTuple):
    """What :func:`ar1` gives; it unpacks as pycwt's tuple does."""

    #: Lag-1 autocorrelation.
    g: float
    #: Standard deviation of the innovations: var(x) ≈ a²/(1 − g²).
    a: float
    #: Expected square of the mean of a series of this length, over the process's variance.
    mu2: float


def ar1(x: ArrayLike | Labels, present: ArrayLike | None = None) -> RedNoise:
    """AR(1) parameters of a series, corrected for the bias of short series.

    The lag-1 autocorrelation of a finite series is biased low because its own mean is taken
    off. AS96 give the expected bias as a function of the true coefficient; Grinsted's toolbox
    solves that relation, linearised, for the coefficient; what is left of the bias is about a
    third. With r = c₁/c₀ of the series:

        N²·g² − [N² − N + 2 + r (N − 1)(N + 2)]·g + N [1 + r (N − 1)] = 0.

    Close to a unit root (a trend, a slow oscillation, most random walks, a third of the series
    of 60 samples at g = 0.9) the relation has no solution: no AR(1) process is expected to
    look so red in so few samples. The coefficient that comes nearest is taken then, about
    (1 + r)/2, with a warning.

    Args:
        x: N real samples, at least 4 of them there, not constant. Samples that are NaN or masked
            are missing: those there, and neighbours among them, count.
        present: of a series whose gaps were filled, the samples that weren't, bool[N]; they take
            the place of NaN.

    Returns:
        g, a, mu2; see :class:`pycwt_mod.noise.RedNoise`.

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: the series is unfit.

    Warns:
        UnitRootWarning: the series is too close to a unit root.
    """
    if present is None:
        (bare,) = unlabelled(x=x)
        series = filled(bare, "mask", "x")
        values, present = series.values, series.present
    else:
        values = checks.series(x, "x")
    there = _present(present, values.size)
    n = int(there.sum())
    exponent = math.frexp(float(np.abs(values).max()))[1]
    y = np.ldexp(values, -exponent)
    y = (y - y[there].mean()) * there
    size = float(np.abs(y).max())
    y = y / size
    c0 = float(y @ y) / n
    neighbours = int((there[:-1] & there[1:]).sum())
    r = float(y[:-1] @ y[1:]) / max(1, neighbours) / c0
    half = (n * n - n + 2 + r * (n - 1) * (n + 2)) / 2
    root = half * half - n**3 * (1 + r * (n - 1))
    if root < 0:
        warnings.warn(
            f"a series of {n} samples with a lag-1 autocorrelation of {r:.3f} is too close to a "
            "unit root for an unbiased AR(1) estimate: remove its trend or difference it",
            UnitRootWarning,
            stacklevel=2,
        )
    # r may pass 1 by the last digits; a coefficient of 1 isn't stationary.
    g = min((half - math.sqrt(max(0.0, root))) / n**2, 1 - 1 / n)
    mu2 = _mean_square(g, n)
    a = math.sqrt((1 - g * g) * c0 / (1 - mu2))
    return RedNoise(g, math.ldexp(a * size, exponent), mu2)


def _present(present: ArrayLike | None, n: int) -> NDArray[np.bool_]:
    """Which samples count.

    Raises:
        ValueError: they aren't told for each sample, or are too few.
    """
    if present is None:
        return np.ones(n, bool)
    there = np.asarray(present)
    if there.shape != (n,) or there.dtype != bool:
        raise ValueError(f"present must be {n} booleans, not {there.dtype} of shape {there.shape}")
    if there.sum() < checks.MIN_LENGTH:
        raise ValueError(f"present must have at least {checks.MIN_LENGTH} samples")
    return there


def _mean_square(g: float, n: int) -> float:
    """AS96, footnote 4: variance of the mean of ``n`` samples, over that of the process."""
    pairs = (n - g**n) / (1 - g) - g * (1 - g ** (n - 1)) / (1 - g) ** 2
    return -1 / n + 2 / n**2 * pairs


def ar1_spectrum(freqs: ArrayLike, ar1: float = 0.0) -> NDArray[np.float64]:
    """Power spectrum of AR(1) noise of unit variance (TC98, eq. 16), 1 for white noise.

    Args:
        freqs: frequencies in cycles per sample, any shape.
        ar1: lag-1 autocorrelation, between −1 and 1.

    Returns:
        (1 − α²) / (1 + α² − 2α cos 2πf), shaped as ``freqs``.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: ``ar1`` is out of range.
    """
    alpha = checks.within(ar1, "ar1", -1, 1)
    f = np.asarray(freqs, dtype=np.float64)
    spectrum: NDArray[np.float64] = (1 - alpha**2) / (
        1 + alpha**2 - 2 * alpha * np.cos(2 * np.pi * f)
    )
    return spectrum


def rednoise(
    N: int, g: float, a: float = 1.0, *, seed: int | np.random.Generator | None = None
) -> NDArray[np.float64]:
    """A surrogate: AR(1) noise that is stationary from its first sample on.

    Args:
        N: samples, at least one.
        g: lag-1 autocorrelation, between −1 and 1; 0 is white noise.
        a: standard deviation of the innovations; the series has that of a/√(1 − g²).
        seed: makes the surrogate reproducible; a number, or a generator to draw from.

    Returns:
        The surrogate, shape (N,).

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
    """
    n = checks.whole(N, "N", 1, 2**40)
    g = checks.within(g, "g", -1, 1)
    z = checks.positive(a, "a") * np.random.default_rng(seed).standard_normal(n)
    return ar1_filter(z, g)


def ar1_filter(z: NDArray[np.float64], g: float) -> NDArray[np.float64]:
    """Turn innovations into stationary AR(1) noise: x[0] = z[0]/√(1 − g²), x[t] = g·x[t−1] + z[t].

    Args:
        z: innovations, time on the last axis.
        g: lag-1 autocorrelation, between −1 and 1.

    Returns:
        Noise of the same shape.
    """
    start = z.copy()
    start[..., 0] /= math.sqrt(1 - g * g)
    noise: NDArray[np.float64] = scipy.signal.lfilter([1.0], [1.0, -g], start, axis=-1)
    return noise
