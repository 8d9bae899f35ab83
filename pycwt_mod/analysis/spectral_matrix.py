"""Smoothed auto and cross spectra of several series: the matrix S that coherences are made of.

S_ij = ⟨W_i·conj(W_j)/s⟩ at every point of the plane, ⟨⟩ being the smoothing of
:mod:`pycwt_mod.smoothing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.gaps import filled
from pycwt_mod.transform import transform, unit_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.gaps import FilledSeries, Gaps
    from pycwt_mod.smoothing import Smoother
    from pycwt_mod.wavelets import Wavelet

#: Smoothed power below this share of the scale's largest is rounding of the FFT: no power.
_ROUNDING = 1e-13


class SpectralMatrix:
    """The elements of S, in units that every series has of its own.

    Each auto spectrum is computed once; a cross spectrum whenever it is asked for.

    Args:
        transforms: of one grid, largest coefficients of about unit size, shape (scales, N).
        smoother: made for that grid.
    """

    def __init__(
        self, transforms: Sequence[NDArray[np.complexfloating]], smoother: Smoother
    ) -> None:
        self._smoother = smoother
        self._root = np.sqrt(smoother.scales)[:, None]
        self._rows = [(W / self._root).astype(W.dtype, copy=False) for W in transforms]
        self._autos: dict[int, NDArray[np.float64]] = {}

    def auto(self, i: int) -> NDArray[np.float64]:
        """S_ii, float64, shape (scales, N)."""
        if i not in self._autos:
            row = self._rows[i].astype(np.complex128, copy=False)
            self._autos[i] = self._smoother.real(row.real**2 + row.imag**2)
        return self._autos[i]

    def product(self, i: int, j: int) -> NDArray[np.complex128]:
        """W_i·conj(W_j)/s without smoothing, shape (scales, N)."""
        product: NDArray[np.complex128] = np.multiply(
            self._rows[i], self._rows[j].conj(), dtype=np.complex128
        )
        return product

    def cross(self, i: int, j: int) -> NDArray[np.complex128]:
        """S_ij, complex128, shape (scales, N)."""
        return self._smoother.complex(self.product(i, j))

    def coherency(self, count: int) -> NDArray[np.complex128]:
        """S_ij/√(S_ii·S_jj) of the first ``count`` series; NaN where one has no power.

        Returns:
            complex128, shape (count, count, scales, N), Hermitian, with a diagonal of ones.
        """
        scale = []
        for i in range(count):
            power = self.auto(i)
            there = power > _ROUNDING * power.max(axis=1, keepdims=True)
            scale.append(np.where(there, 1 / np.sqrt(np.where(there, power, 1)), np.nan))
        matrix = np.ones((count, count, *scale[0].shape), np.complex128)
        for i in range(count):
            for j in range(i):
                matrix[i, j] = self.cross(i, j) * scale[i] * scale[j]
                matrix[j, i] = matrix[i, j].conj()
        return matrix


def transforms_of(
    series: Sequence[FilledSeries], scales: NDArray[np.float64], wavelet: Wavelet
) -> list[NDArray[np.complex128]]:
    """Transforms of series of any units, brought to unit size, at scales in samples."""
    return [transform(unit_series(x.values, x.present)[0], scales, wavelet) for x in series]


def named_series(
    series: Mapping[str, ArrayLike] | Sequence[ArrayLike] | NDArray[Any],
    name: str,
    minimum: int,
    gaps: Gaps | None = None,
) -> tuple[tuple[str, ...], list[FilledSeries]]:
    """Several series of one length, and what to call them.

    Args:
        series: by name, or in a row: their names are their numbers then.
        name: of the argument, for messages.
        minimum: how many there must be.
        gaps: how missing samples are taken; None refuses them.

    Returns:
        Names and series.

    Raises:
        TypeError: it isn't a collection of series, or one isn't made of real numbers.
        ValueError: they are too few, one is unfit, or their lengths differ.
    """
    if isinstance(series, Mapping):
        names = tuple(str(key) for key in series)
        values = list(series.values())
        labels = [f"{name}[{key!r}]" for key in series]
    else:
        try:
            values = list(series)
        except TypeError:
            raise TypeError(f"{name} must be several series, not {series!r}") from None
        names = tuple(str(i) for i in range(len(values)))
        labels = [f"{name}[{i}]" for i in range(len(values))]
    if len(values) < minimum:
        raise ValueError(f"{name} must have at least {minimum} series, not {len(values)}")
    checked = [filled(x, gaps, label) for x, label in zip(values, labels, strict=True)]
    size = checked[0].values.size
    for x, label in zip(checked[1:], labels[1:], strict=True):
        if x.values.size != size:
            raise ValueError(
                f"{labels[0]} and {label} must have the same length, not {size} and {x.values.size}"
            )
    return names, checked
