"""Boards for the driver's tests: the model behind a line, and the real gateware behind one."""

from __future__ import annotations

import contextlib
import os
import threading
import tty
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import fpga_chip
from fpga_chip import simulate
from pycwt_mod.monte_carlo.run import coherence_task
from pycwtd_drivers.line.simulator.board import SimulatedBoard, serving
from pycwtd_drivers.tang_nano_9k.chip import _small_task
from pycwtd_drivers.tang_nano_9k.fixed import BINS, configurations, histogram

PREFIX = "PYCWTD_DRIVER_TANG_NANO_9K_"


def small_task(**changes):
    """Six scales, in three octaves."""
    options = {"estimator": "cascade", "bins": 64} | changes
    return coherence_task(0.4, 0.1, 1.0, 0.5, 3.0, 5, **options)


def expected(task, seed, first, count):
    """What the driver must give, from the model alone."""
    found = np.zeros((task.rows, task.bins), np.int64)
    for one in configurations(task):
        start, number = one.span(first, count)
        if number:
            found += one.spread(histogram(one, seed, start, number), task)
    return found


@contextmanager
def modelled(*tasks, **options):
    """A board that computes by the model, for some tasks; gives its terminal's path, and itself."""
    known = {one.words: one for task in (_small_task(), *tasks) for one in configurations(task, 1)}

    def compute(words, seed, first, count):
        # Words of an earlier configuration stay in the memory.
        for image, one in known.items():
            if all(words.get(address) == word for address, word in image):
                return [tuple(map(int, row)) for row in histogram(one, seed, first, count)]
        raise AssertionError("a configuration that no task has")

    board = SimulatedBoard(compute, BINS, **options)
    with serving(board) as path:
        yield path, board


class Stranger(threading.Thread):
    """A board that answers every frame with something of its own; gives its terminal's path.

    Args:
        answer: to a frame.
        link: where a symbolic link to its terminal is put.
    """

    def __init__(self, answer, link=None):
        super().__init__(daemon=True)
        self._answer, self._link = answer, link

    def __enter__(self):
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        path = os.ttyname(self._slave)
        if self._link:
            self._link.symlink_to(path)
        self.start()
        return path

    def __exit__(self, *_):
        if self._link:
            self._link.unlink()
        # The last end but one's: a read of the other one fails then.
        os.close(self._slave)
        self.join()
        os.close(self._master)

    def run(self):
        held = b""
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 4096):
                held += data
                *whole, held = held.split(b"\0")
                for frame in whole:
                    if frame:
                        os.write(self._master, self._answer(frame))


@contextmanager
def gateware(*arguments):
    """The real gateware, simulated clock by clock; gives its terminal's path, and its process."""
    with simulate.started(fpga_chip.program("board_pty"), *map(str, arguments)) as found:
        yield found


def usb_device(sysfs, port, path="1-2.3", identity=("0403", "6010"), device=7):
    """Have the kernel say that a port is the second interface of a USB device."""
    folder = sysfs / "devices" / path
    interface = folder / f"{path}:1.1"
    interface.mkdir(parents=True)
    names = ("idVendor", "idProduct", "busnum", "devnum")
    for name, value in zip(names, (*identity, "1", str(device)), strict=True):
        (folder / name).write_text(f"{value}\n")
    tty = sysfs / Path(os.path.realpath(port)).name
    tty.mkdir()
    (tty / "device").symlink_to(interface)
