"""False discovery rates against scipy and on noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import pycwt_mod as pycwt

unit = st.one_of(
    st.floats(0, 1).map(lambda p: round(p, 6)), st.floats(1e-12, 1e-3), st.just(0.0), st.just(1.0)
)


@given(p=st.lists(unit, min_size=1, max_size=40), method=st.sampled_from(["bh", "by"]))
@settings(max_examples=200, derandomize=True)
def test_against_scipy(p, method):
    found = pycwt.false_discovery(p, 0.1, method=method)
    expected = stats.false_discovery_control(p, method=method)
    np.testing.assert_allclose(found.adjusted, expected, rtol=1e-12)
    np.testing.assert_array_equal(found.significant, found.adjusted <= 0.1)
    assert found.tests == len(p)
    # Those that pass are those up to the threshold.
    if found.significant.any():
        np.testing.assert_array_equal(found.significant, np.array(p) <= found.threshold)
    else:
        assert found.threshold == 0


def test_published_example():
    """Benjamini & Hochberg (1995), section 3.3: 15 p-values, four rejected at 5 %."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    found = pycwt.false_discovery(p, 0.05)
    assert found.significant.sum() == 4
    assert found.threshold == 0.0095


def test_points_without_a_test():
    p = np.array([[0.001, np.nan], [0.5, 0.002]])
    where = np.array([[True, True], [True, False]])
    found = pycwt.false_discovery(p, 0.05, where=where)
    assert found.significant.tolist() == [[True, False], [False, False]]
    assert found.tests == 2
    assert np.isnan(found.adjusted).tolist() == [[False, True], [False, True]]
    assert found.adjusted[0, 0] == pytest.approx(0.002)


def plane(x):
    t = pycwt.cwt(x, 1, 0.25, 2, 24)
    p = pycwt.power_p_values(t, 1 / (1 - 0.25), alpha=0.5)
    return t, p, 1 / t.freqs[:, None] <= t.coi


def test_false_alarms_of_noise(measured):
    """Without a signal any discovery is false: in at most 10 % of 300 series at a rate of 10 %.

    Three standard errors are 5 %; pointwise, every series has false alarms.
    """
    rng = np.random.default_rng(171)
    any_bh, any_by = [], []
    for _ in range(300):
        _, p, outside = plane(pycwt.rednoise(256, 0.5, seed=rng))
        assert (p[outside] < 0.05).any()
        for method, found in (("bh", any_bh), ("by", any_by)):
            result = pycwt.false_discovery(p, 0.1, method=method, where=outside)
            found.append(result.significant.any())
    measured("series with any discovery, bh", np.mean(any_bh), of=300)
    measured("series with any discovery, by", np.mean(any_by), of=300)
    assert 0.01 <= np.mean(any_bh) <= 0.15
    assert np.mean(any_by) <= np.mean(any_bh)


def test_share_of_false_discoveries(measured):
    """A sinusoid in the second half of 100 series of noise, at a rate of 10 %: at most 14 %.

    What lies farther than ¾ of an octave and 40 samples from it counts as false; the standard
    error is about 1.2 %.
    """
    rng = np.random.default_rng(172)
    t = np.arange(512)
    signal = 2 * np.cos(2 * np.pi * t / 16) * (t > 256)
    shares = []
    for _ in range(100):
        transform, p, outside = plane(pycwt.rednoise(512, 0.5, seed=rng) + signal)
        found = pycwt.false_discovery(p, 0.1, where=outside).significant
        near = np.abs(np.log2(transform.freqs * 16)) < 0.75
        true = near[:, None] & (t > 216)
        assert (found & true).any()
        shares.append((found & ~true).sum() / found.sum())
    measured("false ones among discoveries beside a sinusoid", shares)
    assert np.mean(shares) <= 0.14


@pytest.mark.parametrize(
    ("p", "options", "match"),
    [
        ([0.1, 1.5], {}, "p_values must lie between 0 and 1"),
        ([-0.1], {}, "p_values must lie between 0 and 1"),
        ([], {}, "p_values: there is no test"),
        ([np.nan], {}, "p_values: there is no test"),
        ([0.1], {"rate": 0}, "rate"),
        ([0.1], {"method": "holm"}, "method must be 'bh' or 'by'"),
        ([0.1], {"where": [1]}, "where must be a mask"),
        ([0.1], {"where": [True, False]}, "where must be a mask"),
    ],
)
def test_bad_arguments(p, options, match):
    with pytest.raises(ValueError, match=match):
        pycwt.false_discovery(p, **options)
