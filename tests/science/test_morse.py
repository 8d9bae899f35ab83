"""Generalised Morse wavelets, against their definition and against Paul's and DOG's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

import pycwt_mod as pycwt
from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.smoothing import time_window
from pycwt_mod.wavelets import find_wavelet, wavelet_of

EVERY = [
    pycwt.Morse(),
    pycwt.Morse(3, 3.3),
    pycwt.Morse(1, 4),
    pycwt.Morse(2, 2),
    pycwt.Morse(10, 200),
    pycwt.Morse(3, 1),
]


def fourier(wavelet, eta):
    """(2π)^(−½) ∫ ψ̂₀(x) exp(ixη) dx by adaptive quadrature."""
    top = 12 * (wavelet.beta / wavelet.shape) ** (1 / wavelet.shape)
    parts = [
        integrate.quad(lambda x, f=f: wavelet.psi_ft(x) * f(x * eta), 0, top, limit=400)[0]
        for f in (np.cos, np.sin)
    ]
    return complex(*parts) / np.sqrt(2 * np.pi)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_unit_energy_and_shape_in_time(wavelet):
    energy = integrate.quad(lambda x: wavelet.psi_ft(np.exp(x)) ** 2 * np.exp(x), -9, 4, limit=400)
    assert energy[0] == pytest.approx(1)
    for eta in (0.0, 0.4, -1.7, 6.0):
        assert complex(wavelet.psi(eta)) == pytest.approx(fourier(wavelet, eta), abs=1e-7)
    assert wavelet.psi0 == pytest.approx(fourier(wavelet, 0.0).real)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_peak_and_duration(wavelet):
    """Lilly & Olhede (2009), eq. 10 and 24: ω_p = (β/γ)^(1/γ), −ω_p² ψ̂''/ψ̂ = βγ there."""
    wanted = 2 * np.pi / wavelet.flambda()
    found = optimize.minimize_scalar(
        lambda x: -float(wavelet.psi_ft(x)), bounds=(wanted / 2, 2 * wanted), method="bounded"
    ).x
    assert found == pytest.approx(wanted, rel=1e-5)
    step = 1e-4 * wanted
    bend = wavelet.psi_ft(wanted + step * np.array([-1, 0, 1])) @ [1, -2, 1] / step**2
    duration = -(wanted**2) * bend / float(wavelet.psi_ft(wanted))
    assert duration == pytest.approx(wavelet.beta * wavelet.shape, rel=1e-5)


@pytest.mark.parametrize("m", [1, 2, 4, 11, 40])
def test_gamma_one_is_paul(m):
    morse, paul = pycwt.Morse(1, m), pycwt.Paul(m)
    x, eta = np.linspace(-1, 3 * m, 200), np.linspace(-3, 3, 101)
    np.testing.assert_allclose(morse.psi_ft(x), paul.psi_ft(x), atol=1e-13)
    np.testing.assert_allclose(1j**m * morse.psi(eta), paul.psi(eta), atol=1e-12)
    assert morse.exact_cdelta == pytest.approx(paul.exact_cdelta)
    assert morse.psi0 == pytest.approx(paul.psi0)
    # Paul's tails have a formula, Morse's are cut off.
    tolerance = {1: 5e-4, 2: 2e-5}.get(m, 1e-8)
    scales = np.array([0.7, 5.0, 60.0])
    np.testing.assert_allclose(
        time_window(morse, scales, 512), time_window(paul, scales, 512), atol=tolerance
    )


def test_gamma_two_is_the_analytic_half_of_dog():
    x = np.linspace(0.01, 8, 100)
    for m in (1, 2, 6):
        ratio = pycwt.Morse(2, m).psi_ft(x / np.sqrt(2)) / np.abs(pycwt.DOG(m).psi_ft(x))
        # Twice the energy in one half, and √2 for the scale.
        np.testing.assert_allclose(ratio, np.sqrt(2) * 2**0.25)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_efolding_time(wavelet):
    """|ψ₀|² falls to e⁻² of its peak, as TC98's figures for Morlet (√2) and Paul 4 (1/√2) do."""
    power = np.abs(wavelet.psi([0.0, wavelet.efolding])) ** 2
    assert power[1] / power[0] == pytest.approx(np.exp(-2), rel=1e-6)
    assert np.abs(pycwt.Morlet().psi(np.sqrt(2))) ** 2 * np.sqrt(np.pi) == pytest.approx(np.exp(-2))
    assert pycwt.Morse(1, 4).efolding == pytest.approx(1 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("wavelet", EVERY[:5], ids=repr)
def test_smoothing_in_time_is_the_window_of_the_wavelet(wavelet):
    """The transform of |ψ₀(t/s)| sampled finely and far enough, over its sum."""
    n, s = 1 << 14, 40.0 / wavelet.efolding
    t = np.arange(n) - n // 2
    window = np.abs(wavelet.psi(t / s))
    direct = np.fft.rfft(np.fft.ifftshift(window)).real / window.sum()
    np.testing.assert_allclose(time_window(wavelet, np.array([s]), n)[0], direct, atol=5e-5)


def test_long_ones_are_close_to_morlet():
    """γ = 3 comes closest; Morse of √(βγ) = ω₀ sees the same oscillation as sharply."""
    t = np.arange(400)
    x = np.cos(2 * np.pi * t / 20) * np.exp(-(((t - 200) / 80) ** 2))
    periods = np.geomspace(10, 40, 49)
    power = [
        np.abs(pycwt.cwt(x, 1, periods=periods, wavelet=w).W[:, 200]) ** 2
        for w in (pycwt.Morlet(6), pycwt.Morse(3, 12))
    ]
    assert np.corrcoef(power)[0, 1] > 0.99
    for row in power:
        assert periods[row.argmax()] == pytest.approx(20, rel=0.03)


@pytest.mark.parametrize("wavelet", EVERY, ids=repr)
def test_grids_end_at_the_period_of_the_series(wavelet):
    """From 2·dt to N·dt, whatever part of a period a scale is; to half a step."""
    periods = pycwt.cwt(pycwt.rednoise(300, 0.5, seed=37), 0.5, 1 / 8, wavelet=wavelet).periods
    assert periods[0] == pytest.approx(1)
    assert abs(np.log2(periods[-1] / 150)) <= 1 / 16


def test_coherence():
    t = np.arange(400)
    hiss = pycwt.rednoise(400, 0.0, 1e-6, seed=36)
    lead = np.sin(2 * np.pi * t / 12) + hiss
    result = pycwt.wct(
        lead, np.sin(2 * np.pi * (t - 2) / 12), 1, periods=[12], sig=False, wavelet="morse"
    )
    np.testing.assert_allclose(result.aWCT[0, 150:250], 2 * np.pi / 6, atol=0.01)
    np.testing.assert_allclose(result.WCT[0, 150:250], 1, atol=1e-6)


def test_false_alarms_of_coherence(measured):
    """Independent noises exceed their 5 % level at 5 % of points.

    60 pairs; the share of each is one independent number; five standard errors of their mean,
    and the Monte Carlo error of the level, 0.01 in R², which is 0.02 in probability there.
    """
    rng = np.random.default_rng(41)
    dj, s0, J = 0.25, 1.2, 8
    levels = pycwt.wct_significance(
        0.6, 0.2, 1, dj, s0, J, wavelet="morse", mc_count=300, seed=5, cache=False, progress=False
    )
    shares = []
    for _ in range(60):
        pair = [pycwt.rednoise(256, g, seed=rng) for g in (0.6, 0.2)]
        result = pycwt.wct(*pair, 1, dj, s0, J, sig=False, wavelet="morse")
        outside = result.periods[:, None] <= result.coi
        shares.append((levels[:, None] < result.WCT)[outside].mean())
    measured("points of R², Morse, N = 256", shares)
    assert abs(np.mean(shares) - 0.05) < 5 * np.std(shares) / np.sqrt(60) + 0.02


def test_the_job_of_a_significance():
    task = coherence_task(0.5, 0.2, 1, 0.25, -1, 8, pycwt.Morse(2, 5))
    assert (task.family, task.order, task.shape) == ("morse", 5.0, 2.0)
    assert SignificanceTask.from_dict(task.to_dict()) == task
    assert wavelet_of(task.family, task.order, task.shape) == pycwt.Morse(2, 5)
    # The largest scale has points outside the cone.
    assert task.length > 2 * pycwt.Morse(2, 5).efolding * task.scales[-1] + 1
    assert "shape" not in coherence_task(0.5, 0.2, 1, 0.25, -1, 8).to_dict()
    with pytest.raises(ValueError, match="shape must be γ"):
        SignificanceTask.from_dict({**task.to_dict(), "shape": 0.0})


def test_names_and_bad_parameters():
    assert find_wavelet("Morse") == pycwt.Morse(3, 20) != pycwt.Morse(2, 20)
    assert repr(pycwt.Morse(2.5)) == "Morse(2.5, 20)"
    for arguments, match in (
        ({"gamma": 0.5}, "γ of the Morse wavelet must be 1 to 10"),
        ({"beta": 0.9}, "β of the Morse wavelet must be 1 to 200"),
        ({"beta": -1}, "beta must be a positive number"),
    ):
        with pytest.raises(ValueError, match=match):
            pycwt.Morse(**arguments)
    with pytest.raises(ValueError, match=r"gamma isn't known for Morse.*for no wavelet"):
        _ = pycwt.Morse().gamma
