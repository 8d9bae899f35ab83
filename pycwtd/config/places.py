"""At which line of a TOML text a key stands; the standard library's reader doesn't tell."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycwtd.config.model import Key


def lines(text: str) -> dict[Key, int]:
    """Line of each key and each table in a TOML text without errors, counted from 1.

    Statement by statement, each as long as it takes to be one: what a statement is, is left to
    the reader itself.
    """
    found: dict[Key, int] = {}
    counts: Counter[Key] = Counter()
    table: Key = ()
    rows = text.split("\n")
    at = 0
    while at < len(rows):
        end = at + 1
        while (statement := _read(rows[at:end])) is None and end < len(rows):
            end += 1
        if rows[at].lstrip().startswith("["):
            table = _header(statement or {}, counts)
            found.setdefault(table, at + 1)
        for key in _keys(statement or {}):
            found.setdefault((*table, *key), at + 1)
        at = end
    return found


def _read(rows: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(rows))
    except tomllib.TOMLDecodeError:
        return None


def _header(statement: dict[str, Any], counts: Counter[Key]) -> Key:
    """The place of ``[a.b]``, or of the next of ``[[a]]``; empties the statement."""
    key: Key = ()
    inner: Any = dict(statement)
    statement.clear()
    while inner:
        if isinstance(inner, list):
            counts[key] += 1
            key = (*key, counts[key] - 1)
            inner = inner[0]
            continue
        ((name, inner),) = inner.items()
        key = (*key, name)
    return key


def _keys(value: Any, key: Key = ()) -> Iterator[Key]:
    """All keys inside a value, the outer ones first."""
    if isinstance(value, dict):
        inner: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
        inner = list(enumerate(value))
    else:
        return
    for name, one in inner:
        yield (*key, name)
        yield from _keys(one, (*key, name))
