"""The transform of long series against the plain FFTs of the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft as sp_fft

import pycwt_mod as pycwt
from pycwt_mod.long import circles, rows, store
from pycwt_mod.long.buffers import Buffers
from pycwt_mod.long.fast import MIN_FFT
from pycwt_mod.transform import padded_length, transform, unit_series

#: rms of the error over the scale's rms; what the library promises.
PROMISED = {"complex64": 1e-6, "complex128": 1e-12}


def noise(kind, n, seed=5):
    x = np.random.default_rng(seed).standard_normal(n)
    t = np.arange(n)
    if kind == "walk":
        return np.cumsum(x)
    if kind == "line":
        return 1e4 * np.sin(t / 7) + t + 1e-3 * x
    return x


def reference(x, scales, wavelet):
    unit, exponent = unit_series(x)
    return np.ldexp(1.0, exponent) * transform(unit, scales, wavelet)


def errors(W, expected):
    """rms of the error over the rms, and the largest error over it, of each scale."""
    rms = np.sqrt((np.abs(expected) ** 2).mean(axis=1))
    error = np.abs(W - expected)
    return np.sqrt((error**2).mean(axis=1)) / rms, error.max(axis=1) / rms


@pytest.mark.parametrize("dtype", PROMISED)
@pytest.mark.parametrize("kind", ["white", "walk", "line"])
@pytest.mark.parametrize("n", [11_586, 16_384, 23_171])
def test_it_is_the_definition(n, kind, dtype):
    """At every kind of scale, with and without much padding, edges included."""
    assert padded_length(n) >= MIN_FFT
    x = noise(kind, n)
    result = pycwt.cwt(x, 1.0, dj=1 / 3, dtype=dtype)
    assert result.W.dtype == dtype
    # The walk and the line have scales with a billionth of their power.
    allowance = 1 if kind == "white" or dtype == "complex64" else 30
    rms, worst = errors(result.W, reference(x, result.sj, pycwt.Morlet()))
    assert rms.max() < allowance * PROMISED[dtype]
    assert worst.max() < 20 * allowance * PROMISED[dtype]


@pytest.mark.parametrize("dtype", PROMISED)
@pytest.mark.parametrize("order", [2, 2.5, 20, 100])
def test_other_orders(order, dtype):
    x = noise("white", 20_000)
    wavelet = pycwt.Morlet(order)
    result = pycwt.cwt(x, 0.5, dj=1 / 2, wavelet=wavelet, dtype=dtype)
    rms, _ = errors(result.W, reference(x, result.sj / 0.5, wavelet))
    assert rms.max() < PROMISED[dtype]


def test_scales_beyond_nyquist():
    """Of the wavelet only its skirt is left, down to nothing that a float could hold."""
    x = noise("white", 12_000)
    result = pycwt.cwt(x, 1.0, dj=1 / 4, s0=0.5, J=8, wavelet=pycwt.Morlet(9))
    rms, _ = errors(result.W, reference(x, result.sj, pycwt.Morlet(9)))
    assert rms.max() < 1e-12


@pytest.mark.filterwarnings("ignore::pycwt_mod.results.cautions.ConeWarning")
@given(
    st.integers(11_586, 30_000),
    st.lists(st.floats(1.9, 60_000), min_size=1, max_size=4),
    st.sampled_from(sorted(PROMISED)),
)
@settings(max_examples=25, derandomize=True)
def test_any_length_and_scales_in_any_order(n, scales, dtype):
    x = noise("white", n, seed=n)
    wavelet = pycwt.Morlet()
    freqs = 1 / (wavelet.flambda() * np.array(scales))
    result = pycwt.cwt(x, 1.0, freqs=freqs, dtype=dtype)
    rms, _ = errors(result.W, reference(x, result.sj, wavelet))
    assert rms.max() < PROMISED[dtype]


@pytest.mark.parametrize("dtype", PROMISED)
def test_instruction_sets_agree(dtype, monkeypatch):
    x = noise("white", 12_000)
    results = []
    for isa in rows.instruction_sets():
        monkeypatch.setenv("PYCWT_ISA", isa)
        results.append(pycwt.cwt(x, 1.0, dj=1 / 2, dtype=dtype).W)
    for W in results[1:]:
        np.testing.assert_allclose(W, results[0], atol=30 * np.finfo(dtype).eps)
    monkeypatch.setenv("PYCWT_ISA", "abacus")
    with pytest.raises(ValueError, match="abacus"):
        pycwt.cwt(x, 1.0, dj=1 / 2)


@pytest.mark.parametrize("isa", rows.instruction_sets())
@pytest.mark.parametrize("bits", [8, 9, 10, 11, 12, 15])
def test_long_ffts_are_scipys(bits, isa):
    """At every remainder of the radices, with bins that go round the circle."""
    n = 1 << bits
    rng = np.random.default_rng(bits)
    x = rng.standard_normal(n - 1)
    np.testing.assert_allclose(circles.real_fft(x, n, isa), sp_fft.rfft(x, n), atol=1e-11)
    bins = rng.standard_normal(n // 2) + 1j * rng.standard_normal(n // 2)
    whole = np.zeros(n, complex)
    whole[(n - 37 + np.arange(n // 2)) % n] = bins
    expected = np.take(sp_fft.ifft(whole), np.arange(-29, n - 35), mode="wrap")
    circle = circles.Circle(n, 29, n - 35)
    for dtype, error in ((np.complex64, 4e-7), (np.complex128, 1e-15)):
        signal = circles.band_signal(bins, n - 37, circle, 1 / n, dtype, isa=isa)
        assert signal.dtype == dtype
        rms = np.sqrt((np.abs(signal - expected) ** 2).mean())
        assert rms < error * expected.std()
        # Wherever it works on the way, here in memory that begins anywhere.
        buffers = Buffers(signal.real.dtype.type, n, [np.empty((9, n + 3), "f4")])
        again = circles.band_signal(bins, n - 37, circle, 1 / n, dtype, isa=isa, buffers=buffers)
        np.testing.assert_array_equal(again, signal)


def test_long_ffts_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="more than n = 512"):
        circles.real_fft(np.ones(513), 512)
    for circle in (circles.Circle(1000, 0, 8), circles.Circle(512, 513, 8)):
        with pytest.raises(ValueError, match="don't fit"):
            circles.band_signal(np.ones(8, complex), 0, circle, 1.0, np.complex64)
    with pytest.raises(ValueError, match="don't fit"):
        circles.band_signal(np.ones(600, complex), 0, circles.Circle(512, 0, 8), 1.0, np.complex64)


def test_threads_give_the_same_bits():
    x = noise("walk", 12_000)
    one, three = (pycwt.cwt(x, 1.0, dj=1 / 4, dtype="complex64", threads=k).W for k in (1, 3))
    np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize(("n", "wavelet"), [(300, "morlet"), (12_000, "morlet"), (300, "dog")])
@pytest.mark.parametrize("dtype", PROMISED)
def test_where_the_result_goes(n, wavelet, dtype, tmp_path):
    x = noise("white", n)
    expected = pycwt.cwt(x, 1.0, dj=1 / 2, wavelet=wavelet, dtype=dtype).W
    array = np.empty((*expected.shape, 2), dtype).transpose(2, 0, 1)[0]
    with pytest.raises(ValueError, match="out must be writeable, and its rows"):
        pycwt.cwt(x, 1.0, dj=1 / 2, wavelet=wavelet, dtype=dtype, out=array)
    array = np.empty((expected.shape[0], n + 5), dtype)[:, 2:-3]
    assert pycwt.cwt(x, 1.0, dj=1 / 2, wavelet=wavelet, dtype=dtype, out=array).W is array
    np.testing.assert_array_equal(array, expected)
    path = tmp_path / "W.npy"
    mapped = pycwt.cwt(x, 1.0, dj=1 / 2, wavelet=wavelet, dtype=dtype, out=path, threads=2).W
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(np.load(path), expected)
    assert [entry.name for entry in tmp_path.iterdir()] == ["W.npy"]


def test_a_file_that_fails_leaves_nothing(tmp_path):
    class Interrupted(Exception):  # noqa: N818
        pass

    def fill(row):
        raise Interrupted

    with (
        pytest.raises(Interrupted),
        store.opened(tmp_path / "W.npy", (2, 10), "complex64") as rows_,
    ):
        rows_.emit(0, fill)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"dtype": "float32"}, ValueError, "dtype must be complex64 or complex128"),
        ({"dtype": "nonsense"}, ValueError, "dtype must be complex64 or complex128"),
        ({"dtype": None}, TypeError, "dtype must be complex64 or complex128"),
        ({"dtype": 64}, TypeError, "dtype must be complex64 or complex128"),
        ({"threads": "2"}, TypeError, "threads must be a number"),
        ({"threads": None}, TypeError, "threads must be a number"),
        ({"threads": 0}, ValueError, "threads must be a whole number"),
        ({"out": 3}, TypeError, "out must be an array, a path or None"),
        ({"out": "W.txt"}, ValueError, r"out must be the path of a .npy file"),
        ({"out": np.empty((2, 2))}, ValueError, r"out must have the shape \(4, 100\)"),
    ],
)
def test_options_out_of_range(options, error, text):
    with pytest.raises(error, match=text):
        pycwt.cwt(noise("white", 100), 1.0, dj=1, J=3, **options)


def test_single_precision_refuses_what_it_cannot_hold():
    with pytest.raises(ValueError, match="beyond the range of complex64"):
        pycwt.cwt(1e40 * noise("white", 100), 1.0, dtype="complex64")


@pytest.mark.parametrize(
    "changes",
    [
        {"decimation": 3},
        {"decimation": 256},
        {"taps": np.ones(40, np.float32)},
        {"taps": np.ones(3)},
        {"window": np.ones((7, 8), np.float32)},
        {"window": np.ones((18, 8), np.float32)},
        {"window": np.ones((0, 8), np.float32)},
    ],
)
def test_rows_refuse_filters_that_do_not_fit(changes):
    fields = {
        "omega": 0.1,
        "decimation": 8,
        "taps": np.ones(3, np.float32),
        "window": np.ones((8, 8), np.float32),
    }
    band, out = np.zeros(40, np.complex64), np.empty(200, np.complex64)
    rows.make_row(band, rows.RowFilter(**fields), out)
    with pytest.raises(ValueError, match="filter"):
        rows.make_row(band, rows.RowFilter(**(fields | changes)), out)
