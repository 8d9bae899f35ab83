"""Significance levels: the sub-grid of the multirate path tells the same as every point, and
both agree with what others have published."""

from __future__ import annotations

import numpy as np
import pytest

from pycwt_mod.monte_carlo.kernel import Plan, plan_for


def levels(histogram, probability=0.95):
    """Quantiles of R² by scale, linear within a bin; NaN where nothing was counted."""
    bins = histogram.shape[1]
    edges = np.arange(bins + 1) / bins
    out = np.full(histogram.shape[0], np.nan)
    for j, row in enumerate(histogram):
        total = row.sum()
        if total:
            out[j] = np.interp(probability * total, np.append(0, row.cumsum()), edges)
    return out


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 384, "ar1": (0.3, 0.7)},
        {"length": 150, "ar1": (0.9, -0.5), "s0": 2.5, "per_octave": 4, "count": 18},
    ],
    ids=str,
)
def test_the_sub_grid_does_not_shift_the_level(make_task, changes):
    # Same realisations, so that the noise of the levels nearly cancels; what remains is the
    # sub-grid's coarseness near the cone. A level of 300 realisations is good to 0.01.
    task = make_task(bins=1000, **changes)
    fast = levels(Plan(task, path="multirate").run(8, 0, 4000))
    plain = levels(Plan(task, path="plain").run(8, 0, 4000))
    np.testing.assert_allclose(fast, plain, atol=0.003)


def test_the_levels_are_those_of_grinsted_s_toolbox(make_task):
    # Its AO and Baltic example: 0.70 to 0.72 in the interior with 300 realisations, whose
    # standard error is about 0.01.
    task = make_task(count=85, length=1536, ar1=(0.018, 0.0976), bins=1000)
    level = levels(plan_for(task).run(20, 0, 300))
    assert ((level[12:60] > 0.67) & (level[12:60] < 0.75)).all()


def test_stronger_smoothing_lowers_the_level(make_task):
    # More independent values averaged: noise coheres less by chance. Over a third of an
    # octave and over two.
    narrow, wide = (1 / 3,) * 3, (1 / 23,) * 23
    low, high = (
        levels(plan_for(make_task(scale_weights=w, length=1000)).run(1, 0, 200))[12:30].mean()
        for w in (wide, narrow)
    )
    assert high - low > 0.2
