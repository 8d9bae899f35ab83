"""Counts within the cone of influence: C against float64, splits, and short series' ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycwt_mod import DOG, Morlet, Paul
from pycwt_mod.monte_carlo import reference
from pycwt_mod.monte_carlo.cascade import octaves
from pycwt_mod.monte_carlo.edges import node_samples
from pycwt_mod.monte_carlo.kernel import Plan, instruction_sets, plan_for
from pycwt_mod.monte_carlo.run import coherence_task, monte_carlo

if TYPE_CHECKING:
    from pycwt_mod.backends import SignificanceTask

WAVELETS = {"morlet": Morlet(), "paul": Paul(4), "dog": DOG(2), "dog 6": DOG(6)}


def task_of(name: str, n: int, estimator: str = "full", J: int = 24) -> SignificanceTask:
    """α 0.3 and 0.7, four scales an octave from 2 samples on."""
    grid = (1, 0.25, 2, J)
    return coherence_task(0.3, 0.7, *grid, WAVELETS[name], estimator=estimator, n=n, edges=True)


@pytest.mark.parametrize("estimator", ["full", "cascade"])
@pytest.mark.parametrize("n", [100, 128, 701])
@pytest.mark.parametrize("name", WAVELETS)
def test_the_nodes_are_the_oracle_s(name, n, estimator):
    task = task_of(name, n, estimator)
    plan = Plan(task)
    assert plan.path == "plain"
    parts = octaves(task) if estimator == "cascade" else [None]
    for number, octave in enumerate(parts):
        part = octave.task if octave else task
        c = plan.coherence(77, 5, number)
        exact = reference.realisation_coherence(part, 77, 5, octave.stream if octave else 0)
        assert np.abs(c.r2 - exact[c.scale, c.time]).max() < 2e-5
        points = set(zip(c.scale.tolist(), c.time.tolist(), strict=True))
        own = octave.own if octave else (0, len(task.scales))
        node, row, at = reference.node_points(part, own)
        assert points >= set(zip((row + own[0]).tolist(), at.tolist(), strict=True))
        assert c.r2.size == reference.counted_points(part)[slice(*own)].sum() + node.size


@pytest.mark.parametrize("estimator", ["full", "cascade"])
@pytest.mark.parametrize("name", WAVELETS)
def test_the_histogram_is_the_oracle_s(name, estimator):
    task = task_of(name, 101, estimator)
    exact = reference.coherence_histogram(task, 3, 8, 20)
    histogram = Plan(task).run(3, 8, 20)
    assert histogram.shape == (task.rows, task.bins)
    np.testing.assert_array_equal(histogram.sum(axis=1), exact.sum(axis=1))
    # All but the few values that lie on the edge of a bin.
    assert np.abs(histogram - exact).sum() <= 2e-3 * exact.sum()
    counted = histogram.reshape(-1, len(task.scales), task.bins).sum(axis=2)
    assert (counted[1:] == 2 * 20).all()
    # The rows outside the cone don't know of the nodes.
    alone = Plan(replace(task, edge_nodes=()), path="plain")
    if estimator == "full":
        np.testing.assert_array_equal(alone.run(3, 8, 20), histogram[: len(task.scales)])


def test_where_the_nodes_lie():
    """Worked by hand: 41 samples, whose middle is sample 20."""
    task = replace(task_of("morlet", 41), edge_nodes=(0.0, 0.25, 1.3))
    assert node_samples(task, 2.0) == (0, 1, 3)  # 0.5 is rounded up
    assert node_samples(task, 10.0) == (0, 3, 13)
    assert node_samples(task, 30.0) == (0, 8, 20)
    assert node_samples(task, 62.0) == ()
    assert node_samples(replace(task, length=40), 30.0) == (0, 8, 19)


def test_scales_longer_than_the_series_have_no_nodes():
    task = task_of("morlet", 40)
    counted = Plan(task).run(1, 0, 3).sum(axis=1).reshape(-1, len(task.scales))
    beyond = np.array(task.scales) > 60
    assert beyond.any()
    assert (counted[1:] == np.where(beyond, 0, 6)).all()


def test_multirate_refuses_nodes():
    with pytest.raises(ValueError, match=r"path multirate .* no edge_nodes"):
        Plan(task_of("morlet", 200), path="multirate")


@settings(max_examples=25)
@given(
    name=st.sampled_from(sorted(WAVELETS)),
    estimator=st.sampled_from(["full", "cascade"]),
    isa=st.sampled_from(instruction_sets()),
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 2**32 - 200),
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    threads=st.integers(1, 4),
)
def test_parts_add_up_to_the_whole(*, name, estimator, isa, seed, first, counts, threads):
    task = task_of(name, 150, estimator, J=16)
    whole = plan_for(task).run(seed, first, sum(counts))
    parts = np.zeros_like(whole)
    for count in counts:
        parts += plan_for(task, isa).run(seed, first, count, threads)
        first += count
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize(
    ("name", "ar1", "n"),
    [
        ("morlet", (0.0, 0.0), 600),
        ("morlet", (0.9, 0.5), 1024),  # the smoothing goes round a full circle
        ("morlet", (0.99, 0.99), 1000),
        ("paul", (0.9, 0.5), 1000),
        ("dog", (-0.5, 0.3), 700),
    ],
)
def test_short_series_end_like_the_whole_one(name, ar1, n):
    """Level maps of the cascade and of full series, 4,000 realisations of either.

    Beside 0.006 for places that are rounded to the cascade's samples, four standard errors of
    the difference are allowed. Points of a scale are strongly correlated, and so are scales
    nearby: some 60 independent comparisons of a setting, a false alarm in 50 choices of all the
    seeds were it not for the 0.006.
    """
    maps = []
    for seed, estimator in enumerate(["full", "cascade"]):
        task = replace(task_of(name, n, estimator, J=34), ar1=ar1)
        maps.append(monte_carlo(task, 4_000, seed=seed, backend="joblib").level_map())
    error = np.hypot(maps[0].standard_errors, maps[1].standard_errors)
    difference = np.abs(maps[1].levels - maps[0].levels)
    near = np.isfinite(error)
    assert (difference[near] <= 0.006 + 4 * error[near]).all()
    assert np.sqrt(np.mean((difference[near] / error[near]) ** 2)) < 1.6
