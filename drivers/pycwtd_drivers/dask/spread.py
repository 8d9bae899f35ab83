"""A span of realisations, cut into pieces, spread over the workers and added up again."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.backends import BackendUnavailableError
from pycwtd_drivers.dask.identity import identity
from pycwtd_drivers.dask.piece import MismatchError, compute

if TYPE_CHECKING:
    from distributed import Client, Future
    from numpy.typing import NDArray

    from pycwt_mod.backends import SignificanceTask
    from pycwtd_drivers.dask.fleet import Fleet

#: Long beside what Dask takes for a task (1–2 ms), short beside the second that a cancel and a
#: lost worker may cost.
_PIECE_SECONDS = 0.25
#: The last pieces are smaller, so that no worker is left alone with one.
_LEAST_SECONDS = 0.03
#: Realisations that the widest vector unit computes side by side: fewer cost the same.
_LANES = 16
#: Pieces that a thread has at hand, the one at work included: the next waits at the worker.
_AHEAD = 2
#: How often the workers are counted.
_LOOK_SECONDS = 2.0
_TICK_SECONDS = 0.5
#: How long a run waits for workers when all are gone: a nanny starts one anew in two seconds.
_PATIENCE_SECONDS = 10.0
#: Dask itself gives up a task after it has taken ``allowed-failures`` (3) workers down.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Span:
    """What a run was asked for."""

    task: SignificanceTask
    seed: int
    first: int
    count: int


class Pace:
    """Seconds that a realisation of a task takes on a thread, measured on the workers."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        #: What the workers have spent computing, all threads together (seconds).
        self.spent = 0.0

    def measured(self, count: int, seconds: float) -> None:
        """Take note of a piece; the last few count most."""
        self.spent += seconds
        each = max(seconds, 1e-6) / count
        self.seconds = each if self.seconds is None else 0.8 * self.seconds + 0.2 * each

    def size(self, left: int, threads: int) -> int:
        """Realisations of the next piece, of those that are left for so many threads."""
        if self.seconds is None:
            return min(left, _LANES)
        share = left * self.seconds / (3 * threads)
        wanted = min(_PIECE_SECONDS, max(_LEAST_SECONDS, share)) / self.seconds
        size = max(1, round(wanted / _LANES)) * _LANES
        return left if left < size + _LANES else size


@dataclass(slots=True, eq=False)
class _Piece:
    first: int
    count: int
    #: How often it was given away, and how often it came to nothing.
    given: int = 0
    failed: int = 0
    done: bool = False


@dataclass(slots=True)
class _Attempt:
    piece: _Piece
    future: Future
    #: The workers that may take it; ``None``: any.
    where: frozenset[str] | None
    #: Whether another attempt replaces it: its worker is silent or gone.
    given_up: bool = False


class Spread:
    """One run, within the client's event loop.

    Args:
        client: of the scheduler.
        fleet: its workers.
        span: what to compute.
        pace: of the task, kept from run to run.
    """

    def __init__(self, client: Client, fleet: Fleet, span: Span, pace: Pace) -> None:
        self._client = client
        self._fleet = fleet
        self._span = span
        self._pace = pace
        #: Realisations that are in the histogram; read by another thread.
        self.done = 0
        self._total = np.zeros((span.task.rows, span.task.bins), np.int64)
        self._task = span.task.to_dict()
        self._name = f"pycwtd-{span.task.fingerprint()[:16]}-{span.seed}"
        self._cut = 0
        self._again: deque[_Piece] = deque()
        self._attempts: dict[asyncio.Task[Any], _Attempt] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looked = self._manned = 0.0

    async def run(self) -> NDArray[np.int64]:
        """Compute the span.

        Raises:
            BackendUnavailableError: the scheduler or all workers are gone, or a piece fails
                wherever it is computed.
            ValueError: the kernel can't compute such a task.
        """
        self._manned = time.monotonic()
        try:
            await self._look()
            while self.done < self._span.count:
                self._give()
                await self._wait()
            return self._total
        except BackendUnavailableError:
            raise
        except (OSError, RuntimeError) as error:  # of a connection, or of a client that is closed
            raise BackendUnavailableError(f"the Dask scheduler is lost: {error}") from error
        finally:
            # Released futures are dropped by the scheduler, at the workers, too.
            for waiting, attempt in self._attempts.items():
                attempt.future.release()
                waiting.cancel()
            if self._looking:
                self._looking.cancel()

    # -- giving --------------------------------------------------------------------------

    def _give(self) -> None:
        """Hand out pieces, as long as a thread may run dry."""
        room = _AHEAD * self._fleet.total
        room -= sum(not attempt.given_up for attempt in self._attempts.values())
        while room > 0 and (piece := self._next()):
            self._submit(piece)
            room -= 1

    def _next(self) -> _Piece | None:
        while self._again:
            piece = self._again.popleft()
            if not piece.done:
                return piece
        left = self._span.count - self._cut
        if not left:
            return None
        piece = _Piece(self._span.first + self._cut, self._pace.size(left, self._fleet.total))
        self._cut += piece.count
        return piece

    def _submit(self, piece: _Piece) -> None:
        own = identity()
        # Two clients that want the same share it; a key that failed isn't used again.
        key = f"{self._name}-{own.kernel}-{piece.first}-{piece.count}"
        key += f"-{piece.given}" * (piece.given > 0)
        piece.given += 1
        where = frozenset(self._fleet.threads) if self._fleet.mixed else None
        span = self._span
        future = self._client.submit(
            *(compute, self._task, span.seed, piece.first, piece.count, tuple(own)),
            key=key,
            workers=None if where is None else sorted(where),
            pure=True,
        )
        self._attempts[asyncio.create_task(_result(future))] = _Attempt(piece, future, where)

    # -- taking --------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Take what comes next, and see to the workers from time to time."""
        if self._looking is None and time.monotonic() - self._looked > _LOOK_SECONDS:
            self._looking = asyncio.create_task(self._look())
        waiting: set[asyncio.Task[Any]] = set(self._attempts)
        if self._looking:
            waiting.add(self._looking)
        if not waiting:  # no workers: till the next look
            await asyncio.sleep(_TICK_SECONDS)
            return
        ready, _ = await asyncio.wait(
            waiting, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if self._client.status != "running":
            raise BackendUnavailableError("the connection to the Dask scheduler is lost")
        for task in ready:
            if task is self._looking:
                self._looking = None
                task.result()
            elif attempt := self._attempts.pop(task, None):
                self._take(attempt, task)

    def _take(self, attempt: _Attempt, task: asyncio.Task[Any]) -> None:
        piece = attempt.piece
        attempt.future.release()
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if piece.done:
            return
        if error:
            self._failed(attempt, error)
            return
        histogram, seconds = task.result()
        if histogram.shape != self._total.shape or histogram.dtype.kind != "u":
            raise BackendUnavailableError(
                f"a worker gave {histogram.dtype}{histogram.shape} in place of a histogram"
            )
        piece.done = True
        self._total += histogram
        self.done += piece.count
        self._pace.measured(piece.count, seconds)
        for waiting, other in list(self._attempts.items()):
            if other.piece is piece:
                other.future.release()
                waiting.cancel()
                del self._attempts[waiting]

    def _failed(self, attempt: _Attempt, error: BaseException) -> None:
        if isinstance(error, ValueError):
            raise error
        if isinstance(error, MismatchError):
            self._looked = 0.0  # somebody is there who hasn't been asked
        if attempt.given_up:
            return
        attempt.piece.failed += 1
        if attempt.piece.failed >= _ATTEMPTS:
            raise BackendUnavailableError(
                f"the Dask workers can't compute: {type(error).__name__}: {error}"
            ) from error
        self._again.append(attempt.piece)

    # -- workers -------------------------------------------------------------------------

    async def _look(self) -> None:
        """Count the workers; what the lost ones had is given to others."""
        await self._fleet.look()
        self._looked = now = time.monotonic()
        if self._fleet.threads:
            self._manned = now
        elif self._fleet.unfit or now - self._manned > _PATIENCE_SECONDS:
            raise BackendUnavailableError(self._fleet.lack())
        stuck: set[str] = set()
        if self._fleet.silent:
            silent = list(self._fleet.silent)
            for found in (self._client.processing(silent), self._client.has_what(silent)):
                for keys in (await found).values():
                    stuck.update(keys)
        fit = self._fleet.threads.keys()
        for attempt in self._attempts.values():
            nowhere = attempt.where is not None and not attempt.where & fit
            if not attempt.given_up and (nowhere or attempt.future.key in stuck):
                # It may still come; whichever comes first is counted.
                attempt.given_up = True
                self._again.append(attempt.piece)


async def _result(future: Future) -> Any:
    return await future
