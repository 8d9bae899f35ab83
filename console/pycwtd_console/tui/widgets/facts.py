"""Names and what is to be said of them, in two columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable


def facts(rows: Iterable[tuple[str, str]], width: int = 12) -> Table:
    """A table of facts; long ones go on in the next line.

    Args:
        rows: name and text; those without a text are left out.
        width: of the names.
    """
    table = Table.grid(padding=(0, 1))
    table.add_column(width=width, no_wrap=True, style="dim")
    table.add_column(ratio=1)
    for name, text in rows:
        if text:
            table.add_row(Text(name), Text(text))
    return table


def size(count: float) -> str:
    """Bytes, short."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
