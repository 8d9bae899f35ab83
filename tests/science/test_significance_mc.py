"""Significance of coherence: the oracle behind the driver contract, levels, and their errors."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

import pycwt_mod as pycwt
from pycwt_mod.backends import (
    ESTIMATORS,
    BackendUnavailableError,
    SignificanceTask,
    UnknownBackendError,
    get_backend,
    registry,
)
from pycwt_mod.backends import task as task_module
from pycwt_mod.datasets import ao_baltic
from pycwt_mod.monte_carlo import reference
from pycwt_mod.monte_carlo.cache import HistogramCache
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.run import coherence_task, independent_values, monte_carlo
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.wavelets import Morlet


@pytest.mark.parametrize("options", [{}, {"estimator": "full"}], ids=["default", "full"])
def test_levels_of_the_arctic_example(oracle, options):
    """Grinsted et al. (2004), AO and Baltic ice: 0.70 to 0.72 away from both ends of the scales.

    200 realisations, standard error below 0.02 at each scale, 0.005 for their mean.
    """
    _, ao, ice = ao_baltic()
    result = pycwt.wct(ao, ice, 1, J=50, mc_count=200, seed=1, backend=oracle, **options)
    period = 1 / result.freq
    inside = (period > 3) & (period < 20)
    assert 0.69 <= result.sig[inside].mean() <= 0.73
    assert (np.abs(result.sig[inside] - 0.71) < 0.07).all()
    assert (result.backend, result.seed, result.mc_count) == ("oracle", 1, 200)
    assert result.estimator == options.get("estimator", "cascade")
    summary = pycwt.summarise(result)
    # "The AO and the Baltic ice are in anti-phase" in all significant sections (section 4).
    assert np.cos(summary.mean_phase) < -0.9
    assert summary.significant_share > 0.2


def test_false_alarm_rate(oracle, measured):
    """Independent noise from another generator lies above the 5 % level at 5 % of points.

    60 pairs with the realisations' own length; each scale's share has a standard error from
    the spread over pairs, joined with the level's; five of them are allowed.
    """
    level = pycwt.wct_significance(
        0.6, 0.2, 1, 0.25, 2, 16, mc_count=400, seed=9, backend=oracle, estimator="full"
    )
    rng = np.random.default_rng(41)
    n = coherence_task(0.6, 0.2, 1, 0.25, 2, 16).length
    shares = []
    for _ in range(60):
        x, y = pycwt.rednoise(n, 0.6, seed=rng), pycwt.rednoise(n, 0.2, seed=rng)
        r2, _, coi, freq, _ = pycwt.wct(x, y, 1, 0.25, 2, 16, sig=False)
        shares.append((r2 > level[:, None])[1 / freq[:, None] <= coi].mean())
    error = np.std(shares) * np.sqrt(1 / 60 + 1 / 400)
    measured("points of R², full, surrogates' length", shares)
    assert abs(np.mean(shares) - 0.05) < 5 * error


@pytest.mark.parametrize("wavelet", [pycwt.Morlet(), pycwt.Paul(2), pycwt.DOG(2)], ids=repr)
def test_histograms_add_up(wavelet):
    task = coherence_task(0.7, 0.1, 1, 0.5, -1, 6, wavelet, bins=64, estimator="full")
    whole = reference.coherence_histogram(task, 2**40 + 3, 5, 6)
    parts = [reference.coherence_histogram(task, 2**40 + 3, *span) for span in ((5, 1), (6, 5))]
    np.testing.assert_array_equal(whole, sum(parts))
    np.testing.assert_array_equal(whole.sum(axis=1), 6 * reference.counted_points(task).sum(axis=1))


def test_a_realisation_is_the_coherence_of_its_noise():
    task = coherence_task(0.5, 0.3, 1, 0.25, 2, 12, estimator="full")
    x, y = noise_pair(4, 2, task.length, task.ar1)
    expected = pycwt.wct(x, y, 1, 0.25, 2, 12, sig=False).WCT
    r2 = reference.realisation_coherence(task, 4, 2)
    np.testing.assert_allclose(r2, expected, atol=1e-12)
    counted = r2[3][reference.counted_points(task)[3]]
    histogram = reference.coherence_histogram(task, 4, 2, 1)[3]
    np.testing.assert_array_equal(histogram, np.histogram(counted, 1000, (0, 1))[0])


def test_one_belongs_to_the_last_bin():
    task = coherence_task(0.0, 0.0, 1, 0.25, 2, 0, bins=2, estimator="full")
    assert task.scale_weights != (1.0,)
    whole = reference.coherence_histogram(task, 0, 0, 3)
    assert whole.sum() == 3 * reference.counted_points(task).sum()


@pytest.mark.parametrize("wavelet", ["morlet", "paul", "mexicanhat"])
def test_task_of_a_coherence(wavelet):
    task = coherence_task(0.5, -0.2, 0.25, 0.25, 1.0, 8, wavelet)
    assert task.scales == tuple(4.0 * 2 ** (np.arange(9) / 4))
    assert task.length == 96  # six times 16 samples
    assert task.ar1 == (0.5, -0.2)
    assert reference.counted_points(task).any(axis=1).all()
    assert coherence_task(0.1, 0.1, 1, 0.25, 0.5, 0, wavelet).length == 16


class Wide(Morlet):
    """Equal to its parent, as far as wavelets are compared."""

    smoothing_width = 1.8
    efolding = 2.5


@pytest.mark.parametrize("order", [(Wide(), Morlet()), (Morlet(), Wide()), ("morlet", Wide())])
def test_a_task_is_that_of_its_own_wavelet(order):
    """Whatever tasks there were before: parts of them are made once."""
    grid = (0.2, 0.3, 0.5, 1 / 12, 1.0, 24)
    tasks = [coherence_task(*grid, wavelet) for wavelet in (*order, *order)]
    assert tasks[:2] == tasks[2:]
    other, wide = tasks[:2] if isinstance(order[1], Wide) else tasks[1::-1]
    assert (len(other.scale_weights), len(wide.scale_weights)) == (9, 23)
    assert wide.length > other.length


@pytest.mark.parametrize("s0", [-1, -1.0, np.array(-1.0), np.float32(-1)])
def test_the_smallest_scale_by_default(s0):
    task = coherence_task(0.2, 0.3, 0.5, 1 / 12, s0, 24)
    # The period of two samples, of TC98's Table 1.
    assert task.scales[0] == pytest.approx(2 * (6 + math.sqrt(38)) / (4 * math.pi), rel=1e-12)


@pytest.mark.filterwarnings("ignore::pycwt_mod.FewRealisationsWarning")
def test_every_scale_comes_back(oracle):
    level = pycwt.wct_significance(
        0.1, 0.2, 1, 0.5, 2, 8.0, mc_count=5, backend=oracle, cache=False
    )
    assert level.shape == (9,)
    assert np.isfinite(level).all()
    assert ((level > 0) & (level < 1)).all()


@pytest.mark.filterwarnings("ignore::pycwt_mod.FewRealisationsWarning")
def test_seed_makes_it_reproducible(oracle):
    def run(seed):
        return pycwt.wct_significance(
            0.1, 0.2, 1, 0.5, 2, 4, mc_count=5, progress=False, backend=oracle, seed=seed
        )

    np.testing.assert_array_equal(run(3), run(3))
    assert (run(3) != run(4)).any()
    drawn = monte_carlo(coherence_task(0, 0, 1, 0.5, 2, 4), 5, backend=oracle)
    np.testing.assert_array_equal(
        drawn.histogram,
        monte_carlo(drawn.task, 5, backend=oracle, seed=drawn.seed).histogram,
    )


@pytest.mark.filterwarnings("ignore::pycwt_mod.FewRealisationsWarning")
def test_control_is_passed_on(oracle):
    class Watch:
        seen = 0

        def cancelled(self):
            return False

        def advance(self, done):
            self.seen = done

    watch = Watch()
    pycwt.wct_significance(0.1, 0.2, 1, 0.5, 2, 4, mc_count=7, backend=oracle, control=watch)
    assert watch.seen == 7


def test_choice_of_backend(oracle, monkeypatch):
    task = coherence_task(0, 0, 1, 0.5, 2, 2)
    with pytest.raises(UnknownBackendError, match="abacus"):
        monte_carlo(task, 5, backend="abacus")
    monkeypatch.setattr(registry, "_usable", tuple)
    assert monte_carlo(task, 5, seed=1).backend == oracle
    monkeypatch.delitem(registry._registered, oracle)
    with pytest.raises(BackendUnavailableError, match="no driver"):
        monte_carlo(task, 5)


def test_the_default_is_the_cascade(oracle):
    arguments = (0.5, 0.3, 1, 0.25, 2, 16)
    assert coherence_task(*arguments).estimator == "cascade"
    usual = {"mc_count": 20, "seed": 1, "backend": oracle, "progress": False, "cache": False}
    by_default = pycwt.wct_significance(*arguments, **usual)
    named = {e: pycwt.wct_significance(*arguments, **usual, estimator=e) for e in ESTIMATORS}
    np.testing.assert_array_equal(by_default, named["cascade"])
    assert (by_default != named["full"]).any()
    # A task that is written out says what it is.
    fields = {"scales": (2.0,), "scale_weights": (1.0,), "length": 16, "ar1": (0.0, 0.0)}
    assert SignificanceTask("morlet", 6.0, **fields).estimator == "full"


def test_a_backend_of_other_estimators_or_wavelets_is_not_chosen(oracle, monkeypatch):
    task = coherence_task(0, 0, 1, 0.5, 2, 2)
    paul = coherence_task(0, 0, 1, 0.5, 2, 2, "paul", estimator="full")
    full = replace(task, estimator="full")
    limited = get_backend(oracle)
    monkeypatch.setattr(
        limited, "info", replace(limited.info, estimators=("full",), families=("morlet",))
    )
    with pytest.raises(
        ValueError, match=r"'oracle' doesn't run the estimator 'cascade': pass .*'full'"
    ):
        monte_carlo(task, 5, backend=oracle)
    with pytest.raises(ValueError, match="'oracle' doesn't run the wavelet 'paul', only morlet"):
        monte_carlo(paul, 5, backend=oracle)
    assert monte_carlo(full, 5, backend=oracle).backend == oracle
    # "auto" goes on to the next; without one it says what there was.
    other = type(limited)()
    monkeypatch.setattr(other, "info", replace(other.info, name="zz"))
    monkeypatch.setattr(registry, "_usable", tuple)
    monkeypatch.setitem(registry._registered, "zz", other)
    assert monte_carlo(full, 5).backend == oracle
    assert monte_carlo(task, 5).backend == "zz"
    assert monte_carlo(paul, 5).backend == "zz"
    monkeypatch.delitem(registry._registered, "zz")
    with pytest.raises(BackendUnavailableError, match="oracle: it doesn't run the estimator"):
        monte_carlo(task, 5)


def test_tasks_of_another_revision_are_refused(monkeypatch, tmp_path):
    """Whatever was kept of an estimator before its histograms changed isn't mixed with new ones."""
    cascade = coherence_task(0.1, 0.2, 1, 0.5, 2, 4)
    full = replace(cascade, estimator="full")
    for task in (cascade, full):
        assert SignificanceTask.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    before = {name: value for name, value in cascade.to_dict().items() if name != "revision"}
    with pytest.raises(ValueError, match="cascade must be of its revision 2, not 1"):
        SignificanceTask.from_dict(before)
    assert "revision" not in full.to_dict()
    cache = HistogramCache(tmp_path)
    monte_carlo(cascade, 5, cache=cache)
    assert monte_carlo(cascade, 5, cache=cache).cached == 5
    monkeypatch.setitem(task_module._REVISIONS, "cascade", 3)
    assert monte_carlo(cascade, 5, cache=cache).cached == 0


def test_levels_are_quantiles():
    """Against SciPy's Beta distribution, whose counts are laid into the bins exactly."""
    edges = np.linspace(0, 1, 1001)
    shapes = [(1, 4), (2, 2), (8, 1)]
    counts = np.array([np.diff(stats.beta(*s).cdf(edges)) * 1e9 for s in shapes]).astype(np.int64)
    for p in (0.05, 0.5, 0.95, 0.999):
        found, errors = levels(counts, p, independent=400)
        np.testing.assert_allclose(found, [stats.beta(*s).ppf(p) for s in shapes], atol=2e-5)
        density = [stats.beta(*s).pdf(stats.beta(*s).ppf(p)) for s in shapes]
        if p in {0.5, 0.95}:  # the quantile's asymptotic error
            np.testing.assert_allclose(errors, np.sqrt(p * (1 - p) / 400) / density, rtol=0.1)


def test_levels_of_few_counts():
    found, errors = levels([[0, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], 0.5)
    np.testing.assert_allclose(found, [0.375, np.nan, 0.875])
    assert errors[0] > 0
    assert np.isnan(errors[1])


@given(
    npst.arrays(
        st.sampled_from([np.int64, np.uint8, np.uint64, np.float64]),
        st.tuples(st.integers(1, 3), st.integers(2, 200)),
        elements=st.integers(0, 200),
    ),
    st.floats(0.001, 0.999),
)
def test_levels_are_where_the_counts_reach_a_share(counts, share):
    found, _ = levels(counts, share)
    for row, level in zip(counts.astype(np.float64), found, strict=True):
        below = np.concatenate([[0.0], np.cumsum(row)])
        if not below[-1]:
            assert np.isnan(level)
            continue
        last = np.searchsorted(below, share * below[-1])
        inside = (share * below[-1] - below[last - 1]) / row[last - 1]
        assert level == pytest.approx((last - 1 + inside) / row.size, abs=1e-12)


def test_weighted_counts_may_have_any_sum():
    """0.37 each: sums of blocks and of what is in them differ in the last digit."""
    counts = np.random.default_rng(4).integers(0, 5, (3000, 65)) * (np.arange(65) < 60)
    found, errors = levels(0.37 * counts, 0.999, 300)
    np.testing.assert_allclose((found, errors), levels(counts, 0.999, 300), atol=1e-9)


def test_standard_errors_are_those_of_repeated_runs():
    """25 runs of 40 realisations: the spread of the levels keeps below the stated error.

    The error is meant to lie on the safe side, by 20 % here. The mean ratio over 17 scales has
    a standard error below 0.06.
    """
    task = coherence_task(0.5, 0.3, 1, 0.25, 2, 16, estimator="full")
    runs = [reference.coherence_histogram(task, 6, 40 * k, 40) for k in range(25)]
    found, errors = zip(*(levels(h, 0.95, independent_values(task, 40)) for h in runs), strict=True)
    ratio = np.std(found, axis=0, ddof=1) / np.mean(errors, axis=0)
    assert 0.5 < ratio.mean() < 1.1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"al1": 1.0}, "al1"),
        ({"al2": -1.5}, "al2"),
        ({"dt": 0}, "dt"),
        ({"dj": 0}, "dj"),
        ({"s0": -2}, "s0"),
        ({"J": -1}, "J"),
        ({"J": 2.5}, "J"),
        ({"J": 400}, "length|scales"),
        ({"significance_level": 0}, "significance_level"),
        ({"mc_count": 0}, "mc_count"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"bins": 1}, "bins"),
        ({"wavelet": "haar"}, "wavelet"),
    ],
)
def test_bad_arguments(oracle, arguments, match):
    usual = {"al1": 0.1, "al2": 0.1, "dt": 1, "dj": 0.25, "s0": 2, "J": 4, "backend": oracle}
    with pytest.raises(ValueError, match=match):
        pycwt.wct_significance(**{**usual, **arguments})


@pytest.mark.parametrize(
    ("histogram", "match"),
    [([1, 2, 3], "histogram"), ([[1, -1]], "negative"), ([["a", "b"]], "histogram")],
)
def test_bad_histograms(histogram, match):
    with pytest.raises(ValueError, match=match):
        levels(histogram, 0.95)
