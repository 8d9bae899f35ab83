"""Patches of pointwise significance: their normalised areas, and how they lie in each other.

Schulte, Duffy & Najjar (2015), Nonlin. Processes Geophys. 22, 139–156; Schulte (2016), ibid. 23,
45–57; Schulte (2019), ibid. 26, 91–108. A *patch* is a connected region of the plane where a
pointwise test is passed. Its *normalised area* is its area, holes included, over the square of
the scale of its centroid, with scales as they are and not in octaves; as the reproducing kernel
is the same at all scales, noise makes patches of the same normalised areas at all scales, and of
nearly the same whatever its lag-1 autocorrelation. Patches at higher pointwise levels lie in those
at lower ones: a *geometric pathway* leads from a patch of the lowest level up to a point.

That much is the sources'. Of ours are: a point stands for a cell that reaches half-way to its
neighbours, in time and in octaves, where the sources take the polygon of a contour; points
are connected by their sides, not by corners; and nothing counts where there is no test, such
as within the cones of the ends and of gaps, for noise as for data. A hole that contains such a
point isn't filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy import ndimage

from pycwt_mod import checks
from pycwt_mod.analysis.planes import checked_mask, checked_plane, checked_scales
from pycwt_mod.backends import Cancelled, NoControl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Control

#: Pointwise levels of a pathway: 0.82 to 0.98, a choice of ours. An R program of the test has
#: 0.84, 0.88, 0.92 and 0.96; which ones the article has, is for its readers to compare.
POINTWISE_LEVELS = tuple(round(0.82 + 0.02 * k, 2) for k in range(9))
#: What a rate of false alarms counts: noise's patches, or whole planes of noise.
Per = Literal["patch", "plane"]

#: Points of holes touch by corners, as those of patches don't.
_CORNERS = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class PointwisePatches:
    """What :func:`pointwise_patches` gives; patch k is element k − 1 of the vectors."""

    #: Number of the patch that holds a point, 0 where none does, shape (scales, N).
    labels: NDArray[np.int32]
    #: Areas in units of time squared, holes included, shape (patches,).
    areas: NDArray[np.float64]
    #: Scales of the centroids in units of time, shape (patches,).
    scales: NDArray[np.float64]

    @property
    def normalised_areas(self) -> NDArray[np.float64]:
        """Areas over the squares of the centroids' scales, shape (patches,)."""
        normalised: NDArray[np.float64] = self.areas / self.scales**2
        return normalised


class Step(NamedTuple):
    """The patches of a plane at one pointwise level; element 0 stands for no patch."""

    #: Normalised areas.
    areas: NDArray[np.float64]
    #: Number of the patch at the level before that holds it; 0 at the first.
    parents: NDArray[np.int32]
    #: Numbers of the patches at the points.
    labels: NDArray[np.int32]


class Geometry:
    """Where the points of a plane lie, and which of them are tested.

    Args:
        sj: scales in units of time, all different, in any order.
        dt: sampling interval.
        where: mask of the tested points, shape (scales, N).
    """

    def __init__(self, sj: NDArray[np.float64], dt: float, where: NDArray[np.bool_]) -> None:
        self.order = np.argsort(sj)
        self.where = where[self.order]
        self.dt = dt
        octaves = np.log2(sj[self.order])
        halves = (octaves[1:] + octaves[:-1]) / 2
        first, last = 2 * octaves[0] - halves[0], 2 * octaves[-1] - halves[-1]
        edges = np.exp2(np.concatenate([[first], halves, [last]]))
        #: Area of the points of a row, and the scale of their middle.
        self.cells = dt * np.diff(edges)
        self.middles = (edges[1:] + edges[:-1]) / 2

    def patches(self, mask: NDArray[np.bool_]) -> PointwisePatches:
        """The patches of a mask whose rows ascend."""
        labels, count = ndimage.label(mask)
        rows, columns = np.nonzero(labels)
        numbers = labels[rows, columns]
        areas = np.bincount(numbers, self.cells[rows], count + 1).astype(np.float64)
        moments = np.bincount(numbers, (self.cells * self.middles)[rows], count + 1)
        for number, hole in self._holes(mask, labels):
            size = self.cells * hole.sum(axis=1)
            areas[number] += size.sum()
            moments[number] += (size * self.middles).sum()
        return PointwisePatches(
            labels.astype(np.int32, copy=False), areas[1:], moments[1:] / areas[1:]
        )

    def _holes(
        self, mask: NDArray[np.bool_], labels: NDArray[np.int32]
    ) -> Iterable[tuple[int, NDArray[np.bool_]]]:
        """Number of a patch and a hole in it, as a mask of the plane's rows."""
        gaps, count = ndimage.label(~mask, _CORNERS)
        open_ = np.zeros(count + 1, bool)
        open_[0] = True
        for side in (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1], gaps[~self.where]):
            open_[side] = True
        if open_.all():
            return
        # Left of the first point of a hole's first row there is the patch around it.
        rows, columns = np.nonzero(~open_[gaps])
        around = labels[rows, columns - 1]
        boxes = ndimage.find_objects(labels)
        for number in np.unique(around[around > 0]).tolist():
            own = labels[boxes[number - 1]] == number
            tested = self.where[boxes[number - 1]]
            inner, pieces = ndimage.label(np.pad(~own, 1, constant_values=True), _CORNERS)
            inner = inner[1:-1, 1:-1]
            # What surrounds the box is the first to be found.
            closed = np.ones(pieces + 1, bool)
            closed[[0, 1]] = False
            closed[inner[~tested]] = False
            hole = np.zeros((mask.shape[0], own.shape[1]), bool)
            hole[boxes[number - 1][0]] = closed[inner]
            if hole.any():
                yield number, hole

    def steps(self, p_values: NDArray[np.float64], levels: Sequence[float]) -> list[Step]:
        """The patches of p-values at every level, the lowest first."""
        p = p_values[self.order]
        steps: list[Step] = []
        for level in levels:
            # Of NaN the comparison is false.
            found = self.patches((p <= 1 - level + 1e-12) & self.where)
            parents = np.zeros(found.areas.size + 1, np.int32)
            if steps:
                parents[found.labels] = steps[-1].labels
                parents[0] = 0
            areas = np.concatenate([[0.0], found.normalised_areas])
            steps.append(Step(areas, parents, found.labels))
        return steps


@dataclass(frozen=True, slots=True)
class NoisePatches:
    """The patches of noise: what :func:`noise_patches` gives."""

    #: Pointwise levels, ascending.
    pointwise_levels: tuple[float, ...]
    #: Of each level the normalised areas of all patches, ascending.
    areas: tuple[NDArray[np.float64], ...]
    #: Of each patch at the lowest level the smallest mean of the geometric test's p-values
    #: along its pathways, ascending.
    patch_means: NDArray[np.float64]
    #: Of each plane the smallest of them, ascending; 1 for a plane without a patch.
    plane_means: NDArray[np.float64]
    #: Scales of the planes in units of time, shape (scales,).
    sj: NDArray[np.float64]
    #: Their sampling interval.
    dt: float
    #: Points that were tested, shape (scales, N).
    where: NDArray[np.bool_]
    #: Seed of the noise; None where it isn't known.
    seed: int | None = None

    @property
    def mc_count(self) -> int:
        """Number of planes."""
        return self.plane_means.size

    def critical_area(self, pointwise_level: float, level: float = 0.95) -> float:
        """Normalised area that a patch of noise stays below with a given probability.

        Args:
            pointwise_level: one of ``pointwise_levels``.
            level: the probability.

        Raises:
            TypeError: an argument isn't a number.
            ValueError: there is no such pointwise level, or ``level`` is out of range.
        """
        wanted = checks.within(pointwise_level, "pointwise_level", 0, 1)
        near = [k for k, own in enumerate(self.pointwise_levels) if abs(own - wanted) < 1e-9]
        if not near:
            listed = ", ".join(f"{own:g}" for own in self.pointwise_levels)
            raise ValueError(f"pointwise_level must be one of {listed}, not {pointwise_level!r}")
        return float(np.quantile(self.areas[near[0]], checks.within(level, "level", 0, 1)))

    def geometric_p_values(self, k: int, areas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of noise's patches that are at least as large, at the k-th pointwise level."""
        return at_least(self.areas[k], areas)

    def p_values(self, means: NDArray[np.float64], per: Per) -> NDArray[np.float64]:
        """Share of noise's patches, or planes, whose smallest mean is at most as large."""
        noise = self.patch_means if per == "patch" else self.plane_means
        below = np.searchsorted(noise, means * (1 + 1e-12), side="right")
        shares: NDArray[np.float64] = (1 + below) / (1 + noise.size)
        return shares


def at_least(noise: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of ascending values of noise, the one in question added, that reach a value."""
    reached = noise.size - np.searchsorted(noise, values * (1 - 1e-12), side="left")
    shares: NDArray[np.float64] = (1 + reached) / (1 + noise.size)
    return shares


def pointwise_patches(significant: ArrayLike, sj: ArrayLike, dt: float) -> PointwisePatches:
    """The patches of pointwise significance, with their areas and centroids.

    Args:
        significant: the points, bool of shape (scales, N).
        sj: scales in units of time, two or more, all different, in any order.
        dt: sampling interval.

    Returns:
        The patches; see :mod:`pycwt_mod.analysis.pathways`.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, or shapes don't fit.
    """
    mask = np.asarray(significant)
    scales = checked_scales(sj)
    step = checks.positive(dt, "dt")
    if mask.dtype != np.bool_ or mask.ndim != 2 or mask.shape[0] != scales.size:
        raise ValueError(
            f"significant must be a mask with one row for each of the {scales.size} scales, not "
            f"{mask.dtype} of shape {mask.shape}"
        )
    geometry = Geometry(scales, step, np.ones(mask.shape, bool))
    found = geometry.patches(mask[geometry.order])
    labels = np.empty_like(found.labels)
    labels[geometry.order] = found.labels
    return PointwisePatches(labels, found.areas, found.scales)


def noise_patches(
    planes: Iterable[ArrayLike],
    sj: ArrayLike,
    dt: float,
    pointwise_levels: Sequence[float] = POINTWISE_LEVELS,
    *,
    where: ArrayLike | None = None,
    seed: int | None = None,
    control: Control | None = None,
) -> NoisePatches:
    """The patches of noise, for any test that has p-values: power, coherence, cross power.

    Args:
        planes: pointwise p-values of realisations of noise, a hundred or more, got in the
            way of the data's, each of shape (scales, N); NaN where there is no test. A
            generator is gone through once, and no plane of it is kept.
        sj: scales in units of time, two or more, all different, in any order.
        dt: sampling interval.
        pointwise_levels: between 0 and 1, in any order; one alone is the geometric test's.
        where: mask of the points that are tested, shape (scales, N); None takes all.
        seed: of the noise, to be kept with it.
        control: watches and cancels the run.

    Returns:
        What :func:`patch_test` compares data with.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, shapes don't fit, or at some level noise has no
            patch.
        Cancelled: the control said so.
    """
    scales, step = checked_scales(sj), checks.positive(dt, "dt")
    levels = checked_levels(pointwise_levels)
    watch = control or NoControl()
    geometry: Geometry | None = None
    trees: list[list[tuple[NDArray[np.float64], NDArray[np.int32]]]] = []
    for k, plane in enumerate(planes):
        if watch.cancelled():
            raise Cancelled
        p = checks.real(plane, f"planes[{k}]")
        if geometry is None:
            geometry = Geometry(scales, step, checked_mask(where, (scales.size, *p.shape[1:])))
        checked_plane(p, f"planes[{k}]", geometry.where.shape)
        trees.append([(one.areas, one.parents) for one in geometry.steps(p, levels)])
        watch.advance(k + 1)
    if geometry is None:
        raise ValueError("planes must be one at least")
    areas = tuple(
        np.sort(np.concatenate([tree[k][0][1:] for tree in trees])) for k in range(len(levels))
    )
    for level, found in zip(levels, areas, strict=True):
        if not found.size:
            raise ValueError(f"planes: no patch at a pointwise level of {level:g}, more are needed")
    # A noise's own patch is among those it is compared with, as data's is added to them.
    smallest = [smallest_means(_sums(tree, areas), tree) for tree in trees]
    own = np.empty_like(geometry.where)
    own[geometry.order] = geometry.where
    return NoisePatches(
        pointwise_levels=levels,
        areas=areas,
        patch_means=np.sort(np.concatenate(smallest)),
        plane_means=np.sort([float(means.min(initial=1.0)) for means in smallest]),
        sj=scales,
        dt=step,
        where=own,
        seed=seed,
    )


def _sums(
    tree: list[tuple[NDArray[np.float64], NDArray[np.int32]]],
    noise: tuple[NDArray[np.float64], ...],
) -> list[NDArray[np.float64]]:
    p_values = [at_least(areas, own) for areas, (own, _) in zip(noise, tree, strict=True)]
    return path_means(p_values, [parents for _, parents in tree])


def path_means(
    p_values: Sequence[NDArray[np.float64]], parents: Sequence[NDArray[np.int32]]
) -> list[NDArray[np.float64]]:
    """Mean of p over all levels at a point whose pathway ends with a patch.

    Args:
        p_values: of the patches at each level, their first element for no patch.
        parents: of the patches at each level; see :class:`Step`.

    Returns:
        The means, shaped as the p-values; a level without a patch counts 1.
    """
    means: list[NDArray[np.float64]] = []
    for p, parent in zip(p_values, parents, strict=True):
        before = means[-1][parent] if means else np.ones(p.size)
        own = before + (p - 1) / len(p_values)
        own[0] = 1.0
        means.append(own)
    return means


def smallest_means(
    means: Sequence[NDArray[np.float64]],
    tree: Sequence[tuple[NDArray[np.float64], NDArray[np.int32]]],
) -> NDArray[np.float64]:
    """Of each patch at the lowest level the smallest mean along its pathways."""
    smallest = [one.copy() for one in means]
    for k in range(len(means) - 1, 0, -1):
        np.minimum.at(smallest[k - 1], tree[k][1][1:], smallest[k][1:])
    return smallest[0][1:]


def checked_levels(values: Sequence[float]) -> tuple[float, ...]:
    """Pointwise levels, ascending.

    Raises:
        TypeError: one isn't a number.
        ValueError: one isn't between 0 and 1, two are the same, or there is none.
    """
    levels = sorted(checks.within(value, "pointwise_levels", 0, 1) for value in values)
    if not levels or len(set(levels)) != len(levels):
        raise ValueError("pointwise_levels must be at least one, all of them different")
    return tuple(levels)
