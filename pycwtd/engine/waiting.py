"""The jobs that wait for a device, in the order in which each owner's are served.

The scheduler is shown the first few of each owner alone: those behind them can't be chosen, so
that its work doesn't grow with the queue.
"""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycwtd.engine.scheduler import Candidate

_Entry = tuple[tuple[bool, int, int], str]


class Waiting:
    """Candidates by the pool that they wait for and by owner."""

    def __init__(self) -> None:
        self._candidates: dict[str, tuple[Candidate, int]] = {}
        self._heaps: dict[str, dict[str, list[_Entry]]] = {}
        self._serial = itertools.count()

    def __len__(self) -> int:
        return len(self._candidates)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._candidates

    def add(self, candidate: Candidate) -> None:
        """Let a job wait; one that waits already, waits for this now."""
        serial = next(self._serial)
        self._candidates[candidate.job_id] = candidate, serial
        heap = self._heaps.setdefault(candidate.pool, {}).setdefault(candidate.owner, [])
        place = (not candidate.interactive, candidate.number, serial)
        heapq.heappush(heap, (place, candidate.job_id))

    def remove(self, job_id: str) -> None:
        """Let it wait no more; its place in the heap is cleared when it comes up."""
        self._candidates.pop(job_id, None)

    def pools(self) -> list[str]:
        """The pools that somebody may wait for."""
        return list(self._heaps)

    def of(self, pool: str) -> list[Candidate]:
        """All that wait for a pool."""
        return [c for c, _ in self._candidates.values() if c.pool == pool]

    def first(self, pool: str, count: int) -> Iterator[Candidate]:
        """The first ``count`` of each owner who waits for a pool."""
        owners = self._heaps.get(pool, {})
        for owner, heap in list(owners.items()):
            taken: list[_Entry] = []
            while heap and len(taken) < count:
                entry = heapq.heappop(heap)
                (_, _, serial), job_id = entry
                candidate, current = self._candidates.get(job_id, (None, -1))
                if candidate is not None and current == serial:
                    taken.append(entry)
                    yield candidate
            for entry in taken:
                heapq.heappush(heap, entry)
            if not heap:
                del owners[owner]
        if not owners:
            self._heaps.pop(pool, None)
