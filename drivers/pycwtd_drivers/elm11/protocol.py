"""Calls and answers: lines with a number and a checksum, over a console.

The host types ``pw"SEQ OP arguments crc"``. The board prints lines ``@TAG SEQ arguments *crc``:
``k`` (done), ``n`` (not understood), ``h`` (who it is), ``r`` (bins), ``e`` (the end of them).
Whatever else comes, echoes, prompts, damaged lines, answers to earlier calls, is passed over.
"""

from __future__ import annotations

import re
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwtd_drivers.elm11.blocks import DIGITS
from pycwtd_drivers.elm11.console import MAX_LINE, QUIET_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd_drivers.elm11.console import Console
    from pycwtd_drivers.line.counters import Counters

_LINE = re.compile(r"@(([a-z]) (\d+)(?: (.*))?) \*([A-Za-z0-9+/]{6})$")
#: Lua's answer to a call of what it doesn't know.
_NOT_LOADED = re.compile(r"nil value \(global 'pw'\)")
_MAX_SEQ = 9_999
#: Empty lines that are sent when nothing comes.
_POKES = 3


class CallError(Exception):
    """One try of a call failed; it may be tried again."""


class SilentError(CallError):
    """Nothing came for so long that the board must be seen to."""


class NotLoadedError(CallError):
    """The board doesn't know the firmware: it was reset, or never had it."""


class ForgottenError(CallError):
    """The board doesn't know what it had been told: it was reset."""


class GoneError(CallError):
    """The board doesn't have the answer any more that was asked for again."""


_REFUSALS: dict[tuple[str, ...], type[CallError]] = {
    ("block",): ForgottenError,
    ("key",): GoneError,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the board's."""

    tag: str
    fields: tuple[str, ...]


def crc(text: str) -> str:
    """CRC-32 of IEEE 802.3, as six digits of base 64.

    One of 16 bits would pass a damaged line now and then: on a line with 1 % of its bytes lost and
    1 % doubled every tenth answer has as many characters as it should, and is another.
    """
    code = zlib.crc32(text.encode("latin-1"))
    return "".join(DIGITS[code >> shift & 63] for shift in range(30, -1, -6))


def data_room(*words: str) -> int:
    """Characters of data that a call may have after some words."""
    return MAX_LINE - len(_call(_MAX_SEQ, *words, ""))


def _call(seq: int, *words: str) -> str:
    text = " ".join((str(seq), *words))
    return f'pw"{text} {crc(text)}"'


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
        self.seq = time.monotonic_ns() % _MAX_SEQ
        #: Of a group, as the board is told: its answers can be asked for again by it.
        self.key = 0

    @property
    def counters(self) -> Counters:
        """What happened on the line."""
        return self.console.line.counters

    def next_key(self) -> str:
        """A name for a group that is none of the last one's."""
        self.key = self.key % _MAX_SEQ + 1
        return str(self.key)

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
        self.counters.requests += 1
        self.console.type(_call(self.seq, *words))
        wait = _Wait(self.console, silence, computes=words[0] == "R")
        while True:
            for line in self.console.lines():
                wait.echoed = True
                answer = self._read(line)
                if answer and answer.tag in "khe":
                    self.counters.answers += 1
                    return answer
                if answer and on_answer:
                    on_answer(answer)
            wait.look()

    def _read(self, line: str) -> Answer | None:
        """A line of the answer; None for any other, which may be damaged.

        Raises:
            CallError: it says that the call failed.
        """
        answer = parse(line, self.seq)
        if answer and answer.tag == "n":
            self.counters.refused += 1
            error = _REFUSALS.get(answer.fields, CallError)
            raise error(f"the board refuses: {' '.join(answer.fields)}")
        if answer:
            return answer
        if _NOT_LOADED.search(line):
            raise NotLoadedError("the firmware isn't loaded")
        if "stdin:" in line:
            self.counters.damaged += 1
            raise CallError("the board couldn't read the call")
        return None


class _Wait:
    """For an answer: until the board is back at its prompt, or silent for too long.

    Args:
        console: of the board.
        silence: seconds.
        computes: whether the board is silent for long, and must not be sent anything meanwhile.
    """

    def __init__(self, console: Console, silence: float, computes: bool) -> None:
        self._console, self._silence, self._computes = console, silence, computes
        self.echoed = False
        self._heard = time.monotonic()
        self._bytes = console.line.counters.bytes_received
        self._at_prompt: float | None = None
        self._poked = 0

    def look(self) -> None:
        """Give up if there is nothing to wait for any more."""
        now = time.monotonic()
        counters = self._console.line.counters
        if counters.bytes_received != self._bytes:
            self._bytes, self._heard = counters.bytes_received, now
        if self.echoed and self._console.prompt():
            # Back at the prompt: the answer, or a part of it, was lost on the way.
            self._at_prompt = self._at_prompt or now
            if not self._computes or now - self._at_prompt > QUIET_SECONDS:
                counters.damaged += 1
                raise CallError("the answer didn't arrive")
        else:
            self._at_prompt = None
        if now - self._heard > (self._poked + 2) * QUIET_SECONDS:
            self._poke()
        if now - self._heard > self._silence:
            counters.silences += 1
            raise SilentError(f"no answer for {self._silence:.1f} s")

    def _poke(self) -> None:
        """The end of the line may be what was lost, or the prompt: an empty line brings either."""
        if self._poked < _POKES and not (self._computes and self.echoed):
            self._poked += 1
            self._console.send(b"\n")
            self.echoed = True
