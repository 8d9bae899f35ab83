"""The Monte Carlo job in plain float64 NumPy: the oracle that backends are compared with.

It has no tricks and no options. Faster kernels draw the same random numbers
(:mod:`pycwt_mod.monte_carlo.streams`), so that they can be compared realisation by realisation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.backends import check_span
from pycwt_mod.monte_carlo.cascade import EDGE, Octave, parts
from pycwt_mod.monte_carlo.edges import node_samples
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.smoothing import Smoother, squared_coherence
from pycwt_mod.transform import edge_distance, outside_cone, transform
from pycwt_mod.wavelets import wavelet_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask


def coherence_histogram(
    task: SignificanceTask, seed: int, first: int, count: int
) -> NDArray[np.int64]:
    """The histogram of the realisations ``first … first + count − 1``.

    Args:
        task: the null hypothesis.
        seed: 0 ≤ seed < 2⁶⁴.
        first: number of the first realisation.
        count: how many, at least one.

    Returns:
        int64, shape (task.rows, bins): floor(R²·bins) counted at the points outside the cone of
        influence, R² = 1 in the last bin; of a cascade, weighted with what each point stands for.
        Then at the nodes, once for either end.

    Raises:
        ValueError: the seed or the span is out of range, or the wavelet has no such order.
    """
    check_span(first, count)
    histogram = np.zeros((task.rows, task.bins), dtype=np.int64)
    for part in parts(task):
        outside = np.nonzero(counted_points(part.task)[slice(*part.own)])
        block, row, column = node_points(part.task, part.own)
        rows = part.row + np.concatenate([outside[0], (1 + block) * len(task.scales) + row])
        where = (np.concatenate([outside[0], row]), np.concatenate([outside[1], column]))
        weights = np.concatenate([_weights(part)[outside], np.ones_like(row)])
        for number in range(part.series(first), part.series(first + count)):
            r2 = realisation_coherence(part.task, seed, number, part.stream)
            r2 = r2[slice(*part.own)][where]
            bins = np.minimum((r2 * task.bins).astype(np.int64), task.bins - 1)
            np.add.at(histogram, (rows, bins), weights)
    return histogram


def _weights(part: Octave) -> NDArray[np.int64]:
    """What each point of the own rows counts, shape (own rows, length)."""
    scales = np.array(part.task.scales[slice(*part.own)])
    edge, beyond = np.array(part.weights).T
    near = edge_distance(part.task.length) < EDGE * scales[:, None]
    weights: NDArray[np.int64] = np.where(near, edge[:, None], beyond[:, None])
    return weights


def realisation_coherence(
    task: SignificanceTask, seed: int, realisation: int, stream: int = 0
) -> NDArray[np.float64]:
    """R² of one realisation of a full task at every point, the cone of influence included.

    Args:
        task: the null hypothesis.
        seed: 0 ≤ seed < 2⁶⁴.
        realisation: its number; of an octave, the number of its series.
        stream: of its noise.

    Returns:
        float64, shape (scales, length).

    Raises:
        ValueError: the seed is out of range, or the wavelet has no such order.
    """
    wavelet = wavelet_of(task.family, task.order, task.shape)
    pair = noise_pair(seed, realisation, task.length, task.ar1, stream)
    w1, w2 = (transform(x, np.array(task.scales), wavelet) for x in pair)
    return squared_coherence(w1, w2, _smoother(task))


def counted_points(task: SignificanceTask) -> NDArray[np.bool_]:
    """The points that a task counts, shape (scales, length)."""
    wavelet = wavelet_of(task.family, task.order, task.shape)
    return outside_cone(np.array(task.scales), task.length, wavelet)


def node_points(
    task: SignificanceTask, own: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The points of the nodes of a full task: which node, which own scale, which sample.

    Args:
        task: the null hypothesis.
        own: span of the scales that are counted.

    Returns:
        Three vectors of the same length.
    """
    found = [
        (node, row, at)
        for row, scale in enumerate(task.scales[slice(*own)])
        for node, sample in enumerate(node_samples(task, scale))
        for at in (sample, task.length - 1 - sample)
    ]
    node, row, at = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return node, row, at


@lru_cache(maxsize=1)
def _smoother(task: SignificanceTask) -> Smoother:
    wavelet = wavelet_of(task.family, task.order, task.shape)
    return Smoother(wavelet, np.array(task.scales), task.scale_weights, task.length)
