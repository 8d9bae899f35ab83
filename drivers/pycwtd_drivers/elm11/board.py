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
    TRIES,
    CallError,
    ForgottenError,
    Link,
    NotLoadedError,
    data_room,
)
from pycwtd_drivers.elm11.typing_in import type_in
from pycwtd_drivers.elm11.upload import upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pycwt_mod.backends import SignificanceTask
    from pycwtd_drivers.elm11.plan import Group, Series

#: CRC of the tables that the firmware makes when it starts, with logarithms and cosines of the
#: board's own: a board that rounds otherwise would give other numbers.
TABLES = "eb06"
#: For a short answer: a line of 250 characters takes 22 ms each way, parsing it some more.
_ANSWER_SECONDS = 3.0
#: For the firmware to be compiled and to make its tables: 2,000 soft logarithms and roots of
#: 14,000 instructions each are half a second at 66 MHz.
_LOAD_SECONDS = 30.0
#: Before anything was measured: a multiplication and addition of whole numbers takes 286
#: instructions, at most six cycles each, of 66 MHz; twice of it.
_FIRST_PACE = 52e-6
#: A call may take so many times what is expected, and so much beyond, before it is given up.
_PATIENCE, _LEAST_SECONDS = 8.0, 3.0

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
        self._retried(lambda: self._hello(_ANSWER_SECONDS))

    def _load(self) -> None:
        wanted = firmware()
        self._task = None
        if self._version() == wanted.version or self._run_stored() == wanted.version:
            return
        try:
            upload(self.console, wanted.name, wanted.text)
            if self._run_stored() == wanted.version:
                return
        except (CallError, ConsoleError):
            self.console.recover()
        type_in(self.console, wanted.text)
        self._until_prompt()
        if (found := self._version()) != wanted.version:
            raise CallError(f"the firmware says it is {found}, not {wanted.version}")

    def _run_stored(self) -> str | None:
        """Run the program that may be stored already; what it says its version is."""
        self.console.type(f'run_program("{firmware().name}")')
        self._until_prompt()
        return self._version()

    def _until_prompt(self) -> None:
        end = time.monotonic() + _LOAD_SECONDS
        echoed = False
        while time.monotonic() < end and not (echoed and self.console.prompt()):
            echoed = bool(self.console.lines()) or echoed

    def _version(self) -> str | None:
        """The version of the firmware that is running; None where none is."""
        try:
            return self._hello(_ANSWER_SECONDS)
        except NotLoadedError:
            return None

    def _hello(self, silence: float) -> str:
        answer = self._link.call(("H",), silence)
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
        room = data_room(999_999, number, 99, 99)
        parts = [text[i : i + room] for i in range(0, len(text), room)]
        for i, part in enumerate(parts):
            words = ("B", str(number), str(i), str(len(parts)), part)

            def send(words: tuple[str, ...] = words) -> None:
                self._link.call(words, _ANSWER_SECONDS)

            self._retried(send, reload=False)

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
            *(f"{seed & 0xFFFFFFFF:08x}", f"{seed >> 32:08x}"),
            *(str(series.part.stream), f"{number:08x}"),
        )

        # Lines that arrived whole are right whenever they came: a realisation is always the same.
        pieces = Pieces([counted.points for counted in group.counted], task.bins)

        def once() -> list[list[int]]:
            # After a reset the board has to be told again.
            block = str(self.load(task, plan).groups[where[0]][where[1]])
            self._run(("R", block, *words), group, pieces)
            return pieces.rows()

        return self._retried(once)

    def _run(self, words: tuple[str, ...], group: Group, pieces: Pieces) -> None:
        work = group.points * sum(len(row.taps) + 4 * len(row.window) for row in group.rows)
        expected = work * (self._pace or _FIRST_PACE)
        started = time.monotonic()
        try:
            end = self._link.call(words, _LEAST_SECONDS + _PATIENCE * expected, pieces.take)
        except ForgottenError:
            self._task = None
            raise
        except NotLoadedError:
            raise
        except CallError:
            if not pieces.complete():
                raise
            return
        if end.tag != "e" or end.fields != (str(pieces.points),) or not pieces.complete():
            raise CallError("some of the points didn't arrive")
        seconds = (time.monotonic() - started) / max(work, 1)
        # The slower of the last two, so that a hiccup isn't a reason to give up.
        self._pace = seconds if self._pace is None else max(seconds, 0.5 * (self._pace + seconds))

    def _retried(self, once: Callable[[], _T], *, reload: bool = True) -> _T:
        """Try until it is right.

        Args:
            once: one try.
            reload: whether the firmware is put back where it is missing; else the caller does it.
        """
        reasons: list[str] = []
        for number in range(TRIES):
            try:
                if number or self._stopped:
                    self.console.recover()
                    self._stopped = False
                return once()
            except NotLoadedError as error:
                if not reload:
                    raise
                reasons.append(str(error))
                self._reload(reasons)
            except (CallError, ConsoleError) as error:
                reasons.append(str(error))
        raise BoardError(
            f"{self.console.port}: the board was asked {TRIES} times in vain: "
            f"{'; '.join(dict.fromkeys(reasons))}"
        )

    def _reload(self, reasons: list[str]) -> None:
        try:
            self.console.recover()
            self._load()
        except (CallError, ConsoleError) as error:
            reasons.append(str(error))
