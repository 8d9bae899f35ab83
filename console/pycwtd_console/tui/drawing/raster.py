"""Maps over time and period, brought to the pixels that a terminal has: two to a cell's height.

Needs numpy, so it is imported when a map is shown.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What becomes of several points of the map in one pixel.
How = Literal["mean", "maximum"]
#: From where to where something lies on an axis of pixels, the end left out.
Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A map in pixels, each array of the same shape: rows from the shortest period down.

    Attributes:
        share: 0 to 1 of the colours; NaN where there is nothing.
        cone: within the cone of influence.
        edge: on the contour of the level, just outside of it.
    """

    share: NDArray[np.float64]
    cone: NDArray[np.bool_]
    edge: NDArray[np.bool_]


def bands(periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rims of the bands of ascending periods in octaves (log2), one more than periods.

    A band ends halfway to the next period; the outermost are as wide beyond as within.
    """
    y = np.log2(periods)
    if y.size == 1:
        return np.array([y[0] - 0.5, y[0] + 0.5])
    between = (y[1:] + y[:-1]) / 2
    return np.concatenate([[2 * y[0] - between[0]], between, [2 * y[-1] - between[-1]]])


def rows_of(rims: NDArray[np.float64], low: float, high: float, pixels: int) -> list[Run]:
    """Which rows of a map are in which pixels of a logarithmic axis of period.

    A pixel has the rows whose middles are in it; where it has none, the row whose band it is
    in, or the nearest.

    Args:
        rims: as :func:`bands` gives them.
        low: upper rim of the axis in octaves (log2), the shortest period.
        high: lower rim.
        pixels: how many share it.
    """
    middles = (rims[1:] + rims[:-1]) / 2
    edges = np.linspace(low, high, pixels + 1)
    first = np.searchsorted(middles, edges[:-1], side="left")
    last = np.searchsorted(middles, edges[1:], side="left")
    centre = np.searchsorted(rims, (edges[1:] + edges[:-1]) / 2, side="right") - 1
    centre = np.clip(centre, 0, middles.size - 1)
    empty = first == last
    begin, end = np.where(empty, centre, first), np.where(empty, centre + 1, last)
    return [(int(a), int(b)) for a, b in zip(begin, end, strict=True)]


def columns_of(count: int, pixels: int) -> list[Run]:
    """Which of so many columns are in which pixels; with fewer than pixels they are repeated."""
    runs = []
    for k in range(pixels):
        first = k * count // pixels
        runs.append((first, max((k + 1) * count // pixels, first + 1)))
    return runs


def resample(
    values: NDArray[np.float64], rows: list[Run], columns: list[Run], how: How
) -> NDArray[np.float64]:
    """The mean or the maximum of what is in each pixel; NaN counts as missing.

    Args:
        values: shape (rows, columns) of the map.
        rows: of each row of pixels.
        columns: of each column of pixels.
        how: mean or maximum.

    Returns:
        Shape (len(rows), len(columns)).
    """
    take = np.nanmean if how == "mean" else np.nanmax
    with warnings.catch_warnings():
        # Pixels without anything are NaN; that is what is wanted.
        warnings.simplefilter("ignore", RuntimeWarning)
        across = np.stack([take(values[:, a:b], axis=1) for a, b in columns], axis=1)
        return np.stack([take(across[a:b], axis=0) for a, b in rows], axis=0)


def beyond(
    coi: NDArray[np.float64], low: float, high: float, pixels: int, columns: list[Run]
) -> NDArray[np.bool_]:
    """Which pixels are within the cone of influence: their middle's period is above the rim's.

    Args:
        coi: longest period free of the ends' influence, for each column of the map.
        low: upper rim of the axis of period in octaves (log2).
        high: lower rim.
        pixels: rows of them.
        columns: of the map in each column of pixels.
    """
    edges = np.linspace(low, high, pixels + 1)
    period = 2.0 ** ((edges[1:] + edges[:-1]) / 2)
    middle = np.array([coi[(a + b - 1) // 2] for a, b in columns])
    return np.asarray(period[:, None] > middle[None, :])


def contour(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels outside of an area that touch it by a side."""
    near = np.zeros_like(inside)
    near[1:] |= inside[:-1]
    near[:-1] |= inside[1:]
    near[:, 1:] |= inside[:, :-1]
    near[:, :-1] |= inside[:, 1:]
    return near & ~inside
