"""Every analysis with a Morse wavelet: it works, or says by name that it doesn't.

Ridges, gaps, running transforms, band filters and the algebra of several series have their cases
in the tests of their own.
"""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.analysis.areawise import areawise_calibration
from pycwt_mod.analysis.patches import critical_patch, reproducing_kernel

MORSE = pycwt.Morse(3, 20)
GRID = {"dj": 1 / 8, "s0": 2.0, "J": 40}
RNG = np.random.default_rng(61)
T = np.arange(600)
X, Y = pycwt.rednoise(600, 0.5, seed=RNG), pycwt.rednoise(600, 0.3, seed=RNG)


def transforms(*series, wavelet=MORSE):
    return [pycwt.cwt(x, 1.0, **GRID, wavelet=wavelet) for x in series]


def test_coherence_of_transforms_and_of_many_series():
    plain = pycwt.wct(X, Y, 1.0, **GRID, wavelet=MORSE, sig=False)
    again = pycwt.wct_from(*transforms(X, Y))
    np.testing.assert_allclose(again.WCT, plain.WCT, atol=1e-9)
    assert again.wavelet == plain.wavelet == MORSE
    pair = pycwt.coherence_matrix([X, Y], 1.0, **GRID, wavelet=MORSE).pair(0, 1)
    np.testing.assert_allclose(pair.WCT, plain.WCT, atol=1e-9)
    np.testing.assert_allclose(pair.coi, plain.coi)
    overlap = pycwt.wct_overlap(T, X, T, Y, **GRID, wavelet=MORSE).coherence
    np.testing.assert_allclose(overlap.WCT, plain.WCT, atol=1e-9)


@pytest.mark.parametrize("analysis", [pycwt.partial_coherence, pycwt.multiple_coherence])
def test_several_series_have_levels(analysis):
    """A common driver explains; 20 realisations for the plumbing, whose share is told elsewhere."""
    grid = {"dj": 0.25, "s0": 4.0, "J": 8}
    rest = ([Y],) if analysis is pycwt.multiple_coherence else (Y, [X[::-1]])
    found = analysis(X + Y, *rest, 1.0, **grid, wavelet="morse", mc_count=20, seed=1)
    assert ((found.monte_carlo.levels > 0) & (found.monte_carlo.levels < 1)).all()
    assert found.monte_carlo.model.task.family == "morse"


def test_power_of_points():
    """p-values against the level of ``significance``; the rectified power of two sinusoids."""
    (t,) = transforms(X)
    p = pycwt.power_p_values(t)
    level = t.significance(0.95).signif[:, None]
    np.testing.assert_array_equal(p <= 0.05, t.power >= level)
    wave = np.cos(2 * np.pi * T / 10) + np.cos(2 * np.pi * T / 40)
    (t,) = transforms(wave)
    middle = pycwt.rectified_power(t)[:, 300]
    tops = [middle[np.abs(np.log2(t.periods / period)) < 0.2].max() for period in (10, 40)]
    assert tops[0] == pytest.approx(tops[1], rel=0.02)


@pytest.mark.parametrize("test", [0, 1, 2])
def test_false_alarms_of_power(test, measured):
    """Points of AR(1) noise pass their 5 % level at 5 %; averages have no level.

    100 series; the share of each is one independent number; five standard errors.
    """
    dof = {0: -1, 1: 100, 2: [4, 16]}[test]
    if test:
        with pytest.raises(ValueError, match=r"isn't known for Morse\(3, 20\)"):
            pycwt.significance(1.0, 1.0, [4.0, 8.0, 16.0], test, 0.5, dof=dof, wavelet=MORSE)
        return
    rng, shares = np.random.default_rng(62), []
    for _ in range(100):
        t = pycwt.cwt(pycwt.rednoise(400, 0.5, seed=rng), 1.0, 0.5, 4.0, 8, MORSE)
        level = pycwt.significance(1 / 0.75, 1.0, t.sj, 0, 0.5, wavelet=MORSE).signif
        shares.append((t.power > level[:, None])[t.outside].mean())
    measured("points of power, Morse, N = 400", shares)
    assert abs(np.mean(shares) - 0.05) < 5 * np.std(shares) / 10


@pytest.mark.parametrize(
    "call",
    [
        lambda t, c: pycwt.global_spectrum(t),
        lambda t, c: pycwt.scale_average(t, [8, 30]),
        lambda t, c: pycwt.coherence_phase(c, significant=False),
        lambda t, c: t.significance(test=1),
        lambda t, c: t.plot_global(),
        lambda t, c: t.plot(with_global=True),
    ],
    ids=["global_spectrum", "scale_average", "coherence_phase", "averages", "plot_global", "plot"],
)
def test_what_needs_the_empirical_factors_is_refused(call):
    (t,) = transforms(X)
    c = pycwt.wct(X, Y, 1.0, **GRID, wavelet=MORSE, sig=False)
    with pytest.raises(ValueError, match=r"(gamma|deltaj0) isn't known for Morse\(3, 20\)"):
        call(t, c)


def test_phase_of_a_region_with_a_number_of_independent_values():
    lead = np.cos(2 * np.pi * T / 16)
    late = np.cos(2 * np.pi * (T - 2) / 16)
    c = pycwt.wct(lead + 0.1 * X, late + 0.1 * Y, 1.0, **GRID, wavelet=MORSE, sig=False)
    found = pycwt.coherence_phase(c, periods=[14, 18], significant=False, independent=20)
    assert found.mean == pytest.approx(2 * np.pi * 2 / 16, abs=0.03)


def test_lag_of_a_band():
    base = pycwt.rednoise(604, 0.6, seed=63)
    found = pycwt.band_correlation(
        base[4:], base[:-4] + 0.1 * X, 1.0, [8, 20], np.arange(-6, 7), wavelet="morse"
    )
    assert found.lags[found.r.argmax()] == 4


def test_reproducing_kernel_of_paul_by_another_name():
    """γ = 1 is Paul's wavelet; and of Morse the kernel is far from vanished at 24 scales."""
    u, b = np.linspace(-2, 2, 9), np.linspace(0, 10, 21)
    np.testing.assert_allclose(
        reproducing_kernel(u, b, pycwt.Morse(1, 4)), reproducing_kernel(u, b, "paul"), atol=1e-9
    )
    # The half-width of the patch is where the kernel falls to its level.
    patch = critical_patch(0.012, 0.25, pycwt.Morse(3, 200))
    own = patch.half_widths[patch.offsets == 0]
    assert own[0] > 24
    assert reproducing_kernel([0.0], own, pycwt.Morse(3, 200))[0, 0] == pytest.approx(
        0.012, rel=0.02
    )


def test_areawise_test_sorts_out_nine_tenths():
    """Of what noise makes significant by chance; the calibration reaches 0.1 by bisection."""
    (t,) = transforms(X)
    level, left = areawise_calibration(600, 1.0, t.sj, 0.5, mc_count=40, seed=2, wavelet=MORSE)
    assert left == pytest.approx(0.1, abs=0.02)
    test = pycwt.areawise_test(t, alpha=0.5, kernel_level=level)
    assert (test.significant <= test.pointwise).all()


@pytest.mark.parametrize("null", ["ar1", "white", "phase"])
def test_levels_say_which_estimator_ran(null):
    found = pycwt.wct(
        *(X[:200], Y[:200], 1.0, 0.5, 2.0, 6),
        wavelet=MORSE,
        **{"mc_count": 40, "seed": 3, "cache": False, "progress": False, "null": null},
    )
    assert found.estimator == found.monte_carlo.task.estimator == "full"
    assert "estimator full" in repr(found)
    assert ((found.sig > 0.2) & (found.sig < 1)).all()


def test_the_cascade_is_for_other_wavelets():
    options = {"mc_count": 40, "seed": 3, "cache": False, "progress": False}
    usual = pycwt.wct(X, Y, 1.0, 0.5, 2.0, 6, **options)
    assert usual.estimator == "cascade"
    text = r"estimator='cascade' isn't calibrated for .* morse: take estimator='full'"
    with pytest.raises(ValueError, match=text):
        pycwt.wct(X, Y, 1.0, 0.5, 2.0, 6, wavelet=MORSE, estimator="cascade", **options)
    with pytest.raises(ValueError, match=text):
        pycwt.wct_significance(0.5, 0.3, 1.0, 0.5, 2.0, 6, wavelet="morse", estimator="cascade")
    with pytest.raises(ValueError, match="estimator must be one of"):
        pycwt.wct_significance(0.5, 0.3, 1.0, 0.5, 2.0, 6, estimator="quick")
