"""Colours: for dark and light rooms, for few contrasts, and for eyes that see few colours.

A state is never told by its colour alone: words and signs say it, too, so ``NO_COLOR``, which
Textual honours, loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.theme import Theme

# The palette of M. Okabe and K. Ito, "Color Universal Design: how to make figures and
# presentations that are friendly to colorblind people" (2008,
# https://jfly.uni-koeln.de/color/), chosen to be told apart with every common kind of colour
# vision. Reddish purple (#CC79A7) isn't used: nothing here needs an eighth.
_ORANGE = "#E69F00"
_SKY = "#56B4E9"
_GREEN = "#009E73"
_YELLOW = "#F0E442"
_BLUE = "#0072B2"
_VERMILION = "#D55E00"

#: What holds when nobody says otherwise.
DEFAULT = "colour-blind"

#: What each theme is made of, by its name; :class:`textual.theme.Theme` says what the fields are.
COLOURS: dict[str, dict[str, Any]] = {
    "colour-blind": {
        "primary": _SKY,
        "secondary": _BLUE,
        "accent": _YELLOW,
        "warning": _ORANGE,
        "error": _VERMILION,
        "success": _GREEN,
        "foreground": "#E6E6E6",
        "background": "#101418",
        "surface": "#161B21",
        "panel": "#222A33",
        "variables": {
            # Mixed from the palette's green and blue until they stand out from the ground.
            "text-success": "#3FC79A",
            "text-primary": _SKY,
            # Orange is too near to the error's for those who see no green.
            "text-warning": _YELLOW,
            "text-error": "#FF8A3D",
            "text-accent": _YELLOW,
            "footer-key-foreground": _YELLOW,
            "primary-background": "#17405E",
        },
    },
    "dark": {
        "primary": "#7AA2F7",
        "secondary": "#3D59A1",
        "accent": "#E0AF68",
        "warning": "#E0AF68",
        "error": "#F7768E",
        "success": "#73DACA",
        "foreground": "#D5D9E6",
        "background": "#16161E",
        "surface": "#1A1B26",
        "panel": "#24283B",
        "variables": {
            "text-success": "#73DACA",
            "text-primary": "#7AA2F7",
            "text-warning": "#E0AF68",
            "text-error": "#F7768E",
            "footer-key-foreground": "#E0AF68",
            "primary-background": "#2F3549",
            "surface-lighten-2": "#2A2B37",
        },
    },
    "light": {
        "primary": "#0B5394",
        "secondary": "#3D85C6",
        "accent": "#8A4B00",
        "warning": "#7A5C00",
        "error": "#9C0030",
        "success": "#00695C",
        "foreground": "#1A1A1A",
        "background": "#FAFAF7",
        "surface": "#F2F2EC",
        "panel": "#E2E2DA",
        "dark": False,
        "variables": {
            "text-success": "#00695C",
            "text-primary": "#0B5394",
            "text-warning": "#7A5C00",
            "text-error": "#9C0030",
            "text-accent": "#8A4B00",
            "footer-key-foreground": "#8A4B00",
            "primary-background": "#D6E6F5",
            "surface-lighten-2": "#E4E4DC",
        },
    },
    "contrast": {
        "primary": "#FFFFFF",
        "secondary": "#C0C0C0",
        "accent": "#FFFF00",
        "warning": "#FFFF00",
        "error": "#FF8080",
        "success": "#80FF80",
        "foreground": "#FFFFFF",
        "background": "#000000",
        "surface": "#000000",
        "panel": "#303030",
        "text_alpha": 1.0,
        "variables": {
            "text-muted": "#FFFFFF",
            "text-disabled": "#D0D0D0",
            "text-success": "#80FF80",
            "text-primary": "#80D0FF",
            "text-warning": "#FFFF00",
            "text-error": "#FF9090",
            "text-accent": "#FFFF00",
            "footer-key-foreground": "#FFFF00",
            "primary-background": "#0000C0",
        },
    },
}
NAMES = tuple(COLOURS)


def after(name: str) -> str:
    """The next theme, round and round."""
    return NAMES[(NAMES.index(name) + 1) % len(NAMES)] if name in NAMES else NAMES[0]


def made() -> list[Theme]:
    """All of them, as Textual takes them; it is loaded for that."""
    from textual.theme import Theme  # noqa: PLC0415 - names alone are wanted before the first line

    return [Theme(name=name, **colours) for name, colours in COLOURS.items()]
