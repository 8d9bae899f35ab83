"""Pixels as cells: an upper half block in two colours, or shades where colours are few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pycwtd_console.tui.drawing.palette import (
    CONTOUR_SHADE,
    HATCH,
    Palette,
    Rgb,
    mixed,
    shade,
    table,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwtd_console.tui.drawing.raster import Picture

HALF = "▀"
#: Of the background in the colours within the cone of influence, and in its hatching.
_DIMMED, _HATCHED = 0.45, 0.65
_CONTOUR: Rgb = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Cell:
    """A character and its colours; None leaves them to the screen."""

    text: str
    above: Rgb | None = None
    below: Rgb | None = None
    #: Part of the contour, or within the cone, where characters alone say so.
    edge: bool = False
    cone: bool = False


def coloured(picture: Picture, palette: Palette, background: Rgb) -> list[list[Cell]]:
    """Two pixels to the cell: the upper one in the foreground's colour, the lower behind it.

    Args:
        picture: with an even number of rows.
        palette: the table of colours.
        background: of the screen, which shows through within the cone.
    """
    pixels = _pixels(picture, palette, background)
    rows, columns = picture.share.shape
    return [
        [Cell(HALF, _rgb(pixels[y, x]), _rgb(pixels[y + 1, x])) for x in range(columns)]
        for y in range(0, rows, 2)
    ]


def shaded(picture: Picture) -> list[list[Cell]]:
    """One shade to the cell, the mean of its two pixels; hatched within the cone."""
    share = picture.share
    rows, columns = share.shape
    cells = []
    for y in range(0, rows, 2):
        line = []
        for x in range(columns):
            there = [float(v) for v in share[y : y + 2, x] if not np.isnan(v)]
            edge, cone = (
                bool(picture.edge[y : y + 2, x].any()),
                bool(picture.cone[y : y + 2, x].all()),
            )
            text = shade(sum(there) / len(there)) if there else " "
            if edge:
                text = CONTOUR_SHADE
            elif cone and (x + y // 2) % 3 == 0:
                text = HATCH
            line.append(Cell(text, edge=edge, cone=cone))
        cells.append(line)
    return cells


def _pixels(picture: Picture, palette: Palette, background: Rgb) -> NDArray[np.uint8]:
    """The colour of every pixel, shape (rows, columns, 3)."""
    colours = table(palette)
    dimmed = [mixed(c, background, _DIMMED) for c in colours]
    hatched = [mixed(c, background, _HATCHED) for c in colours]
    share = np.nan_to_num(np.clip(picture.share, 0.0, 1.0), nan=0.0)
    index = np.round(share * 255).astype(np.intp)
    pixels = np.array(colours, dtype=np.uint8)[index]
    y, x = np.indices(share.shape)
    stripe = (x + y) % 4 == 0
    pixels = np.where(picture.cone[..., None], np.array(dimmed, dtype=np.uint8)[index], pixels)
    striped = picture.cone & stripe
    pixels = np.where(striped[..., None], np.array(hatched, dtype=np.uint8)[index], pixels)
    pixels[np.isnan(picture.share)] = background
    pixels[picture.edge] = _CONTOUR
    return np.asarray(pixels, dtype=np.uint8)


def _rgb(pixel: NDArray[np.uint8]) -> Rgb:
    return (int(pixel[0]), int(pixel[1]), int(pixel[2]))
