"""R² of the kernel against plain float64 NumPy on the same random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pycwt_mod.kernel import Plan

reference = pytest.importorskip("pycwt_mod.reference")


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
