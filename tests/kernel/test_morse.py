"""Morse wavelets in the C kernel, against the float64 oracle on the same noise."""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.monte_carlo import reference
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.kernel import KernelError, Plan, instruction_sets
from pycwt_mod.monte_carlo.run import coherence_task, independent_values


@pytest.mark.parametrize(
    ("gamma", "beta"), [(3, 20), (3, 1.5), (1, 4), (2, 2), (10, 200), (3, 200), (1, 1)]
)
def test_coherence_of_a_realisation(gamma, beta):
    """Measured: below 3e−6 everywhere."""
    task = coherence_task(0.5, -0.3, 1, 0.25, -1, 14, pycwt.Morse(gamma, beta))
    found = Plan(task).coherence(7, 3)
    expected = reference.realisation_coherence(task, 7, 3)[found.scale, found.time]
    np.testing.assert_allclose(found.r2, expected, rtol=0, atol=2e-5)
    counted = reference.counted_points(task)
    np.testing.assert_array_equal(np.bincount(found.scale, minlength=15), counted.sum(axis=1))


def test_the_same_integers_on_every_instruction_set():
    task = coherence_task(0.5, -0.3, 1, 0.25, -1, 14, "morse")
    histograms = [Plan(task, isa).run(1, 3, 20) for isa in instruction_sets()]
    for other in histograms[1:]:
        np.testing.assert_array_equal(other, histograms[0])


@pytest.mark.parametrize(("gamma", "beta"), [(3, 20), (1, 4), (10, 20), (3, 80)])
def test_standard_errors_are_those_of_repeated_runs(gamma, beta):
    """100 runs of 60 realisations: the spread of the levels keeps below the stated error.

    Measured: 7 to 22 % below over 12 scales, whose mean ratio has a standard error below 0.04.
    """
    task = coherence_task(0.5, 0.5, 1, 0.25, -1, 11, pycwt.Morse(gamma, beta))
    plan, worth = Plan(task), independent_values(task, 60)
    runs = [levels(plan.run(seed, 0, 60), 0.95, worth) for seed in range(100)]
    found, errors = zip(*runs, strict=True)
    ratio = np.std(found, axis=0, ddof=1) / np.mean(errors, axis=0)
    assert 0.6 < ratio.mean() < 1.1


def test_a_path_that_it_has_not():
    with pytest.raises((ValueError, KernelError), match="multirate is for Morlet"):
        Plan(coherence_task(0.5, 0.3, 1, 0.25, -1, 14, "morse"), path="multirate")
