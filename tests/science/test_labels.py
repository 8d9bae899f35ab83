"""Series with a time axis: pandas, xarray and the library's own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import pycwt_mod as pycwt
from pycwt_mod.results import labels

N = 60
NOISE = np.random.default_rng(71).standard_normal(N)


def dated(freq, n=N, start="1990-01-01", **index):
    return pd.Series(NOISE[:n], pd.date_range(start, periods=n, freq=freq, **index), name="noise")


@pytest.mark.parametrize(
    ("freq", "dt", "units"),
    [
        ("MS", 1 / 12, "years"),
        ("ME", 1 / 12, "years"),
        ("SMS", None, None),  # twice a month: neither one duration nor whole months
        ("QS", 0.25, "years"),
        ("YS", 1, "years"),
        ("10YE", 10, "years"),
        ("D", 1, "days"),
        ("7D", 7, "days"),
        ("30D", 30, "days"),
        ("6h", 6, "hours"),
        ("90min", 1.5, "hours"),
        ("15min", 15, "minutes"),
        ("s", 1, "seconds"),
        ("20ms", 0.02, "seconds"),
    ],
)
def test_sampling_intervals_of_dates(freq, dt, units):
    series = dated(freq, start="1890-01-01")
    if dt is None:
        with pytest.raises(ValueError, match=r"signal is unevenly sampled.*resample"):
            pycwt.cwt(series)
        return
    result = pycwt.cwt(series)
    assert result.dt == pytest.approx(dt, rel=1e-12)
    assert result.time_units == units
    np.testing.assert_array_equal(result.time, series.index.to_numpy())
    assert result.names == ("noise",)
    # The numbers are those of the plain series.
    np.testing.assert_array_equal(result.W, pycwt.cwt(NOISE, dt).W)
    np.testing.assert_allclose(result.periods, pycwt.cwt(NOISE, dt).periods, rtol=1e-12)


@pytest.mark.parametrize(
    ("freq", "time_units", "dt"),
    [
        ("MS", "months", 1),
        ("MS", "days", 365.25 / 12),
        ("D", "years", 1 / 365.25),
        ("D", "hours", 24),
        ("h", "days", 1 / 24),
    ],
)
def test_units_asked_for(freq, time_units, dt):
    result = pycwt.cwt(dated(freq), time_units=time_units)
    assert result.dt == pytest.approx(dt, rel=1e-12)
    assert result.time_units == time_units


@pytest.mark.parametrize(("dt", "units"), [(1 / 12, "years"), (1, "months"), (30.44, "days")])
def test_a_given_dt_tells_the_units(dt, units):
    result = pycwt.cwt(dated("MS"), dt)
    assert (result.dt, result.time_units) == (dt, units)


def test_a_dt_that_disagrees():
    with pytest.raises(ValueError, match=r"dt = 2 doesn't agree .*1 months.*leave it out"):
        pycwt.cwt(dated("MS"), 2)
    with pytest.raises(ValueError, match="time_units must be auto or one of years"):
        pycwt.cwt(dated("MS"), time_units="fortnights")
    with pytest.raises(TypeError, match="time_units"):
        pycwt.cwt(dated("MS"), time_units=None)


def test_stamps_in_the_middle_of_months():
    middle = [np.datetime64(f"2001-{m:02d}-01") + np.timedelta64(d, "h") for m, d in _middles()]
    result = pycwt.cwt(pd.Series(NOISE[:12], pd.DatetimeIndex(middle)))
    assert (result.dt, result.time_units) == (pytest.approx(1 / 12), "years")


def _middles():
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return [(month, 12 * length) for month, length in enumerate(days, 1)]


def test_days_that_keep_to_the_months_for_a_while():
    """15 January, 14 February, 16 March, 15 April, 15 May: 30 days each, and one a month."""
    result = pycwt.cwt(dated("30D", 5, start="2001-01-15"))
    assert (result.dt, result.time_units) == (30, "days")


def test_time_zones_and_summer_time():
    """Daily at noon in Rome isn't daily in UTC twice a year; hourly is hourly."""
    hourly = dated("h", start="2001-03-24", tz="Europe/Rome")
    result = pycwt.cwt(hourly)
    assert (result.dt, result.time_units) == (1, "hours")
    assert result.time[0] == np.datetime64("2001-03-23T23:00")
    with pytest.raises(ValueError, match="unevenly"):
        pycwt.cwt(dated("D", start="2001-03-01 12:00", tz="Europe/Rome"))


def test_other_indices_of_pandas():
    periods = pd.Series(NOISE, pd.period_range("1990-01", periods=N, freq="M"))
    assert pycwt.cwt(periods).dt == pytest.approx(1 / 12)
    elapsed = pd.Series(NOISE, pd.timedelta_range("2h", periods=N, freq="30min"))
    result = pycwt.cwt(elapsed)
    assert (result.dt, result.time_units) == (30, "minutes")
    np.testing.assert_allclose(result.time[:3], [120, 150, 180])
    years = pd.Series(NOISE, pd.Index(1901.0 + np.arange(N) / 4, name="year"))
    result = pycwt.cwt(years, time_units="years")
    assert (result.dt, result.time_units, result.axis.name) == (0.25, "years", "year")
    # Decimal years cut to four digits are even enough.
    cut = pd.Series(NOISE, np.round(1901.0 + np.arange(N) / 12, 4))
    assert pycwt.cwt(cut).dt == pytest.approx(1 / 12, rel=1e-3)
    # A counter that was set on purpose is a time axis.
    assert pycwt.cwt(pd.Series(NOISE, range(1901, 1901 + N))).dt == 1


def test_the_default_index_tells_no_time():
    with pytest.raises(TypeError, match=r"dt must be given: the default index of signal"):
        pycwt.cwt(pd.Series(NOISE))
    result = pycwt.cwt(pd.Series(NOISE), 0.5)
    assert result.axis is None
    np.testing.assert_array_equal(result.time, 0.5 * np.arange(N))


@pytest.mark.parametrize("function", [pycwt.xwt, pycwt.wct])
def test_plain_numbers_need_dt(function):
    with pytest.raises(TypeError, match="dt must be given: y1 and y2 have no time index"):
        function(NOISE, NOISE[::-1])


@pytest.mark.parametrize(
    ("index", "match"),
    [
        (pd.Index([f"a{i}" for i in range(N)]), "no time axis.*to_datetime"),
        (pd.date_range("2000", periods=N, freq="D")[::-1], "backwards.*sort"),
        (pd.Index(np.arange(N)[::-1]), "backwards"),
        (pd.date_range("2000", periods=N, freq="D").repeat(2)[:N], "unevenly"),
        (pd.date_range("2000", periods=N + 1, freq="D").delete(7), "sample 6 to 7"),
        (pd.date_range("2000", periods=N + 1, freq="MS").delete(7), "sample 6 to 7"),
        (pd.DatetimeIndex(["NaT", *pd.date_range("2000", periods=N - 1)]), "missing times"),
        (pd.Index(np.geomspace(1, 100, N)), "unevenly"),
        (pd.Index([2000.0] * N), "unevenly"),
    ],
)
def test_bad_indices(index, match):
    with pytest.raises(ValueError, match=match):
        pycwt.cwt(pd.Series(NOISE, index))


def test_bad_tables_and_grids():
    with pytest.raises(TypeError, match="one of its columns"):
        pycwt.cwt(pd.DataFrame({"a": NOISE}), 1)
    with pytest.raises(ValueError, match=r"one-dimensional.*\('time', 'x'\).*isel"):
        pycwt.cwt(xr.DataArray(np.ones((N, 2)), dims=["time", "x"]), 1)
    with pytest.raises(ValueError, match="at least 4 samples"):
        pycwt.cwt(dated("D", 3))


def test_missing_values_are_named():
    gap = dated("D").astype("Float64")
    assert pycwt.cwt(gap).n == N  # pandas' own types are numbers
    gap.iloc[5] = pd.NA
    with pytest.raises(ValueError, match=r"signal lacks 1 .*index 5: gaps='mask'"):
        pycwt.cwt(gap)


def test_xarray():
    time = pd.date_range("2001", periods=N, freq="12h")
    array = xr.DataArray(
        NOISE,
        {"time": time, "station": "Uccle"},
        ["time"],
        name="T",
        attrs={"units": "K"},
    )
    result = pycwt.cwt(array)
    assert (result.dt, result.time_units) == (12, "hours")
    assert (result.names, result.units, result.axis.name) == (("T",), ("K",), "time")
    depth = xr.DataArray(NOISE, {"z": ("z", 0.5 * np.arange(N), {"units": "m"})}, ["z"])
    result = pycwt.cwt(depth)
    assert (result.dt, result.time_units, result.axis.name) == (0.5, "m", "z")
    bare = xr.DataArray(NOISE, dims=["time"])
    with pytest.raises(TypeError, match="dt must be given"):
        pycwt.cwt(bare)
    assert pycwt.cwt(bare, 2).dt == 2


def test_two_series_share_their_time():
    a, b = dated("MS"), dated("MS")[::-1].set_axis(dated("MS").index).rename("other")
    result = pycwt.wct(a, b, sig=False)
    assert result.names == ("noise", "other")
    assert result.time_units == "years"
    np.testing.assert_array_equal(result.WCT, pycwt.wct(NOISE, NOISE[::-1], 1 / 12, sig=False).WCT)
    # One with labels, one without.
    assert pycwt.xwt(NOISE[::-1], a).names == ("", "noise")
    with pytest.raises(ValueError, match=r"y1 and y2 have different time indices.*align"):
        pycwt.wct(a, b.shift(1, freq="MS"))
    with pytest.raises(ValueError, match="different time indices"):
        pycwt.wct(a, b.iloc[:-1])
    with pytest.raises(ValueError, match="same length, not 60 and 59"):
        pycwt.xwt(a, NOISE[1:])


def test_the_librarys_own_series():
    dataset = pycwt.load_dataset("nino3")
    result = pycwt.cwt(dataset)
    np.testing.assert_array_equal(result.W, pycwt.cwt(dataset.values, 0.25).W)
    assert (result.dt, result.time_units, result.units) == (0.25, "years", ("°C",))
    assert "NINO3" in repr(result)
    for other in (dataset.to_pandas(), dataset.to_xarray()):
        again = pycwt.cwt(other)
        np.testing.assert_array_equal(again.W, result.W)
        assert (again.dt, again.names, again.units) == (0.25, result.names, ("°C",))
    assert pycwt.cwt(dataset.to_xarray()).time_units == "years"
    ao, ice = pycwt.load_dataset("jao"), pycwt.load_dataset("jbaltic")
    with pytest.raises(ValueError, match="the years they share"):
        pycwt.wct(ao, ice)


@given(
    start=st.integers(0, 20_000),
    months=st.integers(1, 30),
    day=st.integers(0, 27),
    n=st.integers(4, 60),
)
@settings(max_examples=60, derandomize=True)
def test_whole_months_are_even(start, months, day, n):
    month = np.datetime64("1600-01", "M") + start // 20 + months * np.arange(n)
    index = month.astype("datetime64[D]") + np.timedelta64(day, "D")
    read = labels.read(None, "auto", signal=pd.Series(np.arange(n), pd.DatetimeIndex(index)))
    assert read.dt == pytest.approx(months / 12, rel=1e-12)
    assert read.time_units == "years"


@given(
    step=st.floats(1e-3, 1e3),
    first=st.floats(-1e3, 1e3),
    n=st.integers(4, 300),
    data=st.data(),
)
@settings(max_examples=60, derandomize=True)
def test_what_is_even(step, first, n, data):
    times = first + step * np.arange(n)
    series = pd.Series(np.arange(n), pd.Index(times))
    assert labels.read(None, "auto", signal=series).dt == pytest.approx(step, rel=1e-6)
    # A sample out of place by a tenth of a step.
    times[data.draw(st.integers(1, n - 2))] += 0.1 * step
    with pytest.raises(ValueError, match="unevenly"):
        labels.read(None, "auto", signal=pd.Series(np.arange(n), pd.Index(times)))


def test_nothing_is_imported_that_nobody_brought():
    code = (
        "import sys, numpy as np, pycwt_mod as p\n"
        "r = p.cwt(np.random.default_rng(0).standard_normal(64), 1)\n"
        "repr(r), r.power, r.outside, r.summary()\n"
        "c = p.wct(*np.random.default_rng(0).standard_normal((2, 64)), 1, sig=False)\n"
        "repr(c), c.time_lag\n"
        "loaded = {'pandas', 'xarray', 'matplotlib'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
