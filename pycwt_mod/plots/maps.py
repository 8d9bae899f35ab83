"""Maps of power, cross power and coherence over time and period."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from pycwt_mod import checks
from pycwt_mod.plots.frame import (
    BLUE,
    Block,
    MapFigure,
    TimeScale,
    arrows,
    ascending,
    contour,
    figure_with,
    frame,
    headline,
    mesh,
    named,
    number,
)
from pycwt_mod.plots.spectrum import draw_global

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.results.base import Result
    from pycwt_mod.results.kinds import Coherence, CrossTransform, Transform

#: Arrows of weaker coherence than this would show noise.
_ARROW_COHERENCE = 0.5
#: Octaves of power that the colours span: it runs over decades.
_OCTAVES = 8


def plot_coherence(
    coherence: Coherence,
    time: ArrayLike | None = None,
    *,
    labels: tuple[str, str] | None = None,
    title: str | None = None,
    time_units: str | None = None,
    period_range: tuple[float, float] | None = None,
    phase: bool = True,
    ax: Axes | None = None,
) -> Figure:
    """Squared coherence over time and period, with its significance, cone and phase.

    The thick contour encloses R² above the significance level, the hatched shade is the cone
    of influence, of gaps as of the ends, lighter where its points were tested with levels of
    their own. Arrows give the
    phase where R² ≥ 0.5: right in phase, left in anti-phase, up the first series leads by a
    quarter of the period, down the second. The figure's subtitle says so.

    Args:
        coherence: from :func:`pycwt_mod.wct`; without levels there is no contour.
        time: of the N samples, evenly spaced and increasing, numbers or dates; None takes that
            of the result.
        labels: names of the two series; None takes those of their labels.
        title: a heading; None makes one from the labels.
        time_units: of time and period; None takes those of the result.
        period_range: smallest and largest period shown; None shows those that have a point
            outside the cone of influence.
        phase: draws arrows.
        ax: axes to draw into; None makes a figure.

    Returns:
        The figure; save it by its ``savefig``.

    Raises:
        TypeError: time isn't made of numbers or dates.
        ValueError: time, the scales or the period range don't fit.
    """
    coherence = ascending(coherence)
    scale, period = TimeScale(coherence, time, time_units), coherence.periods
    block = Block(coherence.n)
    t = block.thin(scale.t)
    figure, axes = figure_with(ax)
    colours = mesh(axes, t, period, block.thin(coherence.WCT), limits=(0.0, 1.0))
    if coherence.tested:
        ratio = block.thin(coherence.WCT / coherence.point_levels)
        contour(axes, t, period, ratio * _weight(coherence, block))
    mapped = coherence.level_map is not None
    limits = frame(
        *(axes, scale.t, period, coherence.coi, period_range),
        light=mapped,
        outside_gaps=_beyond_gaps(coherence),
    )
    if phase:
        strong = (coherence.WCT >= _ARROW_COHERENCE) & coherence.outside_gaps
        arrows(axes, scale.t, period, coherence.aWCT, strong=strong, limits=limits)
    bar = figure.colorbar(colours, ax=axes, pad=0.015, aspect=28)
    bar.set_label("Squared coherence R²")
    _axis_words(axes, scale)
    first, second = labels or _pair(coherence.names)
    keys = [_key(first, second)] if phase else []
    keys += ["hatched: tested by its distance from the end"] if mapped else []
    told = title or f"Wavelet coherence of {first} and {second}"
    headline(axes, told, ax, "; ".join(keys))
    return figure


def plot_cross(
    cross: CrossTransform,
    time: ArrayLike | None = None,
    *,
    labels: tuple[str, str] | None = None,
    title: str | None = None,
    time_units: str | None = None,
    period_range: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Cross power |W12| over time and period, drawn as :func:`plot_coherence` draws R².

    Arrows stand where the power reaches its level.

    Args:
        cross: from :func:`pycwt_mod.xwt`.
        time: as in :func:`plot_coherence`, like all that follow.
        labels: names of the two series.
        title: a heading.
        time_units: of time and period.
        period_range: smallest and largest period shown.
        ax: axes to draw into.

    Returns:
        The figure; save it by its ``savefig``.

    Raises:
        TypeError: time isn't made of numbers or dates.
        ValueError: time, the scales or the period range don't fit.
    """
    cross = ascending(cross)
    scale, period = TimeScale(cross, time, time_units), cross.periods
    block = Block(cross.n)
    t, power = block.thin(scale.t), block.thin(cross.power)
    figure, axes = figure_with(ax)
    _mesh_of_power(figure, axes, t, period, power, label="Cross power |W12|")
    ratio = power / cross.signif[:, None]
    contour(axes, t, period, ratio * _weight(cross, block))
    limits = frame(
        *(axes, scale.t, period, cross.coi, period_range), outside_gaps=_beyond_gaps(cross)
    )
    arrows(axes, scale.t, period, cross.phase, strong=cross.significant, limits=limits)
    _axis_words(axes, scale)
    first, second = labels or _pair(cross.names)
    headline(axes, title or f"Cross wavelet power of {first} and {second}", ax, _key(first, second))
    return figure


def plot_scalogram(
    transform: Transform,
    time: ArrayLike | None = None,
    *,
    signif: ArrayLike | None = None,
    level: float | None = None,
    title: str | None = None,
    time_units: str | None = None,
    units: str | None = None,
    period_range: tuple[float, float] | None = None,
    with_series: bool = False,
    with_global: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Wavelet power |W|² over time and period, with its significance and the cone.

    With the series above and the global spectrum beside it, it is fig. 1 of Torrence & Compo.

    Args:
        transform: from :func:`pycwt_mod.cwt`.
        time: as in :func:`plot_coherence`.
        signif: levels from :func:`pycwt_mod.significance`, one per scale, to draw as a contour.
        level: in place of them the probability of a level against AR(1) noise.
        title: a heading.
        time_units: of time and period; None takes those of the result.
        units: of the series; None takes those of its labels.
        period_range: as in :func:`plot_coherence`.
        with_series: draws the series above the map.
        with_global: draws the global spectrum beside the map, with its level where ``level`` is
            given.
        ax: axes to draw the map into; None makes a figure.

    Returns:
        The figure; save it by its ``savefig``.

    Raises:
        TypeError: time isn't made of numbers or dates.
        ValueError: time, the scales, the levels or the period range don't fit; or ``ax`` was
            given, which has no room beside it.
    """
    if ax is not None and (with_series or with_global):
        raise ValueError("ax has no room for with_series and with_global: leave it out")
    threshold = _threshold(transform, signif, level)
    transform = ascending(transform)
    scale, period = TimeScale(transform, time, time_units), transform.periods
    series_units = (transform.units or ("",))[0] if units is None else units
    above = beside = None
    if with_series or with_global:
        figure, axes, above, beside = _panels(with_series, with_global)
    else:
        figure, axes = figure_with(ax)
    block = Block(transform.n)
    # Row by row: W may be a mapping of a file that memory doesn't hold.
    power = np.array([block.thin(row.real**2 + row.imag**2) for row in transform.W])
    thin = block.thin(scale.t)
    label = named("Power", f"{series_units}²" if series_units else "")
    _mesh_of_power(figure, axes, thin, period, power, label=label, bar=not with_global)
    if threshold is not None:
        ratio = power / threshold[:, None]
        contour(axes, thin, period, ratio * _weight(transform, block))
    frame(
        *(axes, scale.t, period, transform.coi, period_range), outside_gaps=_beyond_gaps(transform)
    )
    _axis_words(axes, scale)
    if above is not None:
        _series_panel(above, axes, scale, transform.series, series_units)
    if beside is not None:
        draw_global(beside, transform, level, series_units)
        beside.tick_params(labelleft=False)
        told = "Global spectrum" if level is None else f"Global, {100 * level:g} % level dashed"
        beside.set_title(told, loc="left", fontsize="small", color="0.25")
    name = (transform.names or ("",))[0]
    headline(axes, title or f"Wavelet power{' of ' + name if name else ''}", ax)
    return figure


def _threshold(
    transform: Transform, signif: ArrayLike | None, level: float | None
) -> NDArray[np.float64] | None:
    """The levels that power is drawn against, of ascending periods; None without any."""
    if signif is None and level is not None:
        signif = transform.significance(level).signif
    if signif is None:
        return None
    found, scales = checks.positives(signif, "signif"), transform.periods.size
    if found.size != scales:
        raise ValueError(f"signif must have {scales} levels, not {found.size}")
    return found[np.argsort(transform.periods, kind="stable")]


def _beyond_gaps(result: Result) -> NDArray[np.bool_] | None:
    """Points outside the cones of gaps; None where there are no gaps."""
    return result.outside_gaps if result.gapped else None


def _weight(result: Result, block: Block) -> NDArray[np.float64] | float:
    """What takes points within the cones of gaps out of a contour: 0 there, 1 elsewhere."""
    return block.thin(result.outside_gaps.astype(np.float64)) if result.gapped else 1.0


def _panels(with_series: bool, with_global: bool) -> tuple[Figure, Axes, Axes | None, Axes | None]:
    """The map's axes, those of the series above it, and those of the spectrum beside it."""
    size = (9.0 + 1.5 * with_global, 4.6 + 1.5 * with_series)
    figure = MapFigure(figsize=size, dpi=150, layout="constrained")
    grid = figure.add_gridspec(
        1 + with_series,
        1 + with_global,
        height_ratios=[1, 3] if with_series else [1],
        width_ratios=[4, 1] if with_global else [1],
    )
    axes = figure.add_subplot(grid[-1, 0])
    above = figure.add_subplot(grid[0, 0], sharex=axes) if with_series else None
    beside = figure.add_subplot(grid[-1, 1], sharey=axes) if with_global else None
    return figure, axes, above, beside


def _series_panel(
    panel: Axes, axes: Axes, scale: TimeScale, series: NDArray[np.float64], units: str
) -> None:
    panel.plot(scale.t, series, color=BLUE, linewidth=0.8)
    panel.axhline(0, color="0.7", linewidth=0.6)
    panel.set_ylabel(named("Anomaly", units))
    panel.set_xlim(axes.get_xlim())
    panel.tick_params(labelbottom=False)


def _mesh_of_power(
    figure: Figure,
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    power: NDArray[np.floating],
    *,
    label: str,
    bar: bool = True,
) -> None:
    """Octaves below the largest value, the faintest colour at 2⁻⁸ of it."""
    top = math.ceil(math.log2(float(power.max())))
    octaves = np.log2(np.maximum(power, 2.0 ** (top - _OCTAVES - 4)))
    colours = mesh(axes, t, period, octaves, limits=(top - _OCTAVES, top))
    colour_bar = figure.colorbar(
        colours,
        ax=axes,
        pad=0.015,
        extend="min",
        location="right" if bar else "bottom",
        aspect=28 if bar else 50,
    )
    colour_bar.set_label(label)
    colour_bar.set_ticks(list(range(top - _OCTAVES, top + 1, 2)))
    long_axis = colour_bar.ax.yaxis if bar else colour_bar.ax.xaxis
    long_axis.set_major_formatter(FuncFormatter(lambda x, _: number(2.0**x)))


def _axis_words(axes: Axes, scale: TimeScale) -> None:
    scale.label(axes)
    axes.set_ylabel(named("Period", scale.units))


def _pair(names: tuple[str, ...]) -> tuple[str, str]:
    first, second = names or ("", "")
    if first and first == second:
        return f"{first} (y1)", f"{second} (y2)"
    return first or "y1", second or "y2"


def _key(first: str, second: str) -> str:
    return f"Arrows: → in phase, ← anti-phase, ↑ {first} leads, ↓ {second} leads"
