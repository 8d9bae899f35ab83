"""Cancelling and watching a run."""

from __future__ import annotations

import threading

import pytest

from pycwt_mod.backends import Cancelled
from pycwt_mod.monte_carlo.kernel import plan_for


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


@pytest.fixture
def long_run(make_task):
    """Hours of work, in blocks of seconds."""
    plan = plan_for(make_task(length=2**15, count=120), path="plain")
    return lambda control, threads=1: plan.run(1, 0, 10**6, threads, control)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cancelled_run_stops(long_run, threads):
    watch = Watch(stop_at=2)
    with pytest.raises(Cancelled):
        long_run(watch, threads)
    assert watch.threads == {threading.current_thread()}
    assert not [t for t in threading.enumerate() if t.name.startswith("pycwt-kernel")]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the pipe is gone")])
def test_an_exception_in_the_control_stops_the_run(long_run, error):
    with pytest.raises(type(error)):
        long_run(Watch(stop_at=2, error=error))
    assert not [t for t in threading.enumerate() if t.name.startswith("pycwt-kernel")]


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_never_falls_and_ends_at_the_count(make_task, threads):
    watch = Watch()
    plan_for(make_task(length=2000)).run(5, 0, 333, threads, watch)
    assert watch.done[-1] == 333
    assert watch.done == sorted(watch.done)
