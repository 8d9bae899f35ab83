"""The periodogram, and the noise that it is tested against.

The generalised Lomb–Scargle periodogram (Zechmeister & Kürster 2009, Astron. Astrophys. 496,
577–584, equal weights): at each frequency a constant, a cosine and a sine are fitted to the
samples; the power is the share of their variance that the cosine and the sine explain.

The noise is AR(1) in continuous time: samples Δt apart correlate by exp(−Δt/T) (Robinson 1977,
Stoch. Process. Appl. 6, 9–24; Mudelsee 2002, Comput. Geosci. 28, 69–72).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.uneven import persistence_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: A sine that the cosine leaves less of than this share is its multiple, as at the Nyquist
#: frequency of even times.
_DEGENERATE = 1e-9


def basis(times: Floats, frequencies: Floats) -> Floats:
    """Orthonormal cosine and sine at each frequency, both without their mean.

    Args:
        times: N of them.
        frequencies: F of them.

    Returns:
        float64[2F, N], C-contiguous: the cosines, then the sines.
    """
    phase = 2 * np.pi * frequencies[:, None] * (times - times[0])
    cosine, sine = np.cos(phase), np.sin(phase)
    cosine -= cosine.mean(axis=1, keepdims=True)
    sine -= sine.mean(axis=1, keepdims=True)
    cosine = _unit(cosine, times.size)
    sine -= (sine * cosine).sum(axis=1, keepdims=True) * cosine
    return np.concatenate([cosine, _unit(sine, times.size)])


def _unit(rows: Floats, samples: int) -> Floats:
    squares = (rows**2).sum(axis=1, keepdims=True)
    there = squares > _DEGENERATE * samples
    scaled: Floats = np.where(there, rows / np.sqrt(np.where(there, squares, 1.0)), 0.0)
    return scaled


def power(waves: Floats, values: Floats) -> Floats:
    """Power of one series at each frequency, 0 to 1.

    Args:
        waves: from :func:`basis`, float64[2F, N].
        values: N samples.
    """
    centred = values - values.mean()
    parts = waves @ centred
    half = parts.size // 2
    found: Floats = (parts[:half] ** 2 + parts[half:] ** 2) / (centred @ centred)
    return found


def persistence(times: Floats, values: Floats) -> float:
    """T of the noise that resembles a series, in units of time; 0 for white noise.

    The least-squares estimate is too low, as that of the lag-1 autocorrelation a of an even
    series with unknown mean is by (1 + 3a)/(N − 1) (Kendall 1954, Biometrika 41, 403–404); at
    the mean sampling interval that is made up for, as Mudelsee does.
    """
    found = persistence_time(times, values)
    if found == 0:
        return 0.0
    gap, n = float(np.diff(times).mean()), times.size
    raised = (math.exp(-gap / found) * (n - 1) + 1) / (n - 4)
    span = float(times[-1] - times[0])
    return min(-gap / math.log(raised), span) if raised < 1 else span


def noise(times: Floats, T: float, normals: Floats) -> Floats:
    """AR(1) noise of unit variance.

    Args:
        times: N of them.
        T: persistence.
        normals: independent normal numbers, float64[realisations, N]; they are overwritten.

    Returns:
        float64[realisations, N].
    """
    if T == 0:
        return normals
    decay = np.exp(-np.diff(times) / T)
    gain = np.sqrt(-np.expm1(-2 * np.diff(times) / T))
    for i in range(1, times.size):
        normals[:, i] = decay[i - 1] * normals[:, i - 1] + gain[i - 1] * normals[:, i]
    return normals


def noise_power(times: Floats, waves: Floats, T: float) -> Floats:
    """Expected power of AR(1) noise at each frequency, as the ratio of the expected squares.

    With the noise's covariance C and a wave q, that of q·x is qᵀCq. C is exponential, so that
    Cq takes one pass to and fro.
    """
    n = times.size
    rows = np.concatenate([waves, np.full((1, n), 1 / math.sqrt(n))])
    squares = (rows * _covariance_times(rows, times, T)).sum(axis=1)
    # The variance that is left after the mean is taken off.
    total = n - squares[-1]
    found: Floats = squares[:-1].reshape(2, -1).sum(axis=0) / total
    # Where there is no wave, there is no power either, and nothing is divided by zero.
    return np.maximum(found, np.finfo(float).tiny)


def _covariance_times(rows: Floats, times: Floats, T: float) -> Floats:
    forth, back = rows.copy(), rows.copy()
    n = times.size
    decay = np.exp(-np.diff(times) / T) if T else np.zeros(n - 1)
    for i in range(1, n):
        forth[:, i] += decay[i - 1] * forth[:, i - 1]
        back[:, n - 1 - i] += decay[n - 1 - i] * back[:, n - i]
    result: Floats = forth + back - rows
    return result
