"""The self-test: what is right passes it, and what is wrong doesn't, though it is only a little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pycwt_mod.backends import MonteCarloBackend, get_backend
from pycwt_mod.monte_carlo.conformity import (
    FEWEST,
    ImpossibleHistogramError,
    conformity,
    small_task,
)

KERNEL = get_backend("sequential")
TOLERANCE = 0.003


class Altered(MonteCarloBackend):
    """The C kernel with something done to its histograms, and a class of its own."""

    def __init__(self, alter, numerics="altered-1", noise=0):
        self.info = replace(KERNEL.info, name="altered", numerics=numerics, tolerance=TOLERANCE)
        self._alter = alter
        self._noise = noise
        self.asked = 0

    def probe(self):
        return KERNEL.probe()

    def run(self, task, seed, first, count, control=None):
        self.asked += count
        return self._alter(KERNEL.run(task, seed + self._noise, first, count, control))


def same(histogram):
    return histogram


def test_of(backend, estimator):
    return conformity(backend, small_task(estimator, "morlet"))


test_of.__test__ = False
ESTIMATORS = pytest.mark.parametrize("estimator", ["full", "cascade"])


@ESTIMATORS
@pytest.mark.parametrize("name", ["sequential", "joblib"])
def test_the_backends_of_the_kernel_pass(name, estimator):
    found = test_of(get_backend(name), estimator)
    assert found.passed, found.told()
    assert found.exact == (name == "joblib")
    assert found.realisations == FEWEST


@ESTIMATORS
def test_a_class_of_its_own_passes_by_its_figures(estimator):
    found = test_of(Altered(same), estimator)
    assert found.passed
    assert not found.exact
    assert 0 < found.deviation <= found.limit < 0.05


@ESTIMATORS
@pytest.mark.parametrize("noise", range(1, 9))
def test_other_noise_passes_and_takes_more_realisations(estimator, noise):
    """By chance one in a million doesn't: of these sixteen, which are fixed, none."""
    found = test_of(Altered(same, noise=noise), estimator)
    assert found.passed, found.told()
    assert found.realisations == 8 * FEWEST


def one_count(histogram):
    for row in histogram:
        if row.any():
            full = int(row.argmax())
            row[full] -= 1
            row[full - 1] += 1
            return histogram
    return histogram


#: What may go wrong on a board, and the test has to find with the reference's noise.
WRONG = {
    "shifted by two bins": lambda h: np.roll(h, 2, axis=1),
    "turned round": lambda h: np.flip(h, axis=1),
    "all in one bin": lambda h: np.eye(*h.shape, h.shape[1] // 2, dtype=np.int64) * 100,
}


@ESTIMATORS
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_found(wrong, estimator):
    found = test_of(Altered(WRONG[wrong]), estimator)
    assert not found.passed, found.told()


@ESTIMATORS
@pytest.mark.parametrize("wrong", ["turned round", "all in one bin"])
def test_what_is_grossly_wrong_is_found_with_other_noise_too(wrong, estimator):
    assert not test_of(Altered(WRONG[wrong], noise=1), estimator).passed


@ESTIMATORS
def test_in_the_kernels_class_one_count_is_found(estimator):
    found = test_of(Altered(one_count, KERNEL.info.numerics), estimator)
    assert found.exact
    assert not found.agrees
    assert "other counts than the C kernel's" in found.told()
    assert found.limit == 0


def test_who_doesnt_repeat_itself_or_add_up_is_found():
    calls = iter(range(1000))
    restless = Altered(lambda h: np.roll(h, next(calls) % 2, axis=1))
    assert "the second time" in test_of(restless, "full").told()
    doubled = Altered(lambda h: h * (1 + (h.sum() > 1000)))
    found = test_of(doubled, "full")
    assert not found.adds_up
    assert "aren't those of the whole" in found.told()


@pytest.mark.parametrize(
    "alter",
    [np.negative, lambda h: h[:1], lambda h: h.astype(float)],
    ids=["sign", "shape", "type"],
)
def test_what_cant_be_is_refused(alter):
    with pytest.raises(ImpossibleHistogramError, match="impossible histogram"):
        test_of(Altered(alter), "full")


def test_fewer_than_eight_are_refused():
    with pytest.raises(ValueError, match="at least 8, not 7"):
        conformity(KERNEL, small_task("full", "morlet"), 7)
