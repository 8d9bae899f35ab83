"""Result objects: pycwt's tuples, what they know beyond, what they tell, and their files."""

from __future__ import annotations

import copy
import csv
import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import pycwt_mod as pycwt
from pycwt_mod.datasets import ao_baltic
from pycwt_mod.monte_carlo.levelmap import LevelMap
from pycwt_mod.results.kinds import About
from pycwt_mod.transform import outside_cone


@pytest.fixture(scope="module")
def nino3():
    return pycwt.cwt(pycwt.load_dataset("nino3"), dj=1 / 4)


@pytest.fixture(scope="module")
def arctic():
    years, ao, ice = ao_baltic()
    index = pd.Index(years, name="year")
    pair = pd.Series(ao, index, name="AO"), pd.Series(ice, index, name="ice")
    return pycwt.wct(
        *pair, mc_count=300, seed=1, backend="sequential", cache=False, time_units="years"
    )


@pytest.fixture(scope="module")
def cross():
    _, ao, ice = ao_baltic()
    return pycwt.xwt(ao, ice, 1)


@pytest.fixture(params=["nino3", "arctic", "cross"])
def result(request):
    return request.getfixturevalue(request.param)


def test_pycwts_tuples(nino3, arctic, cross):
    W, sj, freqs, coi, fft, fftfreqs = nino3
    assert len(nino3) == 6
    assert nino3[0] is W is nino3.W
    assert nino3[1:3] == (sj, freqs)
    assert nino3[-1] is fftfreqs
    assert isinstance(nino3, tuple)
    assert (nino3.coi, nino3.fft) == (coi, fft)
    assert nino3._fields == ("W", "sj", "freqs", "coi", "fft", "fftfreqs")
    assert arctic._fields == ("WCT", "aWCT", "coi", "freq", "sig")
    assert len(arctic) == 5
    assert cross._fields == ("W12", "coi", "freq", "signif")
    signif, theory = test = pycwt.significance(1.0, 1, [2, 4], alpha=0.5)
    assert (test.signif, test.fft_theor) == (signif, theory)
    assert [name for name, _ in nino3._asdict().items()] == list(nino3._fields)


def test_results_do_not_change(result):
    for name in (result._fields[0], "about", "colour"):
        with pytest.raises(AttributeError, match=f"{name} can't be set"):
            setattr(result, name, 1)
    with pytest.raises(AttributeError):
        del result.about
    with pytest.raises(TypeError):
        result[0] = 1
    first = result._fields[0]
    other = result._replace(**{first: result[0][:3]})
    assert type(other) is type(result)
    assert other.about is result.about
    assert len(other[0]) == 3 < len(result[0])


def test_copies_and_pickles_know_as_much(arctic, nino3):
    for again in (pickle.loads(pickle.dumps(arctic)), copy.copy(arctic), copy.deepcopy(arctic)):
        assert again.seed == 1
        assert again.backend == "sequential"
        assert again.names == ("AO", "ice")
        assert repr(again) == repr(arctic)
        np.testing.assert_array_equal(again.WCT, arctic.WCT)
    assert repr(pickle.loads(pickle.dumps(nino3))) == repr(nino3)


def test_what_they_were_made_with(nino3, arctic, cross):
    assert (nino3.dt, nino3.dj, nino3.n, nino3.time_units) == (0.25, 0.25, 504, "years")
    assert repr(nino3.wavelet) == "Morlet(6)"
    np.testing.assert_allclose(nino3.periods, 1 / nino3.freqs)
    np.testing.assert_allclose(arctic.scales * arctic.wavelet.flambda(), 1 / arctic.freq)
    assert (arctic.seed, arctic.backend, arctic.mc_count) == (1, "sequential", 300)
    assert (arctic.estimator, arctic.significance_level) == ("cascade", 0.95)
    np.testing.assert_array_equal(arctic.time, np.arange(1851, 1998))
    np.testing.assert_array_equal(cross.time, np.arange(147))
    assert cross.axis is None
    assert cross.significance_level == 0.95
    freqs = [0.1, 0.3, 0.2]
    assert pycwt.cwt(nino3.series, 1, freqs=freqs).dj is None


def test_the_cone_is_that_of_the_transform(nino3, arctic, cross):
    for result in (nino3, arctic, cross):
        scales = result.scales / result.dt
        np.testing.assert_array_equal(
            result.outside, outside_cone(scales, result.n, pycwt.Morlet())
        )


def test_ties_lie_outside():
    """The e-folding time of scale 2√2 is 4 samples, and Paul's of 4√2 too: both exactly."""
    x = pycwt.rednoise(32, 0.1, seed=72)
    for wavelet, scale in ((pycwt.Morlet(), 8**0.5), (pycwt.Paul(), 32**0.5)):
        result = pycwt.cwt(x, 1, s0=scale, J=1, wavelet=wavelet)
        expected = np.minimum(np.arange(32), 31 - np.arange(32)) >= 4
        np.testing.assert_array_equal(result.outside[0], expected)


def test_power_and_series(nino3):
    values = pycwt.load_dataset("nino3").values
    np.testing.assert_allclose(nino3.power, np.abs(nino3.W) ** 2)
    np.testing.assert_allclose(nino3.global_power, nino3.power.mean(axis=1))
    np.testing.assert_allclose(nino3.series, values - values.mean(), atol=1e-15)
    test = nino3.significance()
    np.testing.assert_allclose(test.signif, pycwt.significance(values, 0.25, nino3.sj).signif)
    # χ² of two degrees of freedom.
    ratio = nino3.significance(0.9).signif / test.fft_theor
    np.testing.assert_allclose(ratio, stats.chi2.ppf(0.9, 2) / 2)
    # TC98, eq. 23: γ = 2.32, and N − s/dt points.
    dof = 2 * np.hypot(1, (504 - nino3.sj / 0.25) * 0.25 / (2.32 * nino3.sj))
    mean = nino3.significance(test=1)
    np.testing.assert_allclose(mean.signif / mean.fft_theor, stats.chi2.ppf(0.95, dof) / dof)


def test_phase_and_lag():
    """y2 follows y1 by two samples of a half year."""
    t = np.arange(400)
    hiss = pycwt.rednoise(400, 0.0, 1e-6, seed=73)
    lead, follow = np.sin(2 * np.pi * t / 16) + hiss, np.sin(2 * np.pi * (t - 2) / 16)
    s0 = 8 / pycwt.Morlet().flambda()
    for result in (
        pycwt.wct(lead, follow, 0.5, s0=s0, J=0, sig=False),
        pycwt.xwt(lead, follow, 0.5, s0=s0, J=0),
    ):
        middle = slice(150, 250)
        np.testing.assert_allclose(result.phase_degrees[0, middle], 45, atol=0.5)
        np.testing.assert_allclose(result.time_lag[0, middle], 1, atol=0.01)


def test_significant_points(arctic, cross):
    above = arctic.sig[:, None] <= arctic.WCT
    np.testing.assert_array_equal(arctic.significant, above & arctic.outside)
    assert (above & ~arctic.outside).any()
    np.testing.assert_array_equal(
        cross.significant, (np.abs(cross.W12) >= cross.signif[:, None]) & cross.outside
    )
    untested = arctic._replace(sig=np.zeros(1))
    assert not untested.tested
    with pytest.raises(ValueError, match="sig=True"):
        _ = untested.significant


def test_a_level_map_takes_the_place_of_the_levels(arctic):
    levels = np.full(arctic.WCT.shape, 0.9)
    mapped = arctic._replace(level_map=LevelMap(levels, levels / 100))
    np.testing.assert_array_equal(mapped.significant, arctic.WCT >= 0.9)
    assert (mapped.significant & ~mapped.outside).any()
    assert mapped.seed == arctic.seed
    exported = mapped.to_xarray()
    assert exported["level_map"].dims == exported["level_map_error"].dims == ("period", "time")
    np.testing.assert_array_equal(exported["level_map_error"], levels / 100)


def test_one_scale_without_levels_is_not_tested():
    result = pycwt.wct(*np.random.default_rng(74).standard_normal((2, 64)), 1, J=0, sig=False)
    assert not result.tested
    with pytest.raises(ValueError, match="sig=True"):
        result.summary()


def test_summaries_find_what_was_put_in():
    t = np.arange(600)
    rng = np.random.default_rng(75)
    x = np.sin(2 * np.pi * t / 20) + 0.5 * rng.standard_normal(600)
    summary = pycwt.cwt(x, 1).summary()
    assert summary.peak_periods[0] == pytest.approx(20, rel=0.05)
    assert summary.alpha == pytest.approx(pycwt.ar1(x).g)
    noise = pycwt.cwt(pycwt.rednoise(4000, 0.5, seed=76), 1)
    # By definition about 5 % and 20 % of noise; the ±2 % and ±5 % are several deviations.
    assert noise.summary().significant_share == pytest.approx(0.05, abs=0.02)
    assert noise.summary(0.8).significant_share == pytest.approx(0.2, abs=0.05)


def test_what_a_look_tells(nino3, arctic, cross):
    told = repr(nino3)
    for words in (
        "NINO3 sea surface temperature: 33 scales × 504 samples, complex128",
        "1871 to 1996.75, every 0.25 years",
        "0.5 to 128 years, 4 an octave",
        "Morlet(6)",
        f"power at periods of {nino3.summary().peak_periods[0]:.3g}, ",
        f"{nino3.summary().significant_share:.1%} of what lies outside the cone, the 95 % level",
        "α = 0.77",
    ):
        assert words in told
    told = repr(arctic)
    for words in (
        "AO and ice: 76 scales × 147 samples",
        "in anti-phase",
        "300 realisations, estimator cascade, backend sequential, seed 1",
    ):
        assert words in told
    assert "every 1\n" in repr(cross)  # nobody told the units
    assert max(len(line) for r in (nino3, arctic, cross) for line in repr(r).splitlines()) < 110
    assert "call wct with sig=True" in repr(arctic._replace(sig=np.zeros(1)))
    dated = pd.Series(nino3.series, pd.date_range("1871-01-01", periods=504, freq="QS"))
    assert "1871-01-01 to 1996-10-01, every 0.25 years" in repr(pycwt.cwt(dated))
    hours = pd.Series(nino3.series, pd.date_range("1871-01-01", periods=504, freq="h"))
    assert "1871-01-01T00:00:00 to 1871-01-21T23:00:00, every 1 hours" in repr(pycwt.cwt(hours))
    run = repr(arctic.monte_carlo)
    assert "300 realisations, seed 1, null ar1, estimator cascade, backend sequential" in run
    assert "\n" not in run
    test = repr(nino3.significance())
    assert "95 % level of points of the map" in test
    assert "variance 0.5382" in test


def test_a_look_warns_of_nothing():
    walk = np.random.default_rng(4).standard_normal(64).cumsum() + 0.0
    ramp = np.linspace(0, 5, 64) + np.sin(np.arange(64))
    with pytest.warns(pycwt.UnitRootWarning):
        pycwt.cwt(walk, 1).significance()
    assert "significant" in repr(pycwt.cwt(walk, 1))
    assert "significant" in repr(pycwt.cwt(ramp, 1))


def test_results_put_together_by_hand(nino3, arctic):
    bare = pycwt.Transform(*nino3)
    assert "33 scales" in repr(bare)
    assert bare.outside.any()
    for what in ("time", "dt", "wavelet"):
        with pytest.raises(ValueError, match=f"{what} isn't known"):
            getattr(bare, what)
    with pytest.raises(ValueError, match="the series isn't known"):
        _ = bare.series
    with pytest.raises(ValueError, match="isn't known"):
        bare.significance()
    with pytest.raises(ValueError, match="scales isn't known"):
        _ = pycwt.Coherence(*arctic).scales
    assert "AO" not in repr(pycwt.Coherence(*arctic))
    assert repr(pycwt.Significance(np.ones(3), np.ones(3))) == "<Significance: 3 levels>"
    about = About(dt=1.0, dj=None, wavelet=pycwt.Morlet())
    np.testing.assert_array_equal(pycwt.Transform(*nino3, about=about).time, np.arange(504))


def test_to_xarray(nino3, arctic):
    data = nino3.to_xarray()
    assert data["W"].dims == ("period", "time")
    assert set(data.coords) == {"period", "time", "scale", "frequency", "coi"}
    at = data["W"].sel(period=4, time=1950, method="nearest")
    j, i = np.abs(nino3.periods - 4).argmin(), ((1950 - 1871) * 4)
    assert at.item() == nino3.W[j, i]
    assert data["period"].attrs["units"] == data["coi"].attrs["units"] == "years"
    assert data["W"].attrs["units"] == "°C"
    assert data.attrs["wavelet"] == "Morlet(6)"
    assert f"pycwt_mod {pycwt.__version__}" in data.attrs["software"]
    data = arctic.to_xarray()
    assert data.attrs["seed"] == "1"
    assert (data.attrs["mc_count"], data.attrs["backend"]) == (300, "sequential")
    np.testing.assert_array_equal(data["level"], arctic.sig)
    np.testing.assert_array_equal(data["level_error"], arctic.monte_carlo.standard_errors)
    assert "level" not in arctic._replace(sig=np.zeros(1), monte_carlo=None).to_xarray()
    with pytest.raises(ValueError, match="isn't known"):
        pycwt.Coherence(*arctic).to_xarray()


def test_to_pandas(nino3, arctic, cross):
    table = nino3.to_pandas()
    assert table.index.name == "period"
    np.testing.assert_allclose(table["global_power"], nino3.power.mean(axis=1))
    assert (table["global_level"] < table["level"]).all()
    assert table.attrs["time_units"] == "years"
    table = arctic.to_pandas()
    row = table.iloc[20]
    outside = arctic.outside[20]
    assert row["mean_coherence"] == pytest.approx(arctic.WCT[20, outside].mean())
    assert row["significant_share"] == pytest.approx(
        (arctic.WCT[20, outside] >= arctic.sig[20]).mean()
    )
    # The largest scales have no point outside the cone.
    assert np.isnan(table["mean_coherence"].iloc[-1])
    assert cross.to_pandas()["level"].tolist() == cross.signif.tolist()


def test_netcdf_is_read_by_xarray(result, tmp_path):
    """Another program reads what was written: xarray, by its own use of the format."""
    result.to_netcdf(tmp_path / "out.nc")
    expected = result.to_xarray()
    with xr.open_dataset(tmp_path / "out.nc", engine="scipy") as read:
        read.load()
    assert [p.name for p in tmp_path.iterdir()] == ["out.nc"]
    for name, variable in expected.variables.items():
        if np.iscomplexobj(variable):
            whole = read[f"{name}_real"] + 1j * read[f"{name}_imag"]
            np.testing.assert_array_equal(whole, variable)
            assert whole.dims == variable.dims
        else:
            np.testing.assert_array_equal(read[name], variable)
            assert read[name].attrs == variable.attrs
    assert read.attrs["Conventions"].startswith("CF-")
    for name, value in expected.attrs.items():
        assert read.attrs[name] == value


def test_dates_in_netcdf(tmp_path):
    index = pd.date_range("1871-01-01", periods=64, freq="QS")
    series = pd.Series(np.random.default_rng(77).standard_normal(64), index, name="é")
    pycwt.cwt(series).to_netcdf(tmp_path / "dated.nc")
    with xr.open_dataset(tmp_path / "dated.nc", engine="scipy") as read:
        assert (read["time"].to_index() == index).all()
        assert read.attrs["series"] == "é"


def test_a_file_that_cannot_be_written(nino3, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        nino3.to_netcdf(tmp_path / "nowhere" / "out.nc")
    (tmp_path / "out.nc").write_text("old")
    with pytest.raises(ValueError, match="isn't known"):
        pycwt.Transform(*nino3).to_netcdf(tmp_path / "out.nc")
    assert (tmp_path / "out.nc").read_text() == "old"


def test_csv(result, tmp_path):
    result.to_csv(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "table.csv", index_col="period"), result.to_pandas()
    )
    result.to_csv(tmp_path / "points.csv", points=True)
    points = pd.read_csv(tmp_path / "points.csv")
    assert len(points) == result[0].size
    np.testing.assert_array_equal(points["outside"], result.outside.ravel())
    np.testing.assert_allclose(points["period"], np.repeat(result.periods, result.n))
    np.testing.assert_allclose(points["time"], np.tile(result.time, result.periods.size))
    first = result[0].ravel()
    values = points.iloc[:, 2] + (1j * points.iloc[:, 3] if np.iscomplexobj(first) else 0)
    np.testing.assert_array_equal(values, first)


def test_dates_in_csv(tmp_path):
    index = pd.date_range("2001-01-01", periods=16, freq="D")
    series = pd.Series(np.random.default_rng(78).standard_normal(16), index)
    pycwt.cwt(series, J=0).to_csv(tmp_path / "points.csv", points=True)
    with (tmp_path / "points.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["time"].startswith("2001-01-02T00:00:00")


def test_a_mapped_transform_is_told_about_without_reading_it(tmp_path):
    """A repr must be quick: of large maps nothing is counted."""
    x = np.random.default_rng(79).standard_normal(2**17)
    result = pycwt.cwt(x, 1, dj=1 / 2, dtype="complex64", out=tmp_path / "W.npy")
    assert result.W.size > 4_000_000
    assert "131,072 samples" in repr(result)
    assert "significant" not in repr(result)
