"""Smoothed auto and cross spectra of several series: the matrix S that coherences are made of.

S_ij = ⟨W_i·conj(W_j)/s⟩ at every point of the plane, ⟨⟩ being the smoothing of
:mod:`pycwt_mod.smoothing`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pycwt_mod.gaps import filled
from pycwt_mod.results.labels import read
from pycwt_mod.transform import transform, unit_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.gaps import FilledSeries, Gaps
    from pycwt_mod.results.labels import Labelled, Labels
    from pycwt_mod.smoothing import Smoother
    from pycwt_mod.wavelets import Wavelet

    #: Series by name, in a row, or the columns of a table.
    Several: TypeAlias = (
        Mapping[str, ArrayLike | Labels]
        | Sequence[ArrayLike | Labels]
        | NDArray[Any]
        | pd.DataFrame
    )

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


def listed(
    series: Several, name: str, minimum: int
) -> tuple[tuple[str, ...] | None, dict[str, ArrayLike | Labels]]:
    """Several series one by one.

    Args:
        series: by name, in a row, or the columns of a pandas table.
        name: of the argument, for messages.
        minimum: how many there must be.

    Returns:
        Their names, None for series in a row; and the series by what messages call them.

    Raises:
        TypeError: it isn't a collection of series.
        ValueError: they are too few.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(series, pandas.DataFrame):
        series = {key: series[key] for key in series.columns}
    names = None
    values: list[Any]
    if isinstance(series, Mapping):
        names = tuple(str(key) for key in series)
        values = list(series.values())
        labels = [f"{name}[{key!r}]" for key in series]
    else:
        try:
            values = list(series)
        except TypeError:
            raise TypeError(f"{name} must be several series, not {series!r}") from None
        labels = [f"{name}[{i}]" for i in range(len(values))]
    if len(values) < minimum:
        raise ValueError(f"{name} must have at least {minimum} series, not {len(values)}")
    return names, dict(zip(labels, values, strict=True))


@dataclass(frozen=True, slots=True)
class ReadSeries:
    """Several series of one length and one time axis."""

    names: tuple[str, ...]
    values: tuple[FilledSeries, ...]
    #: Their labels, and the sampling interval.
    known: Labelled
    gaps: Gaps | None


def read_series(
    dt: float | None,
    series: dict[str, ArrayLike | Labels],
    names: tuple[str, ...] | None,
    *,
    gaps: Gaps | None,
    time_units: str = "auto",
) -> ReadSeries:
    """Take several series apart into numbers and labels.

    Args:
        dt: sampling interval; None takes that of the time axis.
        series: by what messages call them.
        names: of the series; None takes those of the labels where each has one of its own, else
            their numbers.
        gaps: how missing samples are taken; None refuses them.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.

    Raises:
        TypeError: one isn't made of real numbers, or nothing tells dt.
        ValueError: one is unfit, or their lengths or time axes differ.
    """
    known = read(dt, time_units, **series)
    pairs = zip(known.values, series, strict=True)
    values = tuple(filled(x, gaps, label) for x, label in pairs)
    first, size = next(iter(series)), values[0].values.size
    for x, label in zip(values, series, strict=True):
        if x.values.size != size:
            raise ValueError(
                f"{first} and {label} must have the same length, not {size} and {x.values.size}"
            )
    if names is None:
        own = [name for name in known.names if name]
        unique = len(own) == len(values) == len(set(own))
        names = tuple(own) if unique else tuple(str(i) for i in range(len(values)))
    return ReadSeries(names, values, known, gaps)
