"""The weighted wavelet Z-transform: fits against brute force, noise, false alarms."""

import numpy as np
import pytest
from scipy import stats

import pycwt_mod
from pycwt_mod import wwz, wwz_coherence
from pycwt_mod.backends import Cancelled
from pycwt_mod.uneven import Fit, persistence_time, uneven_series

RNG = np.random.default_rng(1)
TIMES = np.sort(RNG.uniform(0, 300, 400))


def red_noise(times, T, seed):
    return uneven_series(times, np.arange(times.size) % 7).noise(T, [np.random.default_rng(seed)])[
        :, 0
    ]


def test_every_point_is_a_weighted_least_squares_fit():
    """Amplitude and Z of F96, eq. 5-11 and 5-12, through numpy's lstsq of the weighted samples."""
    x = red_noise(TIMES, 5, 2)
    tau, omega, omega0 = np.array([40.0, 150.0, 299.0]), 0.7, 6.0
    w_ours, z_ours = (a[:, 0] for a in Fit(TIMES, tau, omega, omega0)(x[:, None]))
    for at, w, z in zip(tau, w_ours, z_ours, strict=True):
        u = omega * (TIMES - at)
        weight = np.exp(-((u / omega0) ** 2) / 2)
        design = np.stack([np.ones_like(u), np.cos(u), np.sin(u)], axis=1)
        root = np.sqrt(weight)
        (mean, a, b), *_ = np.linalg.lstsq(design * root[:, None], x * root)
        assert w == pytest.approx(a - 1j * b, rel=1e-6)
        n = weight.sum() ** 2 / (weight**2).sum()
        y = design @ [mean, a, b]
        vx = np.average(x**2, weights=weight) - np.average(x, weights=weight) ** 2
        vy = np.average(y**2, weights=weight) - np.average(y, weights=weight) ** 2
        assert z == pytest.approx((n - 3) * vy / (2 * (vx - vy)), rel=1e-6)


def test_amplitude_and_phase_of_an_oscillation_are_found():
    x = 3 + 2.5 * np.cos(2 * np.pi * 0.1 * TIMES + 0.8)
    found = wwz(TIMES, x, [0.1], np.linspace(60, 240, 19), sig=False)
    np.testing.assert_allclose(np.abs(found.W), 2.5, rtol=1e-9)
    wanted = np.exp(1j * (2 * np.pi * 0.1 * found.tau + 0.8))
    np.testing.assert_allclose(found.W[0] / 2.5, wanted, atol=1e-9)


def test_even_samples_give_the_morlet_transform():
    """Far from the ends the fit is the transform, to the factor between power and amplitude."""
    x = np.cos(2 * np.pi * np.arange(600) / 20) + np.random.default_rng(3).standard_normal(600)
    freqs = np.array([1 / 40, 1 / 20, 1 / 12])
    uneven = wwz(np.arange(600.0), x, freqs, np.arange(200.0, 400.0), sig=False)
    # The transform's frequencies are those of Fourier periods, its wavelet's own is ω₀/s.
    even = pycwt_mod.cwt(x, 1, freqs=2 * np.pi * freqs / 6 / pycwt_mod.Morlet(6).flambda())
    # TC98, eq. 6: an amplitude A gives |W| = A/2·√(2πs)·π^(−1/4) = A·√s·π^(1/4)/√2.
    amplitude = even.W / (np.sqrt(even.sj) * np.pi**0.25 / np.sqrt(2))[:, None]
    np.testing.assert_allclose(uneven.W, amplitude[:, 200:400], atol=0.002)


@pytest.mark.parametrize("T", [2.0, 10.0])
def test_the_persistence_of_noise_is_found(T):
    """Of 60 series of 400 samples, mean within 15 % (the bias of short series) of the truth."""
    found = [persistence_time(TIMES, red_noise(TIMES, T, seed)) for seed in range(60)]
    assert np.mean(found) == pytest.approx(T, rel=0.15)


def test_noise_correlates_by_the_distance_in_time():
    times = np.array([0, 1, 1.5, 4, 9, 9.25])
    series = uneven_series(times, [0, 1, 0, 1, 0, 1])
    x = series.noise(3, [np.random.default_rng(seed) for seed in range(40_000)]).T
    wanted = np.exp(-np.abs(times[:, None] - times) / 3)
    # Standard error of a correlation of 40,000 pairs: 0.005.
    np.testing.assert_allclose(np.cov(x.T), wanted, atol=0.03)


def test_white_noise_has_no_persistence():
    x = np.random.default_rng(6).standard_normal(2000)
    assert persistence_time(np.arange(2000.0), x) < 0.5


@pytest.mark.parametrize("T", [0.0, 3.0])
def test_noise_passes_the_level_as_often_as_promised(T, measured):
    """False alarms at 95 %, over 30 series; the mean share's own error decides, four of them."""
    freqs = np.geomspace(0.02, 0.4, 5)
    tau = np.linspace(0, 300, 40)
    shares = []
    for seed in range(30):
        x = red_noise(TIMES, T, 1000 + seed)
        found = wwz(TIMES, x, freqs, tau, mc_count=100, seed=seed)
        shares.append((found.signif[:, None] < found.Z)[found.outside].mean())
    measured("points of Z, 30 series", shares)
    error = stats.sem(shares)
    assert error < 0.01
    assert abs(np.mean(shares) - 0.05) < 4 * error + 0.005


def test_white_noise_of_even_samples_follows_foster_s_law():
    """Z of white noise is about F(2, N_eff − 3) (F96, section 5.3), at many samples 1/2 χ²₂."""
    t = np.arange(2000.0)
    x = np.random.default_rng(5).standard_normal((2000, 400))
    _, z = Fit(t, np.array([1000.0]), 0.2, 6.0)(x)
    assert stats.kstest(z[0], stats.expon.cdf).pvalue > 1e-3


def pair(times1, times2, lag):
    """An oscillation seen in noise at two sets of times; the second follows by ``lag``."""
    rng = np.random.default_rng(7)
    first = np.cos(2 * np.pi * times1 / 16) + 0.6 * rng.standard_normal(times1.size)
    second = np.cos(2 * np.pi * (times2 - lag) / 16) + 0.6 * rng.standard_normal(times2.size)
    return (times1, first), (times2, second)


def test_coherence_finds_who_leads():
    other = np.sort(np.random.default_rng(8).uniform(0, 300, 350))
    freqs, tau = np.geomspace(1 / 8, 1 / 32, 9), np.arange(0.0, 300.0, 2.0)
    found = wwz_coherence(*pair(TIMES, other, 3.0), freqs, tau, mc_count=30, seed=1)
    j = int(np.argmin(np.abs(freqs - 1 / 16)))
    inside = found.outside[j]
    assert found.WCT[j, inside].min() > max(0.8, found.signif[j])
    np.testing.assert_allclose(found.aWCT[j, inside], 2 * np.pi * 3 / 16, atol=0.4)
    turned = wwz_coherence(*pair(TIMES, other, 3.0), freqs[::-1], tau, mc_count=30, seed=1)
    np.testing.assert_array_equal(turned.WCT[::-1], found.WCT)
    np.testing.assert_array_equal(turned.signif[::-1], found.signif)


def test_independent_noises_pass_the_level_of_coherence_as_often_as_promised(measured):
    """As above for single spectra; 24 pairs, 4 of the mean's errors and what 50 runs leave."""
    freqs, tau = np.geomspace(1 / 6, 1 / 24, 5), np.arange(0.0, 300.0, 3.0)
    other = np.sort(np.random.default_rng(9).uniform(0, 300, 300))
    shares = []
    for seed in range(24):
        noises = [(t, red_noise(t, 4, 50 * k + seed)) for k, t in enumerate((TIMES, other), 40)]
        found = wwz_coherence(*noises, freqs, tau, mc_count=50, seed=seed)
        shares.append((found.signif[:, None] < found.WCT)[found.outside].mean())
    measured("points of R² of uneven series, 24 pairs", shares)
    error = stats.sem(shares)
    assert error < 0.015
    assert abs(np.mean(shares) - 0.05) < 4 * error + 0.005


def test_a_gap_is_told_not_filled():
    t = np.concatenate([np.arange(0.0, 100), np.arange(200.0, 300)])
    x = np.cos(2 * np.pi * t / 10)
    found = wwz(t, x, [0.1], np.arange(0.0, 300.0), sig=False)
    # One e-folding time: √2 scales of 6/(2π·0.1).
    reach = np.sqrt(2) * 6 / (2 * np.pi * 0.1)
    middle = np.where(found.tau < 150, 49.5, 249.5)
    from_the_end = 49.5 - np.abs(found.tau - middle)
    sure = np.abs(from_the_end - reach) > 1
    np.testing.assert_array_equal(found.outside[0][sure], from_the_end[sure] > reach)


def test_runs_repeat_by_their_seed_and_stop_when_told():
    x = red_noise(TIMES, 3, 1)
    a, b, c = (wwz(TIMES, x, [0.1, 0.05], mc_count=30, seed=seed).signif for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)

    class Stop:
        def cancelled(self):
            return True

        def advance(self, done):
            pass

    with pytest.raises(Cancelled):
        wwz(TIMES, x, [0.1], control=Stop())


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: wwz([0, 1, 1, 2.0], [0, 1, 0, 1], [0.1]), ValueError, "times must increase"),
        (lambda: wwz(TIMES, TIMES[:-1], [0.1]), ValueError, "same length"),
        (lambda: wwz(TIMES, TIMES, [-0.1]), ValueError, "freqs"),
        (lambda: wwz(TIMES, TIMES, [0.1], mc_count=0), ValueError, "mc_count"),
        (lambda: wwz(TIMES, TIMES, [0.1], significance_level=1), ValueError, "significance_level"),
        (lambda: wwz(TIMES, "x", [0.1]), TypeError, "values"),
        (
            lambda: wwz_coherence((TIMES, TIMES), (TIMES, TIMES), [0.1, 0.2, 0.3], np.arange(9.0)),
            ValueError,
            "freqs must be in even steps",
        ),
        (
            lambda: wwz_coherence((TIMES, TIMES), (TIMES, TIMES), [0.1, 0.2], [0, 1, 3, 4.0]),
            ValueError,
            "tau must be even",
        ),
        (
            lambda: wwz_coherence((TIMES, TIMES), (TIMES[::-1], TIMES), [0.1, 0.2], [0, 1, 2, 3.0]),
            ValueError,
            "second: times must increase",
        ),
    ],
)
def test_refusals_name_the_argument(call, error, text):
    with pytest.raises(error, match=text):
        call()
