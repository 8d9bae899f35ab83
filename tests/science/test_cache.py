"""The cache never answers with another run's numbers, whatever happens to its files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo.cache import Entry, HistogramCache

TASK = SignificanceTask(
    family="morlet",
    order=6.0,
    scales=(2.0, 4.0, 8.0),
    scale_weights=(0.25, 0.5, 0.25),
    length=64,
    ar1=(0.3, 0.5),
    bins=50,
)
ENTRY = Entry(7, 300, np.arange(150, dtype=np.int64).reshape(3, 50))


@pytest.fixture
def cache(tmp_path):
    return HistogramCache(tmp_path / "cache")


def same(entry, other):
    return (entry.seed, entry.mc_count) == (other.seed, other.mc_count) and np.array_equal(
        entry.histogram, other.histogram
    )


def test_what_is_stored_comes_back(cache):
    assert cache.load(TASK, "f32-1", 7) is None
    cache.store(TASK, "f32-1", ENTRY, any_seed=True)
    assert same(cache.load(TASK, "f32-1", 7), ENTRY)
    assert same(cache.load(TASK, "f32-1", None), ENTRY)


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "paul"},
        {"order": 6.5},
        {"scales": (2.0, 4.0, 8.000001)},
        {"scale_weights": (0.2, 0.6, 0.2)},
        {"length": 65},
        {"ar1": (0.5, 0.3)},
        {"ar1": (0.3, -0.5)},
        {"bins": 51},
    ],
)
def test_every_field_of_the_task_matters(cache, changes):
    cache.store(TASK, "f32-1", ENTRY, any_seed=True)
    for seed in (7, None):
        assert cache.load(replace(TASK, **changes), "f32-1", seed) is None


@pytest.mark.parametrize("top", [0, 255, 2**16, 2**40, 2**62])
def test_counts_of_every_size_come_back_as_they_were(cache, top):
    entry = Entry(7, 300, np.array([[0, 1], [2, top]], dtype=np.int64))
    cache.store(TASK, "f32-1", entry, any_seed=False)
    found = cache.load(TASK, "f32-1", 7)
    assert same(found, entry)
    assert found.histogram.dtype == np.int64


def test_numerics_and_seed_matter(cache):
    cache.store(TASK, "f32-1", ENTRY, any_seed=False)
    assert cache.load(TASK, "f32-2", 7) is None
    assert cache.load(TASK, "f32-1", 8) is None
    assert cache.load(TASK, "f32-1", None) is None


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_is_as_good_as_none(tmp_path_factory, data):
    cache = HistogramCache(tmp_path_factory.mktemp("damaged"))
    cache.store(TASK, "f32-1", ENTRY, any_seed=False)
    (path,) = cache.directory.iterdir()
    content = bytearray(path.read_bytes())
    if shorter := data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    entry = cache.load(TASK, "f32-1", 7)
    # Some bytes of a zip archive carry no meaning; a change of any other is noticed.
    assert entry is None or (not shorter and same(entry, ENTRY))


def test_an_entry_moved_to_another_runs_name_is_noticed(cache):
    other = replace(TASK, length=128)
    cache.store(TASK, "f32-1", ENTRY, any_seed=False)
    (path,) = cache.directory.iterdir()
    cache.store(other, "f32-1", Entry(7, 300, ENTRY.histogram + 1), any_seed=False)
    (second,) = set(cache.directory.iterdir()) - {path}
    path.replace(second)
    assert cache.load(other, "f32-1", 7) is None


def test_it_stays_within_its_limit_and_keeps_what_was_used_last(tmp_path):
    cache = HistogramCache(tmp_path, limit=6000)
    for seed in range(20):
        cache.store(TASK, "f32-1", Entry(seed, 300, ENTRY.histogram), any_seed=False)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 6000
    assert cache.load(TASK, "f32-1", 19) is not None
    assert cache.load(TASK, "f32-1", 0) is None


def test_a_directory_that_cant_be_written_costs_only_the_cache(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    cache = HistogramCache(blocked / "cache")
    cache.store(TASK, "f32-1", ENTRY, any_seed=True)
    assert cache.load(TASK, "f32-1", 7) is None
