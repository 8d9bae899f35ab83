"""Transforms of series with gaps: their numbers, their cones, and who respects them."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.io import netcdf_file

import pycwt_mod as pycwt
from pycwt_mod.noise import rednoise

N = 300
NAN = np.nan
X, Y = rednoise(N, 0.7, seed=1), rednoise(N, 0.5, seed=2)
GRID = {"dj": 1 / 4, "s0": 2, "J": 20}


def holes(x, *spans):
    y = x.copy()
    for first, end in spans:
        y[first:end] = NAN
    return y


GAPPED = holes(X, (100, 120), (200, 201))
OTHER = holes(Y, (110, 125))


@pytest.fixture(scope="module")
def gapped():
    return pycwt.cwt(GAPPED, 1, **GRID, gaps="mask")


@pytest.mark.parametrize("wavelet", [pycwt.Morlet(), pycwt.Paul(4), pycwt.DOG(2)], ids=repr)
def test_w_is_the_sum_over_the_samples_present(wavelet):
    """TC98's eq. 2 in the time domain, term by term, over the samples that are there.

    At these scales the wavelets end below the Nyquist frequency, and nothing comes round the end
    of the padded series, but for 10⁻⁶ of Paul's.
    """
    scales = np.array([8.0, 10.0, 13.0])
    periods = scales * wavelet.flambda()
    t = pycwt.cwt(GAPPED, 1, periods=periods, wavelet=wavelet, gaps="mask")
    there = np.flatnonzero(~np.isnan(GAPPED))
    x = GAPPED[there] - GAPPED[there].mean()
    for row, s in zip(t.W, scales, strict=True):
        eta = (there - np.arange(N)[:, None]) / s
        direct = np.sqrt(1 / s) * (x * wavelet.psi(eta).conj()).sum(axis=1)
        tolerance = 1e-5 if wavelet.family == "paul" else 1e-8
        np.testing.assert_allclose(row, direct, atol=tolerance * np.abs(direct).max())


def test_complete_series_give_the_same_bits():
    for call in (pycwt.xwt, pycwt.wct):
        how = {"mc_count": 30, "seed": 1, "cache": False} if call is pycwt.wct else {}
        plain, asked = (call(X, Y, 1, **GRID, **how, gaps=gaps) for gaps in (None, "mask"))
        for a, b in zip(plain, asked, strict=True):
            np.testing.assert_array_equal(a, b)
    plain, asked = pycwt.cwt(X, 1), pycwt.cwt(X, 1, gaps="mask")
    for a, b in zip(plain, asked, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not asked.gapped
    assert (asked.coverage == 1).all()
    np.testing.assert_array_equal(asked.outside, plain.outside)
    np.testing.assert_array_equal(asked.series, plain.series)


@pytest.mark.parametrize("k", [1, 30])
@pytest.mark.parametrize("wavelet", ["morlet", "paul", "dog"])
def test_a_gap_at_the_end_is_a_series_that_ends_there(k, wavelet):
    """300 and 270 samples are padded to the same length: W and levels are those of the shorter."""
    long = pycwt.cwt(holes(X, (N - k, N)), 1, **GRID, wavelet=wavelet, gaps="mask")
    short = pycwt.cwt(X[: N - k], 1, **GRID, wavelet=wavelet)
    np.testing.assert_allclose(long.W[:, : N - k], short.W, atol=1e-12)
    test, same_test = long.significance(0.95), short.significance(0.95)
    np.testing.assert_allclose(test.signif, same_test.signif, rtol=1e-12)
    # Its cone is that of the end, to two samples, unless the gap is short for the scale.
    rows = long.scales <= k / 3
    differ = (long.outside[:, : N - k] != short.outside)[rows]
    assert differ.sum(axis=1).max(initial=0) <= 2
    crossed = pycwt.xwt(holes(X, (N - k, N)), holes(Y, (N - k, N)), 1, **GRID, gaps="mask")
    shorter = pycwt.xwt(X[: N - k], Y[: N - k], 1, **GRID)
    np.testing.assert_allclose(crossed.W12[:, : N - k], shorter.W12, atol=1e-12)
    np.testing.assert_allclose(crossed.signif, shorter.signif, rtol=1e-12)


def test_the_unit_and_the_mean_of_a_series_do_not_matter():
    t = pycwt.cwt(GAPPED, 1, **GRID, gaps="mask")
    other = pycwt.cwt(1e6 + 1e-3 * GAPPED, 1, **GRID, gaps="mask")
    np.testing.assert_allclose(other.W, 1e-3 * t.W, atol=1e-9 * np.abs(t.W).max())


def test_noise_is_that_of_the_samples_present(gapped):
    there = ~np.isnan(GAPPED)
    found = gapped.significance(0.95)
    assert found.variance == pytest.approx(GAPPED[there].var(), rel=1e-12)
    expected = pycwt.ar1(np.where(there, GAPPED, 0), present=there).g
    assert found.alpha == pytest.approx(expected, rel=1e-12)
    own = pycwt.significance(GAPPED, 1, gapped.sj, gaps="mask")
    np.testing.assert_allclose(own.signif, found.signif, rtol=1e-12)
    with pytest.raises(ValueError, match="signal lacks 21"):
        pycwt.significance(GAPPED, 1, gapped.sj)


def test_masked_pandas_and_xarray_are_one(gapped):
    time = pd.date_range("2000", periods=N, freq="D")
    series = pd.Series(GAPPED, time)
    for given in (
        series,
        series.astype("Float64"),
        xr.DataArray(GAPPED, {"time": time}),
    ):
        t = pycwt.cwt(given, **GRID, gaps="mask")
        np.testing.assert_array_equal(t.W, gapped.W)
        np.testing.assert_array_equal(t.time, time.to_numpy())
        assert t.gapped
    filled = np.where(np.isnan(GAPPED), 99.0, GAPPED)
    masked = np.ma.MaskedArray(filled, np.isnan(GAPPED))
    np.testing.assert_array_equal(pycwt.cwt(masked, 1, **GRID, gaps="mask").W, gapped.W)
    assert np.isnan(GAPPED).sum() == 21  # the caller's series is left alone


def test_missing_stamps_are_refused_with_the_cure():
    series = pd.Series(X, pd.date_range("2000", periods=N, freq="D"))
    lacking = series.drop(series.index[100:120])
    with pytest.raises(ValueError, match=r"asfreq.*gaps='mask'.*wwz"):
        pycwt.cwt(lacking, gaps="mask")
    t = pycwt.cwt(lacking.asfreq("D"), gaps="mask")
    assert (~t.present).sum() == 20


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: pycwt.cwt(GAPPED, 1), r"signal lacks 21 .*index 100: gaps='mask'"),
        (lambda: pycwt.xwt(X, OTHER, 1), r"y2 lacks 15 .*index 110: gaps='mask'"),
        (lambda: pycwt.wct(GAPPED, Y, 1), r"y1 lacks 21 .*index 100: gaps='mask'"),
        (lambda: pycwt.coherence_matrix([X, OTHER], 1), r"series\[1\] lacks 15"),
        (lambda: pycwt.partial_coherence(X, OTHER, [Y], 1), "x lacks 15"),
        (lambda: pycwt.multiple_coherence(X, {"z": OTHER}, 1), r"predictors\['z'\] lacks 15"),
        (lambda: pycwt.cwt(GAPPED, 1, gaps="mask", compat="pycwt-0.5"), "gaps must have its def"),
        (lambda: pycwt.cwt(GAPPED, 1, gaps="zero"), "gaps must be None or one of mask, linear"),
        (lambda: pycwt.icwt(pycwt.cwt(GAPPED, 1, gaps="mask")), "lacks 21 samples"),
        (lambda: pycwt.detrend(GAPPED), "x lacks 21"),
        (lambda: pycwt.detrend(GAPPED, gaps="linear"), "gaps must be None or 'mask'"),
    ],
)
def test_refusals_say_what_to_do(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_a_map_without_room_between_gaps_is_warned_of():
    x = X.copy()
    x[::6] = NAN
    with pytest.warns(pycwt.ConeWarning, match="wwz"):
        pycwt.cwt(x, 1, **GRID, gaps="mask")


def test_icwt_of_the_coefficients_gives_the_filled_series(gapped):
    t = pycwt.cwt(GAPPED, 1, gaps="mask")
    back = pycwt.icwt(t.W, t.sj, t.dt, wavelet=t.wavelet)
    there = t.present
    mean = GAPPED[there].mean()
    wanted = np.where(there, GAPPED - mean, 0)
    np.testing.assert_allclose(back - back.mean(), wanted - wanted.mean(), atol=1e-9)


def test_averages_over_time_leave_the_cones_out(gapped):
    free = gapped.outside_gaps
    assert 0.6 < free.mean() < 0.95
    power = np.abs(gapped.W) ** 2
    wanted = [
        row[there].mean() if there.any() else NAN for row, there in zip(power, free, strict=True)
    ]
    np.testing.assert_allclose(gapped.global_power, wanted, rtol=1e-12)
    spectrum = pycwt.global_spectrum(gapped)
    np.testing.assert_allclose(spectrum.power, wanted, rtol=1e-12)
    dof = np.maximum(free.sum(axis=1) - gapped.sj, 1)
    level = pycwt.significance(GAPPED, 1, gapped.sj, 1, dof=dof, gaps="mask").signif
    np.testing.assert_allclose(gapped.significance(0.95, test=1).signif, level, rtol=1e-12)
    cone = gapped.periods[:, None] <= gapped.coi * (1 + 1e-12)
    rest = pycwt.global_spectrum(gapped, outside_cone=True)
    count = (cone & free).sum(axis=1)
    sums = np.where(cone & free, power, 0).sum(axis=1)
    np.testing.assert_allclose(
        rest.power, np.where(count > 0, sums / np.maximum(count, 1), NAN), rtol=1e-12
    )
    band = pycwt.scale_average(gapped, (4, 16))
    rows = (gapped.periods >= 4) & (gapped.periods <= 16)
    np.testing.assert_array_equal(band.outside, (cone & free)[rows].all(axis=0))


def test_tests_and_ridges_leave_the_cones_out(gapped):
    p = pycwt.power_p_values(gapped)
    np.testing.assert_array_equal(np.isnan(p), ~gapped.outside_gaps)
    found = pycwt.false_discovery(p, 0.2)
    assert found.tests == gapped.outside_gaps.sum()
    assert not found.significant[~gapped.outside_gaps].any()
    test = pycwt.areawise_test(gapped, kernel_level=0.5)
    level = gapped.significance(0.95).signif[:, None]
    reached = np.abs(gapped.W) ** 2 >= level
    np.testing.assert_array_equal(test.pointwise, reached & gapped.outside_gaps)
    assert reached[~gapped.outside_gaps].any()
    for ridge in pycwt.ridges(gapped):
        rows = np.abs(np.log(ridge.scale[:, None] / gapped.sj)).argmin(axis=1)
        within = ~gapped.outside_gaps[rows, ridge.index]
        assert not ridge.outside[within].any()
    band = pycwt.bandpass_from(gapped, (4, 16))
    np.testing.assert_array_equal(np.isnan(band), np.isnan(GAPPED))


def test_cross_and_phase_leave_the_cones_of_both_out():
    cross = pycwt.xwt(GAPPED, OTHER, 1, **GRID, gaps="mask")
    alone = [pycwt.cwt(x, 1, **GRID, gaps="mask") for x in (GAPPED, OTHER)]
    np.testing.assert_array_equal(cross.outside_gaps, alone[0].outside_gaps & alone[1].outside_gaps)
    least = np.minimum(*(t.coverage for t in alone))
    np.testing.assert_allclose(cross.coverage, least, atol=1e-12)
    np.testing.assert_array_equal(cross.present, ~np.isnan(GAPPED) & ~np.isnan(OTHER))
    deviations = [np.nanstd(x) for x in (GAPPED, OTHER)]
    product = alone[0].W * alone[1].W.conj() / np.prod(deviations)
    np.testing.assert_allclose(cross.W12, product, atol=1e-12)
    assert not cross.significant[~cross.outside].any()
    coherence = pycwt.wct(GAPPED, OTHER, 1, **GRID, gaps="mask", sig=False)
    told = pycwt.coherence_phase(coherence, significant=False)
    outside = (coherence.periods[:, None] <= coherence.coi * (1 + 1e-12)) & coherence.outside_gaps
    assert told.count == outside.sum()
    mean = np.angle(np.exp(1j * coherence.aWCT[outside]).mean())
    np.testing.assert_allclose(told.mean, mean, atol=1e-12)


def test_coherence_from_transforms_and_of_many_series_knows_the_gaps():
    direct = pycwt.wct(GAPPED, OTHER, 1, **GRID, gaps="mask", sig=False)
    t1, t2 = (pycwt.cwt(x, 1, **GRID, gaps="mask") for x in (GAPPED, OTHER))
    matrix = pycwt.coherence_matrix([GAPPED, OTHER, Y], 1, **GRID, gaps="mask")
    time = np.arange(N)
    for again in (
        pycwt.wct_from(t1, t2),
        matrix.pair(0, 1),
        pycwt.wct_overlap(time, GAPPED, time, OTHER, **GRID, gaps="mask").coherence,
    ):
        np.testing.assert_allclose(again.WCT, direct.WCT, atol=1e-10)
        np.testing.assert_array_equal(again.outside, direct.outside)
        np.testing.assert_allclose(again.coverage, direct.coverage, atol=1e-12)
    assert matrix.pair(0, 2).outside.sum() > direct.outside.sum()
    means = matrix.means()
    outside = (direct.periods[:, None] <= direct.coi * (1 + 1e-12)) & direct.outside_gaps
    assert means.r2[0, 1] == pytest.approx(direct.WCT[outside].mean(), abs=1e-10)
    multiple = pycwt.multiple_coherence(GAPPED, [OTHER], 1, **GRID, sig=False, gaps="mask")
    np.testing.assert_allclose(multiple.r2, direct.WCT, atol=1e-10)
    np.testing.assert_array_equal(multiple.outside, outside)
    np.testing.assert_allclose(multiple.coverage, direct.coverage, atol=1e-12)


def test_an_overlap_is_cut_from_transforms_of_the_full_spans():
    """A gap beyond the shared time leaves its mark within the cone of that end alone."""
    time = np.arange(N)
    x = holes(X, (30, 50))
    shared = pycwt.wct_overlap(time, x, time[60:], Y[60:], **GRID, gaps="mask")
    assert shared.time[0] == 60
    assert not shared.coherence.gapped
    inner = pycwt.wct_overlap(time, GAPPED, time[60:], Y[60:], **GRID, gaps="mask").coherence
    np.testing.assert_array_equal(inner.present, ~np.isnan(GAPPED[60:]))


def test_long_series_take_the_same_way():
    """The long path against the plain one: gaps of a long series, in double precision."""
    n = 12_000
    x, y = rednoise(n, 0.6, seed=3), rednoise(n, 0.6, seed=4)
    x[5000:5600], y[9000:9003] = NAN, NAN
    grid = {"dj": 1, "s0": 2, "J": 9}
    t = pycwt.cwt(x, 1, **grid, gaps="mask", threads=2)
    there = ~np.isnan(x)
    centred = np.where(there, x - x[there].mean(), 0)
    plain = pycwt.cwt(centred, 1, **grid)
    # Its mean differs from zero by nothing but rounding.
    np.testing.assert_allclose(t.W, plain.W, atol=1e-9 * np.abs(plain.W).max())
    fast = pycwt.wct(x, y, 1, **grid, gaps="mask", sig=False)
    smooth = pycwt.wct(x, y, 1, **grid, gaps="mask", sig=False, phase="smoothed")
    where = fast.outside_gaps
    np.testing.assert_allclose(fast.WCT[where], smooth.WCT[where], atol=1e-5)
    assert np.isfinite(fast.WCT).all()


def test_a_transform_goes_to_a_file(tmp_path, gapped):
    t = pycwt.cwt(GAPPED, 1, **GRID, gaps="mask", out=tmp_path / "W.npy")
    np.testing.assert_array_equal(t.W, gapped.W)
    np.testing.assert_array_equal(t.outside, gapped.outside)
    np.testing.assert_array_equal(t.global_power, gapped.global_power)


def test_own_grids_have_their_cones_row_by_row(gapped):
    order = np.argsort(-gapped.periods)
    t = pycwt.cwt(GAPPED, 1, periods=gapped.periods[order], gaps="mask")
    np.testing.assert_array_equal(t.outside, gapped.outside[order])
    np.testing.assert_allclose(t.coverage, gapped.coverage[order], atol=1e-12)


def test_prepared_series_tell_what_was_done():
    series = pd.Series(GAPPED, pd.date_range("2000", periods=N, freq="D"), name="flow")
    series.attrs["units"] = "m3/s"
    ready = pycwt.detrend(series, gaps="mask").standardise()
    there = ~np.isnan(GAPPED)
    at = np.arange(N)[there]
    rest = GAPPED[there] - np.polyval(np.polyfit(at, GAPPED[there], 1), at)
    np.testing.assert_allclose(ready.values[there], rest / rest.std(), atol=1e-10)
    assert np.isnan(ready.values[~there]).all()
    t = pycwt.cwt(ready, **GRID, gaps="mask")
    assert t.about.steps == (ready.steps,)
    assert len(ready.steps) == 2
    assert (t.names, t.units, t.time_units) == (("flow",), ("",), "days")
    assert "took off the trend" in repr(t)
    assert "21 samples missing (7.0%)" in repr(t)
    kept = pycwt.cwt(pycwt.detrend(series, gaps="mask"), **GRID, gaps="mask")
    assert kept.units == ("m3/s",)
    pair = pycwt.xwt(ready, Y, **GRID, gaps="mask")
    assert pair.about.steps == (ready.steps, ())
    cycle = pycwt.remove_cycle(GAPPED, 7, gaps="mask").values
    means = [np.nanmean(cycle[phase::7]) for phase in range(7)]
    np.testing.assert_allclose(means, 0, atol=1e-12)
    ranks = pycwt.normalise(GAPPED, gaps="mask").values
    np.testing.assert_array_equal(np.argsort(ranks[there]), np.argsort(GAPPED[there]))


def test_files_have_coverage_and_cones(tmp_path, gapped):
    gapped.to_netcdf(tmp_path / "W.nc")
    with netcdf_file(tmp_path / "W.nc", mmap=False) as file:
        np.testing.assert_array_equal(file.variables["outside"][:], gapped.outside)
        np.testing.assert_array_equal(file.variables["coverage"][:], gapped.coverage)
        np.testing.assert_array_equal(file.variables["present"][:], gapped.present)
        assert (file.gaps, file.missing) == (b"mask", 21)
    made = gapped.to_xarray()
    np.testing.assert_array_equal(made.outside, gapped.outside)
    assert made.attrs["missing"] == 21
    gapped.to_csv(tmp_path / "W.csv", points=True)
    with (tmp_path / "W.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["time", "period", "W_real", "W_imag", "coverage", "outside"]
    outside = np.array([row["outside"] == "1" for row in rows]).reshape(gapped.W.shape)
    np.testing.assert_array_equal(outside, gapped.outside)
    assert "coverage" not in pycwt.cwt(X, 1, **GRID).to_xarray()


def test_summaries_count_outside_the_cones(gapped):
    level = gapped.significance(0.95).signif[:, None]
    share = (gapped.power >= level)[gapped.outside].mean()
    assert gapped.summary().significant_share == pytest.approx(share)
