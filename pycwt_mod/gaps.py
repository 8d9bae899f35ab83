"""Series with missing samples: how they are taken, and where that is felt.

**What a gap weighs.** A series' mean is that of the samples present, and is taken off. With
``gaps="mask"`` a missing sample is then zero, as what lies beyond the ends is: W at scale s and
time n is the sum of TC98's eq. 2 over the samples present alone. With ``gaps="linear"`` a straight
line leads from neighbour to neighbour, which suits red series. Variances and AR(1) coefficients
are those of the samples present (:func:`pycwt_mod.ar1`).

**Coverage.** The share of the wavelet's energy that falls on samples that are there,

    c(s, n) = 1 − Σ_m |ψ₀((m − n)/s)|² / (s·∫|ψ₀|² dη), the sum over the missing samples m.

Samples beyond the ends aren't missing: they are for the cone of influence.

**The cone around gaps.** A gap acts like an end of the series, so the cone of influence is drawn
around gaps as it is at the ends: a point lies outside where no more is lost than an end takes at a
distance of one e-folding time, ∫_τ^∞ |ψ₀|² dη / ∫|ψ₀|² dη (2.3 % for the Morlet wavelet,
½·erfc √2). Beside a long gap that is the cone of influence itself; short gaps are felt at small
scales only: a single sample up to s = 24.8 samples with the Morlet wavelet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.wavelets import Wavelet

#: ``mask``: missing samples weigh nothing, the mean of those present stands in their place.
#: ``linear``: a straight line from neighbour to neighbour, the mean beyond the first and the last.
Gaps = Literal["mask", "linear"]
GAPS: tuple[Gaps, ...] = get_args(Gaps)

#: The window |ψ₀|² is looked at this far, in scales; of wavelets that reach farther than Morlet's,
#: in proportion.
_REACH = 12.0
#: Points of a mask that is kept for the next look at the same result.
_KEPT = 1 << 22
#: Where periods are compared with the cone ties count as outside; rounding mustn't undo that.
_TIE = 1 + 1e-12


@dataclass(frozen=True, slots=True)
class FilledSeries:
    """A series whose gaps are filled, and where they were."""

    #: float64[N], finite; the caller's array where nothing was missing.
    values: NDArray[np.float64]
    #: Samples that are there, bool[N]; None where all are.
    present: NDArray[np.bool_] | None = None
    #: How the others were filled.
    gaps: Gaps | None = None

    @property
    def missing(self) -> int:
        """Samples that aren't there."""
        return 0 if self.present is None else int((~self.present).sum())

    @property
    def complete(self) -> bool:
        """Whether nothing was missing."""
        return self.present is None

    @property
    def with_gaps(self) -> NDArray[np.float64]:
        """The series, NaN where samples are missing."""
        if self.present is None:
            return self.values
        return np.where(self.present, self.values, np.nan)

    @property
    def there(self) -> NDArray[np.float64]:
        """The samples that are there."""
        return self.values if self.present is None else self.values[self.present]


def filled(
    x: ArrayLike, gaps: Gaps | None = "linear", name: str = "x", minimum: int = checks.MIN_LENGTH
) -> FilledSeries:
    """A series with missing samples, NaN or masked, filled as asked for.

    Args:
        x: N real numbers.
        gaps: what to put in their place, "linear" or "mask"; None refuses them.
        name: of the argument, for messages.
        minimum: fewest samples that must be there.

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: samples are missing and are to be refused, too few are there, they are all
            the same, or some are infinite.
    """
    if gaps is not None and gaps not in GAPS:
        raise ValueError(f"gaps must be None or one of {', '.join(GAPS)}, not {gaps!r}")
    masked = np.ma.getmaskarray(x) if np.ma.isMaskedArray(x) else None
    values = checks.real(np.ma.getdata(x) if masked is not None else x, name)
    if values.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {values.shape}")
    present = ~np.isnan(values)
    if masked is not None:
        present &= ~masked
    if present.all():
        return FilledSeries(checks.series(values, name, minimum))
    if gaps is None:
        first, count = int(np.argmin(present)), int((~present).sum())
        raise ValueError(
            f"{name} lacks {count} of its {values.size} samples (NaN or masked), the first at "
            f"index {first}: gaps='mask' leaves them out, gaps='linear' bridges them"
        )
    checks.series(values[present], f"the samples present in {name}", minimum)
    return FilledSeries(bridged(values, present, gaps), present, gaps)


def bridged(
    values: NDArray[np.float64], present: NDArray[np.bool_], gaps: Gaps
) -> NDArray[np.float64]:
    """A copy with other values where samples are missing.

    Args:
        values: whatever there is where ``present`` isn't, float64[N].
        present: samples that are there, bool[N].
        gaps: what to put elsewhere.
    """
    there, at = values[present], np.arange(values.size)
    mean, copy = there.mean(), values.copy()
    line = np.interp(at[~present], at[present], there, mean, mean)
    copy[~present] = mean if gaps == "mask" else line
    return copy


def filled_pair(
    values: Sequence[ArrayLike], gaps: Gaps | None
) -> tuple[FilledSeries, FilledSeries]:
    """Two series of the same length, y1 and y2, as :func:`filled` takes them.

    Raises:
        TypeError: one of them isn't made of real numbers.
        ValueError: one of them isn't a fit series, or their lengths differ.
    """
    a, b = filled(values[0], gaps, "y1"), filled(values[1], gaps, "y2")
    if a.values.size != b.values.size:
        raise ValueError(
            f"y1 and y2 must have the same length, not {a.values.size} and {b.values.size}"
        )
    return a, b


def masks_of(series: Sequence[FilledSeries]) -> tuple[NDArray[np.bool_], ...]:
    """The samples present of each series; nothing where none is missing in any."""
    if all(one.present is None for one in series):
        return ()
    return tuple(
        np.ones(one.values.size, bool) if one.present is None else one.present for one in series
    )


def lost_energy(
    present: NDArray[np.bool_], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.float64]:
    """Share of the wavelet's energy that falls on missing samples, 1 − c.

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
        full = int(np.ceil(_reach(wavelet) * scale))
        reach = min(n - 1, full)
        window = np.abs(wavelet.psi(np.arange(-reach, reach + 1) / scale)) ** 2
        # Of small scales samples are too few for the integral: the sum stands for it.
        total = window.sum() if reach == full else scale * _energy(wavelet)
        size = sp_fft.next_fast_len(n + 2 * reach, real=True)
        product = sp_fft.rfft(missing, size) * sp_fft.rfft(window / total, size)
        row[:] = sp_fft.irfft(product, size)[reach : reach + n]
    return np.clip(lost, 0, 1)


def coverage(
    present: Sequence[NDArray[np.bool_]], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.float64]:
    """Share of the wavelet's energy on samples that are there; of several series the least.

    Args:
        present: of each series the samples that are there, bool[N].
        scales: in samples, float64[scales].
        wavelet: the mother wavelet.

    Returns:
        float64[scales, N], in [0, 1].
    """
    lost = lost_energy(present[0], scales, wavelet)
    for other in present[1:]:
        np.maximum(lost, lost_energy(other, scales, wavelet), out=lost)
    return 1 - lost


def outside_gaps(
    present: NDArray[np.bool_] | Sequence[NDArray[np.bool_]],
    scales: NDArray[np.float64],
    wavelet: Wavelet,
) -> NDArray[np.bool_]:
    """Points where no more is lost to gaps than there is at the rim of the cone at an end.

    Args:
        present: samples that are there, bool[N]; or those of each of several series, which must
            all be free of their gaps.
        scales: in samples, float64[scales].
        wavelet: the mother wavelet.

    Returns:
        bool[scales, N], not to be written to; missing samples themselves are never outside at
        scales below their gap's length.
    """
    masks = (present,) if isinstance(present, np.ndarray) else tuple(present)
    if masks[0].size * scales.size > _KEPT:
        return _outside(masks, scales, wavelet)
    return _kept(tuple(mask.tobytes() for mask in masks), scales.tobytes(), wavelet)


@lru_cache(maxsize=8)
def _kept(masks: tuple[bytes, ...], scales: bytes, wavelet: Wavelet) -> NDArray[np.bool_]:
    found = _outside([np.frombuffer(m, bool) for m in masks], np.frombuffer(scales), wavelet)
    found.flags.writeable = False
    return found


def _outside(
    masks: Sequence[NDArray[np.bool_]], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.bool_]:
    found = np.ones((scales.size, masks[0].size), bool)
    limit = _lost_at_the_rim(wavelet)
    for mask in masks:
        found &= lost_energy(mask, scales, wavelet) <= limit
    return found


def outside_ends(
    periods: float | NDArray[np.float64], coi: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Points outside the cone of influence of the ends, those on its rim included.

    Args:
        periods: of the points, of a shape that broadcasts.
        coi: longest period free of edge effects at each sample, shape (N,).

    Returns:
        bool, of the common shape.
    """
    outside: NDArray[np.bool_] = np.asarray(periods) <= coi * _TIE
    return outside


def outside_gaps_of(result: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The points of a result outside its gaps' cones; all where it knows of none.

    Args:
        result: of :func:`pycwt_mod.cwt` or the like, or anything.
        shape: of its map.
    """
    known: NDArray[np.bool_] | None = getattr(result, "outside_gaps", None)
    return np.ones(shape, bool) if known is None else known


def _reach(wavelet: Wavelet) -> float:
    return _REACH * max(1.0, wavelet.efolding / math.sqrt(2))


@lru_cache(maxsize=16)
def _profile(wavelet: Wavelet) -> tuple[float, float]:
    """∫ |ψ₀(η)|² dη, and the share of it beyond the e-folding time on one side."""
    eta = np.linspace(-_reach(wavelet), _reach(wavelet), 48_001)
    energy = np.abs(wavelet.psi(eta)) ** 2
    total = float(energy.sum())
    return total * (eta[1] - eta[0]), float(energy[eta >= wavelet.efolding].sum()) / total


def _energy(wavelet: Wavelet) -> float:
    return _profile(wavelet)[0]


def _lost_at_the_rim(wavelet: Wavelet) -> float:
    return _profile(wavelet)[1]
