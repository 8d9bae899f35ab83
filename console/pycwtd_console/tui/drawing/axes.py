"""Axes: which values are labelled, and in which cells the labels stand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Labels of an axis are these figures times a power of ten apart.
_STEPS = (1.0, 2.0, 5.0, 10.0)
#: Powers of ten from which on, and up to which, numbers are written out.
_SMALLEST, _LARGEST = -4, 7


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled value."""

    value: float
    label: str


def linear_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Round values from low to high, evenly spaced, not more than so many.

    Args:
        low: the axis' beginning.
        high: its end; where it isn't above the beginning, that alone is labelled.
        most: 1 or more.
    """
    if not high > low:
        return [Tick(low, number(low))]
    least = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(least))
    for step in [figure * power for figure in _STEPS] + [20.0 * power]:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return [Tick(k * step, _rounded(k * step, places)) for k in range(first, last + 1)]


def octave_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Powers of two from low to high, whole numbers of octaves apart, not more than so many.

    Args:
        low: the axis' beginning, above 0.
        high: its end, above it.
        most: 1 or more.
    """
    first = math.ceil(math.log2(low) - 1e-9)
    last = math.floor(math.log2(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / max(most, 1)))
    return [Tick(2.0**k, number(2.0**k)) for k in range(first, last + 1, every)]


def number(value: float, digits: int = 5) -> str:
    """A number for people: so many digits at most, no needless zeros, a real minus sign."""
    if value == 0.0:
        return "0"
    if not math.isfinite(value):
        return "–"
    power = math.floor(math.log10(abs(value)))
    if power < _SMALLEST or power >= _LARGEST:
        text = f"{value:.{max(digits - 3, 0)}e}"
        mantissa, exponent = text.split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return _rounded(value, max(0, digits - 1 - power)).replace("-", "−")


def _rounded(value: float, places: int) -> str:
    power = 0 if value == 0.0 else math.floor(math.log10(abs(value)))
    if power >= _LARGEST or (power < _SMALLEST and value != 0.0):
        return number(value)
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text).replace("-", "−")


def cell_of(value: float, low: float, high: float, cells: int) -> int:
    """The cell that a value lies in, of so many that share low to high evenly.

    The end itself belongs to the last cell; what lies beyond is in the cell at that end.
    """
    if not high > low:
        return 0
    cell = math.floor((value - low) / (high - low) * cells)
    return max(0, min(cell, cells - 1))


def label_line(ticks: Sequence[Tick], low: float, high: float, cells: int) -> str:
    """Labels beneath an axis: one line, each label about its value's cell.

    Labels that would touch another one are left out; all of the line is ``cells`` wide.
    """
    line = [" "] * cells
    free = 0
    for tick in ticks:
        size = len(tick.label)
        begin = cell_of(tick.value, low, high, cells) - size // 2
        begin = max(0, min(begin, cells - size))
        if begin < free or begin + size > cells:
            continue
        line[begin : begin + size] = tick.label
        free = begin + size + 1
    return "".join(line)
