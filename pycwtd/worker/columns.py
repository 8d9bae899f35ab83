"""Which column or array of a file is meant, and what is said where that isn't clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd.worker.bounds import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a refusal adds where a sample is missing.
FILL_FIRST = "; if samples are missing, fill the gaps first, or say so by 'gaps' in the metadata"


def find_column(column: str | int | None, titles: Sequence[str] | None, width: int) -> int:
    """The number of a column, from 0 on.

    Args:
        column: the one that is wanted, by name or number; None takes the only one.
        titles: the columns' names, where they have some.
        width: how many there are.

    Raises:
        RefusedError: there is no such column, or several and none is wanted.
    """
    shown = ", ".join(short(title) for title in (titles or [])[:20])
    if column is None:
        if width > 1:
            named = f" ({shown})" if titles else ""
            raise RefusedError(
                "column",
                f"file: has {width} columns{named}; say which, by name or by number from 0 on, "
                "as 'column' in the metadata",
                combination=True,
            )
        return 0
    if isinstance(column, int):
        if not 0 <= column < width:
            raise RefusedError("column", f"metadata.column: {column} isn't among 0 to {width - 1}")
        return column
    if titles is None or column not in titles:
        known = f"there are {shown}" if titles else "the file has no line of names"
        raise RefusedError("column", f"metadata.column: no {short(column)}: {known}")
    return titles.index(column)


def find_variable(names: list[str], column: str | int | None) -> str:
    """The name of an array of a file that has several, as :func:`find_column`.

    Raises:
        RefusedError: there is no such array, or several and none is wanted.
    """
    shown = ", ".join(short(name) for name in names[:20])
    if column is None and len(names) == 1:
        return names[0]
    if column is None or (isinstance(column, int) and not 0 <= column < len(names)):
        raise RefusedError(
            "column",
            f"file: has {len(names)} arrays ({shown}); name one as 'column' in the metadata",
            combination=column is None,
        )
    if isinstance(column, int):
        return names[column]
    if column not in names:
        raise RefusedError("column", f"metadata.column: no {short(column)}: there are {shown}")
    return column


def short(text: str) -> str:
    """A name from a file, fit to be shown."""
    return ascii(text if len(text) <= 40 else text[:40] + "…")
