"""What is missing is told, filled as asked for, and fenced off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erfc

import pycwt_mod as pycwt
from pycwt_mod.analysis.planes import plane_of
from pycwt_mod.gaps import coverage, filled, lost_energy, outside_gaps
from pycwt_mod.noise import ar1, rednoise
from pycwt_mod.transform import outside_cone
from pycwt_mod.wavelets import DOG, Morlet, Morse, Paul

SCALES = 2 * 2 ** (np.arange(25) / 4)
WAVELETS = [Morlet(6), Paul(4), DOG(2), Morse(3, 20)]


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
def test_a_half_that_is_missing_draws_the_cone_of_an_end(wavelet):
    """Beside a long gap the fence stands where the cone of influence stands beside an end."""
    present = np.ones(2000, bool)
    present[1000:] = False
    fence = outside_gaps(present, SCALES, wavelet)
    rim = fence.argmin(axis=1)  # the first point that is within
    wanted = 1000 - wavelet.efolding * SCALES
    # Small scales look at few samples of the wavelet.
    np.testing.assert_allclose(rim, wanted, atol=2, rtol=0.01)


def test_the_energy_lost_to_a_gap_is_the_integral_over_it():
    """Morlet: |ψ₀|² is a Gaussian of variance ½, so a gap from a to b takes ½(erfc a − erfc b)."""
    present = np.ones(1001, bool)
    present[540:561] = False
    scales = np.array([16.0, 40.0])
    lost = lost_energy(present, scales, Morlet(6))
    for row, s in zip(lost, scales, strict=True):
        a, b = ((edge - np.arange(1001)) / s for edge in (539.5, 560.5))
        np.testing.assert_allclose(row, (erfc(a) - erfc(b)) / 2, atol=1e-3)


def test_nothing_is_lost_without_a_gap():
    assert not lost_energy(np.ones(100, bool), SCALES, Morlet(6)).any()
    assert outside_gaps(np.ones(100, bool), SCALES, Morlet(6)).all()


@given(st.lists(st.booleans(), min_size=16, max_size=80), st.sampled_from(WAVELETS))
def test_missing_samples_are_never_outside_at_small_scales(flags, wavelet):
    present = np.array(flags)
    fence = outside_gaps(present, np.array([2.0]), wavelet)[0]
    assert not fence[~present].any()
    lost = lost_energy(present, SCALES, wavelet)
    assert ((lost >= 0) & (lost <= 1)).all()


def test_short_gaps_are_felt_at_small_scales_only():
    present = np.ones(600, bool)
    present[300] = False
    fence = outside_gaps(present, SCALES, Morlet(6))
    assert not fence[SCALES < 20, 300].any()
    # One sample takes 1/(s·√π) of the energy: 2.3 % at 24.8 samples.
    assert fence[SCALES > 25].all()
    assert outside_cone(SCALES, 600, Morlet(6))[SCALES < 100, 300].all()


def test_the_largest_scales_lose_what_the_integral_says():
    """Of scales beyond the series too, whose wavelet is cut at its ends."""
    present = np.ones(200, bool)
    present[120:160] = False
    scales = np.array([60.0, 150.0, 400.0])
    lost = lost_energy(present, scales, Morlet(6))
    for row, s in zip(lost, scales, strict=True):
        a, b = ((edge - np.arange(200)) / s for edge in (119.5, 159.5))
        np.testing.assert_allclose(row, (erfc(a) - erfc(b)) / 2, atol=1e-4)


def test_of_several_series_the_worst_counts():
    masks = [np.ones(300, bool) for _ in range(2)]
    masks[0][50:60], masks[1][200:230] = False, False
    each = [1 - lost_energy(mask, SCALES, Morlet(6)) for mask in masks]
    np.testing.assert_array_equal(coverage(masks, SCALES, Morlet(6)), np.minimum(*each))
    both = outside_gaps(masks, SCALES, Morlet(6))
    alone = [outside_gaps(mask, SCALES, Morlet(6)) for mask in masks]
    np.testing.assert_array_equal(both, alone[0] & alone[1])


def test_values_are_put_where_none_are():
    x = [np.nan, 1.0, np.nan, np.nan, 4.0, 7.0, np.nan]
    line = filled(x, "linear", "x", 3)
    np.testing.assert_allclose(line.values, [4, 1, 2, 3, 4, 7, 4])
    np.testing.assert_array_equal(line.present, [0, 1, 0, 0, 1, 1, 0])
    assert line.missing == 4
    np.testing.assert_allclose(filled(x, "mask", "x", 3).values, [4, 1, 4, 4, 4, 7, 4])
    masked = np.ma.masked_invalid(x)
    np.testing.assert_array_equal(filled(masked, "linear", "x", 3).values, line.values)
    assert np.isnan(x[0])  # the caller's own series is left alone


@pytest.mark.parametrize(
    ("x", "gaps", "error", "text"),
    [
        ([1.0, np.nan, 2, np.nan, 5], None, ValueError, r"x lacks 2 .*index 1: gaps='mask'"),
        (np.ma.masked_equal([1.0, 2, 3, 9, 5], 9), None, ValueError, "x lacks 1 .*index 3"),
        ([1.0, np.inf, 2, 3, 5], None, ValueError, "x must be finite, but is inf at index 1"),
        ([1.0, np.inf, 2, 3, 5], "linear", ValueError, "finite"),
        ([1.0, np.nan, 2], "linear", ValueError, "present in x must have at least 4"),
        ([1.0, np.nan, 1, 1, 1, 1], "mask", ValueError, "constant"),
        ([[1.0, 2], [3, 4]], "mask", ValueError, "one-dimensional"),
        (["a", "b", "c", "d"], "mask", TypeError, "x must be real"),
        ([1.0, 2, 3, 4], "cubic", ValueError, "gaps must be None or one of mask, linear"),
        (np.ma.masked_all(9), "mask", ValueError, "at least 4"),
    ],
)
def test_refusals_name_the_argument(x, gaps, error, text):
    with pytest.raises(error, match=text):
        filled(x, gaps, "x", 4)


def test_the_lag_1_autocorrelation_is_that_of_the_samples_present():
    """Of 200 AR(1) series of 0.7 with a third of the samples missing in blocks: unbiased."""
    rng = np.random.default_rng(3)
    found, naive = [], []
    for _ in range(200):
        x = rednoise(300, 0.7, seed=rng)
        for start in rng.integers(0, 290, size=10):
            x[start : start + 10] = np.nan
        series = filled(x, "mask", "x", 4)
        found.append(ar1(series.values, series.present).g)
        naive.append(ar1(series.values).g)
    error = np.std(found) / np.sqrt(200)
    assert abs(np.mean(found) - 0.7) < 4 * error + 0.01
    assert np.mean(naive) < 0.68


def test_ar1_of_a_complete_series_is_as_without_the_mask():
    x = rednoise(200, 0.5, seed=1)
    assert ar1(x, np.ones(200, bool)) == ar1(x)
    with pytest.raises(ValueError, match="present"):
        ar1(x, np.ones(199, bool))
    with pytest.raises(ValueError, match="present"):
        ar1(x, np.arange(200) < 3)


@pytest.mark.parametrize("dt", [1.0, 0.1, 1 / 12])
def test_the_rim_of_the_cone_is_outside_everywhere(dt):
    """Results and analyses alike: a scale whose e-folding time is k samples ends at sample k."""
    mother = Morlet()
    scales = np.arange(3, 20) * dt / mother.efolding
    x, y = np.random.default_rng(1).standard_normal((2, 64))
    freqs = 1 / (mother.flambda() * scales)
    t = pycwt.cwt(x, dt, freqs=freqs)
    first = t.outside.argmax(axis=1)
    np.testing.assert_array_equal(first, np.arange(3, 20))
    np.testing.assert_array_equal(plane_of(t).outside, t.outside)
    c = pycwt.wct(x, y, dt, freqs=freqs, sig=False)
    np.testing.assert_array_equal(c.outside, t.outside)
    found = pycwt.coherence_phase(c, significant=False, independent=9)
    assert found.count == t.outside.sum()
