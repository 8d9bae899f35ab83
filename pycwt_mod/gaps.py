"""Series with missing samples: what is put in their place, and where that is felt.

A gap acts like an end of the series: coefficients whose wavelet reaches into it are made from
what was put there. How much of a wavelet's energy falls on missing samples is known for every
point, so the cone of influence is drawn around gaps as it is at the ends: a point lies outside
where no more is lost than at one e-folding time from an end (2.3 % for the Morlet wavelet). Short
gaps are thus felt at small scales only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.wavelets import Wavelet

#: ``refuse``: missing samples are an error. ``linear``: a straight line from neighbour to
#: neighbour, the mean beyond the first and the last sample. ``mean``: the mean of those present.
Gaps = Literal["refuse", "linear", "mean"]
GAPS: tuple[Gaps, ...] = get_args(Gaps)

#: The window |ψ₀|² is looked at this far, in scales; of wavelets that reach farther than Morlet's,
#: in proportion.
_REACH = 12.0


@dataclass(frozen=True)
class FilledSeries:
    """A series whose gaps are filled, and where they were."""

    #: float64[N], finite.
    values: NDArray[np.float64]
    #: Samples that are there, bool[N].
    present: NDArray[np.bool_]

    @property
    def complete(self) -> bool:
        """Whether nothing was missing."""
        return bool(self.present.all())


def filled(x: ArrayLike, gaps: Gaps, name: str, minimum: int) -> FilledSeries:
    """A series with missing samples, NaN or masked, filled as asked for.

    Args:
        x: N real numbers.
        gaps: what to do about missing samples.
        name: of the argument, for messages.
        minimum: fewest samples that must be there.

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: samples are missing and are to be refused, too few are there, they are all
            the same, or some are infinite.
    """
    if gaps not in GAPS:
        raise ValueError(f"gaps must be one of {', '.join(GAPS)}, not {gaps!r}")
    if gaps == "refuse":
        values = checks.series(x, name, minimum)
        return FilledSeries(values, np.ones(values.size, bool))
    masked = np.ma.getmaskarray(x) if np.ma.isMaskedArray(x) else None
    plain = np.ma.getdata(x) if masked is not None else x
    values = np.array(checks.real(plain, name))
    if values.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {values.shape}")
    present = ~np.isnan(values)
    if masked is not None:
        present &= ~masked
    there = checks.series(values[present], f"the samples present in {name}", minimum)
    at = np.arange(values.size)
    mean = there.mean()
    if gaps == "mean":
        values[~present] = mean
    else:
        values[~present] = np.interp(at[~present], at[present], there, mean, mean)
    return FilledSeries(values, present)


def lost_energy(
    present: NDArray[np.bool_], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.float64]:
    """Share of the wavelet's energy that falls on missing samples.

    Samples beyond the ends aren't missing: what lies there is for the cone at the ends.

    Args:
        present: samples that are there, bool[N].
        scales: in samples, float64[scales].
        wavelet: the mother wavelet.

    Returns:
        float64[scales, N], in [0, 1].
    """
    n = present.size
    lost = np.zeros((scales.size, n))
    if present.all():
        return lost
    missing = (~present).astype(np.float64)
    for row, scale in zip(lost, scales, strict=True):
        reach = min(n - 1, int(np.ceil(_reach(wavelet) * scale)))
        window = np.abs(wavelet.psi(np.arange(-reach, reach + 1) / scale)) ** 2
        size = sp_fft.next_fast_len(n + 2 * reach, real=True)
        product = sp_fft.rfft(missing, size) * sp_fft.rfft(window / window.sum(), size)
        row[:] = sp_fft.irfft(product, size)[reach : reach + n]
    return np.clip(lost, 0, 1)


def outside_gaps(
    present: NDArray[np.bool_], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.bool_]:
    """Points where no more is lost to gaps than there is at the rim of the cone at an end.

    Args:
        present: samples that are there, bool[N].
        scales: in samples, float64[scales].
        wavelet: the mother wavelet.

    Returns:
        bool[scales, N]; missing samples themselves are never outside at scales below their gap's
        length.
    """
    return lost_energy(present, scales, wavelet) <= _lost_at_the_rim(wavelet)


def _reach(wavelet: Wavelet) -> float:
    return _REACH * max(1.0, wavelet.efolding / math.sqrt(2))


@lru_cache(maxsize=16)
def _lost_at_the_rim(wavelet: Wavelet) -> float:
    """∫ |ψ₀(η)|² dη beyond the e-folding time, over the whole integral."""
    eta = np.linspace(-_reach(wavelet), _reach(wavelet), 48_001)
    energy = np.abs(wavelet.psi(eta)) ** 2
    return float(energy[eta >= wavelet.efolding].sum() / energy.sum())
