"""What docs/drivers.md tells the makers of serial boards, run as it stands there."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from line_boards import BINS, POINTS, ROWS, compute, simulated
from pycwt_mod.backends import BackendUnavailableError, Cancelled, NoControl
from pycwt_mod.driver_kit.cassette import VARIABLE, CassetteError
from pycwtd_drivers.line.simulator.board import serving
from pycwtd_drivers.line.simulator.faults import Faults

PAGE = Path(__file__).parents[2] / "docs" / "drivers.md"
WORDS = list(range(1, 200))
PORT = "PYCWTD_DRIVER_MY_BOARD_PORT"


@pytest.fixture
def example(monkeypatch, tmp_path):
    """The function of the page; its port is a link in the test's folder."""
    section = PAGE.read_text().partition("### A board on a serial line")[2]
    (code,) = re.findall(r"^```python\n(.*?)^```", section.partition("\n## ")[0], re.S | re.M)
    names = {}
    exec(compile(code, str(PAGE), "exec"), names)
    monkeypatch.setenv(PORT, str(tmp_path / "board"))
    return names["compute"]


def ask(example, control=None, patience=20.0):
    return example(WORDS, 3, 0, 100, (POINTS,) * ROWS, BINS, control or NoControl(), patience)


EXPECTED = compute(dict(enumerate(WORDS)), 3, 0, 100)


def test_the_example_computes(example, tmp_path):
    with serving(simulated(Faults(frames=0.05), link=tmp_path / "board")):
        rows, told = ask(example)
    assert rows == EXPECTED
    assert "requests" in told


def test_the_example_outlives_a_pulled_cable(example, tmp_path):
    found = []
    run = threading.Thread(target=lambda: found.append(ask(example)))
    first = threading.Thread(
        target=simulated(Faults(unplug_after=9_000), link=tmp_path / "board").serve
    )
    first.start()
    run.start()
    first.join(30)
    with serving(simulated(link=tmp_path / "board")):
        run.join(30)
    assert found[0][0] == EXPECTED


def test_the_example_says_that_nothing_is_there(example):
    with pytest.raises(BackendUnavailableError, match="is the board plugged in"):
        ask(example, patience=0)


def test_the_example_is_cancelled(example, tmp_path):
    class Stop(NoControl):
        def cancelled(self):
            return True

    with serving(simulated(link=tmp_path / "board")):
        with pytest.raises(Cancelled):
            ask(example, Stop())
        assert ask(example)[0] == EXPECTED


def test_a_session_is_recorded_and_played_back(example, tmp_path, monkeypatch):
    tape = tmp_path / "session.tape"
    monkeypatch.setenv(VARIABLE, f"record:{tape}")
    with serving(simulated(link=tmp_path / "board")):
        assert ask(example)[0] == EXPECTED
    monkeypatch.setenv(VARIABLE, f"replay:{tape}")
    # There is a path, but no board.
    (tmp_path / "board").touch()
    assert ask(example)[0] == EXPECTED
    monkeypatch.setattr("pycwt_mod.driver_kit.cassette._played", {})
    with pytest.raises(CassetteError, match="instead of"):
        example([*WORDS, 7], 3, 0, 100, (POINTS,) * ROWS, BINS, NoControl())
