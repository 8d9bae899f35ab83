"""What two processors do together: threads of one process, and processes that share nothing.

Two threads can't gain more than two such processes do. Their parent times nothing: each process
notes on the clock that all of them share when its calls end, and of two that run together only
the span counts in which both were busy.

Either is compared with one processor by turns: how fast a machine is may change within a second.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

#: Calls of a process in a round, and calls that tell how long such a round is: short, so that
#: what is compared was measured under the same conditions.
_CALLS, _TRIALS = 3, 3


def threads(
    J: int, estimator: str, count: int, rounds: int = 30
) -> Callable[[], dict[str, list[float]]]:
    """Elapsed seconds of :func:`bench.ours.significance` on one processor and on two.

    The result has ``one`` and ``two``, a figure a round. The processors take turns at being the
    one.

    Args:
        J: number of scales less one.
        estimator: ``full`` or ``cascade``.
        count: realisations of a call.
        rounds: of each kind.
    """
    processors = _two_processors("two threads of a significance take")
    call = importlib.import_module("bench.ours").significance(J, estimator, count)

    def run() -> dict[str, list[float]]:
        found: dict[str, list[float]] = {"one": [], "two": []}
        for number in range(rounds):
            for name, used in (("one", {processors[number % 2]}), ("two", set(processors))):
                os.sched_setaffinity(0, used)
                # What was left behind by the others is found again.
                call()
                start = time.monotonic()
                for _ in range(_CALLS):
                    call()
                found[name].append((time.monotonic() - start) / _CALLS)
        return found

    return run


def significance(
    J: int, estimator: str, count: int, rounds: int = 12
) -> Callable[[], dict[str, list[list[float]]]]:
    """Elapsed seconds of :func:`bench.ours.significance` on each of two processors.

    The result has ``beside``, two figures a round, when both run at the same time, and ``alone``,
    the same when the other processor rests. The two kinds take turns.

    Args:
        J: number of scales less one.
        estimator: ``full`` or ``cascade``.
        count: realisations of a call.
        rounds: of each kind.
    """
    processors = _two_processors("significance beside itself takes")
    args = {"J": J, "estimator": estimator, "count": count}

    def run() -> dict[str, list[list[float]]]:
        found: dict[str, list[list[float]]] = {"beside": [], "alone": []}
        with contextlib.ExitStack() as stack:
            pipes = [stack.enter_context(_process(number, args)) for number in processors]
            span = _CALLS * max(_told(pipe) for pipe in pipes)
            for _ in range(rounds):
                found["beside"].append(_together(pipes, span))
                found["alone"].append([_together([pipe], span)[0] for pipe in pipes])
        return found

    return run


def _two_processors(who: str) -> list[int]:
    """Two that this process may use; ``who`` takes them."""
    found = sorted(os.sched_getaffinity(0))[:2]
    if len(found) < 2:
        raise ValueError(f"{who} 2 processors, got {len(found)}")
    return found


@contextlib.contextmanager
def _process(processor: int, args: dict[str, Any]) -> Iterator[Connection]:
    """A process on a processor of its own; it ends with its pipe, whoever closes that."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, processor, args), daemon=True)
    process.start()
    # Nobody else may hold the other end, else a process that died would never be noticed.
    theirs.close()
    try:
        with mine:
            yield mine
    finally:
        process.join()


def _serve(pipe: Connection, processor: int, args: dict[str, Any]) -> None:
    """Prepare, tell how long a call takes, then call over and over from "begin" to "end"."""
    # Before numpy is loaded, so that its libraries see one processor.
    os.sched_setaffinity(0, {processor})
    call = importlib.import_module("bench.ours").significance(**args)
    call()
    ends = [time.monotonic()]
    for _ in range(_TRIALS):
        call()
        ends.append(time.monotonic())
    with contextlib.suppress(EOFError, ConnectionError):
        pipe.send(min(end - start for start, end in pairwise(ends)))
        while pipe.recv() == "begin":
            ends = [time.monotonic()]
            pipe.send("begun")
            # A pipe that the other side closed has something to tell, too.
            while len(ends) < 2 or not pipe.poll():
                call()
                ends.append(time.monotonic())
            pipe.recv()
            pipe.send(ends)


def _together(pipes: Sequence[Connection], span: float) -> list[float]:
    """Elapsed seconds per call of each process while all of them run, for that many seconds."""
    for pipe in pipes:
        pipe.send("begin")
    for pipe in pipes:
        _told(pipe)
    # From here on both run, however long one of them took to wake up.
    time.sleep(span)
    for pipe in pipes:
        pipe.send("end")
    return while_all_run([_told(pipe) for pipe in pipes])


def _told(pipe: Connection) -> Any:
    """What a process says next."""
    try:
        return pipe.recv()
    except EOFError as error:
        raise RuntimeError("one of two processes beside each other has ended early") from error


def while_all_run(ends: Sequence[Sequence[float]]) -> list[float]:
    """Elapsed seconds per call of each process, over the span in which all of them ran.

    Of a call that the span cuts the part counts that its time inside the span is of all its time.

    Args:
        ends: of each process, when its first call began and when each of its calls ended.
    """
    start, stop = max(times[0] for times in ends), min(times[-1] for times in ends)
    if start >= stop:
        raise RuntimeError("two processes beside each other never ran at the same time")
    found = []
    for times in ends:
        calls = sum(
            max(0.0, min(end, stop) - max(begin, start)) / (end - begin)
            for begin, end in pairwise(times)
        )
        found.append((stop - start) / calls)
    return found
