"""The geometric and the cumulative area-wise test: false alarms, what is found, bad arguments."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.analysis.pathways import POINTWISE_LEVELS, NoisePatches
from pycwt_mod.backends import Cancelled, NoControl

mpl.use("Agg")

DJ = 0.25
SJ = 2.0 * 2 ** (np.arange(15) * DJ)
ALPHA = 0.5


def transform(x):
    return pycwt.cwt(x, 1, DJ, 2, 14)


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
    assert pycwt.geometric_test(t, mc_count=5).seed != pycwt.geometric_test(t, mc_count=5).seed
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
