"""Coherence of surrogates with the gaps of the data.

Beside a gap less is averaged than elsewhere, and noise coheres more, as it does at the ends. So
the surrogates get the gaps of the series, filled as they were, and their coherence is counted
where that of the series is looked at: outside the cone of influence and the cones of gaps, and at
the nodes within the cone of influence where these don't lie in the cone of a gap.

It is computed as the coherence of the data is, in NumPy, on the threads of this process: the
kernel counts series of one length without gaps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod.backends import BackendInfo, Cancelled
from pycwt_mod.backends.task import FAMILIES
from pycwt_mod.gaps import bridged, masks_of, outside_gaps
from pycwt_mod.monte_carlo.edges import node_samples
from pycwt_mod.monte_carlo.nulls import MIN_LENGTH, Null, SurrogateBackend
from pycwt_mod.monte_carlo.surrogate_models import RedNoise, WhiteNoise, find_model
from pycwt_mod.noise import ar1, ar1_filter
from pycwt_mod.smoothing import Smoother, squared_coherence
from pycwt_mod.transform import daughters, outside_cone, padded_length, transform
from pycwt_mod.wavelets import wavelet_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask
    from pycwt_mod.gaps import FilledSeries
    from pycwt_mod.monte_carlo.surrogate_models import Draw, SurrogateModel

    Pair = tuple[FilledSeries, FilledSeries]

#: Points of all maps that are worked on at a time: some 100 bytes each.
_AT_A_TIME = 1 << 24
#: Values of ψ̂ that are kept for all realisations, 64 MiB.
_KEPT = 1 << 22


@dataclass(frozen=True)
class GappedNull(Null):
    """A null hypothesis whose surrogates have the gaps of the data."""

    #: Of each row of the histogram, the share of its points outside the cones of gaps.
    share: NDArray[np.float64] | None = None


class GappedCounter:
    """Counts the coherence of pairs of series, of which it takes the samples present alone.

    Args:
        task: full, of the length of the data.
        series: whose gaps count.
    """

    def __init__(self, task: SignificanceTask, series: Pair) -> None:
        self._task = task
        self._series = series
        self._wavelet = wavelet_of(task.family, task.order, task.shape)
        self._scales = np.array(task.scales)
        self._smoother = Smoother(self._wavelet, self._scales, task.scale_weights, task.length)
        self._outside, self._nodes = counted(task, series)
        self._padded = padded_length(task.length)
        self._filters: NDArray[np.complex128] | None = None
        if self._scales.size * self._padded <= _KEPT:
            self._filters = daughters(self._wavelet, self._scales, self._padded)
        self._cancelled = False

    def cancel(self) -> None:
        """Stop what is being counted, for good."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled

    def histogram(self, x1: NDArray[np.float32], x2: NDArray[np.float32]) -> NDArray[np.int64]:
        """The histogram of pairs of series.

        Args:
            x1: finite and of the order of one, shape (pairs, length).
            x2: the same.

        Returns:
            ``int64[task.rows, bins]``.

        Raises:
            Cancelled: :meth:`cancel` was called.
        """
        task = self._task
        counts = np.zeros((task.rows, task.bins), np.int64)
        for pair in zip(x1, x2, strict=True):
            if self._cancelled:
                raise Cancelled
            w1, w2 = (self._transform(x, f) for x, f in zip(pair, self._series, strict=True))
            r2 = squared_coherence(w1, w2, self._smoother)
            bins = np.minimum((r2 * task.bins).astype(np.int64), task.bins - 1)
            for j, (row, there) in enumerate(zip(bins, self._outside, strict=True)):
                counts[j] += np.bincount(row[there], minlength=task.bins)
            for row_number, j, samples in self._nodes:
                counts[row_number] += np.bincount(bins[j, samples], minlength=task.bins)
        return counts

    def _transform(self, x: NDArray[np.float32], like: FilledSeries) -> NDArray[np.complex128]:
        y = x.astype(np.float64)
        if like.present is None or like.gaps is None:
            y -= y.mean()
        else:
            y = bridged(y, like.present, like.gaps) - y[like.present].mean()
        if self._filters is None:
            return transform(y, self._scales, self._wavelet)
        rows = sp_fft.fft(y, self._padded) * self._filters
        W: NDArray[np.complex128] = sp_fft.ifft(rows, axis=1, overwrite_x=True)[:, : y.size]
        return W.real.astype(np.complex128) if self._wavelet.is_real else W


class GappedBackend(SurrogateBackend):
    """Counts the coherence of surrogates that have the gaps of the data.

    Args:
        model: what the surrogates keep of the series. AR(1) and white noise have the coefficients
            of the samples present; other models are fitted to the series as they are filled.
        series: the two, of one length.
        threads: how many compute at the same time; None takes all that this process may use.
    """

    def __init__(self, model: SurrogateModel, series: Pair, threads: int | None = None) -> None:
        self._prepare([_draw(model, x) for x in series], series[0].values.size, threads)
        self._series = series
        self.info = BackendInfo(
            name="surrogates",
            type="cpu",
            description="Surrogates with the gaps of the data",
            numerics="gapped-f64-1",
            tolerance=0,
            families=FAMILIES,
            estimators=("full",),
        )

    def _counter(self, task: SignificanceTask) -> GappedCounter:
        points = len(task.scales) * task.length
        self._threads = max(1, min(self._threads, _AT_A_TIME // points))
        return GappedCounter(task, self._series)


def gapped_null(null: str | SurrogateModel, task: SignificanceTask, series: Pair) -> GappedNull:
    """How the coherence of two series with gaps is tested against a null hypothesis.

    Args:
        null: name or model.
        task: of the test against AR(1) noise.
        series: the two.

    Raises:
        TypeError: ``null`` is neither.
        ValueError: there is no model of that name, or the series are too short for it.
    """
    model = find_model(null, "null")
    name = null if isinstance(null, str) else repr(model)
    samples = series[0].values.size
    if samples < MIN_LENGTH:
        raise ValueError(f"levels with gaps need at least {MIN_LENGTH} samples, not {samples}")
    full = replace(task, length=samples, estimator="full")
    return GappedNull(name, full, GappedBackend(model, series), _share(full, series))


def counted(
    task: SignificanceTask, series: Pair
) -> tuple[NDArray[np.bool_], list[tuple[int, int, NDArray[np.int64]]]]:
    """Where the coherence of series with gaps is counted.

    Args:
        task: full, of their length.
        series: the two.

    Returns:
        bool[scales, length] for the rows of the scales; and for those of nodes their number, that
        of their scale, and the samples from either end.
    """
    wavelet = wavelet_of(task.family, task.order, task.shape)
    scales = np.array(task.scales)
    free = outside_gaps(masks_of(series), scales, wavelet)
    outside = outside_cone(scales, task.length, wavelet) & free
    nodes = []
    for j, scale in enumerate(task.scales):
        for k, sample in enumerate(node_samples(task, scale), start=1):
            ends = np.array([sample, task.length - 1 - sample])
            nodes.append((k * scales.size + j, j, ends[free[j, ends]]))
    return outside, nodes


def _share(task: SignificanceTask, series: Pair) -> NDArray[np.float64]:
    wavelet = wavelet_of(task.family, task.order, task.shape)
    all_ = outside_cone(np.array(task.scales), task.length, wavelet).sum(axis=1)
    outside, nodes = counted(task, series)
    share = np.ones(task.rows)
    share[: all_.size] = outside.sum(axis=1) / np.maximum(all_, 1)
    for row, _, samples in nodes:
        share[row] = samples.size / 2
    return share


def _draw(model: SurrogateModel, x: FilledSeries) -> Draw:
    """How to draw surrogates of a series of about unit size."""
    n = x.values.size
    if isinstance(model, RedNoise | WhiteNoise):
        g = 0.0 if isinstance(model, WhiteNoise) else ar1(x.values, x.present).g
        return lambda rng: ar1_filter(rng.standard_normal(n), g)
    return model.fit((x.values - x.there.mean()) / x.there.std(), n)
