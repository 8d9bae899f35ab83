"""Coherence from transforms made before, of different spans, and of many series."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.analysis.planes import plane_of


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(101)
    common = pycwt.rednoise(300, 0.6, seed=rng)
    return [common + pycwt.rednoise(300, 0.3, seed=rng) for _ in range(4)]


@pytest.mark.parametrize(
    "wavelet", [pycwt.Morlet(), pycwt.Morlet(8), pycwt.Paul(), pycwt.DOG(6)], ids=repr
)
def test_transforms_give_the_coherence_of_their_series(series, wavelet):
    x, y = series[0] * 1e9, series[1] * 1e-9
    transforms = [pycwt.cwt(s, 0.25, 1 / 8, wavelet=wavelet) for s in (x, y)]
    found = pycwt.wct_from(*transforms, wavelet=wavelet)
    expected = pycwt.wct(x, y, 0.25, 1 / 8, sig=False, wavelet=wavelet)
    np.testing.assert_allclose(found.WCT, expected.WCT, atol=1e-10)
    np.testing.assert_allclose(np.exp(1j * found.aWCT), np.exp(1j * expected.aWCT), atol=1e-9)
    np.testing.assert_array_equal(found.coi, expected.coi)
    np.testing.assert_allclose(found.freq, expected.freq)


def test_single_precision_transforms(series):
    single = [pycwt.cwt(s, 1, dtype="complex64") for s in series[:2]]
    expected = pycwt.wct(*series[:2], 1, sig=False)
    np.testing.assert_allclose(pycwt.wct_from(*single).WCT, expected.WCT, atol=1e-4)


def test_a_transform_knows_its_interval_and_wavelet(series):
    t = pycwt.cwt(series[0], 0.1, wavelet="paul")
    assert plane_of(t, "paul").dt == pytest.approx(0.1, rel=1e-12)
    richer = SimpleNamespace(**t._asdict(), wavelet=pycwt.Paul())
    assert plane_of(richer).wavelet == pycwt.Paul()
    with pytest.raises(ValueError, match=r"wavelet must be that of t1: .*Morlet\(6\)"):
        pycwt.wct_from(t, t, "morlet")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"dt": 2}, "t1 and t2 must have the same sampling interval: 1 and 2"),
        ({"J": 49}, r"same shape: \(51, 300\) and \(50, 300\)"),
        ({"s0": 3, "J": 50}, "same scales"),
    ],
)
def test_transforms_of_different_grids(series, change, match):
    usual = {"dt": 1, "dj": 1 / 12, "s0": 2, "J": 50}
    if "dt" in change:
        change["s0"] = 4
    with pytest.raises(ValueError, match=match):
        pycwt.wct_from(pycwt.cwt(series[0], **usual), pycwt.cwt(series[1], **{**usual, **change}))


def test_what_is_no_transform(series):
    t = pycwt.cwt(series[0], 1)
    with pytest.raises(TypeError, match="t2 must be a result of cwt; ndarray has no W"):
        pycwt.wct_from(t, t.W)
    with pytest.raises(ValueError, match="t1 doesn't fit itself"):
        pycwt.wct_from(t._replace(coi=t.coi[1:]), t)
    W = t.W.copy()
    W[3, 5] = np.nan
    with pytest.raises(ValueError, match=r"t1\.W must be finite"):
        pycwt.wct_from(t._replace(W=W), t)
    uneven = pycwt.cwt(series[0], 1, freqs=[0.3, 0.2, 0.11])
    with pytest.raises(ValueError, match="equal parts of an octave"):
        pycwt.wct_from(uneven, uneven)


def test_the_same_span_is_plain_coherence(series):
    time = 1900 + np.arange(300) / 12
    found = pycwt.wct_overlap(time, series[0], time, series[1])
    expected = pycwt.wct(*series[:2], time[1] - time[0], sig=False)
    np.testing.assert_allclose(found.coherence.WCT, expected.WCT, atol=1e-9)
    np.testing.assert_array_equal(found.time, time)


def test_each_series_is_transformed_over_its_full_span():
    """By hand: transforms of the whole, cut, then the smoothing of plain coherence."""
    rng = np.random.default_rng(102)
    both = pycwt.rednoise(400, 0.7, seed=rng)
    x, y = both[:300] + 0.1, both[120:] + 0.3 * rng.standard_normal(280)
    time, coherence = pycwt.wct_overlap(
        *(np.arange(300.0), x, np.arange(120.0, 400.0), y), dj=1 / 6, s0=2, J=24
    )
    assert (time[0], time[-1]) == (120, 299)
    cut = []
    for s, part in ((x, slice(120, 300)), (y, slice(0, 180))):
        t = pycwt.cwt(s, 1, 1 / 6, 2, 24)
        cut.append(t._replace(W=t.W[:, part], coi=t.coi[part], fftfreqs=np.array([1 / 180])))
    expected = pycwt.wct_from(*cut)
    np.testing.assert_allclose(coherence.WCT, expected.WCT, atol=1e-12)
    plain = pycwt.wct(x[120:], y[:180], 1, 1 / 6, 2, 24, sig=False)
    np.testing.assert_allclose(coherence.coi, plain.coi)
    # The ends of the shared time don't spoil the transform of the series that goes on there.
    assert np.abs(coherence.WCT - plain.WCT)[12, :20].max() > 0.01
    swapped = pycwt.wct_overlap(
        *(np.arange(120.0, 400.0), y, np.arange(300.0), x), dj=1 / 6, s0=2, J=24
    )
    np.testing.assert_allclose(swapped.coherence.WCT, coherence.WCT, atol=1e-12)
    np.testing.assert_allclose(swapped.coherence.aWCT, -coherence.aWCT, atol=1e-9)


@pytest.mark.parametrize(
    ("time1", "time2", "match"),
    [
        (np.arange(300)[::-1], np.arange(300), "time1 must increase"),
        (np.arange(299), np.arange(300), "time1 must have as many"),
        (np.arange(300), np.arange(300) ** 1.01, "time2 must increase in equal steps"),
        (np.arange(300), np.arange(300) * 2, "same step, not 1 and 2"),
        (np.arange(300), np.arange(300) + 0.5, "0.5 steps apart"),
        (np.arange(300), np.arange(300) + 298, "share at least 4 samples, not 2"),
        (np.arange(300), np.arange(300) - 400, "share at least 4 samples, not 0"),
    ],
)
def test_axes_that_do_not_fit(series, time1, time2, match):
    with pytest.raises(ValueError, match=match):
        pycwt.wct_overlap(time1, series[0], time2, series[1])


def test_every_pair_once_as_by_itself(series):
    many = pycwt.coherence_matrix(dict(zip("abcd", series, strict=True)), 0.5, 1 / 6)
    assert len(many) == 6
    seen = []
    for first, second, pair in many:
        seen.append(first + second)
        i, j = "abcd".index(first), "abcd".index(second)
        expected = pycwt.wct(series[i], series[j], 0.5, 1 / 6, sig=False)
        np.testing.assert_allclose(pair.WCT, expected.WCT, atol=1e-10)
        np.testing.assert_allclose(pair.aWCT, expected.aWCT, atol=1e-8)
    assert seen == ["ab", "ac", "ad", "bc", "bd", "cd"]
    np.testing.assert_array_equal(many.pair("b", 3).WCT, many.pair(1, "d").WCT)
    np.testing.assert_allclose(many.pair("a", "a").WCT, 1, atol=1e-12)


def test_means_of_a_band(series):
    stack = np.stack([series[0], np.roll(series[0], 2), series[2]])
    many = pycwt.coherence_matrix(stack, 1, 1 / 6)
    r2, phase = many.means([7, 9])
    pair = pycwt.wct(stack[0], stack[2], 1, 1 / 6, sig=False)
    period = 1 / pair.freq
    where = ((period >= 7) & (period <= 9))[:, None] & (period[:, None] <= pair.coi)
    assert r2[0, 2] == r2[2, 0] == pytest.approx(pair.WCT[where].mean())
    assert np.diag(r2).tolist() == [1, 1, 1]
    # The second follows two later: at a period of 8 a quarter of a turn.
    assert phase[0, 1] == -phase[1, 0] == pytest.approx(np.pi / 2, abs=0.1)


def test_bad_collections(series):
    for bad, error, match in (
        ([series[0]], ValueError, "series must have at least 2 series, not 1"),
        ({"a": series[0], "b": series[1][:-1]}, ValueError, r"series\['a'\] and series\['b'\]"),
        ([series[0], np.ones(300)], ValueError, r"series\[1\] is constant"),
        (5, TypeError, "series must be several series"),
    ):
        with pytest.raises(error, match=match):
            pycwt.coherence_matrix(bad, 1)
    many = pycwt.coherence_matrix(series, 1, 0.5)
    with pytest.raises(ValueError, match="one of 0, 1, 2, 3, not 'x'"):
        many.pair("x", 0)
    with pytest.raises(ValueError, match="0 to 3"):
        many.pair(0, 4)
    with pytest.raises(ValueError, match="periods: nothing lies in"):
        many.means([1e5, 1e6])
    with pytest.raises(ValueError, match="within the cone"):
        many.means([250, 300])


def test_overlap_of_series_with_time_axes():
    """As with times in numbers; months, whatever day they are stamped, and plain numbers."""
    nino3, soi = pycwt.load_dataset("nino3"), pycwt.load_dataset("soi")
    plain = pycwt.wct_overlap(nino3.time, nino3.values, soi.time, soi.values, 0.25)
    found = pycwt.wct_overlap(nino3, soi, dj=0.25)
    np.testing.assert_array_equal(found.time, plain.time)
    np.testing.assert_allclose(found.coherence.WCT, plain.coherence.WCT)
    assert found.coherence.time_units == "years"
    assert all(found.coherence.names)

    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(160)
    x, y = rng.standard_normal(300), rng.standard_normal(260)
    one = pandas.Series(x, pandas.date_range("1950-01", periods=300, freq="MS"), name="x")
    two = pandas.Series(y, pandas.date_range("1955-03", periods=260, freq="ME"), name="y")
    found = pycwt.wct_overlap(one, two, dj=0.25)
    at = np.arange(300) / 12, 62 / 12 + np.arange(260) / 12
    plain = pycwt.wct_overlap(at[0], x, at[1], y, 0.25)
    np.testing.assert_allclose(found.coherence.WCT, plain.coherence.WCT)
    assert found.time[0] == np.datetime64("1955-03-01")
    assert found.coherence.time[-1] == np.datetime64("1974-12-01")
    assert found.coherence.names == ("x", "y")
    hours = pandas.Series(x, pandas.date_range("2020", periods=300, freq="h"))
    late = pandas.Series(y, pandas.date_range("2020-01-02", periods=260, freq="h"))
    assert pycwt.wct_overlap(hours, late).coherence.time_units == "hours"
    with pytest.raises(ValueError, match="y1 and y2 must have time axes of one kind"):
        pycwt.wct_overlap(one, nino3)
    with pytest.raises(ValueError, match="must have the same step"):
        pycwt.wct_overlap(
            hours, pandas.Series(y, pandas.date_range("2020", periods=260, freq="2h"))
        )
    with pytest.raises(TypeError, match="time2 and y2 must be given both"):
        pycwt.wct_overlap(at[0], x, at[1])


def test_matrix_of_series_with_time_axes():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(161)
    index = pandas.date_range("2000", periods=128, freq="D")
    table = pandas.DataFrame(rng.standard_normal((128, 3)), index, ["a", "b", "c"])
    plain = pycwt.coherence_matrix({k: table[k].to_numpy() for k in table}, 1, 0.25)
    for series in (table, {k: table[k] for k in table}, [table[k] for k in table]):
        matrix = pycwt.coherence_matrix(series, dj=0.25)
        assert matrix.names == ("a", "b", "c")
        pair = matrix.pair("c", "a")
        np.testing.assert_array_equal(pair.WCT, plain.pair("c", "a").WCT)
        assert (pair.names, pair.time_units) == (("c", "a"), "days")
        assert pair.time[0] == np.datetime64("2000-01-01")
    assert "3 pairs of a, b, c" in repr(matrix)
    assert pycwt.coherence_matrix(table.to_numpy().T, 1, 0.25).names == ("0", "1", "2")
    with pytest.raises(ValueError, match=r"series\[0\] and series\[1\] have different time"):
        pycwt.coherence_matrix([table["a"], table["b"].shift(1, "D")])
    with pytest.raises(TypeError, match="dt must be given"):
        pycwt.coherence_matrix(table.to_numpy().T)
