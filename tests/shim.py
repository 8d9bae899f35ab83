"""Faults on demand: a disk that refuses, a clock that jumps, a process that dies at one write."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Daemon

SOURCE = Path(__file__).with_name("daemon") / "shim.c"
_FIELDS = ("refuse", "clock", "victim", "moment", "changes")


def build(folder: Path) -> Path:
    """The library; where nothing compiles, the test is skipped."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler for the library that injects faults")
    library = folder / "shim.so"
    subprocess.run(
        [compiler, "-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
        check=True,
        timeout=60,
    )
    return library


class Faults:
    """What a daemon and its workers meet, from now on, beneath their state directory."""

    def __init__(self, library: Path, daemon: Daemon) -> None:
        file = daemon.root / "page"
        file.write_bytes(bytes(mmap.PAGESIZE))
        with file.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), mmap.PAGESIZE)
        #: For :meth:`Daemon.start`.
        self.env = {
            "LD_PRELOAD": os.fspath(library),
            "PYCWTD_SHIM_PAGE": os.fspath(file),
            "PYCWTD_SHIM_ROOT": os.fspath(daemon.state) + "/",
        }

    def _set(self, name: str, value: int) -> None:
        struct.pack_into("q", self._page, 8 * _FIELDS.index(name), value)

    def refuse(self, error: int) -> None:
        """Every change fails with this error number; 0: none does."""
        self._set("refuse", error)

    def clock(self, seconds: int) -> None:
        """The wall clock is so far ahead."""
        self._set("clock", seconds)

    def kill(self, pid: int, moment: int) -> None:
        """Have a process die in place of its so many-th change; 0: never."""
        self._set("changes", 0)
        self._set("moment", moment)
        self._set("victim", pid)

    def changes(self) -> int:
        """Changes that the victim has made."""
        return int(struct.unpack_from("q", self._page, 8 * _FIELDS.index("changes"))[0])
