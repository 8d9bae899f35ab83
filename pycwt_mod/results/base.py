"""The base of the results: where, when and with what a map over time and period was made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from pycwt_mod.gaps import Gaps
    from pycwt_mod.results.labels import Labelled, TimeAxis
    from pycwt_mod.wavelets import Wavelet

#: Attributes of results that aren't elements of their tuples.
_EXTRAS = ("about", "monte_carlo", "level_map")


def frozen(self: object, name: str, value: object = None) -> NoReturn:
    """Refuse to set or delete an attribute.

    Raises:
        AttributeError: always.
    """
    del self, value
    raise AttributeError(
        f"results don't change: {name} can't be set; _replace({name}=…) makes another one"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a result was made with."""

    #: Sampling interval.
    dt: float
    #: Spacing of the scales in octaves, in whatever order they are; None where it isn't even.
    dj: float | None
    #: The mother wavelet.
    wavelet: Wavelet
    #: When the samples were taken; None for plain numbers.
    axis: TimeAxis | None = None
    #: Names of the series.
    names: tuple[str, ...] = ()
    #: Units of the series.
    units: tuple[str, ...] = ()
    #: Units of dt.
    time_units: str = ""
    #: The series without their means, as (unit series, exponent of 2).
    parts: tuple[tuple[NDArray[np.float64], int], ...] = ()
    #: The probability of the levels that are part of the result.
    significance_level: float | None = None
    #: The release whose numbers these are; None for this library's own.
    compat: str | None = None
    #: How missing samples were taken; None where they would have been refused.
    gaps: Gaps | None = None
    #: Of each series the samples that are there, bool[N]; empty where none is missing.
    present: tuple[NDArray[np.bool_], ...] = ()
    #: What :mod:`pycwt_mod.preprocess` did to each series beforehand.
    steps: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(
        cls,
        known: Labelled,
        wavelet: Wavelet,
        dj: float | None,
        *parts: tuple[NDArray[np.float64], int],
        significance_level: float | None = None,
        compat: str | None = None,
        gaps: Gaps | None = None,
        present: tuple[NDArray[np.bool_], ...] = (),
    ) -> About:
        """From what :func:`pycwt_mod.results.labels.read` has read."""
        return cls(
            dt=known.dt,
            dj=dj,
            wavelet=wavelet,
            axis=known.axis,
            names=known.names,
            units=known.units,
            time_units=known.time_units,
            parts=parts,
            significance_level=significance_level,
            compat=compat,
            gaps=gaps,
            present=present,
            steps=known.steps,
        )


class _Elements:
    """What a result has of the tuple that it is."""

    if TYPE_CHECKING:

        @property
        def coi(self) -> NDArray[np.float64]:
            """Cone of influence in periods, shape (N,)."""

        def _replace(self, **changes: Any) -> Self:
            """A copy with other elements."""

        def _asdict(self) -> dict[str, Any]:
            """The elements by name."""


class Result(_Elements, ABC):
    """What the maps over time and period have in common."""

    #: What the result was made with; None where it was put together by hand.
    about: About | None = None

    @property
    @abstractmethod
    def frequencies(self) -> NDArray[np.float64]:
        """Fourier frequencies of the scales in 1/time, shape (scales,)."""

    @property
    def periods(self) -> NDArray[np.float64]:
        """Fourier periods of the scales, shape (scales,)."""
        periods: NDArray[np.float64] = 1 / self.frequencies
        return periods

    @property
    def scales(self) -> NDArray[np.float64]:
        """Scales in units of time, shape (scales,).

        Raises:
            ValueError: the result was put together by hand.
        """
        scales: NDArray[np.float64] = self.periods / self._known("scales").wavelet.flambda()
        return scales

    @property
    def n(self) -> int:
        """Samples of the series, N."""
        return self.coi.size

    @property
    def dt(self) -> float:
        """Sampling interval.

        Raises:
            ValueError: the result was put together by hand.
        """
        return self._known("dt").dt

    @property
    def dj(self) -> float | None:
        """Spacing of the scales in octaves; None where it isn't known or not even."""
        return self.about.dj if self.about else None

    @property
    def wavelet(self) -> Wavelet:
        """The mother wavelet.

        Raises:
            ValueError: the result was put together by hand.
        """
        return self._known("wavelet").wavelet

    @property
    def axis(self) -> TimeAxis | None:
        """The labelled time axis of the series, where it had one."""
        return self.about.axis if self.about else None

    @property
    def time(self) -> NDArray[Any]:
        """Times of the samples, shape (N,): those of the labels, else 0, dt, 2·dt, ….

        Raises:
            ValueError: the result was put together by hand.
        """
        if self.axis is not None:
            return self.axis.values
        return self._known("time").dt * np.arange(self.n)

    @property
    def time_units(self) -> str:
        """Units of dt, scales and periods; empty where they aren't known."""
        return self.about.time_units if self.about else ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the series; empty where they aren't known."""
        return self.about.names if self.about else ()

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the series; empty where they aren't known."""
        return self.about.units if self.about else ()

    @property
    def present(self) -> NDArray[np.bool_]:
        """Samples that are there, of two series in both, shape (N,)."""
        there = np.ones(self.n, bool)
        for one in self.about.present if self.about else ():
            there &= one
        return there

    @property
    def gapped(self) -> bool:
        """Whether samples were missing."""
        return bool(self.about and self.about.present)

    @property
    def coverage(self) -> NDArray[np.float64]:
        """Share of the wavelet's energy that falls on samples that are there, shape (scales, N).

        Of two series the smaller share. Samples beyond the ends don't count as missing: the cone
        of influence is for them. The formula is in :mod:`pycwt_mod.gaps`.
        """
        if self.about is None or not self.about.present:
            return np.ones((self.periods.size, self.n))
        from pycwt_mod.gaps import coverage

        return coverage(self.about.present, self.scales / self.about.dt, self.about.wavelet)

    @property
    def outside_gaps(self) -> NDArray[np.bool_]:
        """Points outside the cones around gaps, of either series; shape (scales, N)."""
        if self.about is None or not self.about.present:
            return np.ones((self.periods.size, self.n), bool)
        from pycwt_mod.gaps import outside_gaps

        return outside_gaps(self.about.present, self.scales / self.about.dt, self.about.wavelet)

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Points that neither the ends nor gaps reach, shape (scales, N).

        They lie outside the cone of influence and outside the cones around gaps.
        """
        from pycwt_mod.gaps import outside_ends

        outside = outside_ends(self.periods[:, None], self.coi)
        return outside & self.outside_gaps if self.gapped else outside

    def to_xarray(self) -> Any:
        """The result as an ``xarray.Dataset``; see :func:`pycwt_mod.results.export.to_xarray`."""
        from pycwt_mod.results import export

        return export.to_xarray(self)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` over periods; see :func:`pycwt_mod.results.export.to_pandas`."""
        from pycwt_mod.results import export

        return export.to_pandas(self)

    def to_netcdf(self, path: str | os.PathLike[str]) -> None:
        """Write a NetCDF file; see :func:`pycwt_mod.results.export.to_netcdf`."""
        from pycwt_mod.results import export

        export.to_netcdf(self, path)

    def to_csv(self, path: str | os.PathLike[str], *, points: bool = False) -> None:
        """Write a table of text; see :func:`pycwt_mod.results.export.to_csv`."""
        from pycwt_mod.results import export

        export.to_csv(self, path, points=points)

    __setattr__ = frozen
    __delattr__ = frozen

    def _replace(self, **changes: Any) -> Self:
        """A copy with other values: of the tuple's elements, or of what came with them."""
        own = {name: changes.pop(name) for name in list(changes) if name in _EXTRAS}
        copy = super()._replace(**changes)
        copy.__dict__.update({**self.__dict__, **own})
        return copy

    def _known(self, what: str) -> About:
        if self.about is None:
            raise ValueError(f"{what} isn't known: this result doesn't come from a transform")
        return self.about


class Phased(Result):
    """What maps of two series have in common."""

    if TYPE_CHECKING:

        @property
        def freq(self) -> NDArray[np.float64]:
            """Fourier frequencies of the scales in 1/time, shape (scales,)."""

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Fourier frequencies of the scales in 1/time, shape (scales,)."""
        return self.freq

    @property
    def freqs(self) -> NDArray[np.float64]:
        """Another name of ``freq``: what a transform calls them."""
        return self.frequencies

    @property
    @abstractmethod
    def phase(self) -> NDArray[np.floating]:
        """Phase of W₁·conj(W₂) in radians, shape (scales, N); positive where y1 leads."""

    @property
    def phase_degrees(self) -> NDArray[np.floating]:
        """Phase in degrees, −180 to 180, shape (scales, N); positive where y1 leads."""
        degrees: NDArray[np.floating] = np.degrees(self.phase)
        return degrees

    @property
    def time_lag(self) -> NDArray[np.floating]:
        """How long y2 follows after y1, in units of time, shape (scales, N).

        Phase over 2π times the period: −½ to ½ period, as whole periods can't be told.
        """
        lag: NDArray[np.floating] = self.phase / (2 * np.pi) * self.periods[:, None]
        return lag
