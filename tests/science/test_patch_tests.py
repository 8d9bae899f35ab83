"""The geometric and the cumulative area-wise test against known areas, brute force and noise."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pycwt_mod as pycwt
from pycwt_mod.analysis.pathways import POINTWISE_LEVELS, NoisePatches
from pycwt_mod.backends import Cancelled, NoControl

mpl.use("Agg")

DJ = 0.25
SJ = 2.0 * 2 ** (np.arange(15) * DJ)
ALPHA = 0.5


def transform(x):
    return pycwt.cwt(x, 1, DJ, 2, 14)


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


@pytest.fixture(scope="module")
def noise():
    """Patches of 300 series of AR(1) noise, of the default levels and of 95 % alone."""
    t = transform(pycwt.rednoise(256, ALPHA, seed=1))
    return {
        "cumulative": pycwt.cumulative_areawise_test(t, alpha=ALPHA, mc_count=300, seed=2).noise,
        "geometric": pycwt.geometric_test(t, alpha=ALPHA, mc_count=300, seed=2).noise,
    }


@pytest.mark.parametrize("name", ["geometric", "cumulative"])
def test_false_alarms_of_power(noise, measured, name):
    """250 other series: one patch in twenty, and one plane in ten at a level of 90 %.

    The run and its check have standard errors of some 0.4 % each for patches, of 1.8 % for
    planes: 5 ± 2 % and 10 ± 8 %. Pointwise, 5 % of all points pass.
    """
    rng = np.random.default_rng(3)
    rates, planes, points = [], [], []
    for _ in range(250):
        t = transform(pycwt.rednoise(256, ALPHA, seed=rng))
        p = np.where(t.outside, pycwt.power_p_values(t, alpha=ALPHA), np.nan)
        found = pycwt.patch_test(p, noise[name])
        rates.append((len(found.found), len(found.patches)))
        points.append(found.summary().significant_share)
        planes.append(pycwt.patch_test(p, noise[name], 0.9, per="plane").significant.any())
    found, patches = np.array(rates).T
    share = found.sum() / patches.sum()
    measured(f"{name}: patches at 95 %", found / patches.mean())
    measured(f"{name}: planes at 90 %", np.mean(planes), of=250)
    measured(f"{name}: points at 95 % of patches", points)
    assert share == pytest.approx(0.05, abs=0.02)
    assert np.mean(planes) == pytest.approx(0.1, abs=0.08)
    assert np.mean(points) < 0.015


@pytest.mark.parametrize("edges", [False, True])
def test_false_alarms_of_coherence(oracle, measured, edges):
    """80 pairs against one run of 150; errors of 0.8 % and 4 %: 5 ± 3 % and 10 + 14 %."""
    rng = np.random.default_rng(4)
    how = {"mc_count": 400, "backend": oracle, "cache": False, "edges": edges, "seed": 5}
    pairs = [[pycwt.rednoise(200, g, seed=rng) for g in (0.5, 0.2)] for _ in range(80)]
    first = pycwt.wct(*pairs[0], 1, DJ, 2, 12, estimator="full", **how)
    run = pycwt.cumulative_areawise_test(first, mc_count=150, seed=6)
    assert run.significant[~first.outside].any() <= edges
    assert (run.noise.where == first.outside).all() != edges
    rates, planes = [], []
    for pair in pairs:
        other = pycwt.wct(*pair, 1, DJ, 2, 12, sig=False)
        p = first.monte_carlo.p_values(other.WCT)
        found = pycwt.patch_test(p, run.noise)
        rates.append((len(found.found), len(found.patches)))
        planes.append(pycwt.patch_test(p, run.noise, 0.9, per="plane").significant.any())
    found, patches = np.array(rates).T
    measured(f"coherence, edges={edges}: patches", found / patches.mean())
    measured(f"coherence, edges={edges}: planes at 90 %", np.mean(planes), of=80)
    assert found.sum() / patches.sum() == pytest.approx(0.05, abs=0.03)
    assert np.mean(planes) <= 0.24


def test_false_alarms_with_gaps(measured):
    """120 series with a tenth missing, filled by lines: 5 ± 2.5 %, error about 0.8 %."""
    rng = np.random.default_rng(7)
    series = [pycwt.rednoise(256, ALPHA, seed=rng) for _ in range(120)]
    for x in series:
        x[60:80] = np.nan
        x[[130, 131, 200]] = np.nan
    tests = [pycwt.cwt(x, 1, DJ, 2, 14, gaps="linear") for x in series]
    run = pycwt.cumulative_areawise_test(tests[0], alpha=ALPHA, mc_count=200, seed=8)
    np.testing.assert_array_equal(run.noise.where, tests[0].outside)
    assert not (run.significant & ~tests[0].outside).any()
    assert np.isnan(run.p_values[~tests[0].outside]).all()
    rates = []
    for t in tests:
        found = pycwt.cumulative_areawise_test(t, alpha=ALPHA, noise=run.noise)
        rates.append((len(found.found), len(found.patches)))
    found, patches = np.array(rates).T
    measured("cumulative, gaps: patches", found / patches.mean())
    assert found.sum() / patches.sum() == pytest.approx(0.05, abs=0.025)


def test_areas_depend_little_on_the_noise():
    """Schulte et al. (2015): the critical normalised area hardly knows the lag-1 coefficient.

    From −0.3 to 0.9 it stays within 10 %; the pointwise level doubles the areas from 0.95 to 0.8.
    """
    t = pycwt.cwt(pycwt.rednoise(400, 0, seed=9), 1, DJ, 4, 10)
    critical, wider = [], []
    for g in (-0.3, 0.0, 0.5, 0.9):
        how = {"alpha": g, "mc_count": 200, "seed": 10}
        test = pycwt.cumulative_areawise_test(
            t, 1 / (1 - g**2), pointwise_levels=(0.95, 0.8), **how
        )
        critical.append(test.noise.critical_area(0.95))
        wider.append(test.noise.critical_area(0.8))
    assert np.ptp(critical) < 0.1 * np.mean(critical)
    assert np.min(np.array(wider) / critical) > 1.5


@pytest.mark.parametrize("per", ["patch", "plane"])
def test_a_lasting_oscillation_is_found(noise, per):
    t = np.arange(256)
    x = pycwt.rednoise(256, ALPHA, seed=11) + 1.8 * np.cos(2 * np.pi * t / 12) * (abs(t - 128) < 60)
    found = pycwt.cumulative_areawise_test(
        transform(x), 4 / 3, alpha=ALPHA, noise=noise["cumulative"], per=per
    )
    best = found.found[0]
    assert best.scales[0] * pycwt.Morlet().flambda() <= 12 <= best.scales[1] * 1.04
    assert best.samples[0] <= 90
    assert best.samples[1] >= 160
    row = int(np.argmin(np.abs(SJ * pycwt.Morlet().flambda() - 12)))
    assert found.significant[row, 90:166].mean() > 0.8
    assert per == "patch" or len(found.found) == 1


def test_seeds_and_runs_that_are_used_again():
    t = transform(pycwt.rednoise(128, ALPHA, seed=12))
    done = []

    class Watch(NoControl):
        def advance(self, number):
            done.append(number)

    one = pycwt.geometric_test(t, mc_count=30, seed=5, control=Watch())
    two = pycwt.geometric_test(t, mc_count=30, seed=5)
    other = pycwt.geometric_test(t, mc_count=30, seed=6)
    np.testing.assert_array_equal(one.p_values, two.p_values)
    assert (one.seed, one.mc_count, done) == (5, 30, list(range(1, 31)))
    assert (one.noise.areas[0][:9] != other.noise.areas[0][:9]).any()
    assert pycwt.geometric_test(t, mc_count=5).seed is not None
    again = pycwt.geometric_test(t, noise=one.noise)
    np.testing.assert_array_equal(again.significant, one.significant)
    assert again.seed == 5
    # Rows in the order of the result, whatever that is.
    turned = pycwt.cwt(t.series, 1, freqs=t.freqs[::-1])
    back = pycwt.geometric_test(turned, mc_count=30, seed=5)
    np.testing.assert_allclose(back.p_values[::-1], one.p_values)
    with pytest.raises(ValueError, match="noise must be of the same scales"):
        pycwt.geometric_test(turned, noise=one.noise)
    slow = pycwt.cwt(t.series, 2, DJ, 4, 14)
    with pytest.raises(ValueError, match="noise must have the sampling interval 2, not 1"):
        pycwt.geometric_test(slow, noise=one.noise)
    with pytest.raises(ValueError, match=r"noise is of the pointwise levels 0\.95: ask for"):
        pycwt.geometric_test(t, noise=one.noise, pointwise_level=0.9)


def test_the_null_hypothesis_is_that_of_the_coherence(oracle):
    rng = np.random.default_rng(13)
    pair = [pycwt.rednoise(128, 0.4, seed=rng) for _ in range(2)]
    how = {"mc_count": 100, "seed": 1, "cache": False}
    red, white, phase = (pycwt.wct(*pair, 1, DJ, 2, 10, null=null, **how) for null in NULLS)
    areas = [
        pycwt.geometric_test(c, signal, mc_count=20, seed=2).noise.areas[0]
        for c, signal in ((red, None), (white, None), (phase, pair))
    ]
    assert areas[0].size != areas[1].size != areas[2].size
    with pytest.raises(ValueError, match="signal must be the pair of series of 128 samples"):
        pycwt.geometric_test(phase)
    with pytest.raises(ValueError, match="alpha and wavelet are for transforms"):
        pycwt.geometric_test(red, alpha=0.1)
    with pytest.raises(ValueError, match="source has no Monte Carlo run"):
        pycwt.geometric_test(pycwt.wct(*pair, 1, DJ, 2, 10, sig=False))


NULLS = ("ar1", "white", "phase")


def test_what_it_tells_and_draws():
    nino3 = pycwt.load_dataset("nino3")
    t = pycwt.cwt(nino3, dj=DJ)
    test = pycwt.cumulative_areawise_test(t, mc_count=40, seed=1)
    short = test.summary()
    assert (short.patches, short.found) == (len(test.patches), len(test.found))
    assert short.significant_share == pytest.approx(test.significant.sum() / t.outside.sum())
    text = repr(test)
    assert text.startswith(f"<Cumulative area-wise test: {short.found} of {short.patches}")
    assert "periods" in text
    assert "40 realisations, seed 1" in text
    assert "Geometric test" in repr(pycwt.geometric_test(t, mc_count=5, seed=1))
    figure = test.plot(title="found")
    assert len(figure.axes[0].collections) > len(t.plot(level=None).axes[0].collections) + 1
    bare = pycwt.patch_test(pycwt.power_p_values(t), test.noise)
    assert "scales" in repr(bare)
    with pytest.raises(ValueError, match="there is no map to draw"):
        bare.plot()
    soi = pycwt.load_dataset("soi").values[:200]
    pair = nino3.values[:200], soi
    c = pycwt.wct(*pair, 0.25, DJ, mc_count=50, cache=False, seed=1)
    assert pycwt.geometric_test(c, mc_count=5, seed=1).plot().axes


def test_cancelling():
    class Stop(NoControl):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        pycwt.geometric_test(transform(pycwt.rednoise(64, 0, seed=1)), control=Stop())


FLAT = np.full((15, 20), 0.5)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pycwt.pointwise_patches([[1]], SJ, 1), "significant must be a mask with one"),
        (lambda: pycwt.pointwise_patches(FLAT < 1, SJ[:1], 1), "sj must be at least two"),
        (lambda: pycwt.pointwise_patches(FLAT < 1, np.ones(15), 1), "sj must be at least two"),
        (lambda: pycwt.pointwise_patches(FLAT < 1, SJ, 0), "dt must be"),
        (lambda: pycwt.noise_patches([], SJ, 1), "planes must be one at least"),
        (lambda: pycwt.noise_patches([FLAT], SJ, 1), "planes: no patch at a pointwise level of"),
        (lambda: pycwt.noise_patches([FLAT, FLAT[:, 1:]], SJ, 1), r"planes\[1\] must be of shape"),
        (lambda: pycwt.noise_patches([FLAT + 1], SJ, 1), r"planes\[0\] must be p-values"),
        (lambda: pycwt.noise_patches([FLAT], SJ, 1, [1.0]), "pointwise_levels must lie"),
        (lambda: pycwt.noise_patches([FLAT], SJ, 1, []), "pointwise_levels must be at least one"),
        (lambda: pycwt.noise_patches([FLAT], SJ, 1, [0.5, 0.5]), "all of them different"),
        (lambda: pycwt.noise_patches([FLAT], SJ, 1, where=[True]), "where must be a mask"),
        (lambda: NOISE.critical_area(0.7), "pointwise_level must be one of 0.4, not 0.7"),
        (lambda: NOISE.critical_area(0.4, 1), "level must lie"),
        (lambda: pycwt.patch_test(FLAT[1:], NOISE), "p_values must be of shape"),
        (lambda: pycwt.patch_test(FLAT - 1, NOISE), "p_values must be p-values"),
        (lambda: pycwt.patch_test(FLAT, NOISE, 0), "level must lie"),
        (lambda: pycwt.patch_test(FLAT, NOISE, per="map"), "per must be one of patch, plane"),
        (lambda: pycwt.geometric_test(SHORT, level=1), "level must lie"),
        (lambda: pycwt.geometric_test(SHORT, per="map"), "per must be one of"),
        (lambda: pycwt.geometric_test(SHORT, mc_count=0), "mc_count must be"),
        (lambda: pycwt.geometric_test(SHORT, seed=-1), "seed must be"),
        (lambda: pycwt.geometric_test(SHORT, alpha=1), "alpha must lie"),
        (lambda: pycwt.geometric_test(SHORT, 0.0), "signal must be a positive"),
        (lambda: pycwt.geometric_test(SHORT, pointwise_level=0), "pointwise_levels must lie"),
    ],
)
def test_bad_arguments(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_bad_types():
    with pytest.raises(TypeError, match="noise must be from noise_patches, not a int"):
        pycwt.patch_test(FLAT, 3)
    with pytest.raises(TypeError, match="noise must be from noise_patches, not a int"):
        pycwt.geometric_test(SHORT, noise=3)
    with pytest.raises(TypeError, match="source must be a result of cwt"):
        pycwt.geometric_test(3)


NOISE: NoisePatches = pycwt.noise_patches([FLAT], SJ, 1, [0.4])
SHORT = pycwt.cwt(np.random.default_rng(1).standard_normal(64), 1, DJ, 2, 8)


def test_default_levels():
    """Schulte (2016): from 0.82 to 0.98 in steps of 0.02."""
    assert POINTWISE_LEVELS == (0.82, 0.84, 0.86, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98)
