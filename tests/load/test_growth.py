"""The verdict of the load hour: it sees what grows, and is seldom wrong about what doesn't."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy import stats

from load.growth import FALSE_ALARM, medians, rising, slope, trend
from load.rates import BREAKING, WORK, moments

TIMES = np.arange(0, 360, 1.0)


def judged(values, allowed=4.0):
    points = list(zip(TIMES, values, strict=True))
    return trend("it", points, hour=480, allowed=allowed)


def test_kendalls_distribution_is_scipys():
    rng = np.random.default_rng(1)
    for n in (4, 9, 12):
        for _ in range(20):
            values = rng.permutation(n)
            found = stats.kendalltau(range(n), values, alternative="greater", method="exact")
            assert rising(list(values)) == pytest.approx(found.pvalue)


def test_kendalls_distribution_is_that_of_all_orders():
    scores = Counter(rising(order) for order in permutations(range(5)))
    seen = 0
    for p in sorted(scores):
        seen += scores[p]
        assert p == pytest.approx(seen / math.factorial(5))


def test_ties_speak_for_neither_side():
    assert rising([3, 3, 3, 3]) > 0.5
    assert rising([1, 1, 2, 2]) > rising([1, 2, 3, 4])


def test_the_slope_is_scipys_and_a_few_wild_values_dont_sway_it():
    rng = np.random.default_rng(2)
    x = np.arange(12.0)
    y = 3 * x + rng.normal(size=12)
    y[[2, 7]] = 500
    found = stats.theilslopes(y, x).slope
    assert slope(list(zip(x, y, strict=True))) == pytest.approx(found)
    assert found == pytest.approx(3, abs=0.5)


def test_false_alarms_are_as_rare_as_they_are_said_to_be():
    """Of 4,000 figures without growth 4 are expected; 13 or more by chance once in 4,000 runs."""
    rng = np.random.default_rng(3)
    alarms = sum(rising(list(rng.normal(size=12))) < FALSE_ALARM for _ in range(4000))
    assert alarms < 13


def test_a_leak_among_noise_is_seen():
    rng = np.random.default_rng(4)
    # 12 MB in the hour, in steps, with as much noise as a garbage collector makes.
    leak = 90 + 12 * np.floor(TIMES / 20) * 20 / 480 + rng.normal(0, 0.7, TIMES.size)
    found = judged(leak)
    assert found.grows
    assert found.per_hour == pytest.approx(12, rel=0.25)


def test_what_rises_once_or_less_than_allowed_or_falls_is_no_growth():
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 0.2, TIMES.size)
    assert not judged(90 + 8.0 * (TIMES > 60) + noise).grows
    assert not judged(90 + 2 * TIMES / 480 + noise).grows
    assert not judged(90 - 20 * TIMES / 480 + noise).grows
    assert not judged(np.full(TIMES.size, 90.0)).grows
    # A descriptor for each of a few who are slow, at any time.
    assert not judged(40 + rng.poisson(5, TIMES.size), allowed=5).grows


def test_blocks_without_a_value_are_left_out():
    times = [*range(10), *range(90, 100)]
    found = medians(times, [1.0] * 20)
    assert [y for _, y in found] == [1.0] * len(found)
    assert len(found) == 4


def test_the_hour_has_everything_as_often_as_it_says():
    """Five standard deviations of each count: with 29 of them, once in 60,000 seeds."""
    found = Counter(moment.name for moment in moments(480, 1))
    assert found.keys() == WORK.keys() | BREAKING.keys()
    for name, times in (WORK | BREAKING).items():
        assert abs(found[name] - times) < 5 * math.sqrt(times), name
    at = [moment.at for moment in moments(480, 1)]
    assert all(a <= b for a, b in pairwise(at))
    assert 0 <= at[0] <= at[-1] < 480
    assert moments(480, 1) == moments(480, 1) != moments(480, 2)
