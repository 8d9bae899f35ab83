"""What partial and multiple coherence give; see :mod:`pycwt_mod.analysis.multivariate`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.results.kinds import Coherence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pycwt_mod.analysis.multivariate_noise import MultivariateMonteCarlo
    from pycwt_mod.results.base import About


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OfSeveral:
    """What partial and multiple coherence have in common."""

    #: Cone of influence in periods, shape (N,).
    coi: NDArray[np.float64]
    #: Fourier frequencies of the scales in 1/time, shape (scales,).
    freqs: NDArray[np.float64]
    #: Run behind the levels; None where not asked for.
    monte_carlo: MultivariateMonteCarlo | None
    #: Points that neither the ends nor gaps of any series reach, shape (scales, N).
    outside: NDArray[np.bool_]
    #: Share of the wavelet's energy on samples that are there, the least of all series.
    coverage: NDArray[np.float64]
    #: What it was made with: time axis, names, units, wavelet.
    about: About

    if TYPE_CHECKING:

        @property
        def r2(self) -> NDArray[np.float64]:
            """R² in [0, 1], shape (scales, N)."""

    @property
    def sig(self) -> NDArray[np.float64] | None:
        """R² that unrelated noises stay below, shape (scales,)."""
        return self.monte_carlo.levels if self.monte_carlo else None

    @property
    def periods(self) -> NDArray[np.float64]:
        """Fourier periods of the scales, shape (scales,)."""
        periods: NDArray[np.float64] = 1 / self.freqs
        return periods

    @property
    def time(self) -> NDArray[Any]:
        """Times of the samples, shape (N,): those of the labels, else 0, dt, 2·dt, …."""
        if self.about.axis is not None:
            return self.about.axis.values
        return self.about.dt * np.arange(self.coi.size)

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Points outside the cones whose R² reaches its level, shape (scales, N).

        Raises:
            ValueError: there are no levels.
        """
        if self.sig is None:
            raise ValueError(f"{type(self).__name__} has no levels: take sig=True")
        reached: NDArray[np.bool_] = self.sig[:, None] <= self.r2
        return reached & self.outside

    def as_coherence(self) -> Coherence:
        """The same as a coherence of the first two series, for what takes one.

        Its R² and phase are 0 where they aren't known; of multiple coherence all phases are.
        """
        phase = getattr(self, "phase", np.zeros_like(self.r2))
        levels = np.zeros(1) if self.sig is None else self.sig
        known = np.isfinite(self.r2)
        plain = np.where(known, self.r2, 0.0), np.where(known, phase, 0.0)
        about = replace(self.about, names=self.about.names[:2], units=self.about.units[:2])
        return Coherence(*plain, self.coi, self.freqs, levels, about=about)

    def plot(self, *, ax: Axes | None = None, **how: Any) -> Figure:
        """The map of R²; see :func:`pycwt_mod.plot_coherence`.

        Args:
            ax: axes to draw into; None makes a figure.
            how: as that function takes it.

        Returns:
            The figure.
        """
        from pycwt_mod.plots import plot_coherence

        return plot_coherence(self.as_coherence(), ax=ax, **self._drawn(), **how)

    def _drawn(self) -> dict[str, Any]:
        return {}

    def __repr__(self) -> str:
        head, *lines = repr(self.as_coherence()).split("\n")
        lines = [line.replace("call wct with", "take") for line in lines]
        if not hasattr(self, "phase"):
            lines = [line for line in lines if not line.startswith("  mean phase")]
        what = f"<{type(self).__name__}{head[head.index(':') :] if ':' in head else ''}"
        names = ", ".join(name for name in self.about.names if name)
        return "\n".join([what, *([f"  series       {names}"] if names else []), *lines])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PartialCoherence(OfSeveral):
    """What :func:`partial_coherence` gives."""

    #: γ, complex128, shape (scales, N); NaN where it can't be known.
    coherency: NDArray[np.complex128]

    @property
    def r2(self) -> NDArray[np.float64]:
        """|γ|² in [0, 1], shape (scales, N)."""
        squared: NDArray[np.float64] = self.coherency.real**2 + self.coherency.imag**2
        return np.minimum(squared, 1.0)

    @property
    def phase(self) -> NDArray[np.float64]:
        """Phase of γ in radians, that of the *smoothed* spectra; positive where y leads x."""
        phase: NDArray[np.float64] = np.angle(self.coherency)
        return phase

    def _drawn(self) -> dict[str, Any]:
        first, second = self.about.names[:2] if any(self.about.names[:2]) else ("y", "x")
        return {"labels": (first or "y", second or "x")}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MultipleCoherence(OfSeveral):
    """What :func:`multiple_coherence` gives."""

    #: Share of the power of y that the predictors explain, in [0, 1], shape (scales, N); NaN
    #: where it can't be known.
    r2: NDArray[np.float64]

    def _drawn(self) -> dict[str, Any]:
        first = (self.about.names or ("",))[0] or "y"
        return {"phase": False, "title": f"Multiple wavelet coherence of {first}"}
