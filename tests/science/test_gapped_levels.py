"""Levels with gaps: what is counted, and how often noise passes them.

The noises are drawn by NumPy and SciPy, not by our streams, and judged by the library's levels
where a user would look: outside the cone of influence and the cones of gaps.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

import pycwt_mod as pycwt
from pycwt_mod.backends import Cancelled
from pycwt_mod.gaps import FilledSeries, filled, masks_of, outside_gaps
from pycwt_mod.monte_carlo.gapped import GappedCounter, counted, gapped_null
from pycwt_mod.monte_carlo.kernel import GivenSeries, plan_for
from pycwt_mod.monte_carlo.run import coherence_task, independent_values, monte_carlo
from pycwt_mod.monte_carlo.surrogate_models import SurrogateModel, stream
from pycwt_mod.transform import outside_cone
from pycwt_mod.wavelets import find_wavelet

N = 300
GRID = (1, 0.25, 2, 20)  # dt, dj, s0, J: up to 64 samples
AR1 = (0.9, 0.6)
NAN = np.nan
#: Of the rates of the file: the chance that any fails although every level is right, over the
#: comparisons that there are.
ALLOWED = float(stats.norm.isf(1e-4 / 20 / 2))


def noise(rng, alpha, n=N):
    return lfilter([1], [1, -alpha], rng.standard_normal(n + 500))[500:]


def punched(x, pattern, which):
    """Gaps of a tenth of the series, or of 1 to 4 samples all over."""
    y = x.copy()
    if pattern == "block":
        first, count = ((100, 30), (200, 6))[which]
        y[first : first + count] = NAN
    else:
        rng = np.random.default_rng([9, which])
        for start in rng.integers(0, N, size=4):
            y[start : start + rng.integers(1, 5)] = NAN
    return y


def pair(rng, pattern, ar1=AR1):
    return [punched(noise(rng, a), pattern, i) for i, a in enumerate(ar1)]


def task(wavelet="morlet", edges=False, ar1=AR1, **how):
    return coherence_task(*ar1, *GRID, wavelet, estimator="full", n=N, edges=edges, **how)


def null_of(pattern, gaps="mask", wavelet="morlet", edges=False):
    """The null of AR(1) noise of the very coefficients, with the gaps of a pattern."""
    both = [filled(x, gaps, "y") for x in pair(np.random.default_rng(1), pattern)]
    return gapped_null(Known(AR1), task(wavelet, edges), tuple(both))


class Known(SurrogateModel):
    """AR(1) noise of known coefficients, in the order of the series."""

    def __init__(self, ar1):
        self._ar1 = iter(ar1)

    def fit(self, x, length):
        a = next(self._ar1)
        return lambda rng: noise(rng, a, length)


@pytest.mark.parametrize("wavelet", ["morlet", "paul", "dog", pycwt.Morse(3, 20)])
def test_the_counts_are_those_of_the_coherence_as_it_is_computed(wavelet):
    """Pair by pair: surrogates with gaps put through ``wct`` itself, histograms bin by bin."""
    both = tuple(filled(x, "mask", "y") for x in pair(np.random.default_rng(3), "block"))
    edges = not isinstance(wavelet, pycwt.Morse)
    null = gapped_null("white", task(wavelet, edges), both)
    ours = null.backend.run(null.task, 5, 0, 3)
    theirs = np.zeros_like(ours)
    outside = np.zeros(0)
    for k in range(3):
        made = []
        for i, like in enumerate(both):
            x = stream(5, k, i).standard_normal(N).astype(np.float32).astype(np.float64)
            made.append(np.where(like.present, x, NAN))
        seen = pycwt.wct(*made, *GRID, sig=False, wavelet=wavelet, gaps="mask")
        outside = seen.outside_gaps & outside_cone(np.array(null.task.scales), N, seen.wavelet)
        for j, row in enumerate(seen.WCT):
            theirs[j] += np.histogram(row[outside[j]], null.task.bins, (0, 1))[0]
    scales = len(null.task.scales)
    # A value on the border of a bin may fall to either side.
    assert np.abs(np.cumsum(ours - theirs, axis=1))[:scales].max() <= 1
    np.testing.assert_array_equal(ours[:scales].sum(axis=1), 3 * outside.sum(axis=1))
    assert (ours[scales:].sum(axis=1) <= 3 * 2).all()


def test_without_gaps_the_kernel_counts_the_same():
    """The NumPy counter against the C kernel on the same series, Paul: every sample counted."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((2, 5, N)).astype(np.float32)
    job = task("paul", edges=True)
    complete = tuple(filled(rng.standard_normal(N), None, "y") for _ in range(2))
    theirs = GivenSeries(plan_for(job)).histogram(*x)
    told = tuple(FilledSeries(y.values, np.ones(N, bool), "mask") for y in complete)
    ours = GappedCounter(job, told).histogram(*x)
    np.testing.assert_array_equal(ours.sum(axis=1), theirs.sum(axis=1))
    off = np.abs(np.cumsum(ours - theirs, axis=1)).max(axis=1) / ours.sum(axis=1).clip(1)
    assert off.max() < 0.02


def test_any_split_gives_the_same_counts_and_a_run_can_be_stopped():
    null = null_of("scattered")
    whole = null.backend.run(null.task, 7, 3, 70)
    parts = [null.backend.run(null.task, 7, at, n) for at, n in ((3, 1), (4, 40), (44, 29))]
    np.testing.assert_array_equal(sum(parts), whole)

    class AfterTheFirst:
        done = 0

        def cancelled(self):
            return self.done > 0

        def advance(self, done):
            self.done = done

    with pytest.raises(Cancelled):
        null.backend.run(null.task, 1, 0, 100_000, AfterTheFirst())


@cache
def coherences(pattern, gaps, wavelet):
    rng = np.random.default_rng([2004, len(pattern)])
    how = {"sig": False, "gaps": gaps, "wavelet": wavelet}
    return [pycwt.wct(*pair(rng, pattern), *GRID, **how) for _ in range(150)]


def rate(shares):
    return float(np.mean(shares)), float(stats.sem(shares))


@pytest.mark.parametrize("wavelet", ["morlet", "paul"])
@pytest.mark.parametrize("gaps", ["mask", "linear"])
@pytest.mark.parametrize("pattern", ["block", "scattered"])
def test_five_per_cent_of_noise_is_significant_outside_the_cones(pattern, gaps, wavelet, measured):
    """Of 150 pairs of AR(1) noise against levels from 1000 surrogates with the same gaps.

    Outside all cones, and in the part of it that lies within twice the cone of a gap. The error
    is that of the shares' spread over the pairs (0.002 and 0.004); the levels' own is below 0.002.
    All twenty comparisons of the file together fail once in 10⁴ choices of the seeds.
    """
    null = null_of(pattern, gaps, wavelet)
    run = monte_carlo(null.task, 1000, seed=3, backend=null.backend, share=null.share)
    both = tuple(filled(x, gaps, "y") for x in pair(np.random.default_rng(1), pattern))
    outside, _ = counted(null.task, both)
    doubled = 2 * np.array(null.task.scales)
    near = outside & ~outside_gaps(masks_of(both), doubled, find_wavelet(wavelet))
    noises = coherences(pattern, gaps, wavelet)
    for where, most in ((outside, 0.003), (near, 0.008)):
        shares = [(run.levels[:, None] <= c.WCT)[where].mean() for c in noises]
        measured("outside the cones" + (", beside gaps" if where is near else ""), shares)
        mean, error = rate(shares)
        assert error < most
        assert abs(mean - 0.05) < ALLOWED * np.hypot(error, 0.002)


@pytest.mark.parametrize("pattern", ["block", "scattered"])
def test_noise_without_gaps_serves_nearly_as_well(pattern, measured):
    """estimator="cascade" with gaps: 5 ± 1 %, with the errors of above."""
    run = monte_carlo(coherence_task(*AR1, *GRID), 3000, seed=3)
    shares = [
        (run.levels[:, None] <= c.WCT)[c.outside].mean()
        for c in coherences(pattern, "mask", "morlet")
    ]
    mean, error = rate(shares)
    measured("levels without gaps", shares)
    assert abs(mean - 0.05) < 0.01 + ALLOWED * error


def test_within_the_cone_of_the_ends_noise_is_significant_as_often(measured):
    """edges=True: levels from nodes that count where no gap's cone is."""
    null = null_of("block", edges=True)
    run = monte_carlo(null.task, 2000, seed=3, backend=null.backend, share=null.share)
    levels = run.level_map().levels
    shares = []
    for c in coherences("block", "mask", "morlet"):
        within = ~(c.periods[:, None] <= c.coi) & c.outside_gaps & np.isfinite(levels)
        shares.append((levels <= c.WCT)[within].mean())
    mean, error = rate(shares)
    measured("within the cone of the ends", shares)
    assert error < 0.006
    # Interpolated levels are off by 0.003 of a share; their own error is about as large.
    assert abs(mean - 0.05) < 0.003 + ALLOWED * np.hypot(error, 0.004)


@pytest.mark.parametrize(
    "null", ["ar", "phase", pytest.param("iaaft", marks=pytest.mark.long), "bootstrap"]
)
def test_other_nulls_take_the_series_as_they_are_filled(null, measured):
    """Against levels of each pair's own, as a user has them: 30 pairs, 100 surrogates each."""
    rng, shares = np.random.default_rng(8), []
    for seed in range(30):
        how = {"null": null, "mc_count": 100, "seed": seed, "cache": False, "gaps": "mask"}
        coherence = pycwt.wct(*pair(rng, "block"), 1, 0.5, 2, 8, **how)
        shares.append(coherence.significant[coherence.outside].mean())
    mean, error = rate(shares)
    measured("outside the cones", shares)
    assert error < 0.012
    assert abs(mean - 0.05) < ALLOWED * error + 0.01


def test_power_of_noise_passes_its_level_in_five_per_cent(measured):
    """Against the red noise of each series' own estimate, 400 series of AR(1) noise at 0.6.

    TC98's background at a scale is the spectrum at its period alone, which errs by some per cent
    of itself: between 4 and 7 %, as without gaps.
    """
    rng = np.random.default_rng(11)
    found = {"gaps": [], "no gaps": []}
    for _ in range(400):
        x = noise(rng, 0.6)
        for name, y in (("gaps", punched(x, "block", 0)), ("no gaps", x)):
            t = pycwt.cwt(y, *GRID, gaps="mask")
            above = t.power >= t.significance(0.95).signif[:, None]
            found[name].append(above[t.outside].mean())
    (mean, error), (plain, _) = rate(found["gaps"]), rate(found["no gaps"])
    for name, shares in found.items():
        measured(f"points of power, {name}", shares)
    assert 0.04 < mean < 0.07
    assert abs(mean - plain) < ALLOWED * error


def test_partial_and_multiple_coherence_of_noise(measured):
    """60 triples with gaps against levels of noise with the same gaps."""
    rng, shares = np.random.default_rng(12), {"partial": [], "multiple": []}
    runs = {}
    for k in range(60):
        y, x = pair(rng, "block")
        z = noise(rng, 0.3)
        how = {"sig": k == 0, "gaps": "mask", "mc_count": 400, "seed": 2}
        calls = {"partial": pycwt.partial_coherence, "multiple": pycwt.multiple_coherence}
        for name, call in calls.items():
            others = ([z],) if name == "multiple" else (x, [z])
            found = call(y, *others, 1, 0.5, 2, 8, **how)
            runs.setdefault(name, found.sig)
            shares[name].append((found.r2 >= runs[name][:, None])[found.outside].mean())
    for name, of in shares.items():
        mean, error = rate(of)
        measured(f"points of {name} R²", of)
        # The levels have the coefficients of the first triple alone, and 400 realisations.
        assert abs(mean - 0.05) < ALLOWED * np.hypot(error, 0.003) + 0.005


def test_what_wct_makes_of_it():
    x, y = pair(np.random.default_rng(5), "block")
    how = {"gaps": "mask", "mc_count": 150, "seed": 1, "cache": False}
    c = pycwt.wct(x, y, *GRID, **how)
    assert (c.estimator, c.backend, c.monte_carlo.null) == ("full", "surrogates", "ar1")
    assert c.monte_carlo.task.ar1 == tuple(
        pycwt.ar1(np.nan_to_num(v), present=~np.isnan(v)).g for v in (x, y)
    )
    assert not c.significant[~c.outside].any()
    np.testing.assert_array_equal(c.monte_carlo.at(0.95).levels, c.monte_carlo.levels)
    share = c.monte_carlo.share
    cone = outside_cone(c.scales, N, c.wavelet)
    np.testing.assert_allclose(share, (cone & c.outside_gaps).sum(axis=1) / cone.sum(axis=1))
    mapped = pycwt.wct(x, y, *GRID, **how, edges=True)
    assert mapped.level_map.levels.shape == c.WCT.shape
    assert not mapped.significant[~mapped.outside_gaps].any()
    assert np.isfinite(mapped.level_map.levels[mapped.outside]).all()
    np.testing.assert_array_equal(np.isnan(c.sig), share == 0)
    plain = pycwt.wct(x, y, *GRID, **how, estimator="cascade")
    usual = monte_carlo(plain.monte_carlo.task, 150, seed=1)
    np.testing.assert_array_equal(plain.sig, usual.levels)
    turned = pycwt.wct(x, y, 1, periods=c.periods[::-1], phase="smoothed", **how)
    np.testing.assert_allclose(turned.sig[::-1], c.sig, atol=1e-9)
    np.testing.assert_array_equal(turned.outside[::-1], c.outside)
    with pytest.raises(ValueError, match="backend='joblib' can't run null='ar1' with gaps"):
        pycwt.wct(x, y, *GRID, **how, backend="joblib")


def test_errors_count_what_is_counted():
    """A realisation is worth one value at least where anything is counted, and none elsewhere."""
    null = null_of("block")
    all_ = independent_values(null.task, 100)
    some = independent_values(null.task, 100, null.share)
    counts = null.share > 0
    assert (some[~counts] == 0).all()
    assert (some[counts] >= np.minimum(all_, 100)[counts]).all()
    assert (some <= all_).all()
    small = null.share > 0.8
    np.testing.assert_allclose(some[small], (all_ * null.share)[small])
