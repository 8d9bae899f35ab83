"""Tables of colours that any colour vision can read, and shades where there are no colours."""

from __future__ import annotations

from typing import Literal

#: Red, green and blue, each 0 to 255.
Rgb = tuple[int, int, int]
Palette = Literal["viridis", "cividis"]
#: What a terminal shows: colours enough for a table, sixteen, or none.
Depth = Literal["full", "sixteen", "none"]

#: 33 of each table's 256 colours, evenly spaced. Viridis: N. Smith & S. van der Walt, 2015,
#: CC0; cividis: Nuñez, Anderton & Renslow 2018, doi:10.1371/journal.pone.0199239.
_TABLES: dict[Palette, str] = {
    "viridis": """
        440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d
        2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a
        3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b fde725
    """,
    "cividis": """
        00224e 00285b 002e6a 053371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 535a6d
        5a5f6e 61656f 686a71 6f7073 767676 7d7c78 848279 8c8878 938e78 9b9476 a39a74
        aba072 b4a76f bcae6c c4b468 cdbb63 d5c25e dec958 e7d150 f0d846 f9e03a fee838
    """,
}
PALETTES: tuple[Palette, ...] = ("viridis", "cividis")
#: Shades from nothing to all, without colours; the last is kept for the contour.
SHADES = " ░▒▓"
CONTOUR_SHADE = "█"
#: Stands between the shades within the cone of influence.
HATCH = "╱"


def table(palette: Palette) -> list[Rgb]:
    """All 256 colours of a table, from the least to the greatest value."""
    knots = [_rgb(text) for text in _TABLES[palette].split()]
    return [_at(knots, k / 255) for k in range(256)]


def mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """So much of another colour in one."""
    r, g, b = (round(a + share * (z - a)) for a, z in zip(colour, other, strict=True))
    return (r, g, b)


def luminance(colour: Rgb) -> float:
    """How light it looks, 0 to 1 (Rec. 709 weights of the values as they are)."""
    return (0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]) / 255


def shade(share: float) -> str:
    """The shade for a share from 0 to 1."""
    return SHADES[max(0, min(int(share * len(SHADES)), len(SHADES) - 1))]


def _rgb(text: str) -> Rgb:
    return (int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16))


def _at(knots: list[Rgb], share: float) -> Rgb:
    place = share * (len(knots) - 1)
    first = min(int(place), len(knots) - 2)
    return mixed(knots[first], knots[first + 1], place - first)
