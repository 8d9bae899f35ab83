"""Which part of a job's realisations ran where, as a strip of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pycwtd.api.job_types import ChunkView

#: Signs of the backends, in the order in which they first computed something.
SIGNS = "█▓▒░▚▞▙▟"
_NOTHING = "·"


class Share(NamedTuple):
    """What one backend has computed."""

    backend: str
    chunks: int
    realisations: int
    seconds: float


def shares(chunks: Iterable[ChunkView]) -> list[Share]:
    """What each backend has computed, in the order in which they began."""
    found: dict[str, Share] = {}
    for chunk in chunks:
        _, n, realisations, seconds = found.get(chunk.backend, Share(chunk.backend, 0, 0, 0.0))
        found[chunk.backend] = Share(
            chunk.backend, n + 1, realisations + chunk.count, seconds + chunk.seconds
        )
    return list(found.values())


def strip(chunks: Sequence[ChunkView], total: int, width: int) -> list[str | None]:
    """The backend that computed most of each cell's realisations; None where none has yet.

    Args:
        chunks: ascending.
        total: realisations of all cells.
        width: cells.
    """
    most: list[dict[str, float]] = [{} for _ in range(width)]
    scale = width / max(total, 1)
    for chunk in chunks:
        begin, end = chunk.first * scale, (chunk.first + chunk.count) * scale
        for cell in range(int(begin), min(int(end) + 1, width)):
            part = min(end, cell + 1) - max(begin, cell)
            if part > 0:
                most[cell][chunk.backend] = most[cell].get(chunk.backend, 0.0) + part
    return [max(cell, key=lambda b: cell[b]) if cell else None for cell in most]


def sign(backend: str | None, backends: Sequence[str]) -> str:
    """A backend's sign."""
    return _NOTHING if backend is None else SIGNS[backends.index(backend) % len(SIGNS)]
