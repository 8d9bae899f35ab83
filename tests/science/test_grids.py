"""Frequencies and periods of one's own; the two phases of a coherence."""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.scales import even_step, window_matrix

RNG = np.random.default_rng(71)
X, Y = pycwt.rednoise(300, 0.6, seed=RNG), pycwt.rednoise(300, 0.3, seed=RNG)
WAVELETS = ["morlet", "paul", "dog", "morse"]


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("name", ["freqs", "periods"])
def test_results_keep_the_order(wavelet, name):
    """The same rows as on the grid of dj, s0 and J, where the caller wants them."""
    usual = pycwt.cwt(X, 0.5, 0.25, J=16, wavelet=wavelet)
    order = RNG.permutation(17)
    own = {name: getattr(usual, name)[order]}
    transform = pycwt.cwt(X, 0.5, wavelet=wavelet, **own)
    np.testing.assert_allclose(transform.W, usual.W[order], atol=1e-10)
    np.testing.assert_allclose(getattr(transform, name), own[name])
    cross = pycwt.xwt(X, Y, 0.5, wavelet=wavelet, **own)
    plain = pycwt.xwt(X, Y, 0.5, 0.25, J=16, wavelet=wavelet)
    np.testing.assert_allclose(cross.W12, plain.W12[order], atol=1e-9)
    np.testing.assert_allclose(cross.signif, plain.signif[order])
    r2 = pycwt.wct(X, Y, 0.5, sig=False, wavelet=wavelet, **own)
    whole = pycwt.wct(X, Y, 0.5, 0.25, J=16, sig=False, wavelet=wavelet)
    np.testing.assert_allclose(r2.WCT, whole.WCT[order], atol=1e-9)
    np.testing.assert_allclose(np.exp(1j * r2.aWCT), np.exp(1j * whole.aWCT[order]), atol=1e-6)
    for result in (transform, cross, r2):
        np.testing.assert_allclose(result.freqs * result.periods, 1)
        np.testing.assert_allclose(getattr(result, name), own[name])


def test_significance_follows_the_order(oracle):
    """Levels and p-values belong to the rows, from long periods to short ones."""
    periods = np.geomspace(4, 32, 13)
    options = {"mc_count": 30, "seed": 4, "backend": oracle, "cache": False, "progress": False}
    down = pycwt.wct(X, Y, 0.5, periods=periods[::-1], **options)
    up = pycwt.wct(X, Y, 0.5, periods=periods, **options)
    np.testing.assert_array_equal(down.sig, up.sig[::-1])
    np.testing.assert_array_equal(
        down.monte_carlo.p_values(down.WCT), up.monte_carlo.p_values(up.WCT)[::-1]
    )
    s0 = periods[0] / pycwt.Morlet().flambda()
    usual = pycwt.wct(X, Y, 0.5, 0.25, s0, 12, **options)
    np.testing.assert_allclose(up.sig, usual.sig)


def test_long_series_on_a_grid_of_ones_own():
    x, y = RNG.standard_normal((2, 12_000))
    periods = np.geomspace(200, 20, 9)
    r2 = pycwt.wct(x, y, 1, periods=periods, sig=False).WCT
    step = np.log2(10) / 8
    up = pycwt.wct(x, y, 1, step, 20 / pycwt.Morlet().flambda(), 8, sig=False).WCT
    np.testing.assert_allclose(r2, up[::-1], atol=1e-9)


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_coherence_on_an_uneven_grid(wavelet):
    periods = np.linspace(4, 60, 57)
    own = pycwt.wct(X, 3 * X, 0.5, periods=periods, sig=False, wavelet=wavelet)
    np.testing.assert_allclose(own.WCT, 1, atol=1e-6)
    noise = pycwt.wct(X, Y, 0.5, freqs=1 / periods, sig=False, wavelet=wavelet)
    assert 0 <= noise.WCT.min() < noise.WCT.max() <= 1
    # A finer grid that isn't even either sees about the same.
    fine = np.sort(np.concatenate([periods, (periods[1:] + periods[:-1]) / 2]))
    finer = pycwt.wct(X, Y, 0.5, periods=fine, sig=False, wavelet=wavelet)
    rest = (finer.WCT[::2] - noise.WCT)[15:-15]
    assert np.sqrt((rest**2).mean()) < 0.02


def test_window_over_uneven_scales():
    """Against the integral of a polynomial in log2(s) over the window."""
    scales = np.sort(2.0 ** RNG.uniform(0, 6, 1500))
    at, width = np.log2(scales), 0.6
    weights = window_matrix(scales, width)
    inside = (at > 0.4) & (at < 5.6)
    np.testing.assert_allclose(weights.sum(axis=1)[inside], 1)
    averages = (weights @ (at**2))[inside]
    # The mean of u² over a width w about u₀ is u₀² + w²/12.
    np.testing.assert_allclose(averages, at[inside] ** 2 + width**2 / 12, atol=0.05)
    assert window_matrix(np.array([3.0]), width).tolist() == [[1.0]]
    # Half of the window lies beyond the first scale, but for the part that it stands for.
    even = window_matrix(2.0 ** np.arange(0, 3, 0.1), width)
    np.testing.assert_allclose(even[0].sum(), (0.3 + 0.05) / 0.6)


def test_even_steps_are_told_from_others():
    scales = 3 * 2 ** (np.arange(40) / 12)
    assert even_step(scales, 9) == pytest.approx(1 / 12)
    assert even_step(np.round(scales, 7), 9) == pytest.approx(1 / 12, rel=1e-6)
    assert even_step(np.round(scales, 2), 9) is None
    assert even_step(scales[:1], 0.25) == 0.25


@pytest.mark.parametrize("function", ["cwt", "xwt", "wct"])
@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"freqs": [0.1], "periods": [10]}, "freqs and periods mean the same"),
        ({"periods": []}, "periods must be a vector"),
        ({"periods": [3, 0]}, "periods must be positive.*index 1"),
        ({"freqs": [np.inf]}, "freqs must be finite"),
    ],
)
def test_bad_grids(function, arguments, match):
    series = [X] if function == "cwt" else [X, Y]
    with pytest.raises(ValueError, match=match):
        getattr(pycwt, function)(*series, 1, **arguments)


def test_grids_that_coherence_refuses():
    with pytest.raises(ValueError, match="periods must differ"):
        pycwt.wct(X, Y, 1, periods=[4, 8, 4], sig=False)
    with pytest.raises(ValueError, match=r"evenly spaced in octaves.*geomspace.*sig=False"):
        pycwt.wct(X, Y, 1, freqs=np.linspace(0.01, 0.4, 30))


def test_phase_of_the_smoothed_cross_spectrum():
    """In noise the smoothed phase is steadier; where one series leads, both say so."""
    t = np.arange(300)
    lead = np.cos(2 * np.pi * t / 16)
    x, y = lead + 0.7 * X, np.cos(2 * np.pi * (t - 3) / 16) + 0.7 * Y
    band = {"periods": np.geomspace(12, 22, 11), "sig": False}
    plain = pycwt.wct(x, y, 1, **band)
    smooth = pycwt.wct(x, y, 1, phase="smoothed", **band)
    np.testing.assert_array_equal(plain.WCT, smooth.WCT)
    wanted = 2 * np.pi * 3 / 16
    spread = [
        np.std(np.angle(np.exp(1j * (result.aWCT[2:9, 60:240] - wanted))))
        for result in (plain, smooth)
    ]
    assert spread[1] < 0.7 * spread[0]
    assert abs(np.angle(np.exp(1j * (smooth.aWCT[5, 60:240] - wanted)).mean())) < 0.2
    with pytest.raises(ValueError, match="phase must be one of unsmoothed, smoothed"):
        pycwt.wct(X, Y, 1, sig=False, phase="mean")
