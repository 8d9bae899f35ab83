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

from pycwt_mod.long.bands import (
    DOUBLE,
    SINGLE,
    Precision,
    gaussian_taps,
    norm,
    window,
    window_transform,
)
from pycwt_mod.long.buffers import Buffers
from pycwt_mod.long.circles import Circle, band_signal, real_fft
from pycwt_mod.long.rows import RowFilter, make_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.wavelets import Wavelet

    #: Fills a row it is given.
    Fill = Callable[[NDArray[Any]], None]
    #: Takes the number of a scale and what fills its row.
    Emit = Callable[[int, Fill], None]
    #: Prepares the band of a row, and says how the row is made from it.
    Prepare = Callable[[], tuple[NDArray[Any], RowFilter]]
    #: Numbers of scales, and what prepares their bands.
    Batch = tuple[Sequence[int], Sequence[Prepare]]

#: Shortest FFT that is worth the decimation; below it plain FFTs are as fast.
MIN_FFT = 1 << 14
#: Largest decimation of bands that scales share.
_SHARED = 64
#: Scales this many times the least density of a band have one to themselves.
_OWN = 128
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
    result: NDArray[np.complexfloating] | None = None,
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
        result: the array that the rows go to, if it is contiguous and nobody has seen it yet:
            what is needed on the way finds room there.
        threads: rows made at the same time.
    """
    spectrum = real_fft(x, n)
    single = np.zeros(scales.size, np.bool_)
    if dtype == np.complex64:
        single = single_suffices(spectrum, scales, wavelet.order)
    # Only rows that are written one after the other leave room behind them.
    in_order = bool((np.diff(scales) > 0).all() and single.all() == single.any())
    for precision in (SINGLE, DOUBLE):
        numbers = np.flatnonzero(single == (precision is SINGLE))
        if numbers.size:
            rates = {j: band_rate(scales[j], wavelet.order, precision) for j in numbers.tolist()}
            real = precision.real_type
            results = [] if result is None or not in_order else [result.view(result.real.dtype)]
            buffers = Buffers(real, 4 * n // np.dtype(real).itemsize, results)
            transform = BandTransform(
                x.size, n, spectrum, wavelet.order, precision, buffers=buffers
            )
            _run(transform.batches(scales, rates, unit), emit, buffers, threads)


def single_suffices(
    spectrum: NDArray[np.complex128], scales: NDArray[np.float64], order: float
) -> NDArray[np.bool_]:
    """Scales at which single precision loses less than the tolerance.

    Lost are what the filters leave out, on both sides of the wavelet's band, and the rounding of
    a band, which a scale may share with stronger oscillations than its own.

    Args:
        spectrum: of the padded series, bins 0 … n/2.
        scales: in samples.
        order: ω₀.

    Returns:
        bool, shape (scales,).
    """
    n = 2 * (spectrum.size - 1)
    total = np.zeros(spectrum.size + 1)
    np.square(spectrum.real, out=total[1:])
    total[1:] += spectrum.imag**2
    np.cumsum(total, out=total)

    def energy(x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the bins below sω = x, shape (scales, x)."""
        bins = x / scales[:, None] * (n / (2 * np.pi))
        below: NDArray[np.float64] = total[np.clip(bins + 1, 1, total.size - 1).astype(np.int64)]
        return below

    def seen(edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the wavelet sees between the edges, Gaussian taken between each two."""
        weights = np.exp(-(((edges[1:] + edges[:-1]) / 2 - order) ** 2))
        return np.diff(energy(edges), axis=1) @ weights

    low, high = max(0.0, order - SINGLE.cut), order + SINGLE.cut
    own = seen(np.linspace(low, high, 65))
    left_out = seen(np.linspace(high, high + 4, 9))
    if low > 0:
        left_out += seen(np.linspace(0.0, low, 9))
    # Of the scales in the group one may be twice as large, another half as large.
    band = np.diff(energy(np.array([low / 2, 2 * high])), axis=1)[:, 0]
    band[scales >= SINGLE.density * _OWN] = 0.0
    suffices: NDArray[np.bool_] = left_out + _ROUNDING**2 * band < _TOLERANCE**2 * own
    return suffices


def _run(batches: Iterator[Batch], emit: Emit, buffers: Buffers, threads: int) -> None:
    def filler(prepare: Prepare) -> Fill:
        def fill(out: NDArray[Any]) -> None:
            band, how = prepare()
            if out.dtype == band.dtype:
                make_row(band, how, out)
            else:
                row = np.empty(out.size, band.dtype)
                make_row(band, how, row)
                out[:] = row

        return fill

    if threads == 1:
        for numbers, prepares in batches:
            buffers.keep(max(numbers) + 1)
            for j, prepare in zip(numbers, prepares, strict=True):
                emit(j, filler(prepare))
        return
    with ThreadPoolExecutor(threads) as pool:
        for numbers, prepares in batches:
            buffers.keep(max(numbers) + 1)
            for _ in pool.map(emit, numbers, map(filler, prepares)):
                pass


@dataclass(frozen=True, slots=True)
class Rate:
    """Of a scale's band."""

    #: Samples of the row for one of the band.
    decimation: int
    #: Whether the scale has a band to itself, that an FFT has filtered already; with decimation
    #: 1 it is the row.
    own: bool


def band_rate(
    s: float, order: float, precision: Precision, finest: float | None = None, most: int = _OWN
) -> Rate:
    """How the band of scale ``s`` is sampled.

    Args:
        s: in samples.
        order: ω₀ of the Morlet wavelet.
        precision: of the work.
        finest: a smaller scale whose rate is wanted.
        most: largest decimation.
    """
    # Where the Gaussian's peak lies beyond Nyquist, all that is left is its skirt.
    if not fits(s, s, 1, order, precision) or s < (order - 2) / np.pi:
        return Rate(1, True)
    own = s >= precision.density * _OWN
    limit = min(most, _OWN if own else _SHARED)
    rate = math.floor(math.log2((finest or s) / precision.density))
    return Rate(min(1 << max(0, rate), limit), own)


def fits(smallest: float, largest: float, rate: int, order: float, precision: Precision) -> bool:
    """Whether no image of a filter, at multiples of the band's rate, reaches into the band."""
    low, high = _edges(smallest, largest, order, precision)
    below, above = order - precision.cut, order + precision.cut
    period = 2 * np.pi / rate * (1 - 1e-3)
    return above / smallest - period < low and below / smallest + period > high


def _edges(
    smallest: float, largest: float, order: float, precision: Precision
) -> tuple[float, float]:
    """Least and greatest frequency of the scales' band, in radians per sample."""
    cut = precision.cut
    return max(0.0, order - cut) / largest, min((order + cut) / smallest, np.pi)


@dataclass(frozen=True, slots=True)
class _Group:
    """Scales that share a band."""

    #: Numbers of the scales.
    members: tuple[int, ...]
    rate: Rate
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
        buffers: where memory comes from that is needed on the way.
    """

    def __init__(
        self,
        size: int,
        n: int,
        spectrum: NDArray[np.complex128],
        order: float,
        precision: Precision,
        *,
        buffers: Buffers | None = None,
    ) -> None:
        self._size = size
        self._n = n
        self._spectrum = spectrum
        self._order = order
        self._precision = precision
        self._buffers = buffers

    def batches(
        self, scales: NDArray[np.float64], rates: Mapping[int, Rate], unit: float
    ) -> Iterator[Batch]:
        """Numbers of scales, and functions that prepare their bands, from the smallest on.

        Args:
            scales: in samples, shape (scales,).
            rates: of the bands of the scales that are wanted, by their numbers.
            unit: every row is multiplied with it.
        """
        for group in self._groups(scales, rates):
            if group.rate.own:
                yield group.members, [self._own(scales[j], group.rate, unit) for j in group.members]
            else:
                yield group.members, self._shared(group, scales, unit)

    def _groups(self, scales: NDArray[np.float64], rates: Mapping[int, Rate]) -> Iterator[_Group]:
        """Scales in ascending order, cut where the decimation changes or the band is full."""
        members: list[int] = []
        for j in sorted(rates, key=lambda number: float(scales[number])):
            if members:
                rate, first = rates[members[0]], scales[members[0]]
                full = not rate.own and not fits(
                    first, scales[j], rate.decimation, self._order, self._precision
                )
                if full or rates[j] != rate:
                    yield self._group(members, rate, scales)
                    members = []
            members.append(j)
        yield self._group(members, rates[members[0]], scales)

    def _group(self, members: Sequence[int], rate: Rate, scales: NDArray[np.float64]) -> _Group:
        smallest, largest = scales[members[0]], scales[members[-1]]
        low, high = _edges(smallest, largest, self._order, self._precision)
        if rate == Rate(1, own=True):
            low, high = 0.0, np.pi
        bins = self._n / (2 * np.pi)
        # Bin 0 isn't positive, and n/2 counts as positive (TC98, eq. 5).
        first, last = max(1, math.ceil(low * bins)), min(self._n // 2, math.floor(high * bins))
        # Of scales beyond the series' length the first bins are all there is.
        return _Group(tuple(members), rate, first, max(first, last + 1, 4 if rate.own else 0))

    def _own(self, s: float, rate: Rate, unit: float) -> Prepare:
        def prepare() -> tuple[NDArray[Any], RowFilter]:
            group = self._group([0], rate, np.array([s]))
            bins = self._seen(s, group) * unit
            if rate.decimation == 1:
                # What is left of a wavelet's skirt may be below the range of single precision.
                circle = Circle(self._n, 0, self._size)
                row = self._signal(bins, group.low, circle, np.complex128)
                return row, RowFilter(0.0, 1, np.ones(1), np.empty((0, 1)))
            carrier = self._order / (2 * np.pi * s)
            f = (np.arange(group.low, group.high) / self._n - carrier) * rate.decimation
            bins /= window_transform(f, self._precision)
            how = self._filter(s, rate.decimation, np.ones(1))
            return self._band(group, bins, how.before, how.length(self._size)), how

        return prepare

    def _shared(self, group: _Group, scales: NDArray[np.float64], unit: float) -> list[Prepare]:
        d = group.rate.decimation
        filters = [
            self._filter(s, d, gaussian_taps(s, d, self._precision) * (norm(s) * unit))
            for s in scales[list(group.members)].tolist()
        ]
        margin = max(how.before for how in filters)
        length = margin + max(how.length(self._size) - how.before for how in filters)
        band = self._band(group, self._spectrum[group.low : group.high], margin, length)

        def preparer(how: RowFilter) -> Prepare:
            return lambda: (band[margin - how.before :], how)

        return [preparer(how) for how in filters]

    def _filter(self, s: float, decimation: int, taps: NDArray[np.floating]) -> RowFilter:
        return RowFilter(
            self._order / s,
            decimation,
            taps.astype(self._precision.real_type),
            window(decimation, self._precision),
        )

    def _seen(self, s: float, group: _Group) -> NDArray[np.complex128]:
        """The bins of a group times √(2πs) ψ̂₀(sω) (TC98, eq. 6)."""
        x = 2 * np.pi * s / self._n * np.arange(group.low, group.high) - self._order
        seen: NDArray[np.complex128] = np.exp(-0.5 * x**2) * norm(s)
        return seen * self._spectrum[group.low : group.high]

    def _band(
        self, group: _Group, bins: NDArray[np.complex128], before: int, length: int
    ) -> NDArray[Any]:
        """``length`` samples of the band, from ``before`` samples before the first one on."""
        around = self._n // group.rate.decimation
        circle = Circle(around, before, min(around, length - before))
        return self._signal(bins, group.low, circle, self._precision.complex_type)

    def _signal(
        self,
        bins: NDArray[np.complex128],
        first: int,
        circle: Circle,
        kind: type[np.complexfloating],
    ) -> NDArray[Any]:
        return band_signal(bins, first, circle, 1 / self._n, kind, buffers=self._buffers)
