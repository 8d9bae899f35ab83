"""Cancelling and watching a run."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest

from pycwt_mod.backends import Cancelled
from pycwt_mod.monte_carlo import kernel_run
from pycwt_mod.monte_carlo.kernel import KernelError, plan_for


class Watch:
    """Notes what it is told, and stops the run at a given look."""

    def __init__(self, stop_at: int | None = None, error: BaseException | None = None) -> None:
        self.looks = 0
        self.done: list[int] = []
        self.threads = {threading.current_thread()}
        self.stop_at = stop_at
        self.error = error

    def cancelled(self) -> bool:
        self.looks += 1
        self.threads.add(threading.current_thread())
        if self.looks != self.stop_at:
            return False
        if self.error:
            raise self.error
        return True

    def advance(self, done: int) -> None:
        self.threads.add(threading.current_thread())
        self.done.append(done)


class Library:
    """The kernel's functions, and which threads are computing."""

    def __init__(self, lib) -> None:
        self._lib = lib
        #: Threads other than the main one, which computes nothing when it has come back.
        self.computing: set[int] = set()
        #: That began at all.
        self.began: set[int] = set()

    def __getattr__(self, name):
        return getattr(self._lib, name)

    def pk_queue_run(self, *args):
        thread = threading.get_ident()
        self.began.add(thread)
        if thread == threading.main_thread().ident:
            return self._lib.pk_queue_run(*args)
        self.computing.add(thread)
        try:
            return self._lib.pk_queue_run(*args)
        finally:
            self.computing.discard(thread)


@pytest.fixture
def library(monkeypatch):
    found = Library(kernel_run.lib)
    monkeypatch.setattr(kernel_run, "lib", found)
    return found


@pytest.fixture
def long_run(make_task):
    """Hours of work, in blocks of seconds."""
    plan = plan_for(make_task(length=2**15, count=120), path="plain")
    return lambda control, threads=1: plan.run(1, 0, 10**6, threads, control)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cancelled_run_stops(long_run, library, threads):
    watch = Watch(stop_at=2)
    with pytest.raises(Cancelled):
        long_run(watch, threads)
    assert watch.threads == {threading.current_thread()}
    assert len(library.began) == threads
    assert not library.computing


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the pipe is gone")])
def test_an_exception_in_the_control_stops_the_run(long_run, library, error):
    with pytest.raises(type(error)):
        long_run(Watch(stop_at=2, error=error))
    assert library.began
    assert not library.computing


@pytest.mark.parametrize("length", [300, 2**15])
def test_a_thread_that_fails_ends_the_others(make_task, library, monkeypatch, length):
    """Where the caller takes part and where it only watches."""
    plan = plan_for(make_task(length=length), path="plain")
    real, calls = library.pk_queue_run, iter(range(10**9))

    def run(*args):
        if next(calls) == 1:
            raise MemoryError("one of them")
        return real(*args)

    monkeypatch.setattr(library, "pk_queue_run", run)
    with pytest.raises(MemoryError, match="one of them"):
        plan.run(1, 0, 10**8, 3)
    assert not library.computing


def test_an_interrupt_at_any_time_leaves_no_thread(make_task, library):
    """As Ctrl-C: while threads are started, while they compute and while they end."""
    plan = plan_for(make_task(length=300))
    expected = plan.run(1, 0, 1000, 3)
    armed, interrupted = False, 0

    def interrupt(*_):
        if armed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for number in range(200):
            signal.setitimer(signal.ITIMER_REAL, 1e-5 * (1 + 4 * number))
            try:
                armed = True
                found = plan.run(1, 0, 1000, 3)
                armed = False
                np.testing.assert_array_equal(found, expected)
            except KeyboardInterrupt:
                armed = False
                interrupted += 1
            assert not library.computing
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 10


@pytest.mark.parametrize("lacks", [True, False])
def test_no_memory_for_one_thread_ends_the_other(make_task, library, monkeypatch, lacks):
    """The caller's or the other's: it is that which is told, and not that the rest was stopped."""
    plan = plan_for(make_task(length=300))
    kernel_run.WORKSPACES.clear()
    real, computes = library.pk_space_create, threading.Event()

    def create(part, out):
        if (threading.current_thread() is threading.main_thread()) == lacks:
            computes.wait()
            return library.PK_NO_MEMORY
        computes.set()
        return real(part, out)

    monkeypatch.setattr(library, "pk_space_create", create)
    for _ in range(20):
        with pytest.raises(KernelError, match="no memory"):
            plan.run(1, 0, 10**8, 2)
        computes.clear()
        kernel_run.WORKSPACES.clear()
    assert not library.computing


def test_a_system_without_more_threads_says_so(make_task, library, monkeypatch):
    plan, real = plan_for(make_task(length=300)), kernel_run.start_new_thread
    allowed = iter(range(2))

    def start(*args):
        if next(allowed, None) is None:
            raise RuntimeError("can't start new thread")
        return real(*args)

    monkeypatch.setattr(kernel_run, "start_new_thread", start)
    with pytest.raises(RuntimeError, match="new thread"):
        plan.run(1, 0, 10**8, 5)
    assert not library.computing


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_never_falls_and_ends_at_the_count(make_task, threads):
    watch = Watch()
    plan_for(make_task(length=2000)).run(5, 0, 333, threads, watch)
    assert watch.done[-1] == 333
    assert watch.done == sorted(watch.done)
