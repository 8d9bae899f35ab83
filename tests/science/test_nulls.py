"""Coherence tested against surrogates: the kernel counts what the float64 oracle sees."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

import pycwt_mod
from pycwt_mod.backends import Cancelled
from pycwt_mod.monte_carlo.nulls import SurrogateBackend, null_hypothesis
from pycwt_mod.monte_carlo.run import coherence_task, monte_carlo
from pycwt_mod.monte_carlo.surrogate_models import MODELS, Autoregressive, stream
from pycwt_mod.smoothing import Smoother, squared_coherence
from pycwt_mod.transform import outside_cone, transform
from pycwt_mod.wavelets import wavelet_of

GRID = {"dt": 1, "dj": 1 / 6, "s0": 2, "J": 24}


def oscillations(n, seed):
    """Two independent AR(2) series with a peak at a period of 12 samples."""
    z = np.random.default_rng(seed).standard_normal((2, n + 500))
    return lfilter([1], [1, -1.55, 0.81], z)[:, 500:]


def surrogate_null(model, pair, wavelet="morlet", **grid):
    colours = [pycwt_mod.ar1(x).g for x in pair]
    task = coherence_task(*colours, **GRID | grid, wavelet=wavelet)
    return null_hypothesis(model, task, pair)


@pytest.mark.parametrize("model", ["ar", "phase", "iaaft", "bootstrap"])
@pytest.mark.parametrize("wavelet", ["morlet", "paul"])
def test_the_kernel_counts_what_the_oracle_sees(model, wavelet):
    pair = oscillations(300, 1)
    null = surrogate_null(model, pair, wavelet)
    task = null.task
    ours = null.backend.run(task, 5, 0, 6)
    mother = wavelet_of(task.family, task.order)
    scales = np.array(task.scales)
    smoother = Smoother(mother, scales, task.scale_weights, task.length)
    counted = outside_cone(scales, task.length, mother)
    theirs = np.zeros_like(ours)
    units = [(x - x.mean()) / x.std() for x in pair]
    draws = [MODELS[model].fit(x, task.length) for x in units]
    for k in range(6):
        made = [draw(stream(5, k, i)) for i, draw in enumerate(draws)]
        w1, w2 = (transform(x - x.mean(), scales, mother) for x in made)
        r2 = squared_coherence(w1, w2, smoother)
        for j, row in enumerate(r2):
            theirs[j] += np.histogram(row[counted[j]], task.bins, (0, 1))[0]
    np.testing.assert_array_equal(ours.sum(axis=1), theirs.sum(axis=1))
    # The multirate path counts few points, each for those beside it: the distributions agree.
    distance = np.abs(np.cumsum(ours - theirs, axis=1)).max(axis=1) / ours.sum(axis=1).clip(1)
    assert distance.max() < (0.12 if wavelet == "morlet" else 0.005)
    assert distance.mean() < (0.03 if wavelet == "morlet" else 0.001)


def test_any_split_gives_the_same_counts():
    pair = oscillations(200, 2)
    null = surrogate_null("phase", pair, J=18)
    whole = null.backend.run(null.task, 7, 3, 90)
    parts = [null.backend.run(null.task, 7, at, n) for at, n in ((3, 1), (4, 50), (54, 39))]
    np.testing.assert_array_equal(sum(parts), whole)
    one = SurrogateBackend(MODELS["phase"], pair, 200, threads=1).run(null.task, 7, 3, 90)
    np.testing.assert_array_equal(one, whole)


def test_a_run_goes_on_where_an_earlier_one_ended():
    null = surrogate_null("ar", oscillations(200, 3), J=18)
    first = monte_carlo(null.task, 40, seed=1, backend=null.backend)
    both = monte_carlo(null.task, 100, start=first, backend=null.backend)
    once = monte_carlo(null.task, 100, seed=1, backend=null.backend)
    np.testing.assert_array_equal(both.histogram, once.histogram)


def test_a_run_is_cancelled_between_surrogates():
    null = surrogate_null("iaaft", oscillations(300, 4))

    class AfterTheFirst:
        done = 0

        def cancelled(self):
            return self.done > 0

        def advance(self, done):
            self.done = done

    control = AfterTheFirst()
    with pytest.raises(Cancelled):
        null.backend.run(null.task, 1, 0, 100_000, control)
    assert 0 < control.done < 10_000


def test_the_result_tells_what_it_was_tested_against():
    a, b = oscillations(256, 5)
    for null, backend in (("ar1", "joblib"), ("white", "joblib"), ("ar", "surrogates")):
        run = pycwt_mod.wct(a, b, **GRID, null=null, mc_count=20, seed=1, cache=False).monte_carlo
        assert (run.null, run.backend) == (null, backend)
    white = pycwt_mod.wct(a, b, **GRID, null="white", mc_count=20, seed=1, cache=False)
    assert white.monte_carlo.task.ar1 == (0, 0)
    model = Autoregressive(2)
    other = pycwt_mod.wct(a, b, **GRID, null=model, mc_count=20, seed=1, cache=False)
    assert other.monte_carlo.null == "Autoregressive(order=2)"


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"null": "pink"}, ValueError, "null must be one of ar1"),
        ({"null": None}, TypeError, "null must be a name"),
        ({"null": "iaaft", "backend": "sequential"}, ValueError, "backend='sequential'"),
    ],
)
def test_refusals_name_the_argument(arguments, error, text):
    a, b = oscillations(256, 6)
    with pytest.raises(error, match=text):
        pycwt_mod.wct(a, b, **GRID, **arguments)


@pytest.mark.parametrize("model", ["ar", "phase", pytest.param("iaaft", marks=pytest.mark.long)])
def test_independent_oscillations_pass_the_level_as_often_as_promised(model, measured):
    """False alarms at the 95 % level, of 40 pairs of oscillating series, outside the cone.

    Points are correlated over about √3·π^½ ≈ 3 scales (see independent_values) and smoothed
    over 0.7 octaves; the share of all of them varies from pair to pair, and its mean has the
    error that this spread tells. The band allows 4 of these: false alarm 6e-5 for each model.
    """
    shares = []
    for seed in range(40):
        pair = oscillations(256, 100 + seed)
        coherence = pycwt_mod.wct(*pair, **GRID, null=model, mc_count=200, seed=seed, cache=False)
        outside = 1 / coherence.freq[:, None] <= coherence.coi
        above = coherence.sig[:, None] <= coherence.WCT
        shares.append(above[outside].mean())
    measured(f"points of R², null {model}, N = 256", shares)
    error = stats.sem(shares)
    assert error < 0.012
    assert abs(np.mean(shares) - 0.05) < 4 * error + 0.005


def test_every_pair_of_series_is_told_apart():
    """Surrogates of one series tested against itself are still independent."""
    x, _ = oscillations(256, 7)
    null = surrogate_null("phase", (x, x))
    hist = null.backend.run(null.task, 1, 0, 50)
    assert hist[:, -1].sum() < 0.01 * hist.sum()
    for a, b in itertools.pairwise(hist):
        assert not np.array_equal(a, b)
