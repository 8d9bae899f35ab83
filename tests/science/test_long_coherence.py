"""The coherence of long series against the plain FFTs of the definition."""

from __future__ import annotations

import gc
import weakref
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pycwt_mod as pycwt
from pycwt_mod.long import rows
from pycwt_mod.long.buffers import Buffers
from pycwt_mod.long.store import ArrayStore
from pycwt_mod.smoothing import Smoother, scale_weights, squared_coherence
from pycwt_mod.transform import transform, unit_series

#: Largest error of R², and median error of the phase.
PROMISED = {"float32": (1e-5, 1e-6), "float64": (1e-9, 1e-11)}


def related(n, kind="white", seed=7):
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(n)
    y1 = common + rng.standard_normal(n)
    y2 = np.roll(common, 5) + rng.standard_normal(n)
    return (np.cumsum(y1), np.cumsum(y2)) if kind == "walk" else (y1, y2)


def reference(y1, y2, sj, dj, wavelet):
    """R² and phase by the readable way."""
    w1, w2 = (transform(unit_series(y)[0], sj, wavelet) for y in (y1, y2))
    smoother = Smoother(wavelet, sj, scale_weights(dj, wavelet), y1.size)
    return squared_coherence(w1, w2, smoother), np.angle(w1 * w2.conj())


def check(result, y1, y2, *, dj, wavelet, dtype):
    expected, angle = reference(y1, y2, 1 / (result.freq * wavelet.flambda()), dj, wavelet)
    largest, median = PROMISED[dtype]
    assert result.WCT.dtype == result.aWCT.dtype == dtype
    assert np.abs(result.WCT - expected).max() < largest
    turned = np.abs(np.angle(np.exp(1j * (result.aWCT - angle))))
    # Where W vanishes its phase is nobody's.
    assert np.median(turned, axis=1).max() < median
    assert np.quantile(turned, 0.99) < 100 * median


@pytest.mark.parametrize("dtype", PROMISED)
@pytest.mark.parametrize("kind", ["white", "walk"])
@pytest.mark.parametrize(("n", "dj"), [(12_000, 1 / 4), (16_384, 1 / 8), (16_300, 1)])
def test_it_is_the_definition(n, dj, kind, dtype):
    """Everywhere: at the ends, at every scale, and where the smoothing goes round the circle."""
    y1, y2 = related(n, kind)
    result = pycwt.wct(y1, y2, 1.0, dj=dj, sig=False, dtype=dtype)
    check(result, y1, y2, dj=dj, wavelet=pycwt.Morlet(), dtype=dtype)


@pytest.mark.parametrize("dtype", PROMISED)
@pytest.mark.parametrize("order", [2, 12])
def test_other_orders(order, dtype):
    y1, y2 = related(12_000)
    wavelet = pycwt.Morlet(order)
    result = pycwt.wct(y1, y2, 1.0, dj=1 / 3, sig=False, wavelet=wavelet, dtype=dtype)
    check(result, y1, y2, dj=1 / 3, wavelet=wavelet, dtype=dtype)


@given(
    st.integers(11_586, 20_000),
    st.floats(1.5, 300),
    st.integers(0, 7),
    st.floats(0.1, 1),
    st.sampled_from(sorted(PROMISED)),
)
@settings(max_examples=20, derandomize=True)
def test_any_length_and_grid(n, s0, J, dj, dtype):
    y1, y2 = related(n, seed=n)
    result = pycwt.wct(y1, y2, 1.0, dj=dj, s0=s0, J=J, sig=False, dtype=dtype)
    check(result, y1, y2, dj=dj, wavelet=pycwt.Morlet(), dtype=dtype)


@pytest.mark.parametrize("dtype", PROMISED)
def test_instruction_sets_agree(dtype, monkeypatch):
    y1, y2 = related(12_000)
    results = []
    for isa in rows.instruction_sets():
        monkeypatch.setenv("PYCWT_ISA", isa)
        results.append(pycwt.wct(y1, y2, 1.0, dj=1 / 2, sig=False, dtype=dtype).WCT)
    for r2 in results[1:]:
        np.testing.assert_allclose(r2, results[0], atol=100 * np.finfo(dtype).eps)


def test_the_same_series_is_coherent_with_itself():
    y, _ = related(12_000)
    same = pycwt.wct(y, -3 * y, 1.0, dj=1 / 2, sig=False, dtype="float32")
    np.testing.assert_allclose(same.WCT, 1, atol=1e-5)
    np.testing.assert_allclose(np.abs(same.aWCT), np.pi, atol=1e-3)


def test_short_series_in_single_precision():
    y1, y2 = related(200)
    double, single = (pycwt.wct(y1, y2, 1.0, sig=False, dtype=dtype) for dtype in (float, "f4"))
    assert single.WCT.dtype == single.aWCT.dtype == np.float32
    np.testing.assert_allclose(single.WCT, double.WCT, atol=1e-7)


@pytest.mark.parametrize("dtype", ["complex64", "int8", "nonsense"])
def test_types_out_of_range(dtype):
    with pytest.raises(ValueError, match="dtype must be float32 or float64"):
        pycwt.wct(*related(100), 1.0, sig=False, dtype=dtype)


@pytest.mark.filterwarnings("ignore::pycwt_mod.TrendWarning")  # of the short walk
@pytest.mark.parametrize("n", [200, 12_000])
@pytest.mark.parametrize("dtype", PROMISED)
def test_where_the_results_go(n, dtype, tmp_path):
    """Into arrays, files and both; three threads give the same bits."""
    series = related(n, "walk")
    expected = pycwt.wct(*series, 1.0, dj=1 / 4, sig=False, dtype=dtype)
    array = np.empty((expected.WCT.shape[0], 2 * n), dtype)
    r2, angle = array[:, :n], array[:, n:]
    result = pycwt.wct(*series, 1.0, dj=1 / 4, sig=False, dtype=dtype, out=(r2, angle), threads=3)
    assert result.WCT is r2
    assert result.aWCT is angle
    np.testing.assert_array_equal(r2, expected.WCT)
    np.testing.assert_array_equal(angle, expected.aWCT)
    paths = tmp_path / "R2.npy", str(tmp_path / "phase.npy")
    mapped = pycwt.wct(*series, 1.0, dj=1 / 4, sig=False, dtype=dtype, out=paths, threads=2)
    assert isinstance(mapped.aWCT, np.memmap)
    np.testing.assert_array_equal(np.load(paths[0]), expected.WCT)
    np.testing.assert_array_equal(np.load(paths[1]), expected.aWCT)
    mixed = pycwt.wct(*series, 1.0, dj=1 / 4, sig=False, dtype=dtype, out=[None, paths[1]])
    np.testing.assert_array_equal(mixed.WCT, expected.WCT)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["R2.npy", "phase.npy"]


SAME = np.empty((4, 100))


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"dtype": None}, TypeError, "dtype must be float32 or float64"),
        ({"dtype": 1.5}, TypeError, "dtype must be float32 or float64"),
        ({"threads": "2"}, TypeError, "threads must be a number"),
        ({"threads": None}, TypeError, "threads must be a number"),
        ({"threads": 1.5}, ValueError, "threads must be a whole number"),
        ({"out": "W.npy"}, TypeError, "out must be a pair"),
        ({"out": (SAME,)}, TypeError, "out must be a pair"),
        ({"out": (3.0, None)}, TypeError, r"out\[0\] must be an array, a path or None"),
        ({"out": (None, "W.txt")}, ValueError, r"out\[1\] must be the path of a .npy file"),
        ({"out": (SAME, SAME[::-1])}, ValueError, "out must be two different places"),
        ({"out": ("W.npy", "./W.npy")}, ValueError, "out must be two different places"),
    ],
)
def test_options_out_of_range(options, error, text):
    with pytest.raises(error, match=text):
        pycwt.wct(*related(100), 1.0, dj=1, J=3, sig=False, **options)


@pytest.mark.parametrize("dtype", PROMISED)
@pytest.mark.parametrize(("half", "points"), [(1, 70), (6, 300), (23, 9_000)])
def test_smoothing_at_points_and_between(half, points, dtype, monkeypatch):
    """Against numpy's convolution of the points with zeros between them."""
    rng = np.random.default_rng(half)
    both = rng.standard_normal(2 * half + 1)
    x = np.zeros(points + 2 * half + rows.SLACK)
    x[: points + 2 * half] = rng.standard_normal(points + 2 * half)
    apart = np.zeros(2 * (points + 2 * half))
    apart[::2] = x[: points + 2 * half]
    whole = np.convolve(apart, np.concatenate([both[:0:-1], both]))
    expected = whole[4 * half : 4 * half + 2 * points]
    taps, between = (part.copy().astype(dtype) for part in (both[::2], both[1::2]))
    for isa in rows.instruction_sets():
        monkeypatch.setenv("PYCWT_ISA", isa)
        out = np.empty(2 * points + rows.SLACK, dtype)
        rows.smooth(x.astype(dtype), taps, out, between)
        tolerance = 100 * half * np.finfo(dtype).eps
        np.testing.assert_allclose(out[: 2 * points], expected, atol=tolerance)
        plain = np.empty(points + rows.SLACK, dtype)
        rows.smooth(x.astype(dtype), taps, plain)
        np.testing.assert_allclose(plain[:points], expected[::2], atol=tolerance)


def test_rows_refuse_what_does_not_fit():
    how = rows.RowFilter(0.1, 8, np.ones(3, np.float32), np.ones((8, 8), np.float32))
    band = np.zeros(40, np.complex64)
    phase, sums = np.zeros(200, np.float32), np.zeros((4, 200), np.float32)
    rows.pair_rows(rows.Pair(band, band, how), phase, sums)
    with pytest.raises(ValueError, match="same length"):
        rows.pair_rows(rows.Pair(band, band[1:], how), phase, sums)
    with pytest.raises(ValueError, match="room"):
        rows.pair_rows(rows.Pair(band, band, how), phase, sums[:, :90])
    with pytest.raises(ValueError, match="precision"):
        rows.pair_rows(rows.Pair(band, band, how), phase, sums.astype(float))
    with pytest.raises(ValueError, match="don't fit"):
        rows.pair_rows(rows.Pair(band[:20], band[:20], how), phase, sums)
    x, taps = np.ones(200, np.float32), np.ones(5, np.float32)
    with pytest.raises(ValueError, match="room for the filter"):
        rows.smooth(x, taps, np.empty(200, np.float32))
    with pytest.raises(ValueError, match="at least 64"):
        rows.smooth(x, taps, np.empty(10, np.float32))
    with pytest.raises(ValueError, match="room for the filter"):
        rows.smooth(x, taps, np.empty(64 + 2 * 130, np.float32), taps[1:])
    with pytest.raises(ValueError, match="between must have"):
        rows.smooth(x, taps, np.empty(100, np.float32), taps)
    window = np.ones((8, 8), np.float32)
    make = partial(rows.coherence_rows, floors=[(0, 0)], outs=[phase])
    make([sums], [[1.0]], window)
    with pytest.raises(ValueError, match="room for all points"):
        make([sums[:, :90]], [[1.0]], window)
    with pytest.raises(ValueError, match="must have the type"):
        make([sums], [[1.0]], window.astype(float))
    with pytest.raises(ValueError, match="doesn't fit"):
        make([sums], [[1.0]], window[:7])
    with pytest.raises(ValueError, match="doesn't fit"):
        make([sums], [[1.0]], window.repeat(16, axis=1))
    with pytest.raises(ValueError, match="weights of all terms"):
        make([sums], [[1.0], [1.0]], window)
    with pytest.raises(ValueError, match="same length"):
        make([sums], [[1.0]], window, outs=[phase, phase[1:]])
    wide = rows.RowFilter(0.1, 128, np.ones(3, np.float32), window.repeat(16, axis=1))
    with pytest.raises(ValueError, match="don't fit"):
        rows.pair_rows(rows.Pair(band, band, wide), phase, sums)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 300), st.booleans()), max_size=40),
    st.lists(st.integers(1, 60), max_size=2),
    st.sampled_from(["f4", "f8"]),
)
def test_nobody_gets_memory_that_another_has(steps, rows, dtype):
    """Whatever is taken and given back, as what is wanted gets smaller and results are written."""
    results = [np.empty((count, 4999), dtype) for count in rows]
    buffers, lent, written = Buffers(np.float32, 1 << 14, results), [], 0
    for halvings, more, back in sorted(steps, key=lambda step: step[0]):
        if back and lent:
            buffers.give(lent.pop(more % len(lent))[:, more % 8 :])
        columns = (1 << 14 >> halvings) + more
        array = buffers.take(columns)
        assert array.shape == (4, columns)
        assert not any(np.may_share_memory(array, other) for other in lent)
        assert not any(np.may_share_memory(array, result[:written]) for result in results)
        lent.append(array)
        with buffers.room(100 * more) as room:
            assert room.nbytes >= 100 * more
            assert not any(np.may_share_memory(room, other) for other in lent)
        # What is lent has time until its rows are written.
        written = max(written, halvings * 9)
        buffers.keep(written)


def test_memory_is_used_again():
    buffers = Buffers(np.float64, 1 << 14)
    whole = buffers.take(1 << 14)
    buffers.give(whole)
    halves = [buffers.take(1 << 13) for _ in range(3)]
    assert [np.shares_memory(half, whole) for half in halves] == [True, True, False]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dj", [1 / 2, 1 / 7, 1 / 16])
@pytest.mark.parametrize("dtype", PROMISED)
def test_rows_are_written_where_nobody_works(dtype, dj, threads, monkeypatch):
    """What is needed on the way is in the last rows of the results until these are written."""
    made, seen = [], []

    def buffers(*args):
        made.append(Buffers(*args))
        return made[0]

    class Watched(ArrayStore):
        def emit(self, j, fill):
            def check(out):
                self.look(out)
                fill(out)
                self.look(out)

            super().emit(j, check)

        @staticmethod
        def look(out):
            for array in made[0].lent:
                seen.append(any(np.may_share_memory(array, result) for result in results))
                assert not np.may_share_memory(array, out)

    results = []

    def store(array, *, fresh=False):
        results.append(array)
        return Watched(array, fresh=fresh)

    monkeypatch.setattr("pycwt_mod.long.pairs.Buffers", buffers)
    monkeypatch.setattr("pycwt_mod.long.store.ArrayStore", store)
    series = related(12_000)
    found = pycwt.wct(*series, 1.0, dj=dj, sig=False, dtype=dtype, threads=threads)
    assert any(seen)
    monkeypatch.undo()
    elsewhere = tuple(np.empty(found.WCT.shape, dtype) for _ in range(2))
    pycwt.wct(*series, 1.0, dj=dj, sig=False, dtype=dtype, out=elsewhere)
    np.testing.assert_array_equal(found.WCT, elsewhere[0])
    np.testing.assert_array_equal(found.aWCT, elsewhere[1])


@pytest.mark.parametrize("n", [300, 20_000])
@pytest.mark.parametrize("which", ["cwt", "xwt", "wct", "wct with levels"])
def test_results_leave_no_circle_behind(n, which):
    """What nobody has any more is gone at once: two results of 1.6 GB are one too many."""
    y1, y2 = related(n)
    levels = {"mc_count": 16, "seed": 1, "cache": False, "progress": False}
    calls = {
        "cwt": lambda: pycwt.cwt(y1, 1.0).W,
        "xwt": lambda: pycwt.xwt(y1, y2, 1.0).W12,
        "wct": lambda: pycwt.wct(y1, y2, 1.0, sig=False).WCT,
        "wct with levels": lambda: pycwt.wct(y1, y2, 1.0, **levels).WCT,
    }
    calls[which]()  # what is imported and prepared once may well have circles
    gc.disable()
    try:
        left = weakref.ref(calls[which]())
        assert left() is None
    finally:
        gc.enable()
