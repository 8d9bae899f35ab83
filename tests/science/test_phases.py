"""Phase statistics against scipy, published examples and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import pycwt_mod as pycwt
from pycwt_mod.coherence import Coherence


@pytest.mark.parametrize(("centre", "kappa"), [(0.3, 4.0), (3.1, 1.5), (-2.0, 20.0)])
def test_against_scipy(centre, kappa):
    angles = stats.vonmises(kappa, loc=centre).rvs(500, random_state=161)
    found = pycwt.phase_statistics(angles)
    direction = stats.directional_stats(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert found.strength == pytest.approx(direction.mean_resultant_length)
    np.testing.assert_allclose(
        [np.cos(found.mean), np.sin(found.mean)], direction.mean_direction, atol=1e-12
    )
    assert found.deviation == pytest.approx(stats.circstd(angles))
    assert (found.count, found.independent, found.confidence) == (500, 500, 0.95)


def test_published_example():
    """Zar (2010), example 26.4: eight angles with r = 0.82522, mean 99°, s₀ = 36° (ch. 26)."""
    angles = np.deg2rad([45, 55, 81, 96, 110, 117, 132, 154])
    found = pycwt.phase_statistics(angles)
    assert found.strength == pytest.approx(0.82522, abs=5e-6)
    assert np.rad2deg(found.mean) == pytest.approx(99, abs=0.5)
    assert np.rad2deg(found.deviation) == pytest.approx(36, abs=0.5)


def test_interval_of_large_samples():
    """The formula of Fisher (1993), written out once more."""
    angles = stats.vonmises(3.0).rvs(200, random_state=162)
    found = pycwt.phase_statistics(angles, confidence=0.9, independent=50)
    m1, m2 = np.exp(1j * angles).mean(), np.exp(2j * angles).mean()
    dispersion = (1 - (m2 * np.exp(-2j * np.angle(m1))).real) / (2 * np.abs(m1) ** 2)
    expected = np.arcsin(stats.norm.ppf(0.95) * np.sqrt(dispersion / 50))
    assert found.half_width == pytest.approx(expected)
    assert found.interval == pytest.approx((found.mean - expected, found.mean + expected))


def test_coverage_of_independent_phases():
    """1,000 samples of 40: 95 % of intervals hold the direction; 92.5 to 97 %."""
    rng = np.random.default_rng(163)
    held = []
    for _ in range(1000):
        found = pycwt.phase_statistics(2.9 + rng.vonmises(0, 2, 40))
        held.append(abs(np.angle(np.exp(1j * (found.mean - 2.9)))) < found.half_width)
    assert 0.925 <= np.mean(held) <= 0.97


def test_phases_all_round_and_all_alike():
    around = pycwt.phase_statistics(np.arange(8) * np.pi / 4)
    assert around.strength < 1e-15
    assert around.half_width == np.pi
    alike = pycwt.phase_statistics([1.25] * 7)
    assert (alike.mean, alike.strength) == pytest.approx((1.25, 1))
    assert alike.half_width == pytest.approx(0, abs=1e-7)
    assert alike.deviation == pytest.approx(0, abs=1e-7)


def test_lag():
    found = pycwt.phase_statistics([np.pi / 2] * 3 + [np.pi / 2 + 0.1])
    lag, low, high = found.lag(24)
    assert lag == pytest.approx(found.mean / (2 * np.pi) * 24)
    assert low == pytest.approx((found.mean - found.half_width) / (2 * np.pi) * 24)
    assert high - lag == pytest.approx(lag - low)
    with pytest.raises(ValueError, match="period"):
        found.lag(0)


def delayed(rng, lag, noise, n=512):
    common = pycwt.rednoise(n + lag, 0.6, seed=rng)
    y1 = common[lag:] + noise * pycwt.rednoise(n, 0.3, seed=rng)
    return y1, common[:n] + noise * pycwt.rednoise(n, 0.3, seed=rng)


def test_y1_leads_is_a_positive_lag():
    y1, y2 = delayed(np.random.default_rng(164), 3, 0.1)
    coherence = pycwt.wct(y1, y2, 0.5, sig=False)
    found = pycwt.coherence_phase(coherence, 0.5, periods=[11, 13], significant=False)
    lag, low, high = found.lag(12)
    assert lag == pytest.approx(1.5, abs=0.15)
    assert low < 1.5 < high
    swapped = pycwt.coherence_phase(
        pycwt.wct(y2, y1, 0.5, sig=False), 0.5, periods=[11, 13], significant=False
    )
    assert swapped.mean == pytest.approx(-found.mean)
    assert swapped.half_width == pytest.approx(found.half_width)


def test_coverage_of_coherent_noise():
    """Intervals with the estimated number of independent values hold the direction too often.

    150 pairs, nominally 95 %: the estimate errs on the safe side, 93 to 100 %.
    """
    rng = np.random.default_rng(165)
    held = {(7, 9): [], (22, 26): [], (5, 20): []}
    for _ in range(150):
        coherence = pycwt.wct(*delayed(rng, 0, 0.7), 1, 1 / 6, 4, 24, sig=False)
        for periods, hits in held.items():
            found = pycwt.coherence_phase(coherence, 1, periods=periods, significant=False)
            hits.append(abs(found.mean) < found.half_width)
    for hits in held.values():
        assert np.mean(hits) >= 0.93


def made_up():
    period = 2.0 ** np.arange(1, 8)
    r2, phase = np.full((7, 400), 0.1), np.full((7, 400), 3.0)
    r2[2:4, 100:200] = 0.9
    phase[2:4, 100:200] = -0.5
    coi = np.minimum(np.arange(400), np.arange(400)[::-1]) * 1.0
    return Coherence(r2, phase, coi, 1 / period, np.full(7, 0.8))


def test_region():
    coherence = made_up()
    found = pycwt.coherence_phase(coherence, 1)
    assert (found.mean, found.count) == (pytest.approx(-0.5), 200)
    # An octave is 1/0.6 independent scales, a time dt/(2.32 s) of one.
    sj = np.array([8, 16]) / pycwt.Morlet().flambda()
    assert found.independent == pytest.approx(100 * (1 / 2.32 / sj).sum() / 0.6)
    outside = 1 / coherence.freq[:, None] <= coherence.coi
    everything = pycwt.coherence_phase(coherence, 1, significant=False)
    assert everything.count == outside.sum()
    with_cone = pycwt.coherence_phase(coherence, 1, significant=False, outside_cone=False)
    assert with_cone.count == 2800
    where = np.zeros((7, 400), bool)
    where[2, 110:120] = True
    assert pycwt.coherence_phase(coherence, 1, where=where).count == 10
    assert pycwt.coherence_phase(coherence, 1, where=where).independent > 0.99
    assert where.sum() == 10
    given = pycwt.coherence_phase(coherence, 1, periods=[8, 8.1], independent=30)
    assert (given.count, given.independent) == (100, 30)


def test_a_narrow_band_counts_as_one_scale():
    r2, phase = np.ones((2, 20, 400))
    period = 16 * 2 ** (np.arange(20) / 24)
    coherence = Coherence(r2, phase, np.full(400, 1e3), 1 / period, np.zeros(1))
    one = pycwt.coherence_phase(coherence, 1, periods=[15.9, 16.1], significant=False)
    sj = 16 / pycwt.Morlet().flambda()
    assert one.independent == pytest.approx(400 / (2.32 * sj))
    wide = pycwt.coherence_phase(coherence, 1, significant=False)
    sj = period / pycwt.Morlet().flambda()
    assert wide.independent == pytest.approx(400 * (1 / (2.32 * sj)).mean() * 20 / 24 / 0.6)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda c: pycwt.phase_statistics([]), ValueError, "phase must have at least one"),
        (lambda c: pycwt.phase_statistics([np.nan]), ValueError, "phase must be finite"),
        (lambda c: pycwt.phase_statistics([1], confidence=1), ValueError, "confidence"),
        (lambda c: pycwt.phase_statistics([1], independent=0), ValueError, "independent"),
        (lambda c: pycwt.coherence_phase(c, 0), ValueError, "dt"),
        (pycwt.coherence_phase, ValueError, "dt must be given"),
        (lambda c: pycwt.coherence_phase(c, 1, periods=[9, 10]), ValueError, "periods: nothing"),
        (lambda c: pycwt.coherence_phase(c, 1, where=[True]), ValueError, "where must be a mask"),
        (lambda c: pycwt.coherence_phase(c, 1, periods=[2, 4]), ValueError, "no point"),
        (
            lambda c: pycwt.coherence_phase(c, 1, wavelet=pycwt.Morlet(8)),
            ValueError,
            "gamma isn't known",
        ),
        (
            lambda c: pycwt.coherence_phase(Coherence(*c[:4], np.zeros(1)), 1),
            ValueError,
            "coherence has no levels",
        ),
    ],
)
def test_bad_arguments(call, error, match):
    with pytest.raises(error, match=match):
        call(made_up())
