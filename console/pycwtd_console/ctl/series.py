"""Series from text files: every cell is a number or an error that says where it isn't.

Columns are parted by semicolons, tabs, commas or white space, whichever the first line has, in
this order. Empty lines and those that begin with ``#`` or ``%`` are passed over.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

from pycwtd.cells import number_in
from pycwtd_console.ctl.session import InputError

#: Lines that begin so are passed over.
COMMENTS = ("#", "%")
#: What people write for a missing value: in the first line they don't make a header.
_MISSING = {"", "-", "--", "?", "*", "na", "n/a", "none", "null", "missing"}

_Row = tuple[int, list[str]]


def read_series(spec: str, column: str | None = None, *, gaps: bool = False) -> list[float | None]:
    """The series that ``FILE`` or ``FILE:COLUMN`` names.

    Args:
        spec: the file, with the column's name or number (from 1) after a colon.
        column: the column, where ``spec`` has none.
        gaps: whether samples may be missing: empty cells, marks of missing values and NaN, which
            become None.

    Raises:
        InputError: naming the file, and the line where there is one.
    """
    name, own = split(spec)
    wanted = column if own is None else own
    rows = _rows(name)
    header = _header(rows[0][1])
    body = rows[1:] if header else rows
    if not body:
        raise InputError(f"{name}: has a header, but no values")
    width = len(rows[0][1])
    for line, cells in body:
        if len(cells) != width:
            raise InputError(f"{name}, line {line}: has {len(cells)} columns, not {width}")
    index = _index(name, header, width, wanted)
    return [_number(name, line, cells[index], gaps) for line, cells in body]


def split(spec: str) -> tuple[str, str | None]:
    """File and column; a file that has a colon in its name is found all the same."""
    name, colon, column = spec.rpartition(":")
    if not colon or Path(spec).exists():
        return spec, None
    return name, column


def _rows(name: str) -> list[_Row]:
    """The lines with something in them, numbered as in the file, cut into cells."""
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name}: isn't a text file in UTF-8") from None
    except OSError as error:
        raise InputError(f"{name}: can't be read: {error.strerror}") from None
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith(COMMENTS)
    ]
    if not lines:
        raise InputError(f"{name}: is empty")
    delimiter = delimiter_of(lines[0][1])
    return [(number, cells_of(line, delimiter)) for number, line in lines]


def delimiter_of(line: str) -> str | None:
    """What parts the columns of a file, by its first line; None is white space."""
    return next((mark for mark in ";\t," if mark in line), None)


def cells_of(line: str, delimiter: str | None) -> list[str]:
    """A line, cut into cells."""
    if delimiter is None:
        line, delimiter = line.expandtabs(1).strip(), " "
    reader = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    return [cell.strip() for cell in next(reader)]


def _header(first: list[str]) -> list[str] | None:
    """The first line, where it has names: no numbers, and more than marks of missing values."""
    if any(number_in(cell) is not None for cell in first):
        return None
    return first if any(cell.lower() not in _MISSING for cell in first) else None


def _index(name: str, header: list[str] | None, width: int, wanted: str | None) -> int:
    there = ", ".join(header) if header else f"1 to {width}"
    if wanted is None:
        if width > 2:
            raise InputError(
                f"{name}: has {width} columns ({there}); say which one, as {name}:COLUMN or with "
                "--column, by name or by number from 1"
            )
        return width - 1
    if header and wanted in header:
        if header.count(wanted) > 1:
            raise InputError(f"{name}: has several columns {wanted!r}; say which one by number")
        return header.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= width:
        return int(wanted) - 1
    raise InputError(f"{name}: has no column {wanted!r}; its columns: {there}")


def _number(name: str, line: int, cell: str, gaps: bool) -> float | None:
    value = number_in(cell)
    missing = cell.lower() in _MISSING or (value is not None and math.isnan(value))
    if missing and gaps:
        return None
    if missing and cell:
        raise InputError(
            f"{name}, line {line}: {cell!r} isn't a number; --gaps says what to do where samples "
            "are missing"
        )
    if value is None:
        what = f"{cell!r} isn't a number" if cell else "a value is missing; --gaps says what to do"
        raise InputError(f"{name}, line {line}: {what}")
    if not math.isfinite(value):
        raise InputError(f"{name}, line {line}: {cell} isn't a finite number")
    return value
