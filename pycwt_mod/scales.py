"""Grids of scales that the caller names by their frequencies or periods, in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pycwt_mod.own_grid import even_step, own_scales
from pycwt_mod.smoothing import scale_weights
from pycwt_mod.transform import MAX_DJ, scale_grid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.long.fast import Emit
    from pycwt_mod.wavelets import Wavelet

_Float = TypeVar("_Float", bound=np.floating[Any])


@dataclass(frozen=True, slots=True)
class CoherenceGrid:
    """Scales to be smoothed over, ascending, and where each row of the result comes from."""

    #: In units of time, ascending, shape (scales,).
    scales: NDArray[np.float64]
    #: Their spacing in octaves; None where it isn't even.
    dj: float | None
    #: Of the smoothing over scales: those of :func:`pycwt_mod.smoothing.scale_weights`, or,
    #: where the spacing isn't even, a matrix with a row for each scale.
    weights: tuple[float, ...] | NDArray[np.float64]
    #: Number of the scale that each row of the result is; None where they are the same.
    rows: NDArray[np.intp] | None

    def emitter(self, emit: Emit) -> Emit:
        """What takes the rows of the ascending scales, and emits those of the caller's order."""
        if self.rows is None:
            return emit
        place = np.argsort(self.rows).tolist()
        return lambda j, fill: emit(place[j], fill)

    def arranged(self, values: NDArray[_Float]) -> NDArray[_Float]:
        """Values of the ascending scales, in the order that the caller asked for."""
        return values if self.rows is None else values[self.rows]


def coherence_grid(
    n: int,
    dt: float,
    *,
    dj: float,
    s0: float,
    J: float,
    freqs: ArrayLike | None,
    periods: ArrayLike | None,
    wavelet: Wavelet,
) -> CoherenceGrid:
    """The scales of a coherence, and its smoothing over them.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, both ``freqs`` and ``periods`` are given, or
            two of them are the same.
    """
    asked = own_scales(freqs, periods, wavelet)
    if asked is None:
        scales = scale_grid(n, dt, dj=dj, s0=s0, J=J, wavelet=wavelet)
        return CoherenceGrid(scales, dj, scale_weights(dj, wavelet), None)
    order = np.argsort(asked, kind="stable")
    scales = asked[order]
    if (scales[1:] <= scales[:-1]).any():
        name = "freqs" if freqs is not None else "periods"
        raise ValueError(f"{name} must differ from each other: the smoothing goes over scales")
    rows = np.empty_like(order)
    rows[order] = np.arange(order.size)
    kept = None if (rows[1:] > rows[:-1]).all() else rows
    step = even_step(scales, dj)
    if step is None:
        width = wavelet.smoothing_width
        return CoherenceGrid(scales, None, window_matrix(scales, width), kept)
    weights = scale_weights(step, wavelet) if step < MAX_DJ else (1.0,)
    return CoherenceGrid(scales, step, weights, kept)


def window_matrix(scales: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Weights of a window ``width`` octaves wide about each scale, on any ascending grid.

    A scale stands for the octaves half-way to its neighbours, as far beyond the first and the
    last as to their only one. Its weight is the part of them that lies in the window.

    Returns:
        float64, shape (scales, scales); each row sums to one, but for what lies beyond the ends.
    """
    at = np.log2(scales)
    if at.size == 1:
        return np.ones((1, 1))
    edges = np.concatenate([[1.5 * at[0] - 0.5 * at[1]], (at[1:] + at[:-1]) / 2, [0.0]])
    edges[-1] = 1.5 * at[-1] - 0.5 * at[-2]
    low = np.maximum(edges[:-1], at[:, None] - width / 2)
    high = np.minimum(edges[1:], at[:, None] + width / 2)
    weights: NDArray[np.float64] = np.maximum(high - low, 0.0) / width
    return weights


def significance_grid(grid: CoherenceGrid) -> tuple[float, float, int]:
    """dj, s0 and J of the Monte Carlo run that belongs to a coherence.

    Raises:
        ValueError: the scales aren't evenly spaced in octaves.
    """
    if grid.dj is None:
        raise ValueError(
            "sig=True needs scales that are evenly spaced in octaves, which those of freqs or "
            "periods aren't: take a geometric sequence (numpy.geomspace), or sig=False"
        )
    return grid.dj, float(grid.scales[0]), grid.scales.size - 1
