"""Areas of patches and the statistics made from them, against known shapes and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pycwt_mod as pycwt

DJ = 0.25
SJ = 2.0 * 2 ** (np.arange(15) * DJ)


def test_area_of_a_rectangle():
    """Exactly: its cells reach half a row and half a sample beyond its outermost points."""
    mask = np.zeros((15, 100), bool)
    mask[3:8, 10:30] = True
    found = pycwt.pointwise_patches(mask, SJ * 0.1, 0.1)
    low, high = 0.1 * SJ[3] * 2 ** (-DJ / 2), 0.1 * SJ[7] * 2 ** (DJ / 2)
    assert found.areas == pytest.approx([20 * 0.1 * (high - low)])
    assert found.scales == pytest.approx([(high + low) / 2])
    assert found.normalised_areas == pytest.approx(found.areas / found.scales**2)
    np.testing.assert_array_equal(found.labels, mask)


def test_area_of_an_ellipse():
    """π·a·b within half a per cent on a fine grid, the centroid in its middle, hole or none."""
    sj, t = 8.0 * 2 ** (np.arange(481) / 160), np.arange(2000) * 0.5
    distance = np.hypot((t - 480) / 300, (sj[:, None] - 36) / 20)
    for mask in (distance < 1, (distance < 1) & (distance > 0.6)):
        found = pycwt.pointwise_patches(mask, sj, 0.5)
        assert found.areas == pytest.approx([np.pi * 300 * 20], rel=5e-3)
        assert found.scales == pytest.approx([36], rel=5e-3)


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6))
@settings(max_examples=40, derandomize=True)
def test_normalised_areas_know_no_units(seed, factor):
    mask = np.random.default_rng(seed).random((15, 60)) < 0.6
    one = pycwt.pointwise_patches(mask, SJ, 1)
    other = pycwt.pointwise_patches(mask, SJ * factor, factor)
    np.testing.assert_allclose(other.areas, one.areas * factor**2)
    np.testing.assert_allclose(other.normalised_areas, one.normalised_areas)


def test_normalised_areas_are_the_same_at_all_scales():
    """A patch moved up by two octaves lasts four times as long: the area is the same."""
    shape = np.array([[0, 1, 1], [1, 1, 1], [1, 1, 0]], bool)
    mask = np.zeros((15, 100), bool)
    mask[2:5, 5:8] = shape
    mask[10:13, 40:52] = np.repeat(shape, 4, axis=1)
    found = pycwt.pointwise_patches(mask, SJ, 1).normalised_areas
    assert found[0] == pytest.approx(found[1])


def flood(mask, start, corners=False):
    """The points of a mask that hang together with a point of it, one by one."""
    seen, todo = {start}, [start]
    while todo:
        j, k = todo.pop()
        for a in (-1, 0, 1):
            for b in (-1, 0, 1):
                near = (j + a, k + b)
                inside = 0 <= near[0] < mask.shape[0] and 0 <= near[1] < mask.shape[1]
                if inside and (corners or a * b == 0) and mask[near] and near not in seen:
                    seen.add(near)
                    todo.append(near)
    out = np.zeros_like(mask)
    out[tuple(zip(*seen, strict=True))] = True
    return out


def with_holes(patch):
    """A patch and all that it encloses."""
    around = np.pad(~patch, 1, constant_values=True)
    return ~flood(around, (0, 0), corners=True)[1:-1, 1:-1]


def slow_patches(mask, sj, dt):
    """Labels, areas and centroids' scales by floods."""
    labels, areas, scales = np.zeros(mask.shape, int), [], []
    edges = np.exp2(np.append(np.log2(sj) - DJ / 2, np.log2(sj[-1]) + DJ / 2))
    for point in zip(*np.nonzero(mask), strict=True):
        if labels[point]:
            continue
        patch = flood(mask, point)
        areas.append(0.0)
        labels[patch] = len(areas)
        rows = with_holes(patch).sum(axis=1) * dt * np.diff(edges)
        areas[-1] = rows.sum()
        scales.append((rows * (edges[1:] + edges[:-1]) / 2).sum() / rows.sum())
    return labels, np.array(areas), np.array(scales)


@pytest.mark.parametrize("seed", range(12))
def test_patches_by_floods(seed):
    """Patches hang together by their sides; holes, with the islands in them, count."""
    rng = np.random.default_rng(seed)
    mask = rng.random((15, 30)) < (0.5 + 0.03 * seed)
    labels, areas, scales = slow_patches(mask, SJ, 0.5)
    found = pycwt.pointwise_patches(mask, SJ, 0.5)
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_allclose(found.areas, areas)
    np.testing.assert_allclose(found.scales, scales)
    order = rng.permutation(15)  # rows in any order are the same plane
    again = pycwt.pointwise_patches(mask[order], SJ[order], 0.5)
    np.testing.assert_allclose(again.areas, areas)
    np.testing.assert_array_equal(again.labels, labels[order])


def smooth_planes(count, seed, n=30):
    """Planes of p-values with patches of all sizes, and pathways that fork."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        z = rng.random((15, n))
        z = sum(np.roll(z, (a, b), (0, 1)) for a in (0, 1) for b in (-1, 0, 1))
        yield z.argsort(axis=None).argsort().reshape(z.shape) / z.size


def test_the_statistic_by_its_definition():
    """Mean of the shares of noise's patches that are as large, level by level, point by point."""
    levels = (0.6, 0.7, 0.8)
    where = np.ones((15, 30), bool)
    where[10:, 20:24] = False
    noise = pycwt.noise_patches(smooth_planes(4, 1), SJ, 1, levels, where=where)
    areas = [[], [], []]
    planes = [np.where(where, p, 9.0) for p in smooth_planes(4, 1)]
    slow = [[patches_of(p, level, where) for level in levels] for p in planes]
    for one in slow:
        for k, (_, own) in enumerate(one):
            areas[k] += own.tolist()
    for k in range(3):
        np.testing.assert_allclose(noise.areas[k], np.sort(areas[k]))
    smallest = []
    for one in slow:
        means = mean_of(one, areas)
        smallest.append([means[one[0][0] == k + 1].min() for k in range(one[0][1].size)])
    np.testing.assert_allclose(noise.patch_means, np.sort(np.concatenate(smallest)))
    np.testing.assert_allclose(noise.plane_means, np.sort([min(s) for s in smallest]))
    assert len(set(np.round(noise.patch_means, 9))) > 10

    p = next(iter(smooth_planes(1, 2)))
    data = [patches_of(np.where(where, p, 9.0), level, where) for level in levels]
    means = mean_of(data, areas)
    for per, compared in (("patch", noise.patch_means), ("plane", noise.plane_means)):
        found = pycwt.patch_test(p, noise, 0.8, per=per)
        np.testing.assert_allclose(found.mean_p_values[where], means[where])
        shares = (1 + (compared[:, None, None] <= means + 1e-12).sum(axis=0)) / (1 + compared.size)
        shares[data[0][0] == 0] = 1
        np.testing.assert_allclose(found.p_values[where], shares[where])
        assert np.isnan(found.p_values[~where]).all()
        expected = (shares <= 0.2) & (data[0][0] > 0)
        np.testing.assert_array_equal(found.significant, expected)
        assert found.pointwise.sum() == (data[0][0] > 0).sum()
        assert {f.number for f in found.found} == set(data[0][0][expected].tolist())
        best = found.patches[0]
        inside = data[0][0] == best.number
        assert best.p_value == shares[inside].min() == min(f.p_value for f in found.patches)
        rows, columns = np.nonzero(inside)
        assert best.scales == (SJ[rows.min()], SJ[rows.max()])
        assert best.samples == (columns.min(), columns.max())


def patches_of(p, level, where):
    """Labels and normalised areas; a hole that has a point without a test isn't filled."""
    mask = p <= 1 - level + 1e-12
    labels, areas, scales = slow_patches(mask, SJ, 1)
    edges = np.exp2(np.append(np.log2(SJ) - DJ / 2, np.log2(SJ[-1]) + DJ / 2))
    for k in range(areas.size):
        patch = labels == k + 1
        hole = with_holes(patch) & ~patch
        for point in zip(*np.nonzero(hole), strict=True):
            if hole[point]:
                piece = flood(hole, point, corners=True)
                hole &= ~piece
                if not where[piece].all():
                    own = with_holes(patch) & ~piece
                    rows = own.sum(axis=1) * np.diff(edges)
                    areas[k] = rows.sum()
                    scales[k] = (rows * (edges[1:] + edges[:-1]) / 2).sum() / rows.sum()
    return labels, areas / scales**2


def mean_of(levels, noise):
    means = np.zeros(levels[0][0].shape)
    for (labels, areas), own in zip(levels, noise, strict=True):
        reached = np.array([(np.array(own) >= area * (1 - 1e-9)).sum() for area in areas])
        chances = np.concatenate([[1.0], (1 + reached) / (1 + len(own))])
        means += chances[labels] / len(levels)
    return means


def test_a_hole_with_points_that_are_not_tested_is_not_filled():
    p = np.ones((15, 40))
    p[4:9, 10:20] = 0.01
    p[6, 13:16] = 0.9
    p[5, 18] = 0.9  # another hole, which is filled in either case
    where = np.ones(p.shape, bool)
    full = pycwt.noise_patches([p], SJ, 1, [0.9])
    where[6, 14] = False
    less = pycwt.noise_patches([p], SJ, 1, [0.9], where=where)
    edges = SJ[6] * 2 ** (np.array([-1, 1]) * DJ / 2)
    low, high = SJ[4] * 2 ** (-DJ / 2), SJ[8] * 2 ** (DJ / 2)
    area, hole = 10 * (high - low), 3 * np.diff(edges)[0]
    centre = (area * (high + low) / 2 - hole * edges.mean()) / (area - hole)
    assert full.areas[0] == pytest.approx([area / ((high + low) / 2) ** 2])
    assert less.areas[0] == pytest.approx([(area - hole) / centre**2])
