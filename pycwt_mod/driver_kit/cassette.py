"""Sessions with a board, recorded and played back: tests that need no board, strict about order.

A driver opens its line through :func:`opened`. With ``PYCWTD_CASSETTE=record:FILE`` in the
environment what goes either way is written to the file; with ``replay:FILE`` there is no line:
what the driver sends must be, byte for byte and in this order, what it sent when it was recorded,
and it reads what the board answered then.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "PYCWTD_CASSETTE"
_VERSION = 1


class CassetteError(Exception):
    """The driver does something else than what was recorded, or the file isn't a cassette."""


class Line(Protocol):
    """What a driver needs of a serial line; pyserial's ``Serial`` is one."""

    def write(self, data: bytes, /) -> int | None:
        """Send."""

    def read(self, size: int = 1, /) -> bytes:
        """At most so many bytes; fewer, or none, when the line's time limit is over."""

    def close(self) -> None:
        """Let go of it."""


def opened(open_line: Callable[[], Line]) -> Line:
    """The line of a board, or its stand-in if the environment wants one.

    Args:
        open_line: opens the real one.

    Raises:
        CassetteError: the variable or its file is wrong.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return open_line()
    how, _, name = wanted.partition(":")
    if how not in {"record", "replay"} or not name:
        raise CassetteError(f"{VARIABLE} must be record:FILE or replay:FILE, not {wanted!r}")
    return Recorder(open_line(), Path(name)) if how == "record" else Player(Path(name))


class Recorder:
    """A line, and a file of what goes over it.

    Several in a row go on in the same file: a driver may open its line more than once.

    Args:
        line: the real one.
        path: of the file; what is there already stays.
    """

    def __init__(self, line: Line, path: Path) -> None:
        self._line = line
        new = not path.exists()
        self._file = path.open("a", encoding="ascii")
        if new:
            self._note("version", _VERSION)
        self._note("open", True)

    def _note(self, key: str, value: object) -> None:
        self._file.write(json.dumps({key: value}) + "\n")
        self._file.flush()

    def write(self, data: bytes, /) -> int | None:
        """Send, and take note."""
        sent = self._line.write(data)
        self._note("sent", bytes(data).hex())
        return sent

    def read(self, size: int = 1, /) -> bytes:
        """Read, and take note."""
        data = self._line.read(size)
        self._note("read", data.hex())
        return data

    def close(self) -> None:
        """Close both."""
        self._line.close()
        self._file.close()


#: How far each cassette has been played in this process: a driver may open its line again.
_played: dict[Path, int] = {}


class Player:
    """A recording in place of a line.

    Args:
        path: of the recording.

    Raises:
        CassetteError: it isn't one, or its line wasn't opened again at this point.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        try:
            lines = path.read_text(encoding="ascii").splitlines()
            self._notes = [next(iter(json.loads(line).items())) for line in lines]
        except (OSError, ValueError, StopIteration, AttributeError) as error:
            raise CassetteError(f"{path}: can't be played: {error}") from None
        if not self._notes or self._notes[0] != ("version", _VERSION):
            raise CassetteError(f"{path}: isn't a cassette of version {_VERSION}")
        self._at = _played.get(self._path, 1)
        self._take("open", "opens its line")

    def _take(self, key: str, doing: str) -> object:
        if self._at == len(self._notes):
            raise CassetteError(f"{self._path}: the driver {doing}, but the recording is over")
        found, value = self._notes[self._at]
        if found != key:
            where = f"{self._path}, line {self._at + 1}"
            raise CassetteError(f"{where}: the driver {doing}, where it was recorded to: {found}")
        self._at += 1
        _played[self._path] = self._at
        return value

    def write(self, data: bytes, /) -> int | None:
        """Compare with what was sent at this point.

        Raises:
            CassetteError: it isn't the same.
        """
        shown = bytes(data)
        recorded = bytes.fromhex(str(self._take("sent", f"sends {shown!r}")))
        if recorded != shown:
            where = f"{self._path}, line {self._at}"
            raise CassetteError(f"{where}: the driver sends {shown!r} instead of {recorded!r}")
        return len(shown)

    def read(self, size: int = 1, /) -> bytes:
        """What was read at this point.

        Raises:
            CassetteError: nothing was, or not so much was wanted.
        """
        data = bytes.fromhex(str(self._take("read", f"reads {size} bytes")))
        if len(data) > size:
            where = f"{self._path}, line {self._at}"
            raise CassetteError(f"{where}: the driver reads {size} bytes instead of {len(data)}")
        return data

    def close(self) -> None:
        """Nothing is held."""
