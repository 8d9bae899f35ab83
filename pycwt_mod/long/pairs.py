"""Wavelet coherence of long series with the Morlet wavelet, scale by scale.

The definition is that of :mod:`pycwt_mod.smoothing`: padding and ends included. Both transforms
are interpolated to every sample (see :mod:`pycwt_mod.long.fast`), multiplied there, and the
products gathered again at the rate of the band by the adjoint of the interpolation. The Gaussian in
time is a short filter at that rate, the window over scales a sum over the few scales around; what
they make is interpolated once more, so that of the whole only the results are of full length.

Errors of R² for noise: below 1e−9 in float64, about 1e−6 in float32. Series that single precision
doesn't do justice to (see :func:`pycwt_mod.long.fast.single_suffices`) are worked in double
precision. In float32, R² means little where the smoothed power is below a millionth of what it is
within six scales: that is as far as the filters reach.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.long.bands import (
    DOUBLE,
    SINGLE,
    Precision,
    smoothing_taps,
    smoothing_transform,
    window,
)
from pycwt_mod.long.buffers import Buffers, touch
from pycwt_mod.long.circles import Circle, band_signal
from pycwt_mod.long.fast import BandTransform, Rate, band_rate, single_suffices
from pycwt_mod.long.rows import MAX_SCALES, SLACK, Pair, RowFilter, pair_rows, smooth
from pycwt_mod.long.rows import coherence_rows as make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.long.fast import Emit, Prepare
    from pycwt_mod.wavelets import Wavelet

#: Largest decimation here: a tile of one fits the cache.
_MOST = 64
#: Share by which bands are sampled more densely than the transform needs: the smoothing levels two
#: interpolations, and where the Gaussian has anything left of that at Nyquist its filter is long.
_SPARE = 1.15
#: Smallest scale, in samples, whose smoothing in time is a filter: Nyquist cuts smaller ones.
_LEAST = {np.float32: 1.78, np.float64: 2.15}
#: Bytes of results that take longer than a second. A virtual machine gives memory that nobody has
#: used for so long back to its host, and finding it anew takes as long as all the rest. So all is
#: asked for at once, while what earlier results had is still there.
_LONG = 1 << 30
#: Smoothed power below this share of the scale's largest is rounding.
_FLOOR = {np.float32: 1e-10, np.float64: 1e-13}


def coherence_rows(
    spectra: Sequence[NDArray[np.complex128]],
    size: int,
    *,
    scales: NDArray[np.float64],
    weights: Sequence[float],
    wavelet: Wavelet,
    dtype: np.dtype[Any],
    emit_r2: Emit,
    emit_phase: Emit,
    results: Sequence[NDArray[np.floating]] = (),
    threads: int = 1,
) -> None:
    """Squared coherence and phase of two series at ascending scales.

    Args:
        spectra: of both series, of N samples of unit size without their mean: bins 0 … n/2, n
            being their length after padding, at least :data:`pycwt_mod.long.fast.MIN_FFT`.
        size: N.
        scales: in samples, ascending, shape (scales,).
        weights: of the smoothing over scales.
        wavelet: of the Morlet family.
        dtype: float32 or float64.
        emit_r2: is called once for each scale, by several threads where there are several,
            with a function that fills a row of ``dtype`` with R².
        emit_phase: likewise with the phase.
        results: the arrays that the rows go to, where they are contiguous, in the order of the
            scales, and nobody has seen them yet: what is needed on the way finds room there.
        threads: scales worked at the same time.
    """
    precision = DOUBLE
    if dtype == np.float32 and all(
        single_suffices(spectrum, scales, wavelet.order).all() for spectrum in spectra
    ):
        precision = SINGLE
    n = 2 * (spectra[0].size - 1)
    # The largest are four rows of the padded length, and complex128 for an FFT.
    buffers = Buffers(precision.real_type, 4 * n // np.dtype(precision.real_type).itemsize, results)
    work = _Work(scales, weights, wavelet.order, precision, size, buffers=buffers)
    transforms = [
        BandTransform(size, n, spectrum, wavelet.order, precision, buffers=buffers)
        for spectrum in spectra
    ]
    sources = work.sources(transforms)
    ring: dict[int, _Term] = {}

    def term(source: _Source) -> None:
        emit_phase(source.scale, lambda out: ring.update({source.scale: work.term(source, out)}))

    def row(numbers: Sequence[int]) -> None:
        _all_at_once(numbers, emit_r2, lambda outs: work.rows(numbers, ring, outs))

    ready = 0
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        for_each = pool.map if pool else map
        if sum(array.nbytes for array in results) >= _LONG:
            deque(for_each(touch, results), 0)
        while batch := list(islice(sources, threads)):
            last = batch[-1].scale
            buffers.keep(work.written_beside(last, threads))
            deque(for_each(term, batch), 0)
            # The largest scales have no others after them to wait for.
            end = last + 1 - (work.half if last < scales.size - 1 else 0)
            # Two threads are better off with a row each.
            groups = work.groups(ready, end, 1 if pool else MAX_SCALES)
            deque(for_each(row, groups), 0)
            ready = groups[-1].stop if groups else ready
            for j in [j for j in ring if j < ready - work.half]:
                work.recycle(ring.pop(j))


def _all_at_once(
    numbers: Sequence[int],
    emit: Emit,
    fill: Callable[[tuple[NDArray[Any], ...]], None],
    outs: tuple[NDArray[Any], ...] = (),
) -> None:
    """Have the rows of several scales filled together.

    It isn't a function within another: one that calls itself there keeps all it knows, the arrays
    of the results included, until Python looks for such circles.
    """
    if len(outs) == len(numbers):
        fill(outs)
    else:
        emit(numbers[len(outs)], lambda out: _all_at_once(numbers, emit, fill, (*outs, out)))


@dataclass(frozen=True, slots=True)
class _Source:
    """What makes the bands of a scale."""

    #: Its number.
    scale: int
    first: Prepare
    second: Prepare


@dataclass(frozen=True, slots=True)
class _Term:
    """Smoothed products of one scale, ready to be interpolated."""

    #: Shape (4, points), for each decimation of the rows that the scale is part of; from
    #: K/2 − 1 points before the first sample on.
    values: dict[int, NDArray[np.floating]]
    #: Largest powers of the first and the second series.
    peaks: tuple[float, float]


class _Work:
    """What the scales have in common."""

    def __init__(
        self,
        scales: NDArray[np.float64],
        weights: Sequence[float],
        order: float,
        precision: Precision,
        size: int,
        *,
        buffers: Buffers,
    ) -> None:
        self._scales = scales
        self._weights = weights
        self._precision = precision
        self._size = size
        self._padded = 1 << (size - 1).bit_length()
        self._buffers = buffers
        self.half = len(weights) // 2
        # A row is interpolated from points that suit the smallest scale of its window.
        self._rows = [self._rate(j, self.half, order).decimation for j in range(scales.size)]
        self.rates = [self._source_rate(j, order) for j in range(scales.size)]

    def _source_rate(self, j: int, order: float) -> Rate:
        """How the bands of a scale are sampled; where rows need more, the smoothing doubles it."""
        s = self._scales[j]
        rate = band_rate(s, order, self._precision, s / _SPARE, _MOST)
        if rate.own:  # An FFT smooths it, at the points of the first row that it is part of.
            return self._rate(j, 2 * self.half, order)
        return Rate(min(rate.decimation, 2 * self._rows[max(0, j - self.half)]), False)

    def _rate(self, j: int, before: int, order: float) -> Rate:
        finest = self._scales[max(0, j - before)]
        if band_rate(finest, order, self._precision).decimation == 1:
            return band_rate(self._scales[j], order, self._precision, finest, 1)
        return band_rate(self._scales[j], order, self._precision, finest, _MOST)

    def sources(self, transforms: Sequence[BandTransform]) -> Iterator[_Source]:
        """The scales in ascending order."""
        rates = dict(enumerate(self.rates))
        batches = [transform.batches(self._scales, rates, 1.0) for transform in transforms]
        for first, second in zip(*batches, strict=True):
            yield from map(_Source, first[0], first[1], second[1])

    def written_beside(self, j: int, threads: int) -> int:
        """Up to which row results are written before nobody needs the term of scale ``j``.

        That is when the last row of its window is made, which may wait for those that are made
        with it, and all of them for the terms of their windows.
        """
        return j + 2 * self.half + MAX_SCALES + threads

    def recycle(self, term: _Term) -> None:
        """Take back the memory of a term."""
        for values in term.values.values():
            self._buffers.give(values)

    def pair(self, first: NDArray[Any], second: NDArray[Any], how: RowFilter) -> Pair:
        """The bands of both series and their filter, in the precision of the work."""
        kind, real = self._precision.complex_type, self._precision.real_type
        return Pair(
            first.astype(kind, copy=False),
            second.astype(kind, copy=False),
            RowFilter(how.omega, how.decimation, how.taps.astype(real), how.window.astype(real)),
        )

    def term(self, source: _Source, phase: NDArray[np.floating]) -> _Term:
        """The products of a scale, smoothed in time; its phase on the way."""
        (first, how), (second, _) = source.first(), source.second()
        pair, j = self.pair(first, second, how), source.scale
        d, s = pair.how.decimation, self._scales[j]
        rows = range(max(0, j - self.half), min(j + self.half + 1, self._scales.size))
        after = sorted({self._rows[row] for row in rows})
        # A Gaussian that Nyquist cuts has no short filter, and one of a large scale neither.
        if (self.rates[j].own and d > 1) or s < _LEAST[self._precision.real_type]:
            margin = self._precision.reach // 2 * (after[-1] // d)
            stop = max(self._length(row) * (row // d) for row in after) + SLACK
            sums = self._sums(pair, phase, margin, stop)
            circle = sums[:, margin : margin + self._padded // d]
            values = {row: self._smoothed(circle, s, d, row) for row in after}
        else:
            filters = {row: smoothing_taps(s, d, row, self._precision) for row in after}
            half = max(taps.size for taps, _ in filters.values()) - 1
            margin = half + self._precision.reach // 2 * max(1, after[-1] // d)
            stop = max(self._length(row) * row // d + 2 for row in after) + half + SLACK
            sums = self._sums(pair, phase, margin, stop)
            values = {
                row: self._filtered(sums, margin, both, d, row) for row, both in filters.items()
            }
        self._buffers.give(sums)
        peaks = values[after[0]][:2].max(axis=1)
        return _Term(values, (float(peaks[0]), float(peaks[1])))

    def _before(self, decimation: int) -> int:
        """Points before the first sample that an interpolation reaches back."""
        return 0 if decimation == 1 else self._precision.reach // 2 - 1

    def _length(self, decimation: int) -> int:
        """Points that a row of R² is interpolated from, with room for whole vectors."""
        return -(-self._size // decimation) + self._precision.reach + SLACK

    def _filtered(
        self,
        sums: NDArray[np.floating],
        margin: int,
        filters: tuple[NDArray[np.floating], NDArray[np.floating] | None],
        d: int,
        row: int,
    ) -> NDArray[np.floating]:
        """The products of a scale, smoothed by a filter, at the points of rows of ``row``.

        Args:
            sums: from ``margin`` points before the first sample on.
            margin: so many.
            filters: of :func:`pycwt_mod.long.bands.smoothing_taps`.
            d: decimation of the sums.
            row: decimation of the result.
        """
        taps, between = filters
        length, before = self._length(row), self._before(row)
        # With two results for each point the first of them may lie a half before the one wanted.
        odd = 0 if between is None else before % 2
        first = -(before + odd) * row // d
        results = length * (row // d) if between is None else (length + odd + 1) // 2 * 2
        out = self._buffers.take(results + SLACK)
        for line, to in zip(sums[:, margin + first - taps.size + 1 :], out, strict=True):
            smooth(line, taps, to, between)
        out[:, -SLACK:] = 0
        if row <= d:
            return out[:, odd:]
        values = np.ascontiguousarray(out[:, : -SLACK : row // d])
        self._buffers.give(out)
        return values

    def _smoothed(
        self, circle: NDArray[np.floating], s: float, d: int, row: int
    ) -> NDArray[np.floating]:
        """The products of a scale, smoothed by FFT, at the points of rows of decimation ``row``."""
        where = (np.arange(self._length(row)) - self._before(row)) * (row // d)
        n = circle.shape[1]
        half = smoothing_transform(s, d, row, n, self._precision)
        gauss = np.concatenate([half, half[-2:0:-1]])
        smoothed = np.empty((4, where.size), circle.dtype)
        for i in (0, 2):
            # Two real series in one FFT. Both FFTs are inverse ones, so time runs backwards.
            bins = np.empty(n, np.complex128)
            bins.real, bins.imag = circle[i : i + 2]
            bins = band_signal(bins, 0, Circle(n, 0, n), 1.0, np.complex128)
            bins *= gauss
            back = band_signal(bins, 0, Circle(n, 0, n), 1 / n, np.complex128)
            found = back.take(-where, mode="wrap")
            smoothed[i], smoothed[i + 1] = found.real, found.imag
        return smoothed

    def _sums(
        self, pair: Pair, phase: NDArray[np.floating], margin: int, stop: int
    ) -> NDArray[np.floating]:
        """The products at the rate of the band, going round the circle of the padded length.

        Returns:
            Shape (4, points), from ``margin`` points before the first sample to ``stop``.
        """
        d = pair.how.decimation
        reach = int(pair.how.window.shape[0])
        before = self._before(d)
        ring, written = self._padded // d, pair.sums_length(self._size)
        sums = self._buffers.take(margin + max(stop, ring, written))
        if phase.dtype == sums.dtype:
            pair_rows(pair, phase, sums[:, margin - before :])
        else:
            exact = np.empty(phase.size, sums.dtype)
            pair_rows(pair, exact, sums[:, margin - before :])
            phase[:] = exact
        end = -(-self._size // d) + reach - before
        sums[:, margin + end :] = 0
        if end > ring:
            sums[:, margin : margin + end - ring] += sums[:, margin + ring : margin + end]
        if before:
            last = sums[:, margin + ring - before : margin + ring]
            last += sums[:, margin - before : margin]
        # A short circle may go round more than once.
        tail = np.arange(ring, sums.shape[1] - margin)
        sums[:, margin + ring :] = sums[:, margin + tail % ring]
        sums[:, :margin] = sums[:, margin + np.arange(-margin, 0) % ring]
        return sums

    def groups(self, ready: int, end: int, most: int) -> list[range]:
        """Rows ``ready`` to ``end`` in groups of equal decimation, so many or fewer.

        Left for later are rows at the end that the next one belongs together with.
        """
        found = []
        while ready < end:
            stop = ready + 1
            while stop < min(ready + most, len(self._rows)) and (
                self._rows[stop] == self._rows[ready]
            ):
                stop += 1
            if stop > end:
                break
            found.append(range(ready, stop))
            ready = stop
        return found

    def rows(
        self, numbers: Sequence[int], ring: dict[int, _Term], outs: Sequence[NDArray[Any]]
    ) -> None:
        """R² of scales of the same decimation from the terms around them."""
        decimation = self._rows[numbers[0]]
        shape = window(decimation, self._precision)
        around = [j for j in sorted(ring) if any(self._weight(row, j) for row in numbers)]
        weights = [[self._weight(row, j) for j in around] for row in numbers]
        kind = shape.dtype
        made = [out if out.dtype == kind else np.empty(out.size, kind) for out in outs]
        make_rows(
            [ring[j].values[decimation] for j in around],
            weights,
            shape,
            floors=[self._floors(row, ring) for row in numbers],
            outs=made,
        )
        for out, row in zip(outs, made, strict=True):
            if row is not out:
                out[:] = row

    def _floors(self, row: int, ring: dict[int, _Term]) -> tuple[float, float]:
        """Powers below which a row is rounding.

        One product after the other: in a product of matrices their order, and so the last digit,
        depends on the processor and on how many rows are made together.
        """
        window = [(self._weight(row, j), ring[j].peaks) for j in sorted(ring)]
        floor = _FLOOR[self._precision.real_type]
        first = sum(weight * peaks[0] for weight, peaks in window)
        return floor * first, floor * sum(weight * peaks[1] for weight, peaks in window)

    def _weight(self, row: int, j: int) -> float:
        """Of the term of scale ``j`` in the window of scale ``row``."""
        offset = j - row + self.half
        inside = 0 <= offset < len(self._weights)
        return self._weights[offset] / float(self._scales[j]) if inside else 0.0
