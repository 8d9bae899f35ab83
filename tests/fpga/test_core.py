"""The core in Verilator: each part against its slice of the model, the whole on every bin."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from fpga_core import core_bench, random_task, task_of
from pycwtd_drivers.tang_nano_9k.fixed import MAX_ROWS, configurations, histogram, model
from pycwtd_drivers.tang_nano_9k.fixed.image import INNER, OUTSIDE, TAPS, ring_depth
from pycwtd_drivers.tang_nano_9k.fixed.limits import LARGEST_COUNT, PRODUCT_LIMIT, SAMPLE_LIMIT

SEED = (7 << 50) + 12345
#: Random configurations; `make test-gateware` takes more.
EXAMPLES = int(os.environ.get("GATEWARE_EXAMPLES", "10"))


def core_of(lanes):
    if missing := core_bench.lack():
        pytest.skip(f"the gateware can't be simulated: {missing}")
    return core_bench.Core(core_bench.build(lanes))


@pytest.fixture(scope="module")
def core():
    with core_of(2) as one:
        yield one


def small():
    return task_of(octaves=3, s0=2.0, length=150, ar1=(0.3, 0.8))


def test_verilator_has_nothing_to_say():
    if missing := core_bench.lack():
        pytest.skip(f"the gateware can't be linted: {missing}")
    assert not core_bench.lint(2)
    assert not core_bench.lint(4)


# -- the parts -----------------------------------------------------------------------------


@pytest.fixture(
    scope="module",
    params=[
        (task_of(octaves=3, length=130, ar1=(0.3, 0.8)), 1),
        # A circle without a gap: the ends meet.
        (task_of(octaves=3, s0=4.0, length=256, ar1=(-0.4, 0.95)), 2),
        (task_of(octaves=2, dj=1 / 12, length=100), 1),
    ],
    ids=["gap", "circle", "many scales"],
)
def traced(request, core):
    task, number = request.param
    c = configurations(task)[number]
    core.configure(c)
    trace = core.run(SEED, 41, 2, trace=True).trace
    samples = model.noise(c, SEED, np.array([41, 42]))
    parts = np.array([model.coefficients(c, r, samples) for r in range(len(c.scales))])
    products = [model.products(c, both[:, 0], both[:, 1]) for both in parts]
    smooth = [model.smoothed(c, r, p) for r, p in enumerate(products)]
    return c, trace, samples, parts, np.array(products), np.array(smooth)


def ticks(c):
    """The places that the chip looks at, in turn; −1 where it is none."""
    first, last = c.used
    at = np.arange(first - c.half, last + c.half + 1) % (c.places + c.gap)
    return np.where(at < c.places, at, -1)


def test_noise(traced):
    c, trace, samples, *_ = traced
    found = trace["x"].reshape(2, c.length, 3)
    np.testing.assert_array_equal(found[..., 0], [np.arange(c.length)] * 2)
    np.testing.assert_array_equal(found[..., 1:].transpose(2, 0, 1), samples)


def test_filters(traced):
    c, trace, _, parts, *_ = traced
    at = ticks(c)
    at = at[at >= 0]
    found = trace["w"].reshape(2, at.size, -1, 4)[:, :, : len(c.scales)]
    # Scale, part, series, realisation, place.
    expected = parts[..., at].transpose(3, 4, 0, 2, 1).reshape(2, at.size, -1, 4)
    np.testing.assert_array_equal(found, expected)


def test_products_in_their_ring(traced):
    c, trace, _, _, products, _ = traced
    at = ticks(c)
    scales, depth = len(c.scales), ring_depth(len(c.scales))
    expected = []
    for realisation in range(2):
        for tick, place in enumerate(at, start=realisation * at.size):
            address = depth * np.arange(scales) + tick % depth
            if place < 0:
                expected += [(15, a, 0) for a in address]
            else:
                values = products[:, :, realisation, place]
                expected += [
                    (1 << k, address[r], values[r, k]) for r in range(scales) for k in range(4)
                ]
    np.testing.assert_array_equal(trace["p"], expected)


def test_smoothing_in_time(traced):
    c, trace, _, _, _, smooth = traced
    first, last = c.used
    # Two words of two numbers for each scale.
    found = trace["s"][:, 1:].reshape(2, last - first + 1, len(c.scales), 4)
    expected = smooth[..., first : last + 1].transpose(2, 3, 0, 1)
    np.testing.assert_array_equal(found, expected)


def test_sums_over_scales_and_bins(traced):
    c, trace, *_, smooth = traced
    sums = []
    for j in range(len(c.counted)):
        low = c.own + j - len(c.weights) // 2
        pairs = [(w, low + i) for i, w in enumerate(c.weights) if 0 <= low + i < len(smooth)]
        sums.append(model.sum_of(pairs, list(smooth)))
    expected = []
    for realisation in range(2):
        for place in range(c.used[0], c.used[1] + 1):
            for j, one in enumerate(c.counted):
                if one.outside[0] <= place <= one.outside[1]:
                    inner = one.inner[0] <= place <= one.inner[1]
                    row = one.beyond.row if inner else one.near.row
                    expected.append((row, *sums[j][:, realisation, place]))
    expected = np.array(expected)
    np.testing.assert_array_equal(trace["r"], expected)
    bins = model.squared_coherence_bins(expected[:, 1:].T)
    np.testing.assert_array_equal(trace["h"], np.stack([expected[:, 0], bins], axis=1))


# -- the whole -----------------------------------------------------------------------------


def random_configuration(seed):
    """Of a task that the chip can do."""
    rng = np.random.default_rng(seed)
    while True:
        try:
            found = configurations(random_task(rng))
        except ValueError:
            continue
        cheap = [c for c in found if c.places * len(c.scales) < 2500]
        if cheap:
            return (
                cheap[rng.integers(len(cheap))],
                int(rng.integers(2**63)),
                int(rng.integers(2**31)),
            )


@pytest.mark.parametrize("example", range(EXAMPLES))
def test_every_bin_is_the_models(core, example):
    configuration, seed, first = random_configuration(example)
    count = 4
    core.configure(configuration)
    unit = core.run(seed, first, count)
    assert (unit.done, unit.overflow) == (count, False)
    expected = histogram(configuration, seed, first, count)
    np.testing.assert_array_equal(core.histogram(configuration.rows), expected)


@pytest.mark.skipif("GATEWARE_EXAMPLES" not in os.environ, reason="part of `make test-gateware`")
@pytest.mark.parametrize("lanes", [1, 3, 4])
def test_other_numbers_of_lanes_count_alike(lanes):
    with core_of(lanes) as core:
        for c in configurations(small(), lanes):
            core.configure(c)
            core.run(SEED, 0, 5)
            np.testing.assert_array_equal(core.histogram(c.rows), histogram(c, SEED, 0, 5))


def test_limits_are_the_models(core):
    """Samples and products that pass their words are cut to the same values."""
    c = replace(configurations(small())[1], gains=(131071, 131071), lags=(131071, -131071), shift=2)
    samples = model.noise(c, SEED, np.arange(4))
    assert (abs(samples) == SAMPLE_LIMIT).any()
    parts = model.coefficients(c, 0, samples)
    assert (abs(model.products(c, parts[:, 0], parts[:, 1])) == PRODUCT_LIMIT).any()
    core.configure(c)
    core.run(SEED, 0, 4)
    np.testing.assert_array_equal(core.histogram(c.rows), histogram(c, SEED, 0, 4))


def test_the_last_numbers_there_are(core):
    c = configurations(small())[1]
    core.configure(c)
    core.run(2**64 - 1, 2**32 - 3, 3)
    expected = histogram(c, 2**64 - 1, 2**32 - 3, 3)
    np.testing.assert_array_equal(core.histogram(c.rows), expected)


def test_nothing_of_another_unit_stays(core):
    first, second = configurations(small())[:2]
    for c in (first, second, first):
        core.configure(c)
        core.run(SEED, 9, 3)
        found = core.histogram(MAX_ROWS)
        np.testing.assert_array_equal(found[: c.rows], histogram(c, SEED, 9, 3))
        assert not found[c.rows :].any()


def test_a_unit_of_nothing(core):
    unit = core.run(SEED, 0, 0)
    assert unit.done == 0
    assert not core.histogram(MAX_ROWS).any()


@pytest.mark.parametrize("after", [10, 3000, 7000, 9137, 30_011])
def test_abort_stops_at_once(core, after):
    c = configurations(small())[1]
    core.configure(c)
    assert core.abort(SEED, 0, 10**6, after) <= 16
    core.run(SEED, 3, 2)
    np.testing.assert_array_equal(core.histogram(c.rows), histogram(c, SEED, 3, 2))


def test_a_full_bin_is_told(core):
    """Without taps there is no power: all is counted in the first bin, here 32 times a place."""
    (c,) = configurations(task_of(octaves=1, s0=16.0, dj=0.5, length=96))
    core.configure(c)
    core.write(tuple((address, 0) for address, _ in c.words if address >= TAPS))
    first, last = c.used
    for i in range(32):
        core.write(((OUTSIDE + i, last << 10 | first), (INNER + i, 1)))
    core.write(((21, 31),))
    each = 32 * (last - first + 1)
    fits = LARGEST_COUNT // each
    for count, overflow in ((fits, False), (fits + 1, True), (1, False)):
        unit = core.run(SEED, 0, count)
        assert (unit.done, unit.overflow) == (count, overflow)
        found = core.histogram(MAX_ROWS)
        assert found[0, 0] == min(each * count, LARGEST_COUNT)
        assert found.sum() == found[0, 0]
