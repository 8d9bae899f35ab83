"""Wavelet coherence of long series with the Morlet wavelet, scale by scale.

The definition is that of :mod:`pycwt_mod.smoothing`: padding and ends included. Both transforms
are interpolated to every sample (see :mod:`pycwt_mod.fast`), multiplied there, and the products
gathered again at the rate of the band by the adjoint of the interpolation. The Gaussian in time
is a short filter at that rate, the window over scales a sum over the few scales around; what
they make is interpolated once more, so that of the whole only the results are of full length.

Errors of R² for noise: below 1e−9 in float64, about 1e−6 in float32. Series that single precision
doesn't do justice to (see :func:`pycwt_mod.fast.single_suffices`) are worked in double precision.
In float32, R² means little where the smoothed power is below a millionth of what it is within six
scales: that is as far as the filters reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod.bands import DOUBLE, SINGLE, Precision, smoothing_taps, smoothing_transform, window
from pycwt_mod.fast import BandTransform, Rate, band_rate, single_suffices
from pycwt_mod.rows import SLACK, Pair, RowFilter, coherence_row, pair_rows, smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.wavelets import Wavelet

#: Largest decimation here: a tile of one fits the cache.
_MOST = 64
#: Smoothed power below this share of the scale's largest is rounding.
_FLOOR = {np.float32: 1e-10, np.float64: 1e-13}


def coherence_rows(
    x1: NDArray[np.float64],
    x2: NDArray[np.float64],
    n: int,
    *,
    scales: NDArray[np.float64],
    weights: Sequence[float],
    wavelet: Wavelet,
    r2: NDArray[np.floating],
    phase: NDArray[np.floating],
    told: Callable[[int], None] | None = None,
) -> None:
    """Squared coherence and phase of two series at ascending scales.

    Args:
        x1: N samples of unit size, without their mean.
        x2: as many.
        n: their length after padding, at least :data:`pycwt_mod.fast.MIN_FFT`.
        scales: in samples, ascending, shape (scales,).
        weights: of the smoothing over scales.
        wavelet: of the Morlet family.
        r2: float32 or float64, shape (scales, N); overwritten.
        phase: of the same type and shape; overwritten.
        told: is called with the number of scales that are complete.
    """
    spectra = [sp_fft.rfft(x, n) for x in (x1, x2)]
    precision = DOUBLE
    if r2.dtype == np.float32 and all(
        single_suffices(spectrum, scales, wavelet.order).all() for spectrum in spectra
    ):
        precision = SINGLE
    work = _Work(scales, weights, wavelet.order, precision, x1.size)
    rates = dict(enumerate(work.rates))
    transforms = [
        BandTransform(x1.size, n, spectrum, wavelet.order, precision) for spectrum in spectra
    ]
    ring: dict[int, _Term] = {}
    ready = 0
    for first, second in zip(
        *(transform.batches(scales, rates, 1.0) for transform in transforms), strict=True
    ):
        for j, one, other in zip(first[0], first[1], second[1], strict=True):
            (band, how), (its, _) = one(), other()
            ring[j] = work.term(j, work.pair(band, its, how), phase[j])
            while ready <= j - work.half or (j == scales.size - 1 and ready <= j):
                work.row(ready, ring, r2[ready])
                ring.pop(ready - work.half, None)
                ready += 1
                if told is not None:
                    told(ready)


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
    ) -> None:
        self._scales = scales
        self._weights = weights
        self._precision = precision
        self._size = size
        self._padded = 1 << (size - 1).bit_length()
        self.half = len(weights) // 2
        # A row is interpolated from points that suit the smallest scale of its window, and a
        # scale is sampled as finely as the first row that it is part of.
        self.rates = [self._rate(j, 2 * self.half, order) for j in range(scales.size)]
        self._rows = [self._rate(j, self.half, order).decimation for j in range(scales.size)]

    def _rate(self, j: int, before: int, order: float) -> Rate:
        finest = self._scales[max(0, j - before)]
        if band_rate(finest, order, self._precision).decimation == 1:
            return band_rate(self._scales[j], order, self._precision, finest, 1)
        return band_rate(self._scales[j], order, self._precision, finest, _MOST)

    def pair(self, first: NDArray[Any], second: NDArray[Any], how: RowFilter) -> Pair:
        """The bands of both series and their filter, in the precision of the work."""
        kind, real = self._precision.complex_type, self._precision.real_type
        return Pair(
            first.astype(kind, copy=False),
            second.astype(kind, copy=False),
            RowFilter(how.omega, how.decimation, how.taps.astype(real), how.window.astype(real)),
        )

    def term(self, j: int, pair: Pair, phase: NDArray[np.floating]) -> _Term:
        """The products of scale ``j``, smoothed in time; its phase on the way."""
        d, s = pair.how.decimation, self._scales[j]
        rows = range(max(0, j - self.half), min(j + self.half + 1, self._scales.size))
        after = sorted({self._rows[row] for row in rows})
        # A Gaussian that Nyquist cuts has no short filter, and one of a large scale neither.
        filtered = (self.rates[j].own and d > 1) or np.pi * s < self._precision.cut
        filters = {
            row: np.ones(1, self._precision.real_type)
            if filtered
            else smoothing_taps(s, d, row, self._precision)
            for row in after
        }
        half = max(taps.size for taps in filters.values()) - 1
        margin = half + self._precision.reach // 2 * (after[-1] // d)
        stop = max(self._length(row) * (row // d) for row in after) + half + SLACK
        sums = self._sums(pair, phase, margin, stop)
        values = {}
        for row, taps in filters.items():
            start = -self._before(row) * (row // d)
            if filtered:
                smoothed = self._smoothed(sums[:, margin : margin + self._padded // d], s, d, row)
                where = np.arange(self._length(row)) * (row // d) + start
                values[row] = smoothed.take(where, axis=1, mode="wrap")
                continue
            out = np.empty((4, self._length(row) * (row // d) + SLACK), sums.dtype)
            for line, to in zip(sums[:, margin + start - taps.size + 1 :], out, strict=True):
                smooth(line, taps, to)
            out[:, -SLACK:] = 0
            values[row] = out if row == d else np.ascontiguousarray(out[:, : -SLACK : row // d])
        peaks = values[after[0]][:2].max(axis=1)
        return _Term(values, (float(peaks[0]), float(peaks[1])))

    def _before(self, decimation: int) -> int:
        """Points before the first sample that an interpolation reaches back."""
        return 0 if decimation == 1 else self._precision.reach // 2 - 1

    def _length(self, decimation: int) -> int:
        """Points that a row of R² is interpolated from, with room for whole vectors."""
        return -(-self._size // decimation) + self._precision.reach + SLACK

    def _smoothed(
        self, circle: NDArray[np.floating], s: float, d: int, row: int
    ) -> NDArray[np.floating]:
        """The products of a large scale, smoothed by FFT."""
        spectrum = sp_fft.rfft(circle, axis=1)
        f = np.arange(spectrum.shape[1]) / circle.shape[1]
        spectrum *= smoothing_transform(s, d, row, f, self._precision)
        smoothed: NDArray[np.floating] = sp_fft.irfft(spectrum, circle.shape[1], axis=1)
        return smoothed.astype(circle.dtype, copy=False)

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
        sums = np.empty((4, margin + max(stop, ring, written)), self._precision.real_type)
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

    def row(self, j: int, ring: dict[int, _Term], out: NDArray[np.floating]) -> None:
        """R² of scale ``j`` from the terms around it."""
        shape = window(self._rows[j], self._precision)
        terms, weights, floors = [], [], np.zeros(2)
        for offset, weight in enumerate(self._weights, -self.half):
            if weight == 0 or not 0 <= j + offset < self._scales.size:
                continue
            term = ring[j + offset]
            terms.append(term.values[self._rows[j]])
            weights.append(weight / self._scales[j + offset])
            floors += weights[-1] * np.array(term.peaks)
        floors *= _FLOOR[self._precision.real_type]
        row = out if out.dtype == shape.dtype else np.empty(out.size, shape.dtype)
        coherence_row(terms, weights, shape, floors=(float(floors[0]), float(floors[1])), out=row)
        if row is not out:
            out[:] = row
