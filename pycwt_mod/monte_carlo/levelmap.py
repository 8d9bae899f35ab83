"""Levels of squared coherence at every point of a map, the cone of influence included.

Outside the cone a scale has one level, as usual. Within, it is interpolated along a line between
the nodes (see :mod:`pycwt_mod.monte_carlo.edges`), by the distance from the nearer end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pycwt_mod.grid import cone_factor
from pycwt_mod.monte_carlo.cascade import decorrelation, parts
from pycwt_mod.monte_carlo.edges import node_samples
from pycwt_mod.monte_carlo.histogram import upper_tail
from pycwt_mod.transform import edge_distance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import SignificanceTask
    from pycwt_mod.monte_carlo.cascade import Octave


class LevelMap(NamedTuple):
    """Levels that know the distance from the ends of the series."""

    #: Squared coherence that noise stays below, shape (scales, N); NaN where nothing was counted.
    levels: NDArray[np.float64]
    #: Monte Carlo standard errors of ``levels``, of the same shape.
    standard_errors: NDArray[np.float64]


def node_values(part: Octave) -> NDArray[np.float64]:
    """Independent values of one series at the nodes of an octave: one for either end.

    Two, but near the middle, where both ends are the same: values t apart are correlated as
    exp(−t²/(c·s)²); see :func:`pycwt_mod.monte_carlo.cascade.decorrelation`.

    Args:
        part: of a cascade, or a full task.

    Returns:
        float64, shape (nodes, own rows); 1 where nothing is counted.
    """
    found = np.ones((len(part.task.edge_nodes), part.own[1] - part.own[0]))
    if not part.task.edge_nodes:
        return found
    correlation = decorrelation(part.task)
    for row, scale in enumerate(part.task.scales[slice(*part.own)]):
        if samples := node_samples(part.task, scale):
            apart = part.task.length - 1 - 2 * np.array(samples)
            found[:, row] = 2 / (1 + np.exp(-((apart / (correlation * scale)) ** 2)))
    return found


def point_levels(
    task: SignificanceTask, levels: NDArray[np.float64], errors: NDArray[np.float64]
) -> LevelMap:
    """Levels and errors at every point, from those of the histogram's rows.

    Args:
        task: that was run.
        levels: of each row, shape (task.rows,).
        errors: theirs, of the same shape.
    """
    distances = _node_distances(task)
    return LevelMap(_spread(task, distances, levels), _spread(task, distances, errors))


def _node_distances(task: SignificanceTask) -> NDArray[np.float64]:
    """Where the nodes lie in the whole series, in samples from its end.

    A short series ends half a sample of its own beyond its last one, as the whole one does.

    Args:
        task: full or cascade.

    Returns:
        float64, shape (nodes, scales), not decreasing; NaN at a scale that has no nodes.
    """
    found = np.full((len(task.edge_nodes), len(task.scales)), np.nan)
    for part in parts(task):
        for row, scale in enumerate(part.task.scales[slice(*part.own)], start=part.row):
            if samples := node_samples(part.task, scale):
                step = task.scales[row] / scale
                found[:, row] = (np.array(samples) + 0.5) * step - 0.5
    return found


def _spread(
    task: SignificanceTask, distances: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A value for every point of the map.

    Args:
        task: that was run.
        distances: of its nodes, from :func:`_node_distances`.
        values: one for each row of the histogram, shape (rows,).

    Returns:
        float64, shape (scales, length).
    """
    blocks = values.reshape(-1, len(task.scales))
    found = np.repeat(blocks[0][:, None], task.length, axis=1)
    distance = edge_distance(task.length)
    for j, within in _within(task):
        found[j, within] = _between(distances[:, j], distance[within], blocks[1:, j])
    return found


def tails(
    task: SignificanceTask, histogram: NDArray[np.int64], coherence: ArrayLike
) -> NDArray[np.float64]:
    """How often noise is at least as coherent, at the same scale and distance from the end.

    Args:
        task: that was run.
        histogram: of the run.
        coherence: in [0, 1], shape (scales, N) or (scales,); of the latter, and of a task without
            nodes, as often as outside the cone.

    Returns:
        Shares in [0, 1] of the same shape; NaN where nothing was counted.

    Raises:
        ValueError: the shape doesn't fit, or a value isn't in [0, 1].
    """
    r2, scales = np.asarray(coherence, dtype=np.float64), len(task.scales)
    if r2.ndim not in {1, 2} or r2.shape[0] != scales:
        raise ValueError(
            f"coherence must have one row for each of the {scales} scales, not the shape {r2.shape}"
        )
    if not ((r2 >= 0) & (r2 <= 1)).all():
        raise ValueError("coherence must lie between 0 and 1")
    found = upper_tail(histogram[:scales], r2)
    if r2.ndim == 1 or not task.edge_nodes:
        return found
    if r2.shape[1] != task.length:
        raise ValueError(
            f"coherence must have the {task.length} samples of the task, so that the distance "
            f"from the ends is known, not {r2.shape[1]}"
        )
    distances, distance = _node_distances(task), edge_distance(task.length)
    for j, within in _within(task):
        values = np.broadcast_to(r2[j, within], (len(task.edge_nodes), int(within.sum())))
        shares = upper_tail(histogram[scales + j :: scales], values)
        found[j, within] = np.clip(_between(distances[:, j], distance[within], shares), 0, 1)
    return found


def _within(task: SignificanceTask) -> list[tuple[int, NDArray[np.bool_]]]:
    """The scales, and which samples of each lie within the cone."""
    distance, cone = edge_distance(task.length), cone_factor(task.family)
    return [(j, distance < cone * scale) for j, scale in enumerate(task.scales)]


def _between(
    nodes: NDArray[np.float64], at: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values at distances, along lines between the nodes.

    The first line goes on to the end of the series: of a short series, its first sample lies
    within. Beyond the last node its value is taken.

    Args:
        nodes: not decreasing, shape (nodes,), or NaN.
        at: shape (points,).
        values: shape (nodes,), or (nodes, points).
    """
    if np.isnan(nodes[0]):
        return np.full(at.shape, np.nan)
    upper = np.clip(np.searchsorted(nodes, at), 1, nodes.size - 1) if nodes.size > 1 else 0
    lower = np.maximum(upper - 1, 0)
    width = nodes[upper] - nodes[lower]
    share = np.clip((at - nodes[lower]) / np.where(width > 0, width, 1), -1, 1)
    columns = () if values.ndim == 1 else (np.arange(at.size),)
    found: NDArray[np.float64] = (1 - share) * values[(lower, *columns)] + share * values[
        (upper, *columns)
    ]
    return found
