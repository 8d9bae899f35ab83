"""Samples from text: CSV, and lists of numbers in JSON."""

from __future__ import annotations

import itertools
import math
from array import array
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pycwtd.cells import number_in
from pycwtd.worker.bounds import RefusedError, too_long
from pycwtd.worker.columns import FILL_FIRST, find_column, short

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_DELIMITERS = ",;\t"
#: Characters of a line of a table.
_LINE = 2**20
#: What tables write where a sample is missing; no column is named so.
_MISSING = {"", "-", "?", "na", "n/a", "null", "none", "missing"}


def read_csv(path: Path, column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    """The samples of one column of a table."""
    rows = _rows(path)
    try:
        number, first = next(rows)
    except StopIteration:
        raise RefusedError("empty", "file: holds no line but comments") from None
    index, titled = _place(column, [_clean(cell) for cell in first])
    values = array("d")
    if not titled:
        rows = itertools.chain([(number, first)], rows)
    width = len(first)
    for line, cells in rows:
        if len(cells) != width:
            raise RefusedError(
                "ragged", f"file: line {line} has {len(cells)} cells, the ones before it {width}"
            )
        values.append(_sample(_clean(cells[index]), line, gaps))
        if len(values) > limit:
            raise too_long(limit)
    return np.frombuffer(values) if values else np.zeros(0)


def _sample(cell: str, line: int, gaps: bool) -> float:
    """A cell's number; NaN where it is missing and may be."""
    value = number_in(cell)
    missing = cell.lower() in _MISSING or (value is not None and math.isnan(value))
    if gaps and missing:
        return math.nan
    if value is None or not math.isfinite(value):
        cure = FILL_FIRST if missing else ""
        raise RefusedError("not_a_number", f"file: line {line}: {short(cell)} isn't a number{cure}")
    return value


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines that aren't empty or comments, cut into cells, with their numbers."""
    delimiter: str | None = None
    known = False
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LINE + 1), ""), 1):
                if len(line) > _LINE:
                    raise RefusedError(
                        "ragged", f"file: line {number} has more than {_LINE} characters"
                    )
                text = line.strip(" \r\n")
                if not text or text[0] == "#" or text.isspace():
                    continue
                if not known:
                    delimiter = next((d for d in _DELIMITERS if d in text), None)
                    known = True
                yield number, text.split(delimiter)
    except UnicodeDecodeError as error:
        raise RefusedError("encoding", f"file: isn't UTF-8 text: {error.reason}") from None


def _clean(cell: str) -> str:
    return cell.strip().strip('"')


def _place(column: str | int | None, first: list[str]) -> tuple[int, bool]:
    """Which column is meant, and whether the first line holds names."""
    titles = first if any(number_in(cell) is None for cell in first) else None
    index = find_column(column, titles, len(first))
    if isinstance(column, str):
        return index, True
    # Beside a date a number is a sample: a line of names has a name there, too.
    cell = first[index]
    return index, number_in(cell) is None and cell.lower() not in _MISSING


def read_json(path: Path, _column: str | int | None, gaps: bool, limit: int) -> NDArray[Any]:
    """The samples of a list of numbers."""
    kind: Any = list[float | None] if gaps else list[float]
    text = path.read_bytes()
    # In a list of numbers all commas are between two of them.
    if text.count(b",") >= limit:
        raise too_long(limit, text.count(b",") + 1)
    try:
        values = msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$")
        found = told.replace("Expected `float | null`", "expected a number or null")
        found = found.replace("Expected `float`", "expected a number").replace("`", "")
        found = found.replace("Expected array", "expected a list of numbers")
        where = f"sample {place.strip('`[]')} (from 0 on): " if place else ""
        raise RefusedError("not_a_number", f"file: {where}{found}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("json", f"file: isn't valid JSON: {error}") from None
    return np.asarray(values, dtype=np.float64)
