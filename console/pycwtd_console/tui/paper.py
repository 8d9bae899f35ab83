"""What stands on the terminal, and how little has to be written to change it.

Textual draws a widget's lines whole, however little of them is new. On a thin line that is most
of what there is, so what it draws is compared, cell by cell, with what was drawn before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from rich.cells import get_character_cell_size
from rich.console import COLOR_SYSTEMS
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.filter import LineFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.color import Color, ColorSystem
    from rich.console import Console
    from rich.segment import ControlCode
    from textual.color import Color as Background
    from textual.geometry import Size

#: A character and its style; behind a wide character stands an empty one. None is unknown.
Cell = tuple[str, Style | None] | None
#: So many cells that are as they were are written again, rather than the cursor moved over them.
_GAP = 4
#: Select graphic rendition (ECMA-48, 8.3.117): the attributes that terminals have.
_ATTRIBUTES = (
    *(("bold", 1), ("dim", 2), ("italic", 3), ("underline", 4), ("blink", 5), ("blink2", 6)),
    *(("reverse", 7), ("conceal", 8), ("strike", 9), ("underline2", 21), ("overline", 53)),
)
#: The terminal's own colours.
_DEFAULT = ("", "39", "49")


class Paper:
    """The cells of a terminal, as far as they are known."""

    def __init__(self) -> None:
        self._lines: list[list[Cell]] = []

    def forget(self) -> None:
        """Somebody else may have written on it."""
        self._lines = []

    def over(self, update: CompositorUpdate, size: Size) -> CompositorUpdate:
        """The same update, of which only what is new will be written.

        Args:
            update: of a part of the screen, or of all of it.
            size: of the terminal.
        """
        return _Changes(self, update, size)

    def write(self, update: CompositorUpdate, size: Size, console: Console) -> str:
        """What has to be written, and take it for written."""
        if (len(self._lines), len(self._lines[0]) if self._lines else 0) != (
            size.height,
            size.width,
        ):
            # A terminal of another size has moved its cells about.
            self._lines = [[None] * size.width for _ in range(size.height)]
        pen = _Pen(COLOR_SYSTEMS.get(console.color_system or ""))
        for x, y, cells in _drawn(update, console):
            if 0 <= y < size.height:
                self._change(pen, x, y, cells[: size.width - x])
        return pen.text()

    def _change(self, pen: _Pen, x: int, y: int, new: Sequence[Cell]) -> None:
        line = self._lines[y]
        old = line[x : x + len(new)]
        for begin, end in _runs(old, new):
            pen.put(x + begin, y, new[begin:end])
        line[x : x + len(new)] = new


class _Changes(CompositorUpdate):
    def __init__(self, paper: Paper, update: CompositorUpdate, size: Size) -> None:
        self._paper, self._update, self._size = paper, update, size

    def render_segments(self, console: Console) -> str:
        return self._paper.write(self._update, self._size, console)


def _drawn(update: CompositorUpdate, console: Console) -> Iterator[tuple[int, int, list[Cell]]]:
    """What an update draws: from which column on, in which line, which cells."""
    x = y = 0
    cells: list[Cell] = []
    # Neither of the updates that there are looks at the options.
    for segment in cast("Any", update).__rich_console__(console, None):
        if segment.control:
            if cells:
                yield x, y, cells
            x, y = _place(segment.control)
            cells = []
        elif segment.text != "\n":
            cells += _cells(segment)
    if cells:
        yield x, y, cells


def _place(control: Sequence[ControlCode]) -> tuple[int, int]:
    """Where the cursor is moved to."""
    _, x, y = cast("tuple[Any, int, int]", control[0])
    return x, y


def _cells(segment: Segment) -> list[Cell]:
    style = segment.style
    if segment.text.isascii():
        return [(character, style) for character in segment.text]
    cells: list[Cell] = []
    for character in segment.text:
        width = get_character_cell_size(character)
        if width:
            cells += [(character, style), ("", style)][:width]
        elif cells and (last := cells[-1]):
            # A mark on the character before it.
            cells[-1] = (last[0] + character, style)
    return cells


def _runs(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Where two lines differ, from where to where."""
    if old == new:
        return
    begin = end = -1
    for at, (before, now) in enumerate(zip(old, new, strict=True)):
        if before == now:
            continue
        if begin >= 0 and at - end > _GAP:
            yield _whole(old, new, begin, end)
            begin = at
        elif begin < 0:
            begin = at
        end = at + 1
    yield _whole(old, new, begin, end)


def _whole(old: Sequence[Cell], new: Sequence[Cell], begin: int, end: int) -> tuple[int, int]:
    """The same, with no half of a wide character at its rims: terminals have no halves."""
    while begin and (_behind(old[begin]) or _behind(new[begin])):
        begin -= 1
    while end < len(new) and (_behind(old[end]) or _behind(new[end])):
        end += 1
    return begin, end


def _behind(cell: Cell) -> bool:
    return cell is not None and not cell[0]


class _Pen:
    """Moves and writes, with as few control sequences as it takes."""

    def __init__(self, system: ColorSystem | None) -> None:
        self._system = system
        self._written: list[str] = []
        self._at = (-1, -1)
        self._codes = _DEFAULT

    def put(self, x: int, y: int, cells: Sequence[Cell]) -> None:
        """Write cells from a place on."""
        if self._at != (x, y):
            behind = x - self._at[0] if y == self._at[1] else 0
            near = f"\x1b[{behind}C" if behind > 1 else "\x1b[C"
            self._written.append(near if behind > 0 else f"\x1b[{y + 1};{x + 1}H")
        for cell in cells:
            assert cell is not None
            character, style = cell
            codes = _codes(style, self._system) if style else _DEFAULT
            if codes != self._codes:
                self._written.append(self._turn(codes))
            self._written.append(character)
        self._at = (x + len(cells), y)

    def _turn(self, codes: tuple[str, str, str]) -> str:
        """From one style to another."""
        before, self._codes = self._codes, codes
        if codes == _DEFAULT:
            return "\x1b[0m"
        if codes[0] == before[0]:
            parts = [now for now, was in zip(codes, before, strict=True) if now != was]
        else:
            # Attributes are taken away all together, and colours with them.
            parts = ["0", *(now for now, own in zip(codes, _DEFAULT, strict=True) if now != own)]
            parts = parts[1:] if before == _DEFAULT else parts
        return f"\x1b[{';'.join(parts)}m"

    def text(self) -> str:
        """All of it; the terminal has its own colours again."""
        if self._codes != _DEFAULT:
            self._written.append("\x1b[0m")
        return "".join(self._written)


@lru_cache(4096)
def _codes(style: Style, system: ColorSystem | None) -> tuple[str, str, str]:
    """Attributes, colour and background as codes."""
    attributes = ";".join(str(code) for name, code in _ATTRIBUTES if getattr(style, name))
    front, back = _colour(style.color, system, 39), _colour(style.bgcolor, system, 49)
    return attributes, front, back


def _colour(colour: Color | None, system: ColorSystem | None, default: int) -> str:
    if colour is None or system is None:
        return str(default)
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground=default == 39))


class Colourless(LineFilter):
    """Leaves attributes alone (https://no-color.org): bold, reverse and the like."""

    def apply(self, segments: list[Segment], background: Background) -> list[Segment]:
        """The same without colours."""
        return [
            Segment(text, style.without_color if style else style, control)
            for text, style, control in segments
        ]
