"""Cancelling and watching a run."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pycwt_mod.backends import Cancelled
from pycwt_mod.monte_carlo import kernel_run
from pycwt_mod.monte_carlo.kernel import plan_for


def all_threads() -> set[str]:
    """The system's numbers of this process's threads."""
    return {path.name for path in Path("/proc/self/task").iterdir()}


class Watch:
    """Notes what it is told, and stops the run at a given look."""

    def __init__(self, stop_at: int | None = None, error: BaseException | None = None) -> None:
        self.looks = 0
        self.done: list[int] = []
        #: The system's numbers of the threads that there were.
        self.numbers: set[str] = set()
        self.threads = {threading.current_thread()}
        self.stop_at = stop_at
        self.error = error

    def cancelled(self) -> bool:
        self.looks += 1
        self.numbers |= all_threads()
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
    """The kernel's functions, and the teams that were started."""

    def __init__(self, lib) -> None:
        self._lib = lib
        self.teams = set()

    def __getattr__(self, name):
        return getattr(self._lib, name)

    def pk_team_start(self, team, *args):
        self.teams.add(team)
        return self._lib.pk_team_start(team, *args)

    @property
    def computing(self) -> bool:
        """Whether any thread of a team does."""
        return any(self.pk_team_wait(team, 0) == self.PK_MORE for team in self.teams)


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
    before = all_threads()
    with pytest.raises(Cancelled):
        long_run(watch, threads)
    assert watch.threads == {threading.current_thread()}
    assert len(watch.numbers - before) == threads
    assert library.teams
    assert not library.computing


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the pipe is gone")])
def test_an_exception_in_the_control_stops_the_run(long_run, library, error):
    with pytest.raises(type(error)):
        long_run(Watch(stop_at=2, error=error))
    assert library.teams
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


@pytest.mark.parametrize(
    ("length", "room", "told"),
    [
        pytest.param(2**15, 2**27, "no memory", id="workspaces"),
        # Of addresses, too: each thread's stack takes 8 MiB of them.
        pytest.param(300, 2**28, "no more threads", id="threads"),
    ],
)
def test_what_the_system_lacks_is_told(length, room, told):
    script = f"""if True:
        import resource
        from pycwt_mod.backends import SignificanceTask
        from pycwt_mod.monte_carlo.kernel import KernelError, Plan

        scales = tuple(2 * 2 ** (j / 6) for j in range(24))
        task = SignificanceTask("morlet", 6.0, scales, (1.0,), {length}, (0.3, 0.7), 100)
        plan = Plan(task, path="plain")
        expected = plan.run(1, 0, 20)
        pages = int(open("/proc/self/statm").read().split()[0])
        limit = pages * resource.getpagesize() + {room}
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for _ in range(3):
            try:
                plan.run(1, 0, 10**8, 100)
            except KernelError as error:
                assert "{told}" in str(error), error
            else:
                raise SystemExit("it had enough")
        assert (plan.run(1, 0, 20) == expected).all()
        """
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_never_falls_and_ends_at_the_count(make_task, threads):
    watch = Watch()
    plan_for(make_task(length=2000)).run(5, 0, 333, threads, watch)
    assert watch.done[-1] == 333
    assert watch.done == sorted(watch.done)
