from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

import pycwt_mod as pycwt
from pycwt_mod.background import cross_level, scale_average_dof

SCALES = 2.0 * 2 ** (np.arange(20) / 4)


@pytest.mark.parametrize("wavelet", ["morlet", "paul", "dog"])
def test_points_follow_chi2(wavelet):
    nu = 1 if wavelet == "dog" else 2
    level, theory = pycwt.significance(2.5, 1.0, SCALES, 0, 0.3, 0.9, wavelet=wavelet)
    np.testing.assert_allclose(level / theory, stats.chi2.ppf(0.9, nu) / nu)
    assert level.shape == theory.shape == SCALES.shape


def test_false_alarms_of_power(measured):
    """AR(1) noise exceeds its 5 % level at 5 % of points.

    100 series; the share of each is one independent number; five standard errors.
    """
    rng = np.random.default_rng(21)
    shares = []
    for _ in range(100):
        x = pycwt.rednoise(512, 0.5, seed=rng)
        W, sj, freqs, coi, *_ = pycwt.cwt(x, 1.0, 0.5, 4.0, 8)
        level, _ = pycwt.significance(1 / (1 - 0.25), 1.0, sj, 0, 0.5)
        outside = 1 / freqs[:, None] <= coi
        shares.append((np.abs(W) ** 2 > level[:, None])[outside].mean())
    measured("points of power, AR(1) 0.5, N = 512", shares)
    assert abs(np.mean(shares) - 0.05) < 5 * np.std(shares) / 10


@pytest.mark.parametrize("dof", [-1, 200, [200] * 20, np.full(20, 200.0), [200]])
def test_time_averages_take_any_form_of_dof(dof):
    x = pycwt.rednoise(200, 0.4, seed=22)
    level, theory = pycwt.significance(x, 1.0, SCALES, 1, 0.4, dof=dof)
    nu = 2 * np.sqrt(1 + (200 / 2.32 / SCALES) ** 2)  # TC98, eq. 23
    np.testing.assert_allclose(level, theory * stats.chi2.ppf(0.95, nu) / nu)


def test_background_is_left_alone():
    x = pycwt.rednoise(200, 0.4, seed=22)
    spectra = [pycwt.significance(x, 1.0, SCALES, test, 0.4).fft_theor for test in (0, 1)]
    np.testing.assert_array_equal(*spectra)
    np.testing.assert_allclose(
        spectra[0], x.var() * pycwt.ar1_spectrum(1 / (pycwt.Morlet().flambda() * SCALES), 0.4)
    )


def test_alpha_comes_from_the_series():
    x = pycwt.rednoise(200, 0.4, seed=22)
    estimated = pycwt.significance(list(x), 1, list(SCALES))
    np.testing.assert_array_equal(
        estimated.signif, pycwt.significance(x, 1, SCALES, alpha=pycwt.ar1(x).g).signif
    )
    white = pycwt.significance(1, 1, SCALES)
    np.testing.assert_array_equal(white.fft_theor, np.ones(20))


def test_scale_average_gives_numbers():
    level, theory = pycwt.significance(1.0, 1.0, SCALES, 2, 0.2, dof=[4, 16])
    assert np.ndim(level) == np.ndim(theory) == 0
    assert scale_average_dof([4, 16], SCALES, "morlet") > 2


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"sigma_test": 3}, "sigma_test"),
        ({"alpha": 1.0}, "alpha"),
        ({"significance_level": 1}, "significance_level"),
        ({"scales": []}, "scales"),
        ({"scales": [1, -2]}, "scales must be positive.*index 1"),
        ({"dt": 0}, "dt"),
        ({"signal": -1.0}, "signal"),
        ({"sigma_test": 1}, "dof must be the number of points"),
        ({"sigma_test": 1, "dof": [1, 2]}, "one for each of the 20 scales"),
        ({"sigma_test": 1, "dof": np.nan}, "dof must be finite"),
        ({"sigma_test": 1, "dof": 5, "wavelet": pycwt.Morlet(5)}, "gamma isn't known"),
        ({"sigma_test": 2}, "band"),
        ({"sigma_test": 2, "dof": [8, 4]}, "band"),
        ({"sigma_test": 2, "dof": [1000, 2000]}, "no scale lies in the band"),
        ({"sigma_test": 2, "dof": [4, 8], "wavelet": pycwt.Paul(6)}, "deltaj0 isn't known"),
    ],
)
def test_bad_arguments(arguments, match):
    usual = {"signal": 1.0, "dt": 1.0, "scales": SCALES, "alpha": 0.1}
    with pytest.raises(ValueError, match=match):
        pycwt.significance(**{**usual, **arguments})


@pytest.mark.parametrize("p", [0.1, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("nu", [1, 2])
def test_cross_level_is_the_quantile_of_its_density(p, nu):
    """Numerical integral of TC98's eq. 30."""

    def density(z):
        return 2 ** (2 - nu) / special.gamma(nu / 2) ** 2 * z ** (nu - 1) * special.k0(z)

    below = integrate.quad(density, 0, cross_level(p, nu))[0]
    assert below == pytest.approx(p, abs=1e-7)
