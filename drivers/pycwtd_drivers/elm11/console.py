"""The board's console: a serial port, and the way to its prompt from any state.

Nothing here knows what the lines mean; that is :mod:`.protocol`.
"""

from __future__ import annotations

import re
import time

from pycwtd_drivers.line.port import Port

BAUD = 115200
#: After so long without a byte the board has said what it had to say: 50 characters' time at
#: 115200 baud is 4 ms, a USB bridge adds up to 16 ms, a loaded host some more.
QUIET_SECONDS = 0.06
#: For one step on the way to the prompt. The interrupt takes effect between two instructions of
#: Lua's; a long line may have to be printed before.
_STEP_SECONDS = 1.5
#: On a line that damages every hundredth byte in three ways one step in four arrives.
_STEPS = 40
#: Steps to which nothing at all was said. After half of them the board may be in the middle of an
#: upload that was given up, and is sent the rest of the longest page there is.
_SILENT_STEPS = 6
_PAGE = b"q\n" * 129
#: The console's buffer has 256 bytes; some are left for the line's end and the unknown.
MAX_LINE = 250
#: What comes without the end of a line is dropped beyond this.
_MAX_PENDING = 65536

_COLOURS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
# Of Lua's prompt the colour before it may be damaged.
_PROMPT = re.compile(rb"(?:^|\n)(/) $|(?<!\$)(\$\$|\$) $")
_WHERE = b"\x1b[6n"
#: The ends of long strings: in the firmware there is one of two signs, and damage makes others.
_BRACKETS = b"]]]=]]==]\n"


class ConsoleError(Exception):
    """The board can't be brought to its prompt, or doesn't take what is sent."""


class Console:
    """A serial port with a prompt at its other end.

    Args:
        port: path.
        pace: seconds between two bytes.

    Raises:
        LostError: the port can't be opened.
    """

    def __init__(self, port: str, pace: float) -> None:
        # A prompt is found by waiting, which no recording repeats.
        self.line = Port(port, BAUD, pace=pace, recorded=False)
        self._pending = b""
        self._marks = 0
        self.heard: list[str] = []

    @property
    def port(self) -> str:
        """Path of its port."""
        return self.line.path

    def close(self) -> None:
        """Give the port back."""
        self.line.close()

    # -- bytes -----------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send bytes at the board's pace.

        Raises:
            LostError: the port is gone or takes nothing any more.
        """
        self.line.write(data)

    def receive(self) -> bytes:
        """What has come, after a short wait; may be nothing.

        Raises:
            LostError: the port is gone.
        """
        data = self.line.read()
        if _WHERE in data:
            # Command mode asks where the cursor is, and waits for the answer.
            self.send(b"\x1b[1;1R")
        return data

    # -- lines -----------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """The lines that have come to an end, without colours; may be none."""
        self._pending = _COLOURS.sub(b"", self._pending + self.receive())
        *whole, self._pending = self._pending.split(b"\n")
        self._pending = self._pending[-_MAX_PENDING:]
        return [line.strip(b"\r").decode("latin-1") for line in whole]

    def prompt(self) -> str | None:
        """The prompt that the board is at, ``$``, ``$$`` or ``/``, as far as is known."""
        found = _PROMPT.search(b"\n" + self._pending)
        return (found[1] or found[2]).decode() if found else None

    def type(self, line: str) -> None:
        """Type a line.

        Raises:
            ValueError: it is too long for the board's buffer.
        """
        if len(line) > MAX_LINE:
            raise ValueError(f"a line of {len(line)} characters, the board takes {MAX_LINE}")
        self.send(line.encode("ascii") + b"\n")

    # -- states ----------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Stop what runs, without waiting for it."""
        self.send(b"q\n")

    def recover(self) -> None:
        """Bring the board to its Lua prompt, from whatever it is in.

        ``q`` stops a program, ends a line that somebody began and, being no sense, a chunk that
        isn't complete; in command mode it is an unknown command. That the prompt is one is known
        when it prints what it was asked to.

        Raises:
            ConsoleError: it isn't to be had.
            LostError: the port is gone.
        """
        silent = 0
        for _ in range(_STEPS):
            heard = self.line.counters.bytes_received
            if self._step():
                return
            silent = silent + 1 if heard == self.line.counters.bytes_received else 0
            if silent == _SILENT_STEPS // 2:
                self.send(_PAGE)
            if silent == _SILENT_STEPS:
                break
        raise ConsoleError(
            f"{self.port} doesn't answer as an ELM11's console does: is it the second of the "
            "board's two ports, and is no other program using it?"
        )

    def _step(self) -> bool:
        self.interrupt()
        self._drain()
        if self.prompt() == "$$":
            # The chunk that somebody began takes some more to be no sense; a long string ends with
            # its own bracket alone.
            self.send(_BRACKETS)
            return False
        if self.prompt() == "/":
            self.type("exit")
            self._drain()
        self._marks += 1
        mark = f"@{time.monotonic_ns() // 1000 % 10**5}{self._marks % 10}"
        self._pending = b""
        self.type(f'print"{mark}"')
        if not self._comes(mark):
            return False
        self.settle()
        return True

    def settle(self) -> bool:
        """Wait until the board is at its prompt; whether it is.

        A prompt that was damaged comes again after an empty line; so does the answer to a line
        whose end was lost. A chunk that isn't complete is made no sense. The lines that come are
        in :attr:`heard`.

        Raises:
            LostError: the port is gone.
        """
        self.heard = []
        for nudge in (b"", b"\n", b"q\n", _BRACKETS):
            if nudge:
                self.send(nudge)
                self._pending = b""
            end = time.monotonic() + _STEP_SECONDS
            last = time.monotonic()
            while not self.prompt() and (now := time.monotonic()) < end:
                if now - last > QUIET_SECONDS:
                    break
                before = self._pending
                found = self.lines()
                self.heard += found
                if found or self._pending != before:
                    last = time.monotonic()
            if self.prompt() == "$":
                return True
            if self.prompt() == "/":
                return False
        return False

    def _drain(self) -> None:
        """Read until nothing comes any more; what came is known to :meth:`prompt`."""
        end = time.monotonic() + _STEP_SECONDS
        last = time.monotonic()
        while (now := time.monotonic()) < end and now - last < QUIET_SECONDS:
            before = self._pending
            if self.lines() or self._pending != before:
                last = time.monotonic()

    def _comes(self, line: str) -> bool:
        end = time.monotonic() + _STEP_SECONDS
        last = time.monotonic()
        while (now := time.monotonic()) < end:
            before = self._pending
            found = self.lines()
            # Not the echo, which has more on its line.
            if line in found:
                return True
            if found or self._pending != before:
                last = now
            elif self.prompt() and now - last > QUIET_SECONDS:
                break
        return False
