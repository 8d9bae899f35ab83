from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import pycwt_mod as pycwt
from pycwt_mod.coherence import Coherence
from pycwt_mod.smoothing import Smoother, scale_weights, time_window
from pycwt_mod.transform import outside_cone

WAVELETS = [pycwt.Morlet(), pycwt.Paul(), pycwt.MexicanHat(), pycwt.DOG(6), pycwt.Paul(3)]


def test_y1_leads_is_a_positive_phase():
    t = np.arange(400)
    hiss = pycwt.rednoise(400, 0.0, 1e-6, seed=36)
    for period, lag in ((6, 1), (9, 2)):
        lead = np.sin(2 * np.pi * t / period) + hiss
        follow = np.sin(2 * np.pi * (t - lag) / period)
        for wavelet in (pycwt.Morlet(), pycwt.Paul()):
            s0 = period / wavelet.flambda()
            w12, *_ = pycwt.xwt(lead, follow, 1, s0=s0, J=0, wavelet=wavelet)
            _, phase, *_ = pycwt.wct(lead, follow, 1, s0=s0, J=0, sig=False, wavelet=wavelet)
            expected = 2 * np.pi * lag / period
            np.testing.assert_allclose(np.angle(w12[0, 150:250]), expected, atol=0.01)
            np.testing.assert_allclose(phase[0, 150:250], expected, atol=0.01)


@pytest.mark.parametrize(
    "wavelet", [pycwt.Morlet(), pycwt.Paul(4), pycwt.DOG(2), pycwt.DOG(6)], ids=repr
)
def test_smoothing_in_time_is_the_window_of_the_wavelet(wavelet):
    """A bump as smooth as |W|² is, convolved with |ψ₀(t/s)| of unit weight in the plain way."""
    n, s = 2049, 24.0
    t = np.arange(n) - 1024
    bump = np.exp(-2 * (t / s) ** 2)
    smoothed = Smoother(wavelet, np.array([s]), (1.0,), n).real(bump[None, :])[0]
    window = np.abs(wavelet.psi(t / s))
    expected = np.convolve(bump, window / window.sum(), "same")
    # Paul's tails reach beyond the series; sums over kinked windows err by (dt/s)².
    tolerance = 1e-6 if wavelet.family == "morlet" else 5e-4
    np.testing.assert_allclose(smoothed, expected, atol=tolerance * smoothed.max())


def test_smoothing_in_scale_loses_what_lies_beyond_the_ends():
    scales = 4 * 2 ** (np.arange(30) / 12)
    ones = np.ones((30, 256))
    smoothed = Smoother(pycwt.Morlet(), scales, scale_weights(1 / 12, "morlet"), 256).real(ones)
    np.testing.assert_allclose(smoothed[4:26, 128], 1, atol=1e-6)
    np.testing.assert_allclose(smoothed[0, 128], 4.6 / 8.2, atol=1e-6)
    few = Smoother(pycwt.Morlet(), scales[:2], scale_weights(1 / 12, "morlet"), 256)
    np.testing.assert_allclose(few.real(ones[:2])[:, 128], 2 / 8.2, atol=1e-6)


@pytest.mark.parametrize("wavelet", [*WAVELETS, pycwt.Paul(40), pycwt.DOG(40)], ids=repr)
def test_windows_have_unit_weight(wavelet):
    window = time_window(wavelet, np.array([0.5, 10.0, 5000.0]), 4096)
    np.testing.assert_allclose(window[:, 0], 1)
    assert np.isfinite(window).all()
    assert np.abs(window).max() <= 1 + 1e-9


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
def test_coherence_with_itself_is_one(wavelet):
    x = pycwt.rednoise(200, 0.5, seed=31)
    r2, phase, *_ = pycwt.wct(x, 3 - 2 * x, 0.5, dj=0.25, sig=False, wavelet=wavelet)
    np.testing.assert_allclose(r2, 1, atol=1e-6)
    np.testing.assert_allclose(np.abs(phase), np.pi, atol=1e-6)


amplitudes = st.one_of(
    st.just(0.0), st.floats(-1e3, 1e3), st.floats(1e140, 1e150), st.floats(1e-150, 1e-140)
)
pairs = st.integers(16, 70).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=amplitudes)] * 2)
)


@pytest.mark.parametrize("wavelet", WAVELETS[:3], ids=repr)
@given(pair=pairs.filter(lambda p: all(x.min() < x.max() for x in p)))
@settings(max_examples=60, derandomize=True)
def test_coherence_lies_between_zero_and_one(wavelet, pair):
    with np.errstate(all="raise", under="ignore"):
        r2, phase, *_ = pycwt.wct(*pair, 1.0, dj=0.25, sig=False, wavelet=wavelet)
    assert np.isfinite(r2).all()
    assert r2.min() >= 0
    assert r2.max() <= 1
    assert np.isfinite(phase).all()


@given(
    seed=st.integers(0, 2**32),
    exponents=st.tuples(*[st.integers(-150, 150)] * 2),
    offset=st.floats(-3, 3),
)
@settings(max_examples=25, derandomize=True)
def test_coherence_is_symmetric_and_has_no_units(seed, exponents, offset):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 100))
    plain = pycwt.wct(x, y, 1, dj=0.25, sig=False)
    x_units, y_units = (x + offset) * 10.0 ** exponents[0], y * 10.0 ** exponents[1]
    scaled = pycwt.wct(x_units, y_units, 1, dj=0.25, sig=False, normalize=False)
    np.testing.assert_allclose(scaled.WCT, plain.WCT, atol=1e-9)
    swapped = pycwt.wct(y, x, 1, dj=0.25, sig=False)
    np.testing.assert_allclose(swapped.WCT, plain.WCT, atol=1e-12)
    np.testing.assert_allclose(swapped.aWCT, -plain.aWCT, atol=1e-9)


def test_no_coherence_where_there_is_no_power():
    """A pulse in silence: far from it, at short scales, nothing coheres.

    Not at the shortest, where Nyquist cuts the wavelet and leaves it tails.
    """
    x, y = np.zeros(512), np.zeros(512)
    x[100], y[400] = 1, 1
    result = pycwt.wct(x, y, 1, sig=False)
    assert (result.WCT[(result.freq < 1 / 6) & (result.freq > 1 / 10), 250] == 0).all()
    assert np.isfinite(result.WCT).all()


def test_shape_and_order_of_results():
    x, y = np.random.default_rng(32).standard_normal((2, 147))
    result = pycwt.wct(list(x), y, 1, sig=False)
    wct, awct, coi, freq, sig = result
    assert wct.shape == awct.shape == (freq.size, 147)
    assert coi.shape == (147,)
    assert sig.tolist() == [0]
    assert (result.seed, result.backend, result.mc_count) == (None, None, None)
    assert freq[0] == pytest.approx(0.5)


def test_cross_transform_and_its_false_alarms(measured):
    """Two AR(1) noises exceed the 5 % level at 5 % of points; five standard errors."""
    rng = np.random.default_rng(33)
    for wavelet in ("morlet", "dog"):
        shares = []
        for _ in range(80):
            x, y = pycwt.rednoise(512, 0.6, seed=rng), pycwt.rednoise(512, 0.2, 9.0, seed=rng)
            w12, coi, freq, signif = pycwt.xwt(x, y, 0.1, 0.5, 0.4, 8, wavelet=wavelet)
            shares.append((np.abs(w12) > signif[:, None])[1 / freq[:, None] <= coi].mean())
        measured(f"points of |W12|, {wavelet}, N = 512", shares)
        assert abs(np.mean(shares) - 0.05) < 5 * np.std(shares) / np.sqrt(80)


def test_cross_transform_with_and_without_units():
    x, y = np.random.default_rng(34).standard_normal((2, 100)) * [[3.0], [0.25]]
    plain = pycwt.xwt(x, y, 1)
    units = pycwt.xwt(x, y, 1, normalize=False)
    np.testing.assert_allclose(units.W12, plain.W12 * x.std() * y.std())
    np.testing.assert_allclose(units.signif, plain.signif * x.std() * y.std())
    W1, W2 = pycwt.cwt(x, 1).W, pycwt.cwt(y, 1).W
    np.testing.assert_allclose(units.W12, W1 * W2.conj(), atol=1e-12)
    with pytest.raises(ValueError, match="normalize"):
        pycwt.xwt(x * 1e200, y * 1e200, 1, normalize=False)


def test_summary_of_a_made_up_coherence():
    period = 2.0 ** np.arange(1, 8)
    r2 = np.full((7, 400), 0.1)
    r2[2] = 0.9
    r2[4, :] = 0.7
    phase = np.full((7, 400), np.pi - 0.1)
    phase[:, ::2] = -np.pi + 0.1
    coi = np.minimum(np.arange(400), np.arange(400)[::-1]) * 1.0
    summary = pycwt.summarise(Coherence(r2, phase, coi, 1 / period, np.full(7, 0.8)))
    assert summary.peak_periods == (8.0, 32.0)
    outside = period[:, None] <= coi
    assert summary.significant_share == pytest.approx(outside[2].sum() / outside.sum())
    assert abs(summary.mean_phase) == pytest.approx(np.pi, abs=1e-3)
    with pytest.raises(ValueError, match="sig=True"):
        pycwt.summarise(Coherence(r2, phase, coi, 1 / period, np.zeros(1)))


def test_cone_of_periods_and_of_scales_agree():
    for wavelet in WAVELETS:
        W = pycwt.cwt(np.random.default_rng(35).standard_normal(300), 0.25, wavelet=wavelet)
        by_period = 1 / W.freqs[:, None] <= W.coi
        np.testing.assert_array_equal(by_period, outside_cone(W.sj / 0.25, 300, wavelet))
