"""Wavelet coherence from transforms made before, of series of different spans, and of many series.

Definitions are those of :mod:`pycwt_mod.coherence`; the phase is that of W₁·conj(W₂), *y1 leads
⇒ positive phase*.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pycwt_mod import checks
from pycwt_mod.analysis.planes import Plane, plane_of, rows_within, same_grid
from pycwt_mod.analysis.spectral_matrix import SpectralMatrix, named_series
from pycwt_mod.gaps import filled
from pycwt_mod.results.kinds import About, Coherence
from pycwt_mod.smoothing import Smoother, coherence_ratio, scale_weights
from pycwt_mod.transform import cone_of_influence, cwt, scale_grid
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.gaps import Gaps

#: Time axes may miss their grid by this share of the sampling interval: months in rounded years.
_TIME_TOLERANCE = 0.01


class Overlap(NamedTuple):
    """What :func:`wct_overlap` gives."""

    #: The common part of the time axes, shape (N,).
    time: NDArray[np.float64]
    #: Coherence there, without levels.
    coherence: Coherence


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
    return _coherence_of(_matrix(planes), 0, 1, planes)


def wct_overlap(  # noqa: PLR0917 - series and their axes, then the grid in the order of wct
    time1: ArrayLike,
    y1: ArrayLike,
    time2: ArrayLike,
    y2: ArrayLike,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    wavelet: str | Wavelet = "morlet",
    *,
    gaps: Gaps | None = None,
) -> Overlap:
    """Wavelet coherence of two series of different spans, over the time that they share.

    Either series is transformed over its full span, so that the end of the shared time is an
    end for the transforms only of a series that really ends there. The transforms are cut and
    their three products smoothed over the shared time. An auto spectrum smoothed over more
    than that would see what no cross spectrum sees, and R² of equal series would fall below 1
    near the ends. The cone of influence is that of the shared time: at either end of it one of
    the series ends.

    Args:
        time1: of the first series, evenly spaced, shape (N₁,).
        y1: N₁ real samples, not constant.
        time2: of the second, with the same spacing and in step with the first, shape (N₂,).
        y2: N₂ real samples, not constant.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one; −1 goes by the length of the shared time.
        wavelet: name or instance.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`.

    Returns:
        The shared time, and the coherence without levels.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, a time axis isn't evenly spaced, or the axes
            don't fit each other or share fewer than four samples.
    """
    mother = find_wavelet(wavelet)
    both = filled(y1, gaps, "y1"), filled(y2, gaps, "y2")
    sizes = [x.values.size for x in both]
    axes = (_axis(time1, sizes[0], "time1"), _axis(time2, sizes[1], "time2"))
    dt = (axes[0][-1] - axes[0][0]) / (sizes[0] - 1)
    start1, start2, shared = _shared(*axes, dt)
    sj = scale_grid(shared, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    coi = cone_of_influence(shared, dt, mother)
    planes = []
    for x, start in zip(both, (start1, start2), strict=True):
        full = cwt(x.with_gaps, dt, dj, float(sj[0]), sj.size - 1, mother, gaps=gaps)
        part = slice(start, start + shared)
        # What gaps beyond the shared time do within it, they do within the cone of its ends.
        there = None if x.present is None or x.present[part].all() else x.present[part]
        planes.append(Plane(full.W[:, part], sj, full.freqs, coi, dt, mother, there))
    matrix = _matrix(planes, dj)
    return Overlap(axes[0][start1 : start1 + shared], _coherence_of(matrix, 0, 1, planes))


class CoherenceMatrix:
    """Coherence of every pair of several series; made by :func:`coherence_matrix`.

    It holds the transforms and their smoothed power, and computes a pair when it is asked for.
    Going through it gives (name, name, coherence) for every pair once.
    """

    def __init__(self, names: tuple[str, ...], planes: Sequence[Plane], dj: float) -> None:
        #: Names of the series.
        self.names = names
        #: Fourier frequencies of the scales in 1/time, shape (scales,).
        self.freqs = planes[0].freqs
        #: Cone of influence in periods, shape (N,).
        self.coi = planes[0].coi
        self._planes = planes
        self._matrix = _matrix(planes, dj)

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
        return _coherence_of(self._matrix, self._index(first), self._index(second), self._planes)

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
    series: Mapping[str, ArrayLike] | Sequence[ArrayLike] | NDArray[Any],
    dt: float,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    wavelet: str | Wavelet = "morlet",
    *,
    dtype: DTypeLike = "complex128",
    gaps: Gaps | None = None,
) -> CoherenceMatrix:
    """Coherence of every pair of several series; each is transformed and smoothed once.

    n series need n planes of ``dtype`` and n of float64, and a few for the pair at hand.

    Args:
        series: two at least of one length: by name, in a row, or an array of shape (series, N).
        dt: sampling interval.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one, or −1; see :func:`pycwt_mod.cwt`.
        wavelet: name or instance.
        dtype: that the transforms are kept in: complex128, or complex64 with R² good to 1e−5.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`.

    Returns:
        The pairs; see :class:`CoherenceMatrix`.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, a series is unfit, or their lengths differ.
    """
    mother = find_wavelet(wavelet)
    names, values = named_series(series, "series", 2, gaps)
    dt = checks.positive(dt, "dt")
    kind = checks.complex_type(dtype, "dtype")
    sj = scale_grid(values[0].values.size, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    planes = []
    for x in values:
        t = cwt(x.with_gaps, dt, dj, float(sj[0]), sj.size - 1, mother, gaps=gaps)
        plane = Plane(t.W, sj, t.freqs, t.coi, dt, mother)
        W = plane.unit().astype(kind, copy=False)
        planes.append(Plane(W, sj, t.freqs, t.coi, dt, mother, x.present))
    return CoherenceMatrix(names, planes, dj)


def _matrix(planes: Sequence[Plane], dj: float | None = None) -> SpectralMatrix:
    first = planes[0]
    weights = scale_weights(first.dj if dj is None else dj, first.wavelet)
    smoother = Smoother(first.wavelet, first.scales, weights, first.size)
    single = all(plane.W.dtype == np.complex64 for plane in planes)
    return SpectralMatrix([p.W if single else p.unit() for p in planes], smoother)


def _coherence_of(matrix: SpectralMatrix, i: int, j: int, planes: Sequence[Plane]) -> Coherence:
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


def _axis(time: ArrayLike, n: int, name: str) -> NDArray[np.float64]:
    axis = checks.series(time, name)
    if axis.size != n:
        raise ValueError(f"{name} must have as many samples as its series, {n}, not {axis.size}")
    even = np.linspace(axis[0], axis[-1], n)
    if even[1] <= even[0] or np.abs(axis - even).max() > _TIME_TOLERANCE * (even[1] - even[0]):
        raise ValueError(f"{name} must increase in equal steps")
    return axis


def _shared(
    time1: NDArray[np.float64], time2: NDArray[np.float64], dt: float
) -> tuple[int, int, int]:
    """First samples of the shared time in either series, and its length."""
    dt2 = (time2[-1] - time2[0]) / (time2.size - 1)
    if abs(dt2 - dt) * min(time1.size, time2.size) > _TIME_TOLERANCE * dt:
        raise ValueError(f"time1 and time2 must have the same step, not {dt:g} and {dt2:g}")
    offset = (time2[0] - time1[0]) / dt
    whole = round(offset)
    if abs(offset - whole) > _TIME_TOLERANCE:
        raise ValueError(f"time1 and time2 must be in step; they are {offset:g} steps apart")
    start1, start2 = max(0, whole), max(0, -whole)
    shared = min(time1.size - start1, time2.size - start2)
    if shared < checks.MIN_LENGTH:
        raise ValueError(
            f"time1 and time2 must share at least {checks.MIN_LENGTH} samples, not {max(0, shared)}"
        )
    return start1, start2, shared
