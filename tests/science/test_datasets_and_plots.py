from __future__ import annotations

import io

import numpy as np
import pytest
from scipy import stats

import pycwt_mod as pycwt
from pycwt_mod.coherence import Coherence
from pycwt_mod.datasets import ao_baltic, percentiles


@pytest.mark.parametrize(
    ("name", "n", "start", "end", "dt"),
    [
        ("nino3", 504, 1871.0, 1996.75, 0.25),
        ("soi", 400, 1896.0, 1995.75, 0.25),
        ("monsoon", 496, 1871.0, 1994.75, 0.25),
        ("sunspot", 992, 1748.0, 1995.75, 0.25),
        ("ao", 147, 1851.0, 1997.0, 1.0),
        ("baltic", 280, 1720.0, 1999.0, 1.0),
    ],
)
def test_datasets(name, n, start, end, dt):
    dataset = pycwt.load_dataset(name)
    time, values = dataset
    assert time.shape == values.shape == (n,)
    assert (time[0], time[-1], dataset.dt) == (start, end, dt)
    np.testing.assert_allclose(np.diff(time), dt)
    assert np.isfinite(values).all()
    assert dataset.label
    assert dataset.units


def test_nino3_is_the_published_one():
    values = pycwt.load_dataset("nino3").values
    assert values.var() == pytest.approx(0.538168, abs=5e-7)
    y = values - values.mean()
    assert (y[1:] @ y[:-1]) / (y @ y) == pytest.approx(0.7674, abs=5e-5)


def test_percentiles_share_ranks():
    values = [3.0, 1.0, 3.0, 2.0, 3.0]
    expected = (stats.rankdata(values, "average") - 0.5) / 5
    np.testing.assert_allclose(percentiles(values), expected)
    ice = pycwt.load_dataset("baltic").values
    np.testing.assert_allclose(percentiles(ice), (stats.rankdata(ice) - 0.5) / ice.size)


def test_the_arctic_pair_is_cut_after_ranking():
    time, ao, ice = ao_baltic()
    assert time[0] == 1851
    assert time[-1] == 1997
    assert ao.shape == ice.shape == (147,)
    whole = pycwt.load_dataset("baltic")
    np.testing.assert_array_equal(ice, percentiles(whole.values)[131:278])


def test_unknown_dataset():
    with pytest.raises(ValueError, match="ao, baltic, monsoon"):
        pycwt.load_dataset("nino34")


@pytest.fixture(scope="module")
def arctic():
    time, ao, ice = ao_baltic()
    return time, pycwt.wct(ao, ice, 1, sig=False)


def drawn(figure):
    """The figure's axes, after it was drawn to a file."""
    file = io.BytesIO()
    figure.savefig(file)
    assert file.getvalue().startswith(b"\x89PNG")
    return figure.axes[0]


def periods_shown(axes):
    top, bottom = sorted(axes.get_ylim())
    labels = [label.get_text() for label in axes.get_yticklabels()]
    return labels, 2.0**top, 2.0**bottom


def test_coherence_figure(arctic):
    time, result = arctic
    levels = np.full(result.freq.size, 0.7)
    with_levels = Coherence(result.WCT, result.aWCT, result.coi, result.freq, levels)
    axes = drawn(pycwt.plot_coherence(with_levels, time, labels=("AO", "ice"), time_units="years"))
    labels, shortest, longest = periods_shown(axes)
    assert labels == ["2", "4", "8", "16", "32"]
    # Down to the longest period with a point outside the cone.
    assert shortest == pytest.approx(2)
    assert longest == pytest.approx(result.coi.max())
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert "AO leads" in axes.get_title(loc="left")
    assert axes.get_xlabel() == "Time (years)"


def test_arrows_only_where_coherence_is_strong(arctic):
    from matplotlib.quiver import Quiver

    time, result = arctic
    weak = Coherence(result.WCT * 0.4, result.aWCT, result.coi, result.freq, result.sig)
    lead = Coherence(
        np.ones_like(result.WCT),
        np.full_like(result.aWCT, np.pi / 2),
        result.coi,
        result.freq,
        result.sig,
    )
    arrows = [
        next(c for c in drawn(pycwt.plot_coherence(r, time)).collections if isinstance(c, Quiver))
        for r in (weak, lead)
    ]
    assert arrows[0].N == 0
    assert 300 < arrows[1].N <= 34 * 16
    np.testing.assert_allclose(arrows[1].U, 0, atol=1e-12)
    assert (arrows[1].V > 0).all()  # up: the first series leads


def test_scalogram_figure():
    time, values = dataset = pycwt.load_dataset("nino3")
    result = pycwt.cwt(values, 0.25, dj=0.25)
    signif, _ = pycwt.significance(values, 0.25, result.sj)
    axes = drawn(
        pycwt.plot_scalogram(
            result, time, signif=signif, units=dataset.units, period_range=(0.5, 64)
        )
    )
    labels, shortest, longest = periods_shown(axes)
    assert labels == ["0.5", "1", "2", "4", "8", "16", "32", "64"]
    assert (shortest, longest) == pytest.approx((0.5, 64))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"time": np.arange(10.0)}, "time must have 147 samples"),
        ({"time": np.arange(147.0)[::-1]}, "increase"),
        ({"time": np.arange(147.0) ** 2}, "evenly"),
        ({"period_range": (8, 4)}, "period_range"),
        ({"period_range": (0, 4)}, "period_range"),
    ],
)
def test_bad_arguments(arctic, change, match):
    time, result = arctic
    with pytest.raises(ValueError, match=match):
        pycwt.plot_coherence(result, **{"time": time, **change})


def test_a_single_scale_makes_no_figure():
    x = np.random.default_rng(61).standard_normal(64)
    with pytest.raises(ValueError, match="two scales"):
        pycwt.plot_scalogram(pycwt.cwt(x, 1, J=0), np.arange(64))
