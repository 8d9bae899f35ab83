"""Helpers that prepare a series do one thing each, and say what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal, stats

import pycwt_mod
from pycwt_mod import detrend, normalise, remove_cycle, standardise

NOISE = np.random.default_rng(1).standard_normal(400)


def test_a_linear_trend_goes_as_scipy_takes_it():
    x = NOISE + 0.3 * np.arange(400) - 7
    np.testing.assert_allclose(detrend(x).values, signal.detrend(x), atol=1e-11)
    np.testing.assert_allclose(detrend(x, 0).values, signal.detrend(x, type="constant"), atol=1e-11)


@given(st.integers(1, 10), st.floats(-1e6, 1e6))
def test_a_polynomial_leaves_no_trace(degree, size):
    t = np.linspace(-1, 1, 400)
    with_trend = detrend(NOISE + size * t**degree, degree).values
    np.testing.assert_allclose(with_trend, detrend(NOISE, degree).values, atol=1e-8)


def test_steps_are_told_in_order_with_their_figures():
    x = NOISE + 0.01 * np.arange(400) + 3 * np.tile(np.arange(4.0), 100)
    done = remove_cycle(x, 4).detrend().standardise()
    cycle, trend, scaled = done.steps
    assert "cycle of 4 samples" in cycle
    anomalies = remove_cycle(x, 4).values
    share = stats.linregress(np.arange(400), anomalies).rvalue ** 2
    assert f"trend of degree 1 ({share:.1%} of the variance)" in trend
    assert f"divided by the standard deviation {signal.detrend(anomalies).std():.6g}" in scaled
    assert str(done) == "400 samples: " + "; ".join(done.steps)


def test_anomalies_have_no_mean_at_any_phase():
    months = np.tile(np.arange(12.0) ** 2, 30)[:350]
    anomalies = remove_cycle(months + NOISE[:350], 12).values
    for phase in range(12):
        assert abs(anomalies[phase::12].mean()) < 1e-12


def test_standardised_series_have_unit_variance_at_any_size():
    for size in (1e-300, 1.0, 1e300):
        values = standardise(size * NOISE).values
        assert values.mean() == pytest.approx(0, abs=1e-12)
        assert values.std() == pytest.approx(1, abs=1e-12)


def test_normal_quantiles_follow_the_ranks():
    x = np.exp(3 * NOISE)
    values = normalise(x).values
    np.testing.assert_array_equal(np.argsort(values), np.argsort(x))
    assert stats.kstest(values, "norm").pvalue > 0.999
    tied = normalise(np.round(NOISE))
    assert "tied" in tied.steps[0]
    assert np.unique(tied.values).size == np.unique(np.round(NOISE)).size


def test_what_is_prepared_counts_as_an_array():
    prepared = detrend(NOISE)
    ours, plain = pycwt_mod.cwt(prepared, 1, J=10), pycwt_mod.cwt(prepared.values, 1, J=10)
    np.testing.assert_array_equal(ours.W, plain.W)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: detrend(NOISE, 11), ValueError, "degree"),
        (lambda: detrend(NOISE, 1.5), ValueError, "degree"),
        (lambda: detrend("abc"), TypeError, "x"),
        (lambda: detrend(np.arange(50.0)), ValueError, "x is a polynomial of degree 1"),
        (lambda: detrend([1.0, np.nan, 2, 3, 4]), ValueError, "x"),
        (lambda: remove_cycle(NOISE, 1), ValueError, "period"),
        (lambda: remove_cycle(NOISE, 201), ValueError, "period"),
        (lambda: remove_cycle(np.tile([1.0, 2], 20), 2), ValueError, "x repeats"),
        (lambda: standardise(np.ones(20)), ValueError, "x is constant"),
        (lambda: normalise([[1.0, 2, 3, 4]]), ValueError, "one-dimensional"),
    ],
)
def test_refusals_name_the_argument(call, error, text):
    with pytest.raises(error, match=text):
        call()
