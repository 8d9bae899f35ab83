"""What the simulated boards of the line's tests compute: numbers that tell where they are from."""

from __future__ import annotations

import random
import zlib
from contextlib import contextmanager

from pycwtd_drivers.line.board import Board
from pycwtd_drivers.line.link import Timing
from pycwtd_drivers.line.port import Port
from pycwtd_drivers.line.simulator.board import SimulatedBoard, serving
from pycwtd_drivers.line.work import Configuration, Unit

ROWS, BINS, POINTS = 40, 128, 96
BAUD = 1_000_000
#: A pseudo terminal has no bridge, and its answers are there at once.
SHORT = Timing(board_seconds=0.01, bridge_seconds=0.03, quiet_seconds=0.005)


def counts(row, seed, first, count, code):
    """A row that no other work has, of count × POINTS counts."""
    chance = random.Random(zlib.crc32(repr((row, seed, first, count, code)).encode()))
    marks = [0, *sorted(chance.randrange(count * POINTS + 1) for _ in range(BINS - 1))]
    return tuple(b - a for a, b in zip(marks, [*marks[1:], count * POINTS], strict=True))


def compute(words, seed, first, count):
    """As a board does it, from what it was told."""
    code = zlib.crc32(repr(sorted(words.items())).encode())
    return [counts(row, seed, first, count, code) for row in range(ROWS)]


def configuration(length=300, value=0):
    """Two stretches of words."""
    chance = random.Random(value)
    words = [chance.randrange(2**32) for _ in range(length)]
    return Configuration([(0, words[: length // 2]), (0x4000, words[length // 2 :])])


def unit(seed=1, first=0, count=100, value=0):
    return Unit(configuration(value=value), seed, first, count, (POINTS,) * ROWS, BINS)


def expected(asked):
    """The rows of a unit."""
    return compute(dict(asked.configuration.words), asked.seed, asked.first, asked.count)


def simulated(faults=None, **options):
    return SimulatedBoard(compute, BINS, faults, **options)


@contextmanager
def connected(faults=None, timing=SHORT):
    """A board on a line with faults, and the simulation behind it."""
    simulation = simulated(faults)
    with serving(simulation) as path:
        port = Port(path, BAUD)
        try:
            yield Board(port, timing), simulation
        finally:
            port.close()
