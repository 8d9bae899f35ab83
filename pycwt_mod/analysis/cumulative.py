"""The geometric and the cumulative area-wise test of patches of pointwise significance.

Schulte, Duffy & Najjar (2015), Nonlin. Processes Geophys. 22, 139–156 (the geometric test);
Schulte (2016), ibid. 23, 45–57 (the cumulative one); Schulte (2019), ibid. 26, 91–108 (its
simplified procedure: the mean of the geometric tests' estimates). What a patch, its normalised
area and a pathway are is told in :mod:`pycwt_mod.analysis.pathways`.

**The geometric test.** The p-value of a patch is the share of noise's patches, of the same
pointwise level, whose normalised areas are at least as large.

**The cumulative test.** A point has a patch at some of several pointwise levels, and a geometric
p-value at each; where it has none, 1. Its statistic is their mean, as in the simplified
procedure. Points that don't pass the lowest pointwise level aren't significant.

**What is ours.** Written from the articles' abstracts, the author's descriptions and an R program,
not from the articles' full texts. That program calls a point significant where at least half of
the levels do, which has no rate of its own. Here the mean is compared with that of noise. With
``per="patch"`` the p-value of a point is the share of noise's patches, at the lowest pointwise
level, that have a point with as small a mean: at a level of 95 % one in twenty patches of noise
is found, wholly or in part. Planes have many patches. With ``per="plane"`` it is the share of
realisations that have such a point anywhere: at 95 % one map of noise in twenty has anything
significant at all. With one pointwise level the first is the geometric test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pycwt_mod import checks
from pycwt_mod.analysis.patch_noise import PatchNoise, coherence_noise, power_noise
from pycwt_mod.analysis.pathways import (
    POINTWISE_LEVELS,
    Geometry,
    NoisePatches,
    Per,
    Step,
    checked_levels,
    noise_patches,
    path_means,
)
from pycwt_mod.analysis.planes import checked_plane, plane_of
from pycwt_mod.backends.task import MAX_REALISATIONS
from pycwt_mod.progress import progress_line
from pycwt_mod.results.kinds import Coherence, Transform
from pycwt_mod.results.patches import FoundPatch, PatchTest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.planes import TransformLike
    from pycwt_mod.backends import Control
    from pycwt_mod.wavelets import Wavelet

#: Realisations where none are asked for: a hundred have some thousand patches.
_COUNT = 200


def patch_test(
    p_values: ArrayLike,
    noise: NoisePatches,
    level: float = 0.95,
    *,
    per: Per = "patch",
) -> PatchTest:
    """The patch test of any p-values against noise's: geometric or cumulative area-wise.

    Args:
        p_values: pointwise, shape (scales, N); NaN where there is no test.
        noise: from :func:`noise_patches`, of planes of the same scales and length. With one
            pointwise level it is the geometric test, with several the cumulative one.
        level: probability that a patch of noise, or a plane, isn't found.
        per: "patch" or "plane", whichever the level is to be for; see
            :mod:`pycwt_mod.analysis.cumulative`.

    Returns:
        What was found.

    Raises:
        TypeError: an argument isn't a number or no noise.
        ValueError: an argument is out of range, or shapes don't fit.
    """
    if not isinstance(noise, NoisePatches):
        raise TypeError(f"noise must be from noise_patches, not a {type(noise).__name__}")
    p = checks.real(p_values, "p_values")
    checked_plane(p, "p_values", noise.where.shape)
    wanted = checks.within(level, "level", 0, 1)
    checks.one_of(per, "per", ("patch", "plane"))
    geometry = Geometry(noise.sj, noise.dt, noise.where)
    steps = geometry.steps(p, noise.pointwise_levels)
    chances = [noise.geometric_p_values(k, step.areas) for k, step in enumerate(steps)]
    means = np.ones(p.shape)
    for step, own in zip(steps, path_means(chances, [s.parents for s in steps]), strict=True):
        np.copyto(means, own[step.labels], where=step.labels > 0)
    found = noise.p_values(means, per)
    labels = steps[0].labels
    found[labels == 0] = 1.0
    table = _table(steps[0], means, found, chances[0][1:], noise.sj[geometry.order])
    back = np.argsort(geometry.order)
    found, means, labels = found[back], means[back], labels[back]
    for map_ in (found, means):
        map_[~noise.where | np.isnan(p)] = np.nan
    return PatchTest(
        significant=(found <= 1 - wanted + 1e-12) & (labels > 0),
        p_values=found,
        mean_p_values=means,
        labels=labels,
        patches=table,
        level=wanted,
        per=per,
        noise=noise,
    )


def _table(
    widest: Step,
    means: NDArray[np.float64],
    found: NDArray[np.float64],
    geometric: NDArray[np.float64],
    scales: NDArray[np.float64],
) -> tuple[FoundPatch, ...]:
    """The patches at the lowest pointwise level, the one of the smallest p-value first."""
    count = widest.areas.size - 1
    best = np.ones((2, count + 1))
    for row, values in zip(best, (found, means), strict=True):
        np.minimum.at(row, widest.labels, values)
    order = np.lexsort((best[1, 1:], best[0, 1:])).tolist()
    boxes = ndimage.find_objects(widest.labels)
    return tuple(
        FoundPatch(
            number=k + 1,
            p_value=float(best[0, k + 1]),
            mean_p_value=float(best[1, k + 1]),
            geometric_p_value=float(geometric[k]),
            normalised_area=float(widest.areas[k + 1]),
            scales=(float(scales[boxes[k][0].start]), float(scales[boxes[k][0].stop - 1])),
            samples=(boxes[k][1].start, boxes[k][1].stop - 1),
        )
        for k in order
    )


def geometric_test(
    source: TransformLike | Coherence,
    signal: ArrayLike | None = None,
    *,
    pointwise_level: float = 0.95,
    level: float = 0.95,
    per: Per = "patch",
    alpha: float | None = None,
    noise: NoisePatches | None = None,
    mc_count: int = _COUNT,
    seed: int | None = None,
    progress: bool = True,
    control: Control | None = None,
    wavelet: str | Wavelet | None = None,
) -> PatchTest:
    """Which patches of pointwise significance are larger than noise's, at one pointwise level.

    Arguments are those of :func:`cumulative_areawise_test`, but for

    Args:
        source: a transform, or a coherence with its Monte Carlo run.
        signal: the series of a transform.
        pointwise_level: of the pointwise test, between 0 and 1.
        level: probability that a patch of noise, or a plane, isn't found.
        per: "patch" or "plane".
        alpha: lag-1 autocorrelation of the noise.
        noise: of an earlier run.
        mc_count: realisations.
        seed: of the noise.
        progress: shows a line of progress.
        control: watches and cancels the run.
        wavelet: of the transform.

    Returns:
        What was found.

    Raises:
        TypeError: an argument isn't a number, a transform or a coherence.
        ValueError: an argument is out of range.
        Cancelled: the control said so.
    """
    return cumulative_areawise_test(
        source,
        signal,
        pointwise_levels=(pointwise_level,),
        level=level,
        per=per,
        alpha=alpha,
        noise=noise,
        mc_count=mc_count,
        seed=seed,
        progress=progress,
        control=control,
        wavelet=wavelet,
    )


def cumulative_areawise_test(
    source: TransformLike | Coherence,
    signal: ArrayLike | None = None,
    *,
    pointwise_levels: Sequence[float] = POINTWISE_LEVELS,
    level: float = 0.95,
    per: Per = "patch",
    alpha: float | None = None,
    noise: NoisePatches | None = None,
    mc_count: int = _COUNT,
    seed: int | None = None,
    progress: bool = True,
    control: Control | None = None,
    wavelet: str | Wavelet | None = None,
) -> PatchTest:
    """Which patches are larger than noise's, at several pointwise levels taken together.

    Noise is treated as the data are: where variance and lag-1 autocorrelation of the data are
    estimated, those of each realisation are, too, and it has the gaps of the data. Points within
    the cones of the ends and of gaps are left out of both; of a coherence with ``edges=True``
    only those of gaps.

    Args:
        source: a transform of :func:`pycwt_mod.cwt`, tested against AR(1) noise; or a coherence
            of :func:`pycwt_mod.wct` with its Monte Carlo run, tested against that run's null
            hypothesis by its p-values.
        signal: the series that a transform is of, or the variance of the noise; None takes the
            transform's own ``series``. Of a coherence the pair of series, where its null
            hypothesis is neither "ar1" nor "white".
        pointwise_levels: of the pointwise tests, between 0 and 1; 0.82 to 0.98 in steps of 0.02
            by default.
        level: probability that a patch of noise, or a plane, isn't found.
        per: "patch" or "plane", whichever the level is to be for; see
            :mod:`pycwt_mod.analysis.cumulative`.
        alpha: lag-1 autocorrelation of the noise of a transform; None estimates it by
            :func:`pycwt_mod.ar1`, or takes 0 where a variance alone is given.
        noise: the ``noise`` of an earlier test, or from :func:`noise_patches`, with the same
            scales, length, gaps and pointwise levels; None computes it.
        mc_count: realisations of noise.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        progress: shows a line of progress on a terminal.
        control: watches and cancels the run, in place of ``progress``.
        wavelet: that a transform was made with; None takes its own, or the Morlet wavelet.

    Returns:
        What was found.

    Raises:
        TypeError: an argument isn't a number, a transform or a coherence.
        ValueError: an argument is out of range, or the coherence has no Monte Carlo run.
        Cancelled: the control said so.
    """
    checks.within(level, "level", 0, 1)
    checks.one_of(per, "per", ("patch", "plane"))
    count = checks.whole(mc_count, "mc_count", 1, MAX_REALISATIONS)
    number = checks.seed(seed)
    if isinstance(source, Coherence):
        if alpha is not None or wavelet is not None:
            raise ValueError("alpha and wavelet are for transforms: a coherence knows its own")
        draws = coherence_noise(source, signal)
    else:
        draws = power_noise(plane_of(source, wavelet, "source"), source, signal, alpha)
    if noise is None:
        noise = noise_patches(
            (draws.plane(number, k) for k in range(count)),
            *(draws.sj, draws.dt, pointwise_levels),
            where=draws.where,
            seed=number,
            control=control or progress_line(progress, count),
        )
    elif not isinstance(noise, NoisePatches):
        raise TypeError(f"noise must be from noise_patches, not a {type(noise).__name__}")
    else:
        _check_alike(noise, draws, checked_levels(pointwise_levels))
    found = patch_test(draws.data(), noise, level, per=per)
    return found.of(source) if isinstance(source, Transform | Coherence) else found


def _check_alike(noise: NoisePatches, draws: PatchNoise, levels: tuple[float, ...]) -> None:
    """Refuse noise of another plane, or of other levels than are asked for."""
    where = np.array_equal(noise.where, draws.where)
    if not where or not np.allclose(noise.sj / noise.dt, draws.sj / draws.dt):
        raise ValueError("noise must be of the same scales, length and gaps as source")
    if not np.allclose(noise.dt, draws.dt):
        raise ValueError(f"noise must have the sampling interval {draws.dt:g}, not {noise.dt:g}")
    if noise.pointwise_levels != levels:
        own = ", ".join(f"{level:g}" for level in noise.pointwise_levels)
        raise ValueError(f"noise is of the pointwise levels {own}: ask for the same")
