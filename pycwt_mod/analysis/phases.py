"""Statistics of phases: mean direction, spread, confidence, and the time lag that they mean.

Fisher (1993), *Statistical analysis of circular data*, chapters 2 and 4; Zar (2010),
*Biostatistical analysis*, chapter 26. Phases are those of W₁·conj(W₂): *y1 leads ⇒ positive
phase and positive lag*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import ndtri

from pycwt_mod import checks
from pycwt_mod.analysis.planes import interval_of, octave_spacing, rows_within, wavelet_known
from pycwt_mod.gaps import outside_ends, outside_gaps_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.wavelets import Wavelet


class CoherenceLike(Protocol):
    """What is read of a coherence: the results of :func:`pycwt_mod.wct` have it."""

    @property
    def WCT(self) -> NDArray[np.floating]:  # noqa: N802 - pycwt's name
        """R², shape (scales, N)."""

    @property
    def aWCT(self) -> NDArray[np.floating]:  # noqa: N802 - pycwt's name
        """Phase in radians, shape (scales, N)."""

    @property
    def coi(self) -> NDArray[np.float64]:
        """Cone of influence in periods, shape (N,)."""

    @property
    def freq(self) -> NDArray[np.float64]:
        """Fourier frequencies of the scales, shape (scales,)."""

    @property
    def sig(self) -> NDArray[np.float64]:
        """R² that noise stays below, shape (scales,)."""


@dataclass(frozen=True, slots=True)
class PhaseStatistics:
    """What :func:`phase_statistics` and :func:`coherence_phase` give; angles in radians."""

    #: Mean direction θ, −π to π.
    mean: float
    #: Mean resultant length R, 0 (phases all round) to 1 (all alike).
    strength: float
    #: Circular standard deviation √(−2 ln R).
    deviation: float
    #: Half the width of the confidence interval θ ± half; π where it is the whole circle.
    half_width: float
    #: Phases.
    count: int
    #: Independent values that they are worth.
    independent: float
    #: The probability that the interval belongs to.
    confidence: float

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the interval; they may pass ±π."""
        return self.mean - self.half_width, self.mean + self.half_width

    def lag(self, period: float) -> tuple[float, float, float]:
        """The time by which y1 leads at a period, and its interval.

        Lags that differ by whole periods have the same phase; this is the one nearest to zero.

        Args:
            period: in units of time.

        Returns:
            Lag, lower and upper end in units of time: phase · period/2π. Negative where y2
            leads.

        Raises:
            TypeError: the period isn't a number.
            ValueError: it isn't positive.
        """
        turn = checks.positive(period, "period") / (2 * math.pi)
        low, high = self.interval
        return self.mean * turn, low * turn, high * turn


def phase_statistics(
    phase: ArrayLike, *, confidence: float = 0.95, independent: float | None = None
) -> PhaseStatistics:
    """Mean direction, strength and spread of phases.

    With C = Σ exp(iφ)/n, the mean direction is arg C and R = |C|. The interval is that of
    large samples (Fisher 1993, section 4.4.4): with the circular dispersion
    δ = (1 − R₂)/(2R²), R₂ = Re[Σ exp(2iφ)/n · exp(−2iθ)], its half width is
    arcsin(z·√(δ/m)), m being the number of independent values and z the normal quantile. It
    suits m of 25 and more. Where the arcsine has no value the interval is the whole circle.

    Args:
        phase: radians, any shape, not empty.
        confidence: of the interval, between 0 and 1.
        independent: how many independent values they are worth, positive; None takes their
            number.

    Returns:
        The statistics.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: there are no phases, one isn't finite, or an argument is out of range.
    """
    angles = np.asarray(phase, dtype=np.float64).ravel()
    if not angles.size:
        raise ValueError("phase must have at least one value")
    if not np.isfinite(angles).all():
        raise ValueError("phase must be finite")
    z = float(ndtri((1 + checks.within(confidence, "confidence", 0, 1)) / 2))
    worth = angles.size if independent is None else checks.positive(independent, "independent")
    first = complex(np.exp(1j * angles).mean())
    mean = math.atan2(first.imag, first.real)
    strength = min(1.0, abs(first))
    second = float(np.cos(2 * (angles - mean)).mean())
    half_width = math.pi
    # Below the rounding of a mean of unit vectors there is no direction.
    if strength > 1e-12:
        sine = z * math.sqrt(max(0.0, 1 - second) / (2 * strength**2) / worth)
        half_width = math.asin(sine) if sine <= 1 else math.pi
    deviation = math.sqrt(-2 * math.log(strength)) if strength > 0 else math.inf
    return PhaseStatistics(
        *(mean, strength, deviation, half_width, angles.size, float(worth)), confidence
    )


def coherence_phase(
    coherence: CoherenceLike,
    dt: float | None = None,
    *,
    periods: ArrayLike | None = None,
    where: ArrayLike | None = None,
    significant: bool = True,
    outside_cone: bool = True,
    confidence: float = 0.95,
    independent: float | None = None,
    wavelet: str | Wavelet | None = None,
) -> PhaseStatistics:
    """The phase of a region of a coherence.

    Neighbouring points aren't independent. A point at scale s counts dt/(γs) in time and
    δj/δj₀ over scales, with the decorrelation factors of Torrence & Compo (1998, Table 2 and
    eq. 23, 28); the scales of one time count one at least, and so does the region. That is an
    estimate: where it matters, give ``independent``.

    Args:
        coherence: from :func:`pycwt_mod.wct`; its scales evenly spaced in octaves, two at least.
        dt: sampling interval; None takes the coherence's own ``dt``.
        periods: shortest and longest period; None takes all.
        where: mask, shape (scales, N); None takes all.
        significant: takes the points alone that reach the level ``sig``.
        outside_cone: takes the points alone outside the cone of influence, and the cones of gaps.
        confidence: of the interval, between 0 and 1.
        independent: how many independent values they are worth; None estimates it.
        wavelet: that the coherence was made with; None takes its own, or the Morlet wavelet.

    Returns:
        The statistics.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, no point is left, the coherence has no levels
            with ``significant``, or γ and δj₀ aren't known for the wavelet.
    """
    dt = interval_of(coherence, dt, "coherence")
    mother = wavelet_known(coherence, wavelet)
    period = 1 / checks.positives(coherence.freq, "coherence.freq")
    chosen = _mask(where, coherence.WCT.shape)
    if periods is not None:
        chosen &= rows_within(period, periods, "periods")[:, None]
    if outside_cone:
        chosen &= outside_ends(period[:, None], coherence.coi)
        chosen &= outside_gaps_of(coherence, chosen.shape)
    if significant:
        if coherence.sig.size != period.size:
            raise ValueError("coherence has no levels: take sig=True or significant=False")
        chosen &= coherence.sig[:, None] <= coherence.WCT
    if not chosen.any():
        raise ValueError("no point of the coherence is left to take the phase of")
    if independent is None:
        sj = period / mother.flambda()
        dj = octave_spacing(sj, "coherence.freq")
        independent = _independent(chosen, dt / (mother.gamma * sj), dj / mother.deltaj0)
    return phase_statistics(coherence.aWCT[chosen], confidence=confidence, independent=independent)


def _independent(chosen: NDArray[np.bool_], in_time: NDArray[np.float64], in_scale: float) -> float:
    """Independent values among points, from what each counts in time and over scales."""
    rows = chosen.sum(axis=0)
    # The scales of one time are worth one value at least, however narrow the band.
    across = np.maximum(rows * in_scale, 1.0) / np.maximum(rows, 1)
    total = float((in_time @ chosen) @ across)
    return max(1.0, min(float(chosen.sum()), total))


def _mask(where: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if where is None:
        return np.ones(shape, np.bool_)
    mask = np.asarray(where)
    if mask.dtype != np.bool_ or mask.shape != shape:
        raise ValueError(
            f"where must be a mask of shape {shape}, not {mask.dtype} of shape {mask.shape}"
        )
    return mask.copy()
