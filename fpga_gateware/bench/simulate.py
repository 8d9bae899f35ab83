"""The gateware, compiled into programs by Verilator: built once, kept under build/.

``python fpga_gateware/bench/simulate.py`` builds the board behind a pseudo-terminal and runs it;
``--help`` lists what may befall it.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GATEWARE = Path(__file__).resolve().parents[1]
BENCH, RTL = GATEWARE / "bench", GATEWARE / "rtl"
BUILDS = Path(os.environ.get("PYCWTD_GATEWARE_BUILDS", GATEWARE.parent / "build" / "gateware"))
#: Clocks of a bit on the simulated serial line: fewer than the board's, so that less is simulated
#: for a byte.
DIVIDER = 4
#: HELLO's flag of a simulated board.
SIMULATED = 2


class UnableError(RuntimeError):
    """This machine can't simulate; the text says what it lacks."""


def lack() -> str | None:
    """What this machine lacks for a simulation, None where nothing."""
    missing = [name for name in ("verilator", "make", "c++") if not shutil.which(name)]
    if not missing:
        return None
    return f"{', '.join(missing)} missing: apt-get install verilator make g++"


def sources(*, stand_in: bool = False) -> list[Path]:
    """The sources of ``top``, packages first.

    Args:
        stand_in: with the benches' stand-in in place of the core.
    """
    if stand_in:
        # What belongs to the core stays out.
        core = {path.name for path in RTL.glob("*.sv")} - SHELL
        ours = [path for path in RTL.glob("*.sv") if path.name not in core]
        packages = [BENCH / "stand_in" / "version.svh", RTL / "protocol.svh"]
        return [*packages, BENCH / "stand_in" / "core.sv", *sorted(ours)]
    return [*sorted(RTL.glob("*.svh")), *sorted(RTL.glob("*.sv"))]


#: Modules of everything but the core.
SHELL = {
    *("answer.sv", "clock.sv", "cobs_decode.sv", "commands.sv", "crc32.sv", "frame_buffer.sv"),
    *("frame_rx.sv", "frame_tx.sv", "shell.sv", "top.sv", "uart_rx.sv", "uart_tx.sv"),
}


def digest(files: list[Path]) -> str:
    """SHA-256 of files with their names, in any order."""
    found = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def build(program: str, *, stand_in: bool = False, lanes: int = 2) -> Path:
    """A compiled bench; nothing is done where it is there already.

    Args:
        program: ``board_pty``, an executable, or ``board_library``, a shared library.
        stand_in: with the stand-in in place of the core.
        lanes: of the core.

    Raises:
        UnableError: tools are missing.
        subprocess.CalledProcessError: it can't be compiled; its output says why.
    """
    if missing := lack():
        raise UnableError(missing)
    verilog = sources(stand_in=stand_in)
    harness = [BENCH / "board.h", BENCH / "board.cpp", BENCH / f"{program}.cpp"]
    code = digest([*verilog, *harness, Path(__file__)])[:16]
    folder = BUILDS / f"{program}-{lanes}{'-stand-in' if stand_in else ''}-{code}"
    target = folder / program
    BUILDS.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            shutil.rmtree(folder, ignore_errors=True)
            parameters = {
                **{"UART_DIV": DIVIDER, "LANES": lanes},
                **{"BUILD": f"32'h{digest(verilog)[:8]}", "FLAGS": f"8'd{SIMULATED}"},
            }
            _compile(target, [*verilog, *harness], parameters)
    return target


def _compile(target: Path, files: list[Path], parameters: dict[str, object]) -> None:
    folder, library = target.parent, target.name == "board_library"
    work = folder / "work"
    work.mkdir(parents=True)
    _call(
        "verilator",
        *("--cc", "--exe", "-Wall", "-O3", "--x-assign", "fast", "--x-initial", "fast"),
        *("--noassert", "-sv", "--top-module", "top", "--Mdir", str(work), f"-I{RTL}"),
        *(f"-G{name}={value}" for name, value in parameters.items()),
        *("-CFLAGS", "-std=c++17 -fPIC", *(("-LDFLAGS", "-shared") if library else ())),
        *("-o", f"../{target.name}.new"),
        *(str(path) for path in files if path.suffix != ".h"),
    )
    flags = ("OPT_FAST=-O2", "OPT_SLOW=-O1", "OPT_GLOBAL=-O2")
    _call("make", "-s", "-C", str(work), "-f", "Vtop.mk", "-j2", *flags)
    (folder / f"{target.name}.new").rename(target)
    shutil.rmtree(work)


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()


class Board:
    """The simulated board, clock by clock, without a terminal.

    Args:
        library: made by :func:`build`.
    """

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        for name, result, *arguments in _FUNCTIONS:
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._board = self._library.board_new(DIVIDER)

    def close(self) -> None:
        """Free it."""
        self._library.board_free(self._board)

    def reset(self) -> None:
        """Press its button."""
        self._library.board_reset(self._board)

    def send(self, data: bytes) -> None:
        """Have bytes sent to it as time goes on."""
        self._library.board_send(self._board, data, len(data))

    def raw(self, level: int, cycles: int) -> None:
        """Hold the line at a level for a time, once everything was sent."""
        self._library.board_raw(self._board, level, cycles)

    def answer(self, cycles: int = 20_000) -> bytes:
        """What came, up to a zero byte or a silence of so many cycles."""
        room = ctypes.create_string_buffer(1 << 16)
        count = self._library.board_answer(self._board, room, len(room), cycles)
        return room.raw[:count]

    def run(self, cycles: int) -> None:
        """Let time pass."""
        self._library.board_run(self._board, cycles)

    @property
    def cycles(self) -> int:
        """Clocks since it was made."""
        return int(self._library.board_cycles(self._board))

    @property
    def working(self) -> bool:
        """Whether its core is busy."""
        return bool(self._library.board_working(self._board))


_POINTER, _BYTES = ctypes.c_void_p, ctypes.c_char_p
_FUNCTIONS = (
    ("board_new", _POINTER, ctypes.c_uint),
    ("board_free", None, _POINTER),
    ("board_reset", None, _POINTER),
    ("board_send", None, _POINTER, _BYTES, ctypes.c_size_t),
    ("board_raw", None, _POINTER, ctypes.c_int, ctypes.c_uint),
    ("board_answer", ctypes.c_size_t, _POINTER, _BYTES, ctypes.c_size_t, ctypes.c_uint64),
    ("board_run", None, _POINTER, ctypes.c_uint64),
    ("board_cycles", ctypes.c_uint64, _POINTER),
    ("board_working", ctypes.c_int, _POINTER),
)


@contextmanager
def started(program: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The board behind a terminal: the terminal's path, and the process."""
    command = [str(program), str(DIVIDER), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    board = build("board_pty")
    os.execv(board, [str(board), str(DIVIDER), *sys.argv[1:]])
