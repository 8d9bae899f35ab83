from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import signal, stats

import pycwt_mod as pycwt
from pycwt_mod.monte_carlo.streams import noise_pair, normals, threefry2x32
from pycwt_mod.noise import UnitRootWarning


def lag1(x):
    y = x - x.mean()
    return (y[1:] @ y[:-1]) / (y @ y)


@pytest.mark.parametrize("g", [-0.6, 0.0, 0.5, 0.95])
def test_rednoise_is_red(g):
    """Five standard errors, √((1 − g²)/N) of the lag-1: one false alarm in 1.7 million."""
    n = 200_000
    x = pycwt.rednoise(n, g, 2.0, seed=11)
    assert x.shape == (n,)
    assert abs(lag1(x) - g) < 5 * np.sqrt((1 - g**2) / n) + 1 / n
    assert x.std() == pytest.approx(2 / np.sqrt(1 - g**2), rel=0.05)


def test_rednoise_is_stationary_from_the_start():
    """Kolmogorov–Smirnov on the first sample of 4000 surrogates; false alarms below 1e−6."""
    rng = np.random.default_rng(12)
    first = np.array([pycwt.rednoise(3, 0.9, 1.0, seed=rng)[0] for _ in range(4000)])
    assert stats.kstest(first, "norm", args=(0, 1 / np.sqrt(1 - 0.81))).pvalue > 1e-6


def test_rednoise_by_seed():
    np.testing.assert_array_equal(pycwt.rednoise(50, 0.3, seed=1), pycwt.rednoise(50, 0.3, seed=1))
    assert (pycwt.rednoise(50, 0.3, seed=1) != pycwt.rednoise(50, 0.3, seed=2)).all()


@pytest.mark.parametrize("g", [0.0, 0.4, 0.7])
def test_ar1_takes_off_most_of_the_bias(g):
    """3000 series of 200 samples; the plain lag-1 is low by about (1 + 4g)/200 (Kendall 1954).

    The standard error of the means is below 0.0013.
    """
    rng = np.random.default_rng(13)
    noise = [pycwt.rednoise(200, g, seed=rng) for _ in range(3000)]
    estimates = np.array([pycwt.ar1(x) for x in noise])
    plain = np.mean([lag1(x) for x in noise])
    assert plain - g == pytest.approx(-(1 + 4 * g) / 200, abs=0.006)
    assert abs(estimates[:, 0].mean() - g) < 0.5 * abs(plain - g)
    assert abs(estimates[:, 1].mean() - 1) < 0.02


def test_ar1_of_long_noise_and_its_variance_of_the_mean():
    x = pycwt.rednoise(100_000, 0.6, 3.0, seed=14)
    g, a, mu2 = pycwt.ar1(x)
    assert g == pytest.approx(0.6, abs=0.0127)  # five standard errors
    assert a == pytest.approx(3.0, rel=0.02)
    assert mu2 == pytest.approx((1 + g) / (1 - g) / 1e5, rel=0.01)


def test_ar1_is_blind_to_units_and_offset():
    x = pycwt.rednoise(300, 0.6, seed=15)
    for factor in (1e-200, 1e200):
        g, a, mu2 = pycwt.ar1(x * factor)
        assert (g, a / factor, mu2) == pytest.approx(pycwt.ar1(x))
    assert pycwt.ar1(x + 100) == pytest.approx(pycwt.ar1(x))


@pytest.mark.parametrize(
    "x",
    [np.arange(50), np.arange(30) ** 2, np.sin(np.arange(400) / 7), [0, 0, 1, 1]],
    ids=["line", "parabola", "sine", "step"],
)
def test_ar1_of_what_has_a_unit_root(x):
    with pytest.warns(UnitRootWarning, match=f"{len(x)} samples.*unit root"):
        g, a, mu2 = pycwt.ar1(x)
    assert 0.5 < g < 1
    assert a > 0
    assert 0 < mu2 < 1


def test_ar1_has_no_jump_where_the_warning_begins():
    """Random walks about the edge: the coefficient grows evenly with the lag-1."""
    rng = np.random.default_rng(16)
    pairs = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitRootWarning)
        for _ in range(500):
            x = np.cumsum(rng.standard_normal(80))
            pairs.append((lag1(x), pycwt.ar1(x).g))
    r, g = np.array(sorted(pairs)).T
    assert (np.diff(g) > -1e-9).all()
    assert (g > r).all()
    assert g.max() < 1


def test_spectrum_is_that_of_the_filter():
    """Against SciPy's response of the recursive filter."""
    f = np.linspace(0, 0.5, 50)
    _, response = signal.freqz([np.sqrt(1 - 0.7**2)], [1, -0.7], 2 * np.pi * f)
    np.testing.assert_allclose(pycwt.ar1_spectrum(f, 0.7), np.abs(response) ** 2)
    np.testing.assert_array_equal(pycwt.ar1_spectrum(f), np.ones(50))


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_known_answers(key, counter, words):
    """The known-answer vectors of the Random123 library, threefry2x32, 20 rounds."""
    assert tuple(int(w) for w in threefry2x32(key, counter)) == words


def test_normals_are_normal_and_independent():
    """False alarms below 1e−6 for each test."""
    z = np.concatenate([normals(2**63 + 5, k, 4096) for k in range(8)], axis=1)
    for row in z:
        assert stats.kstest(row, "norm").pvalue > 1e-6
        assert abs(lag1(row)) < 5 / np.sqrt(row.size)
    assert abs(np.corrcoef(z)[0, 1]) < 5 / np.sqrt(z.shape[1])
    assert abs(np.corrcoef(z**2)[0, 1]) < 5 / np.sqrt(z.shape[1])


def test_a_realisation_depends_on_seed_and_number_alone():
    np.testing.assert_array_equal(normals(7, 3, 100), normals(7, 3, 200)[:, :100])
    assert (normals(7, 3, 100) != normals(7, 4, 100)).all()
    assert (normals(7, 3, 100) != normals(7 + 2**32, 3, 100)).all()
    with pytest.raises(ValueError, match="seed"):
        normals(2**64, 0, 10)


def test_noise_pair_is_what_the_recursion_says():
    z = normals(1, 2, 40)
    expected = np.empty_like(z)
    for i, a in enumerate((0.8, -0.3)):
        expected[i, 0] = z[i, 0] / np.sqrt(1 - a * a)
        for t in range(1, 40):
            expected[i, t] = a * expected[i, t - 1] + z[i, t]
    expected -= expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(noise_pair(1, 2, 40, (0.8, -0.3)), expected, atol=1e-13)


def test_missing_samples_are_those_that_are_nan():
    """As with a mask: NaN, masked arrays and pandas alike; and the estimate stays right."""
    rng = np.random.default_rng(60)
    x = pycwt.rednoise(4000, 0.7, seed=rng)
    there = rng.random(4000) < 0.8
    holes = np.where(there, x, np.nan)
    found = pycwt.ar1(holes)
    assert found == pycwt.ar1(np.where(there, x, holes[there].mean()), there)
    assert found.g == pytest.approx(0.7, abs=0.04)
    assert found == pycwt.ar1(np.ma.masked_array(x, ~there))
    pandas = pytest.importorskip("pandas")
    assert found == pycwt.ar1(pandas.Series(holes))
    assert pycwt.ar1(pycwt.load_dataset("nino3")) == pycwt.ar1(pycwt.load_dataset("nino3").values)
    with pytest.raises(ValueError, match="the samples present in x must have at least 4"):
        pycwt.ar1(np.where(np.arange(50) < 3, x[:50], np.nan))
    with pytest.raises(ValueError, match="x must be finite"):
        pycwt.ar1(holes, there)
