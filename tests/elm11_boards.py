"""Simulated boards in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager


@contextmanager
def simulated(*arguments):
    """A simulated board; gives its terminal's path."""
    with started(*arguments) as (path, _):
        yield path


@contextmanager
def started(*arguments):
    """A simulated board; gives its terminal's path, and its process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pycwtd_drivers.elm11.simulator", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
