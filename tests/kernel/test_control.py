"""Cancelling and watching a run."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pycwt_mod._kernel import lib

from pycwt_mod.backends import Cancelled
from pycwt_mod.monte_carlo import kernel_run
from pycwt_mod.monte_carlo.kernel import plan_for


def all_threads() -> dict[str, str]:
    """What the system says of this process's threads, by their numbers."""
    found = {}
    for path in Path("/proc/self/task").iterdir():
        # One that ends meanwhile is none.
        with contextlib.suppress(OSError):
            found[path.name] = (path / "status").read_text()
    return found


def blocked(state: str) -> set[int]:
    """Signals that a thread doesn't take."""
    (line,) = (line for line in state.splitlines() if line.startswith("SigBlk:"))
    mask = int(line.split()[1], 16)
    return {number for number in range(1, 32) if mask >> (number - 1) & 1}


class Watch:
    """Notes what it is told, and stops the run at a given look."""

    def __init__(self, stop_at: int | None = None, error: BaseException | None = None) -> None:
        self.looks = 0
        self.done: list[int] = []
        #: What the system says of the threads that there were, by their numbers.
        self.states: dict[str, str] = {}
        self.threads = {threading.current_thread()}
        self.stop_at = stop_at
        self.error = error

    def cancelled(self) -> bool:
        self.looks += 1
        self.states |= all_threads()
        self.threads.add(threading.current_thread())
        if self.looks != self.stop_at:
            return False
        if self.error:
            raise self.error
        return True

    def advance(self, done: int) -> None:
        self.threads.add(threading.current_thread())
        self.done.append(done)


class Noted(kernel_run.Teams):
    """Notes which teams were lent, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[kernel_run.Team] = []

    def lent(self, *args):
        team = super().lent(*args)
        self.all.append(team)
        return team

    @property
    def computing(self) -> bool:
        """Whether any thread of a team does."""
        return any(lib.pk_team_wait(team.handle, 0) == lib.PK_MORE for team in self.all)


@pytest.fixture
def teams(monkeypatch):
    found = Noted()
    monkeypatch.setattr(kernel_run, "TEAMS", found)
    return found


@pytest.fixture
def long_run(make_task):
    """Hours of work, in blocks of seconds."""
    plan = plan_for(make_task(length=2**15, count=120), path="plain")
    return lambda control, threads=1: plan.run(1, 0, 10**6, threads, control)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_cancelled_run_stops(long_run, teams, threads):
    watch = Watch(stop_at=4)
    before = all_threads()
    with pytest.raises(Cancelled):
        long_run(watch, threads)
    assert watch.threads == {threading.current_thread()}
    fresh = [state for number, state in watch.states.items() if number not in before]
    assert len(fresh) == threads
    # As the last look found them: a thread that hasn't run yet takes no signals at all.
    for state in fresh:
        assert {signal.SIGINT, signal.SIGTERM, signal.SIGALRM} <= blocked(state)
        # Else faulthandler has nothing to tell.
        assert not {signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE} & blocked(state)
    assert teams.all
    assert not teams.computing


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the pipe is gone")])
def test_an_exception_in_the_control_stops_the_run(long_run, teams, error):
    with pytest.raises(type(error)):
        long_run(Watch(stop_at=2, error=error))
    assert teams.all
    assert not teams.computing


@pytest.mark.parametrize("helps", [True, False])
def test_an_interrupt_at_any_time_leaves_no_thread(make_task, teams, monkeypatch, helps):
    """As Ctrl-C: while threads are started, while they compute and while they end."""
    if not helps:
        monkeypatch.setattr(kernel_run, "SMALL_WORKSPACE", 0)
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
            assert not teams.computing
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
        from pycwt_mod.backends import NoControl, SignificanceTask
        from pycwt_mod.monte_carlo.kernel import KernelError, Plan

        scales = tuple(2 * 2 ** (j / 6) for j in range(24))
        task = SignificanceTask("morlet", 6.0, scales, (1.0,), {length}, (0.3, 0.7), 100)
        plan = Plan(task, path="plain")
        expected = plan.run(1, 0, 20)

        class Enough(NoControl):
            def cancelled(self):
                raise SystemExit("it had enough")

        pages = int(open("/proc/self/statm").read().split()[0])
        before = resource.getrlimit(resource.RLIMIT_AS)
        limit = pages * resource.getpagesize() + {room}
        resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
        for _ in range(3):
            try:
                plan.run(1, 0, 10**8, 100, Enough())
            except KernelError as error:
                assert "{told}" in str(error), error
        resource.setrlimit(resource.RLIMIT_AS, before)
        assert (plan.run(1, 0, 20) == expected).all()
        """
    # A program reads how large stacks are when it begins.
    shell = f'ulimit -S -s 8192 && exec "{sys.executable}" -c "$0"'
    done = subprocess.run(
        ["sh", "-c", shell, script], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("small", [2**21, 0])
def test_a_process_forked_from_a_run_ends_it_and_computes(small):
    """Its threads weren't taken along: nobody may wait for them."""
    script = f"""if True:
        import os, signal
        from pycwt_mod.backends import Cancelled, NoControl, SignificanceTask
        from pycwt_mod.monte_carlo import kernel_run
        from pycwt_mod.monte_carlo.kernel import Plan

        kernel_run.SMALL_WORKSPACE = {small}
        scales = tuple(2 * 2 ** (j / 6) for j in range(24))
        plan = Plan(SignificanceTask("morlet", 6.0, scales, (1.0,), 300, (0.3, 0.7), 100))
        expected = plan.run(1, 0, 50)

        class Fork(NoControl):
            def cancelled(self):
                self.child = os.fork()
                if not self.child:
                    signal.alarm(20)
                    raise InterruptedError
                return True

        control = Fork()
        try:
            plan.run(1, 0, 10**8, 2, control)
        except InterruptedError:
            assert (plan.run(1, 0, 50, 2) == expected).all()
        except Cancelled:
            assert os.waitpid(control.child, 0)[1] == 0
            assert (plan.run(1, 0, 50, 2) == expected).all()
        """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_never_falls_and_ends_at_the_count(make_task, threads):
    watch = Watch()
    plan_for(make_task(length=2000)).run(5, 0, 333, threads, watch)
    assert watch.done[-1] == 333
    assert watch.done == sorted(watch.done)
