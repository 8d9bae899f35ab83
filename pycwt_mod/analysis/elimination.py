"""Partial and multiple coherence from matrices of coherency, point by point.

The formulas stand in :mod:`pycwt_mod.analysis.multivariate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

#: What is left of a series' power, of 1, below which it counts as a combination of others. The
#: smoothing rounds at 1e−13 of a scale's largest power.
_SINGULAR = 1e-8


def partial_of(matrix: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """γ of the first two series given all the others.

    Args:
        matrix: coherency, shape (series, series, …), overwritten; at least two series.

    Returns:
        complex128 of the points' shape, |γ| ≤ 1 to rounding; NaN where the others, or one of
        the two with the others, are linearly dependent.
    """
    _eliminate(matrix, range(2, len(matrix)))
    left = [np.sqrt(_inverse(matrix[i, i].real)) for i in range(2)]
    gamma: NDArray[np.complex128] = matrix[0, 1] * left[0] * left[1]
    return gamma


def multiple_of(matrix: NDArray[np.complex128]) -> NDArray[np.float64]:
    """R² of the first series with all the others.

    Args:
        matrix: coherency, shape (series, series, …), overwritten; at least two series.

    Returns:
        float64 in [0, 1] of the points' shape; NaN where the others are linearly dependent.
    """
    _eliminate(matrix, range(1, len(matrix)))
    r2: NDArray[np.float64] = np.clip(1 - matrix[0, 0].real, 0.0, 1.0)
    return r2


def _eliminate(matrix: NDArray[np.complex128], given: Iterable[int]) -> None:
    """Replace S by S − S_k S_kk⁻¹ S_k* for one k after the other, in what is left."""
    order = list(given)
    for done, k in enumerate(order, 1):
        pivot = _inverse(matrix[k, k].real)
        rest = [i for i in range(len(matrix)) if i not in order[:done]]
        for a, i in enumerate(rest):
            ratio = matrix[i, k] * pivot
            for j in rest[: a + 1]:
                matrix[i, j] -= ratio * matrix[k, j]
                if i != j:
                    matrix[j, i] = matrix[i, j].conj()


def _inverse(power: NDArray[np.float64]) -> NDArray[np.float64]:
    there = power > _SINGULAR
    return np.where(there, 1 / np.where(there, power, 1.0), np.nan)
