"""The program for the board: the files of ``lua_firmware``, put together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

#: In the order in which they need one another.
FILES = ("start", "noise", "transform", "smoothing", "coherence", "histogram", "protocol")
#: A program is at most so long, and its name too (hardware notes of the ELM11).
MAX_PROGRAM, MAX_NAME = 24 * 1024, 29


@dataclass(frozen=True, slots=True)
class Firmware:
    """A program, and how it is known on the board."""

    #: Of the text, so that no two versions are mistaken for each other.
    version: str
    name: str
    text: str


def source(name: str) -> str:
    """The text of one file of the firmware."""
    folder = files("pycwtd_drivers.elm11").joinpath("firmware")
    return folder.joinpath(f"{name}.lua").read_text(encoding="ascii")


@lru_cache(maxsize=1)
def firmware() -> Firmware:
    """All files in one, without comments and indents, each in a block of its own."""
    parts = [f"do\n{_stripped(source(name))}\nend" for name in FILES]
    text = "\n".join(parts)
    version = hashlib.sha256(text.encode("ascii")).hexdigest()[:8]
    text += f'\npycwt.version = "{version}"\n'
    if len(text) > MAX_PROGRAM:
        raise ValueError(f"the firmware has {len(text)} bytes, the board takes {MAX_PROGRAM}")
    return Firmware(version, f"pw_{version}.lua", text)


def _stripped(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("--"))
