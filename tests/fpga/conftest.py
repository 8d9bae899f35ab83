"""The simulated chip: with its core, or with a stand-in for the tests of the shell alone."""

from __future__ import annotations

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
