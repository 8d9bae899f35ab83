"""``pycwtctl stream``: two columns in, a line for each window out, while they come."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pycwtd.cells import number_in
from pycwtd.client import Streams
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.series import COMMENTS, cells_of, delimiter_of
from pycwtd_console.ctl.session import (
    InputError,
    RefusedError,
    Session,
    json_option,
    pass_session,
)
from pycwtd_console.ctl.submit import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pycwtd.client import Client, Stream

#: Bytes that are read at a time; fewer come where fewer are there.
_BLOCK = 65536
#: Blocks that wait to be sent.
_WAITING = 4
_HEADER = ("start", "from", "to", "mean R²", "period", "R² there", "phase")
_WIDTHS = (9, 10, 10, 8, 9, 9, 8)

Pairs = list[tuple[float, float]]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option("--dt", type=number, required=True, help="Sampling interval.")
@click.option("--window", type=int, help="Samples of a window.  [default: 1000]")
@click.option("--hop", type=int, help="From the start of one to the next.  [default: the window]")
@click.option("--dj", type=number, help="Spacing of scales in octaves.  [default: 0.25]")
@click.option("--s0", type=number, help="Smallest scale.  [default: of period 2 dt]")
@click.option("--J", "J", type=int, help="Scales less one.  [default: as many as fit]")
@click.option(
    "--wavelet",
    "mother",
    type=click.Choice(["morlet", "paul", "dog", "mexicanhat", "morse"]),
    help="Mother wavelet.  [default: morlet]",
)
@click.option("--param", type=number, help="Its ω0, order or β.  [default: 6, 4, 2, 20]")
@click.option("--gamma", type=number, help="γ of Morse.  [default: 3]")
@click.option(
    "--normalize/--no-normalize",
    default=None,
    help="Take off the mean and divide by the standard deviation or not.  [default: do]",
)
@click.option(
    "--columns", metavar="FIRST,SECOND", help="By name, or by number from 1.  [default: 1,2]"
)
@json_option
@pass_session
def stream(session: Session, /, file: str, columns: str | None, **fields: Any) -> None:
    """Follow the coherence of two series that are still coming in, window by window.

    FILE has two columns or more, as for submit; without it, or as -, lines are read from stdin
    as they come. A line for each window says where it is, the mean coherence outside the cone
    of influence, the period where it is highest with its coherence, and the phase there in
    degrees, positive where the first series leads. With --json, the daemon's whole result, an
    object a line.
    """
    config = {name: value for name, value in fields.items() if value is not None}

    lines = _Lines("stdin" if file == "-" else file, columns)

    async def work(client: Client) -> int:
        with _opened(file) as handle:
            async with Streams(client).open(config) as one:
                session.say(f"windows of {one.window} samples, one for every {one.hop}")
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(_send(one, handle, lines))
                        lost = group.create_task(_show(session, one, config["dt"]))
                # A group of tasks raises nothing else, whatever one of them has failed with: lines
                # that are none, a file, the line to the daemon. The first is why the other ended.
                except ExceptionGroup as errors:
                    raise errors.exceptions[0] from None
                return lost.result()

    if lost := ask(session, work):
        raise RefusedError(f"{lost} of the windows came to nothing", "windows_lost")


@contextmanager
def _opened(file: str) -> Iterator[int]:
    if file == "-":
        yield 0
        return
    handle = os.open(file, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


async def _send(one: Stream, handle: int, lines: _Lines) -> None:
    """Everything that can be read, as soon as it can."""
    loop = asyncio.get_running_loop()
    blocks: asyncio.Queue[bytes | OSError] = asyncio.Queue()
    room = threading.Semaphore(_WAITING)

    def read() -> None:
        block: bytes | OSError = b" "
        while block and not isinstance(block, OSError):
            room.acquire()
            try:
                block = os.read(handle, _BLOCK)
            except OSError as error:
                block = error
            if loop.is_closed():
                return
            loop.call_soon_threadsafe(blocks.put_nowait, block)

    # A thread that waits for stdin keeps nobody from leaving.
    threading.Thread(target=read, name="input", daemon=True).start()
    while block := await blocks.get():
        if isinstance(block, OSError):
            raise block
        room.release()
        if pairs := lines.take(block):
            await one.send([a for a, _ in pairs], [b for _, b in pairs])
    if pairs := lines.end():
        await one.send([a for a, _ in pairs], [b for _, b in pairs])
    await one.finish()


async def _show(session: Session, one: Stream, dt: float) -> int:
    """A line for every window; returns how many there are that came to nothing."""
    lost = 0
    async for result in one.results():
        if isinstance(result, str):
            lost += 1
            click.echo(f"a window came to nothing: {result}", err=True)
        elif session.json:
            print_json(result)
        else:
            if not result["start"]:
                _print(_HEADER)
            _print(summary(result, dt, one.window))
    return lost


def _print(cells: Sequence[str]) -> None:
    click.echo("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)))


def summary(result: dict[str, Any], dt: float, window: int) -> tuple[str, ...]:
    """A window in a line.

    Args:
        result: as the daemon sends it: ``WCT``, ``aWCT`` (scales × samples), ``coi``, ``freqs``.
        dt: sampling interval.
        window: its samples.
    """
    best, total, count = (-1.0, 0.0, 0.0), 0.0, 0
    for values, angles, freq in zip(result["WCT"], result["aWCT"], result["freqs"], strict=True):
        free = [k for k, rim in enumerate(result["coi"]) if rim is not None and 1 / freq <= rim]
        free = [k for k in free if values[k] is not None]
        if not free:
            continue
        row = math.fsum(values[k] for k in free)
        total, count = total + row, count + len(free)
        if row / len(free) > best[0]:
            # The mean of angles is that of their arrows.
            across = math.fsum(math.cos(angles[k]) for k in free)
            up = math.fsum(math.sin(angles[k]) for k in free)
            best = (row / len(free), 1 / freq, math.degrees(math.atan2(up, across)))
    start = result["start"]
    place = (f"{start}", f"{start * dt:.6g}", f"{(start + window - 1) * dt:.6g}")
    if not count:
        return (*place, "-", "-", "-", "-")
    return (*place, f"{total / count:.3f}", f"{best[1]:.5g}", f"{best[0]:.3f}", f"{best[2]:.1f}")


class _Lines:
    """Lines from blocks of bytes, and pairs of numbers from lines."""

    def __init__(self, name: str, columns: str | None) -> None:
        self._name = name
        self._wanted = [one.strip() for one in (columns or "1,2").split(",")]
        if len(self._wanted) != 2:
            raise click.BadParameter(f"--columns {columns!r} must be two, such as 1,2")
        self._number = 0
        self._rest = b""
        self._delimiter: str | None = None
        self._places: list[int] | None = None

    def take(self, block: bytes) -> Pairs:
        """The pairs of all lines that are whole."""
        *whole, self._rest = (self._rest + block).split(b"\n")
        found = (self._pair(line) for line in whole)
        return [pair for pair in found if pair]

    def end(self) -> Pairs:
        """The pair of a last line without an end."""
        pair = self._pair(self._rest)
        return [pair] if pair else []

    def _pair(self, raw: bytes) -> tuple[float, float] | None:
        self._number += 1
        try:
            line = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._wrong("isn't text in UTF-8") from None
        if not line.strip() or line.lstrip().startswith(COMMENTS):
            return None
        if self._places is None:
            self._delimiter = delimiter_of(line)
            cells = cells_of(line, self._delimiter)
            named = all(number_in(cell) is None for cell in cells)
            self._places = [self._place(one, cells, named) for one in self._wanted]
            if named:
                return None
        cells = cells_of(line, self._delimiter)
        if max(self._places) >= len(cells):
            raise self._wrong(f"has {len(cells)} columns")
        first, second = (self._value(cells[place]) for place in self._places)
        return first, second

    def _place(self, wanted: str, cells: list[str], named: bool) -> int:
        if named and wanted in cells:
            return cells.index(wanted)
        if wanted.isdecimal() and 1 <= int(wanted) <= len(cells):
            return int(wanted) - 1
        there = ", ".join(cells) if named else f"1 to {len(cells)}"
        raise self._wrong(f"there is no column {wanted!r}; there are {there}")

    def _value(self, cell: str) -> float:
        value = number_in(cell)
        if value is None or not math.isfinite(value):
            raise self._wrong(f"{cell!r} isn't a finite number")
        return value

    def _wrong(self, text: str) -> InputError:
        return InputError(f"{self._name}, line {self._number}: {text}")
