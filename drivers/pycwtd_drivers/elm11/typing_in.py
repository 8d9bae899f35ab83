"""Putting a program on the board by typing it, as calls that a damaged line doesn't pass.

It needs nothing but Lua's prompt, and is lost with the next reset. Lines are as long as arrive; a
try that was given up, or cut off, is gone on with, as long as the board has kept what it had.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.console import MAX_LINE, QUIET_SECONDS, ConsoleError
from pycwtd_drivers.line.lengths import Length

if TYPE_CHECKING:
    from pycwtd_drivers.elm11.console import Console
    from pycwtd_drivers.elm11.firmware import Firmware

#: What takes the pieces: ``pwl(start, text, code)`` keeps a piece whose code is right and that
#: begins where the last one ended, and says how much there is. ``pwc`` is the code of a text: 31
#: bits, of numbers that wrap at 32 bits or don't.
_TAKER = (
    "function pwc(s) local r=7 for j=1,#s do r=r*31+string.byte(s,j)&0x7fffffff end return r end "
    "function pwl(o,s,c) if pwc(s)==c and o==#pwt then pwt=pwt..s end "
    'print("@b "..#pwt.." "..pwc(#pwt..pwv)) end'
)
#: Tries of one line. One of 50 characters arrives once in five on a line that damages every
#: hundredth byte in three ways, its answer in two of three.
_TRIES = 150
#: Of a short line, whose answer is short, too.
_FEW_TRIES = 30
#: Times that what takes the pieces is typed.
_TAKERS = 6
_ANSWER_SECONDS = 1.0
_MOST, _LEAST = 150, 16
#: Characters of the taker in a line: what is kept is read back, twice as many in all.
_HEAD = 16
_HAVE = re.compile(r"@b (\d+) (\d+)$")


def type_in(console: Console, program: Firmware) -> None:
    """Have a program run that is typed; the console is at its prompt before and after.

    Raises:
        ConsoleError: the board doesn't take it.
        LostError: the port is gone.
    """
    typist = _Typist(console)
    have = typist.resumed(program.version)
    if have is None:
        typist.prepare(program.version)
        have = 0
    before = have
    try:
        have = typist.type_all(program, have)
        typist.must('print("@c "..pwc(pwt))', f"@c {_code(program.text)}")
    except ConsoleError:
        if have in {before, len(program.text)}:
            # Nothing got on, or it isn't what it should be: what takes the pieces may be damaged.
            typist.must('pwl=nil print"@n"', "@n")
        raise
    console.type("load(pwt)()")


def _line(start: int, piece: str) -> str:
    return f'pwl({start},"{_escaped(piece)}",{_code(piece)})'


def _escaped(text: str) -> str:
    return re.sub(r'[\\"]', r"\\\g<0>", text).replace("\n", "\\n")


def _code(text: str) -> int:
    code = 7
    for byte in text.encode("ascii"):
        code = code * 31 + byte & 0x7FFFFFFF
    return code


def _noisy(console: Console) -> ConsoleError:
    return ConsoleError(f"{console.port}: the program can't be typed: the line is too noisy")


class _Typist:
    def __init__(self, console: Console) -> None:
        self._console = console

    def type_all(self, program: Firmware, have: int) -> int:
        """Type a program from some character on; how many there are at the end."""
        length = Length(_MOST, _LEAST)
        failed = 0
        while have < len(program.text):
            piece = program.text[have : have + length.now]
            while len(line := _line(have, piece)) > MAX_LINE:
                piece = piece[:-8]
            found = self.told(line, program.version)
            length.arrived(found == have + len(piece))
            failed = 0 if found is not None and found > have else failed + 1
            if failed > _TRIES:
                raise _noisy(self._console)
            have = have if found is None else found
        return have

    def resumed(self, version: str) -> int | None:
        """How much of a program is there already; None if nothing is prepared for it."""
        for _ in range(_TRIES):
            for line in self._said('pwl(-1,"",0)'):
                if found := _HAVE.search(line):
                    if found[2] == str(_code(found[1] + version)):
                        return int(found[1])
                    # Another version, or damaged: seldom enough to be typed anew.
                    return None
                if "nil value (global 'pwl')" in line:
                    return None
        raise _noisy(self._console)

    def prepare(self, version: str) -> None:
        """Type what takes the pieces, in pieces that are read back."""
        pieces = [_TAKER[i : i + _HEAD] for i in range(0, len(_TAKER), _HEAD)]
        for _ in range(_TAKERS):
            self.must('import("all")p0=""print"@i"', "@i")
            # No brackets: a doubled one begins a string that no line's end ends.
            for number, piece in enumerate(pieces, start=1):
                line = f"p{number}=p{number - 1}..'{piece}'print('@'..p{number}:sub({-len(piece)}))"
                self.must(line, f"@{piece}")
            if self._answered(f'load(p{len(pieces)})()print"@l"', "@l", _FEW_TRIES) and (
                self._tried_out(version)
            ):
                return
        raise _noisy(self._console)

    def _tried_out(self, version: str) -> bool:
        """Whether it takes a piece as it should: a damaged line may have changed another one."""
        empty = f'pwv="{version}"pwt=""print("@"..pwv..#pwt)'
        self.must(empty, f"@{version}0")
        line = _line(0, "pwcwt")
        if not any(self.told(line, version) == 5 for _ in range(_FEW_TRIES)):
            return False
        if not self._answered('print("@"..pwt)', "@pwcwt", _FEW_TRIES):
            return False
        self.must(empty, f"@{version}0")
        return True

    def must(self, line: str, wanted: str) -> None:
        """Type a line until it is answered as it must be."""
        if not self._answered(line, wanted, _TRIES):
            raise _noisy(self._console)

    def _answered(self, line: str, wanted: str, tries: int) -> bool:
        return any(wanted in self._said(line) for _ in range(tries))

    def told(self, line: str, version: str) -> int | None:
        """How much there is after a piece; None if that isn't to be heard."""
        for one in self._said(line):
            if (found := _HAVE.search(one)) and found[2] == str(_code(found[1] + version)):
                return int(found[1])
        return None

    def _said(self, line: str) -> list[str]:
        """What the board prints after a line; it is at its prompt then."""
        console = self._console
        console.type(line)
        end = time.monotonic() + _ANSWER_SECONDS
        last = time.monotonic()
        found: list[str] = []
        while (now := time.monotonic()) < end and now - last < QUIET_SECONDS:
            if come := console.lines():
                found += come
                last = now
            if found and (console.prompt() == "$" or found[-1].startswith("@")):
                return found
        if not console.settle():
            console.recover()
            return found
        # What came after the end of the line was put right.
        return found + console.heard
