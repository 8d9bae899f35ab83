"""Cells of tables of text, as the daemon and its consoles read them."""

from __future__ import annotations


def number_in(cell: str) -> float | None:
    """The number in a cell, if there is one; NaN and infinities are numbers."""
    # Python takes 1_000 for a number, tables don't.
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None
