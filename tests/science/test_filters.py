"""Bands of series and their correlation, against sinusoids, closed forms and noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import pycwt_mod as pycwt

T = np.arange(2000) * 0.5


@pytest.mark.parametrize(
    "wavelet",
    [pycwt.Morlet(), pycwt.Morlet(12), pycwt.Paul(), pycwt.DOG(6), pycwt.Morse()],
    ids=repr,
)
def test_sinusoids_come_through_as_the_response_says(wavelet):
    band = [12.0, 30.0]
    for period in (6.0, 10.0, 12.0, 19.0, 30.0, 45.0):
        x = 5 + 3 * np.cos(2 * np.pi * T / period + 0.4)
        out = pycwt.bandpass(x, 0.5, band, wavelet=wavelet)
        gain = pycwt.bandpass_response([period], band, wavelet=wavelet)[0]
        # Paul's wavelet is cut off by the ends the farthest.
        np.testing.assert_allclose(
            out[800:1200], gain * (x - 5)[800:1200], atol=0.02 if "Paul" in repr(wavelet) else 2e-3
        )


def test_response_is_one_within_and_nothing_beyond():
    at = np.array([2.0, 4.0, 16.0, 64.0, 128.0])
    response = pycwt.bandpass_response(at, [4, 64], dj=1 / 24)
    np.testing.assert_allclose(response[[0, 2, 4]], [0, 1, 0], atol=4e-3)
    # A fine grid makes the sum an integral of ψ̂(x)/x from the end's x = sω on.
    end = 2 * np.pi / pycwt.Morlet().flambda()
    beyond, all_ = (
        integrate.quad(lambda x: np.exp(-0.5 * (x - 6) ** 2) / x, low, 20)[0] for low in (end, 0.01)
    )
    np.testing.assert_allclose(response[[1, 3]], [beyond / all_, 1 - beyond / all_], atol=4e-3)
    many = pycwt.bandpass_response(2.0 ** np.linspace(0, 8, 400), [4, 64], dj=1 / 24)
    assert many.min() > -1e-9
    assert many.max() < 1.005  # C_δ is rounded: no ripples


def test_bands_add_up():
    """Neighbouring bands on one grid share no scale and leave none out."""
    x = pycwt.rednoise(600, 0.6, seed=141) * 1e200
    whole = pycwt.bandpass(x, 1, [4, 64], dj=0.25)
    parts = pycwt.bandpass(x, 1, [4, 16], dj=0.25) + pycwt.bandpass(x, 1, [16, 64], dj=0.25)
    np.testing.assert_allclose(parts, whole, atol=1e-9 * np.abs(whole).max())


@pytest.mark.parametrize(
    "wavelet", [pycwt.Morlet(), pycwt.Paul(), pycwt.DOG(2), pycwt.Morse(3, 6)], ids=repr
)
def test_band_of_a_transform(wavelet):
    x = pycwt.rednoise(300, 0.6, seed=142)
    t = pycwt.cwt(x, 0.25, 1 / 8, wavelet=wavelet)
    everything = pycwt.bandpass_from(t, [1e-3, 1e6], wavelet)
    np.testing.assert_allclose(
        everything, pycwt.icwt(t.W, t.sj, 0.25, 1 / 8, wavelet, method="classical")
    )
    low = pycwt.bandpass_from(t, [1e-3, 5], wavelet)
    high = pycwt.bandpass_from(t, [5.0001, 1e6], wavelet)
    np.testing.assert_allclose(low + high, everything, atol=1e-12)


def test_published_example():
    """TC98, figure 6: the 2 to 8-year band of NINO3 has over half of its variance."""
    nino3 = pycwt.load_dataset("nino3").values
    band = pycwt.bandpass(nino3, 0.25, [2, 8])
    assert 0.5 < band.var() / nino3.var() < 0.75
    assert np.corrcoef(band, nino3)[0, 1] > 0.75


def test_lag_is_found_where_y1_leads():
    rng = np.random.default_rng(143)
    common = pycwt.rednoise(1003, 0.5, seed=rng)
    y1, y2 = common[3:], common[:-3] + 0.2 * rng.standard_normal(1000)
    found = pycwt.band_correlation(y1, y2, 0.5, [8, 16], np.arange(-8, 9))
    best = int(np.argmax(found.r))
    assert found.lags[best] == 1.5
    assert found.low[best] < found.r[best] < found.high[best]
    assert found.r[best] > 0.9
    swapped = pycwt.band_correlation(y2, y1, 0.5, [8, 16], np.arange(-8, 9))
    np.testing.assert_allclose(swapped.r, found.r[::-1], atol=1e-9)


def test_interval_is_that_of_fisher():
    x, y = (pycwt.rednoise(400, 0.5, seed=s) for s in (144, 145))
    found = pycwt.band_correlation(x + y, y, 1, [8, 16], confidence=0.9)
    z = np.arctanh(found.r[0]) + stats.norm.ppf([0.05, 0.95]) / np.sqrt(found.dof[0] - 3)
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(np.tanh(z)))
    a, b = (pycwt.bandpass(s, 1, [8, 16])[found.outside] for s in (x + y, y))
    assert found.r[0] == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_degrees_of_freedom_of_a_band():
    """White noise in a band has about 2·bandwidth·time, the bandwidth being (∫g²)²/∫g⁴."""
    x, y = np.random.default_rng(146).standard_normal((2, 4000))
    found = pycwt.band_correlation(x, y, 1, [8, 16])
    f = np.linspace(1e-4, 0.5, 20000)
    g2 = pycwt.bandpass_response(1 / f, [8, 16]) ** 2
    bandwidth = g2.sum() ** 2 / (g2**2).sum() * (f[1] - f[0])
    assert found.dof[0] == pytest.approx(2 * bandwidth * found.outside.sum(), rel=0.05)


@pytest.mark.parametrize("lag1", [(0.5, 0.5), (0.0, 0.8)])
@pytest.mark.parametrize("band", [(4, 8), (8, 16), (20, 24)])
def test_false_alarms(lag1, band, measured):
    """Bands of unrelated noises: 5 % are significant at 5 %; 300 pairs, so 1 to 9 %."""
    rng = np.random.default_rng(147)
    p = [
        pycwt.band_correlation(*(pycwt.rednoise(400, a, seed=rng) for a in lag1), 1, band).p_values[
            0
        ]
        for _ in range(300)
    ]
    measured("correlation of bands", np.mean(np.array(p) < 0.05), of=300)
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.09


def test_coverage():
    """Series that share half of their variance: 95 % of intervals hold ½; 300, 91 to 99 %."""
    rng = np.random.default_rng(148)
    held = []
    for _ in range(300):
        common, a, b = (pycwt.rednoise(400, 0.5, seed=rng) for _ in range(3))
        found = pycwt.band_correlation(common + a, common + b, 1, [8, 16])
        held.append(found.low[0] < 0.5 < found.high[0])
    assert 0.91 <= np.mean(held) <= 0.99


def test_too_few_degrees_of_freedom():
    x, y = np.random.default_rng(149).standard_normal((2, 130))
    found = pycwt.band_correlation(x, y, 1, [30, 34])
    assert found.dof[0] <= 3
    assert np.isnan([found.low[0], found.high[0], found.p_values[0]]).all()


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"periods": [16, 8]}, ValueError, "periods must increase"),
        ({"periods": [1, 8]}, ValueError, "periods must be at least 2·dt = 2, not 1"),
        ({"periods": 8}, ValueError, "periods must be a lower and an upper"),
        ({"periods": [8, 8.01]}, ValueError, "dj must be at most twice"),
        ({"periods": [150, 190]}, ValueError, "periods: 0 samples lie outside"),
        ({"lags": 195}, ValueError, "too few at lags up to 195"),
        ({"lags": [0.5]}, ValueError, "lags must be whole"),
        ({"lags": []}, ValueError, "lags must be a whole number"),
        ({"lags": "a"}, ValueError, "lags must be a whole number"),
        ({"confidence": 1}, ValueError, "confidence"),
        ({"dt": 0}, ValueError, "dt"),
        ({"dj": 0}, ValueError, "dj"),
        ({"wavelet": pycwt.DOG(3)}, ValueError, "cdelta isn't defined"),
        ({"y2": np.ones(200)}, ValueError, "y2 is constant"),
    ],
)
def test_bad_arguments(change, error, match):
    x, y = np.random.default_rng(150).standard_normal((2, 200))
    usual = {"y1": x, "y2": y, "dt": 1, "periods": [8, 16]}
    with pytest.raises(error, match=match):
        pycwt.band_correlation(**{**usual, **change})


def gapped(seed):
    x = pycwt.rednoise(400, 0.6, seed=seed)
    x[150:190] = np.nan
    x[[20, 300, 301]] = np.nan
    return x


def test_band_of_a_series_with_gaps():
    """As the band of its transform: NaN where samples are missing, both ways of taking them."""
    x = gapped(151)
    with pytest.raises(ValueError, match="series lacks 43 of its 400 samples"):
        pycwt.bandpass(x, 1, [8, 16])
    complete = pycwt.bandpass(np.nan_to_num(x, nan=np.nanmean(x)), 1, [8, 16])
    band = pycwt.bandpass(x, 1, [8, 16], gaps="mask")
    np.testing.assert_array_equal(np.isnan(band), np.isnan(x))
    np.testing.assert_allclose(band[~np.isnan(x)], complete[~np.isnan(x)], atol=1e-12)
    line = np.where(np.isnan(x), np.interp(np.arange(400), *points(x)), x)
    bridged = pycwt.bandpass(x, 1, [8, 16], gaps="linear")
    # The means that are taken off differ, but a band has none.
    np.testing.assert_allclose(
        bridged[50:350][~np.isnan(x[50:350])],
        pycwt.bandpass(line, 1, [8, 16])[50:350][~np.isnan(x[50:350])],
        atol=1e-4,
    )


def points(x):
    at = np.flatnonzero(~np.isnan(x))
    return at, x[at]


def test_correlation_beside_gaps():
    """Only what lies outside the cones of all gaps at all scales of the band is compared."""
    x, y = gapped(152), pycwt.rednoise(400, 0.6, seed=153)
    y[:150] = x[:150]
    y[20] = 1.0
    found = pycwt.band_correlation(x, y, 1, [8, 16], [0, 3], gaps="mask")
    t = pycwt.cwt(x, 1, 1 / 12, gaps="mask")
    rows = (t.periods >= 8) & (t.periods <= 16)
    apart = (t.outside[rows].all(axis=0) != found.outside).sum()
    assert apart <= 8  # the band's limits fall between rows
    assert not found.outside[150:190].any()
    a, b = (pycwt.bandpass(s, 1, [8, 16], gaps="mask") for s in (x, y))
    both = found.outside
    assert found.r[0] == pytest.approx(np.corrcoef(a[both], b[both])[0, 1])
    free = pycwt.band_correlation(y, y, 1, [8, 16]).outside
    shifted = both[:-3] & free[3:]
    assert found.r[1] == pytest.approx(np.corrcoef(a[:-3][shifted], b[3:][shifted])[0, 1])
    complete = pycwt.band_correlation(np.nan_to_num(x), y, 1, [8, 16])
    assert found.dof[0] < complete.dof[0]
    with pytest.raises(ValueError, match="y1 lacks 43"):
        pycwt.band_correlation(x, y, 1, [8, 16])


def test_false_alarms_with_gaps(measured):
    """As without: 300 pairs with gaps, 1 to 9 % at 5 %."""
    p = [
        pycwt.band_correlation(gapped(2 * k), gapped(2 * k + 1)[::-1], 1, [8, 16], gaps="mask")
        for k in range(1000, 1300)
    ]
    rate = np.mean([one.p_values[0] < 0.05 for one in p])
    measured("correlation of bands with gaps", rate, of=300)
    assert 0.01 <= rate <= 0.09


def test_series_with_time_axes():
    pandas = pytest.importorskip("pandas")
    nino3, soi = pycwt.load_dataset("nino3"), pycwt.load_dataset("soi")
    np.testing.assert_array_equal(
        pycwt.bandpass(nino3, periods=(2, 8)), pycwt.bandpass(nino3.values, 0.25, (2, 8))
    )
    months = pandas.Series(soi.values[:240], pandas.date_range("1970", periods=240, freq="MS"))
    found = pycwt.band_correlation(months, months, periods=(1, 4), lags=3)
    plain = pycwt.band_correlation(months.to_numpy(), months.to_numpy(), 1 / 12, (1, 4), lags=3)
    np.testing.assert_allclose(found.r, plain.r)
    assert found.lags == pytest.approx([0.25])
    for call in (pycwt.bandpass, lambda x: pycwt.band_correlation(x, x)):
        with pytest.raises(TypeError, match="periods must be given"):
            call(nino3)
    with pytest.raises(TypeError, match="dt must be given"):
        pycwt.bandpass(nino3.values, periods=(2, 8))
