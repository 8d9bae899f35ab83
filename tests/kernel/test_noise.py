"""The noise: published test vectors, the normative formula, and its statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pycwt_mod.monte_carlo.kernel import Plan, instruction_sets, threefry


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        # "kat_vectors" of Random123, the library of the generator's authors.
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_published_words(key, counter, words):
    assert threefry(key, counter) == words


@pytest.mark.parametrize("isa", instruction_sets())
@pytest.mark.parametrize("ar1", [(0.0, 0.0), (0.9, -0.6), (0.999, 0.3)])
def test_the_series_follow_the_normative_formula(make_task, isa, ar1):
    seed, k = 0xFEDCBA9876543210, 4_000_000_000
    task = make_task(ar1=ar1)
    x = np.empty((2, task.length))
    for t in range(task.length):
        w0, w1 = threefry((seed & 0xFFFFFFFF, seed >> 32), (k, t))
        radius = math.sqrt(-2 * math.log((w0 + 0.5) * 2.0**-32))
        angle = 2 * math.pi * w1 * 2.0**-32
        z = radius * np.array([math.cos(angle), math.sin(angle)])
        a = np.array(ar1)
        x[:, t] = z / np.sqrt(1 - a**2) if t == 0 else a * x[:, t - 1] + z
    x -= x.mean(axis=1, keepdims=True)
    computed = Plan(task, isa).series(seed, k)
    # Single precision, and a few dozen steps of memory at a = 0.999.
    np.testing.assert_allclose(computed, x, atol=2e-6 * np.abs(x).max())


@pytest.mark.parametrize("a", [0.0, 0.6, -0.4])
def test_noise_has_the_moments_of_its_ar1_process(make_task, a):
    # Bounds are 5 standard errors of each estimate over independent realisations: 6e-7 of
    # false alarms each. Taking off the mean of N samples takes off the mean's variance.
    length, count = 512, 400
    plan = Plan(make_task(length=length, ar1=(a, a)))
    x = np.stack([plan.series(11, k) for k in range(count)]).astype(np.float64)
    of_mean = 1 / (1 - a) ** 2 / length
    variance = 1 / (1 - a * a) - of_mean

    def check(samples, expected):
        error = samples.std(ddof=1) / math.sqrt(count)
        # What the approximation of the mean's variance leaves out is of the order 1/N^2.
        assert abs(samples.mean() - expected) < 5 * error + of_mean / length * 10

    check((x[:, 0] ** 2).mean(axis=1), variance)
    check((x[:, 1] ** 2).mean(axis=1), variance)
    check((x[:, 0, 1:] * x[:, 0, :-1]).mean(axis=1), a / (1 - a * a) - of_mean)
    check((x[:, 0] * x[:, 1]).mean(axis=1), 0.0)
    check((x[:, 0] ** 3).mean(axis=1), 0.0)
    check((x[:, 0] ** 4).mean(axis=1), 3 * variance**2)
    np.testing.assert_allclose(x.mean(axis=2), 0, atol=1e-6)
