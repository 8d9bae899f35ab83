"""Warnings that name the cure, and when they stay silent."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.signal import detrend

import pycwt_mod as pycwt
from pycwt_mod.datasets import ao_baltic
from pycwt_mod.results import cautions

NOISE = np.random.default_rng(91).standard_normal(200)
RAMP = np.linspace(0, 15, 200) + NOISE


def test_a_trend():
    for call in (
        lambda: pycwt.cwt(RAMP, 1),
        lambda: pycwt.xwt(NOISE, RAMP, 1),
        lambda: pycwt.wct(RAMP, NOISE, 1, sig=False),
    ):
        with pytest.warns(pycwt.TrendWarning, match=r"9\d% of the variance of .*detrend") as caught:
            call()
        assert len(caught) == 1
        # It points at the caller's line.
        assert caught[0].filename == __file__
    pycwt.cwt(detrend(RAMP), 1)


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_the_share_of_a_trend(unit):
    """Against the squared correlation with time."""
    x = np.linspace(-1, 1, 60) + 0.1 * NOISE[:60]
    share = np.corrcoef(np.arange(60), x)[0, 1] ** 2
    with pytest.warns(pycwt.TrendWarning, match=f"^{share:.0%} of"):
        pycwt.cwt(x * unit, 1)


def test_what_is_no_trend():
    t = np.arange(200)
    for x in (
        np.sin(2 * np.pi * t / 200),
        np.sin(2 * np.pi * t / 400),
        pycwt.rednoise(200, 0.98, seed=92),
        RAMP[:12],
    ):
        pycwt.cwt(x, 1)


def test_a_map_in_the_cone():
    with pytest.warns(
        pycwt.ConeWarning, match=r"only 0\.0% .* 200 samples at dt = 0\.5 tell nothing .* 36\.\d+"
    ) as caught:
        pycwt.cwt(NOISE, 0.5, s0=40, J=10)
    assert caught[0].filename == __file__
    with pytest.warns(pycwt.ConeWarning):
        pycwt.xwt(NOISE, NOISE[::-1], 1, s0=60)
    with pytest.warns(pycwt.ConeWarning):
        pycwt.wct(NOISE, NOISE[::-1], 1, s0=60, sig=False)


@pytest.mark.parametrize("n", [4, 7, 15, 16, 17, 50, 1000])
@pytest.mark.parametrize("wavelet", ["morlet", "paul", "dog"])
def test_the_default_scales_are_fine(n, wavelet):
    x = np.resize(NOISE, n) * np.cos(np.arange(n))
    pycwt.cwt(x, 0.1, wavelet=wavelet)


def test_the_share_outside_is_counted_right():
    """Against the map's own count: the warning comes below a tenth."""
    x = np.resize(NOISE, 128) + np.sin(np.arange(128))
    warned = []
    for s0 in 2 * 2 ** np.arange(0, 5, 0.1):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = pycwt.cwt(x, 1, s0=s0, J=20, dj=0.25)
        assert bool(caught) == (result.outside.mean() < cautions.OUTSIDE_SHARE)
        warned.append(bool(caught))
    assert 10 < sum(warned) < 40


def test_few_realisations():
    _, ao, ice = ao_baltic()
    few = {"seed": 1, "backend": "sequential", "cache": False}
    with pytest.warns(pycwt.FewRealisationsWarning, match="10 realisations .* 0.95") as caught:
        pycwt.wct(ao, ice, 1, mc_count=10, **few)
    assert caught[0].filename == __file__
    needed = int(str(caught[0].message).split("mc_count = ")[1].split()[0])
    pycwt.wct(ao, ice, 1, mc_count=needed, **few)
    with pytest.warns(pycwt.FewRealisationsWarning, match="0.999"):
        pycwt.wct(ao, ice, 1, mc_count=300, significance_level=0.999, **few)


def test_one_filter_for_all():
    for kind in (
        pycwt.TrendWarning,
        pycwt.ConeWarning,
        pycwt.FewRealisationsWarning,
        pycwt.UnitRootWarning,
    ):
        assert issubclass(kind, pycwt.CautionWarning)
        assert kind.__doc__
    assert issubclass(pycwt.CautionWarning, UserWarning)


def test_too_few_realisations_for_levels_alone():
    with pytest.warns(pycwt.FewRealisationsWarning, match="20 realisations .* 0.9999") as caught:
        pycwt.wct_significance(0.1, 0.2, 1, 1 / 4, 2, 12, 0.9999, mc_count=20, cache=False)
    assert caught[0].filename == __file__
