"""Histograms kept between runs: a cache that can't lie.

An entry is named by a digest of everything that its numbers depend on: the task with its
estimator, the numerics class of the backend, and the seed. It holds all of that again beside
the histogram, and a digest over the whole, so that a file which is half-written, changed or of
another task is never used. Entries are replaced by renaming: readers and writers in several
processes don't disturb one another.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask

#: What reading a damaged archive may raise.
_DAMAGE = (
    *(ValueError, KeyError, OSError, EOFError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
#: Of an entry's layout; entries of another one aren't found.
_LAYOUT = 2
#: Bytes of all entries together; the least recently used go first.
DEFAULT_LIMIT = 256 * 2**20


@dataclass(frozen=True)
class Entry:
    """What is kept of a run."""

    seed: int
    mc_count: int
    #: int64[scales, bins].
    histogram: NDArray[np.int64]


def default_directory() -> Path:
    """``PYCWT_CACHE``, else the user's cache directory."""
    if given := os.environ.get("PYCWT_CACHE"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pycwtd" / "significance"


class HistogramCache:
    """A directory of histograms, shared by all processes that name it.

    Args:
        directory: made when the first entry is written.
        limit: bytes of all entries together.
    """

    def __init__(self, directory: Path | None = None, limit: int = DEFAULT_LIMIT) -> None:
        self.directory = directory or default_directory()
        self._limit = limit

    def load(self, task: SignificanceTask, numerics: str, seed: int | None) -> Entry | None:
        """The entry of exactly this run; ``seed`` None asks for one of any seed.

        Returns:
            The entry, or None where there is none that can be trusted.
        """
        path = self._path(task, numerics, seed)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        entry = _unpack(data, _identity(task, numerics))
        if entry is None or (seed is not None and entry.seed != seed):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # it has been used
        return entry

    def store(self, task: SignificanceTask, numerics: str, entry: Entry, *, any_seed: bool) -> None:
        """Keep a run, in place of a shorter one; a directory that can't be written is no error.

        Args:
            task: what was computed.
            numerics: numerics class of the backend that computed it.
            entry: the run.
            any_seed: keep it for callers who name no seed, too.
        """
        data = _pack(entry, _identity(task, numerics))
        for seed in (entry.seed, None) if any_seed else (entry.seed,):
            with contextlib.suppress(OSError):
                self.directory.mkdir(parents=True, exist_ok=True)
                _replace(self._path(task, numerics, seed), data)
        self._shrink()

    def clear(self) -> None:
        """Remove every entry."""
        for path in self._entries():
            path.unlink(missing_ok=True)

    def _path(self, task: SignificanceTask, numerics: str, seed: int | None) -> Path:
        text = f"{_identity(task, numerics)} seed {'any' if seed is None else seed}"
        return self.directory / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"

    def _entries(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from self.directory.glob("*.npz")

    def _shrink(self) -> None:
        known = []
        for path in self._entries():
            with contextlib.suppress(OSError):
                status = path.stat()
                known.append((status.st_mtime_ns, status.st_size, path))
        excess = sum(size for _, size, _ in known) - self._limit
        for _, size, path in sorted(known):
            if excess <= 0:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            excess -= size


def _identity(task: SignificanceTask, numerics: str) -> str:
    """Everything but the seed that the numbers depend on."""
    return f"layout {_LAYOUT} numerics {numerics} task {task.fingerprint()}"


def _pack(entry: Entry, identity: str) -> bytes:
    buffer = io.BytesIO()
    facts = json.dumps({"identity": identity, "seed": entry.seed, "mc_count": entry.mc_count})
    # In as few bytes as the counts need: to deflate them takes longer than to compute them.
    extremes = (entry.histogram.min(), entry.histogram.max())
    narrow = entry.histogram.astype(np.result_type(*map(np.min_scalar_type, extremes)))
    digest = _digest(facts, narrow)
    np.savez(
        buffer,
        allow_pickle=False,
        facts=np.array(facts),
        histogram=narrow,
        digest=np.array(digest),
    )
    return buffer.getvalue()


def _unpack(data: bytes, identity: str) -> Entry | None:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            members: dict[str, Any] = {name: archive[name] for name in archive.files}
        facts, histogram = str(members["facts"]), members["histogram"]
        if str(members["digest"]) != _digest(facts, histogram):
            return None
        known = json.loads(facts)
    except _DAMAGE:
        return None
    if known["identity"] != identity:
        return None
    return Entry(known["seed"], known["mc_count"], histogram.astype(np.int64))


def _digest(facts: str, histogram: NDArray[np.int64]) -> str:
    content = hashlib.sha256(facts.encode())
    content.update(f"{histogram.dtype}{histogram.shape}".encode())
    content.update(np.ascontiguousarray(histogram).tobytes())
    return content.hexdigest()


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - the handle is open already
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
