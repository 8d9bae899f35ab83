"""Calls and answers: lines with a number and a checksum, over a console.

The host types ``pw("SEQ OP arguments","crc")``. The board prints lines ``@TAG SEQ arguments *crc``:
``k`` (done), ``n`` (not understood), ``h`` (who it is), ``r`` (bins), ``e`` (the end of them).
Whatever else comes, echoes, prompts, damaged lines, answers to earlier calls, is passed over.
"""

from __future__ import annotations

import re
import time
from binascii import crc_hqx
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.console import MAX_LINE, QUIET_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_drivers.elm11.console import Console

_LINE = re.compile(r"@(([a-z]) (\d+)(?: (.*))?) \*([0-9a-f]{4})$")
#: Lua's answer to a call of what it doesn't know.
_NOT_LOADED = re.compile(r"nil value \(global 'pw'\)")
#: Tries of a call before the board is given up.
TRIES = 8
_MAX_SEQ = 999_999


class CallError(Exception):
    """One try of a call failed; it may be tried again."""


class NotLoadedError(CallError):
    """The board doesn't know the firmware: it was reset, or never had it."""


class ForgottenError(CallError):
    """The board doesn't know what it had been told: it was reset."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the board's."""

    tag: str
    fields: tuple[str, ...]


def crc(text: str) -> str:
    """CRC-16 of the CCITT (polynomial 1021, start ffff), four hexadecimal digits."""
    return f"{crc_hqx(text.encode('latin-1'), 0xFFFF):04x}"


def data_room(seq: int, *arguments: int) -> int:
    """Characters of data that a call may have after some arguments."""
    return MAX_LINE - len(_call(seq, "B", *(str(a) for a in arguments), ""))


def _call(seq: int, *words: str) -> str:
    text = " ".join((str(seq), *words))
    return f'pw("{text}","{crc(text)}")'


def parse(line: str, seq: int) -> Answer | None:
    """The answer to a call that a line is; None for any other line."""
    # A prompt may stand before it.
    found = _LINE.search(line)
    if found is None:
        return None
    body, tag, number, rest, code = found.groups()
    if crc(body) != code or int(number) != seq:
        return None
    return Answer(tag, tuple((rest or "").split()))


class Link:
    """Numbers calls and waits for their answers."""

    def __init__(self, console: Console) -> None:
        self.console = console
        # Not from 1 on: what is left on the line of an earlier process isn't ours.
        self.seq = time.monotonic_ns() % 100_000

    def call(
        self,
        words: tuple[str, ...],
        silence: float,
        on_answer: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """One try of a call.

        Args:
            words: operation and arguments.
            silence: seconds without a word of the answer after which it is given up.
            on_answer: told of the lines before the last one.

        Returns:
            The last line of the answer, of the tag ``k``, ``h`` or ``e``.

        Raises:
            CallError: it failed, and how.
            LostError: the port is gone.
        """
        self.seq = self.seq % _MAX_SEQ + 1
        self.console.type(_call(self.seq, *words))
        heard = time.monotonic()
        at_prompt: float | None = None
        echoed = False
        while True:
            for line in self.console.lines():
                heard = time.monotonic()
                answer = parse(line, self.seq)
                if answer is None:
                    if _NOT_LOADED.search(line):
                        raise NotLoadedError("the firmware isn't loaded")
                    if "stdin:" in line:
                        raise CallError(f"the board says: {line}")
                    echoed = True
                elif answer.tag == "n":
                    error = ForgottenError if answer.fields == ("block",) else CallError
                    raise error(f"the board refuses: {' '.join(answer.fields)}")
                elif answer.tag in "khe":
                    return answer
                elif on_answer:
                    on_answer(answer)
            now = time.monotonic()
            if echoed and self.console.prompt():
                # Back at the prompt: the answer, or a part of it, was lost on the way.
                at_prompt = at_prompt or now
                if now - at_prompt > QUIET_SECONDS:
                    raise CallError("the answer didn't arrive")
            else:
                at_prompt = None
            if now - heard > silence:
                raise CallError(f"no answer for {silence:.1f} s")
