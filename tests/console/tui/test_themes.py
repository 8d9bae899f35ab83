"""Colours as they are drawn: whether they can be read, and told apart by eyes that see few."""

from __future__ import annotations

import asyncio
import itertools

import numpy as np
import pytest

from consoles import press, recorded
from pycwtd_console.tui import themes
from pycwtd_console.tui.widgets.listing import Listing

#: WCAG 2.2, success criterion 1.4.3: text of ordinary size.
READABLE = 4.5
#: Linear RGB as dichromats see it: G. Machado, M. Oliveira & L. Fernandes, "A Physiologically-based
#: Model for Simulation of Color Vision Deficiency" (2009), doi:10.1109/TVCG.2009.113, severity 1.
VISIONS = {
    "everybody": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
#: sRGB's primaries and white (IEC 61966-2-1).
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
#: Differences of colours (CIE 1976 ΔE*ab) that a glance tells; 2.3 is just noticeable.
APART = 15.0
STATES = ("good", "busy", "warning", "bad")


def linear(colour):
    """Linear RGB of 0 … 255 (IEC 61966-2-1)."""
    share = np.asarray(colour, dtype=float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2's ratio of relative luminances."""
    low, high = sorted(float(_XYZ[1] @ linear(c)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour, vision):
    """CIE L*a*b* of a colour as somebody sees it."""
    seen = np.clip(vision @ linear(colour), 0, 1)
    ratio = _XYZ @ seen / _XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_formulas_are_right():
    """The ratio of black and white, of WCAG's #767676, and Lab of sRGB's red (Lindbloom)."""
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x76,) * 3, (255, 255, 255)) == pytest.approx(4.54, abs=0.005)
    np.testing.assert_allclose(lab((255, 0, 0), np.eye(3)), [53.24, 80.09, 67.20], atol=0.1)


def unreadable(app):
    """Words on the screen with too little contrast."""
    found = set()
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style is None or not any(map(str.isalnum, segment.text)):
                continue
            front, back = (c.triplet if c else None for c in (style.color, style.bgcolor))
            assert front is not None, segment
            assert back is not None, segment
            front, back = (back, front) if style.reverse else (front, back)
            ratio = contrast(front, back)
            if ratio < READABLE:
                found.add((round(ratio, 2), front.hex, back.hex, segment.text.strip()))
    return found


#: Keys to screens and what lies on them, and back.
WAYS = ("down", "tab down", "2 space", "slash w escape", "8", "5", "colon", "escape question_mark")


def test_every_word_can_be_read_in_every_theme():
    async def main():
        found = {}
        async with recorded((110, 34)) as (app, pilot):
            for name in themes.NAMES:
                app.theme = name
                app.notify("something is wrong", severity="error")
                for way in WAYS:
                    await press(pilot, way)
                    for each in unreadable(app):
                        found.setdefault(name, set()).add((way, *each))
                await press(pilot, "escape 1")
                assert app.is_running
        return found

    found = asyncio.run(main())
    assert found == {}


def test_states_are_told_apart_by_every_vision():
    async def main():
        found = {}
        async with recorded() as (app, pilot):
            for name in themes.NAMES:
                app.theme = name
                await pilot.pause()
                listing = app.screen.query_one("#jobs", Listing)
                styles = (listing.get_component_rich_style(f"listing--{one}") for one in STATES)
                found[name] = [style.color.triplet for style in styles]
        return found

    apart = {
        (theme, vision, one, other): float(
            np.linalg.norm(lab(colours[one], matrix) - lab(colours[other], matrix))
        )
        for theme, colours in (
            (name, dict(zip(STATES, found, strict=True)))
            for name, found in asyncio.run(main()).items()
        )
        for vision, matrix in VISIONS.items()
        for one, other in itertools.combinations(STATES, 2)
    }
    assert min(apart.values()) > APART, sorted(apart.items(), key=lambda item: item[1])[:5]
