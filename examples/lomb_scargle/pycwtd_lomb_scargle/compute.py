"""The computation, in a worker process: prepare, chunk, finish.

A peak is judged by its power over that expected of the noise, and by the highest of these
ratios among all frequencies in each surrogate: of red noise alone one series in twenty has a
peak beyond the 95 % level, however many frequencies are looked at.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwtd.workloads.compute import Completed, Prepared
from pycwtd_lomb_scargle.periodogram import basis, noise, noise_power, persistence, power

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwtd.workloads.compute import Arrays, Job, Series, Task
    from pycwtd_lomb_scargle.declaration import PeriodogramRequest

    Floats = NDArray[np.float64]

#: Samples times frequencies, which bound the process's memory: 160 MB for the waves.
MOST_POINTS = 10_000_000
#: Bins of the highest ratio, evenly spaced in its logarithm between these; 0.3 % each.
BINS = 4096
LOWEST, HIGHEST = 1e-2, 1e4
_TOO_FEW = "{} surrogates are too few for a level of {:g}"


def prepare(request: PeriodogramRequest, series: Series, _job: Job) -> Prepared:
    """The periodogram; what the surrogates need, where there are any."""
    times, values = series["times"], series["values"]
    _check(times, values)
    frequencies = _frequencies(request, times)
    if times.size * frequencies.size > MOST_POINTS:
        raise ValueError(
            f"n_frequencies: {times.size} samples at {frequencies.size} frequencies are more than "
            f"{MOST_POINTS} points; take fewer frequencies"
        )
    waves = basis(times, frequencies)
    T = persistence(times, values)
    found = power(waves, values)
    arrays = {
        "frequencies": frequencies,
        "power": found,
        "noise_power": noise_power(times, waves, T),
        "persistence": T,
        "peak_frequency": frequencies[np.argmax(found)],
    }
    if not request.mc_count:
        return Prepared(arrays)
    task = {"times": times, "frequencies": frequencies, "persistence": T}
    return Prepared(arrays, task)


def chunk(task: Task, seed: int, first: int, count: int) -> NDArray[np.int64]:
    """How often the highest ratio of a surrogate lies in each bin, int64[BINS].

    Each surrogate has a stream of numbers of its own (Philox, a counter-based generator). Its
    products with the waves are computed one surrogate at a time: a product of matrices may
    round differently for another number of columns, and the counts must not depend on that.
    """
    waves, expected = _tables(task)
    times = task["times"]
    normals = np.stack([_normals(seed, k, times.size) for k in range(first, first + count)])
    counts = np.zeros(BINS, dtype=np.int64)
    for surrogate in noise(times, task["persistence"], normals):
        counts[_bin((power(waves, surrogate) / expected).max())] += 1
    return counts


def finish(
    request: PeriodogramRequest, _task: Task, arrays: Arrays, counts: NDArray[np.int64], job: Job
) -> Completed:
    """False-alarm probabilities and the level, from the counts of all surrogates."""
    ratio = np.asarray(arrays["power"]) / np.asarray(arrays["noise_power"])
    # As many as reach the peak's own bin, and the series itself, which makes the test exact
    # (North et al. 2002, Am. J. Hum. Genet. 71, 439–441).
    above = counts[::-1].cumsum()[::-1]
    false_alarm = (above[[_bin(one) for one in ratio]] + 1) / (job.total + 1)
    rare = np.flatnonzero((above + 1) / (job.total + 1) <= 1 - request.level)
    threshold = np.nan
    if rare.size:
        threshold = LOWEST * (HIGHEST / LOWEST) ** (rare[0] / BINS)
    else:
        warnings.warn(_TOO_FEW.format(job.total, request.level), stacklevel=1)
    return Completed(
        {
            **arrays,
            "false_alarm": false_alarm,
            "level_power": np.asarray(arrays["noise_power"]) * threshold,
            "level": request.level,
            "histogram": counts,
        }
    )


@lru_cache(maxsize=1)
def _tables(task: Task) -> tuple[Floats, Floats]:
    waves = basis(task["times"], task["frequencies"])
    return waves, noise_power(task["times"], waves, task["persistence"])


def _normals(seed: int, realisation: int, samples: int) -> Floats:
    bits = np.random.Philox(key=seed, counter=[0, 0, realisation, 0])
    return np.random.Generator(bits).standard_normal(samples)


def _bin(ratio: float) -> int:
    share = np.log(max(ratio, LOWEST) / LOWEST) / np.log(HIGHEST / LOWEST)
    return min(int(share * BINS), BINS - 1)


def _check(times: Floats, values: Floats) -> None:
    late = np.flatnonzero(np.diff(times) <= 0)
    if late.size:
        i = int(late[0]) + 1
        raise ValueError(
            f"times: must increase, but {times[i]:g} at index {i} follows {times[i - 1]:g}"
        )
    if np.ptp(values) == 0:
        raise ValueError("values: all samples are equal, there is nothing to analyse in a constant")


def _frequencies(request: PeriodogramRequest, times: Floats) -> Floats:
    span = float(times[-1] - times[0])
    low = request.min_frequency or 1 / span
    high = request.max_frequency or (times.size - 1) / (2 * span)
    if low >= high:
        raise ValueError(
            f"min_frequency: must be below max_frequency, which are {low:g} and {high:g} here"
        )
    return np.linspace(low, high, request.n_frequencies)
