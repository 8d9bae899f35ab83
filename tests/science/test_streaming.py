"""Samples that arrive bit by bit give what they give at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

import pycwt_mod
from pycwt_mod import RunningTransform
from pycwt_mod.streaming import reach_of
from pycwt_mod.wavelets import DOG, Morlet, Morse, Paul

GRID = {"dj": 1 / 4, "s0": 4, "J": 16}


def red(n, seed=1):
    x = lfilter([1], [1, -0.7], np.random.default_rng(seed).standard_normal(n))
    return x - x.mean()


def gather(running, x, cuts):
    """Append x in pieces; the final coefficients of each scale, and where they begin."""
    rows = [[] for _ in running.sj]
    begin = np.zeros(running.sj.size, int)
    for low, high in zip([0, *cuts], [*cuts, x.size], strict=True):
        new = running.append(x[low:high])
        np.testing.assert_array_equal(new.first, begin)
        for row, piece in zip(rows, new.rows, strict=True):
            row.append(piece)
        begin = begin + [piece.size for piece in new.rows]
    return [np.concatenate(row) for row in rows]


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 3000), max_size=12),
    st.sampled_from(
        [("morlet", 1e-8), (Morlet(10), 1e-8), (DOG(2), 1e-8), ("paul", 1e-3), ("morse", 1e-6)]
    ),
)
def test_final_coefficients_are_those_of_the_batch(cuts, choice):
    wavelet, tolerance = choice
    x = red(3000)
    running = RunningTransform(0.5, **GRID | {"s0": 3}, wavelet=wavelet, tolerance=tolerance)
    rows = gather(running, x, sorted(cuts))
    W, sj, freqs, coi, *_ = pycwt_mod.cwt(x, 0.5, **GRID | {"s0": 3}, wavelet=wavelet)
    np.testing.assert_array_equal(running.sj, sj)
    for j, (row, reach) in enumerate(zip(rows, running.reach, strict=True)):
        assert row.size == max(0, x.size - reach)
        # Around the start and the end the batch sees its own zeros.
        inner = slice(reach, x.size - reach)
        error = np.abs(row[inner] - W[j, inner]).max(initial=0)
        assert error < 10 * tolerance * np.abs(W[j]).max()
    result = running.result()
    np.testing.assert_array_equal(result.coi, coi)
    np.testing.assert_array_equal(result.freqs, freqs)
    for j, row in enumerate(rows):
        np.testing.assert_array_equal(result.W[j, : row.size], row)


def test_the_live_end_is_what_a_batch_shows_there():
    x = red(2500)
    running = RunningTransform(1, **GRID)
    running.append(x)
    W = pycwt_mod.cwt(x, 1, **GRID).W
    tail = running.result().W
    for j, reach in enumerate(running.reach):
        if 3 * reach < x.size:
            np.testing.assert_allclose(tail[j, -reach:], W[j, -reach:], atol=1e-6)


def test_only_what_is_needed_is_kept():
    running = RunningTransform(1, **GRID)
    for _ in range(40):
        running.append(red(500))
    assert len(running) == 20_000
    assert running._tail.size <= 2 * running.reach.max() + 1


def test_a_known_mean_is_taken_off():
    x = red(2000)
    ours = gather(RunningTransform(1, **GRID, mean=1e6), x + 1e6, [700])
    theirs = gather(RunningTransform(1, **GRID), x, [700])
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8)


@pytest.mark.parametrize(("wavelet", "tail"), [(Morlet(6), 1e-3), (Morlet(6), 1e-10)])
def test_the_reach_leaves_out_the_share_asked_for(wavelet, tail):
    """∫ exp(−η²/2) beyond R over the whole is erfc(R/√2)."""
    from scipy.special import erfcinv

    assert reach_of(wavelet, tail) == pytest.approx(np.sqrt(2) * erfcinv(tail), abs=0.02)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: RunningTransform(0, 3), ValueError, "dt"),
        (lambda: RunningTransform(1, -1), ValueError, "J"),
        (lambda: RunningTransform(1, 3, tolerance=0.5), ValueError, "tolerance"),
        (lambda: RunningTransform(1, 3, wavelet=Paul(4), tolerance=1e-14), ValueError, "tolerance"),
        (
            lambda: RunningTransform(1, 3, wavelet=Morse(3, 1)),
            ValueError,
            r"tolerance.*Morse\(3, 1",
        ),
        (lambda: RunningTransform(1, 3, mean=np.inf), ValueError, "mean"),
        (lambda: RunningTransform(1, 3).append([[1.0]]), ValueError, "samples"),
        (lambda: RunningTransform(1, 3).append([np.nan]), ValueError, "samples"),
        (lambda: RunningTransform(1, 3).append("ab"), TypeError, "samples"),
        (lambda: RunningTransform(1, 3).result(), ValueError, "append"),
    ],
)
def test_refusals_name_the_argument(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("cuts", [[], [700, 1000, 1003], [500, 501, 2000]])
def test_missing_samples_weigh_nothing(cuts):
    """The final coefficients are those of the whole series with gaps="mask"."""
    x = red(3000)
    x[[900, 905]] = np.nan
    x[1000:1040] = np.nan
    mean = np.nanmean(x)
    running = RunningTransform(1, **GRID, mean=mean, gaps="mask")
    rows = gather(running, x, cuts)
    whole = pycwt_mod.cwt(x, 1, **GRID, gaps="mask")
    for j, (row, reach) in enumerate(zip(rows, running.reach, strict=True)):
        inner = slice(reach, x.size - reach)
        np.testing.assert_allclose(
            row[inner], whole.W[j, inner], atol=1e-7 * np.abs(whole.W[j]).max()
        )
    found = running.result()
    np.testing.assert_array_equal(found.present, whole.present)
    np.testing.assert_array_equal(found.outside, whole.outside)


def test_masked_samples_and_refusals():
    running = RunningTransform(1, 3, gaps="mask")
    running.append(np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]))
    running.append([np.nan, 4.0])
    assert running.result().present.tolist() == [True, False, True, False, True]
    assert not RunningTransform(1, 3, gaps="mask").append([1.0, 2.0]).rows[0].size
    with pytest.raises(ValueError, match="gaps='mask' gives missing ones no weight"):
        RunningTransform(1, 3).append([1.0, np.nan])
    with pytest.raises(ValueError, match="a line across a gap needs the sample after it"):
        RunningTransform(1, 3, gaps="linear")
