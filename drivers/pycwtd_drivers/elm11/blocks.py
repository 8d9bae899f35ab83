"""How a plan is written down for the board: blocks of whole numbers, three characters each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycwtd_drivers.elm11.plan import Group, Series

#: Digits of base 64, as the firmware has them.
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
#: Numbers lie between minus this and this.
_OFFSET = 1 << 17


def write_numbers(numbers: Iterable[int]) -> str:
    """Whole numbers from −2¹⁷ to 2¹⁷ − 1 as text.

    Raises:
        ValueError: a number is beyond.
    """
    text = []
    for number in numbers:
        value = number + _OFFSET
        if not 0 <= value < 2 * _OFFSET:
            raise ValueError(f"{number} doesn't fit into three digits of base 64")
        text.append(DIGITS[value >> 12] + DIGITS[value >> 6 & 63] + DIGITS[value & 63])
    return "".join(text)


def read_bins(text: str) -> list[int] | None:
    """Bins of two digits each; None where there is another character, or one too many."""
    if len(text) % 2 or not all(c in _VALUES for c in text):
        return None
    return [_VALUES[a] << 6 | _VALUES[b] for a, b in zip(text[::2], text[1::2], strict=True)]


class Blocks:
    """The blocks of a task; those that are alike are there once.

    Attributes:
        texts: of each block, in the order of their numbers.
        groups: the number of the block of each group, series after series.
    """

    def __init__(self, plan: tuple[Series, ...], bins: int) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self.groups = [[self._group(s, group, bins) for group in s.groups] for s in plan]

    def _number(self, numbers: Iterable[int]) -> int:
        text = write_numbers(numbers)
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return self._numbers[text]

    def _group(self, series: Series, group: Group, bins: int) -> int:
        counted = [c.outside for c in group.counted if c.points]
        first = min((span[0] for span in counted), default=0)
        last = max((span[1] for span in counted), default=-1)
        rows = [(self._number(row.taps), self._number(row.window)) for row in group.rows]
        return self._number(
            [
                *(series.length, series.pad, *series.lags, *series.innovations),
                *(group.step, group.offset, group.points, *group.ends, *group.shifts),
                *(bins, first, last, group.own),
                *(len(group.rows), len(group.counted), len(group.weights)),
                *group.weights,
                *(number for pair in rows for number in pair),
                *(index for one in group.counted for index in one.outside),
            ]
        )
