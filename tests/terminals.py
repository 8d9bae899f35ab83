"""A terminal as far as the console needs one: what stands in its cells after what was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import get_character_cell_size

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A cell's character and the codes of its style; behind a wide character stands an empty one.
Cell = tuple[str, tuple[tuple[int, object], ...]]
#: Control sequences (ECMA-48, 5.4), one that isn't whole yet, and all other characters.
_TOKENS = re.compile(
    r"\x1b\[(?P<mark>[?<>]?)(?P<numbers>[\d;]*)\$?(?P<what>[A-Za-z])"
    r"|(?P<partial>\x1b(?:\[[?<>]?[\d;$]*)?$)|(?P<character>.)",
    re.DOTALL,
)


class Cells:
    """Knows moves, colours and erasing the whole; modes and questions change no cell."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.x = self.y = 0
        self._style: dict[int, object] = {}
        self._partial = ""
        self.cells: list[list[Cell]] = []
        self._erase()

    def _erase(self) -> None:
        self.cells = [[(" ", ())] * self.columns for _ in range(self.lines)]

    @property
    def text(self) -> str:
        """What a person reads."""
        return "\n".join("".join(character for character, _ in line) for line in self.cells)

    def take(self, text: str) -> None:
        """What is written on it."""
        text, self._partial = self._partial + text, ""
        for token in _TOKENS.finditer(text):
            if token["partial"]:
                self._partial = token["partial"]
            elif token["character"]:
                self._put(token["character"])
            elif not token["mark"]:
                self._do(token["what"], [int(n or 0) for n in token["numbers"].split(";")])

    def _do(self, what: str, numbers: list[int]) -> None:
        if what == "H":
            self.y, self.x = (numbers[0] or 1) - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
        elif what == "C":
            self.x += numbers[0] or 1
        elif what == "J":
            self._erase()
        elif what == "m":
            self._turn(iter(numbers))

    def _turn(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            if number == 0:
                self._style = {}
            elif number in {38, 48}:
                few = next(numbers) == 5
                self._style[number] = tuple(next(numbers) for _ in range(1 if few else 3))
            elif number in {39, 49}:
                self._style.pop(number - 1, None)
            else:
                self._style[number] = True

    def _put(self, character: str) -> None:
        wide = get_character_cell_size(character)
        if not character.isprintable() or self.x + wide > self.columns or self.y >= self.lines:
            return
        line, style = self.cells[self.y], tuple(sorted(self._style.items()))
        # To write over one half of a wide character erases the other.
        if line[self.x][0] == "":
            line[self.x - 1] = (" ", line[self.x - 1][1])
        end = self.x + wide
        if end < self.columns and line[end][0] == "":
            line[end] = (" ", line[end][1])
        line[self.x : end] = [(character, style), ("", style)][:wide]
        self.x = end
