"""The program for the board: the files of ``lua_firmware``, put together."""

from __future__ import annotations

import hashlib
from binascii import crc_hqx
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


#: Around the program: it runs only when it is whole. The upload's checksums have eight bits.
_CHECKED = """if import then import("all") end
local s=[==[
{text}]==]
local r=0xffff
for i=1,#s do r=r~(string.byte(s,i)<<8)
for _=1,8 do r=r<<1 if r&0x10000~=0 then r=r~0x11021 end end end
if r==0x{crc:04x} then load(s)() end
"""


@lru_cache(maxsize=1)
def firmware() -> Firmware:
    """All files in one, without comments and indents, each in a block of its own."""
    parts = [f"do\n{_stripped(source(name))}\nend\n" for name in FILES]
    text = "".join(parts)
    version = hashlib.sha256(text.encode("ascii")).hexdigest()[:8]
    text += f'pycwt.version="{version}"\n'
    whole = _CHECKED.format(text=text, crc=crc_hqx(text.encode("ascii"), 0xFFFF))
    if len(whole) > MAX_PROGRAM:
        raise ValueError(f"the firmware has {len(whole)} bytes, the board takes {MAX_PROGRAM}")
    return Firmware(version, f"pw_{version}.lua", whole)


def _stripped(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("--"))
