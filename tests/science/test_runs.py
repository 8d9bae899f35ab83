"""Monte Carlo runs: continued, read at any level, stopped by precision, kept in the cache."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycwt_mod.backends import ESTIMATORS
from pycwt_mod.monte_carlo.cache import HistogramCache
from pycwt_mod.monte_carlo.run import coherence_task, monte_carlo

TASK = coherence_task(0.3, 0.6, 1.0, 0.25, 2.0, 12)
OTHER = coherence_task(0.3, 0.5, 1.0, 0.25, 2.0, 12)


@pytest.mark.parametrize("first", [1, 299, 300])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_run_and_what_is_added_to_it_are_a_longer_one(estimator, first):
    task = replace(TASK, estimator=estimator)
    whole = monte_carlo(task, 1000, seed=5)
    part = monte_carlo(task, first, seed=5)
    continued = monte_carlo(task, 1000, start=part)
    np.testing.assert_array_equal(continued.histogram, whole.histogram)
    np.testing.assert_array_equal(continued.levels, whole.levels)
    np.testing.assert_array_equal(continued.standard_errors, whole.standard_errors)
    assert (continued.seed, continued.mc_count) == (5, 1000)


def test_only_a_run_of_the_same_task_and_seed_is_continued():
    part = monte_carlo(TASK, 20, seed=5)
    with pytest.raises(ValueError, match="start"):
        monte_carlo(OTHER, 40, start=part)
    with pytest.raises(ValueError, match="start"):
        monte_carlo(TASK, 40, start=part, seed=6)


def test_any_level_is_read_from_the_same_run():
    run = monte_carlo(TASK, 200, seed=1)
    again = monte_carlo(TASK, 200, seed=1, significance_level=0.99)
    np.testing.assert_array_equal(run.at(0.99).levels, again.levels)
    np.testing.assert_array_equal(run.at(0.99).standard_errors, again.standard_errors)
    assert (run.at(0.9).levels < run.levels).all()


@settings(max_examples=30)
@given(st.floats(0.5, 0.99))
def test_the_p_value_at_a_level_is_its_complement(level):
    run = RUN.at(level)
    np.testing.assert_allclose(run.p_values(run.levels), 1 - level, atol=1e-9)


RUN = monte_carlo(TASK, 400, seed=3)


def test_p_values_have_the_shape_asked_for_and_fall_with_coherence():
    grid = np.tile(np.linspace(0, 1, 50), (13, 1))
    p = RUN.p_values(grid)
    assert p.shape == grid.shape
    assert (np.diff(p, axis=1) <= 0).all()
    np.testing.assert_array_equal(p[:, 0], 1)
    np.testing.assert_array_equal(p[:, -1], 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        RUN.p_values(np.full(13, 1.1))
    with pytest.raises(ValueError, match="13 scales"):
        RUN.p_values(np.zeros(12))


def test_precision_decides_at_fixed_counts():
    run = monte_carlo(TASK, precision=0.008, seed=9)
    assert run.mc_count in {300 * 2**n for n in range(12)}
    assert run.standard_errors.max() <= 0.008
    np.testing.assert_array_equal(run.histogram, monte_carlo(TASK, run.mc_count, seed=9).histogram)
    half = monte_carlo(TASK, run.mc_count // 2, seed=9)
    assert half.standard_errors.max() > 0.008


def test_the_cache_says_what_came_from_it(tmp_path):
    cache = HistogramCache(tmp_path)
    first = monte_carlo(TASK, 100, cache=cache)
    assert first.cached == 0
    hit = monte_carlo(TASK, 100, cache=cache)
    assert (hit.cached, hit.seed, hit.mc_count) == (100, first.seed, 100)
    np.testing.assert_array_equal(hit.histogram, first.histogram)
    more = monte_carlo(TASK, 150, cache=cache)
    assert (more.cached, more.seed, more.mc_count) == (100, first.seed, 150)
    np.testing.assert_array_equal(more.histogram, monte_carlo(TASK, 150, seed=first.seed).histogram)
    # What is there is more precise than what is asked for.
    assert monte_carlo(TASK, 50, cache=cache).mc_count == 150
    assert monte_carlo(OTHER, 50, cache=cache).cached == 0


@pytest.mark.parametrize("options", [{"mc_count": 40}, {"precision": 0.02}])
def test_with_a_seed_the_cache_changes_nothing(tmp_path, options):
    cache = HistogramCache(tmp_path)
    fresh = monte_carlo(TASK, seed=4, **options)
    for earlier in (10, 40, 700):
        monte_carlo(TASK, earlier, seed=4, cache=cache)
        run = monte_carlo(TASK, seed=4, cache=cache, **options)
        assert run.mc_count == fresh.mc_count
        np.testing.assert_array_equal(run.histogram, fresh.histogram)
