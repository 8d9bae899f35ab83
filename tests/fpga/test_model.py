"""The gateware's arithmetic in NumPy: against the library, and within its words."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpga_core import random_task, task_of
from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.streams import threefry2x32
from pycwt_mod.smoothing import Smoother, squared_coherence
from pycwt_mod.transform import transform
from pycwt_mod.wavelets import wavelet_of
from pycwtd_drivers.tang_nano_9k.fixed import (
    BINS,
    MAX_ROWS,
    configurations,
    histogram,
    limits,
    model,
)
from pycwtd_drivers.tang_nano_9k.fixed.image import TAPS, ring_depth, tap_words
from pycwtd_drivers.tang_nano_9k.fixed.plan import _gain, _lag

SEED = (3 << 41) + 11


# -- noise ---------------------------------------------------------------------------------


def test_a_word_becomes_the_sum_of_its_nibbles():
    word = np.array([0, 0xFFFFFFFF, 0x12345678], np.uint32)
    expected = [0 - 60, 8 * 15 - 60, sum(range(1, 9)) - 60]
    np.testing.assert_array_equal(model.innovations(word), expected)


def test_the_sum_of_nibbles_has_its_moments():
    """Of all words: by the distribution of eight independent nibbles."""
    pmf = np.array([1.0])
    for _ in range(8):
        pmf = np.convolve(pmf, np.full(16, 1 / 16))
    z = np.arange(pmf.size) - limits.NOISE_MEAN
    variance = pmf @ z**2
    assert pmf @ z == pytest.approx(0, abs=1e-12)
    assert variance == pytest.approx(limits.NOISE_VARIANCE)
    # A normal number's is 3; the filters average over some of them.
    assert pmf @ z**4 / variance**2 == pytest.approx(3 - 1.209 / 8, abs=1e-3)


def test_words_are_those_of_the_library():
    configuration = configurations(task_of(octaves=2, length=64))[1]
    assert configuration.part.stream == 2
    found = model.words(configuration, SEED, np.array([7, 9]))
    key = (SEED & 0xFFFFFFFF, SEED >> 32)
    counter = (np.uint32(9), np.array([3 | 2 << 26], np.uint32))
    assert [w[1, 3] for w in found] == [w[0] for w in threefry2x32(key, counter)]


def test_series_are_the_noise_that_was_asked_for():
    """Lag-1 coefficient, spread and independence.

    Limits of five standard errors of 200 × 362 values: a false alarm in a million runs.
    """
    configuration = configurations(task_of(octaves=2, length=2000, ar1=(0.6, -0.3)))[0]
    x = model.noise(configuration, SEED, np.arange(200)).astype(float)
    n = x[0].size
    for series, alpha, gain in zip(x, (0.6, -0.3), configuration.first_gains, strict=True):
        sigma = gain / 128 * np.sqrt(limits.NOISE_VARIANCE)
        # The mean is removed, which takes its variance and its correlation away.
        lost = (1 + alpha) / (1 - alpha) / configuration.length
        assert series.var() == pytest.approx(sigma**2 * (1 - lost), rel=5 * 3 / np.sqrt(n))
        lag = (series[:, 1:] * series[:, :-1]).mean() / series.var()
        assert lag == pytest.approx(alpha - lost, abs=5 / np.sqrt(n))
        assert abs(series.mean(axis=1)).max() < 3
        # The first sample is as large as the others.
        assert series[:, 0].std() == pytest.approx(sigma, rel=5 / np.sqrt(2 * 200))
    assert abs(np.corrcoef(x.reshape(2, -1))[0, 1]) < 5 / np.sqrt(n)


def test_gains_make_a_stationary_series():
    assert _gain(8000, 0) == round(8000 * 128 / np.sqrt(170))
    assert _gain(8000, _lag(0.6)) == pytest.approx(0.8 * _gain(8000, 0), abs=1)
    assert abs(_lag(0.9999999)) < 2**17


# -- R² ------------------------------------------------------------------------------------


def test_the_bin_of_exact_fractions():
    rng = np.random.default_rng(4)
    bits = rng.integers(8, 34) + rng.integers(-4, 4, (2, 3000)).clip(-4, 0)
    powers = rng.integers(2**33, 2**34, bits.shape) >> (34 - bits)
    r = np.sqrt(powers[0] * powers[1].astype(float)) * rng.uniform(0, 1.001, 3000)
    turn = rng.uniform(0, 7, 3000)
    limit = 2**34 - 1
    cross = np.clip(np.stack([r * np.cos(turn), r * np.sin(turn)]), -limit, limit)
    sums = np.concatenate([powers, cross.astype(np.int64)])
    found = model.squared_coherence_bins(sums)
    for s1, s2, c, q, bin_ in np.vstack([sums, found]).T.tolist():
        exact = min(Fraction(c * c + q * q, s1 * s2) * BINS, BINS - 1)
        # Cut to 17 bits at the largest of the four; the smaller power has fewer.
        kept = 16 - abs(s1.bit_length() - s2.bit_length())
        error = exact * Fraction(6, 2**kept)
        assert bin_ - error <= exact <= bin_ + 1 + error


def test_without_power_there_is_no_coherence():
    sums = np.array([[0, 5, 0, 7], [0, 0, 9, 7], [0, 1, 1, 7], [0, 0, 0, 0]])
    np.testing.assert_array_equal(model.squared_coherence_bins(sums), [0, 0, 0, BINS - 1])


@pytest.mark.parametrize(
    ("task", "lowest"),
    [
        (task_of(octaves=5, ar1=(0.3, 0.8)), 3.4),
        (task_of(octaves=3, s0=4.0, dj=1 / 8, length=500, ar1=(-0.4, 0.95)), 3.4),
        (task_of(order=9.0, octaves=2, s0=5.0, length=900), 5.0),
        (task_of(octaves=4, s0=4.0, length=1024), 3.4),
        (task_of("paul", 4.0, s0=5.0, octaves=3), 8.0),
        (task_of("dog", 2.0, s0=1.0, octaves=4), 1.0),
    ],
    ids=["morlet", "red", "narrow", "circle", "paul", "dog"],
)
def test_coherence_is_the_librarys_on_the_same_noise(task, lowest):
    """R² at every point that is counted, beside the float64 reference's, where the Nyquist
    frequency doesn't cut the filters."""
    wavelet = wavelet_of(task.family, task.order)
    for c in configurations(task):
        part, count = c.part.task, 40
        samples = model.noise(c, SEED, np.arange(count))
        scales = np.array(part.scales)
        smoother = Smoother(wavelet, scales, part.scale_weights, part.length)
        both = [[transform(x, scales, wavelet) for x in series.astype(float)] for series in samples]
        exact = np.array([squared_coherence(a, b, smoother) for a, b in zip(*both, strict=True)])
        at = c.offset + c.step * np.arange(c.places)
        first = c.part.own[0] + c.row - c.part.row
        for j, (sums, counted) in enumerate(
            zip(sums_over_scales(c, samples), c.counted, strict=True)
        ):
            if part.scales[first + j] < lowest:
                continue
            s1, s2, re, im = sums.astype(float)
            where = slice(counted.outside[0], counted.outside[1] + 1)
            apart = ((re**2 + im**2) / (s1 * s2) - exact[:, first + j][:, at])[:, where]
            assert np.sqrt((apart**2).mean()) < 0.008
            assert abs(apart.mean()) < 0.002


def sums_over_scales(c, samples):
    """What the bins are made of."""
    smooth = []
    for row in range(len(c.scales)):
        both = model.coefficients(c, row, samples)
        smooth.append(model.smoothed(c, row, model.products(c, both[:, 0], both[:, 1])))
    for j in range(len(c.counted)):
        low = c.own + j - len(c.weights) // 2
        pairs = [(w, low + i) for i, w in enumerate(c.weights) if 0 <= low + i < len(smooth)]
        yield model.sum_of(pairs, smooth)


# -- histograms ----------------------------------------------------------------------------


def test_levels_are_the_librarys():
    """95 % levels of 4,000 realisations beside the kernel's of 20,000.

    The standard error of a level is below 0.004; the largest of 17 passes five of them once in
    100,000 runs, and the tolerance is the table's in fpga_gateware/README.md.
    """
    task = task_of(octaves=4, length=400, ar1=(0.2, 0.7))
    found = sum(c.spread(histogram(c, SEED, *c.span(0, 4000)), task) for c in configurations(task))
    expected = levels(get_backend("sequential").run(task, SEED, 0, 20_000))[0]
    apart = levels(found)[0] - expected
    assert abs(apart).max() < 0.01 + 5 * 0.004
    assert abs(apart.mean()) < 0.01


def test_histograms_add_up_and_count_the_known_points():
    task = task_of("paul", 4.0, s0=1.4, octaves=3, length=200)
    for c in configurations(task):
        whole = histogram(c, SEED, 5, 9)
        parts = histogram(c, SEED, 5, 2) + histogram(c, SEED, 7, 7)
        np.testing.assert_array_equal(whole, parts)
        np.testing.assert_array_equal(whole.sum(axis=1), 9 * np.array(c.points))
        assert (whole != histogram(c, SEED + 1, 5, 9)).any()


def test_counts_stand_for_the_samples_of_the_whole_series():
    """Each scale's counts, with what they weigh, are in proportion to the library's."""
    task = task_of(octaves=5, length=1500)
    unit = model.BINS * 1000 // np.gcd(model.BINS, 1000) // model.BINS * 16
    for c in configurations(task):
        counts = np.zeros((c.rows, BINS), np.int64)
        counts[:, 3] = c.points
        found = c.spread(counts, task).sum(axis=1)[c.row : c.row + len(c.counted)]
        assert len(found) == len(c.counted) > 0
        scales = c.part.task.scales[c.part.own[0] + c.row - c.part.row :]
        for scale, total, weights in zip(scales, found, c.part.weights, strict=False):
            outside = np.ceil(np.sqrt(2) * scale)
            near = np.ceil(4 * scale) - outside
            beyond = c.length - 2 * outside - 2 * near
            expected = 2 * near * weights[0] + beyond * weights[1]
            assert total == pytest.approx(unit * expected, rel=0.05)


@pytest.mark.parametrize("bins", [2, 100, 128, 1000, 1009, 4096])
def test_bins_are_spread_evenly(bins):
    task = task_of(octaves=1, length=100, bins=bins)
    (c,) = configurations(task)
    counts = np.zeros((c.rows, BINS), np.int64)
    counts[0] = np.random.default_rng(1).integers(0, 1000, BINS)
    found = np.concatenate([[0], np.cumsum(c.spread(counts, task)[c.row])])
    cumulative = np.concatenate([[0], np.cumsum(counts[0])])
    at = np.linspace(0, BINS, bins + 1)
    expected = np.interp(at, np.arange(BINS + 1), cumulative)
    np.testing.assert_allclose(found / found[-1], expected / cumulative[-1], atol=1e-12)


def test_every_series_belongs_to_one_realisation():
    for c in configurations(task_of(octaves=5)):
        spans = [c.span(k, 1) for k in range(300)]
        assert spans[0][0] == 0
        assert all(a + n == b for (a, n), (b, _) in itertools.pairwise(spans))
        assert c.span(0, 300) == (0, c.part.draws)


def test_counts_dont_depend_on_lanes():
    task = task_of(octaves=3, length=200)
    for two, four in zip(configurations(task), configurations(task, 4), strict=True):
        assert replace(two, lanes=4) == four
        np.testing.assert_array_equal(histogram(two, 1, 0, 3), histogram(four, 1, 0, 3))


# -- what fits -----------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 4]))
def test_any_task_fits_the_words_or_is_refused(seed, lanes):
    task = random_task(np.random.default_rng(seed))
    try:
        found = configurations(task, lanes)
    except ValueError:
        return
    counted = np.zeros(len(task.scales), int)
    for c in found:
        counted[c.row : c.row + len(c.counted)] += 1
        check_words(c)
    assert counted.max() == 1


def check_words(c):
    """No sum of the chip can pass its word, and everything has its place."""
    assert 16 <= c.length <= limits.MAX_LENGTH
    assert 1 <= c.rows <= MAX_ROWS
    assert [one.row for one in c.strata] == list(range(c.rows))
    assert len(c.scales) <= limits.MAX_SCALES
    assert len(c.counted) <= 32
    assert len(c.weights) <= limits.MAX_WEIGHTS
    assert sum(c.weights) <= limits.WEIGHT_SUM
    assert 0 <= c.shift <= limits.MAX_SHIFT
    assert all(abs(v) < 2**17 for v in (*c.lags, *c.gains, *c.first_gains))
    assert all(120 / 2 * g * 2**10 + 2**16 * 2**17 < 2**34 for g in (*c.gains, *c.first_gains))
    assert c.offset >= 0
    assert c.offset + (c.places - 1) * c.step < c.length
    assert 2 * c.half + 2 <= ring_depth(len(c.scales))
    assert ring_depth(len(c.scales)) * len(c.scales) <= limits.RING
    assert sum(len(row.window) for row in c.scales) <= limits.MAX_WINDOWS
    assert tap_words([len(row.real) for row in c.scales], c.lanes) <= limits.MAX_TAPS
    for row in c.scales:
        for taps in (row.real, row.imag):
            assert max(map(abs, taps)) <= limits.TAP_LIMIT
            # Samples are below 2^16, and a half is added.
            assert 2 * sum(map(abs, taps)) * limits.SAMPLE_LIMIT + 2**15 < 2**33
        whole = 2 * sum(map(abs, row.window)) - abs(row.window[0])
        assert whole * limits.PRODUCT_LIMIT + 2**15 < 2**34
    addresses = [address for address, _ in c.words]
    assert addresses == sorted(set(addresses))
    assert addresses[-1] < TAPS + c.lanes * 0x800
    assert all(0 <= word < 2**32 for _, word in c.words)
    first, last = c.used
    registers = dict(c.words)
    assert registers[11] == (c.places + c.gap) * c.step < 2**13
    assert registers[14] == last - first + 2 * c.half < 2**11
    assert registers[10] < registers[11]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"estimator": "full"}, "estimator cascade, not full"),
        ({"family": "morse", "shape": 3.0, "estimator": "full"}, "morlet, paul, dog, not morse"),
        ({"edge_nodes": (0.0, 1.0)}, "within the cone"),
        ({"scale_weights": (1 / 33,) * 33}, "smooths over at most 31 scales, not 33"),
    ],
)
def test_what_it_cant_do_is_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        configurations(replace(task_of(), **changes))


def test_wavelets_that_reach_too_far_are_refused():
    with pytest.raises(ValueError, match="don't fit into the gateware"):
        configurations(task_of("paul", 1.0, s0=4.0, octaves=2))
