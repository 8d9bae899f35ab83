"""One run of a kernel's plan: pieces handed to threads, watched by the caller."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.backends import Control

#: Seconds between two looks at the control; drivers promise 0.1.
POLL_INTERVAL = 0.03
#: A piece is this part of a thread's share of what is left: pieces get smaller towards the end,
#: so that no thread waits long for another.
PIECE_OF_SHARE = 2
#: The caller is one of the threads where each block of the work takes so many bytes at most: a
#: block is then done in a fraction of a millisecond, and the caller looks up between a few.
SMALL_WORKSPACE, SMALL_BLOCKS = 2**21, 8
#: Workspaces that are kept between runs: their bytes at most, and how many. Larger ones cost
#: little beside what is computed in them.
KEPT_BYTES, KEPT = 2**23, 8


class KernelError(RuntimeError):
    """The kernel can't compute a task here: no memory, or not this processor."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is computed by itself: a full task as a whole, or an octave of a cascade."""

    #: The kernel's ``pk_plan``.
    plan: Any
    #: Rows of the whole histogram, from its first one on.
    rows: slice
    #: Realisations side by side.
    lanes: int
    #: As few cost no more than their share of that.
    fewest: int
    #: How many series the realisations before a number draw.
    series: Callable[[int], int]

    def span(self, realisations: tuple[int, int]) -> tuple[int, int]:
        """The series of a span of realisations: from the first to the last but one."""
        first, count = realisations
        return self.series(first), self.series(first + count)


#: Part, number of its first series, how many.
Piece = tuple[Part, int, int]


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
        spaces = [int(lib.pk_plan_workspace(part.plan)) for part in parts]
        self._small = max(spaces) <= SMALL_WORKSPACE
        # Of small blocks there may be millions.
        self._pieces = pieces(parts, span, threads, self._small)
        first = list(islice(self._pieces, threads))
        threads = len(first)
        self._pieces = chain(first, self._pieces)
        self._largest = parts[spaces.index(max(spaces))].plan
        self._seed = seed
        self._count = span[1]
        self._series = sum(end - begin for begin, end in (p.span(span) for p in parts))
        self._threads = threads
        self._cancel = ffi.new("int32_t *")
        self._progress = [ffi.new("int64_t *") for _ in range(self._threads)]
        self._done = 0
        self._lock = threading.Lock()
        self._running = self._threads
        self._over = threading.Event()
        self._codes: list[int] = []
        self._hist = [np.zeros(shape, np.int64) for _ in range(max(1, self._threads))]

    def result(self, control: Control) -> NDArray[np.int64]:
        """Compute, and look at the control meanwhile.

        Raises:
            Cancelled: the control said so.
            KernelError: there is no memory for the workspaces.
        """
        if self._threads:
            self._watched(control)
        for code in self._codes:
            check(code)
        control.advance(self._advanced())
        total, *others = self._hist
        for other in others:
            total += other
        return total

    def _watched(self, control: Control) -> None:
        """Have threads compute while this one looks at the control, or takes part."""
        workers = [
            threading.Thread(target=self._work, args=(i,), name=f"pycwt-kernel-{i}", daemon=True)
            for i in range(1 if self._small else 0, self._threads)
        ]
        try:
            for worker in workers:
                worker.start()
            if self._small:
                self._work(0, _Watch(control, self._advanced))
            while not self._over.wait(POLL_INTERVAL):
                control.advance(self._advanced())
                if control.cancelled():
                    raise Cancelled
        finally:
            # Whatever ended the watch, the threads must not outlive it.
            self._cancel[0] = 1
            for worker in workers:
                if worker.ident is not None:
                    worker.join()

    def _work(self, number: int, watch: _Watch | None = None) -> None:
        with WORKSPACES.lent(self._largest) as space:
            code = self._compute(number, space, watch) if space else lib.PK_NO_MEMORY
        with self._lock:
            self._codes.append(code)
            self._running -= 1
            # After a failure the others have nothing left to work for.
            if code != lib.PK_OK:
                self._cancel[0] = 1
            if self._running == 0:
                self._over.set()

    def _compute(self, number: int, space: object, watch: _Watch | None) -> int:
        """Compute piece after piece; returns the kernel's code."""
        progress = self._progress[number]
        code: int = lib.PK_OK
        while code == lib.PK_OK and (piece := self._next()):
            part, first, count = piece
            hist = ffi.from_buffer("int64_t[]", self._hist[number][part.rows])
            span = (self._seed, first, count)
            code = lib.pk_plan_run(part.plan, space, *span, hist, self._cancel, progress)
            with self._lock:
                self._done += progress[0]
                progress[0] = 0
            if watch:
                watch.look()
        return code

    def _next(self) -> Piece | None:
        with self._lock:
            return next(self._pieces, None)

    def _advanced(self) -> int:
        """Realisations done: of a cascade, as many as the series that are done make on average."""
        with self._lock:
            done = self._done + sum(int(cell[0]) for cell in self._progress)
            return self._count * done // self._series if self._series else self._count


class Workspaces:
    """Memory to run plans in, which is used again.

    Finding fresh memory takes the system as long as a block of realisations takes to compute.
    """

    def __init__(self) -> None:
        #: That nobody uses now: the number of bytes, and the kernel's ``pk_space``. What falls out
        #: is freed. Threads may append and pop at the same time.
        self._spare: deque[tuple[int, Any]] = deque(maxlen=KEPT)

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._spare)

    @contextmanager
    def lent(self, plan: Any) -> Iterator[Any]:
        """A workspace for a plan, or ``None`` where there is no memory for it."""
        wanted = int(lib.pk_plan_workspace(plan))
        try:
            size, space = self._spare.pop()
        except IndexError:
            size, space = 0, None
        if size < wanted:
            out = ffi.new("pk_space **")
            lib.pk_space_create(plan, out)
            size, space = wanted, ffi.gc(out[0], lib.pk_space_free) if out[0] else None
        yield space
        if space and size <= KEPT_BYTES:
            self._spare.append((size, space))

    def clear(self) -> None:
        """Free what is kept."""
        self._spare.clear()


WORKSPACES = Workspaces()


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


def pieces(
    parts: Sequence[Part], span: tuple[int, int], threads: int, small: bool
) -> Iterator[Piece]:
    """Pieces of the work in order, for several threads smaller and smaller ones.

    Args:
        parts: of the plan.
        span: number of the first realisation, and how many.
        threads: how many take pieces.
        small: whether one thread may do only so much at a time, too.
    """
    spans = [part.span(span) for part in parts]
    # What a block costs grows as what it works on.
    costs = [int(lib.pk_plan_workspace(part.plan)) / part.lanes for part in parts]
    left = sum(cost * (end - begin) for cost, (begin, end) in zip(costs, spans, strict=True))
    for part, cost, (begin, end) in zip(parts, costs, spans, strict=True):
        at = begin
        while at < end:
            size = end - at
            if threads > 1:
                share = int(left / (threads * PIECE_OF_SHARE * cost))
                block = part.lanes if left > threads * cost * part.lanes else part.fewest
                size = min(size, max(block, share // part.lanes * part.lanes))
            if small:
                size = min(size, SMALL_BLOCKS * part.lanes)
            yield part, at, size
            at += size
            left -= cost * size


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
