"""A board with the firmware on it, and the work that it is given: retried until it is right."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from pycwtd_drivers.elm11.blocks import Blocks
from pycwtd_drivers.elm11.console import Console, ConsoleError
from pycwtd_drivers.elm11.firmware import firmware
from pycwtd_drivers.elm11.pieces import Pieces
from pycwtd_drivers.elm11.protocol import (
    CallError,
    ForgottenError,
    GoneError,
    Link,
    NotLoadedError,
    SilentError,
    data_room,
)
from pycwtd_drivers.elm11.typing_in import type_in
from pycwtd_drivers.elm11.upload import upload
from pycwtd_drivers.line.lengths import Length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pycwt_mod.backends import SignificanceTask
    from pycwtd_drivers.elm11.plan import Group, Series

#: CRC of the tables that the firmware makes when it starts, with logarithms and cosines of the
#: board's own: a board that rounds otherwise would give other numbers.
TABLES = "BklEc3"
#: For a short answer: a line of 250 characters takes 22 ms each way, parsing it some more.
_ANSWER_SECONDS = 3.0
#: For the echo of a line that was typed.
_ECHO_SECONDS = 0.5
#: For the firmware to be compiled and to make its tables: 2,000 soft logarithms and roots of
#: 14,000 instructions each are half a second at 66 MHz.
_LOAD_SECONDS = 30.0
#: Before anything was measured: a multiplication and addition of whole numbers takes 286
#: instructions, at most six cycles each, of 66 MHz; twice of it.
_FIRST_PACE = 52e-6
#: A call may take so many times what is expected, and so much beyond, before it is given up.
_PATIENCE, _LEAST_SECONDS = 8.0, 3.0
#: Tries of a call that damage may take: one of 60 characters arrives once in six on a line that
#: damages every hundredth byte in three ways, and its answer once in two.
_TRIES = 120
#: Tries after which nothing was to be heard.
_SILENT_TRIES = 8
#: Characters of a block in a call, and bins in a line of an answer.
_MOST_TEXT, _LEAST_TEXT = 200, 16
_MOST_BINS, _LEAST_BINS = 96, 8
#: Of the points asked for, this many must come for lines to be short enough.
_ENOUGH = 0.7
#: Damaged calls after which the upload, of pages of 256 bytes, isn't tried.
_NOISY = 3

_T = TypeVar("_T")


class BoardError(Exception):
    """The board is there but doesn't do its work; the text says what was tried."""


class Board:
    """One board, from the handshake on.

    Args:
        port: path of its console.
        pace: seconds between two bytes sent.

    Raises:
        LostError: the port can't be opened.
    """

    def __init__(self, port: str, pace: float) -> None:
        self.console = Console(port, pace)
        self._link = Link(self.console)
        self._blocks: Blocks | None = None
        self._task: SignificanceTask | None = None
        #: Seconds for one tap of a filter at one point, lately.
        self._pace: float | None = None
        self.integer_bits = 0
        self._text, self._bins = Length(_MOST_TEXT, _LEAST_TEXT), Length(_MOST_BINS, _LEAST_BINS)
        #: Whether something was left running.
        self._stopped = False

    def stop(self) -> None:
        """Have the board stop, without waiting for it; it is seen to when it is next asked."""
        self._stopped = True
        self.console.interrupt()

    def close(self) -> None:
        """Give the port back."""
        self.console.close()

    @contextmanager
    def beating(self, beat: Callable[[], None]) -> Iterator[None]:
        """Have ``beat`` called while the board is waited for; it may raise."""
        self.console.line.beat = beat
        try:
            yield
        finally:
            self.console.line.beat = lambda: None

    # -- firmware --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Bring the board to its prompt, and the firmware onto it.

        Raises:
            BoardError: it isn't our kind of board, or its arithmetic is another.
            ConsoleError: it doesn't come to its prompt.
            LostError: the port is gone.
        """
        self.console.recover()
        self._retried(self._load)

    def greet(self) -> None:
        """See whether the board is still there, and has the firmware.

        Raises:
            BoardError: it doesn't answer as it should.
            LostError: the port is gone.
        """
        self._retried(self._hello)

    def _load(self) -> None:
        wanted = firmware()
        self._task = None
        before = self._link.counters.retries
        if self._version() == wanted.version or self._run_stored():
            return
        if self._link.counters.retries - before < _NOISY:
            try:
                upload(self.console, wanted.name, wanted.text)
                if self._run_stored():
                    return
            except (CallError, ConsoleError):
                self.console.recover()
        type_in(self.console, wanted)
        self._until_prompt("")
        if (found := self._version()) != wanted.version:
            raise CallError(f"the firmware says it is {found}, not {wanted.version}")

    def _run_stored(self) -> bool:
        """Run the program that may be stored already; whether it is ours then."""
        line = f'run_program("{firmware().name}")'
        for _ in range(_TRIES):
            self.console.type(line)
            arrived = self._until_prompt(line)
            if self._version() == firmware().version:
                return True
            if arrived:
                break
        return False

    def _until_prompt(self, line: str) -> bool:
        """Wait until a line has been seen to; whether its echo shows that it arrived."""
        end = time.monotonic() + _LOAD_SECONDS
        heard = time.monotonic()
        echoed = arrived = False
        while (now := time.monotonic()) < end and not (echoed and self.console.prompt()):
            for one in self.console.lines():
                echoed, heard = True, now
                arrived = arrived or one.endswith(line)
            if not echoed and now - heard > _ECHO_SECONDS:
                self.console.recover()
                break
        return arrived

    def _version(self) -> str | None:
        """The version of the firmware that is running; None where none is."""
        try:
            return self._retried(self._hello, reload=False)
        except NotLoadedError:
            return None

    def _hello(self) -> str:
        answer = self._link.call(("H",), _ANSWER_SECONDS)
        if answer.tag != "h" or len(answer.fields) != 3:
            raise CallError("the answer to a handshake is another")
        version, tables, bits = answer.fields
        if version == firmware().version and tables != TABLES:
            raise BoardError(
                f"the board's tables have the checksum {tables}, not {TABLES}: its logarithm, "
                "root or cosine rounds otherwise, and its numbers would be others"
            )
        self.integer_bits = int(bits)
        return version

    # -- work ------------------------------------------------------------------------------

    def load(self, task: SignificanceTask, plan: tuple[Series, ...]) -> Blocks:
        """Have the board know a task's filters and windows; nothing is sent twice."""
        if self._blocks is None or self._task != task:
            # A cancel may come between two blocks: what the board knows is then nobody's.
            self._task = None
            blocks = Blocks(plan, task.bins)
            self._retried(lambda: self._link.call(("F",), _ANSWER_SECONDS), reload=False)
            for number, text in enumerate(blocks.texts):
                self._send_block(number, text)
            self._blocks, self._task = blocks, task
        return self._blocks

    def _send_block(self, number: int, text: str) -> None:
        have = 0

        def send() -> int:
            words = ("B", str(number), str(have), str(len(text)))
            room = min(self._text.now, data_room(*words))
            try:
                answer = self._link.call((*words, text[have : have + room]), _ANSWER_SECONDS)
            except NotLoadedError:
                raise
            except CallError:
                self._text.arrived(False)
                raise
            self._text.arrived(True)
            if answer.fields[:1] != (str(number),) or not answer.fields[-1].isdecimal():
                raise CallError("the answer to a block is another")
            return int(answer.fields[-1])

        # The board says how much it has, whatever it was sent.
        while have < len(text):
            have = self._retried(send, reload=False)

    def bins(
        self,
        task: SignificanceTask,
        plan: tuple[Series, ...],
        where: tuple[int, int],
        seed: int,
        number: int,
    ) -> list[list[int]]:
        """The bins of the points of one group of one series, scale by scale.

        Args:
            task: the whole task.
            plan: of the task.
            where: number of the series in the plan, and of the group in it.
            seed: of the task.
            number: of the noise.

        Raises:
            BoardError: what comes isn't right, however often it is asked for.
            ConsoleError: the board doesn't come back to its prompt.
            LostError: the port is gone.
        """
        series = plan[where[0]]
        group = series.groups[where[1]]
        words = (
            *(f"{seed & 0xFFFFFFFF:x}", f"{seed >> 32:x}"),
            *(str(series.part.stream), f"{number:x}"),
        )
        # Lines that arrived whole are right whenever they came: a realisation is always the same.
        pieces = Pieces([counted.points for counted in group.counted], task.bins)
        key = self._link.next_key()

        def once() -> list[list[int]]:
            # After a reset the board has to be told again.
            block = str(self.load(task, plan).groups[where[0]][where[1]])
            self._run(key, (block, *words), group, pieces)
            self._fetch(key, pieces)
            return pieces.rows()

        return self._retried(once)

    def _run(self, key: str, words: tuple[str, ...], group: Group, pieces: Pieces) -> None:
        """Have a group computed; some of its lines may be missing then."""
        work = group.points * sum(len(row.taps) + 4 * len(row.window) for row in group.rows)
        expected = work * (self._pace or _FIRST_PACE)
        started = time.monotonic()
        call = ("R", key, str(self._bins.now), *words)
        before = pieces.left()
        try:
            end = self._link.call(call, _LEAST_SECONDS + _PATIENCE * expected, pieces.take)
        except ForgottenError:
            self._task = None
            raise
        except CallError as error:
            # Where something came, the rest is asked for; so it is where all but the end came.
            if pieces.left() == before or isinstance(error, (NotLoadedError, SilentError)):
                raise
            return
        if end.tag != "e" or end.fields != (str(pieces.points),):
            raise CallError("the answer is of another group")
        seconds = (time.monotonic() - started) / max(work, 1)
        # The slower of the last two, so that a hiccup isn't a reason to give up.
        self._pace = seconds if self._pace is None else max(seconds, 0.5 * (self._pace + seconds))

    def _fetch(self, key: str, pieces: Pieces) -> None:
        """Ask for the lines that are missing; the board has kept them."""
        while missing := pieces.missing():
            row, first, last = missing

            def ask(row: int = row, first: int = first, last: int = last) -> None:
                before = pieces.left()
                span = (str(row), str(first), str(last))
                try:
                    self._link.call(
                        ("L", key, str(self._bins.now), *span), _ANSWER_SECONDS, pieces.take
                    )
                except CallError as error:
                    if pieces.left() == before or isinstance(error, (NotLoadedError, GoneError)):
                        raise
                self._bins.arrived(before - pieces.left() >= _ENOUGH * (last - first))

            self._retried(ask, reload=False)

    def _retried(self, once: Callable[[], _T], *, reload: bool = True) -> _T:
        """Try until it is right.

        Args:
            once: one try.
            reload: whether the firmware is put back where it is missing, and what was forgotten
                told again; else the caller does it.
        """
        reasons: list[str] = []
        silent = 0
        lost = False
        for number in range(_TRIES):
            try:
                if number or self._stopped:
                    self._ready_again(lost)
                lost = False
                return once()
            except (NotLoadedError, ForgottenError, GoneError) as error:
                if not reload:
                    raise
                reasons.append(str(error))
                if isinstance(error, NotLoadedError):
                    self._reload(reasons)
            except (CallError, ConsoleError) as error:
                reasons.append(str(error))
                lost = isinstance(error, (SilentError, ConsoleError))
                silent += lost
                if silent == _SILENT_TRIES:
                    break
        raise BoardError(
            f"{self.console.port}: the board was asked {len(reasons)} times in vain: "
            f"{'; '.join(dict.fromkeys(reasons))}"
        )

    def _ready_again(self, lost: bool) -> None:
        """To the prompt, after a call that failed or was left."""
        self._link.counters.retries += not self._stopped
        if self._stopped or lost or not self.console.settle():
            self.console.recover()
            self._stopped = False

    def _reload(self, reasons: list[str]) -> None:
        try:
            self.console.recover()
            self._load()
        except (CallError, ConsoleError) as error:
            reasons.append(str(error))
