"""Arithmetic of chunks: what is missing of a job, and how much to ask for next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.store.records import Chunk

#: Before anything is measured: enough for every lane of the kernel, done within seconds at the
#: slowest.
FIRST_COUNT = 32


def done(chunks: Sequence[Chunk]) -> int:
    """Realisations computed."""
    return sum(chunk.count for chunk in chunks)


def next_gap(chunks: Sequence[Chunk], total: int) -> tuple[int, int] | None:
    """The first run of missing realisations, ``(first, count)``; ``None`` when all are there."""
    position = 0
    for chunk in sorted(chunks, key=lambda chunk: chunk.first):
        if chunk.first > position:
            return position, min(chunk.first, total) - position
        position = chunk.first + chunk.count
    return (position, total - position) if position < total else None


def chunk_count(
    gap: int, seconds_per_realisation: float | None, chunk_seconds: float, known: int = 0
) -> int:
    """How many realisations make a chunk of about ``chunk_seconds``.

    Args:
        gap: how many are missing.
        seconds_per_realisation: if it has been measured.
        chunk_seconds: what a chunk aims at.
        known: realisations that are done; they took too short a time to be measured where
            nothing has been, so that as many again are in order.
    """
    if seconds_per_realisation is None:
        return min(gap, max(known, FIRST_COUNT))
    wanted = max(1, int(chunk_seconds / max(seconds_per_realisation, 1e-9)))
    # No crumbs: what would be left over for a tiny last chunk is taken along.
    return gap if gap <= wanted * 3 // 2 else wanted


def longest_run(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The most chunks of one backend that follow one another without a gap."""
    longest: list[Chunk] = []
    run: list[Chunk] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.first):
        last = run[-1] if run else None
        if last and (last.backend, last.first + last.count) == (chunk.backend, chunk.first):
            run.append(chunk)
        else:
            run = [chunk]
        if len(run) > len(longest):
            longest = list(run)
    return longest
