"""The driver and a simulated board: from any state to the prompt, through every fault."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

import elm11_model as model
from elm11_boards import simulated
from pycwt_mod.backends import BackendUnavailableError, Cancelled, get_backend
from pycwt_mod.monte_carlo.run import coherence_task
from pycwtd_drivers.elm11.blocks import DIGITS
from pycwtd_drivers.elm11.board import Board
from pycwtd_drivers.elm11.console import _PAGE, Console
from pycwtd_drivers.elm11.firmware import firmware
from pycwtd_drivers.elm11.pieces import Pieces
from pycwtd_drivers.elm11.plan import plan
from pycwtd_drivers.elm11.protocol import Answer, crc, parse
from pycwtd_drivers.line.port import LostError

TASK = coherence_task(0.5, 0.2, 1, 0.25, 2, 8, estimator="full")
SEED = (5 << 40) + 3


def expected(first, count, task=TASK):
    return model.histogram(plan(task), task, SEED, first, count)


# -- states --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        b"",
        b"for i = 1,",  # half a line
        b"for i = 1, 3 do\n",  # half a chunk
        b'print("',
        b"while true do end\n",
        b"while true do print(1) end\n",
        b"cmd\n",
        b'cmd\nupload("x.lua")\n\x07',
        b'cmd\nupload("x.lua")\n\x07\x09\x00\x00\x10\x00\x0c',
        b'cmd\nupload("x.lua")\n\x07\x09\x00\x00\x10\x00\x0c\xff',
        b"\xff\x00\x1b[A" * 40 + b"\n",
        b"x" * 400 + b"\n",
    ],
)
def test_any_state_leads_to_the_prompt(board, typed):
    with serial.Serial(board, 115200) as port:
        port.write(typed)
    console = Console(board, 0)
    console.recover()
    console.type("print(6 * 7)")
    seen = []
    while "42" not in seen:
        seen += console.lines()
    console.close()


def test_who_doesnt_answer_isnt_a_board(monkeypatch):
    import pty
    import tty

    monkeypatch.setattr("pycwtd_drivers.elm11.console._SILENT_STEPS", 2)
    monkeypatch.setattr("pycwtd_drivers.elm11.console._STEP_SECONDS", 0.2)
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    import os

    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", os.ttyname(theirs))
    found = get_backend("elm11").probe()
    assert not found.available
    assert "doesn't answer as an ELM11" in found.error
    # All that a board of another kind was sent: an interrupt and a print, twice, and what an
    # upload that was given up would have wanted.
    sent = os.read(ours, 4096).replace(_PAGE, b"", 1)
    assert sent.count(b"q\n") == 2
    assert len(sent) < 100
    os.close(ours)
    os.close(theirs)


def test_a_second_program_is_kept_out(board):
    one = Console(board, 0)
    with pytest.raises(LostError, match="can't be opened"):
        Console(board, 0)
    one.close()


# -- firmware ------------------------------------------------------------------------------


def test_the_firmware_is_uploaded_once(board, monkeypatch):
    one = Board(board, 0)
    one.prepare()
    one.close()

    def again(*_):
        raise AssertionError("uploaded again")

    monkeypatch.setattr("pycwtd_drivers.elm11.board.upload", again)
    monkeypatch.setattr("pycwtd_drivers.elm11.board.type_in", again)
    two = Board(board, 0)
    two.prepare()
    two.greet()
    # Another version, left running by somebody else, is replaced by ours, which is stored.
    two.console.type('pycwt.version = "other"')
    two.prepare()
    two.greet()
    two.close()


def test_without_command_mode_the_program_is_typed(board, monkeypatch):
    from pycwtd_drivers.elm11.console import ConsoleError

    def refused(*_):
        raise ConsoleError("no command mode")

    monkeypatch.setattr("pycwtd_drivers.elm11.board.upload", refused)
    one = Board(board, 0)
    one.prepare()
    assert one.bins(TASK, plan(TASK), (0, 0), SEED, 0)
    one.close()


def test_a_board_that_rounds_otherwise_isnt_used(backend, monkeypatch):
    monkeypatch.setattr("pycwtd_drivers.elm11.board.TABLES", "0000")
    found = backend.probe()
    assert not found.available
    assert "rounds otherwise" in found.error


# -- runs ----------------------------------------------------------------------------------


def test_histograms_are_the_models_and_splits_add_up(backend):
    found = backend.probe()
    assert found.available, found.error
    assert "64-bit integers" in found.devices[0]
    whole = backend.run(TASK, SEED, 3, 5)
    np.testing.assert_array_equal(whole, expected(3, 5))
    backend.close()
    parts = backend.run(TASK, SEED, 3, 1) + backend.run(TASK, SEED, 4, 4)
    np.testing.assert_array_equal(whole, parts)


def test_another_task_takes_another_plan(backend):
    other = coherence_task(-0.5, 0.9, 1, 0.5, 4, 6, bins=64)
    for task in (TASK, other, TASK):
        np.testing.assert_array_equal(backend.run(task, SEED, 0, 2), expected(0, 2, task))


@pytest.mark.parametrize(
    "faults",
    [
        ["--single"],
        ["--loss", 1e-4],
        ["--duplication", 1e-4],
        ["--flips", 1e-4],
        ["--delays", 5e-4, "--delay", 0.05],
        ["--loss", 1e-4, "--duplication", 1e-4, "--flips", 1e-4, "--single"],
    ],
    ids=lambda faults: faults[0],
)
def test_nothing_wrong_is_counted(faults, monkeypatch):
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PACE", "0")
    with simulated(*faults, "--seed", 5) as path:
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
        backend = get_backend("elm11")
        np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 3), expected(0, 3))
        backend.close()


def test_a_line_of_noise_is_given_up(monkeypatch):
    monkeypatch.setattr("pycwtd_drivers.elm11.console._STEPS", 3)
    monkeypatch.setattr("pycwtd_drivers.elm11.console._STEP_SECONDS", 0.2)
    with simulated("--loss", 0.3) as path:
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PACE", "0")
        with pytest.raises(BackendUnavailableError, match="doesn't answer"):
            get_backend("elm11").run(TASK, SEED, 0, 1)


def test_a_reset_costs_no_realisation(monkeypatch):
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PACE", "0")
    reloaded = []
    reload = Board._reload
    monkeypatch.setattr(Board, "_reload", lambda *args: (reloaded.append(1), reload(*args)))
    with simulated("--reset-after", 10_000) as path:
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
        backend = get_backend("elm11")
        # The first realisation ends after some 6,200 bytes, each further one after 850.
        np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 14), expected(0, 14))
        backend.close()
    assert reloaded


def test_a_board_that_comes_back_goes_on(monkeypatch, tmp_path):
    link = tmp_path / "board"
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PACE", "0")
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", str(link))
    backend = get_backend("elm11")
    with simulated("--link", link, "--unplug-after", 10_000):
        # It is unplugged in the midst of an answer, and plugged in again when that was noticed.
        gone = threading.Event()

        class Watch:
            def cancelled(self):
                return False

            def advance(self, done):
                if not link.is_symlink():
                    gone.set()

        results = []
        run = threading.Thread(
            target=lambda: results.append(backend.run(TASK, SEED, 0, 12, Watch()))
        )
        run.start()
        assert gone.wait(30)
    with simulated("--link", link):
        run.join(60)
    (histogram,) = results
    np.testing.assert_array_equal(histogram, expected(0, 12))
    backend.close()


def test_a_board_that_stays_away_is_unavailable(monkeypatch, tmp_path):
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", str(tmp_path / "board"))
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_WAIT", "0.1")
    with pytest.raises(BackendUnavailableError, match="is the board plugged in"):
        get_backend("elm11").run(TASK, SEED, 0, 1)


@pytest.mark.parametrize("asked", [5, 40, 150])
def test_a_cancel_stops_the_board(backend, asked):
    """While it is told its blocks, and while it computes."""
    backend.run(TASK, SEED, 0, 1)
    # A quarter of a second for each realisation.
    slow = coherence_task(0.5, 0.2, 1, 0.25, 2, 22, estimator="full")

    class Stop:
        left = asked

        def cancelled(self):
            self.left -= 1
            return self.left < 0

        def advance(self, done):
            assert done < 100

    with pytest.raises(Cancelled):
        backend.run(slow, SEED, 0, 100, Stop())
    # And it is there for the next.
    np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 2), expected(0, 2))


# -- lines ---------------------------------------------------------------------------------


@given(st.text(st.characters(codec="latin-1"), max_size=120))
def test_hostile_lines_are_no_answers(text):
    assert parse(text, 5) is None
    assert parse(f"@r 5 {text} *AAAAAA", 5) is None


@given(
    st.integers(0, 99_999),
    st.text(st.sampled_from(DIGITS + " "), max_size=60).map(str.strip),
    st.data(),
)
def test_a_damaged_answer_is_none(seq, text, data):
    body = f"r {seq} {text}".strip()
    line = f"$ @{body} *{crc(body)}"
    assert parse(line, seq) == Answer("r", tuple(text.split()))
    assert parse(line, seq + 1) is None
    at = data.draw(st.integers(2, len(line) - 1))
    flipped = chr(ord(line[at]) ^ 1 << data.draw(st.integers(0, 6)))
    assert parse(line[:at] + flipped + line[at + 1 :], seq) is None


@given(st.lists(st.text(st.sampled_from("AB/ 0"), max_size=4), max_size=4))
def test_only_the_bins_of_the_group_are_taken(fields):
    pieces = Pieces([2, 1], 64)
    pieces.take(Answer("r", tuple(fields)))
    assert pieces.complete() is False
    pieces.take(Answer("r", ("0", "0", "AAA/")))
    pieces.take(Answer("r", ("1", "0", "AB")))
    assert pieces.complete()
    assert pieces.rows()[0] == [0, 63]


@pytest.mark.parametrize("text", ["", "AA", "AAAAAA", "AAA", "AA*/", "B/A/"])
def test_a_line_has_no_more_bins_than_there_are_points(text):
    pieces = Pieces([2], 64)
    pieces.take(Answer("r", ("0", "0", text)))
    assert not pieces.complete()
    assert pieces.left() == (1 if text == "AA" else 2)


def test_the_program_is_stored_by_its_version():
    assert firmware().version in firmware().name
