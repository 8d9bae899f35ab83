"""Wavelet coherence from transforms made before, of series of different spans, and of many series.

Definitions are those of :mod:`pycwt_mod.coherence`; the phase is that of W₁·conj(W₂), *y1 leads
⇒ positive phase*.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pycwt_mod import checks
from pycwt_mod.analysis.planes import Plane, plane_of, rows_within, same_grid
from pycwt_mod.analysis.spectral_matrix import SpectralMatrix, listed, read_series
from pycwt_mod.results.kinds import About, Coherence
from pycwt_mod.smoothing import Smoother, coherence_ratio, scale_weights
from pycwt_mod.transform import cwt, scale_grid
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.analysis.spectral_matrix import Several
    from pycwt_mod.gaps import Gaps
    from pycwt_mod.results.labels import Labelled


class PairMeans(NamedTuple):
    """What :meth:`CoherenceMatrix.means` gives; both of shape (series, series)."""

    #: Mean R², 1 on the diagonal.
    r2: NDArray[np.float64]
    #: Direction of the mean of exp(i·phase) in radians, positive where the row's series leads.
    phase: NDArray[np.float64]


def wct_from(
    t1: TransformLike, t2: TransformLike, wavelet: str | Wavelet | None = None
) -> Coherence:
    """Wavelet coherence of two transforms that exist already.

    It is that of :func:`pycwt_mod.wct` for the same series and scales, and knows the gaps of
    either transform. For levels see :func:`pycwt_mod.wct_significance`.

    Args:
        t1: transform of the first series, as :func:`pycwt_mod.cwt` gives it; its scales evenly
            spaced in octaves, at least two.
        t2: of the second, on the same grid.
        wavelet: that both were made with; None takes the transforms' own, or the Morlet wavelet.

    Returns:
        R², phase, cone of influence, frequencies, and [0] for the levels; see
        :class:`pycwt_mod.coherence.Coherence`.

    Raises:
        TypeError: an argument isn't a transform.
        ValueError: the grids differ, or the scales have no even spacing.
    """
    planes = [plane_of(t1, wavelet, "t1"), plane_of(t2, wavelet, "t2")]
    same_grid(planes, ["t1", "t2"])
    return coherence_of(matrix_of(planes), 0, 1, planes)


def told(coherence: Coherence, known: Labelled, which: tuple[int, int]) -> Coherence:
    """A coherence that knows the labels of its series."""
    about = coherence.about
    if about is None:
        return coherence

    def of(what: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(what[i] for i in which) if what else ()

    labelled = replace(
        about,
        axis=known.axis,
        time_units=known.time_units,
        names=of(known.names),
        units=of(known.units),
        steps=of(known.steps),
    )
    return coherence._replace(about=labelled)


class CoherenceMatrix:
    """Coherence of every pair of several series; made by :func:`coherence_matrix`.

    It holds the transforms and their smoothed power, and computes a pair when it is asked for.
    Going through it gives (name, name, coherence) for every pair once.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        planes: Sequence[Plane],
        dj: float,
        known: Labelled | None = None,
    ) -> None:
        #: Names of the series.
        self.names = names
        #: Fourier frequencies of the scales in 1/time, shape (scales,).
        self.freqs = planes[0].freqs
        #: Cone of influence in periods, shape (N,).
        self.coi = planes[0].coi
        self._planes = planes
        self._known = known
        self._matrix = matrix_of(planes, dj)

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.names) * (len(self.names) - 1) // 2

    def __iter__(self) -> Iterator[tuple[str, str, Coherence]]:
        """Every pair once, the first series before the second."""
        for i, j in itertools.combinations(range(len(self.names)), 2):
            yield self.names[i], self.names[j], self.pair(i, j)

    def pair(self, first: str | int, second: str | int) -> Coherence:
        """Coherence of two series, as :func:`wct_from` gives it.

        Args:
            first: name or number of the series; its lead is a positive phase.
            second: that of the other.

        Returns:
            R², phase, cone of influence, frequencies, and [0] for the levels.

        Raises:
            ValueError: there is no such series.
        """
        i, j = self._index(first), self._index(second)
        found = coherence_of(self._matrix, i, j, self._planes)
        return found if self._known is None else told(found, self._known, (i, j))

    def __repr__(self) -> str:
        """What it is of."""
        periods = 1 / self.freqs
        return (
            f"<CoherenceMatrix: {len(self)} pairs of {', '.join(self.names)}; {self.freqs.size} "
            f"scales × {self.coi.size:,} samples, periods {periods.min():.4g} to "
            f"{periods.max():.4g}>"
        )

    def means(self, periods: ArrayLike | None = None) -> PairMeans:
        """R² and phase of every pair averaged outside the cones of the ends and of its gaps.

        Args:
            periods: shortest and longest period; None takes all.

        Returns:
            Two square tables.

        Raises:
            TypeError: the limits aren't numbers.
            ValueError: no scale lies between them, or none of it outside the cones.
        """
        inside = np.ones(self.freqs.size, bool)
        if periods is not None:
            inside = rows_within(self._planes[0].periods, periods, "periods")
        n = len(self.names)
        r2, phase = np.eye(n), np.zeros((n, n))
        for i, j in itertools.combinations(range(n), 2):
            pair = self.pair(i, j)
            where = self._planes[i].outside & self._planes[j].outside & inside[:, None]
            if not where.any():
                raise ValueError("periods: all of the band lies within the cone of influence")
            r2[i, j] = r2[j, i] = pair.WCT[where].mean()
            phase[i, j] = np.angle(np.exp(1j * pair.aWCT[where]).mean())
            phase[j, i] = -phase[i, j]
        return PairMeans(r2, phase)

    def _index(self, series: str | int) -> int:
        if isinstance(series, str):
            if series not in self.names:
                raise ValueError(f"series must be one of {', '.join(self.names)}, not {series!r}")
            return self.names.index(series)
        return checks.whole(series, "series", 0, len(self.names) - 1)


def coherence_matrix(  # noqa: PLR0917 - in the order of wct
    series: Several,
    dt: float | None = None,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    wavelet: str | Wavelet = "morlet",
    *,
    dtype: DTypeLike = "complex128",
    gaps: Gaps | None = None,
    time_units: str = "auto",
) -> CoherenceMatrix:
    """Coherence of every pair of several series; each is transformed and smoothed once.

    n series need n planes of ``dtype`` and n of float64, and a few for the pair at hand.

    Args:
        series: two at least of one length: by name, in a row, an array of shape (series, N), or
            the columns of a pandas table. They may bring a time axis along, see
            :func:`pycwt_mod.cwt`.
        dt: sampling interval; None takes that of the time axis.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one, or −1; see :func:`pycwt_mod.cwt`.
        wavelet: name or instance.
        dtype: that the transforms are kept in: complex128, or complex64 with R² good to 1e−5.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.

    Returns:
        The pairs; see :class:`CoherenceMatrix`.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, a series is unfit, or their lengths differ.
    """
    mother = find_wavelet(wavelet)
    names, parts = listed(series, "series", 2)
    found = read_series(dt, parts, names, gaps=gaps, time_units=time_units)
    values, step = found.values, found.known.dt
    kind = checks.complex_type(dtype, "dtype")
    sj = scale_grid(values[0].values.size, step, dj=dj, s0=s0, J=J, wavelet=mother)
    planes = []
    for x in values:
        t = cwt(x.with_gaps, step, dj, float(sj[0]), sj.size - 1, mother, gaps=gaps)
        plane = Plane(t.W, sj, t.freqs, t.coi, step, mother)
        W = plane.unit().astype(kind, copy=False)
        planes.append(Plane(W, sj, t.freqs, t.coi, step, mother, x.present))
    known = replace(found.known, names=found.names) if found.known.axis else None
    return CoherenceMatrix(found.names, planes, dj, known)


def matrix_of(planes: Sequence[Plane], dj: float | None = None) -> SpectralMatrix:
    """The smoothed spectra of transforms on one grid."""
    first = planes[0]
    weights = scale_weights(first.dj if dj is None else dj, first.wavelet)
    smoother = Smoother(first.wavelet, first.scales, weights, first.size)
    single = all(plane.W.dtype == np.complex64 for plane in planes)
    return SpectralMatrix([p.W if single else p.unit() for p in planes], smoother)


def coherence_of(matrix: SpectralMatrix, i: int, j: int, planes: Sequence[Plane]) -> Coherence:
    """The coherence of two of the series, without labels and levels."""
    r2 = coherence_ratio(matrix.auto(i), matrix.auto(j), matrix.cross(i, j))
    phase = np.angle(matrix.product(i, j))
    plane, masks = planes[0], [planes[i].present, planes[j].present]
    present: tuple[NDArray[np.bool_], ...] = ()
    if any(mask is not None for mask in masks):
        present = tuple(np.ones(plane.size, bool) if m is None else m for m in masks)
    about = About(
        dt=plane.dt,
        dj=None,
        wavelet=plane.wavelet,
        gaps="mask" if present else None,
        present=present,
    )
    return Coherence(r2, phase, plane.coi, plane.freqs, np.zeros(1), about=about)
