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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammainccinv

from pycwt_mod import checks
from pycwt_mod.analysis.patches import CriticalPatch, areawise_opening, critical_patch, kernel_of
from pycwt_mod.analysis.planes import octave_spacing, plane_of, series_of
from pycwt_mod.backends import Cancelled, NoControl
from pycwt_mod.backends.task import MAX_REALISATIONS
from pycwt_mod.background import significance
from pycwt_mod.gaps import filled
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.progress import progress_line
from pycwt_mod.results.kinds import Transform
from pycwt_mod.transform import outside_cone, transform
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.backends import Control
    from pycwt_mod.gaps import FilledSeries

#: Kernel levels between which the one that suits is sought.
_LEVELS = (0.02, 0.995)
#: Halvings of that range: to 1e−3 of it, below what any Monte Carlo run tells.
_HALVINGS = 10


@dataclass(frozen=True, slots=True, repr=False)
class AreawiseTest:
    """What :func:`areawise_test` gives."""

    #: Area-wise significant points of the whole map, within the cone of influence too, where
    #: patches may begin that reach out of it; shape (scales, N).
    opened: NDArray[np.bool_]
    #: Pointwise significant points of the whole map, shape (scales, N).
    pointwise: NDArray[np.bool_]
    #: Points outside the cones of the ends and of gaps, shape (scales, N).
    outside: NDArray[np.bool_]
    #: Critical patch of the test.
    patch: CriticalPatch
    #: Share of the falsely significant area that the Monte Carlo run left; NaN without one.
    left: float
    #: Seed and realisations of that run; None and 0 without one.
    seed: int | None
    mc_count: int
    #: The transform that was tested; None where it isn't one of :func:`pycwt_mod.cwt`.
    source: Transform | None = None

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Area-wise significant points outside the cones of ends and gaps, shape (scales, N)."""
        return self.opened & self.outside

    def plot(self, *, ax: Axes | None = None, **how: Any) -> Figure:
        """The map with thin contours around pointwise and thick ones around area-wise points.

        Args:
            ax: axes to draw into; None makes a figure.
            how: as :func:`pycwt_mod.plot_scalogram` takes it.

        Returns:
            The figure.

        Raises:
            ValueError: the map isn't known.
        """
        from pycwt_mod.plots.patches import plot_patches  # noqa: PLC0415 - figures only

        return plot_patches(self, ax=ax, **how)

    def __repr__(self) -> str:
        points = max(1, int(self.outside.sum()))
        shares = [(mask & self.outside).sum() / points for mask in (self.pointwise, self.opened)]
        run = f"; {self.mc_count:,} realisations, seed {self.seed}" if self.mc_count else ""
        return (
            f"<AreawiseTest: {shares[0]:.1%} of what lies outside the cones pointwise, "
            f"{shares[1]:.1%} area-wise significant, kernel level "
            f"{self.patch.kernel_level:.3f}{run}>"
        )


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

    Of a transform with gaps nothing within their cones is significant, so that a patch beside
    one must be as large as any other.

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
    source, plane = transform, plane_of(transform, wavelet)
    signal = series_of(transform, signal)
    if alpha is None:
        lag1 = _lag1(filled(signal, plane.gaps, "signal")) if np.ndim(signal) else 0.0
    else:
        lag1 = checks.within(alpha, "alpha", -1, 1)
    test = significance(
        *(signal, plane.dt, plane.sj, 0, lag1, significance_level),
        wavelet=plane.wavelet,
        gaps=plane.gaps,
    )
    pointwise = (np.abs(plane.W) ** 2 >= test.signif[:, None]) & plane.outside_gaps
    left, number, count = math.nan, None, 0
    if kernel_level is None:
        number = checks.seed(seed)
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
    known = source if isinstance(source, Transform) else None
    return AreawiseTest(opened, pointwise, plane.outside, patch, left, number, count, known)


def _lag1(series: FilledSeries) -> float:
    return ar1(series.values, series.present).g


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
    :func:`pycwt_mod.monte_carlo.streams.noise_pair`, both series of a pair used; its power is
    compared with the true background. Points outside the cone of influence are counted.

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
    checks.within(areawise_level, "areawise_level", 0, 1)
    count = checks.whole(mc_count, "mc_count", 1, MAX_REALISATIONS)
    number = checks.seed(seed)
    octave_spacing(scales, "sj")
    _area(scales, size, mother)
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
    return areawise_kernel_level(masks, scales, 1.0, areawise_level, wavelet=mother)


def areawise_kernel_level(
    masks: Sequence[ArrayLike],
    sj: ArrayLike,
    dt: float,
    areawise_level: float = 0.9,
    *,
    wavelet: str | Wavelet = "morlet",
) -> tuple[float, float]:
    """The kernel level for any test: coherence, cross power, other noise.

    The smoothing makes patches of coherence larger than those of power, but not by much.

    Args:
        masks: pointwise significant points of realisations of noise, bool of shape (scales, N);
            a hundred or so.
        sj: scales in units of time, evenly spaced in octaves.
        dt: sampling interval.
        areawise_level: share of the falsely significant area that is to be sorted out.
        wavelet: name or instance.

    Returns:
        Kernel level, for :func:`critical_patch`, and the share that is left at it.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, no point is significant outside the cone, or no
            kernel level sorts out as much.
    """
    mother = find_wavelet(wavelet)
    scales = checks.positives(sj, "sj") / checks.positive(dt, "dt")
    wanted = 1 - checks.within(areawise_level, "areawise_level", 0, 1)
    sets = [np.asarray(mask) for mask in masks]
    shapes = {mask.shape for mask in sets}
    if len(shapes) != 1 or any(mask.dtype != np.bool_ or mask.ndim != 2 for mask in sets):
        raise ValueError("masks must be masks of one shape, (scales, N)")
    if sets[0].shape[0] != scales.size:
        raise ValueError(f"masks must have {scales.size} scales as sj, not {len(sets[0])}")
    area = _area(scales, sets[0].shape[1], mother)
    kernel = kernel_of(octave_spacing(scales, "sj"), mother)
    total = sum(float(area[mask].sum()) for mask in sets)
    if total == 0:
        raise ValueError("masks: no point is significant, more realisations are needed")
    low, high = _LEVELS
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        patch = kernel.patch(middle)
        opened = (areawise_opening(mask, scales, 1.0, patch) for mask in sets)
        share = sum(float(area[mask].sum()) for mask in opened) / total
        # A lower level makes larger patches, which leave less.
        low, high = (middle, high) if share < wanted else (low, middle)
    if low == _LEVELS[0]:
        raise ValueError(
            f"masks: the largest patch leaves {share:.2f} of the area, not {wanted:.2f}"
        )
    return middle, share


def _area(scales: NDArray[np.float64], n: int, wavelet: Wavelet) -> NDArray[np.float64]:
    """What each point counts: its time in scales, outside the cone of influence."""
    area: NDArray[np.float64] = outside_cone(scales, n, wavelet) / scales[:, None]
    if not area.any():
        raise ValueError("sj: no scale has points outside the cone of influence")
    return area
