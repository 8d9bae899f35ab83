"""R² of the kernel against plain float64 NumPy on the same random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pycwt_mod.monte_carlo import reference
from pycwt_mod.monte_carlo.kernel import Plan


def differences(task, path, realisations=3):
    """R² of the kernel less that of the reference, and the distance from the ends in scales."""
    plan = Plan(task, path=path)
    error, distance = [], []
    for k in range(realisations):
        c = plan.coherence(20040561, k)
        exact = reference.realisation_coherence(task, 20040561, k)
        error.append(c.r2 - exact[c.scale, c.time])
        steps = np.minimum(c.time, task.length - 1 - c.time)
        distance.append(steps / np.array(task.scales)[c.scale])
    return np.concatenate(error), np.concatenate(distance)


@pytest.mark.parametrize(
    ("family", "order"),
    [
        ("morlet", 6.0),
        ("morlet", 3.0),
        ("morlet", 12.5),
        ("paul", 4.0),
        ("paul", 1.0),
        ("paul", 9.0),
        ("dog", 2.0),
        ("dog", 3.0),
        ("dog", 6.0),
    ],
)
@pytest.mark.parametrize("length", [300, 512, 700])
def test_the_plain_path_is_exact_to_single_precision(make_task, family, order, length):
    # Scales below ω0/π have their whole band beyond the Nyquist frequency: nothing to compare.
    s0 = 2.0 if order < 6.5 else order / 3
    task = make_task(s0=s0, family=family, order=order, length=length, count=85)
    error, _ = differences(task, "plain", 1)
    assert np.abs(error).max() < 2e-5


@pytest.mark.parametrize("ar1", [(0.99, 0.0), (0.999, -0.9)])
def test_the_plain_path_stands_strong_colours(make_task, ar1):
    error, _ = differences(make_task(ar1=ar1), "plain")
    assert np.abs(error).max() < 5e-5


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 300},
        {"length": 512, "ar1": (0.95, 0.0)},
        {"length": 700, "ar1": (-0.9, 0.99)},
        {"length": 1536, "count": 85},
        {"length": 600, "s0": 1.94},
        {"length": 600, "s0": 1.6},
        {"length": 600, "s0": 3.5},
        {"length": 700, "order": 2.0},
        {"length": 700, "order": 3.0},
        {"length": 900, "order": 12.5, "s0": 4.2},
        {"length": 400, "per_octave": 4, "count": 20},
        {"length": 800, "scale_weights": (1.0,)},
        {"length": 800, "scale_weights": (0.1, 0.2, 0.4, 0.2, 0.1)},
        {"length": 800, "scale_weights": (0.5, 0.0, 0.0, 0.0, 0.5)},
        {"length": 800, "scales": (2.0, 2.1, 2.3, 2.31, 3.0, 3.1, 3.9, 4.0, 4.4, 5.0, 5.01)},
        {"length": 17, "count": 20},
    ],
    ids=str,
)
def test_the_multirate_path_keeps_its_tolerances(make_task, changes):
    error, distance = differences(make_task(**changes), "multirate", 4)
    interior = distance > 6
    assert np.abs(error[interior]).max(initial=0) <= 5e-5
    assert np.sqrt(np.mean(error[~interior] ** 2)) <= 2e-3
