"""One run of a kernel's plan: threads that share its work, watched by the caller."""

from __future__ import annotations

import time
from _thread import start_new_thread
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import repeat
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from pycwt_mod.backends import Control

#: Seconds between two looks at the control; drivers promise 0.1.
POLL_INTERVAL = 0.03
#: The caller is one of the threads where each block of the work takes so many bytes at most, and
#: looks up after as many blocks as take so many bytes together: after some milliseconds.
SMALL_WORKSPACE, SMALL_PIECE = 2**21, 2**24
#: Workspaces and histograms that are kept between runs: their bytes at most, and how many of
#: either. Larger ones cost little beside what is computed in them.
KEPT_BYTES, KEPT = 2**23, 8


class KernelError(RuntimeError):
    """The kernel can't compute a task here: no memory, or not this processor."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is computed by itself: a full task as a whole, or an octave of a cascade."""

    #: The kernel's ``pk_plan``.
    plan: Any
    #: Where it counts in the whole histogram: its first cell.
    cell: int
    #: Realisations side by side.
    lanes: int
    #: As few cost no more than their share of that.
    fewest: int
    #: Bytes that a thread computes in.
    workspace: int
    #: How many series the realisations before a number draw.
    series: Callable[[int], int]

    def span(self, realisations: tuple[int, int]) -> tuple[int, int]:
        """The series of a span of realisations: from the first to the last but one."""
        first, count = realisations
        return self.series(first), self.series(first + count)

    def told(self, series: tuple[int, int]) -> tuple[Any, ...]:
        """The kernel's ``pk_part`` of a span of series."""
        return (self.plan, self.cell, *series, self.lanes, self.fewest, self.workspace, 0)


class Run:
    """One call of :meth:`pycwt_mod.monte_carlo.kernel.Plan.run`.

    Args:
        parts: of the plan.
        shape: of the histogram.
        seed: of the random numbers.
        span: number of the first realisation, and how many.
        threads: how many compute at the same time, at most.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        shape: tuple[int, int],
        seed: int,
        span: tuple[int, int],
        threads: int,
    ) -> None:
        self._largest = max(parts, key=lambda part: part.workspace)
        self._small = self._largest.workspace <= SMALL_WORKSPACE
        spans = [part.span(span) for part in parts]
        blocks = sum(-(-(e - b) // p.fewest) for p, (b, e) in zip(parts, spans, strict=True))
        self._threads = min(threads, blocks)
        # What the queue points to lives as long, and so do plans that lend others their tables.
        self._plans = tuple(part.plan for part in parts)
        self._parts = ffi.new("pk_part[]", [p.told(s) for p, s in zip(parts, spans, strict=True)])
        self._bytes = SMALL_PIECE if self._small else 0
        self._queue = ffi.new(
            "pk_queue *", (self._parts, len(parts), self._threads, self._bytes, 0)
        )
        self._hist = np.zeros(shape, np.int64)
        self._cells = ffi.from_buffer("int64_t[]", self._hist)
        self._seed = seed
        self._count = span[1]
        self._series = sum(end - begin for begin, end in spans)
        self._cancel = ffi.new("int32_t *")
        self._progress = [ffi.new("int64_t *") for _ in range(self._threads)]
        #: How each thread ended, in that order: the kernel's code, or what was raised.
        self._ends: list[int | BaseException] = []
        #: The threads other than the caller's that have ended, and what wakes the caller.
        self._gone: list[int] = []
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()

    def result(self, control: Control) -> NDArray[np.int64]:
        """Compute, and look at the control meanwhile.

        Raises:
            Cancelled: the control said so.
            KernelError: there is no memory for the workspaces.
        """
        self._watched(control)
        for end in self._ends:
            if isinstance(end, BaseException):
                raise end
            check(end)
        control.advance(self._advanced())
        return self._hist

    def _watched(self, control: Control) -> None:
        """Have threads compute while this one looks at the control, or takes part."""
        others = range(1 if self._small else 0, self._threads)
        started: list[int] = []
        try:
            # Unlike threading's, such a thread isn't waited for until it runs. All are started at
            # one go: an interrupt can't come between a thread and its being counted.
            started.extend(map(start_new_thread, repeat(self._thread), zip(others)))
            if self._small and self._threads:
                self._end(self._work(0, _Watch(control, self._advanced)))
            while not self._all_gone(started):
                control.advance(self._advanced())
                if control.cancelled():
                    raise Cancelled
        finally:
            # Whatever ended the watch, the threads must not outlive it.
            self._cancel[0] = 1
            while not self._all_gone(started):
                pass

    def _all_gone(self, started: Sequence[int]) -> bool:
        """Whether the other threads have ended; waits for them, but not long."""
        if len(self._gone) < len(started):
            with suppress(Empty):
                self._bell.get(timeout=POLL_INTERVAL)
        return len(self._gone) >= len(started)

    def _thread(self, number: int) -> None:
        """What a thread other than the caller's does."""
        try:
            self._end(self._work(number))
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            self._end(error)
        self._gone.append(number)
        self._bell.put(None)

    def _end(self, end: int | BaseException) -> None:
        """Note how a thread ended; after a failure the others have nothing left to work for."""
        # In this order: what the others are stopped by comes before how they end.
        self._ends.append(end)
        if end != lib.PK_OK:
            self._cancel[0] = 1

    def _work(self, number: int, watch: _Watch | None = None) -> int:
        """Compute until nothing is left; returns the kernel's code."""
        with WORKSPACES.lent(self._largest) as space:
            if not space:
                return int(lib.PK_NO_MEMORY)
            if self._threads == 1:
                return self._compute(number, space, self._cells, watch)
            with HISTOGRAMS.lent(self._hist.size) as own:
                code = self._compute(number, space, own, watch)
                with self._lock:
                    lib.pk_queue_add(self._queue, self._cells, own)
        return code

    def _compute(self, number: int, space: object, own: object, watch: _Watch | None) -> int:
        asked = (self._queue, space, self._seed, self._bytes if watch else 0)
        told = (self._cells, own, self._cancel, self._progress[number])
        while (code := int(lib.pk_queue_run(*asked, *told))) == lib.PK_MORE:
            if watch:
                watch.look()
        return code

    def _advanced(self) -> int:
        """Realisations done: of a cascade, as many as the series that are done make on average."""
        done = sum(int(cell[0]) for cell in self._progress)
        return self._count * done // self._series if self._series else self._count


class Spare:
    """Memory to run plans in, which is used again.

    Finding fresh memory takes the system as long as a block of realisations takes to compute.
    """

    def __init__(self) -> None:
        #: That nobody uses now: the number of bytes, and the memory. What falls out is freed.
        #: Threads may append and pop at the same time.
        self._spare: deque[tuple[int, Any]] = deque(maxlen=KEPT)

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._spare)

    @contextmanager
    def _lent(self, wanted: int, create: Callable[[], Any]) -> Iterator[Any]:
        """So many bytes at least, created where none are kept.

        Those that something was raised over are left to the collector: nobody knows what is in
        them.
        """
        try:
            size, memory = self._spare.pop()
        except IndexError:
            size, memory = 0, None
        if size < wanted:
            size, memory = wanted, create()
        yield memory
        if memory and size <= KEPT_BYTES:
            self._spare.append((size, memory))

    def clear(self) -> None:
        """Free what is kept."""
        self._spare.clear()


class Workspaces(Spare):
    """What the kernel computes in: its ``pk_space``."""

    def lent(self, part: Part) -> AbstractContextManager[Any]:
        """A workspace for a part, or ``None`` where there is no memory for it."""

        def create() -> Any:
            out = ffi.new("pk_space **")
            lib.pk_space_create(part.plan, out)
            return ffi.gc(out[0], lib.pk_space_free) if out[0] else None

        return self._lent(part.workspace, create)


class Histograms(Spare):
    """What a thread counts in by itself: ``int64_t[]``, zero whenever it is lent."""

    def lent(self, cells: int) -> AbstractContextManager[Any]:
        """So many cells, or more. Who has them gives them back zero, as ``pk_queue_add`` does."""
        return self._lent(8 * cells, lambda: ffi.new("int64_t[]", cells))


WORKSPACES, HISTOGRAMS = Workspaces(), Histograms()


class _Watch:
    """Looks at a control now and then.

    Args:
        control: what is looked at.
        advanced: tells how many realisations are done.
    """

    def __init__(self, control: Control, advanced: Callable[[], int]) -> None:
        self._control = control
        self._advanced = advanced
        self._next = time.monotonic() + POLL_INTERVAL

    def look(self) -> None:
        """Tell the control about the progress, if it is time.

        Raises:
            Cancelled: the control said so.
        """
        if time.monotonic() < self._next:
            return
        self._control.advance(self._advanced())
        if self._control.cancelled():
            raise Cancelled
        self._next = time.monotonic() + POLL_INTERVAL


def check(code: int, text: str = "") -> None:
    """Turn the kernel's code into an exception.

    Raises:
        KernelError: there is no memory.
        ValueError: anything else that isn't success.
    """
    if code == lib.PK_NO_MEMORY:
        raise KernelError(text or "no memory for the kernel's workspace")
    if code != lib.PK_OK:
        raise ValueError(text or f"the kernel refuses its arguments, code {code}")
