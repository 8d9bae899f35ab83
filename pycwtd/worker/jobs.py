"""What worker processes do for jobs, whatever they compute: files in, workload, files out.

Every operation works on files in the job's folder; the answer tells the daemon what it needs
to know.
"""

from __future__ import annotations

import errno
import importlib
import time
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
from msgspec import UNSET

from pycwt_mod.backends import Cancelled
from pycwtd.worker.control import Beat
from pycwtd.worker.files import (
    load_array,
    load_arrays,
    load_task,
    save_array,
    save_arrays,
    save_result,
    save_task,
)
from pycwtd.worker.interim import RunningSum, levels_told
from pycwtd.workloads.compute import Completed, Job, More, Prepared, Task
from pycwtd.workloads.plans import file_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from warnings import WarningMessage

    from msgspec import Struct
    from numpy.typing import NDArray

    from pycwtd.worker.control import Operation, TaskControl
    from pycwtd.workloads.compute import Arrays, Computation, Levels
    from pycwtd.workloads.interface import Kind, Workload

#: Nothing is wrong with a job that meets one of these: it waits for the disk.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}
#: Realisations are asked for in parts of about this length (seconds): well below the time
#: within which a cancelled process has to say something.
_PART_SECONDS = 0.2


class DefectError(ValueError):
    """A workload has done what its contract doesn't allow; the text is for whoever asked."""


class Jobs:
    """The kinds of some workloads, in one process."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self._homes: dict[str, tuple[Workload, Kind]] = {
            kind.name: (workload, kind) for workload in workloads for kind in workload.kinds
        }
        #: The task at hand: its folder, itself, and how many realisations make a part.
        self._at_hand: tuple[Path, Task, int] | None = None
        #: The arrays of the job that was prepared last, in case that its end comes next.
        self._ahead: tuple[Path, dict[str, Any]] | None = None
        self._sums = RunningSum()

    def operations(self) -> Mapping[str, Operation]:
        """What the process is asked for, by name."""
        return {
            **{"prepare": self.prepare, "run": self.run, "merge": merge, "finish": self.finish},
            "levels": self.levels,
        }

    def load(self) -> None:
        """Import what computes, rather than with the first job."""
        for name in self._homes:
            self._computation(name)

    def _computation(self, kind: str) -> Computation:
        workload, _ = self._homes[kind]
        with contained(workload):
            return cast("Computation", importlib.import_module(workload.compute))

    def _request(self, kind: str, folder: Path) -> Struct:
        workload, declared = self._homes[kind]
        try:
            return msgspec.json.decode(
                (folder / "request.json").read_bytes(), type=declared.stored_type
            )
        except msgspec.ValidationError as error:
            raise ValueError(
                f"{workload.name} {workload.version} doesn't understand the stored request, "
                f"which an earlier version may have taken: {error}"
            ) from None

    # -- operations ------------------------------------------------------------------------

    def prepare(self, message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
        """The Monte Carlo task, and what is computed before it; without one, ``result.npz``."""
        folder, kind, sync = Path(message["folder"]), message["kind"], message["sync"]
        started = time.perf_counter()
        with Beat(control), _noted() as notes:
            prepared = self._prepare(kind, folder, message["seed"])
        if prepared.task is not None and callable(prepared.arrays):
            save_task(folder, prepared.task, sync=sync)
            self._ahead = None
            if not sync and prepared.ahead:
                # Somebody waits, and this process has nothing else to do during the Monte Carlo.
                make = partial(self._compute, kind, prepared.arrays)
                control.afterwards(lambda: self._keep(folder, make()))
            return {"simulate": True}
        arrays = _told(prepared.arrays, notes, started)
        if prepared.task is not None:
            save_arrays(folder / "prepared.npz", arrays, sync=sync)
            save_task(folder, prepared.task, sync=sync)
            return {"simulate": True}
        digest = save_result(folder, arrays, prepared.files, sync=sync)
        for source in prepared.files.values():
            source.unlink(missing_ok=True)
        return {"simulate": False, "sha256": digest}

    def _prepare(self, kind: str, folder: Path, seed: int) -> Prepared:
        request = self._request(kind, folder)
        workload, declared = self._homes[kind]
        series = _series(declared, request, folder)
        with contained(workload):
            prepared = self._computation(kind).prepare(request, series, Job(kind, folder, seed))
            _check(isinstance(prepared, Prepared), "prepare must give a Prepared", prepared)
        return prepared

    def _compute(self, kind: str, make: Callable[[], Arrays]) -> dict[str, Any]:
        started = time.perf_counter()
        with _noted() as notes, contained(self._homes[kind][0]):
            return _told(make(), notes, started)

    def _keep(self, folder: Path, arrays: dict[str, Any]) -> None:
        self._ahead = folder, arrays

    def _before(self, kind: str, folder: Path, seed: int) -> dict[str, Any]:
        """The arrays of a job that don't come of its realisations."""
        if self._ahead and self._ahead[0] == folder:
            (_, arrays), self._ahead = self._ahead, None
            return arrays
        if (folder / "prepared.npz").exists():
            return load_arrays(folder / "prepared.npz")
        with _noted():  # which are those of the function that comes
            prepared = self._prepare(kind, folder, seed)
        if callable(prepared.arrays):
            return self._compute(kind, prepared.arrays)
        return _told(prepared.arrays, [], time.perf_counter())

    def run(self, message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
        """One chunk: its counts are in the file ``out`` before the answer goes."""
        folder, kind = Path(message["folder"]), message["kind"]
        computation = self._computation(kind)
        task, part = self._task(folder)
        first, count, done = message["first"], message["count"], 0
        total: NDArray[np.int64] | None = None
        started = time.perf_counter()
        while done < count:
            if control.cancelled():
                raise Cancelled
            size = min(part, count - done)
            before = time.perf_counter()
            with contained(self._homes[kind][0]):
                counts = computation.chunk(task, message["seed"], first + done, size)
                total = _added(total, counts)
            took = time.perf_counter() - before
            if took > _PART_SECONDS:
                part = max(1, part // 2)
            elif took < _PART_SECONDS / 2 and size == part:
                part *= 2
            done += size
            control.advance(done)
        self._at_hand = folder, task, part
        assert total is not None
        seconds = time.perf_counter() - started
        digest = save_array(folder / message["out"], total, sync=message["sync"])
        return {"seconds": seconds, "sha256": digest}

    def finish(self, message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
        """Make the result of the counts, or ask for more of them."""
        folder, kind = Path(message["folder"]), message["kind"]
        facts = message["facts"]
        request = self._request(kind, folder)
        task, _ = self._task(folder)
        before = _Later(partial(self._before, kind, folder, facts["seed"]))
        job = Job(kind, folder, facts["seed"], facts["mc_count"], facts["backend_used"])
        started = time.perf_counter()
        # What wasn't synced was written a moment ago, and goes in another.
        counts = _sum(folder, message["parts"], check=message["sync"])
        with Beat(control), _noted() as notes, contained(self._homes[kind][0]):
            outcome = self._computation(kind).finish(request, task, before, counts, job)
            fresh = not isinstance(outcome, More) or outcome.total > job.total
            _check(isinstance(outcome, Completed | More), "finish must give Completed", outcome)
            _check(fresh, f"finish must ask for More than {job.total} realisations", outcome)
        if isinstance(outcome, More):
            return {"more": outcome.total}
        elapsed = time.perf_counter() - started - before.seconds + facts["compute_seconds"]
        arrays = {
            **outcome.arrays,
            "seed": facts["seed"],
            "mc_count": facts["mc_count"],
            "computation_time": float(before.facts.get("computation_time", 0.0)) + elapsed,
        }
        if facts["backend_used"]:
            arrays["backend_used"] = facts["backend_used"]
        if facts["fallback_reason"]:
            arrays["fallback_reason"] = facts["fallback_reason"]
        known = np.atleast_1d(before.facts.get("warnings", [])).tolist()
        if texts := {*known, *(str(note.message) for note in notes)}:
            arrays["warnings"] = sorted(texts)
        return {"sha256": save_result(folder, arrays, sync=message["sync"])}

    def levels(self, message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
        """The significance levels by the realisations that are counted."""
        folder, kind, total = Path(message["folder"]), message["kind"], message["realisations"]
        interim = getattr(self._computation(kind), "interim", None)
        if interim is None:
            raise ValueError(f"the levels of a {kind} can't be read before it has completed")
        with Beat(control), _noted(), contained(self._homes[kind][0]):
            counts = self._sums.add(folder, message["parts"])
            task, job = Task(load_task(folder)), Job(kind, folder, message["seed"], total)
            found: Levels = interim(self._request(kind, folder), task, counts, job)
        return levels_told(found, total)

    def _task(self, folder: Path) -> tuple[Task, int]:
        """The task in a folder, the very same object as long as it is in use."""
        if self._at_hand and self._at_hand[0] == folder:
            return self._at_hand[1:]
        return Task(load_task(folder)), 1


class _Later(Mapping[str, Any]):
    """Arrays that are made, or read, when somebody looks at them; facts beside them."""

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self._make: Callable[[], dict[str, Any]] | None = make
        self._arrays: dict[str, Any] = {}
        #: What goes to the result in the daemon's own words: the time that they took, warnings.
        self.facts: dict[str, Any] = {}
        #: That making them has taken by now.
        self.seconds = 0.0

    def _made(self) -> dict[str, Any]:
        if self._make:
            started = time.perf_counter()
            make, self._make = self._make, None
            self._arrays = dict(make())
            names = {"computation_time", "warnings"} & set(self._arrays)
            self.facts = {name: self._arrays.pop(name) for name in names}
            self.seconds = time.perf_counter() - started
        return self._arrays

    def __getitem__(self, name: str) -> Any:
        return self._made()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())


def _told(arrays: Any, notes: list[WarningMessage], started: float) -> dict[str, Any]:
    """Arrays, with the time that they took and what was to be said of them."""
    told = {**arrays, "computation_time": time.perf_counter() - started}
    if notes:
        told["warnings"] = sorted({str(note.message) for note in notes})
    return told


def merge(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """Add up the counts of several chunks into one file."""
    folder = Path(message["folder"])
    total = _sum(folder, message["parts"])
    return {"sha256": save_array(folder / message["out"], total, sync=message["sync"])}


def _sum(folder: Path, parts: list[dict[str, str]], *, check: bool = True) -> NDArray[np.int64]:
    total: NDArray[np.int64] | None = None
    for part in parts:
        counts = load_array(folder / part["file"], part["sha256"] if check else None)
        total = counts if total is None else total + counts
    assert total is not None
    return total


def _added(total: NDArray[np.int64] | None, counts: Any) -> NDArray[np.int64]:
    right = isinstance(counts, np.ndarray) and counts.dtype == np.int64
    if not right or (total is not None and counts.shape != total.shape):
        shape = "" if total is None else f" of the shape {total.shape}"
        raise DefectError(f"chunk must give an int64 array{shape}, not {_described(counts)}")
    found: NDArray[np.int64] = counts
    return found if total is None else total + found


def _described(value: Any) -> str:
    return f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def _check(right: bool, rule: str, given: Any) -> None:
    if not right:
        raise DefectError(f"{rule}, not {_described(given)}")


def _series(kind: Kind, request: Struct, folder: Path) -> dict[str, NDArray[np.float64]]:
    """The series of a kind that declares them, from the request or from their files."""
    found = {}
    for name in () if kind.plan else kind.series:
        values = getattr(request, name)
        if values is UNSET or values is None:
            values = np.load(folder / file_of(name), allow_pickle=False)
        found[name] = np.asarray(values, dtype=np.float64)
    return found


@contextmanager
def _noted() -> Iterator[list[WarningMessage]]:
    """Warnings, for whoever reads the result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@contextmanager
def contained(workload: Workload) -> Iterator[None]:
    """Whatever a workload raises that isn't for its user ends the job, not the process."""
    try:
        yield
    except DefectError as error:
        raise DefectError(f"workload {workload.name}: {error}") from None
    except (Cancelled, ValueError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise
        raise DefectError(
            f"workload {workload.name} has a defect: {type(error).__name__}: {error}"
        ) from error
