"""Putting a program on the board by typing it, as calls that a damaged line doesn't pass.

It needs nothing but Lua's prompt, and is lost with the next reset.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.console import MAX_LINE, QUIET_SECONDS, ConsoleError

if TYPE_CHECKING:
    from pycwtd_drivers.elm11.console import Console

#: Keeps a piece whose checksum is right, and says so.
_TAKER = (
    'import("all") pwb={} function pwl(i,s,c) local r=0 for j=1,#s do '
    "r=(r*31+string.byte(s,j))%65521 end "
    'if r==c then pwb[i]=s print("@b "..i.." "..c) end end print("@b 0 0")'
)
_TRIES = 12
_ANSWER_SECONDS = 1.0
_PIECE = 150


def type_in(console: Console, text: str) -> None:
    """Have a program run that is typed; the console is at its prompt before and after.

    Raises:
        ConsoleError: the board doesn't take it.
        LostError: the port is gone.
    """
    _said(console, _TAKER, "@b 0 0")
    pieces = [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)]
    for number, piece in enumerate(pieces, start=1):
        code = _code(piece)
        line = f'pwl({number},"{_escaped(piece)}",{code})'
        if len(line) > MAX_LINE:
            raise ConsoleError(f"a piece of the program takes {len(line)} characters")
        _said(console, line, f"@b {number} {code}")
    console.type("load(table.concat(pwb))() pwb=nil")


def _escaped(text: str) -> str:
    return re.sub(r'[\\"]', r"\\\g<0>", text).replace("\n", "\\n")


def _code(text: str) -> int:
    code = 0
    for byte in text.encode("ascii"):
        code = (code * 31 + byte) % 65521
    return code


def _said(console: Console, line: str, wanted: str) -> None:
    """Type a line until it is answered."""
    for attempt in range(_TRIES):
        if attempt:
            console.recover()
        console.type(line)
        end = time.monotonic() + _ANSWER_SECONDS
        at_prompt = None
        while (now := time.monotonic()) < end:
            found = console.lines()
            if any(one.endswith(wanted) for one in found):
                return
            if found and console.prompt():
                at_prompt = now
            if at_prompt and now - at_prompt > QUIET_SECONDS:
                break
    raise ConsoleError(f"{console.port}: the program can't be typed: the line is too noisy")
