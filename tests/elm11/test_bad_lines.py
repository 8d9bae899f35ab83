"""A hundredth of the bytes lost, one doubled, one with a wrong bit: nothing wrong is counted.

The boards are simulated in threads of this process: each test talks to one for seconds.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np
import pytest

import elm11_model as model
from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.run import coherence_task
from pycwtd_drivers.elm11.blocks import Blocks
from pycwtd_drivers.elm11.board import Board
from pycwtd_drivers.elm11.console import Console, ConsoleError
from pycwtd_drivers.elm11.firmware import Firmware, firmware
from pycwtd_drivers.elm11.plan import plan
from pycwtd_drivers.elm11.simulator.programs import Programs
from pycwtd_drivers.elm11.simulator.prompt import SimulatedBoard
from pycwtd_drivers.elm11.typing_in import _Typist, type_in
from pycwtd_drivers.line.port import LostError
from pycwtd_drivers.line.simulator.board import serving
from pycwtd_drivers.line.simulator.faults import Faults

TASK = coherence_task(0.5, 0.2, 1, 0.5, 2, 2, estimator="full")
SEED = (5 << 40) + 3
HUNDREDTH = Faults(loss=0.01, duplication=0.01, flips=0.01, seed=2)


def simulated(faults, link=None):
    """With the firmware in its flash, as after the first time."""
    programs = Programs()
    programs.stored[firmware().name] = firmware().text
    return SimulatedBoard(link, faults, programs=programs)


@pytest.fixture
def backend(monkeypatch):
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PACE", "0")
    found = get_backend("elm11")
    yield found
    found.close()


def test_a_hundredth_of_the_bytes(backend, monkeypatch):
    board = simulated(HUNDREDTH)
    with serving(board) as path:
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
        found = backend.run(TASK, SEED, 0, 1)
        np.testing.assert_array_equal(found, model.histogram(plan(TASK), TASK, SEED, 0, 1))
        seen = backend._board.console.line.counters
        assert seen.retries > seen.answers
        backend.close()


def test_a_group_is_computed_once_and_its_lines_asked_for_again(backend, monkeypatch):
    calls = []
    told = Console.type

    def type_and_note(console, line):
        calls.append(line)
        told(console, line)

    monkeypatch.setattr(Console, "type", type_and_note)
    again = []
    # Which bytes are lost depends on what is sent again, and so on when: not each run loses one
    # in the middle of an answer.
    for seed in range(4, 12):
        calls.clear()
        with serving(simulated(Faults(loss=1.5e-3, seed=seed))) as path:
            monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
            found = backend.run(TASK, SEED, 0, 4)
            backend.close()
        np.testing.assert_array_equal(found, model.histogram(plan(TASK), TASK, SEED, 0, 4))
        runs = [line.split() for line in calls if line.split()[1:2] == ["R"]]
        again = [line.split() for line in calls if line.split()[1:2] == ["L"]]
        if again:
            break
    assert again
    # A group that has to be asked for as a whole is asked for under the same key.
    assert len({run[2] for run in runs}) == 4 * len(plan(TASK)[0].groups)
    assert {one[2] for one in again} <= {run[2] for run in runs}


def small_program():
    text = 'done = "' + "".join(chr(33 + n % 90) for n in range(200)).replace('"', "_") + '"\n'
    text = text.replace("\\", "_")
    return Firmware("0123abcd", "x.lua", text + 'print("ran "..#done)\n')


def test_a_program_is_typed_on_such_a_line():
    """On half as bad a line, to save time."""
    with serving(SimulatedBoard(None, Faults(loss=5e-3, duplication=5e-3, flips=5e-3))) as path:
        console = Console(path, 0)
        console.recover()
        typist = _Typist(console)
        for _ in range(10):
            # The last line, which runs it, is typed once; what is there isn't typed again.
            with suppress(ConsoleError):
                type_in(console, small_program())
            if typist._answered("print(#done)", "200", 20):
                break
        else:
            pytest.fail("never ran")
        console.close()


def test_a_program_is_gone_on_with_after_a_cut(tmp_path, monkeypatch):
    """The cable is pulled in the middle of typing; the board keeps its supply."""
    link = tmp_path / "board"
    program = small_program()
    board = SimulatedBoard(link, Faults())
    lines = []
    told = Console.type

    def type_until_cut(console, line):
        lines.append(line)
        if line.startswith("pwl(150,") and lines.count(line) == 1:
            raise LostError("pulled")
        told(console, line)

    monkeypatch.setattr(Console, "type", type_until_cut)
    with serving(board):
        for _ in range(2):
            console = Console(str(link), 0)
            try:
                console.recover()
                type_in(console, program)
            except LostError:
                console.close()
        found = []
        while "ran 200" not in found:
            found += console.lines()
        console.close()
    pieces = [line.partition(",")[0] for line in lines if line.startswith("pwl(")]
    # Beside the questions how much is there, and the first one, that it was tried out with.
    assert [piece[4:] for piece in pieces] == ["-1", "0", "0", "150", "-1", "150"]
    assert sum(line.startswith("p1=") for line in lines) == 1


def test_blocks_are_gone_on_with_after_a_cut(monkeypatch):
    """Half of a block is there when a call fails; the rest is all that is sent then."""
    with serving(simulated(Faults())) as path:
        board = Board(path, 0)
        board.prepare()
        text = "AAB" * 200
        sent = []
        call = board._link.call

        def call_and_fail(words, *rest):
            sent.append(words)
            answer = call(words, *rest)
            if len(sent) == 2:
                # The answer is lost, the block's piece isn't.
                from pycwtd_drivers.elm11.protocol import CallError

                raise CallError("lost")
            return answer

        monkeypatch.setattr(board._link, "call", call_and_fail)
        board._send_block(0, text)
        starts = [int(words[2]) for words in sent]
        assert starts == sorted(starts)
        assert starts.count(starts[1]) == 2
        whole = {int(words[2]): words[4] for words in sent}
        assert len(whole[starts[2]]) == len(sent[1][4]) // 2
        board.close()


def test_a_task_is_never_left_half_known(backend, monkeypatch):
    """A cancel while the blocks are sent: what the board knows then belongs to no task."""
    other = coherence_task(0.5, 0.2, 1, 0.5, 2, 3, estimator="full")
    gate = threading.Event()
    with serving(simulated(Faults())) as path:
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
        right = backend.run(TASK, SEED, 0, 1)
        send = Board._send_block
        last = len(Blocks(plan(other), other.bins).texts) - 1

        def send_and_stop(board, number, text):
            send(board, number, text)
            if number == last and not gate.is_set():
                gate.set()
                raise LostError("cut")

        monkeypatch.setattr(Board, "_send_block", send_and_stop)
        board = backend._board
        with pytest.raises(LostError):
            board.load(other, plan(other))
        assert gate.is_set()
        again = board.bins(TASK, plan(TASK), (0, 0), SEED, 0)
        assert again == board.bins(TASK, plan(TASK), (0, 0), SEED, 0)
        np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 1), right)
        backend.close()
