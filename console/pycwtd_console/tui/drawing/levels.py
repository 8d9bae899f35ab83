"""Levels of significance with their standard errors, and how these fall with realisations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pycwtd_console.tui.drawing.chart import Axis, Chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd_console.tui.drawing.chart import Line


def by_period(
    periods: Sequence[float],
    levels: Sequence[float | None],
    errors: Sequence[float | None],
    width: int,
    height: int,
) -> list[Line]:
    """Levels over the period, each with a bar of one standard error up and down.

    Args:
        periods: ascending, two or more.
        levels: one for each period; None where nothing was counted.
        errors: their standard errors; None as zero.
        width: of the area, in cells.
        height: in lines.
    """
    there = [
        (p, level, error or 0.0)
        for p, level, error in zip(periods, levels, errors, strict=True)
        if level is not None
    ]
    if not there:
        return []
    low = min(level - error for _, level, error in there)
    high = max(level + error for _, level, error in there)
    room = 0.05 * (high - low) or 0.05
    chart = Chart(
        *(width, height),
        Axis(periods[0], periods[-1], "octaves"),
        Axis(low - room, high + room),
    )
    for p, level, error in there:
        chart.bar(p, level - error, level + error, "error")
    chart.line([(p, level) for p, level, _ in there], "main")
    return chart.lines()


def by_realisations(
    history: Sequence[tuple[int, float]],
    total: int,
    precision: float | None,
    width: int,
    height: int,
) -> list[Line]:
    """The largest standard error over the realisations, both by decades.

    Dashed it goes on as errors do, with one over the root of the realisations, up to those
    that are asked for; a dashed level is the precision that is wanted.

    Args:
        history: realisations and the largest error at that time, ascending.
        total: realisations asked for.
        precision: that is wanted, if one is.
        width: of the area, in cells.
        height: in lines.
    """
    if not history:
        return []
    done, error = history[-1]
    end = max(total, done, 2)
    expected = error * math.sqrt(done / end)
    values = [e for _, e in history] + [expected] + ([precision] if precision else [])
    chart = Chart(
        *(width, height),
        Axis(min(history[0][0], done / 2), end, "decades"),
        Axis(min(values) / 1.2, max(values) * 1.2, "decades"),
    )
    if precision:
        chart.level(precision, "level")
    if done < end:
        chart.line([(done, error), (end, expected)], "quiet", dashed=True)
    chart.line(history, "main")
    chart.mark(done, error, "error")
    return chart.lines()
