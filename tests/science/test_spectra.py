"""Rectified, global and scale-averaged power against TC98's published output and noise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import pycwt_mod as pycwt

HALF_DIGIT = 0.0005 + 1e-9
# Torrence's wavetest.f on NINO3: scale number, global spectrum, its 5 % level.
PUBLISHED = np.array(
    [
        (5, 0.029, 0.102),
        (9, 0.177, 0.221),
        (13, 0.785, 0.729),
        (16, 2.569, 1.676),
        (19, 2.357, 3.157),
        (23, 1.605, 5.246),
        (31, 1.008, 8.560),
        (44, 0.000, 9.902),
    ]
)
DT, DJ, LAG1 = 0.25, 0.25, 0.72


@pytest.fixture(scope="module")
def nino3():
    return pycwt.load_dataset("nino3").values


@pytest.fixture(scope="module")
def transform(nino3):
    return pycwt.cwt(nino3, DT, dj=DJ, s0=0.25, J=43)


def test_published_global_spectrum(nino3, transform):
    # The program counts N − s points at scale s.
    points = nino3.size - transform.sj
    found = pycwt.global_spectrum(transform, nino3, alpha=LAG1, dof=points)
    row = PUBLISHED[:, 0].astype(int) - 1
    np.testing.assert_allclose(found.power[row], PUBLISHED[:, 1], rtol=0, atol=HALF_DIGIT)
    np.testing.assert_allclose(found.level[row], PUBLISHED[:, 2], rtol=0, atol=HALF_DIGIT)
    np.testing.assert_allclose(
        found.dof, 2 * np.sqrt(1 + (points * DT / (2.32 * transform.sj)) ** 2)
    )
    np.testing.assert_array_equal(found.p_values < 0.05, found.power > found.level)
    np.testing.assert_allclose(
        found.p_values, stats.chi2.sf(found.dof * found.power / found.background, found.dof)
    )


def test_published_scale_average(nino3, transform):
    """2 to 7.9 years are the program's scales; the numbers are printed."""
    found = pycwt.scale_average(transform, [2, 7.9], nino3, unit="scale", alpha=LAG1)
    assert found.dof == pytest.approx(6.441, abs=HALF_DIGIT)
    assert found.level == pytest.approx(0.439, abs=HALF_DIGIT)
    quantile = stats.chi2.ppf(0.95, found.dof) / found.dof
    assert found.background * quantile == pytest.approx(found.level)
    np.testing.assert_allclose(
        found.p_values, stats.chi2.sf(found.dof * found.power / found.background, found.dof)
    )
    by_period = pycwt.scale_average(transform, [2.066, 8.16], nino3, alpha=LAG1)
    np.testing.assert_array_equal(by_period.power, found.power)
    assert (found.outside == (transform.coi >= 1.0330436 * 6.7272)).all()


def test_average_over_all_scales_is_the_variance(nino3, transform):
    """TC98, eq. 14: the program prints 0.51547 for the reconstructed variance."""
    found = pycwt.scale_average(transform, [0.2, 500], nino3)
    assert found.power.mean() == pytest.approx(0.51547, abs=5.1e-6)


def test_scale_average_in_the_plain_way(nino3, transform):
    sj = transform.sj
    inside = (sj >= 2) & (sj <= 7.9)
    expected = DJ * DT / 0.776 * (np.abs(transform.W) ** 2 / sj[:, None])[inside].sum(axis=0)
    found = pycwt.scale_average(transform, [2, 7.9], nino3, unit="scale", alpha=LAG1)
    np.testing.assert_allclose(found.power, expected)


def test_rectified_power_shows_equal_amplitudes_alike():
    """Liu, Liang & Weisberg (2007), figure 1: three sinusoids of one amplitude."""
    t = np.arange(4096) * 0.5
    x = sum(np.cos(2 * np.pi * t / period) for period in (8, 64, 256))
    transform = pycwt.cwt(x, 0.5, 1 / 24)
    middle = pycwt.rectified_power(transform)[:, 2048]
    raw = np.abs(transform.W[:, 2048]) ** 2
    at = [int(np.argmin(np.abs(1 / transform.freqs - period))) for period in (8, 64, 256)]
    peaks = np.array([middle[k - 3 : k + 4].max() for k in at])
    # ½√(2π/dt)·ψ̂ of amplitude 1, squared, ψ̂ being π^(−1/4) at its peak.
    np.testing.assert_allclose(peaks, 0.25 * 2 * np.pi / 0.5 / np.sqrt(np.pi), rtol=0.01)
    assert raw[at[2]] / raw[at[0]] == pytest.approx(32, rel=0.02)
    np.testing.assert_allclose(
        pycwt.rectified_power(transform) * transform.sj[:, None][:, [0]],
        np.abs(transform.W) ** 2,
        rtol=1e-12,
    )


def test_rectified_global_spectrum_is_all_over_scale(nino3, transform):
    plain = pycwt.global_spectrum(transform, nino3, alpha=LAG1)
    over = pycwt.global_spectrum(transform, nino3, alpha=LAG1, rectified=True)
    for name in ("power", "level", "background"):
        np.testing.assert_allclose(getattr(over, name) * transform.sj, getattr(plain, name))
    np.testing.assert_array_equal(over.p_values, plain.p_values)


def test_averages_outside_the_cone(nino3, transform):
    found = pycwt.global_spectrum(transform, nino3, alpha=LAG1, outside_cone=True)
    outside = 1 / transform.freqs[:, None] <= transform.coi
    assert found.power[20] == pytest.approx((np.abs(transform.W[20]) ** 2)[outside[20]].mean())
    nothing = ~outside.any(axis=1)
    assert nothing.any()
    for values in (found.power, found.level, found.p_values):
        np.testing.assert_array_equal(np.isnan(values), nothing)


def test_single_precision(nino3):
    single = pycwt.cwt(nino3, DT, dtype="complex64")
    double = pycwt.cwt(nino3, DT)
    found = pycwt.global_spectrum(single, nino3)
    assert found.power.dtype == np.float64
    np.testing.assert_allclose(found.power, pycwt.global_spectrum(double, nino3).power, rtol=1e-5)


def test_p_values_of_power(nino3, transform):
    p = pycwt.power_p_values(transform, nino3, alpha=LAG1)
    level = pycwt.significance(nino3, DT, transform.sj, 0, LAG1).signif
    np.testing.assert_array_equal(p < 0.05, np.abs(transform.W) ** 2 > level[:, None])
    real = pycwt.cwt(nino3, DT, wavelet="dog")
    test = pycwt.significance(nino3, DT, real.sj, 0, LAG1, wavelet="dog")
    p = pycwt.power_p_values(real, nino3, alpha=LAG1, wavelet="dog")
    np.testing.assert_allclose(p, stats.chi2.sf(real.W.real**2 / test.fft_theor[:, None], 1))


def test_a_transform_that_knows_its_series(nino3, transform):
    own = SimpleNamespace(**transform._asdict(), series=nino3 - nino3.mean())
    for call in (
        lambda t, *x: pycwt.global_spectrum(t, *x).level,
        lambda t, *x: pycwt.scale_average(t, [2, 8], *x).level,
        pycwt.power_p_values,
    ):
        np.testing.assert_allclose(call(own), call(transform, nino3), rtol=1e-9)


def test_false_alarms(measured):
    """White noise, 300 series: 5 % of points and averages exceed their 5 % levels.

    The scale average: the share of points outside the cone, five standard errors. The global
    spectrum: TC98's degrees of freedom are an estimate, 3 to 9 % at scales of 4 samples and
    more, of which 2 % are chance. At the smallest scales Nyquist cuts the wavelet and there are
    no false alarms at all.
    """
    rng = np.random.default_rng(131)
    alarms, shares = [], []
    for _ in range(300):
        t = pycwt.cwt(rng.standard_normal(512), 1, 0.25, 2, 20)
        alarms.append(pycwt.global_spectrum(t, 1.0, alpha=0.0, outside_cone=True).p_values < 0.05)
        band = pycwt.scale_average(t, [8, 32], 1.0, alpha=0.0)
        shares.append((band.power > band.level)[band.outside].mean())
    rates = np.mean(alarms, axis=0)
    measured("global spectrum, mean over scales of 4 samples and more", rates[4:].mean(), of=300)
    measured("global spectrum, least scale", rates[4:].min(), of=300)
    measured("global spectrum, worst scale", rates[4:].max(), of=300)
    measured("scale average of 8 to 32 samples", shares)
    assert rates[4:].min() > 0.01
    assert rates[4:].max() < 0.11
    assert rates[4:].mean() == pytest.approx(0.06, abs=0.02)
    assert abs(np.mean(shares) - 0.05) < 5 * np.std(shares) / np.sqrt(300)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda t, x: pycwt.scale_average(t, [8, 2], x), ValueError, "band must increase"),
        (lambda t, x: pycwt.scale_average(t, [2], x), ValueError, "band must be a lower and"),
        (lambda t, x: pycwt.scale_average(t, ["a", 2], x), TypeError, "band must be a number"),
        (lambda t, x: pycwt.scale_average(t, [0, 2], x), ValueError, "band must be a positive"),
        (lambda t, x: pycwt.scale_average(t, [1e4, 1e5], x), ValueError, "band: nothing lies"),
        (lambda t, x: pycwt.scale_average(t, [2, 8], x, unit="year"), ValueError, "unit must be"),
        (lambda t, x: pycwt.global_spectrum(t, x, alpha=1), ValueError, "alpha"),
        (lambda t, x: pycwt.global_spectrum(t, -1), ValueError, "signal"),
        (
            lambda t, x: pycwt.global_spectrum(SimpleNamespace(**t._asdict())),
            ValueError,
            "signal must be given",
        ),
        (lambda t, x: pycwt.global_spectrum(x, x), TypeError, "transform must be a result"),
        (lambda t, x: pycwt.rectified_power(t, "paul"), ValueError, "wavelet must be that of"),
        (lambda t, x: pycwt.power_p_values(t, x[:2]), ValueError, "signal must have at least"),
        (lambda t, x: pycwt.global_spectrum(t, x, dof=[1, 2]), ValueError, "dof must be"),
    ],
)
def test_bad_arguments(nino3, transform, call, error, match):
    with pytest.raises(error, match=match):
        call(transform, nino3)
