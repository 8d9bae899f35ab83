"""What the transforms give: tuples as pycwt's, which know more than their elements.

Every result unpacks, indexes and counts as pycwt's tuple does. Attributes can't be set; the
arrays belong to the caller. Nothing beyond the elements is computed before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from pycwt_mod.results.base import About, Phased, Result, frozen

__all__ = ["About", "Coherence", "CrossTransform", "Result", "Significance", "Transform"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pycwt_mod.monte_carlo.levelmap import LevelMap
    from pycwt_mod.monte_carlo.run import MonteCarlo
    from pycwt_mod.results.summaries import CoherenceSummary, TransformSummary


class _TransformTuple(NamedTuple):
    W: NDArray[np.complexfloating]
    sj: NDArray[np.float64]
    freqs: NDArray[np.float64]
    coi: NDArray[np.float64]
    fft: NDArray[np.complex128]
    fftfreqs: NDArray[np.float64]


class Transform(Result, _TransformTuple):
    """What :func:`pycwt_mod.cwt` gives; it unpacks as pycwt's tuple does.

    Elements:
        W: wavelet coefficients, complex128 where not asked otherwise, shape (scales, N).
        sj: scales in units of time, shape (scales,).
        freqs: Fourier frequencies of the scales in 1/time, shape (scales,).
        coi: cone of influence: the longest period free of edge effects, shape (N,).
        fft: Fourier transform of the series over √N, at the positive frequencies below Nyquist.
        fftfreqs: the frequencies of ``fft`` in 1/time.
    """

    def __new__(  # noqa: PLR0917 - pycwt's order
        cls,
        W: NDArray[np.complexfloating],
        sj: NDArray[np.float64],
        freqs: NDArray[np.float64],
        coi: NDArray[np.float64],
        fft: NDArray[np.complex128],
        fftfreqs: NDArray[np.float64],
        *,
        about: About | None = None,
    ) -> Self:
        """Put the elements together; ``about`` tells what they were made with."""
        self = super().__new__(cls, W, sj, freqs, coi, fft, fftfreqs)
        self.__dict__["about"] = about
        return self

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Fourier frequencies of the scales in 1/time, shape (scales,)."""
        return self.freqs

    @property
    def scales(self) -> NDArray[np.float64]:
        """Scales in units of time, shape (scales,)."""
        return self.sj

    @property
    def power(self) -> NDArray[np.floating]:
        """|W|² in units of the series squared (TC98, section 3d), shape (scales, N)."""
        power: NDArray[np.floating] = self.W.real**2 + self.W.imag**2
        return power

    @property
    def global_power(self) -> NDArray[np.float64]:
        """Mean of the power over time (TC98, eq. 22) but for cones of gaps, shape (scales,)."""
        from pycwt_mod.results.summaries import mean_power

        return mean_power(self.W, self.outside_gaps if self.gapped else None)

    @property
    def series(self) -> NDArray[np.float64]:
        """The series without its mean, shape (N,); NaN where samples were missing.

        Raises:
            ValueError: the result was put together by hand.
        """
        if self.about is None or not self.about.parts:
            raise ValueError("the series isn't known: this result doesn't come from a transform")
        unit, exponent = self.about.parts[0]
        series: NDArray[np.float64] = np.ldexp(unit, exponent)
        series[~self.present] = np.nan
        return series

    def significance(
        self, level: float = 0.95, *, alpha: float | None = None, test: int = 0
    ) -> Significance:
        """Levels of AR(1) noise with the variance of the series, per scale.

        Args:
            level: probability, between 0 and 1.
            alpha: lag-1 autocorrelation; None estimates it by :func:`pycwt_mod.ar1`.
            test: 0 for points of the map; 1 for the global spectrum, of which N − s/dt points
                are counted at scale s (TC98, section 5a), N without the cones of gaps.

        Returns:
            The levels; see :func:`pycwt_mod.significance`.

        Raises:
            TypeError: an argument isn't a number.
            ValueError: one is out of range, or the result was put together by hand.

        Warns:
            UnitRootWarning: the series is redder than an AR(1) process.
        """
        from pycwt_mod.background import significance

        counted = self.outside_gaps.sum(axis=1) if self.gapped and test == 1 else self.n
        dof = np.maximum(counted - self.sj / self.dt, 1) if test == 1 else -1
        return significance(
            *(self.series, self.dt, self.sj, test, alpha, level, dof, self.wavelet), gaps="mask"
        )

    def summary(self, level: float = 0.95) -> TransformSummary:
        """Peaks and significant share; see :mod:`pycwt_mod.results.summaries`."""
        from pycwt_mod.results.summaries import summarise_transform

        return summarise_transform(self, level)

    def plot(self, *, level: float | None = 0.95, ax: Axes | None = None, **how: Any) -> Figure:
        """The scalogram, with its cone and the contour of the level against AR(1) noise.

        Args:
            level: probability of the contour; None draws none.
            ax: axes to draw into; None makes a figure.
            how: as :func:`pycwt_mod.plot_scalogram` takes it.

        Returns:
            The figure.
        """
        from pycwt_mod.plots import plot_scalogram

        return plot_scalogram(self, level=level, ax=ax, **how)

    def plot_global(self, *, level: float | None = 0.95, ax: Axes | None = None) -> Figure:
        """The global spectrum with its level; see :func:`pycwt_mod.plots.plot_global`."""
        from pycwt_mod.plots import plot_global

        return plot_global(self, level=level, ax=ax)

    def __repr__(self) -> str:
        from pycwt_mod.results.summaries import tell_transform

        return tell_transform(self)


class _CrossTuple(NamedTuple):
    W12: NDArray[np.complex128]
    coi: NDArray[np.float64]
    freq: NDArray[np.float64]
    signif: NDArray[np.float64]


class CrossTransform(Phased, _CrossTuple):
    """What :func:`pycwt_mod.xwt` gives; it unpacks as pycwt's tuple does.

    Elements:
        W12: W₁·conj(W₂), complex128, shape (scales, N).
        coi: cone of influence in periods, shape (N,).
        freq: Fourier frequencies of the scales in 1/time, shape (scales,).
        signif: |W12| that two independent AR(1) noises stay below, shape (scales,).
    """

    def __new__(
        cls,
        W12: NDArray[np.complex128],
        coi: NDArray[np.float64],
        freq: NDArray[np.float64],
        signif: NDArray[np.float64],
        *,
        about: About | None = None,
    ) -> Self:
        """Put the elements together; ``about`` tells what they were made with."""
        self = super().__new__(cls, W12, coi, freq, signif)
        self.__dict__["about"] = about
        return self

    @property
    def phase(self) -> NDArray[np.floating]:
        """Phase of W₁·conj(W₂) in radians, shape (scales, N); positive where y1 leads."""
        return np.angle(self.W12)

    @property
    def power(self) -> NDArray[np.float64]:
        """|W12|, shape (scales, N)."""
        return np.abs(self.W12)

    @property
    def significance_level(self) -> float | None:
        """The probability that ``signif`` belongs to."""
        return self.about.significance_level if self.about else None

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Points outside the cones of ends and gaps that reach their level, shape (scales, N)."""
        significant: NDArray[np.bool_] = (self.power >= self.signif[:, None]) & self.outside
        return significant

    def plot(self, *, ax: Axes | None = None, **how: Any) -> Figure:
        """The map of |W12|, with arrows for the phase; see :func:`pycwt_mod.plots.plot_cross`."""
        from pycwt_mod.plots import plot_cross

        return plot_cross(self, ax=ax, **how)

    def __repr__(self) -> str:
        from pycwt_mod.results.summaries import tell_cross

        return tell_cross(self)


class _CoherenceTuple(NamedTuple):
    WCT: NDArray[np.floating]
    aWCT: NDArray[np.floating]  # noqa: N815 - pycwt's name
    coi: NDArray[np.float64]
    freq: NDArray[np.float64]
    sig: NDArray[np.float64]


class Coherence(Phased, _CoherenceTuple):
    """What :func:`pycwt_mod.wct` gives; it unpacks as pycwt's tuple does.

    Elements:
        WCT: squared coherence R² in [0, 1], shape (scales, N).
        aWCT: phase in radians of the unsmoothed W₁·conj(W₂), shape (scales, N); positive where
            y1 leads.
        coi: cone of influence in periods, shape (N,).
        freq: Fourier frequencies of the scales in 1/time, shape (scales,).
        sig: R² that independent noises stay below, shape (scales,); [0] where not asked for.
    """

    #: The Monte Carlo run behind ``sig``: seed, backend, realisations, histogram and errors.
    monte_carlo: MonteCarlo | None = None
    #: Levels at every point with their errors, the cone of influence included, where ``edges``
    #: asked for them; ``sig`` holds those outside.
    level_map: LevelMap | None = None

    def __new__(
        cls,
        WCT: NDArray[np.floating],
        aWCT: NDArray[np.floating],
        coi: NDArray[np.float64],
        freq: NDArray[np.float64],
        sig: NDArray[np.float64],
        *,
        about: About | None = None,
        monte_carlo: MonteCarlo | None = None,
        level_map: LevelMap | None = None,
    ) -> Self:
        """Put the elements together, and what is known of how they were made."""
        self = super().__new__(cls, WCT, aWCT, coi, freq, sig)
        self.__dict__.update(about=about, monte_carlo=monte_carlo, level_map=level_map)
        return self

    @property
    def phase(self) -> NDArray[np.floating]:
        """Phase of W₁·conj(W₂) in radians, shape (scales, N); positive where y1 leads."""
        return self.aWCT

    @property
    def tested(self) -> bool:
        """Whether there are significance levels."""
        if self.level_map is not None:
            return True
        # A single scale has as many levels as there are where none was asked for.
        return self.sig.size == self.freq.size and (self.sig.size > 1 or bool(self.sig[0] > 0))

    @property
    def point_levels(self) -> NDArray[np.float64]:
        """Levels that broadcast against WCT: those of the map, else ``sig`` as (scales, 1).

        Raises:
            ValueError: the coherence has no significance levels.
        """
        if not self.tested:
            raise ValueError("coherence has no significance levels: call wct with sig=True")
        return self.sig[:, None] if self.level_map is None else self.level_map.levels

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Points whose R² reaches their level, shape (scales, N).

        Within the cone of influence ``sig`` doesn't hold; without a level map nothing there is
        significant. Within the cone of a gap nothing is in any case.

        Raises:
            ValueError: the coherence has no significance levels.
        """
        reached: NDArray[np.bool_] = self.point_levels <= self.WCT
        return reached & (self.outside if self.level_map is None else self.outside_gaps)

    @property
    def seed(self) -> int | None:
        """Seed of the Monte Carlo run."""
        return self.monte_carlo.seed if self.monte_carlo else None

    @property
    def backend(self) -> str | None:
        """Name of the backend that ran it."""
        return self.monte_carlo.backend if self.monte_carlo else None

    @property
    def mc_count(self) -> int | None:
        """Its realisations."""
        return self.monte_carlo.mc_count if self.monte_carlo else None

    @property
    def estimator(self) -> str | None:
        """Its estimator."""
        return self.monte_carlo.estimator if self.monte_carlo else None

    @property
    def significance_level(self) -> float | None:
        """The probability that ``sig`` belongs to."""
        return self.monte_carlo.significance_level if self.monte_carlo else None

    def summary(self) -> CoherenceSummary:
        """Peaks, significant share and mean phase; see :func:`pycwt_mod.summarise`."""
        from pycwt_mod.results.summaries import summarise

        return summarise(self)

    def plot(self, *, ax: Axes | None = None, **how: Any) -> Figure:
        """The map of R² with its cone, contour and arrows; see :func:`pycwt_mod.plot_coherence`."""
        from pycwt_mod.plots import plot_coherence

        return plot_coherence(self, ax=ax, **how)

    def __repr__(self) -> str:
        from pycwt_mod.results.summaries import tell_coherence

        return tell_coherence(self)


_TESTS = ("points of the map", "averages over time", "the average over scales")


class _SignificanceTuple(NamedTuple):
    signif: NDArray[np.float64]
    fft_theor: NDArray[np.float64]


class Significance(_SignificanceTuple):
    """What :func:`pycwt_mod.significance` gives; it unpacks as pycwt's tuple does.

    Elements:
        signif: power that noise exceeds in one of 1/(1 − level) cases; a vector over scales, or
            one number for an average over scales.
        fft_theor: background spectrum, shaped like ``signif``.
    """

    #: The probability that ``signif`` belongs to.
    level: float | None = None
    #: Lag-1 autocorrelation of the noise.
    alpha: float | None = None
    #: Variance of the noise.
    variance: float | None = None
    #: What was tested: 0 points, 1 averages over time, 2 averages over scales.
    sigma_test: int | None = None
    #: Fourier periods of the scales, shape (scales,).
    periods: NDArray[np.float64] | None = None

    def __new__(
        cls,
        signif: NDArray[np.float64],
        fft_theor: NDArray[np.float64],
        **known: Any,
    ) -> Self:
        """Put the elements together, and what is known of how they were made."""
        self = super().__new__(cls, signif, fft_theor)
        self.__dict__.update(known)
        return self

    __setattr__ = frozen
    __delattr__ = frozen

    def __repr__(self) -> str:
        if self.level is None or self.periods is None:
            return f"<Significance: {self.signif.size} levels>"
        what = _TESTS[self.sigma_test or 0]
        return (
            f"<Significance: {100 * self.level:g} % level of {what}, AR(1) noise of lag-1 "
            f"autocorrelation {self.alpha:.3f} and variance {self.variance:.4g}, "
            f"periods {self.periods.min():.4g} to {self.periods.max():.4g}>"
        )
