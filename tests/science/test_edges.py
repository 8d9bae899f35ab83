"""Levels within the cone of influence: tasks, maps, p-values, figures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.contour import QuadContourSet
from scipy.io import netcdf_file

import pycwt_mod as pycwt
from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo import reference
from pycwt_mod.monte_carlo.cache import HistogramCache
from pycwt_mod.monte_carlo.cascade import octaves
from pycwt_mod.monte_carlo.edges import default_nodes, node_samples
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.levelmap import _between
from pycwt_mod.monte_carlo.nulls import null_hypothesis
from pycwt_mod.monte_carlo.run import MonteCarlo, coherence_task, independent_values, monte_carlo
from pycwt_mod.monte_carlo.surrogate_models import MODELS, stream
from pycwt_mod.smoothing import Smoother, squared_coherence
from pycwt_mod.transform import transform


def task_of(n: int = 80, **changes) -> SignificanceTask:
    grid = (1, 0.5, 2, 8)
    task = coherence_task(0.5, 0.3, *grid, n=n, edges=True, bins=200, estimator="full")
    return replace(task, **changes)


def test_a_task_without_nodes_is_what_it_was():
    """Stored tasks and cached histograms go by what this writes."""
    task = coherence_task(0.5, 0.3, 1, 0.5, 2, 8)
    assert task.rows == len(task.scales) == 9
    assert "edge_nodes" not in task.to_dict()
    assert SignificanceTask.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    nodes = replace(task, edge_nodes=(0.0, 0.5))
    assert nodes.rows == 27
    assert SignificanceTask.from_dict(json.loads(json.dumps(nodes.to_dict()))) == nodes
    prints = {t.fingerprint() for t in (task, nodes, replace(task, edge_nodes=(0.0, 0.6)))}
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("family", "nodes", "match"),
    [
        ("morlet", (0.0, 1.5), r"edge_nodes must lie between 0 and the cone's 1\.414, not"),
        ("paul", (0.8,), r"edge_nodes must lie between 0 and the cone's 0\.7071"),
        ("morlet", (-0.1, 1.0), "edge_nodes must lie"),
        ("morlet", (float("nan"),), "edge_nodes must lie"),
        ("morlet", (0.5, 0.5), "edge_nodes must increase"),
        ("morlet", tuple(i / 100 for i in range(65)), "edge_nodes must be at most 64, not 65"),
    ],
)
def test_nodes_out_of_range_are_refused(family, nodes, match):
    with pytest.raises(ValueError, match=match):
        task_of(family=family, edge_nodes=nodes)


@pytest.mark.parametrize("n", [15, 2**26 + 1, 80.5])
def test_lengths_out_of_range_are_refused(n):
    with pytest.raises(ValueError, match="n must be"):
        coherence_task(0, 0, 1, 0.5, 2, 8, n=n)


@pytest.mark.parametrize("wavelet", [pycwt.Morlet(), pycwt.Paul(4), pycwt.DOG(2)], ids=repr)
def test_the_nodes_reach_from_the_end_to_the_cone(wavelet):
    nodes = default_nodes(wavelet.family)
    assert nodes[0] == 0
    assert 0.99 * wavelet.efolding < nodes[-1] < wavelet.efolding


def test_a_single_scale_has_nodes():
    """Paul's cone reaches 0.35 samples: 62 of 64 lie outside; either end counts at a node."""
    scale = ((0.5,), (1.0,))
    task = SignificanceTask("paul", 40.0, *scale, 64, (0.0, 0.0), 10, edge_nodes=(0.0, 0.5))
    histogram = reference.coherence_histogram(task, 1, 0, 5)
    assert histogram.sum(axis=1).tolist() == [5 * 62, 10, 10]


@pytest.mark.parametrize("estimator", ["full", "cascade"])
def test_a_level_map_runs_through_its_nodes(oracle, estimator):
    """At a node's sample the map has the level of its row; beyond the cone that of the scale."""
    run = monte_carlo(task_of(estimator=estimator), 40, seed=1, backend=oracle)
    task, scales = run.task, np.array(run.task.scales)
    found, errors = run.level_map()
    assert found.shape == errors.shape == (9, 80)
    np.testing.assert_array_equal(found, found[:, ::-1])
    rows, spread = levels(run.histogram, 0.95, independent_values(task, 40))
    for j, scale in enumerate(scales):
        outside = np.arange(80) >= np.sqrt(2) * scale
        outside &= outside[::-1]
        np.testing.assert_array_equal(found[j, outside], run.levels[j])
        np.testing.assert_array_equal(errors[j, outside], run.standard_errors[j])
        for node, sample in enumerate(node_samples(task, scale), start=1):
            # The first and the last of nodes that share a sample are told apart by no map.
            if estimator == "full" and not outside[sample]:
                assert found[j, sample] == pytest.approx(rows[9 * node + j])
                assert errors[j, sample] == pytest.approx(spread[9 * node + j])
    # 1.4 scales of 32 samples are more than half the series: nothing lies outside.
    assert np.isnan(run.levels[-1])
    assert np.isfinite(found).all()


def test_a_level_map_between_nodes():
    """Histograms made by hand: R² is 0.2 at the end and 0.6 at one scale's distance."""
    task = task_of(edge_nodes=(0.0, 1.0), scales=(10.0,), scale_weights=(1.0,), bins=10)
    histogram = np.zeros((3, 10), np.int64)
    histogram[0, 9] = 1000
    histogram[1, 1] = histogram[2, 5] = 1000
    run = MonteCarlo(task, 1, 500, "hand", histogram, np.zeros(1), np.zeros(1)).at(0.5)
    found = run.level_map().levels[0]
    np.testing.assert_allclose(found[:12], [*np.linspace(0.15, 0.55, 11), 0.55])
    np.testing.assert_allclose(found[14], 0.55)  # within the cone, beyond the last node
    np.testing.assert_allclose(found[15:65], 0.95)
    shares = run.p_values(np.full((1, 80), 0.4))[0]
    np.testing.assert_allclose(shares[:12], [*np.linspace(0, 1, 11), 1])
    np.testing.assert_allclose(shares[15:65], 1)
    np.testing.assert_allclose(run.p_values([0.95]), [0.5])


def test_a_level_map_goes_on_to_the_end():
    """The first node of a decimated series lies at 1.5 samples: the line goes on to the end."""
    nodes, values = np.array([1.5, 5.5]), np.array([0.7, 0.8])
    found = _between(nodes, np.array([0, 1, 3, 6]), values)
    np.testing.assert_allclose(found, [0.6625, 0.6875, 0.7375, 0.8])


def test_the_whole_series_keeps_enough_samples():
    """At few samples to the series its length in scales would be rounded."""
    task = coherence_task(0, 0, 1, 0.5, 2, 18, n=1000, edges=True, estimator="cascade")
    for octave in octaves(task):
        step = task.scales[octave.row] / octave.task.scales[octave.own[0]]
        assert octave.task.length >= 125
        assert step <= 8


def test_where_the_mean_of_the_whole_series_matters_it_stays_whole():
    """(1 + α)/(1 − α)/0.1 = 1,990 samples at α = 0.99: more than there are, or fewer."""
    for n, stays in ((1000, True), (4000, False)):
        task = coherence_task(0.99, 0, 1, 0.5, 2, 14, n=n, edges=True)
        first = octaves(task)[0].task
        assert first.length == (n if stays else 1990)
    short = octaves(coherence_task(0.5, 0, 1, 0.5, 2, 14, n=1000, edges=True))[0].task
    assert short.length < 256


def test_p_values_belong_to_the_levels(oracle):
    run = monte_carlo(task_of(n=64), 60, seed=2, backend=oracle)
    p = run.p_values(np.nan_to_num(run.level_map().levels))
    # Between nodes the level is the line through two quantiles, p that through two shares.
    assert np.nanmax(np.abs(p - 0.05)) < 0.03
    with pytest.raises(ValueError, match="the 64 samples of the task"):
        run.p_values(np.full((9, 65), 0.5))
    with pytest.raises(ValueError, match="no edge_nodes"):
        monte_carlo(task_of(edge_nodes=()), 5, seed=2, backend=oracle).level_map()


def test_standard_errors_at_the_nodes_are_those_of_repeated_runs():
    """40 runs of 50 realisations: the spread of the levels is the stated error.

    The spread of 40 values is good to 11 %, its mean over some ten independent nodes and scales
    to 4 %; the quantile's density adds a bias of some per cent.
    """
    task = task_of(n=200)
    histogram = [reference.coherence_histogram(task, 6, 50 * k, 50) for k in range(40)]
    n = independent_values(task, 50)
    assert n.shape == (task.rows,)
    found, errors = zip(*(levels(h, 0.8, n) for h in histogram), strict=True)
    ratio = np.std(found, axis=0, ddof=1) / np.mean(errors, axis=0)
    assert 0.8 < ratio[9:].mean() < 1.2


def test_both_ends_are_one_in_the_middle():
    task = task_of(n=33, scales=(2.0, 40.0), scale_weights=(1.0,))
    values = independent_values(task, 1).reshape(-1, 2)[1:]
    assert values[0, 0] == pytest.approx(2)
    assert values[-1, 1] == pytest.approx(1)


@pytest.fixture
def pair():
    rng = np.random.default_rng(8)
    x = rng.standard_normal(96).cumsum() * 0.2 + rng.standard_normal(96)
    return x, np.roll(x, 2) + rng.standard_normal(96)


def test_coherence_with_edges(oracle, pair):
    usual = {"mc_count": 30, "seed": 3, "backend": oracle, "cache": False, "dj": 0.5}
    result = pycwt.wct(*pair, 1, edges=True, **usual)
    plain = pycwt.wct(*pair, 1, **usual)
    np.testing.assert_array_equal(result.WCT, plain.WCT)
    assert result.monte_carlo.task.length == 96
    assert result.level_map.levels.shape == result.WCT.shape
    np.testing.assert_array_equal(result.sig, result.monte_carlo.levels)
    np.testing.assert_array_equal(result.significant, result.level_map.levels <= result.WCT)
    inside = 1 / result.freq[:, None] > result.coi
    assert result.significant[inside].any()
    assert plain.level_map is None
    assert not plain.significant[inside].any()
    np.testing.assert_array_equal(
        plain.significant[~inside], (plain.sig[:, None] <= plain.WCT)[~inside]
    )
    summary = pycwt.summarise(result)
    assert summary.significant_share == result.significant[~inside].mean()
    with pytest.raises(ValueError, match="no significance levels"):
        _ = pycwt.wct(*pair, 1, sig=False).significant
    with pytest.raises(ValueError, match="edges=True needs series of at least 16 samples, not 12"):
        pycwt.wct(pair[0][:12], pair[1][:12], 1, edges=True)


def test_coherence_with_edges_tells_of_them(oracle, pair, tmp_path):
    result = pycwt.wct(*pair, 1, edges=True, mc_count=30, seed=3, backend=oracle, cache=False)
    inside = ~result.outside
    assert f"within       {result.significant[inside].mean():.1%} of the cone" in repr(result)
    result.to_netcdf(tmp_path / "wct.nc")
    with netcdf_file(tmp_path / "wct.nc", mmap=False) as file:
        for name, expected in zip(("level_map", "level_map_error"), result.level_map, strict=True):
            assert file.variables[name].dimensions == ("period", "time")
            np.testing.assert_array_equal(file.variables[name][:], expected)
    result.to_csv(tmp_path / "wct.csv", points=True)
    assert "level_map,level_map_error" in (tmp_path / "wct.csv").read_text().splitlines()[0]
    # What depends on a level can't be told from what doesn't but by the map.
    again = result._replace(level_map=None)
    assert "within" not in repr(again)
    assert not again.significant[inside].any()


@pytest.mark.parametrize("null", ["white", "ar", "phase", "iaaft", "bootstrap"])
def test_every_null_counts_at_the_ends(oracle, pair, null):
    """A node of one realisation is R² of its surrogates there: counted once for either end."""
    backend = oracle if null == "white" else "auto"
    result = pycwt.wct(
        *pair, 1, edges=True, null=null, mc_count=30, seed=3, backend=backend, cache=False
    )
    run = result.monte_carlo
    assert (run.null, run.task.length) == (null, 96)
    counted = run.histogram.sum(axis=1).reshape(-1, result.freq.size)
    assert (counted[1:, np.array(run.task.scales) < 1.5 * 96] == 60).all()
    assert np.isfinite(result.level_map.levels).all()


def test_surrogates_cohere_at_the_nodes_as_the_oracle_sees(pair):
    """Plain float64 at the same surrogates; bins differ where values lie on their edges alone."""
    task = task_of(n=96)
    null = null_hypothesis("ar", task, pair)
    units = [(x - x.mean()) / x.std() for x in pair]
    draws = [MODELS["ar"].fit(x, 96) for x in units]
    scales, mother = np.array(task.scales), pycwt.Morlet()
    smoother = Smoother(mother, scales, task.scale_weights, 96)
    theirs = np.zeros((task.rows - 9, task.bins), np.int64)
    for k in range(10):
        made = (draw(stream(5, k, i)) for i, draw in enumerate(draws))
        w1, w2 = (transform(x - x.mean(), scales, mother) for x in made)
        r2 = squared_coherence(w1, w2, smoother)
        for node, row, at in zip(*reference.node_points(task, (0, 9)), strict=True):
            theirs[9 * node + row, int(r2[row, at] * task.bins)] += 1
    ours = null.backend.run(null.task, 5, 0, 10)[9:]
    assert np.abs(ours - theirs).sum() <= 4
    assert theirs.sum() == ours.sum() == 2 * 7 * 9 * 10


def test_the_figure_draws_the_map(oracle, pair):
    """Its contour is that of R² over the level at the same point, also within the cone."""
    result = pycwt.wct(*pair, 1, edges=True, mc_count=30, seed=3, backend=oracle, cache=False)
    axes = pycwt.plot_coherence(result, np.arange(96)).axes[0]
    contours = [c for c in axes.collections if isinstance(c, QuadContourSet)]
    expected = result.WCT / result.level_map.levels
    np.testing.assert_allclose(contours[0].zmax, expected.max())
    assert "tested by its distance from the end" in axes.get_title(loc="left")
    without = pycwt.wct(*pair, 1, mc_count=30, seed=3, backend=oracle, cache=False)
    assert "tested" not in pycwt.plot_coherence(without, np.arange(96)).axes[0].get_title("left")


def test_runs_with_nodes_are_kept_and_continued(oracle, tmp_path):
    cache, task = HistogramCache(tmp_path), task_of()
    first = monte_carlo(task, 10, seed=4, backend=oracle, cache=cache)
    again = monte_carlo(task, 25, seed=4, backend=oracle, cache=cache)
    assert (first.cached, again.cached) == (0, 10)
    whole = monte_carlo(task, 25, seed=4, backend=oracle)
    np.testing.assert_array_equal(again.histogram, whole.histogram)
    np.testing.assert_array_equal(again.level_map().levels, whole.level_map().levels)
    other = monte_carlo(replace(task, edge_nodes=()), 10, seed=4, backend=oracle, cache=cache)
    assert other.cached == 0
    np.testing.assert_array_equal(other.histogram, first.histogram[:9])


def test_precision_waits_for_the_nodes():
    """300 realisations suffice outside the cone here, and don't at the ends."""
    task = coherence_task(0.5, 0.3, 1, 0.5, 2, 4, n=400, edges=True)
    alone = monte_carlo(replace(task, edge_nodes=()), precision=0.008, seed=5, backend="joblib")
    run = monte_carlo(task, precision=0.008, seed=5, backend="joblib")
    assert alone.mc_count == 300
    assert run.mc_count > 300
    assert np.nanmax(run.level_map().standard_errors) <= 0.008


def test_rows_of_a_grid_of_ones_own(pair):
    """Levels, p-values and the map come in the order of the periods that were asked for."""
    y1, y2 = pair
    periods = 2.0 ** np.arange(2, 4, 0.25)
    options = {"mc_count": 300, "seed": 4, "edges": True, "progress": False, "cache": False}
    up = pycwt.wct(y1, y2, 1.0, periods=periods, **options)
    down = pycwt.wct(y1, y2, 1.0, periods=periods[::-1], **options)
    assert not np.array_equal(up.level_map.levels, up.level_map.levels[::-1])
    np.testing.assert_array_equal(down.level_map.levels, up.level_map.levels[::-1])
    np.testing.assert_array_equal(down.significant, up.significant[::-1])
    p_values = up.monte_carlo.p_values(up.WCT)
    np.testing.assert_array_equal(down.monte_carlo.p_values(down.WCT), p_values[::-1])


def test_edges_of_morse_are_refused(pair):
    with pytest.raises(ValueError, match=r"edges=True isn't calibrated .* morse"):
        pycwt.wct(*pair, 1.0, wavelet=pycwt.Morse(), edges=True)
