from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.smoothing import scale_weights
from pycwt_mod.wavelets import find_wavelet, wavelet_of

EVERY = [
    pycwt.Morlet(6),
    pycwt.Morlet(12.5),
    pycwt.Paul(4),
    pycwt.Paul(1),
    pycwt.DOG(2),
    pycwt.DOG(6),
    pycwt.DOG(3),
]


@pytest.mark.parametrize(
    ("wavelet", "cdelta", "gamma", "deltaj0", "psi0"),
    [
        (pycwt.Morlet(6), 0.776, 2.32, 0.60, np.pi**-0.25),
        (pycwt.Paul(4), 1.132, 1.17, 1.5, 1.079),
        (pycwt.DOG(2), 3.541, 1.43, 1.4, 0.867),
        (pycwt.DOG(6), 1.966, 1.37, 0.97, 0.884),
        (pycwt.MexicanHat(), 3.541, 1.43, 1.4, 0.867),
    ],
    ids=repr,
)
def test_table_2(wavelet, cdelta, gamma, deltaj0, psi0):
    assert (wavelet.cdelta, wavelet.gamma, wavelet.deltaj0) == (cdelta, gamma, deltaj0)
    assert wavelet.smoothing_width == pytest.approx(deltaj0)
    assert wavelet.psi0 == pytest.approx(psi0, abs=0.0005)
    assert complex(wavelet.psi(0.0)) == pytest.approx(psi0, abs=0.0005)


@pytest.mark.parametrize(
    ("wavelet", "factor", "efolding"),
    [
        (pycwt.Morlet(6), 1.03304, np.sqrt(2)),
        (pycwt.Paul(4), 1.3963, 1 / np.sqrt(2)),
        (pycwt.DOG(2), 3.9738, np.sqrt(2)),
        (pycwt.DOG(6), 2.4645, np.sqrt(2)),
    ],
    ids=repr,
)
def test_table_1(wavelet, factor, efolding):
    assert wavelet.flambda() == pytest.approx(factor, abs=5e-5)
    assert 1 / wavelet.coi() == pytest.approx(efolding)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_fourier_factor_is_where_a_cosine_peaks(wavelet):
    """TC98, section 3h: the power of a cosine of unit frequency, s|ψ̂₀(s)|², over scale."""
    s = 2 * np.pi / wavelet.flambda() * np.exp(np.linspace(-0.1, 0.1, 2001))
    power = s * np.abs(wavelet.psi_ft(s)) ** 2
    assert 2 * np.pi / s[power.argmax()] == pytest.approx(wavelet.flambda(), rel=2e-4)


@pytest.mark.parametrize(
    ("wavelet", "at_zero", "at_one", "transform_at_two"),
    [
        (pycwt.Morlet(6), np.pi**-0.25, np.pi**-0.25 * np.exp(6j - 0.5), np.pi**-0.25 * np.exp(-8)),
        # 2⁴ 4!/√(8! π) and its (1 − i)⁻⁵ = (1 − i)⁻¹ · −¼, and 2⁴ 2⁴ e⁻²/√(4 · 7!)
        (pycwt.Paul(4), 384 / 355.911, 1.0789 * -(1 + 1j) / 8, 256 * np.exp(-2) / 141.986),
        # −d²/dη² exp(−η²/2) = (1 − η²) exp(−η²/2), over √Γ(5/2) = √1.32934
        (pycwt.DOG(2), 0.867325, 0.0, 4 * np.exp(-2) * 0.867325),
    ],
    ids=repr,
)
def test_table_1_worked_out_by_hand(wavelet, at_zero, at_one, transform_at_two):
    assert complex(wavelet.psi(0.0)) == pytest.approx(at_zero, abs=1e-4)
    assert complex(wavelet.psi(1.0)) == pytest.approx(at_one, abs=1e-4)
    assert complex(wavelet.psi_ft(2.0)) == pytest.approx(transform_at_two, abs=1e-4)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_transform_has_unit_energy(wavelet):
    omega = np.linspace(-60, 60, 400_001)
    energy = (np.abs(wavelet.psi_ft(omega)) ** 2).sum() * (omega[1] - omega[0])
    assert energy == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_transform_is_that_of_the_wavelet(wavelet):
    """Up to a phase: Table 1 leaves the factor iᵐ of Paul, and a sign of odd DOG, out of one."""
    eta = np.linspace(-400, 400, 800_001)
    for x in (0.7, 2.0, 5.5):
        integral = (wavelet.psi(eta) * np.exp(-1j * x * eta)).sum() * 0.001 / np.sqrt(2 * np.pi)
        assert abs(integral) == pytest.approx(abs(complex(wavelet.psi_ft(x))), abs=1e-5)


@pytest.mark.parametrize(
    ("wavelet", "tolerance"),
    [(pycwt.Morlet(6), 0.004), (pycwt.Paul(4), 0.001), (pycwt.DOG(2), 0.022), (pycwt.DOG(6), 0.02)],
    ids=repr,
)
def test_computed_cdelta_meets_the_published_one(wavelet, tolerance):
    assert wavelet.exact_cdelta == pytest.approx(wavelet.cdelta, rel=tolerance)


@pytest.mark.parametrize(
    "wavelet",
    [pycwt.Morlet(4), pycwt.Morlet(20), pycwt.Paul(2), pycwt.Paul(7), pycwt.DOG(4), pycwt.DOG(8)],
    ids=repr,
)
def test_cdelta_of_other_orders_reconstructs(wavelet):
    rng = np.random.default_rng(5)
    x = rng.standard_normal(256)
    x = np.convolve(x, np.exp(-((np.arange(-20, 21) / 4) ** 2)), "same") * np.hanning(256)
    dj = 1 / 20
    W, sj, *_ = pycwt.cwt(x, 1, dj, s0=0.2, J=15 * 20, wavelet=wavelet)
    inside = slice(64, 192)
    rest = (pycwt.icwt(W, sj, 1, dj, wavelet, method="classical") - (x - x.mean()))[inside]
    assert rest.std() < 0.03 * x.std()


@pytest.mark.parametrize("attribute", ["gamma", "deltaj0"])
def test_factors_that_nobody_published_are_refused(attribute):
    with pytest.raises(ValueError, match=f"{attribute} isn't known for Morlet"):
        getattr(pycwt.Morlet(8), attribute)


def test_odd_derivatives_have_no_inverse():
    with pytest.raises(ValueError, match="odd orders"):
        _ = pycwt.DOG(3).cdelta


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: pycwt.Morlet(0.2), "f0"),
        (lambda: pycwt.Morlet(float("nan")), "f0"),
        (lambda: pycwt.Paul(0), "m must be a whole number"),
        (lambda: pycwt.Paul(2.5), "m must be a whole number"),
        (lambda: pycwt.DOG(-2), "m must be a whole number"),
        (lambda: find_wavelet("haar"), "morlet, paul, dog, mexicanhat, morse"),
        (lambda: wavelet_of("paul", 2.5), "order"),
    ],
)
def test_bad_wavelets(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_names_and_equality():
    assert find_wavelet("Morlet") == pycwt.Morlet(6)
    assert find_wavelet("mexican hat") == pycwt.DOG(2) == wavelet_of("dog", 2.0)
    assert pycwt.Paul(4) != pycwt.DOG(4)
    assert len({pycwt.Paul(4), pycwt.Paul(4.0), pycwt.Paul(3)}) == 2
    with pytest.raises(TypeError, match="wavelet"):
        find_wavelet(6)


def test_scale_weights_of_grinsted():
    """His toolbox at dj = 1/12: half-window 3.6, weights 0.6, seven ones, 0.6, sum 8.2."""
    weights = np.array(scale_weights(1 / 12, "morlet"))
    np.testing.assert_allclose(weights * 8.2, [0.6, 1, 1, 1, 1, 1, 1, 1, 0.6], rtol=1e-8)


def test_scale_weights_on_other_grids():
    # d = 3 exactly: five ones between two zeros, whatever binary makes of 0.1.
    np.testing.assert_allclose(np.array(scale_weights(0.1, "morlet")) * 5, [0, 1, 1, 1, 1, 1, 0])
    assert scale_weights(1.0, "morlet") == (1.0,)
    for dj in (0.01, 1 / 24, 0.3, 0.6, 2):
        weights = scale_weights(dj, "paul")
        assert len(weights) % 2 == 1
        assert weights == weights[::-1]
        assert sum(weights) == pytest.approx(1)
