"""The cascade: C against float64 on common numbers, and its levels against the full estimator's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pycwt_mod
from pycwt_mod.backends import Cancelled, NoControl, SignificanceTask
from pycwt_mod.monte_carlo import kernel, reference
from pycwt_mod.monte_carlo.cascade import octaves
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.kernel import Plan, instruction_sets, plan_for
from pycwt_mod.monte_carlo.run import coherence_task, independent_values

#: α1, α2, dj, s0, J, wavelet.
SETTINGS = {
    "ao": (0.018, 0.0976, 1 / 12, 2.0, 60, pycwt_mod.Morlet()),
    "red": (0.95, 0.95, 1 / 8, 2.0, 40, pycwt_mod.Morlet()),
    "blue": (-0.7, -0.95, 1 / 4, 2.0, 18, pycwt_mod.Morlet()),
    "both": (0.9, -0.5, 1 / 12, 2.3, 50, pycwt_mod.Morlet()),
    "narrow": (0.7, 0.95, 1 / 4, 3.0, 16, pycwt_mod.Morlet(8)),
    "default": (0.3, 0.6, 1 / 12, -1.0, 40, pycwt_mod.Morlet()),
    "paul": (0.95, 0.2, 1 / 4, 2.0, 14, pycwt_mod.Paul(4)),
    "dog": (0.5, 0.9, 1 / 4, 2.0, 14, pycwt_mod.DOG(2)),
}


def cascade_of(name: str, J: int | None = None) -> SignificanceTask:
    a1, a2, dj, s0, usual, wavelet = SETTINGS[name]
    grid = (1.0, dj, s0, usual if J is None else J)
    return coherence_task(a1, a2, *grid, wavelet, estimator="cascade")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_octave_is_the_oracle_s(name):
    task = cascade_of(name)
    plan = Plan(task)
    for number, octave in enumerate(octaves(task)):
        scales = np.array(octave.task.scales)
        for k in range(2):
            c = plan.coherence(77, k, number)
            exact = reference.realisation_coherence(octave.task, 77, k, octave.stream)
            error = c.r2 - exact[c.scale, c.time]
            steps = np.minimum(c.time, octave.task.length - 1 - c.time)
            interior = steps > 6 * scales[c.scale]
            assert np.abs(error[interior]).max(initial=0) <= 5e-5
            assert np.sqrt(np.mean(error**2)) <= 2e-3
            assert (c.scale >= octave.own[0]).all()
            assert (c.scale < octave.own[1]).all()


@pytest.mark.parametrize("path", ["auto", "plain"])
@pytest.mark.parametrize("name", SETTINGS)
def test_every_sample_counts_what_it_stands_for(name, path):
    task = cascade_of(name)
    exact = reference.coherence_histogram(task, 3, 8, 7)
    histogram = Plan(task, path=path if task.family == "morlet" else "plain").run(3, 8, 7)
    np.testing.assert_array_equal(histogram.sum(axis=1), exact.sum(axis=1))
    if path == "plain":
        # All but the few values that lie on the edge of a bin.
        assert np.abs(histogram - exact).sum() <= 2e-3 * exact.sum()


@settings(max_examples=30)
@given(
    name=st.sampled_from(["both", "default", "paul"]),
    isa=st.sampled_from(instruction_sets()),
    path=st.sampled_from(["auto", "plain"]),
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 2**32 - 300),
    counts=st.lists(st.integers(1, 70), min_size=1, max_size=4),
    threads=st.integers(1, 4),
)
def test_parts_add_up_to_the_whole(*, name, isa, path, seed, first, counts, threads):
    task = cascade_of(name, J=None if name == "paul" else 30)
    assert min(octave.draws for octave in octaves(task)) < 150
    whole = plan_for(task, path=path).run(seed, first, sum(counts))
    parts = np.zeros_like(whole)
    for count in counts:
        parts += plan_for(task, isa, path).run(seed, first, count, threads)
        first += count
    np.testing.assert_array_equal(parts, whole)


class Watch(NoControl):
    """Notes its progress, and stops the run at a look."""

    def __init__(self, stop: bool) -> None:
        self.stop = stop
        self.done: list[int] = []

    def cancelled(self) -> bool:
        return self.stop

    def advance(self, done: int) -> None:
        self.done.append(done)


@pytest.mark.parametrize("threads", [1, 2])
def test_cancelling_and_progress(threads):
    task = cascade_of("ao")
    with pytest.raises(Cancelled):
        plan_for(task).run(1, 0, 10**8, threads, Watch(stop=True))
    watch = Watch(stop=False)
    plan_for(task).run(1, 0, 5000, threads, watch)
    assert watch.done == sorted(watch.done)
    assert watch.done[-1] == 5000


@pytest.mark.parametrize("name", SETTINGS)
def test_levels_are_those_of_the_full_estimator(name):
    """20,000 realisations of either, at the 95 % level: a difference of 0.003 is allowed, or
    three standard errors of the comparison where these are more.

    The errors are overstated by a fifth, and the scales of a setting strongly correlated: some
    40 independent comparisons at 3.6 errors, a false alarm in 80 choices of the seeds.
    """
    task = cascade_of(name)
    count = 20_000
    full = replace(task, estimator="full")
    found, error = levels(plan_for(task).run(2, 0, count), 0.95, independent_values(task, count))
    exact, other = levels(plan_for(full).run(1, 0, count), 0.95, independent_values(full, count))
    combined = np.hypot(error, other)
    assert (np.abs(found - exact) <= np.maximum(0.003, 3 * combined)).all()


@pytest.mark.parametrize("name", ["ao", "red", "narrow"])
def test_standard_errors_are_those_of_repeated_runs(name):
    """60 runs of 200 realisations: their spread is the stated error, within 25 %.

    The spread of 60 values is good to 9 %, the mean over some independent scales to 4 %. The
    error is meant to lie on the safe side.
    """
    task = cascade_of(name)
    found, errors = [], []
    for k in range(60):
        level, error = levels(
            plan_for(task).run(9, 200 * k, 200), 0.95, independent_values(task, 200)
        )
        found.append(level)
        errors.append(error)
    ratio = np.std(found, axis=0, ddof=1) / np.mean(errors, axis=0)
    assert 0.75 < ratio.mean() < 1.05


@pytest.mark.parametrize("J", [None, 84, 144])
@pytest.mark.parametrize("name", ["ao", "narrow", "paul"])
def test_no_scale_is_worse_than_the_worst_of_the_full_estimator(name, J):
    task = cascade_of(name, J if J is None or name == "ao" else J // 3)
    full = replace(task, estimator="full")
    # Less a little: the cone's edge is rounded to the coarser samples.
    assert independent_values(task, 300).min() >= 0.97 * independent_values(full, 300).min()


@given(draws=st.integers(1, 300), first=st.integers(0, 2**32 - 1000), count=st.integers(1, 1000))
def test_every_series_belongs_to_one_realisation(draws, first, count):
    octave = replace(octaves(cascade_of("ao"))[0], draws=draws)
    bounds = [octave.series(k) for k in range(first, first + count + 1)]
    assert set(np.diff(bounds)) <= {0, 1}
    assert octave.series(first + 300) == octave.series(first) + draws
    assert (octave.series(0), octave.series(1)) == (0, 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_realisation_has_a_series_of_every_octave(threads):
    task = cascade_of("ao")
    histogram = plan_for(task).run(5, 0, 1, threads)
    assert (histogram.sum(axis=1) > 0).all()
    assert np.isfinite(levels(histogram, 0.95, independent_values(task, 1))).all()
    exact = reference.coherence_histogram(task, 5, 0, 1)
    plain = plan_for(task, path="plain").run(5, 0, 1, threads)
    np.testing.assert_array_equal(plain.sum(axis=1), exact.sum(axis=1))
    assert np.abs(plain - exact).sum() <= 2e-3 * exact.sum()


def test_octaves_with_nothing_to_do_are_left_out():
    task = cascade_of("ao")
    first, count = 1, 4
    histogram = plan_for(task).run(5, first, count)
    idle = [o for o in octaves(task) if o.series(first) == o.series(first + count)]
    assert 0 < len(idle) < len(octaves(task))
    rows = {row for o in idle for row in range(o.row, o.row + o.own[1] - o.own[0])}
    assert set(np.flatnonzero(histogram.sum(axis=1) == 0)) == rows


@pytest.mark.parametrize("threads", [1, 2])
def test_realisations_that_draw_nothing_at_all(threads, monkeypatch):
    # No task's plan has them, as its top octave draws for every realisation: it takes another.
    sparse = tuple(replace(octave, draws=50) for octave in octaves(cascade_of("ao")))
    monkeypatch.setattr(kernel, "octaves", lambda _: sparse)
    plan = Plan(cascade_of("ao"))
    watch = Watch(stop=False)
    assert not plan.run(5, 1, 1, threads, watch).any()
    parts = [plan.run(5, k, 1, threads) for k in range(40)]
    assert sum(part.any() for part in parts) == 7
    np.testing.assert_array_equal(sum(parts), plan.run(5, 0, 40))
    assert watch.done == [1]


def test_independent_values_are_those_of_the_series_drawn():
    task = cascade_of("ao")
    one = independent_values(task, 1)
    for count in (1, 7, 300, 1000):
        drawn = np.concatenate([[o.series(count)] * (o.own[1] - o.own[0]) for o in octaves(task)])
        np.testing.assert_allclose(independent_values(task, count), drawn * one)


def test_false_alarm_rate():
    """Independent noises lie above the 95 % level 5 % of the time, outside the cone.

    250 pairs of 400 samples at 33 scales up to 32 samples. The share's error is that of its
    spread over the pairs, and the level's own error of 0.001 makes 0.001 of a share; five
    standard errors are allowed, a false alarm in a million.
    """
    level = pycwt_mod.wct_significance(
        0.6,
        0.2,
        1,
        0.125,
        2,
        32,
        mc_count=20_000,
        seed=9,
        backend="sequential",
        estimator="cascade",
    )
    rng = np.random.default_rng(41)
    shares = []
    for _ in range(250):
        x, y = (pycwt_mod.rednoise(400, a, seed=rng) for a in (0.6, 0.2))
        r2, _, coi, freq, _ = pycwt_mod.wct(x, y, 1, 0.125, 2, 32, sig=False)
        shares.append((r2 > level[:, None])[1 / freq[:, None] <= coi].mean())
    error = np.hypot(np.std(shares) / np.sqrt(len(shares)), 0.001)
    assert abs(np.mean(shares) - 0.05) < 5 * error


def test_octaves_share_no_numbers():
    plan = plan_for(cascade_of("ao"))
    one, other = (plan.series(4, 0, octave)[0, :100] for octave in (2, 3))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


def test_a_short_rest_belongs_to_the_octave_below():
    task = cascade_of("ao")
    for J, last in ((36, 13), (39, 16), (40, 5), (41, 6), (47, 12)):
        found = octaves(cascade_of("ao", J))
        rows = [o.own[1] - o.own[0] for o in found]
        assert sum(rows) == J + 1
        assert rows[-1] == last
        assert [o.row for o in found] == list(np.cumsum([0, *rows[:-1]]))
    assert len({o.stream for o in octaves(task)}) == len(octaves(task))


def test_more_octaves_than_streams_are_refused():
    task = replace(cascade_of("ao"), scales=tuple(2.0**j for j in range(65)))
    with pytest.raises(ValueError, match="scales must span less than 64 octaves, not 64"):
        plan_for(task)
