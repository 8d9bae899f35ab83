"""The Morlet transform of long series, scale by scale, from decimated bands.

The definition is that of :func:`pycwt_mod.transform.transform`: same padding, same ψ̂. At scale s
the wavelet's transform exp(−(sω − ω₀)²/2) has nothing to say beyond ω₀ ± x₁. So the scales of
about an octave share one inverse FFT of the bins that they see, at a rate that just holds them; the
Gaussian is applied there as a short filter in time, and the result interpolated to every sample.
The forward FFT and the selection of bins are float64 always.

Errors, as rms relative to the scale's own: below 1e−12 in complex128, below 1e−6 in complex64.
Scales whose power is so small beside the rest of the spectrum that single precision can't keep
to that (the smallest ones of very red series) are computed in double precision and rounded.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod.bands import (
    DOUBLE,
    SINGLE,
    Precision,
    gaussian_taps,
    norm,
    short,
    window,
    window_transform,
)
from pycwt_mod.rows import RowFilter, make_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.wavelets import Wavelet

    #: Fills a row it is given.
    Fill = Callable[[NDArray[Any]], None]
    #: Takes the number of a scale and what fills its row.
    Emit = Callable[[int, Fill], None]

#: Shortest FFT that is worth the decimation; below it plain FFTs are as fast.
MIN_FFT = 1 << 14
#: Largest decimation of bands that scales share, and that of bands which a scale has to itself.
_SHARED = 64
_OWN = 128
#: Scales that take the FFT in full length.
_PLAIN = 0
#: Share of a scale's amplitude that single precision may lose, and what it rounds off the
#: amplitude of a band.
_TOLERANCE = 6e-7
_ROUNDING = 1e-7


def morlet_rows(
    x: NDArray[np.float64],
    n: int,
    scales: NDArray[np.float64],
    wavelet: Wavelet,
    *,
    dtype: np.dtype[Any],
    unit: float,
    emit: Emit,
    threads: int = 1,
) -> None:
    """The transform of a series at scales in samples, row by row.

    Args:
        x: N samples of unit size, without their mean (:func:`pycwt_mod.transform.unit_series`).
        n: length after padding, a power of two, at least :data:`MIN_FFT`.
        scales: in samples, shape (scales,), in any order.
        wavelet: of the Morlet family.
        dtype: complex64 or complex128.
        unit: every row is multiplied with it.
        emit: is called once for each scale, by several threads where there are several, with
            a function that fills a row of ``dtype``.
        threads: rows made at the same time.
    """
    spectrum: NDArray[np.complex128] = sp_fft.rfft(x, n)
    single = np.zeros(scales.size, np.bool_)
    if dtype == np.complex64:
        single = single_suffices(spectrum, scales, wavelet.order)
    for precision in (SINGLE, DOUBLE):
        numbers = np.flatnonzero(single == (precision is SINGLE))
        if numbers.size:
            transform = BandTransform(x.size, n, spectrum, wavelet.order, precision)
            batches = transform.batches(scales, numbers.tolist(), unit)
            _run(batches, emit, threads)


def single_suffices(
    spectrum: NDArray[np.complex128], scales: NDArray[np.float64], order: float
) -> NDArray[np.bool_]:
    """Scales at which single precision loses less than the tolerance.

    Lost are what the filters leave out, at the lowest frequencies, and the rounding of a band,
    which a scale may share with stronger oscillations than its own.

    Args:
        spectrum: of the padded series, bins 0 … n/2.
        scales: in samples.
        order: ω₀.

    Returns:
        bool, shape (scales,).
    """
    n = 2 * (spectrum.size - 1)
    total = np.concatenate([[0.0], np.cumsum(spectrum.real**2 + spectrum.imag**2)])

    def energy(x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the bins below sω = x, shape (scales, x)."""
        bins = x / scales[:, None] * (n / (2 * np.pi))
        below: NDArray[np.float64] = total[np.clip(bins + 1, 1, total.size - 1).astype(np.int64)]
        return below

    def seen(edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the wavelet sees between the edges, Gaussian taken between each two."""
        weights = np.exp(-(((edges[1:] + edges[:-1]) / 2 - order) ** 2))
        return np.diff(energy(edges), axis=1) @ weights

    low = max(0.0, order - SINGLE.cut)
    own = seen(np.linspace(low, order + SINGLE.cut, 65))
    left_out = seen(np.linspace(0.0, low, 9)) if low > 0 else np.zeros(scales.size)
    # Of the scales in the group one may be twice as large, another half as large.
    band = np.diff(energy(np.array([low / 2, 2 * (order + SINGLE.cut)])), axis=1)[:, 0]
    suffices: NDArray[np.bool_] = left_out + _ROUNDING**2 * band <= _TOLERANCE**2 * own
    return suffices


def _run(batches: Iterator[tuple[Sequence[int], Sequence[Fill]]], emit: Emit, threads: int) -> None:
    if threads == 1:
        for numbers, fills in batches:
            for j, fill in zip(numbers, fills, strict=True):
                emit(j, fill)
        return
    with ThreadPoolExecutor(threads) as pool:
        for numbers, fills in batches:
            for _ in pool.map(emit, numbers, fills):
                pass


@dataclass(frozen=True, slots=True)
class _Group:
    """Scales that share a band."""

    #: Numbers of the scales.
    members: tuple[int, ...]
    decimation: int
    #: First bin of the band and the one after the last.
    low: int
    high: int


class BandTransform:
    """The transform of one series in one precision.

    Args:
        size: samples N of the series.
        n: length after padding, a power of two.
        spectrum: of the padded series, bins 0 … n/2.
        order: ω₀ of the Morlet wavelet.
        precision: of the work.
    """

    def __init__(
        self,
        size: int,
        n: int,
        spectrum: NDArray[np.complex128],
        order: float,
        precision: Precision,
    ) -> None:
        self._size = size
        self._n = n
        self._spectrum = spectrum
        self._order = order
        self._precision = precision

    def batches(
        self, scales: NDArray[np.float64], numbers: Sequence[int], unit: float
    ) -> Iterator[tuple[Sequence[int], Sequence[Fill]]]:
        """Numbers of scales, and functions that fill their rows, from the smallest scale on."""
        for group in self._groups(scales, numbers):
            if group.decimation == _PLAIN:
                yield group.members, [self._plain(scales[j], unit) for j in group.members]
            elif group.decimation == _OWN:
                yield group.members, [self._own(scales[j], unit) for j in group.members]
            else:
                yield group.members, self._shared(group, scales, unit)

    def _decimation(self, s: float) -> int:
        # Where the Gaussian's peak lies beyond Nyquist, all that is left is its skirt.
        if not self._fits(s, s, 1) or s < (self._order - 2) / np.pi:
            return _PLAIN
        if s >= self._precision.density * _OWN:
            return _OWN
        return min(1 << max(0, math.floor(math.log2(s / self._precision.density))), _SHARED)

    def _groups(self, scales: NDArray[np.float64], numbers: Sequence[int]) -> Iterator[_Group]:
        """Scales in ascending order, cut where the decimation changes or the band is full."""
        members: list[int] = []
        decimation = -1
        for j in sorted(numbers, key=lambda number: float(scales[number])):
            rate = self._decimation(scales[j])
            if members and (
                rate != decimation or not self._fits(scales[members[0]], scales[j], rate)
            ):
                yield self._group(members, decimation, scales)
                members = []
            members, decimation = [*members, j], rate
        yield self._group(members, decimation, scales)

    def _fits(self, smallest: float, largest: float, rate: int) -> bool:
        """Whether no image of a filter, at multiples of the band's rate, reaches into the band."""
        if rate in (_PLAIN, _OWN):
            return True
        low, high = self._edges(smallest, largest)
        below, above = self._order - self._precision.cut, self._order + self._precision.cut
        period = 2 * np.pi / rate * (1 - 1e-3)
        return above / smallest - period < low and below / smallest + period > high

    def _edges(self, smallest: float, largest: float) -> tuple[float, float]:
        """Least and greatest frequency of a band, in radians per sample."""
        cut = self._precision.cut
        return max(0.0, self._order - cut) / largest, min((self._order + cut) / smallest, np.pi)

    def _group(
        self, members: Sequence[int], decimation: int, scales: NDArray[np.float64]
    ) -> _Group:
        low, high = self._edges(scales[members[0]], scales[members[-1]])
        bins = self._n / (2 * np.pi)
        # Bin 0 isn't positive, and n/2 counts as positive (TC98, eq. 5).
        first, last = max(1, math.ceil(low * bins)), min(self._n // 2, math.floor(high * bins))
        return _Group(tuple(members), decimation, first, max(first, last + 1))

    def _plain(self, s: float, unit: float) -> Fill:
        def fill(out: NDArray[Any]) -> None:
            everything = _Group((0,), _PLAIN, 1, self._n // 2 + 1)
            padded = np.zeros(self._n, np.complex128)
            padded[1 : self._n // 2 + 1] = self._seen(s, everything) * unit
            out[:] = sp_fft.ifft(padded, overwrite_x=True)[: self._size]

        return fill

    def _own(self, s: float, unit: float) -> Fill:
        def fill(out: NDArray[Any]) -> None:
            group = self._group([0], _OWN, np.array([s]))
            carrier = self._order / (2 * np.pi * s)
            f = (np.arange(group.low, group.high) / self._n - carrier) * _OWN
            level = unit / window_transform(f, self._precision)
            band = self._band(_OWN, group.low, self._seen(s, group) * level)
            how = self._filter(s, _OWN, np.ones(1))
            self._finish(np.concatenate([band[band.size - how.before :], band]), how, out)

        return fill

    def _shared(self, group: _Group, scales: NDArray[np.float64], unit: float) -> list[Fill]:
        d = group.decimation
        filters = [
            self._filter(
                scales[j],
                d,
                gaussian_taps(scales[j], d, self._precision) * (norm(scales[j]) * unit),
            )
            for j in group.members
        ]
        band = self._band(d, group.low, self._spectrum[group.low : group.high])
        margin = max(how.before for how in filters)
        end = max(how.length(self._size) - how.before for how in filters)
        looped = np.concatenate([band[band.size - margin :], band[:end]])

        def filler(how: RowFilter) -> Fill:
            return lambda out: self._finish(looped[margin - how.before :], how, out)

        return [filler(how) for how in filters]

    def _filter(self, s: float, decimation: int, taps: NDArray[np.float64]) -> RowFilter:
        return RowFilter(
            self._order / s,
            decimation,
            short(taps, self._precision),
            window(decimation, self._precision),
        )

    def _finish(self, band: NDArray[Any], how: RowFilter, out: NDArray[Any]) -> None:
        if out.dtype == band.dtype:
            make_row(band, how, out)
        else:
            row = np.empty(out.size, band.dtype)
            make_row(band, how, row)
            out[:] = row

    def _seen(self, s: float, group: _Group) -> NDArray[np.complex128]:
        """The bins of a group times √(2πs) ψ̂₀(sω) (TC98, eq. 6)."""
        x = 2 * np.pi * s / self._n * np.arange(group.low, group.high) - self._order
        seen: NDArray[np.complex128] = np.exp(-0.5 * x**2) * norm(s)
        return seen * self._spectrum[group.low : group.high]

    def _band(
        self, decimation: int, low: int, bins: NDArray[np.complex128]
    ) -> NDArray[np.complexfloating]:
        """The signal of bins low, low + 1, … at every ``decimation``-th sample."""
        folded = np.zeros(self._n // decimation, self._precision.complex_type)
        start = low % folded.size
        first = min(folded.size - start, bins.size)
        # The transform's own 1/length makes it 1/n.
        folded[start : start + first] = bins[:first] / decimation
        folded[: bins.size - first] = bins[first:] / decimation
        band: NDArray[np.complexfloating] = sp_fft.ifft(folded, overwrite_x=True)
        return band
