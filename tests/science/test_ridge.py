"""Ridges of sinusoids and chirps whose frequency, amplitude and phase are known."""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt


def strongest(x, dt=1.0, dj=1 / 12, **options):
    wavelet = options.get("wavelet", "morlet")
    return pycwt.ridges(pycwt.cwt(x, dt, dj, wavelet=wavelet), **options)[0]


def chirp_loss(scale, rate):
    """|∫ exp(−t²/2s² + i·rate·t²/2) dt| over its value at rate 0."""
    return (1 + (scale**2 * rate) ** 2) ** -0.25


def wrapped(angle):
    return np.angle(np.exp(1j * angle))


@pytest.mark.parametrize(
    "wavelet", [pycwt.Morlet(), pycwt.Morlet(10), pycwt.Paul(6), pycwt.Morse()], ids=repr
)
@pytest.mark.parametrize("period", [16.0, 23.7, 50.0])
def test_a_sinusoid(wavelet, period):
    t = np.arange(1500) * 0.5
    x = 7 + 3 * np.cos(2 * np.pi * t / period + 0.3)
    ridge = strongest(x, 0.5, wavelet=wavelet)
    inner = (ridge.index > 600) & (ridge.index < 900)
    assert inner.sum() == 299
    # The parabola errs by what the third power of a grid step leaves.
    np.testing.assert_allclose(ridge.period[inner], period, rtol=2e-3)
    np.testing.assert_allclose(ridge.amplitude[inner], 3, rtol=4e-3)
    np.testing.assert_allclose(ridge.frequency[inner], 1 / period, rtol=1e-3)
    expected = 2 * np.pi * t[ridge.index[inner]] / period + 0.3
    np.testing.assert_allclose(wrapped(ridge.phase[inner] - expected), 0, atol=5e-3)


def test_a_chirp():
    """x = A cos(2π(f₀t + ct²/2)), whose frequency is f₀ + ct."""
    t = np.arange(3000) * 0.1
    f0, c = 0.2, 0.004
    phase = 2 * np.pi * (f0 * t + c * t**2 / 2)
    ridge = strongest(2.5 * np.cos(phase), 0.1)
    inner = (ridge.index > 300) & (ridge.index < 2700)
    assert inner.sum() == 2399
    at = t[ridge.index[inner]]
    np.testing.assert_allclose(ridge.frequency[inner], f0 + c * at, rtol=0.01)
    np.testing.assert_allclose(1 / ridge.period[inner], f0 + c * at, rtol=0.01)
    loss = chirp_loss(ridge.scale[inner], 2 * np.pi * c)
    np.testing.assert_allclose(ridge.amplitude[inner], 2.5 * loss, rtol=0.004)
    error = wrapped(ridge.phase[inner] - phase[ridge.index[inner]])
    turn = np.arctan(ridge.scale[inner] ** 2 * 2 * np.pi * c) / 2
    assert turn.max() > 0.1
    np.testing.assert_allclose(error, turn, atol=0.01)


def test_an_exponential_chirp_with_growing_amplitude():
    """The period doubles in 400 samples: a straight line on the plane."""
    t = np.arange(1600)
    period = 12 * 2 ** (t / 400)
    x = (1 + t / 1600) * np.cos(np.cumsum(2 * np.pi / period))
    ridge = strongest(x)
    inner = (ridge.index > 100) & (ridge.index < 1200)
    np.testing.assert_allclose(ridge.period[inner], period[ridge.index[inner]], rtol=0.02)
    rate = 2 * np.pi / period[ridge.index[inner]] * np.log(2) / 400
    expected = (1 + ridge.index[inner] / 1600) * chirp_loss(ridge.scale[inner], rate)
    assert (expected / (1 + ridge.index[inner] / 1600)).min() < 0.9
    np.testing.assert_allclose(ridge.amplitude[inner], expected, rtol=0.02)


def test_two_oscillations_are_two_chains():
    t = np.arange(1200)
    x = 4 * np.cos(2 * np.pi * t / 60) + 2 * np.cos(2 * np.pi * t / 14)
    found = pycwt.ridges(pycwt.cwt(x, 1), min_amplitude=0.5)
    assert len(found) == 2
    assert [round(float(np.median(r.period))) for r in found] == [60, 14]
    assert all(np.array_equal(np.diff(r.index), np.ones(len(r) - 1)) for r in found)


def test_an_oscillation_that_comes_and_goes():
    t = np.arange(1200)
    x = np.where((t > 400) & (t < 800), np.cos(2 * np.pi * t / 20), 0) + 1e-3 * np.cos(t)
    ridge = pycwt.ridges(pycwt.cwt(x, 1), min_amplitude=0.5)[0]
    assert 385 < ridge.index[0] < 415
    assert 785 < ridge.index[-1] < 815
    assert pycwt.ridges(pycwt.cwt(x, 1), min_amplitude=0.5, min_cycles=25) == []
    assert len(pycwt.ridges(pycwt.cwt(x, 1), min_amplitude=0.5, min_cycles=19)) == 1


def test_points_below_a_level_are_left_out():
    x = pycwt.rednoise(600, 0.5, seed=151) + np.cos(2 * np.pi * np.arange(600) / 24)
    t = pycwt.cwt(x, 1)
    level = pycwt.significance(x, 1, t.sj).signif
    found = pycwt.ridges(t, level=level)
    assert 0 < len(found) < len(pycwt.ridges(t))
    for ridge in found:
        row = np.round(np.log2(ridge.scale / t.sj[0]) * 12).astype(int)
        near = [
            (np.abs(t.W[max(0, r - 1) : r + 2, i]) ** 2 >= level[max(0, r - 1) : r + 2]).any()
            for r, i in zip(row, ridge.index, strict=True)
        ]
        assert all(near)


def test_a_jump_ends_a_chain():
    t = np.arange(2000)
    x = np.where(t < 1000, np.cos(2 * np.pi * t / 10), np.cos(2 * np.pi * t / 80))
    found = pycwt.ridges(pycwt.cwt(x, 1), min_amplitude=0.6)
    assert sorted(round(float(np.median(r.period))) for r in found) == [10, 80]


def test_the_cone_is_that_of_the_transform():
    x = np.cos(2 * np.pi * np.arange(600) / 30)
    ridge = strongest(x)
    scale = 30 / (2 * np.pi / 6)
    reach = np.sqrt(2) * scale
    assert abs(int(ridge.index[ridge.outside][0]) - reach) < 2
    assert abs(599 - int(ridge.index[ridge.outside][-1]) - reach) < 2


def test_single_precision_and_units():
    x = 1e3 * np.cos(2 * np.pi * np.arange(600) / 30)
    single = pycwt.ridges(pycwt.cwt(x, 1, dtype="complex64"))[0]
    double = pycwt.ridges(pycwt.cwt(x, 1))[0]
    shared = np.intersect1d(single.index, double.index)[100:-100]
    np.testing.assert_allclose(
        single.amplitude[np.isin(single.index, shared)],
        double.amplitude[np.isin(double.index, shared)],
        rtol=1e-4,
    )


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"min_cycles": 0}, ValueError, "min_cycles"),
        ({"max_jump": -1}, ValueError, "max_jump"),
        ({"min_amplitude": -1}, ValueError, "min_amplitude"),
        ({"min_amplitude": "a"}, TypeError, "min_amplitude"),
        ({"level": [1, 2]}, ValueError, "level must be one number or one for each"),
        ({"level": -1.0}, ValueError, "not negative"),
        ({"wavelet": "dog"}, ValueError, "wavelet must be that of transform"),
    ],
)
def test_bad_arguments(change, error, match):
    t = pycwt.cwt(pycwt.rednoise(100, 0.5, seed=152), 1)
    with pytest.raises(error, match=match):
        pycwt.ridges(t, **change)


def test_transforms_without_ridges():
    x = pycwt.rednoise(100, 0.5, seed=153)
    with pytest.raises(ValueError, match="complex wavelet, not of DOG"):
        pycwt.ridges(pycwt.cwt(x, 1, wavelet="dog"), wavelet="dog")
    with pytest.raises(ValueError, match="at least three scales"):
        pycwt.ridges(pycwt.cwt(x, 1, J=1))


def test_every_maximum_belongs_to_one_chain():
    """Noise, whose ridges meet and part all the time."""
    t = pycwt.cwt(pycwt.rednoise(800, 0.3, seed=154), 1)
    size = np.abs(t.W) / np.sqrt(t.sj)[:, None]
    high = (size[1:-1] > size[:-2]) & (size[1:-1] >= size[2:])
    found = pycwt.ridges(t, min_cycles=1e-9)
    assert sum(len(ridge) for ridge in found) == high.sum()
    points = {
        (i, round(np.log2(s / t.sj[0]) * 12))
        for ridge in found
        for i, s in zip(ridge.index.tolist(), ridge.scale.tolist(), strict=True)
    }
    assert len(points) > 0.95 * high.sum()
    for ridge in found:
        assert np.abs(np.diff(np.log2(ridge.scale))).max(initial=0) <= 0.25


def test_the_jump_that_is_allowed():
    """A chirp of an octave in 400 samples moves by 0.0025 octaves a sample."""
    period = 12 * 2 ** (np.arange(1200) / 400)
    t = pycwt.cwt(np.cos(np.cumsum(2 * np.pi / period)), 1)
    assert len(pycwt.ridges(t, max_jump=0.01)[0]) > 1000
    assert len(pycwt.ridges(t, max_jump=0.001, min_cycles=0.1)[0]) < 300
