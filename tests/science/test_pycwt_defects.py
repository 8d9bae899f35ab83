"""What pycwt 0.5.0b0 gets wrong, one test each: the docstrings say what it does.

Everything said of pycwt was seen by running it, without pyfftw. Where ``compat="pycwt-0.5"``
reproduces a defect (test_compat.py compares it with pycwt's own output), the test shows both.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import pycwt_mod as pycwt
from pycwt_mod.noise import UnitRootWarning
from pycwt_mod.smoothing import scale_weights

COMPAT = "pycwt-0.5"
RNG = np.random.default_rng(91)
X, Y = pycwt.rednoise(128, 0.6, seed=RNG), pycwt.rednoise(128, 0.3, seed=RNG)


def lag1(x):
    y = x - x.mean()
    return (y[1:] @ y[:-1]) / (y @ y)


def test_red_noise_is_red():
    """``rednoise(N, 0.9)`` is white (lag-1 0.00): it filters along an axis of one sample.

    So its coherence levels are those of white noise, whatever the coefficients.
    """
    assert lag1(pycwt.rednoise(20_000, 0.9, seed=1)) == pytest.approx(0.9, abs=0.02)


def test_white_noise():
    """``rednoise(N, 0)`` ends in an AttributeError."""
    assert abs(lag1(pycwt.rednoise(20_000, 0, seed=2))) < 0.04


def test_white_noise_has_levels(oracle):
    """``wct_significance(0, …)`` ends in an AttributeError: its white noise isn't there."""
    levels = pycwt.wct_significance(
        0, 0, 1, 0.5, 2, 4, mc_count=20, seed=1, backend=oracle, cache=False, progress=False
    )
    assert ((levels > 0.3) & (levels < 1)).all()


def test_window_over_scales_has_its_published_width():
    """At dj = 1/12 it smooths over 13 steps, 1.08 octaves, and half a step off the scale.

    Torrence & Webster (1999) ask for δj₀ = 0.6 octaves; Grinsted's toolbox has 8.2 steps. A
    wider window lowers R² where nothing is coherent, and mixes periods where something is.
    """
    assert 1 / max(scale_weights(1 / 12, "morlet")) == pytest.approx(8.2)
    ours = pycwt.wct(X, Y, 1, sig=False)
    theirs = pycwt.wct(X, Y, 1, sig=False, compat=COMPAT)
    # Independent noise, medium scales, the middle of the series.
    centre = (slice(15, 40), slice(32, 96))
    assert theirs.WCT[centre].mean() < ours.WCT[centre].mean() - 0.05


def test_cache_knows_level_and_count(oracle, monkeypatch, tmp_path):
    """Its cache's key lacks the level, the realisations, the signs and most of the coefficients.

    A 50 % level of 200 realisations comes back as the 95 % level of three.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options = {"seed": 3, "backend": oracle, "progress": False}
    high = pycwt.wct_significance(0.3, 0.5, 1, 0.5, 2, 4, 0.95, mc_count=20, **options)
    half = pycwt.wct_significance(0.3, 0.5, 1, 0.5, 2, 4, 0.5, mc_count=40, **options)
    blue = pycwt.wct_significance(-0.3, 0.52, 1, 0.5, 2, 4, 0.95, mc_count=20, **options)
    assert (half < high).all()
    assert (blue != high).any()


def test_the_end_does_not_wrap_round_to_the_beginning():
    """A series of 2ᵏ samples isn't padded: a pulse at its start shows at its end, in full.

    Other lengths are padded, up to the next power of two: 127 samples by one.
    """
    pulse = np.zeros(128)
    pulse[:16] = np.hanning(16) * np.sin(np.pi / 4 * (np.arange(16) - 7.5))
    far = slice(108, 128)
    small = {"s0": 2, "J": 24}
    ours, theirs = (np.abs(pycwt.cwt(pulse, 1, compat=c, **small).W) for c in (None, COMPAT))
    assert theirs[:, far].max() > 0.2 * theirs.max()
    assert ours[:, far].max() < 0.02 * ours.max()


def test_the_mean_stays_out():
    """``cwt`` leaves the mean in; ψ̂₀(0) of Morlet isn't zero, so that it leaks in at ω₀ = 4."""
    wavelet = pycwt.Morlet(4)
    np.testing.assert_allclose(
        pycwt.cwt(X + 1000, 1, wavelet=wavelet).W, pycwt.cwt(X, 1, wavelet=wavelet).W, atol=1e-9
    )
    both = [pycwt.cwt(X + c, 1, wavelet=wavelet, compat=COMPAT).W for c in (0, 1000)]
    assert np.abs(both[1] - both[0]).max() > 1


def test_significance_of_a_series():
    """``significance(x, …)`` with a series is nine times as high as with its variance."""
    sj = 2 * 2 ** (np.arange(10) / 4)
    of_series = pycwt.significance(X, 1, sj, 0, 0.5).signif
    of_variance = pycwt.significance(X.var(), 1, sj, 0, 0.5).signif
    np.testing.assert_allclose(of_series, of_variance)


def test_significance_takes_numbers_and_lists():
    """Test 1 takes no number for ``dof``, nor its default; lists have no ``std``."""
    sj = 2 * 2 ** (np.arange(10) / 4)
    lists = pycwt.significance(list(X), 1, list(sj), 1, 0.5, dof=128)
    np.testing.assert_allclose(lists.signif, pycwt.significance(X, 1, sj, 1, 0.5).signif)
    assert pycwt.significance(1.0, 1, sj, 0).signif.shape == sj.shape


def test_level_of_a_cross_transform():
    """``xwt`` takes the quantile of χ²₂/2, 2.996, for that of a product's root, 3.9985/2.

    Errata of Torrence & Compo (1998), table 3. Its level is 50 % too high: noise passes it at
    some 0.8 % of the points, not 5 %.
    """
    ours, theirs = (pycwt.xwt(X, Y, 1, compat=c).signif for c in (None, COMPAT))
    np.testing.assert_allclose(theirs / ours, stats.chi2.ppf(0.95, 2) / 3.9985, rtol=1e-4)


def test_paul_at_zero():
    """``Paul(4).psi(0)`` is 0.0899, a twelfth of 1.079 (TC98, table 2): a factorial is cut."""
    assert complex(pycwt.Paul(4).psi(0)) == pytest.approx(1.079, abs=0.0005)
    W, sj, *_ = pycwt.cwt(X, 1, wavelet="paul")
    back = pycwt.icwt(W, sj, 1, wavelet="paul", method="classical")
    assert np.corrcoef(back, X)[0, 1] > 0.9
    assert back.std() == pytest.approx(X.std(), rel=0.25)


def test_orders_that_no_table_has():
    """C_δ is −1 for all orders but one or two of each wavelet: ``icwt`` turns the sign round."""
    for wavelet in (pycwt.Morlet(8), pycwt.Paul(6), pycwt.DOG(4)):
        W, sj, *_ = pycwt.cwt(X, 1, 1 / 12, 0.3, 110, wavelet)
        back = pycwt.icwt(W, sj, 1, 1 / 12, wavelet, method="classical")
        assert np.corrcoef(back, X)[0, 1] > 0.95
    assert pycwt.wct(X, Y, 1, sig=False, wavelet=pycwt.Morlet(8)).WCT.max() <= 1


def test_every_scale_asked_for_comes_back():
    """Paul's large scales are NaN, by 0·exp(710), and dropped without a word."""
    ours, theirs = (pycwt.cwt(X, 1, 0.25, 2, 40, "paul", compat=c) for c in (None, COMPAT))
    assert (ours.sj.size, theirs.sj.size) == (41, 28)
    assert np.isfinite(ours.W).all()


def test_the_last_scale_has_a_level(oracle):
    """The largest scale's level is NaN: its loop ends one before it."""
    levels = pycwt.wct_significance(
        0.3, 0.5, 1, 0.25, 2, 12, mc_count=20, seed=1, backend=oracle, cache=False, progress=False
    )
    assert np.isfinite(levels).all()


def test_both_phases():
    """The phase is that of W₁W₂* alone, which noise scatters; as in Grinsted's toolbox.

    That stays the default; ``phase="smoothed"`` gives that of the spectrum behind R².
    """
    plain, smooth = (
        pycwt.wct(X, Y, 1, sig=False, phase=phase).aWCT for phase in ("unsmoothed", "smoothed")
    )
    np.testing.assert_allclose(plain, np.angle(pycwt.xwt(X, Y, 1).W12), atol=1e-9)
    # From one scale to the next the smoothed phase turns less.
    turns = [np.abs(np.angle(np.exp(1j * np.diff(p, axis=0)))).mean() for p in (plain, smooth)]
    assert turns[1] < 0.8 * turns[0]


@pytest.mark.parametrize("wavelet", ["paul", "dog", "mexicanhat", "Morlet", "Mexican Hat", "morse"])
def test_coherence_of_every_wavelet_by_any_name(wavelet):
    """Only Morlet has a ``smooth``; names in other than small letters are KeyErrors."""
    r2 = pycwt.wct(X, Y, 1, sig=False, wavelet=wavelet).WCT
    assert 0 <= r2.min() < r2.max() <= 1


def test_significance_takes_a_name(oracle):
    """``wct_significance`` with its own default, the string "morlet", is an AttributeError."""
    levels = pycwt.wct_significance(
        0.3, 0.5, 1, 0.5, 2, 3, 0.95, "morlet", 20, False, False, seed=1, backend=oracle
    )
    assert levels.shape == (4,)


def test_lists():
    """``wct`` and ``cwt(freqs=…)`` take no lists."""
    wct = pycwt.wct(X.tolist(), Y.tolist(), 1, sig=False)
    np.testing.assert_array_equal(wct.WCT, pycwt.wct(X, Y, 1, sig=False).WCT)
    assert pycwt.cwt(X.tolist(), 1, freqs=[0.1, 0.2]).W.shape == (2, 128)


def test_whole_numbers_given_as_floats(oracle):
    """``wct(J=7.0)`` is a ValueError of a format code, ``wct_significance`` a TypeError."""
    options = {"mc_count": 20, "seed": 1, "backend": oracle, "cache": False, "progress": False}
    assert pycwt.wct(X, Y, 1, 0.5, 2, 7.0, **options).sig.shape == (8,)


def test_trends_have_a_coefficient():
    """``ar1`` raises a bare Warning where there is no solution, and everything with it stops."""
    with pytest.warns(UnitRootWarning):
        g, *_ = pycwt.ar1(np.arange(50.0))
    assert 0.9 < g < 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_gaps_are_told(bad):
    """One NaN makes the whole transform NaN; a constant series makes R² NaN."""
    x = X.copy()
    x[3] = bad
    with pytest.raises(ValueError, match="index 3"):
        pycwt.cwt(x, 1)
    with pytest.raises(ValueError, match="y1 is constant"):
        pycwt.wct(np.ones(128), X, 1)


def test_cone_ends_at_the_ends():
    """The cone is half a sample too wide: its first point isn't at the end of the series."""
    ours, theirs = (pycwt.cwt(X, 1, compat=c).coi for c in (None, COMPAT))
    unit = pycwt.Morlet().flambda() / np.sqrt(2)
    np.testing.assert_allclose((theirs - ours)[1:-1], unit / 2)


def test_classical_inverses_are_real():
    """``icwt`` of Paul and Morlet gives complex numbers, whose imaginary part is zero."""
    W, sj, *_ = pycwt.cwt(X, 1)
    for method in ("dual", "classical"):
        assert pycwt.icwt(W, sj, 1, method=method).dtype == np.float64
