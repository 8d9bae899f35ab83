"""The simulated chip: with its core, or with a stand-in for the tests of the shell alone."""

from __future__ import annotations

import os
import shlex

import pytest

import fpga_chip
from fpga_chip import Chip, simulate


@pytest.fixture(scope="session")
def stand_in_board():
    board = simulate.Board(fpga_chip.program("board_library", stand_in=True))
    yield board
    board.close()


@pytest.fixture
def chip(stand_in_board):
    """The shell with the stand-in core, reset."""
    stand_in_board.reset()
    return Chip(stand_in_board)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """An openFPGALoader that writes down what it is called with; gives that file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    calls = tmp_path / "calls"
    path = folder / "openFPGALoader"
    path.write_text(
        f'#!/bin/sh\necho "$@" >> {shlex.quote(str(calls))}\n'
        f"if [ -e {shlex.quote(str(tmp_path / 'fails'))} ]; then\n"
        "echo unable to open ftdi device: -4 >&2; exit 1; fi\n"
        f"if [ -e {shlex.quote(str(tmp_path / 'hangs'))} ]; then\n"
        f"exec cat {shlex.quote(str(tmp_path / 'hangs'))}; fi\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return calls
