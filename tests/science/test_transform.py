from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import pycwt_mod as pycwt
from pycwt_mod.transform import outside_cone, padded_length

WAVELETS = [
    pycwt.Morlet(),
    pycwt.Paul(),
    pycwt.MexicanHat(),
    pycwt.DOG(1),
    pycwt.Morlet(3),
    pycwt.Paul(2),
]


def series(shortest=8, longest=80):
    """Series that aren't constant, of moderate size."""
    elements = st.floats(-1e3, 1e3, allow_subnormal=False)
    return (
        st.integers(shortest, longest)
        .flatmap(lambda k: hnp.arrays(np.float64, k, elements=elements))
        .filter(lambda x: np.ptp(x) > 1e-3)
    )


@pytest.mark.parametrize(
    "wavelet", [pycwt.Morlet(), pycwt.Paul(), pycwt.DOG(2), pycwt.DOG(6)], ids=repr
)
def test_it_is_the_convolution_of_the_definition(wavelet):
    """TC98, eq. 2, summed in time, away from scales that the sampling can't resolve."""
    rng = np.random.default_rng(1)
    n, dt = 200, 0.5
    x = rng.standard_normal(n)
    W, sj, *_ = pycwt.cwt(x, dt, dj=0.5, s0=4 * dt, J=5, wavelet=wavelet)
    t = np.arange(n) * dt
    for row, s in zip(W, sj, strict=True):
        daughter = wavelet.psi((t[None, :] - t[:, None]) / s) * np.sqrt(dt / s)
        direct = daughter.conj() @ (x - x.mean())
        # Paul's tails reach round the padding.
        tolerance = 2e-2 if wavelet.family == "paul" else 1e-6
        np.testing.assert_allclose(row, direct, atol=tolerance * np.abs(W).max())


@pytest.mark.filterwarnings("ignore::pycwt_mod.results.cautions.TrendWarning")
@given(series(), st.floats(-50, 50), st.floats(0.1, 50))
@settings(max_examples=40, derandomize=True)
def test_linear_and_blind_to_the_mean(x, offset, factor):
    W, sj, freqs, coi, *_ = pycwt.cwt(x, 1.0)
    again, *_ = pycwt.cwt(factor * x + offset, 1.0)
    np.testing.assert_allclose(again, factor * W, atol=1e-9 * factor * (np.abs(x).max() + 50))
    ramp = np.arange(x.size) ** 2 / x.size
    if np.ptp(x + ramp) > 0:
        total, *_ = pycwt.cwt(x + ramp, 1.0)
        np.testing.assert_allclose(
            total, W + pycwt.cwt(ramp, 1.0).W, atol=1e-9 * (np.abs(x).max() + x.size)
        )
    assert coi.shape == x.shape
    assert W.shape == (sj.size, x.size) == (freqs.size, x.size)


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
@given(x=series())
@settings(max_examples=15, derandomize=True)
def test_time_reversed_series_have_the_conjugate_transform(wavelet, x):
    forward = pycwt.cwt(x, 1.0, wavelet=wavelet).W
    backward = pycwt.cwt(x[::-1], 1.0, wavelet=wavelet).W
    sign = -1 if wavelet == pycwt.DOG(1) else 1
    np.testing.assert_allclose(
        backward[:, ::-1], sign * forward.conj(), atol=1e-9 * np.abs(x).max()
    )


@given(series(8, 30), st.integers(0, 60))
@settings(max_examples=40, derandomize=True)
def test_shifts_with_the_series(x, shift):
    short = x - x.mean()
    here, there = np.zeros(120), np.zeros(120)
    here[: x.size], there[shift : shift + x.size] = short, short
    a, b = pycwt.cwt(here, 1.0).W, pycwt.cwt(there, 1.0).W
    np.testing.assert_allclose(b[:, shift:], a[:, : 120 - shift], atol=1e-9 * np.abs(x).max())


def test_white_noise_has_unit_power_at_every_scale():
    """TC98, section 3d: E|W|² = σ². 200 series; 5 standard errors of the mean."""
    rng = np.random.default_rng(2)
    middles = np.array(
        [
            np.abs(pycwt.cwt(rng.standard_normal(256), 1.0, 0.5, J=8).W[:, 128]) ** 2
            for _ in range(200)
        ]
    )
    error = middles.std(axis=0) / np.sqrt(200)
    # Below, where the wavelet reaches beyond Nyquist, power is lost.
    assert (np.abs(middles.mean(axis=0) - 1) < 5 * error)[2:].all()


def test_default_scales_and_order_of_results():
    x = np.sin(np.arange(147.0))
    W, sj, _freqs, _coi, fft, fftfreqs = pycwt.cwt(x, 1)
    assert sj[0] == pytest.approx(2 / pycwt.Morlet().flambda())
    assert sj.size == round(np.log2(147 / sj[0]) * 12) + 1
    assert sj[1] / sj[0] == pytest.approx(2 ** (1 / 12))
    assert W.dtype == np.complex128
    assert fft.shape == fftfreqs.shape == (73,)
    np.testing.assert_allclose(fft, np.fft.fft(x - x.mean())[1:74] / np.sqrt(147), atol=1e-12)
    assert fftfreqs[0] == pytest.approx(1 / 147)


def test_cone_of_influence():
    """Fourier factor × e-folding factor × distance to the end, TC98's programs."""
    coi = pycwt.cwt([3, 1, 4, 1, 5, 9, 2], 0.5).coi
    unit = pycwt.Morlet().flambda() / np.sqrt(2) * 0.5
    np.testing.assert_allclose(coi / unit, [1e-5, 1, 2, 3, 2, 1, 1e-5])
    outside = outside_cone(np.array([1.0, 2.0]), 7, pycwt.Morlet())
    assert outside.sum(axis=1).tolist() == [3, 1]


@pytest.mark.parametrize(
    ("n", "padded"), [(504, 1024), (147, 256), (512, 1024), (360, 512), (363, 1024)]
)
def test_padding(n, padded):
    assert padded_length(n) == padded


def test_inputs_of_any_kind_give_the_same():
    values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]
    a = pycwt.cwt(values, 1, 1 / 4, 2, 7.0, "morlet")
    b = pycwt.cwt(np.array(values, dtype=np.float32), 1.0, 0.25, 2.0, 7, pycwt.Morlet())
    np.testing.assert_array_equal(a.W, b.W)
    assert a.W.shape == (8, 16)


def test_frequencies_of_ones_own():
    x = np.random.default_rng(3).standard_normal(64)
    wanted = [0.05, 0.4, 0.1]
    own = pycwt.cwt(x, 1, freqs=wanted, wavelet="paul")
    np.testing.assert_allclose(own.freqs, wanted)
    one = pycwt.cwt(x, 1, s0=own.sj[2], J=0, wavelet="paul")
    np.testing.assert_allclose(own.W[2], one.W[0], atol=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e150, 1e300])
def test_any_amplitude(size):
    x = np.random.default_rng(4).standard_normal(64)
    np.testing.assert_allclose(pycwt.cwt(x * size, 1).W / size, pycwt.cwt(x, 1).W, atol=1e-12)


def test_real_wavelets_have_real_transforms():
    x = np.random.default_rng(6).standard_normal(64)
    for m in (1, 2, 5, 6):
        assert not pycwt.cwt(x, 1, wavelet=pycwt.DOG(m)).W.imag.any()
