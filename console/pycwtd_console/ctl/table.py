"""Plain tables: aligned for eyes, one record a line for other programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


def print_table(header: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> None:
    """Rows of as many cells each; the last column isn't padded or cut, whatever is in it."""
    lines = [*([header] if header else []), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def local(time: str | None) -> str:
    """A time of the API in this machine's zone; a dash for none."""
    if time is None:
        return "-"
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
