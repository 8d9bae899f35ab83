"""The core alone in Verilator: compiled once, kept under build/, driven through a pipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwtd_drivers.tang_nano_9k.fixed import Configuration

    Integers = NDArray[np.int64]

GATEWARE = Path(__file__).resolve().parents[1]
BENCH, RTL = GATEWARE / "bench", GATEWARE / "rtl"
BUILDS = Path(os.environ.get("PYCWTD_GATEWARE_BUILDS", GATEWARE.parent / "build" / "gateware"))
#: The core and what is below it; packages first.
MODULES = (
    *("version.svh", "config_map.svh", "ram.sv", "table_ram.sv", "settings.sv", "threefry.sv"),
    *("nibble_sum.sv", "noise.sv", "fir_lane.sv", "fir.sv", "products.sv", "smooth.sv"),
    *("scale_sum.sv", "coherence.sv", "histogram.sv", "core.sv"),
)


def lack() -> str | None:
    """What this machine lacks for a simulation, None where nothing."""
    missing = [name for name in ("verilator", "make", "c++") if not shutil.which(name)]
    if not missing:
        return None
    return f"{', '.join(missing)} missing: apt-get install verilator make g++"


def sources() -> list[Path]:
    """The core's sources, in the order that they are read."""
    return [RTL / name for name in MODULES]


def lint(lanes: int = 2) -> str:
    """What Verilator has to say with all its warnings; nothing if all is well."""
    command = ["verilator", "--lint-only", "-Wall", "--top-module", "core", f"-GLANES={lanes}"]
    done = subprocess.run(
        [*command, *map(str, sources())], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def build(lanes: int = 2) -> Path:
    """The compiled bench; nothing is done where it is there already.

    Args:
        lanes: of the core.

    Raises:
        subprocess.CalledProcessError: it can't be compiled; its output says why.
    """
    harness = [BENCH / "core_trace.sv", BENCH / "core_run.cpp"]
    found = hashlib.sha256()
    for path in [*sources(), *harness, Path(__file__)]:
        found.update(path.read_bytes())
    folder = BUILDS / f"core-{lanes}-{found.hexdigest()[:16]}"
    target = folder / "core_run"
    BUILDS.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _compile(folder, [*sources(), *harness], lanes)
            (folder / "work" / "core_run").rename(target)
            shutil.rmtree(folder / "work")
    return target


def _compile(folder: Path, files: list[Path], lanes: int) -> None:
    work = str(folder / "work")
    _call(
        *("verilator", "--cc", "--exe", "-O3", "--x-assign", "fast", "--x-initial", "fast"),
        *("--noassert", "--top-module", "core_trace", f"-GLANES={lanes}", "--Mdir", work),
        *("-o", "core_run", *map(str, files)),
    )
    flags = ("OPT_FAST=-O2", "OPT_SLOW=-O1", "OPT_GLOBAL=-O1")
    _call("make", "-s", "-C", work, "-f", "Vcore_trace.mk", "-j2", *flags)


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()


@dataclass(frozen=True)
class Unit:
    """What came of a unit of work."""

    done: int
    cycles: int
    overflow: bool
    #: What passed between the parts, if it was asked for: rows of numbers by letter, see
    #: core_trace.sv.
    trace: dict[str, Integers]


class Core:
    """The simulated core.

    Args:
        program: made by :func:`build`.
    """

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def configure(self, configuration: Configuration) -> None:
        """Write a configuration's words."""
        self.write(configuration.words)

    def write(self, words: tuple[tuple[int, int], ...]) -> None:
        """Write words, each with its address."""
        self._tell("".join(f"c {address} {word}\n" for address, word in words))

    def run(self, seed: int, first: int, count: int, *, trace: bool = False) -> Unit:
        """Have series computed."""
        self._tell(f"r {seed} {first} {count} {int(trace)}\n")
        rows: dict[str, list[list[int]]] = {letter: [] for letter in "xwpsrh"}
        while (line := self._line())[0] != "done":
            rows[line[0]].append([int(value) for value in line[1:]])
        found = {letter: np.array(values, np.int64) for letter, values in rows.items()}
        return Unit(int(line[1]), int(line[2]), line[3] == "1", found)

    def abort(self, seed: int, first: int, count: int, after: int) -> int:
        """Stop a unit after so many cycles; gives the cycles until it had stopped."""
        self._tell(f"a {seed} {first} {count} {after}\n")
        return int(self._line()[1])

    def histogram(self, rows: int) -> Integers:
        """The first rows of the histogram."""
        self._tell("".join(f"b {row}\n" for row in range(rows)))
        return np.array([self._line()[1:] for _ in range(rows)], np.int64)

    def _tell(self, text: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _line(self) -> list[str]:
        assert self._process.stdout
        words = self._process.stdout.readline().split()
        if not words:
            raise RuntimeError("the simulated core ended")
        return words
