"""One run of a kernel's plan: threads that share its work, watched by the caller."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pycwt_mod.backends import Control

#: Seconds between two looks at the control; drivers promise 0.1.
POLL_INTERVAL = 0.03
#: The caller is one of the threads where each block of the work takes so many bytes at most, and
#: looks up after as many blocks as take so many bytes together: after some milliseconds.
SMALL_WORKSPACE, SMALL_PIECE = 2**21, 2**24
#: The teams that are kept between runs: the bytes of each of their threads at most, and how many.
#: Those of more cost little beside what is computed in them.
KEPT_BYTES, KEPT = 2**23, 2


class KernelError(RuntimeError):
    """The kernel can't compute a task here: no memory, or not this processor."""


class Part(NamedTuple):
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
        spans = [part.span(span) for part in parts]
        blocks = sum(-(-(e - b) // p.fewest) for p, (b, e) in zip(parts, spans, strict=True))
        self._threads = max(1, min(threads, blocks))
        self._bytes = SMALL_PIECE if self._largest.workspace <= SMALL_WORKSPACE else 0
        # What the kernel is told of lives as long as the run, and so do plans that lend others
        # their tables.
        self._plans = tuple(part.plan for part in parts)
        self._parts = ffi.new("pk_part[]", [p.told(s) for p, s in zip(parts, spans, strict=True)])
        self._hist = np.zeros(shape, np.int64)
        self._seed = seed
        self._count = span[1]
        self._series = sum(end - begin for begin, end in spans)

    def result(self, control: Control) -> NDArray[np.int64]:
        """Compute, and look at the control meanwhile.

        Raises:
            Cancelled: the control said so.
            KernelError: there is no memory to work in, or there are no threads.
        """
        team = TEAMS.lent(self._largest, self._hist.size, self._threads)
        handle = team.handle
        told = (self._parts, len(self._parts), self._threads, self._bytes, self._seed)
        # The threads must not outlive this, whatever ends it. They are stopped by C alone: no
        # interrupt comes in between. Nor does their memory, where the run isn't whole.
        with ffi.gc(handle, lib.pk_team_stop):
            check(lib.pk_team_start(handle, *told, ffi.from_buffer("int64_t[]", self._hist)))
            check(self._watched(handle, control))
        TEAMS.give_back(team)
        control.advance(self._count)
        return self._hist

    def _watched(self, team: Any, control: Control) -> int:
        """Take part in the work or wait, and look at the control now and then."""
        compute = bool(self._bytes)
        looked = time.monotonic()
        while True:
            if compute:
                compute = lib.pk_team_help(team) == lib.PK_MORE
            elif (code := int(lib.pk_team_wait(team, POLL_INTERVAL))) != lib.PK_MORE:
                return code
            if time.monotonic() >= looked + POLL_INTERVAL:
                control.advance(self._advanced(team))
                if control.cancelled():
                    raise Cancelled
                looked = time.monotonic()

    def _advanced(self, team: Any) -> int:
        """Realisations done: of a cascade, as many as the series that are done make on average."""
        done = int(lib.pk_team_done(team))
        return self._count * done // self._series if self._series else self._count


class Team(NamedTuple):
    """The kernel's ``pk_team``: threads that run a plan, and the memory that they work in."""

    #: What points to the ``pk_team``, and owns it.
    box: Any
    threads: int
    #: Bytes that each of them computes in.
    workspace: int
    #: Of a histogram.
    cells: int

    @property
    def handle(self) -> Any:
        """What the kernel's functions take."""
        return self.box[0]

    def fits(self, part: Part, cells: int, threads: int) -> bool:
        """Whether so many threads can run plans as large as the part's."""
        return self.threads >= threads and self.workspace >= part.workspace and self.cells >= cells


class Teams:
    """Teams that are used again.

    Finding fresh memory takes the system as long as a block of realisations takes to compute.
    """

    def __init__(self) -> None:
        #: That nobody uses now. What falls out is freed. Threads may append and pop at the same
        #: time.
        self._spare: deque[Team] = deque(maxlen=KEPT)

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._spare)

    def lent(self, part: Part, cells: int, threads: int) -> Team:
        """A team of so many threads at least, for plans as large as the part's.

        Raises:
            KernelError: there is no memory for it.
        """
        for _ in range(KEPT):
            try:
                team = self._spare.pop()
            except IndexError:
                break
            if team.fits(part, cells, threads):
                return team
            self._spare.appendleft(team)
        # It has an owner before there is anything to own: an interrupt may come in between.
        box = ffi.gc(ffi.new("pk_team **"), _free)
        check(lib.pk_team_create(part.plan, cells, threads, box))
        return Team(box, threads, part.workspace, cells)

    def give_back(self, team: Team) -> None:
        """Of one that nobody gives back the memory is freed."""
        if team.workspace + 8 * team.cells <= KEPT_BYTES:
            self._spare.append(team)

    def clear(self) -> None:
        """Free what is kept."""
        self._spare.clear()


def _free(box: Any, free: Callable[[Any], None] = lib.pk_team_free) -> None:
    # By default: when the interpreter ends, this module's names go before what it has made.
    free(box[0])


TEAMS = Teams()


def check(code: int, text: str = "") -> None:
    """Turn the kernel's code into an exception.

    Raises:
        Cancelled: the run was stopped.
        KernelError: there is no memory, or there are no threads.
        ValueError: anything else that isn't success.
    """
    if code == lib.PK_CANCELLED:
        raise Cancelled
    if code == lib.PK_NO_MEMORY:
        raise KernelError(text or "no memory for the kernel's workspace")
    if code == lib.PK_NO_THREAD:
        raise KernelError(
            "the system starts no more threads: it has no memory for their stacks, or their number "
            "is limited"
        )
    if code != lib.PK_OK:
        raise ValueError(text or f"the kernel refuses its arguments, code {code}")
