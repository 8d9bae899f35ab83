"""The line of progress, and stopping long work."""

from __future__ import annotations

import io
import signal
import sys
import threading

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.progress import ProgressLine, progress_line, row_progress


class Clock:
    """Seconds, as a test wants them."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def use_terminal(monkeypatch):
    """Called by the tests: between a fixture and its test pytest sets the stream anew."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def shown(terminal):
    """The line after every change; blanks at its end only cover what was there."""
    return [part.rstrip() for part in terminal.getvalue().split("\r")[1:]]


def test_it_tells_rate_and_time_left(monkeypatch):
    terminal = use_terminal(monkeypatch)
    clock = Clock()
    line = ProgressLine("work", "rows", 1000, clock=clock)
    for done, now in ((100, 101), (200, 102.5), (300, 102.55), (500, 105), (1000, 110)):
        clock.now = now
        line.show(done)
    assert shown(terminal) == [
        "work: 200 of 1,000 rows, 80/s, 10 s left",
        "work: 500 of 1,000 rows, 100/s, 5.0 s left",
        "work: 1,000 of 1,000 rows in 10 s",
    ]
    assert terminal.getvalue().endswith("\n")
    widths = [len(part.rstrip("\n")) for part in terminal.getvalue().split("\r")[1:]]
    assert widths[2] >= len("work: 500 of 1,000 rows, 100/s, 5.0 s left")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (12.4, "12 s"), (185, "3:05 min"), (7_800, "2:10 h"), (99.7, "1:40 min")],
)
def test_spans(monkeypatch, seconds, text):
    terminal = use_terminal(monkeypatch)
    clock = Clock()
    line = ProgressLine("work", "rows", 2, after=0.0, clock=clock)
    clock.now += seconds
    line.show(1)
    assert shown(terminal)[0].endswith(f", {text} left")


def test_what_is_quickly_done_shows_nothing(monkeypatch):
    terminal = use_terminal(monkeypatch)
    clock = Clock()
    line = ProgressLine("work", "rows", 10, clock=clock)
    clock.now += 1.9
    line.show(5)
    line.show(10)
    assert terminal.getvalue() == ""


def test_a_run_in_stages_starts_anew(monkeypatch):
    terminal = use_terminal(monkeypatch)
    clock = Clock()
    line = ProgressLine("work", "rows", 100, after=0.0, clock=clock)
    clock.now += 10
    line.show(100)
    clock.now += 1
    line.show(0)
    clock.now += 1
    line.show(50)
    assert shown(terminal)[-1] == "work: 50 of 100 rows, 50/s, 1.0 s left"


def test_silent_without_a_terminal(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert progress_line(True, 10) is None

    def emit(j, fill):
        pass

    assert row_progress("work", 10, emit) is emit


def test_rows_of_many_threads_are_counted(monkeypatch):
    use_terminal(monkeypatch)
    rows = []
    counted = row_progress("work", 40, lambda j, fill: rows.append(j))
    threads = [
        threading.Thread(target=lambda k=k: [counted(j, None) for j in range(k, 40, 4)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rows) == list(range(40))


def test_realisations_are_shown(monkeypatch):
    terminal = use_terminal(monkeypatch)
    x, y = np.random.default_rng(95).standard_normal((2, 64))
    pycwt.wct(x, y, 1, mc_count=50, seed=1, backend="sequential", cache=False)
    assert shown(terminal)[-1].startswith("coherence of noise: 50 of 50 realisations in ")
    before = terminal.getvalue()
    pycwt.wct(x, y, 1, mc_count=50, seed=1, backend="sequential", cache=False, progress=False)
    assert terminal.getvalue() == before


@pytest.fixture
def interrupted():
    """Ctrl-C in a quarter of a second, by a timer in place of a hand."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.25)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_a_transform(interrupted, threads, tmp_path):
    """It would take many seconds; what was written goes."""
    x = np.random.default_rng(96).standard_normal(1 << 18)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        pycwt.cwt(x, 1, dj=1 / 100, dtype="complex64", threads=threads, out=tmp_path / "W.npy")
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


def test_ctrl_c_stops_a_coherence(interrupted):
    x, y = np.random.default_rng(97).standard_normal((2, 1 << 16))
    with pytest.raises(KeyboardInterrupt):
        pycwt.wct(x, y, 1, dj=1 / 80, sig=False)
