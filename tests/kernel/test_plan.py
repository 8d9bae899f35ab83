"""Plans: what they refuse, what they choose, what they count."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo.kernel import KernelError, Plan, instruction_sets, plan_for


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"order": 1.5}, "order of Morlet must be 2 to 100, not 1.5"),
        ({"family": "paul", "order": 2.5}, "order of Paul and DOG must be a whole number"),
        ({"family": "dog", "order": 41.0}, "order of Paul and DOG must be a whole number"),
        ({"scales": (0.25, 4.0)}, r"scales\[0\] must be 0.5 to 1e9 samples, not 0.25"),
        ({"order": 20.0}, r"scales\[0\] is too small, 2 samples: with an order of 20"),
    ],
)
def test_the_refusal_names_the_field(make_task, changes, message):
    with pytest.raises(ValueError, match=message):
        Plan(make_task(**changes))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("length", 15, "length must be 16 to 67108864 samples, not 15"),
        ("ar1", (0.5, 1.0), r"ar1\[1\] must lie between -1 and 1, not 1"),
        ("bins", 1, "bins must be 2 to 65536, not 1"),
        ("scales", (), "scales must have at least one element"),
        ("scales", (2.0, 2.0), r"scales must be positive and increase: scales\[1\] is 2"),
        ("scale_weights", (0.5, 0.5), "scale_weights must be odd in number, not 2"),
        ("scale_weights", (0.5, 0.5, 0.5), "scale_weights must sum to 1, not 1.5"),
        ("scale_weights", (0.2, 0.5, 0.3), "scale_weights must be non-negative and symmetric"),
    ],
)
def test_the_kernel_checks_for_itself(make_task, field, value, message):
    # A C caller has no SignificanceTask that would have refused these.
    task = make_task()
    object.__setattr__(task, field, value)
    with pytest.raises(ValueError, match=message):
        Plan(task)


def test_an_instruction_set_that_is_not_there_is_refused(make_task):
    with pytest.raises(ValueError, match="isa quantum isn't one that this processor runs"):
        Plan(make_task(), isa="quantum")


def test_the_environment_chooses_the_instruction_set(make_task, monkeypatch):
    for isa in instruction_sets():
        monkeypatch.setenv("PYCWT_ISA", isa)
        assert plan_for(make_task()).isa == isa
    monkeypatch.delenv("PYCWT_ISA")
    assert plan_for(make_task()).isa == instruction_sets()[-1]


def test_a_path_that_is_not_there_is_refused(make_task):
    with pytest.raises(ValueError, match="path must be one of auto, plain, multirate, not 'fast'"):
        Plan(make_task(), path="fast")


def test_the_path_is_chosen_by_the_task(make_task):
    assert Plan(make_task()).path == "multirate"
    assert Plan(make_task(), path="plain").path == "plain"
    assert Plan(make_task(s0=1.5)).path == "plain"
    assert Plan(make_task(family="paul", order=4.0)).path == "plain"
    assert Plan(make_task(family="dog", order=2.0)).path == "plain"


@pytest.mark.parametrize("changes", [{"family": "paul"}, {"s0": 1.5}, {"length": 16, "s0": 8.0}])
def test_the_multirate_path_refuses_what_it_is_not_for(make_task, changes):
    with pytest.raises(ValueError, match=r"path multirate is for Morlet and scales of 1\.6"):
        Plan(make_task(**changes), path="multirate")


@pytest.mark.parametrize("length", [16, 33, 100, 301, 512, 1536, 3000])
def test_the_multirate_path_evaluates_some_of_the_points(make_task, length):
    # They are a regular grid outside the cone, at every scale that has such points.
    task = make_task(length=length, count=120)
    plan = Plan(task, path="multirate")
    t = np.arange(length)
    distance = np.minimum(t, length - 1 - t)
    outside = np.array(task.scales)[:, None] * math.sqrt(2) <= distance
    c = plan.coherence(1, 0)
    assert outside[c.scale, c.time].all()
    assert np.unique(c.scale).tolist() == np.flatnonzero(outside.any(axis=1)).tolist()
    for j in np.unique(c.scale):
        steps = np.diff(c.time[c.scale == j])
        assert (steps == steps[:1]).all()
        assert (steps <= 2 * task.scales[j]).all()


@pytest.mark.parametrize(
    "wavelet", [{"family": "paul", "order": 4.0}, {"family": "morlet"}], ids=str
)
def test_a_task_beyond_the_memory_is_refused(make_task, wavelet):
    task = make_task(length=2**26, scales=(2.0, 4.0), **wavelet)
    with pytest.raises(KernelError, match="no memory for a length of 67108864 with 2 scales"):
        Plan(task)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 0, 1), "seed must lie between 0 and"),
        ((2**64, 0, 1), "seed must lie between 0 and"),
        ((0, -1, 1), "realisations must lie between"),
        ((0, 0, 0), "realisations must lie between"),
        ((0, 2**32 - 1, 2), "realisations must lie between"),
        ((0, 0, 1, 0), "threads must be at least 1, not 0"),
    ],
)
def test_a_span_out_of_range_is_refused(make_task, arguments, message):
    with pytest.raises(ValueError, match=message):
        plan_for(make_task()).run(*arguments)


def test_the_last_realisation_there_is_can_be_computed(make_task):
    plan = plan_for(make_task(), path="plain")
    assert plan.run(2**64 - 1, 2**32 - 1, 1).sum() == plan.points


@pytest.mark.parametrize(("family", "order", "factor"), [
    ("morlet", 6.0, math.sqrt(2)),
    ("paul", 4.0, 1 / math.sqrt(2)),
    ("dog", 2.0, math.sqrt(2)),
])  # fmt: skip
@pytest.mark.parametrize("length", [16, 301, 512])
@pytest.mark.parametrize("path", ["auto", "plain"])
def test_counted_are_the_points_outside_the_cone(*, make_task, family, order, factor, length, path):
    task = make_task(family=family, order=order, length=length)
    t = np.arange(length)
    distance = np.minimum(t, length - 1 - t)
    outside = np.array(task.scales)[:, None] * factor <= distance
    histogram = Plan(task, path=path).run(1, 0, 3)
    assert histogram.sum(axis=1).tolist() == (3 * outside.sum(axis=1)).tolist()


def test_where_nothing_lies_outside_the_cone_nothing_is_counted(make_task):
    task = make_task(length=16, s0=8.0)
    plan = Plan(task)
    assert plan.points == 0
    assert plan.run(1, 0, 100).sum() == 0


def test_identical_series_cohere_fully_in_the_last_bin():
    # One scale, one weight and a window no wider than a sample: R2 is 1 whatever the series.
    task = SignificanceTask("paul", 4.0, (0.5,), (1.0,), 64, (0.0, 0.0), 10)
    coherence = Plan(task).coherence(1, 0)
    assert ((coherence.r2 >= 0) & (coherence.r2 <= 1)).all()


def test_the_histogram_counts_the_exported_values(make_task):
    task = make_task()
    plan = Plan(task, path="plain")
    expected = np.zeros((len(task.scales), task.bins), np.int64)
    for k in range(5, 12):
        c = plan.coherence(3, k)
        assert ((c.r2 >= 0) & (c.r2 <= 1)).all()
        # The product in single precision, as a bin's edge belongs to one side or the other.
        bins = np.minimum(np.floor(c.r2 * np.float32(task.bins)).astype(int), task.bins - 1)
        np.add.at(expected, (c.scale, bins), 1)
    np.testing.assert_array_equal(plan.run(3, 5, 7), expected)
