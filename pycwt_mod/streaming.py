"""A transform that grows with its series: append samples, get the coefficients that are final.

A coefficient at scale s depends on the samples within a few s of it. Once these are there, later
samples don't change it any more; until then it stands within the reach of the live end. For
every octave of scales the last samples are kept that its unfinished coefficients depend on, so
that the cost of an append depends on the largest scale, not on the length of the series.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from pycwt_mod import checks
from pycwt_mod.results.kinds import About, Transform
from pycwt_mod.transform import cone_of_influence, scale_grid, transform
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


#: Share of the wavelet's amplitude that lies beyond its reach, where none is asked for.
_TOLERANCE = 1e-8
#: The wavelet's shape is looked at this far, in scales, and so finely.
_FARTHEST, _PER_SCALE = 2000, 64


@dataclass(frozen=True)
class Finished:
    """Coefficients that later samples don't change any more."""

    #: For each scale: the sample that its new coefficients begin at.
    first: NDArray[np.int64]
    #: For each scale: its new coefficients, complex128 of shape (number of them,).
    rows: tuple[NDArray[np.complex128], ...]


@dataclass
class _Group:
    """Scales of one octave."""

    rows: slice
    #: In samples.
    scales: NDArray[np.float64]
    reach: int
    #: Coefficients that are final.
    done: int = 0


class RunningTransform:
    """The transform of a series that arrives bit by bit, at fixed scales.

    Farther than ``reach`` from the live end and from the start, what comes out equals the
    transform of the whole series: to the tolerance, at scales whose band ends below the Nyquist
    frequency ((ω₀ + 6)/π samples for the Morlet wavelet). At smaller ones the cut makes the
    wavelet fall off slowly in time, and differences of some 1e-3 of the largest coefficient
    remain; the transforms of a series and of its continuation differ no less there.

    The mean of a series that isn't complete isn't known: ``mean`` is taken off instead. Far from
    the ends the Morlet wavelet sees 1e−8 of an error in it, Paul and DOG none.

    With ``gaps="mask"`` samples that are NaN or masked are missing and weigh nothing, as in
    :func:`pycwt_mod.cwt`: ``mean`` stands in their place. The result knows where they are.
    Lines across gaps aren't offered: they need the sample after the gap.

    Args:
        dt: sampling interval.
        J: number of scales less one.
        dj: spacing of scales in octaves.
        s0: smallest scale; −1 takes the scale whose period is 2·dt.
        wavelet: name or instance.
        mean: what the series varies about.
        tolerance: share of the wavelet's amplitude that its reach leaves out, above 0 and below
            0.1. Paul's falls off like a power of time: its reach gets long below 1e-3.
        gaps: None refuses missing samples, "mask" gives them no weight.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        dt: float,
        J: int,
        dj: float = 1 / 12,
        s0: float = -1,
        wavelet: str | Wavelet = "morlet",
        *,
        mean: float = 0.0,
        tolerance: float = _TOLERANCE,
        gaps: Literal["mask"] | None = None,
    ) -> None:
        self.wavelet = find_wavelet(wavelet)
        self.dt = checks.positive(dt, "dt")
        whole = checks.whole(J, "J", 0, 10_000)
        self.sj = scale_grid(1, self.dt, dj=dj, s0=s0, J=whole, wavelet=self.wavelet)
        self.freqs = 1 / (self.wavelet.flambda() * self.sj)
        self._mean = checks.finite(mean, "mean")
        tail = checks.within(tolerance, "tolerance", 0, 0.1)
        self._factor = reach_of(self.wavelet, tail)
        self._groups = self._octaves(self.sj / self.dt)
        if gaps not in {None, "mask"}:
            raise ValueError(
                f"gaps must be None or 'mask', not {gaps!r}: a line across a gap needs the sample "
                "after it"
            )
        self._gaps: Literal["mask"] | None = gaps
        self._present: list[NDArray[np.bool_]] = []
        self._n = 0
        # Of the series, what unfinished coefficients depend on; it begins at this sample.
        self._tail = np.zeros(0)
        self._begin = 0
        self._final: list[list[NDArray[np.complex128]]] = [[] for _ in self.sj]

    def __len__(self) -> int:
        """Samples so far."""
        return self._n

    @property
    def reach(self) -> NDArray[np.int64]:
        """For each scale, the samples that a coefficient waits for, int64[scales]."""
        return np.concatenate([np.full(g.scales.size, g.reach) for g in self._groups])

    def append(self, samples: ArrayLike) -> Finished:
        """Take more samples, any number of them.

        Args:
            samples: real, finite, one-dimensional; with ``gaps="mask"`` NaN or masked where they
                are missing.

        Returns:
            What became final with them.

        Raises:
            TypeError: they aren't real numbers.
            ValueError: they aren't finite, or not one-dimensional.
        """
        fresh = self._taken(samples) - self._mean
        self._tail = np.concatenate([self._tail, fresh])
        self._n += fresh.size
        first, rows = [], []
        for group in self._groups:
            end = max(group.done, self._n - group.reach)
            first += [group.done] * group.scales.size
            block = self._coefficients(group)[:, : end - group.done] if end > group.done else None
            rows += [np.zeros(0, complex)] * group.scales.size if block is None else list(block)
            group.done = end
        for kept, row in zip(self._final, rows, strict=True):
            if row.size:
                kept.append(row)
        self._forget()
        return Finished(np.array(first), tuple(rows))

    def result(self) -> Transform:
        """The transform of all samples so far; near the live end, as if the series ended there.

        Returns:
            As of :func:`pycwt_mod.cwt`; ``fft`` and ``fftfreqs`` are empty, as the samples that
            they are of aren't kept.

        Raises:
            ValueError: there are no samples yet.
        """
        if self._n == 0:
            raise ValueError("there is no result before the first samples: append some")
        W = np.empty((self.sj.size, self._n), np.complex128)
        for group in self._groups:
            W[group.rows, group.done :] = self._coefficients(group)
        for row, kept in zip(W, self._final, strict=True):
            at = 0
            for piece in kept:
                row[at : at + piece.size] = piece
                at += piece.size
        coi = cone_of_influence(self._n, self.dt, self.wavelet)
        present = np.concatenate(self._present)
        masks = () if present.all() else (present,)
        about = About(dt=self.dt, dj=None, wavelet=self.wavelet, gaps=self._gaps, present=masks)
        none = np.zeros(0)
        return Transform(W, self.sj, self.freqs, coi, none.astype(complex), none, about=about)

    def _taken(self, samples: ArrayLike) -> NDArray[np.float64]:
        """Samples to be appended, with the mean in the place of missing ones."""
        if self._gaps is None:
            fresh = checks.samples(samples, "samples", "gaps='mask' gives missing ones no weight")
            self._present.append(np.ones(fresh.size, bool))
            return fresh
        masked = np.ma.getmaskarray(samples) if np.ma.isMaskedArray(samples) else False
        values = checks.real(np.ma.getdata(samples), "samples")
        missing = np.isnan(values) | masked
        fresh = checks.samples(np.where(missing, self._mean, values), "samples")
        self._present.append(~missing)
        return fresh

    def _octaves(self, scales: NDArray[np.float64]) -> list[_Group]:
        octave = np.floor(np.log2(scales / scales[0]) + 1e-9).astype(int)
        groups = []
        for number in range(octave[-1] + 1):
            rows = np.flatnonzero(octave == number)
            if rows.size:
                members = slice(int(rows[0]), int(rows[-1]) + 1)
                reach = math.ceil(self._factor * scales[members][-1])
                groups.append(_Group(members, scales[members], reach))
        return groups

    def _coefficients(self, group: _Group) -> NDArray[np.complex128]:
        """Of the samples from the group's first unfinished one to the last."""
        begin = max(self._begin, group.done - group.reach)
        x = self._tail[begin - self._begin :]
        return transform(x, group.scales, self.wavelet)[:, group.done - begin :]

    def _forget(self) -> None:
        """Drop the samples that no unfinished coefficient depends on."""
        needed = max(0, min(group.done - group.reach for group in self._groups))
        self._tail = self._tail[needed - self._begin :].copy()
        self._begin = needed


def reach_of(wavelet: Wavelet, tolerance: float) -> float:
    """Half the support of a wavelet in scales: beyond it lies a share of ∫|ψ₀(η)| dη.

    Raises:
        ValueError: the wavelet falls off too slowly for so small a share.
    """
    return _reach(wavelet, tolerance)


@lru_cache(maxsize=16)
def _reach(wavelet: Wavelet, tolerance: float) -> float:
    eta = np.arange(_FARTHEST * _PER_SCALE) / _PER_SCALE
    beyond = np.cumsum(np.abs(wavelet.psi(eta))[::-1])[::-1]
    inside = np.flatnonzero(beyond <= tolerance * beyond[0])
    # A tail that is still there at the end was cut off by us, not by the wavelet.
    if inside.size == 0 or inside[0] > eta.size // 2:
        raise ValueError(
            f"tolerance = {tolerance:g} is too small for {wavelet!r}, which "
            "falls off like a power of time: take a larger one"
        )
    return float(eta[inside[0]])
