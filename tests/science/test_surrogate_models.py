"""Surrogates keep what they promise, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats
from scipy.signal import lfilter

from pycwt_mod.monte_carlo.surrogate_models import (
    IAAFT,
    MODELS,
    Autoregressive,
    BlockBootstrap,
    find_model,
    stream,
    surrogates,
)


def oscillation(n: int, seed: int = 1) -> np.ndarray:
    """AR(2) noise with a spectral peak at a period of about 7 samples."""
    z = np.random.default_rng(seed).standard_normal(n + 200)
    return lfilter([1], [1, -1.1, 0.8], z)[200:]


def rain(n: int) -> np.ndarray:
    """Red, skewed, mostly near zero."""
    return np.exp(0.7 * lfilter([1], [1, -0.7], np.random.default_rng(2).standard_normal(n)))


def autocorrelation(x: np.ndarray, lags: int) -> np.ndarray:
    y = x - x.mean()
    return np.array([y[: y.size - k] @ y[k:] for k in range(1, lags + 1)]) / (y @ y)


@settings(max_examples=40)
@given(st.integers(16, 301), st.sampled_from([oscillation, rain]), st.integers(0, 2**64 - 1))
def test_random_phases_keep_the_periodogram(n, make, seed):
    x = make(n)
    for y in surrogates(x, 2, "phase", seed=seed):
        ours, theirs = np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(x - x.mean()))
        np.testing.assert_allclose(ours, theirs, atol=1e-10 * theirs.max())
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.999


@settings(max_examples=20)
@given(st.integers(100, 301), st.integers(0, 2**64 - 1))
def test_iaaft_keeps_the_values_and_nearly_the_periodogram(n, seed):
    x = rain(n)
    (y,) = surrogates(x, 1, "iaaft", seed=seed)
    np.testing.assert_array_equal(np.sort(y), np.sort(x - x.mean()))
    ours, theirs = np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(x - x.mean()))
    assert np.sum((ours - theirs) ** 2) < 0.12 * np.sum(theirs**2)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_coefficients_solve_the_yule_walker_equations(order):
    x = oscillation(500)
    c = np.concatenate([[1], autocorrelation(x, order)])
    wanted = linalg.solve_toeplitz(c[:-1], c[1:])
    draw = Autoregressive(order).fit(x, 400_000)
    y = draw(stream(3, 0))
    found = linalg.solve_toeplitz(
        np.concatenate([[1], autocorrelation(y, order)])[:-1], autocorrelation(y, order)
    )
    # Standard errors of the coefficients of 400,000 samples are below 0.002.
    np.testing.assert_allclose(found, wanted, atol=0.01)
    assert y.var() == pytest.approx(x.var(), rel=0.03)


def test_autoregressive_noise_is_stationary_from_the_start():
    """Var(x[t]) at each of the first six samples; F-tests at 1e-5 each."""
    draw = Autoregressive(2).fit(oscillation(500), 6)
    y = np.array([draw(stream(4, k)) for k in range(20_000)])
    late = Autoregressive(2).fit(oscillation(500), 100_000)(stream(5, 0))
    low, high = (stats.chi2(20_000 - 1).ppf(q) / 20_000 for q in (5e-6, 1 - 5e-6))
    ratios = y.var(axis=0) / late.var()
    # The long series' own variance is known to 1.5 %.
    assert (ratios > low * 0.97).all()
    assert (ratios < high * 1.03).all()
    lag1 = (y[:, :-1] * y[:, 1:]).mean(axis=0) / y.var()
    np.testing.assert_allclose(lag1, autocorrelation(late, 1)[0], atol=0.04)


def test_akaike_finds_the_order_of_a_process():
    """It overestimates now and then, but never misses the second coefficient."""
    x = oscillation(2000)
    draw = Autoregressive().fit(x, 200_000)
    np.testing.assert_allclose(
        autocorrelation(draw(stream(6, 0)), 6), autocorrelation(x, 6), atol=0.03
    )


def test_blocks_are_pieces_of_the_series():
    x = np.arange(50.0)
    (y,) = surrogates(x, 1, BlockBootstrap(10), seed=1)
    steps = np.diff(np.round(y + x.mean())) % 50
    joints = np.arange(49) % 10 == 9
    assert (steps[~joints] == 1).all()
    assert (steps[joints] != 1).any()


@pytest.mark.parametrize("name", MODELS)
def test_a_surrogate_depends_on_its_number_alone(name):
    x = oscillation(64)
    three, five = surrogates(x, 3, name, seed=9), surrogates(x, 5, name, seed=9)
    np.testing.assert_array_equal(three, five[:3])
    assert not np.array_equal(five[0], five[1])
    assert not np.array_equal(five, surrogates(x, 5, name, seed=10))


def test_both_series_of_a_realisation_have_numbers_of_their_own():
    a, b = (stream(1, 7, i).standard_normal(10_000) for i in (0, 1))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"model": "pink"}, ValueError, "model must be one of ar1, white"),
        ({"model": 3}, TypeError, "model must be a name"),
        ({"count": 0}, ValueError, "count"),
        ({"seed": -1}, ValueError, "seed"),
        ({"model": Autoregressive(64)}, ValueError, "order"),
        ({"model": BlockBootstrap(64)}, ValueError, "length"),
    ],
)
def test_refusals_name_the_argument(arguments, error, text):
    with pytest.raises(error, match=text):
        surrogates(oscillation(64), **arguments)


def test_models_are_found_by_name_or_taken_as_they_are():
    assert find_model("iaaft") == IAAFT()
    model = Autoregressive(4)
    assert find_model(model) is model
