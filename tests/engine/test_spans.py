"""Chunks: whatever is done, in whatever order, what is missing gets asked for, once."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pycwtd.engine import spans
from pycwtd.store.records import Chunk


def chunk(first: int, count: int) -> Chunk:
    return Chunk(first=first, count=count, file="f", sha256="", backend="joblib", seconds=1.0)


@given(st.integers(1, 500), st.lists(st.integers(1, 60), max_size=20), st.data())
def test_filling_gap_after_gap_covers_every_realisation_once(total, sizes, data):
    """Some chunks are there already, in disorder; the rest is filled as the engine does it."""
    edges = [0]
    for size in sizes:
        edges.append(min(total, edges[-1] + size))
    pieces = [chunk(a, b - a) for a, b in itertools.pairwise(edges) if b > a]
    chunks = (
        data.draw(st.lists(st.sampled_from(pieces), unique_by=lambda c: c.first)) if pieces else []
    )
    seen = {k for c in chunks for k in range(c.first, c.first + c.count)}
    while (gap := spans.next_gap(chunks, total)) is not None:
        first, missing = gap
        assert missing >= 1
        count = spans.chunk_count(missing, data.draw(st.floats(1e-6, 1e3)), 1.0)
        assert 1 <= count <= missing
        fresh = set(range(first, first + count))
        assert not fresh & seen
        seen |= fresh
        chunks.append(chunk(first, count))
    assert seen == set(range(total))
    assert spans.done(chunks) == total


def test_the_first_chunk_is_small_because_nothing_is_measured_yet():
    assert spans.chunk_count(10_000, None, 1.0) == spans.FIRST_COUNT


def test_what_is_too_quick_to_be_measured_grows():
    """A job of a million on an unmeasured estimator takes some twenty chunks, not thousands."""
    done, chunks = 0, 0
    while done < 1_000_000:
        done += spans.chunk_count(1_000_000 - done, None, 1.0, done)
        chunks += 1
    assert done == 1_000_000
    assert chunks < 20


def test_chunks_take_about_the_time_wanted_and_leave_no_crumbs():
    assert spans.chunk_count(10_000, 0.01, 1.0) == 100
    assert spans.chunk_count(120, 0.01, 1.0) == 120


def test_a_run_ends_at_a_gap_and_where_another_backend_goes_on():
    chunks = [chunk(20, 5), chunk(0, 10), chunk(10, 5)]
    assert spans.longest_run(chunks) == [chunk(0, 10), chunk(10, 5)]
    moved = [chunk(0, 10), *(replace(chunk(10 + n, 1), backend="other") for n in range(3))]
    assert spans.longest_run(moved) == moved[1:]
    assert spans.longest_run([]) == []
