"""Colours, scales and weights at the ends of their ranges; series at the ends of float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pycwt_mod as pycwt
from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo import reference
from pycwt_mod.monte_carlo.kernel import Plan, instruction_sets

SERIES = {
    "impulse": np.eye(1, 128, 40)[0],
    "first sample": np.eye(1, 128, 0)[0],
    "step": np.repeat([0.0, 1.0], 64),
    "alternating": np.tile([1.0, -1.0], 64),
    "constant but for one": np.r_[np.full(127, 3.0), 4.0],
    "huge": 1e150 * np.sin(np.arange(128.0)),
    "tiny": 1e-150 * np.sin(np.arange(128.0)),
    "of all sizes": np.logspace(-150, 150, 128),
}


def both_paths(task):
    """R² of a realisation on the paths that take the task, less that of the reference."""
    exact = reference.realisation_coherence(task, 4, 1)
    for path in ("plain", "multirate") if task.family == "morlet" else ("plain",):
        c = Plan(task, path=path).coherence(4, 1)
        assert ((c.r2 >= 0) & (c.r2 <= 1)).all()
        yield np.abs(c.r2 - exact[c.scale, c.time]).max()


@pytest.mark.parametrize("wavelet", [pycwt.Morlet(6), pycwt.Paul(4), pycwt.DOG(2)], ids=repr)
@pytest.mark.parametrize("second", SERIES)
@pytest.mark.parametrize("first", SERIES)
def test_coherence_of_extreme_series_is_between_zero_and_one(wavelet, first, second):
    with np.errstate(all="raise", under="ignore"):
        result = pycwt.wct(
            SERIES[first], SERIES[second], 1, dj=0.25, sig=False, wavelet=wavelet, normalize=False
        )
    assert ((result.WCT >= 0) & (result.WCT <= 1)).all()
    assert np.isfinite(result.aWCT).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1e150, 1e-150])
def test_a_constant_has_no_coherence_to_speak_of(value):
    with pytest.raises(ValueError, match="constant"):
        pycwt.wct(np.full(64, value), np.arange(64.0), 1, sig=False)


@settings(max_examples=30, derandomize=True)
@given(
    name=st.sampled_from(["morlet", "paul", "dog"]),
    isa=st.sampled_from(instruction_sets()),
    ar1=st.tuples(*[st.floats(-1, 1, exclude_min=True, exclude_max=True)] * 2),
    seed=st.integers(0, 2**64 - 1),
)
def test_every_colour_counts_every_point(name, isa, ar1, seed):
    scales = tuple(2 * 2 ** (j / 4) for j in range(20))
    task = SignificanceTask(name, 4.0, scales, (0.25, 0.5, 0.25), 100, ar1, 10)
    plan = Plan(task, isa)
    r2 = plan.coherence(seed, 0).r2
    assert ((r2 >= 0) & (r2 <= 1)).all()
    expected = 3 * reference.counted_points(task).sum(axis=1)
    np.testing.assert_array_equal(plan.run(seed, 0, 3).sum(axis=1), expected)


@pytest.mark.parametrize("inner", [1e-3, 1e-8, 1e-15, 1e-30, 1e-45])
def test_smoothing_over_scales_by_its_ends_alone(make_task, inner):
    # Weights as a boxcar's, whose ends weigh up to 1e45 times as much as the rest.
    end = 0.5 - 1.5 * inner
    task = make_task(scale_weights=(end, inner, inner, inner, end))
    assert max(both_paths(task)) < 2e-3


@pytest.mark.parametrize("widest", [1e6, 1e8, 1e9])
def test_scales_far_wider_than_the_series(make_task, widest):
    # They are smoothed with the others, and must cost no memory for a window of their width.
    task = make_task(scales=(2.0, 2.2, widest), scale_weights=(0.25, 0.5, 0.25), length=16)
    assert Plan(task).workspace < 1e6
    assert max(both_paths(task)) < 2e-3
