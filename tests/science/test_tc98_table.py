"""The published output of Torrence's test program, to its printed digits.

Half a unit of the last printed digit is allowed; the table itself says that other compilers
may differ by up to 1 %.
"""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.background import cross_level, scale_average_dof

HALF_DIGIT = 0.0005 + 1e-9

# j, scale, period, |w|² and phase at the middle, 5 % level, global spectrum, its 5 % level
TABLE = np.array(
    [
        [float(field) for field in line.split()]
        for line in """
 1   0.250   0.258 0.000  116.357 7.230 0.000 2.689
 2   0.297   0.307 0.000  116.564 0.813 0.000 0.305
 3   0.354   0.365 0.000  118.295 0.371 0.001 0.141
 4   0.420   0.434 0.003  122.777 0.277 0.007 0.106
 5   0.500   0.517 0.012  132.364 0.263 0.029 0.102
 6   0.595   0.614 0.022  143.603 0.286 0.043 0.112
 7   0.707   0.730 0.023  141.647 0.337 0.058 0.134
 8   0.841   0.869 0.050  135.089 0.418 0.096 0.169
 9   1.000   1.033 0.259  148.135 0.537 0.177 0.221
10   1.189   1.229 0.335  172.986 0.704 0.269 0.295
11   1.414   1.461 0.456 -125.342 0.931 0.396 0.398
12   1.682   1.737 0.983 -117.802 1.236 0.548 0.539
13   2.000   2.066 0.445 -159.262 1.635 0.785 0.729
14   2.378   2.457 0.201  153.529 2.140 1.276 0.977
15   2.828   2.922 0.022   13.591 2.758 1.954 1.292
16   3.364   3.475 0.016   58.034 3.481 2.569 1.676
17   4.000   4.132 0.944 -165.529 4.285 2.270 2.125
18   4.757   4.914 2.964 -146.529 5.130 2.109 2.625
19   5.657   5.844 0.734 -140.449 5.968 2.357 3.157
20   6.727   6.949 0.206   66.755 6.750 1.703 3.700
21   8.000   8.264 0.309  120.272 7.442 1.368 4.236
22   9.514   9.828 1.300  131.020 8.025 1.318 4.753
23  11.314  11.688 2.055  137.350 8.496 1.605 5.246
24  13.454  13.899 2.273  129.854 8.865 1.823 5.716
25  16.000  16.529 0.237  119.806 9.146 1.311 6.167
26  19.027  19.656 0.361 -116.176 9.355 1.424 6.603
27  22.627  23.375 0.130  -50.341 9.509 1.154 7.027
28  26.909  27.798 1.415   12.274 9.621 1.295 7.440
29  32.000  33.057 0.850   14.676 9.702 0.643 7.838
30  38.055  39.312 0.559  -34.619 9.760 0.587 8.214
31  45.255  46.750 1.005  -42.794 9.802 1.008 8.560
32  53.817  55.596 0.285    2.065 9.831 0.539 8.867
33  64.000  66.115 0.700   91.352 9.852 0.728 9.128
34  76.109  78.624 1.477  117.662 9.867 1.363 9.341
35  90.510  93.500 1.247  133.609 9.878 1.169 9.508
36 107.635 111.191 0.666  173.291 9.885 0.621 9.634
37 128.000 132.230 0.921 -172.955 9.891 0.914 9.726
38 152.219 157.248 0.171 -162.954 9.894 0.161 9.790
39 181.019 187.001 0.143 -114.740 9.897 0.140 9.834
40 215.269 222.383 1.092 -112.308 9.899 1.092 9.863
41 256.000 264.459 2.003 -112.306 9.900 2.003 9.881
42 304.437 314.497 0.296 -112.306 9.901 0.296 9.893
43 362.039 374.002 0.001 -112.306 9.902 0.001 9.899
44 430.539 444.766 0.000 -112.306 9.902 0.000 9.902
""".strip().splitlines()
    ]
)
DT, DJ, LAG1 = 0.25, 0.25, 0.72


@pytest.fixture(scope="module")
def nino3():
    return pycwt.load_dataset("nino3").values


@pytest.fixture(scope="module")
def nino3_transform(nino3):
    return pycwt.cwt(nino3, DT, dj=DJ, s0=0.25, J=43, wavelet=pycwt.Morlet(6))


def close(values, column):
    np.testing.assert_allclose(values, TABLE[:, column], rtol=0, atol=HALF_DIGIT)


def test_scales_and_periods(nino3_transform):
    close(nino3_transform.sj, 1)
    close(1 / nino3_transform.freqs, 2)


def test_power_and_phase_in_the_middle(nino3_transform):
    middle = nino3_transform.W[:, 251]  # sample 252 counted from 1
    close(np.abs(middle) ** 2, 3)
    turn = np.angle(middle * np.exp(-1j * np.deg2rad(TABLE[:, 4])), deg=True)
    np.testing.assert_allclose(turn, 0, atol=HALF_DIGIT)


def test_five_percent_level(nino3, nino3_transform):
    close(pycwt.significance(nino3, DT, nino3_transform.sj, 0, LAG1).signif, 5)


def test_global_spectrum_and_its_level(nino3, nino3_transform):
    close((np.abs(nino3_transform.W) ** 2).mean(axis=1), 6)
    sj = nino3_transform.sj
    # The program counts N − s points at each scale.
    close(pycwt.significance(nino3, DT, sj, 1, LAG1, dof=nino3.size - sj).signif, 7)


def test_scale_average(nino3, nino3_transform):
    band, sj = [2.0, 7.9], nino3_transform.sj  # rows 13 to 20
    assert scale_average_dof(band, sj, "morlet") == pytest.approx(6.441, abs=HALF_DIGIT)
    level, _ = pycwt.significance(nino3, DT, sj, 2, LAG1, dof=band)
    assert float(level) == pytest.approx(0.439, abs=HALF_DIGIT)


def test_reconstructed_variance_and_series(nino3, nino3_transform):
    """Parseval's theorem of TC98, eq. 14, and eq. 11, as the program prints them."""
    W, sj = nino3_transform.W, nino3_transform.sj
    variance = DJ * DT / (0.776 * nino3.size) * (np.abs(W) ** 2 / sj[:, None]).sum()
    assert variance == pytest.approx(0.51547, abs=5.1e-6)
    assert nino3.var() == pytest.approx(0.53817, abs=5.1e-6)
    assert variance / nino3.var() == pytest.approx(0.95783, abs=5.1e-6)
    assert nino3.mean() == pytest.approx(-0.00002, abs=5.1e-7)
    back = pycwt.icwt(W, sj, DT, DJ, method="classical")
    assert back.mean() == pytest.approx(0, abs=5.1e-7)
    rest = pycwt.icwt(W, sj, DT, DJ, method="classical") - (nino3 - nino3.mean())
    assert np.sqrt((rest**2).mean()) == pytest.approx(0.002309, abs=5.1e-7)


def test_reconstruction_as_in_the_paper(nino3):
    """TC98, section 3i: s0 = 2·dt, dj = 1/8, J = 56: 1.4 % of the variance, 0.087 °C."""
    W, sj, *_ = pycwt.cwt(nino3, DT, dj=1 / 8, s0=0.5, J=56)
    rest = pycwt.icwt(W, sj, DT, 1 / 8, method="classical") - (nino3 - nino3.mean())
    assert (rest**2).mean() <= 0.014 * nino3.var()
    assert np.sqrt((rest**2).mean()) <= 0.087


def test_numbers_of_the_papers_text(nino3):
    """TC98, sections 2b and 4a: σ² = 0.54, and α = (r₁ + √r₂)/2 = 0.72."""
    y = nino3 - nino3.mean()
    r1, r2 = ((y[k:] @ y[:-k]) / (y @ y) for k in (1, 2))
    assert nino3.var() == pytest.approx(0.54, abs=0.005)
    assert (r1 + np.sqrt(r2)) / 2 == pytest.approx(0.72, abs=0.005)


def test_lag1_of_the_paper(nino3):
    """0.72 is (r₁ + √r₂)/2 of the raw autocorrelations; the unbiased r₁ is nearby."""
    g, a, mu2 = pycwt.ar1(nino3)
    assert g == pytest.approx(0.7674, abs=0.01)
    assert a**2 / (1 - g**2) * (1 - mu2) == pytest.approx(nino3.var(), rel=1e-9)


@pytest.mark.parametrize(
    ("p", "one", "two"), [(0.90, 1.595, 3.214), (0.95, 2.182, 3.999), (0.99, 3.604, 5.767)]
)
def test_cross_wavelet_levels(p, one, two):
    """Table 3 of the errata; 3.999 is printed for 3.9985, so one unit of the digit."""
    assert cross_level(p, 1) == pytest.approx(one, abs=HALF_DIGIT)
    assert cross_level(p, 2) == pytest.approx(two, abs=HALF_DIGIT)
