"""The area-wise test: which patches of pointwise significance are larger than noise makes them.

Maraun, Kurths & Holschneider (2007), Phys. Rev. E 75, 016707. Neighbouring coefficients of
noise are correlated as the wavelet's reproducing kernel, so that a chance excursion marks a
patch of the kernel's shape. The critical patch of a point is where the kernel exceeds a level;
it is as wide in time as the scale is large, and the same at all scales in octaves. A point of a
pointwise significant set is area-wise significant where it lies in some critical patch that
lies wholly in the set. In the language of image processing, that is the opening of the set by
a patch which changes with scale.

The kernel level is chosen by Monte Carlo so that of the falsely significant area, each scale
counted in its own unit of time, the share 1 − *area-wise level* is left. The critical patch at
the border of the plane is that part of it which lies in the plane.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainccinv

from pycwt_mod import checks
from pycwt_mod.backends import Cancelled, NoControl
from pycwt_mod.backends.task import MAX_REALISATIONS
from pycwt_mod.background import significance
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.planes import octave_spacing, plane_of, series_of
from pycwt_mod.progress import progress_line
from pycwt_mod.streams import noise_pair
from pycwt_mod.transform import outside_cone, transform
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Control
    from pycwt_mod.planes import TransformLike

#: Scales within this many octaves of a point are looked at for its critical patch.
_OCTAVES = 4.0
#: And times within this many scales of it.
_REACH = 24.0
#: Kernel levels between which the one that suits is sought.
_LEVELS = (0.02, 0.995)
#: Halvings of that range: to 1e−3 of it, below what any Monte Carlo run tells.
_HALVINGS = 10


@dataclass(frozen=True, slots=True)
class CriticalPatch:
    """Where the reproducing kernel of a point exceeds a level."""

    #: That level, as a share of the kernel at the point itself.
    kernel_level: float
    #: Rows of the plane up or down, shape (rows,).
    offsets: NDArray[np.int64]
    #: Half widths in time of those rows, in scales of the point, shape (rows,).
    half_widths: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AreawiseTest:
    """What :func:`areawise_test` gives."""

    #: Area-wise significant points, shape (scales, N).
    significant: NDArray[np.bool_]
    #: Pointwise significant points, shape (scales, N).
    pointwise: NDArray[np.bool_]
    #: Critical patch of the test.
    patch: CriticalPatch
    #: Share of the falsely significant area that the Monte Carlo run left; NaN without one.
    left: float
    #: Seed and realisations of that run; None and 0 without one.
    seed: int | None
    mc_count: int


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
        kernel_level: as a share of the kernel at the point itself, 0.02 to 0.995.
        dj: spacing of the scales in octaves.
        wavelet: name or instance.

    Returns:
        The patch; it has the row of the point at least.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
    """
    level = checks.within(kernel_level, "kernel_level", _LEVELS[0] / 2, 1)
    spacing = checks.within(dj, "dj", 0, _OCTAVES)
    return _kernel(spacing, find_wavelet(wavelet)).patch(level)


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


def areawise_test(
    transform: TransformLike,
    signal: ArrayLike | None = None,
    *,
    alpha: float | None = None,
    significance_level: float = 0.95,
    areawise_level: float = 0.9,
    kernel_level: float | None = None,
    mc_count: int = 100,
    seed: int | None = None,
    progress: bool = True,
    control: Control | None = None,
    wavelet: str | Wavelet | None = None,
) -> AreawiseTest:
    """Area-wise test of wavelet power against AR(1) noise.

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it; its scales evenly spaced in octaves.
        signal: the series that it is of, or the variance of the noise; None takes the
            transform's own ``series``.
        alpha: lag-1 autocorrelation of the noise; None estimates it by :func:`pycwt_mod.ar1`,
            or takes 0 where a variance alone is given.
        significance_level: of the pointwise test, between 0 and 1.
        areawise_level: share of the falsely significant area that is sorted out, between 0
            and 1.
        kernel_level: of the critical patch, from an earlier run with the same wavelet, levels
            and grid; None finds it by Monte Carlo, see :func:`areawise_calibration`.
        mc_count: realisations of that.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        progress: shows a line of progress on a terminal.
        control: watches and cancels the run, in place of ``progress``.
        wavelet: that it was made with; None takes the transform's own, or the Morlet wavelet.

    Returns:
        Both sets of points and what the test took.

    Raises:
        TypeError: an argument isn't a number or a transform.
        ValueError: an argument is out of range.
        Cancelled: the control said so.
    """
    plane, signal = plane_of(transform, wavelet), series_of(transform, signal)
    if alpha is None:
        lag1 = ar1(checks.series(signal, "signal")).g if np.ndim(signal) else 0.0
    else:
        lag1 = checks.within(alpha, "alpha", -1, 1)
    test = significance(
        *(signal, plane.dt, plane.sj, 0, lag1, significance_level), wavelet=plane.wavelet
    )
    pointwise = np.abs(plane.W) ** 2 >= test.signif[:, None]
    left, number, count = math.nan, None, 0
    if kernel_level is None:
        number = secrets.randbits(64) if seed is None else seed
        kernel_level, left = areawise_calibration(
            *(plane.size, plane.dt, plane.sj, lag1, significance_level, areawise_level),
            mc_count=mc_count,
            seed=number,
            control=control or progress_line(progress, mc_count),
            wavelet=plane.wavelet,
        )
        count = mc_count
    patch = critical_patch(kernel_level, plane.dj, plane.wavelet)
    opened = areawise_opening(pointwise, plane.sj, plane.dt, patch)
    return AreawiseTest(opened, pointwise, patch, left, number, count)


def areawise_calibration(  # noqa: PLR0917 - the grid, the noise, the levels
    n: int,
    dt: float,
    sj: ArrayLike,
    alpha: float,
    significance_level: float = 0.95,
    areawise_level: float = 0.9,
    *,
    mc_count: int = 100,
    seed: int | None = None,
    control: Control | None = None,
    wavelet: str | Wavelet = "morlet",
) -> tuple[float, float]:
    """The kernel level at which noise keeps the share 1 − area-wise level of its patches.

    Realisation k is AR(1) noise of n samples with the random numbers of
    :func:`pycwt_mod.streams.noise_pair`, both series of a pair used; its power is compared with
    the true background. Points outside the cone of influence are counted.

    Args:
        n: samples of the series.
        dt: sampling interval.
        sj: scales in units of time, evenly spaced in octaves.
        alpha: lag-1 autocorrelation of the noise.
        significance_level: of the pointwise test.
        areawise_level: share of the falsely significant area that is to be sorted out.
        mc_count: realisations.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        control: watches and cancels the run.
        wavelet: name or instance.

    Returns:
        Kernel level, and the share that is left at it.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, or no point lies outside the cone.
        Cancelled: the control said so.
    """
    size = checks.whole(n, "n", checks.MIN_LENGTH, 2**26)
    mother = find_wavelet(wavelet)
    scales = checks.positives(sj, "sj") / checks.positive(dt, "dt")
    lag1 = checks.within(alpha, "alpha", -1, 1)
    level = checks.within(significance_level, "significance_level", 0, 1)
    left = 1 - checks.within(areawise_level, "areawise_level", 0, 1)
    count = checks.whole(mc_count, "mc_count", 1, MAX_REALISATIONS)
    number = secrets.randbits(64) if seed is None else checks.whole(seed, "seed", 0, 2**64 - 1)
    area = outside_cone(scales, size, mother) / scales[:, None]
    if not area.any():
        raise ValueError("sj: no scale has points outside the cone of influence")
    kernel = _kernel(octave_spacing(scales, "sj"), mother)
    watch = control or NoControl()
    nu = float(mother.dofmin)
    limit = ar1_spectrum(1 / (mother.flambda() * scales), lag1)
    limit = limit * 2 * gammainccinv(nu / 2, 1 - level) / nu * (1 / (1 - lag1**2))
    masks: list[NDArray[np.bool_]] = []
    for k in range(count):
        if watch.cancelled():
            raise Cancelled
        x = noise_pair(number, k // 2, size, (lag1, lag1))[k % 2]
        masks.append(np.abs(transform(x, scales, mother)) ** 2 >= limit[:, None])
        watch.advance(k + 1)
    return _bisect(masks, area, scales, kernel, left)


def _bisect(
    masks: Sequence[NDArray[np.bool_]],
    area: NDArray[np.float64],
    scales: NDArray[np.float64],
    kernel: _Kernel,
    wanted: float,
) -> tuple[float, float]:
    """A lower level makes larger patches, which leave less."""
    total = sum(float(area[mask].sum()) for mask in masks)
    if total == 0:
        raise ValueError("mc_count: no realisation has a significant point, more are needed")
    low, high = _LEVELS
    share = math.nan
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        patch = kernel.patch(middle)
        opened = (areawise_opening(mask, scales, 1.0, patch) for mask in masks)
        share = sum(float(area[mask].sum()) for mask in opened) / total
        low, high = (middle, high) if share < wanted else (low, middle)
    return middle, share


class _Kernel:
    """The reproducing kernel on the rows of a plane."""

    def __init__(self, dj: float, wavelet: Wavelet) -> None:
        rows = math.floor(_OCTAVES / dj)
        self._offsets = np.arange(-rows, rows + 1)
        self._times = np.linspace(0, _REACH, 481)
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
def _kernel(dj: float, wavelet: Wavelet) -> _Kernel:
    return _Kernel(dj, wavelet)


def _distance(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Samples from each point to the nearest true one of its row; infinity without one."""
    n = mask.shape[1]
    t = np.arange(n, dtype=np.float64)
    before = np.maximum.accumulate(np.where(mask, t, -np.inf), axis=1)
    after = np.minimum.accumulate(np.where(mask, t, np.inf)[:, ::-1], axis=1)[:, ::-1]
    distance: NDArray[np.float64] = np.minimum(t - before, after - t)
    return distance
