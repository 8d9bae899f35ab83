"""The numbers: against scipy, against simulations, and a measured rate of false alarms."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lombscargle

from pycwtd.workloads.compute import Job, Task
from pycwtd_lomb_scargle import compute
from pycwtd_lomb_scargle.declaration import LOMB_SCARGLE, PeriodogramRequest
from pycwtd_lomb_scargle.periodogram import basis, noise, noise_power, persistence, power

JOB = Job("lomb_scargle", Path("/nowhere"), seed=5)


def uneven(samples, seed):
    return np.cumsum(np.random.default_rng(seed).exponential(1.0, samples))


def red(times, T, count, seed):
    rng = np.random.default_rng(seed)
    return noise(times, T, rng.standard_normal((count, times.size)))


@pytest.mark.parametrize("offset", [0.0, 2_450_000.0])
def test_power_is_scipys(offset):
    times = uneven(80, 1)
    values = 3.0 + np.sin(2 * np.pi * 0.11 * times) + red(times, 2.0, 1, 2)[0]
    frequencies = np.linspace(0.01, 0.6, 57)
    expected = lombscargle(
        times, values, 2 * np.pi * frequencies, floating_mean=True, normalize=True
    )
    found = power(basis(times + offset, frequencies), values)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 if offset == 0 else 1e-6)


def test_at_the_nyquist_frequency_of_even_times_there_is_one_wave():
    times = np.arange(32.0)
    waves = basis(times, np.array([0.25, 0.5]))
    assert (waves**2).sum(axis=1) == pytest.approx([1, 1, 1, 0])
    assert power(waves, np.cos(np.pi * times))[1] == pytest.approx(1.0)


def test_noise_has_its_covariance():
    """Ten standard errors of 20,000 realisations, of which each has 1/√20,000."""
    times, T = uneven(12, 3), 2.5
    drawn = red(times, T, 20_000, 4)
    expected = np.exp(-np.abs(times[:, None] - times) / T)
    np.testing.assert_allclose(drawn.T @ drawn / len(drawn), expected, atol=10 / np.sqrt(20_000))


@pytest.mark.parametrize("T", [0.0, 0.7, 6.0])
def test_expected_power_is_the_means_over_many(T):
    """Of the squares, not of their quotient: an exponential number's mean, of 20,000 to ten
    standard errors."""
    times = uneven(40, 6)
    frequencies = np.linspace(0.02, 0.5, 12)
    waves = basis(times, frequencies)
    drawn = red(times, T, 20_000, 7)
    drawn -= drawn.mean(axis=1, keepdims=True)
    squares = ((drawn @ waves.T) ** 2).reshape(len(drawn), 2, -1).sum(axis=1).mean(axis=0)
    expected = squares / (drawn**2).sum(axis=1).mean()
    np.testing.assert_allclose(noise_power(times, waves, T), expected, rtol=0.07)


def test_persistence_is_estimated_without_much_bias():
    """The median of 200 estimates at 300 samples lies within 15 % of what was put in."""
    times = uneven(300, 8)
    estimates = [persistence(times, one) for one in red(times, 3.0, 200, 9)]
    assert np.median(estimates) == pytest.approx(3.0, rel=0.15)


def fields(times, values, **others):
    request = PeriodogramRequest(times=times.tolist(), values=values.tolist(), **others)
    return request, {"times": times, "values": values}


def test_counts_are_the_same_in_parts_of_any_size():
    times = uneven(50, 10)
    request, series = fields(times, red(times, 2.0, 1, 11)[0], n_frequencies=33)
    task = Task(compute.prepare(request, series, JOB).task)
    whole = compute.chunk(task, 2**63 - 1, 0, 40)
    assert whole.sum() == 40
    for cuts in ([0, 1, 40], [0, 7, 13, 40], [0, 39, 40]):
        parts = [
            compute.chunk(Task(task.values), 2**63 - 1, first, last - first)
            for first, last in pairwise(cuts)
        ]
        np.testing.assert_array_equal(sum(parts), whole)
    assert (compute.chunk(task, 1, 0, 40) != whole).any()


def run(times, values, seed, count, n_frequencies=40):
    request, series = fields(times, values, n_frequencies=n_frequencies, mc_count=count)
    prepared = compute.prepare(request, series, JOB)
    counts = compute.chunk(Task(prepared.task), seed, 0, count)
    job = Job("lomb_scargle", Path("/nowhere"), seed, count)
    return compute.finish(request, Task(prepared.task), prepared.arrays, counts, job).arrays


@pytest.mark.parametrize(("T", "low", "high"), [(0.0, 1, 16), (2.0, 6, 30)])
def test_false_alarms_of_red_noise(T, low, high):
    """300 series of 60 samples, 199 surrogates each, at 5 %.

    Of 1,000 series there were alarms in 2.7 % (white noise, which is taken for slightly red) and
    5.9 % (T = 2): 8 and 18 are to be expected, and the bounds three standard deviations away.
    """
    alarms = 0
    for number in range(300):
        times = uneven(60, 1000 + number)
        (values,) = red(times, T, 1, 5000 + number)
        alarms += run(times, values, number, 199)["false_alarm"].min() <= 0.05
    assert low <= alarms <= high


def test_a_sine_in_red_noise_is_found():
    times = uneven(120, 12)
    values = red(times, 1.0, 1, 13)[0] + 1.5 * np.sin(2 * np.pi * 0.2 * times)
    found = run(times, values, 3, 999, n_frequencies=200)
    assert found["peak_frequency"] == pytest.approx(0.2, abs=0.02)
    peak = found["power"].argmax()
    assert found["false_alarm"][peak] <= 0.01
    assert found["power"][peak] > found["level_power"][peak]
    assert ((found["power"] > found["level_power"]) == (found["false_alarm"] <= 0.05)).all()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"times": [0, 1, 1, 2, 3, 4, 5, 6]}, "times: must increase, but 1 at index 2"),
        ({"values": [2.0] * 8}, "values: all samples are equal"),
        ({"min_frequency": 9.0}, "min_frequency: must be below"),
    ],
)
def test_what_cant_be_analysed_is_refused_by_name(change, word):
    usual = {"times": np.arange(8.0), "values": np.arange(8.0) % 3}
    series = {name: np.array(change.pop(name, usual[name]), dtype=float) for name in usual}
    request = PeriodogramRequest(**{n: v.tolist() for n, v in series.items()}, **change)
    with pytest.raises(ValueError, match=word):
        compute.prepare(request, series, JOB)


def test_the_declared_result_has_every_array():
    times = uneven(30, 14)
    arrays = run(times, red(times, 1.0, 1, 15)[0], 1, 99)
    documented = set(LOMB_SCARGLE.result.__struct_fields__)
    # What the daemon adds to every result, and what goes into npz alone.
    added = {"seed", "mc_count", "warnings", "computation_time"}
    assert set(arrays) - {"histogram"} == documented - added
