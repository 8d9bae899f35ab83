"""The reproducing kernel of a wavelet, and the critical patches of the area-wise test.

Maraun, Kurths & Holschneider (2007), Phys. Rev. E 75, 016707; see
:mod:`pycwt_mod.analysis.areawise`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod import checks
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Scales within this many octaves of a point are looked at for its critical patch.
_OCTAVES = 4.0
#: And times within this many scales of it; of wavelets that reach farther than Morlet's, in
#: proportion.
_REACH = 24.0


@dataclass(frozen=True, slots=True)
class CriticalPatch:
    """Where the reproducing kernel of a point exceeds a level."""

    #: That level, as a share of the kernel at the point itself.
    kernel_level: float
    #: Rows of the plane up or down, shape (rows,).
    offsets: NDArray[np.int64]
    #: Half widths in time of those rows, in scales of the point, shape (rows,).
    half_widths: NDArray[np.float64]


def reproducing_kernel(
    octaves: ArrayLike, times: ArrayLike, wavelet: str | Wavelet = "morlet"
) -> NDArray[np.float64]:
    """|K| of a point with points at other scales and times: how far noise is correlated.

    K(u, b) = 2^(u/2) ∫ ψ̂*(x) ψ̂(2^u x) exp(ixb) dx / ∫ |ψ̂|² dx. For the Morlet wavelet, with
    a = 2^u, it is √(2a/(1 + a²)) · exp(−[b² + ω₀²(1 − a)²] / (2(1 + a²))).

    Args:
        octaves: distances u of the other scale, shape (M,).
        times: distances b in time, in scales of the point, shape (B,).
        wavelet: name or instance.

    Returns:
        float64 in [0, 1], shape (M, B); 1 at u = b = 0.

    Raises:
        TypeError: the wavelet is neither a name nor a wavelet.
        ValueError: no wavelet has that name.
    """
    mother = find_wavelet(wavelet)
    u = np.atleast_1d(np.asarray(octaves, dtype=np.float64))
    b = np.atleast_1d(np.asarray(times, dtype=np.float64))
    guess = 2 * math.pi / mother.flambda()
    # All transforms have vanished there. A sum in such steps is the integral, to rounding, as
    # long as 2π over the step is well beyond the longest time.
    end = 4 * guess + 24
    x = np.linspace(0, end, 2001 + int(end * np.abs(b).max(initial=0)))
    own = np.asarray(mother.psi_ft(x))
    other = np.asarray(mother.psi_ft(np.exp2(u)[:, None] * x)) * np.exp2(u / 2)[:, None]
    turns = np.exp(1j * x[:, None] * b)
    if mother.is_real:
        turns = np.cos(x[:, None] * b)
    kernel: NDArray[np.float64] = np.abs((own.conj() * other) @ turns)
    return kernel / float((np.abs(own) ** 2).sum())


def critical_patch(
    kernel_level: float, dj: float, wavelet: str | Wavelet = "morlet"
) -> CriticalPatch:
    """The patch around a point within which the reproducing kernel exceeds a level.

    Args:
        kernel_level: as a share of the kernel at the point itself, 0.01 to 1.
        dj: spacing of the scales in octaves.
        wavelet: name or instance.

    Returns:
        The patch; it has the row of the point at least.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
    """
    level = checks.within(kernel_level, "kernel_level", 0.01, 1)
    spacing = checks.within(dj, "dj", 0, _OCTAVES)
    return kernel_of(spacing, find_wavelet(wavelet)).patch(level)


def areawise_opening(
    significant: ArrayLike, sj: ArrayLike, dt: float, patch: CriticalPatch
) -> NDArray[np.bool_]:
    """The union of all critical patches that lie wholly in a set.

    Args:
        significant: the set, bool of shape (scales, N).
        sj: scales in units of time, shape (scales,), spaced as the patch was made for.
        dt: sampling interval.
        patch: see :func:`critical_patch`.

    Returns:
        A subset, shape (scales, N).

    Raises:
        TypeError: an argument isn't a number.
        ValueError: shapes don't fit, or an argument is out of range.
    """
    mask = np.asarray(significant)
    scales = checks.positives(sj, "sj") / checks.positive(dt, "dt")
    if mask.dtype != np.bool_ or mask.ndim != 2 or mask.shape[0] != scales.size:
        raise ValueError(
            f"significant must be a mask with one row for each of the {scales.size} scales, not "
            f"{mask.dtype} of shape {mask.shape}"
        )
    room = _distance(~mask)
    opened = np.zeros_like(mask)
    for j, scale in enumerate(scales.tolist()):
        rows = j + patch.offsets
        inside = (rows >= 0) & (rows < scales.size)
        reach = patch.half_widths[inside] * scale
        there = np.flatnonzero(mask[j])
        centres = np.zeros(mask.shape[1], np.bool_)
        centres[there] = (room[np.ix_(rows[inside], there)] > reach[:, None]).all(axis=0)
        if centres.any():
            opened[rows[inside]] |= _distance(centres[None, :]) <= reach[:, None]
    return opened


class Kernel:
    """The reproducing kernel on the rows of a plane."""

    def __init__(self, dj: float, wavelet: Wavelet) -> None:
        rows = math.floor(_OCTAVES / dj)
        self._offsets = np.arange(-rows, rows + 1)
        self._times = np.linspace(0, _REACH * max(1.0, wavelet.efolding / math.sqrt(2)), 481)
        self._table = reproducing_kernel(self._offsets * dj, self._times, wavelet)

    def patch(self, level: float) -> CriticalPatch:
        """Where the kernel exceeds a level without a break, from the point outwards."""
        below = self._table < level
        first = np.where(below.any(axis=1), below.argmax(axis=1), self._times.size - 1)
        centre = self._offsets.size // 2
        empty = np.flatnonzero(first == 0)
        low = int(empty[empty < centre].max(initial=-1)) + 1
        high = int(empty[empty > centre].min(initial=self._offsets.size))
        rows = np.arange(low, high)
        end = first[rows]
        inner, outer = self._table[rows, end - 1], self._table[rows, end]
        part = np.clip((inner - level) / np.maximum(inner - outer, 1e-300), 0, 1)
        step = self._times[1]
        return CriticalPatch(level, self._offsets[rows], (end - 1 + part) * step)


@lru_cache(maxsize=4)
def kernel_of(dj: float, wavelet: Wavelet) -> Kernel:
    """The kernel on rows of that spacing, kept for the next call."""
    return Kernel(dj, wavelet)


def _distance(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Samples from each point to the nearest true one of its row; infinity without one."""
    n = mask.shape[1]
    t = np.arange(n, dtype=np.float64)
    before = np.maximum.accumulate(np.where(mask, t, -np.inf), axis=1)
    after = np.minimum.accumulate(np.where(mask, t, np.inf)[:, ::-1], axis=1)[:, ::-1]
    distance: NDArray[np.float64] = np.minimum(t - before, after - t)
    return distance
