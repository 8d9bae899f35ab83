"""The same integers from every split, number of threads and instruction set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo.kernel import Plan, instruction_sets, plan_for

TASKS = {
    "morlet": ("morlet", 6.0, 2.0, (0.4, 0.95)),
    "paul": ("paul", 4.0, 1.5, (0.0, -0.7)),
    "dog": ("dog", 3.0, 2.5, (0.9, 0.9)),
}


def task_of(name: str) -> SignificanceTask:
    family, order, s0, ar1 = TASKS[name]
    scales = tuple(s0 * 2 ** (j / 6) for j in range(24))
    return SignificanceTask(family, order, scales, (0.25, 0.5, 0.25), 150, ar1, 50)


@pytest.mark.parametrize("path", ["auto", "plain"])
@pytest.mark.parametrize("name", TASKS)
def test_every_instruction_set_gives_the_same_histogram(name, path):
    histograms = [Plan(task_of(name), isa, path).run(9, 3, 37) for isa in instruction_sets()]
    for other in histograms[1:]:
        np.testing.assert_array_equal(other, histograms[0])


@pytest.mark.parametrize("name", TASKS)
def test_every_instruction_set_gives_the_same_bits(name):
    values = [Plan(task_of(name), isa).coherence(2**63, 7).r2 for isa in instruction_sets()]
    for other in values[1:]:
        np.testing.assert_array_equal(other.view(np.int32), values[0].view(np.int32))


@settings(max_examples=40)
@given(
    name=st.sampled_from(sorted(TASKS)),
    isa=st.sampled_from(instruction_sets()),
    path=st.sampled_from(["auto", "plain"]),
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 2**32 - 200),
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    threads=st.integers(1, 4),
)
def test_parts_add_up_to_the_whole(*, name, isa, path, seed, first, counts, threads):
    task = task_of(name)
    whole = plan_for(task, path=path).run(seed, first, sum(counts))
    parts = np.zeros_like(whole)
    for count in counts:
        parts += plan_for(task, isa, path).run(seed, first, count, threads)
        first += count
    np.testing.assert_array_equal(parts, whole)


def test_realisations_and_seeds_differ():
    plan = plan_for(task_of("morlet"))
    one, other_k, other_seed = plan.coherence(1, 0), plan.coherence(1, 1), plan.coherence(2, 0)
    assert np.abs(one.r2 - other_k.r2).max() > 0.1
    assert np.abs(one.r2 - other_seed.r2).max() > 0.1
