"""What a map says in words: the read-out of its cursor, and how it was brought to the pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pycwtd_console.tui.drawing.axes import number

if TYPE_CHECKING:
    from pycwtd_console.tui.result import Point

#: What the values of a kind's map are.
VALUES = {"wct": "R²", "xwt": "cross power", "cwt": "power"}
#: Phases nearer to 0° or 180° than that aren't called a lead (degrees).
_NEAR = 10.0
#: To the right in phase, upwards the first series leads, by eighths of a turn.
_ARROWS = "→↗↑↖←↙↓↘"


def reading(point: Point, kind: str, probability: float | None) -> tuple[str, str]:
    """What is under the cursor, in two lines: where and how much; the level and the phase."""
    # The daemon keeps no times: those of the series may begin elsewhere.
    place = f"time {number(point.time, 8)} from the start   period {number(point.period)}"
    value = f"{place}   {VALUES[kind]} {number(point.value, 4)}"
    parts = []
    if math.isnan(point.value):
        parts.append("nothing: its samples are missing")
    elif point.level is not None:
        sure = "significant" if point.value > point.level else "not significant"
        share = f"{100 * (probability or 0.95):g} % level"
        parts.append(f"{share} {number(point.level, 4)}: {sure}")
    if point.phase is not None and not math.isnan(point.phase):
        parts.append(phase(point.phase, point.period))
    if point.within:
        parts.append("within the cone of influence")
    return value, "   ".join(parts)


def phase(angle: float, period: float) -> str:
    """A phase difference in degrees, and which series leads by how much of time.

    Args:
        angle: radians, positive where the first series leads.
        period: in units of time.
    """
    degrees = math.degrees(math.remainder(angle, 2 * math.pi))
    text = f"phase {number(round(degrees, 1))}°"
    if abs(degrees) < _NEAR:
        return f"{text}: in phase"
    if abs(degrees) > 180.0 - _NEAR:
        return f"{text}: in anti-phase"
    first = "first" if degrees > 0 else "second"
    return f"{text}: {first} leads by {number(abs(degrees) / 360.0 * period, 3)}"


def arrow(angle: float) -> str:
    """The arrow of a phase difference in radians, as the figures draw it."""
    return _ARROWS[round(angle / (math.pi / 4)) % 8]


def sampling(how: str, samples: float, step: int, scales: float) -> str:
    """How the map was brought to the pixels.

    Args:
        how: mean or maximum.
        samples: of the series to a column of pixels.
        step: every how many of them one was fetched.
        scales: to a row of pixels.
    """
    parts = []
    if step > 1:
        parts.append(f"{samples / step:.1f} samples, each {step:,}th,")
    elif samples > 1.0:
        parts.append(f"{samples:.1f} samples")
    if scales > 1.0:
        parts.append(f"{scales:.1f} scales")
    return f"{how} of {' × '.join(parts)} a pixel" if parts else "every sample and scale"
