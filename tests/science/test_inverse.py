"""The inverse: least squares of the dual frame, and TC98's eq. 11; Parseval's theorem."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

import pycwt_mod as pycwt
from pycwt_mod.inverse import CoverageWarning

WAVELETS = [
    pycwt.Morlet(6),
    pycwt.Paul(4),
    pycwt.DOG(2),
    pycwt.DOG(3),
    pycwt.DOG(6),
    pycwt.Morse(3, 20),
    pycwt.Morse(2, 3),
]


def walk(n, seed=81):
    x = np.random.default_rng(seed).standard_normal(n).cumsum()
    return x - x.mean()


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
@pytest.mark.parametrize(("n", "dj"), [(64, 1 / 12), (147, 0.25), (504, 0.25), (363, 0.5)])
def test_dual_inverse_is_exact(wavelet, n, dj):
    x = 3 * walk(n) + 40
    W, sj, *_ = pycwt.cwt(x, 0.25, dj, wavelet=wavelet)
    back = pycwt.icwt(W, sj, 0.25, dj, wavelet)
    np.testing.assert_allclose(back, x - x.mean(), rtol=0, atol=1e-10 * np.abs(x - x.mean()).max())


@pytest.mark.parametrize("size", [1e-280, 1e280])
def test_any_amplitude(size):
    x = walk(64)
    W, sj, *_ = pycwt.cwt(x * size, 1)
    np.testing.assert_allclose(pycwt.icwt(W, sj, 1) / size, x, atol=1e-10 * np.abs(x).max())


def test_uneven_scales_in_any_order_will_do():
    x = walk(200)
    periods = np.random.default_rng(82).permutation(np.linspace(2, 230, 120))
    W, sj, *_ = pycwt.cwt(x, 1, periods=periods)
    np.testing.assert_allclose(pycwt.icwt(W, sj, 1), x, atol=1e-10 * np.abs(x).max())


def test_single_precision_comes_back_to_its_precision():
    x = walk(300)
    W, sj, *_ = pycwt.cwt(x, 1, dtype="complex64")
    np.testing.assert_allclose(pycwt.icwt(W, sj, 1), x, atol=2e-5 * np.abs(x).max())


def test_what_no_scale_sees_is_told():
    """A fast and a slow oscillation, and scales for the fast one alone."""
    t = np.arange(512)
    # Without steps at the ends, which are of all frequencies.
    fast, slow = (np.cos(2 * np.pi * t / period) * np.hanning(512) for period in (8, 128))
    W, sj, *_ = pycwt.cwt(fast + slow, 1, periods=np.geomspace(4, 16, 25))
    assert issubclass(CoverageWarning, pycwt.CautionWarning)
    with pytest.warns(CoverageWarning, match=r"of the series' 256 frequencies") as caught:
        back = pycwt.icwt(W, sj, 1)
    assert caught[0].filename == __file__
    missing = int(str(caught[0].message).split()[0])
    # Morlet's band of 4 to 16 samples reaches to about 3 and 30, 1e−4 of the power: 512/30 = 17
    # frequencies below.
    assert 10 < missing < 100
    assert np.abs(back - fast).max() < 0.05


def test_the_classical_inverse_filters_a_band():
    """TC98, eq. 29; the exact inverse of the same scales isn't a filter."""
    t = np.arange(512)
    fast, slow = np.cos(2 * np.pi * t / 8), np.cos(2 * np.pi * t / 32)
    W, sj, *_ = pycwt.cwt(fast + slow, 1, 1 / 12, periods=4 * 2 ** (np.arange(24) / 12))
    band = pycwt.icwt(W, sj, 1, 1 / 12, method="classical")[128:-128]
    assert np.abs(band - fast[128:-128]).max() < 0.05


@pytest.mark.parametrize("wavelet", [w for w in WAVELETS if w != pycwt.DOG(3)], ids=repr)
def test_classical_inverse_of_wide_grids(wavelet):
    """Eq. 11 with the published or computed C_δ: 3 % of the standard deviation."""
    x = walk(400) * np.hanning(400)
    x = np.convolve(x, np.hanning(9), "same")
    x -= x.mean()
    W, sj, *_ = pycwt.cwt(x, 1, 1 / 16, s0=0.1, J=15 * 16, wavelet=wavelet)
    rest = pycwt.icwt(W, sj, 1, 1 / 16, wavelet, method="classical") - x
    assert rest[100:300].std() < 0.03 * x.std()


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
def test_parseval(wavelet):
    """σ² = δj·δt/(C·N) ΣΣ|W|²/s (TC98, eq. 14).

    It holds for C = (π/ln 2) ∫|ψ̂₀|² d|x|/|x|, both signs halved for real wavelets; C_δ, which
    eq. 14 takes, is the same for Paul alone, and within 2 % for Morlet and Morse.
    """
    x = np.zeros(1024)
    x[384:640] = np.random.default_rng(83).standard_normal(256)
    x -= x.mean()
    dt, dj = 0.5, 1 / 10
    W, sj, *_ = pycwt.cwt(x, dt, dj, s0=0.02, J=160, wavelet=wavelet)
    total = dj * dt / x.size * (np.abs(W) ** 2 / sj[:, None]).sum()

    def density(log_x):
        at = np.exp(log_x)
        return abs(wavelet.psi_ft(at)) ** 2 + abs(wavelet.psi_ft(-at)) ** 2

    factor = np.pi / np.log(2) * integrate.quad(density, -12, 4, limit=400)[0]
    assert total / factor == pytest.approx(x.var(), rel=0.01)
    if not wavelet.is_real:
        assert wavelet.exact_cdelta == pytest.approx(factor, rel=0.1 if wavelet.order < 4 else 0.02)


@pytest.mark.parametrize("f0", [4, 6, 8, 10, 20])
def test_cdelta_of_morlet_is_the_sum_of_the_definition(f0):
    """TC98, eq. 12 and 13, over a grid so wide and fine that it makes no difference."""
    wavelet = pycwt.Morlet(f0)
    omega = 2 * np.pi * np.fft.rfftfreq(1 << 15)[1:]
    s = 0.05 * 2.0 ** np.arange(0, 24, 1 / 16)
    delta = [(np.sqrt(2 * np.pi * a) * wavelet.psi_ft(a * omega)).sum() / (1 << 15) for a in s]
    total = (np.array(delta) / np.sqrt(s)).sum() / 16 / wavelet.psi0
    assert wavelet.exact_cdelta == pytest.approx(total, rel=2e-3 if f0 == 4 else 1e-6)


@pytest.mark.parametrize(
    ("wavelet", "digits"),
    [
        (pycwt.Morlet(6), 0.7784),
        (pycwt.Paul(4), np.pi / (4 * np.log(2))),
        (pycwt.DOG(2), np.sqrt(2 * np.pi) / np.log(2)),
        (pycwt.Morse(1, 7), np.pi / (7 * np.log(2))),
    ],
    ids=repr,
)
def test_cdelta_in_closed_form(wavelet, digits):
    assert wavelet.exact_cdelta == pytest.approx(digits, abs=5e-5)


@pytest.mark.parametrize("m", range(1, 41))
def test_cdelta_of_every_order(m):
    """Paul: π/(m ln 2). DOG, even orders: TC98's eq. 13 by quadrature of table 1's formulas."""
    assert pycwt.Paul(m).exact_cdelta == pytest.approx(np.pi / (m * np.log(2)), rel=1e-12)
    if m % 2:
        with pytest.raises(ValueError, match="odd orders"):
            _ = pycwt.DOG(m).exact_cdelta
        return
    # Both over √Γ(m + ½), which cancels; logarithms, as x⁴⁰ is large.
    at_zero = (-1) ** (m // 2 + 1) * abs(special.eval_hermitenorm(m, 0.0))
    peak = m / 2 * np.log(m) - m / 2
    integral = integrate.quad(
        lambda x: np.exp(m * np.log(x) - x**2 / 2 - peak) / x, 1e-9, 30, points=[np.sqrt(m)]
    )[0]
    sign = (-1) ** (m // 2 + 1)
    expected = np.sqrt(np.pi / 2) / np.log(2) * sign * 2 * np.exp(peak) * integral / at_zero
    assert pycwt.DOG(m).exact_cdelta == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pycwt.icwt(np.ones((1, 50)), [2], 1, method="best"), "method must be one of"),
        (lambda: pycwt.icwt(np.ones((1, 2)), [2], 1), "at least 4 samples"),
        (lambda: pycwt.icwt(np.full((1, 50), np.nan), [2], 1), "W must be finite"),
        (
            lambda: pycwt.icwt(np.ones((1, 50)), [2], 1, wavelet=pycwt.DOG(3), method="classical"),
            "odd orders",
        ),
    ],
)
def test_bad_arguments(call, match):
    with pytest.raises(ValueError, match=match):
        call()
