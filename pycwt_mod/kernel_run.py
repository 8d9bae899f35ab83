"""One run of a kernel's plan: pieces handed to threads, watched by the caller."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.backends import Control

#: Seconds between two looks at the control; drivers promise 0.1.
POLL_INTERVAL = 0.03
#: Pieces of a span for each thread, so that a slow thread doesn't hold up the end.
PIECES_PER_THREAD = 8


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


class Run:
    """One call of :meth:`pycwt_mod.kernel.Plan.run`.

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
        pieces = _pieces(parts, *span, threads)
        self._pieces: Iterator[tuple[Part, int, int]] = iter(pieces)
        self._parts = parts
        self._seed = seed
        self._threads = min(threads, len(pieces))
        self._cancel = ffi.new("int32_t *")
        self._progress = [ffi.new("int64_t *") for _ in range(self._threads)]
        self._done = [0] * self._threads
        self._lock = threading.Lock()
        self._running = self._threads
        self._over = threading.Event()
        self._codes: list[int] = []
        self._hist = np.zeros((self._threads, *shape), np.int64)

    def result(self, control: Control) -> NDArray[np.int64]:
        """Compute, and look at the control meanwhile.

        Raises:
            Cancelled: the control said so.
            KernelError: there is no memory for the workspaces.
        """
        workers = [
            threading.Thread(target=self._work, args=(i,), name=f"pycwt-kernel-{i}", daemon=True)
            for i in range(self._threads)
        ]
        try:
            for worker in workers:
                worker.start()
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
        for code in self._codes:
            check(code)
        control.advance(self._advanced())
        return np.asarray(self._hist[0] if self._threads == 1 else self._hist.sum(axis=0))

    def _work(self, number: int) -> None:
        out = ffi.new("pk_space **")
        largest = max((part.plan for part in self._parts), key=lib.pk_plan_workspace)
        code = lib.pk_space_create(largest, out)
        if code == lib.PK_OK:
            code = self._compute(number, out[0])
            lib.pk_space_free(out[0])
        with self._lock:
            self._codes.append(code)
            self._running -= 1
            # After a failure the others have nothing left to work for.
            if code != lib.PK_OK:
                self._cancel[0] = 1
            if self._running == 0:
                self._over.set()

    def _compute(self, number: int, space: object) -> int:
        """Compute piece after piece; returns the kernel's code."""
        progress = self._progress[number]
        code: int = lib.PK_OK
        while code == lib.PK_OK and (piece := self._next()):
            part, first, count = piece
            hist = ffi.from_buffer("int64_t[]", self._hist[number, part.rows])
            span = (self._seed, first, count)
            code = lib.pk_plan_run(part.plan, space, *span, hist, self._cancel, progress)
            with self._lock:
                self._done[number] += progress[0]
                progress[0] = 0
        return code

    def _next(self) -> tuple[Part, int, int] | None:
        with self._lock:
            return next(self._pieces, None)

    def _advanced(self) -> int:
        """Realisations done; those of a cascade count when their octaves are done on average."""
        with self._lock:
            done = sum(self._done) + sum(int(cell[0]) for cell in self._progress)
            return done // len(self._parts)


def _pieces(
    parts: Sequence[Part], first: int, count: int, threads: int
) -> list[tuple[Part, int, int]]:
    """Pieces of like work: part, first realisation, how many."""
    end = first + count
    wanted = max(1, threads * PIECES_PER_THREAD // len(parts))
    pieces = []
    for part in parts:
        # One thread has nobody to share with.
        blocks = -(-count // part.lanes)
        size = part.lanes * max(1, -(-blocks // wanted)) if threads > 1 else count
        pieces += [(part, at, min(size, end - at)) for at in range(first, end, size)]
    return pieces


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
