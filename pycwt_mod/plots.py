"""Figures of scalograms and coherence, for print and for the daemon's reports.

They are made with matplotlib's Figure alone, without pyplot: no global state, no window.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from pycwt_mod import checks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.coherence import Coherence
    from pycwt_mod.transform import Transform

#: Perceptually even, and readable with any colour vision.
_COLOURS = "viridis"
#: About how many arrows fit side by side in the figure's width and height.
_ARROWS = (34, 16)
#: Arrows of weaker coherence than this would show noise.
_ARROW_COHERENCE = 0.5


def plot_coherence(
    coherence: Coherence,
    time: ArrayLike,
    *,
    labels: tuple[str, str] = ("y1", "y2"),
    title: str | None = None,
    time_units: str = "years",
    period_range: tuple[float, float] | None = None,
) -> Figure:
    """Squared coherence over time and period, with its significance, cone and phase.

    The thick contour encloses R² above the significance level, the hatched shade is the cone
    of influence, lighter where its points were tested with levels of their own. Arrows give the
    phase where R² ≥ 0.5: right in phase, left in anti-phase, up the first series leads by a
    quarter of the period, down the second. The figure's subtitle says so.

    Args:
        coherence: from :func:`pycwt_mod.wct`; without levels there is no contour.
        time: of the N samples, evenly spaced and increasing.
        labels: names of the two series.
        title: a heading; None makes one from the labels.
        time_units: of time and period.
        period_range: smallest and largest period shown; None shows those that have a point
            outside the cone of influence.

    Returns:
        The figure; save it by its ``savefig``.

    Raises:
        TypeError: time isn't made of numbers.
        ValueError: time, the scales or the period range don't fit.
    """
    t = _time(time, coherence.coi.size)
    period = _periods(coherence.freq)
    figure, axes = _figure()
    mesh = _mesh(axes, t, period, coherence.WCT, limits=(0.0, 1.0))
    tested = coherence.level_map
    if tested is not None:
        _contour(axes, t, period, coherence.WCT / tested.levels)
    elif coherence.sig.size == period.size:
        _contour(axes, t, period, coherence.WCT / coherence.sig[:, None])
    low, high = _frame(axes, t, period, coherence.coi, period_range, light=tested is not None)
    _arrows(axes, t, period, coherence, (low, high))
    colour_bar = figure.colorbar(mesh, ax=axes, pad=0.015, aspect=28)
    colour_bar.set_label("Squared coherence R²")
    _words(axes, time_units, title or f"Wavelet coherence of {labels[0]} and {labels[1]}")
    axes.set_title(
        f"Arrows: → in phase, ← anti-phase, ↑ {labels[0]} leads, ↓ {labels[1]} leads"
        + ("; hatched: tested by its distance from the end" if tested is not None else ""),
        loc="left",
        fontsize="small",
        color="0.25",
    )
    return figure


def plot_scalogram(
    transform: Transform,
    time: ArrayLike,
    *,
    signif: ArrayLike | None = None,
    title: str = "Wavelet power",
    time_units: str = "years",
    units: str = "units",
    period_range: tuple[float, float] | None = None,
) -> Figure:
    """Wavelet power |W|² over time and period, with its significance and the cone.

    Args:
        transform: from :func:`pycwt_mod.cwt`.
        time: of the N samples, evenly spaced and increasing.
        signif: levels from :func:`pycwt_mod.significance`, one per scale, to draw as a contour.
        title: a heading.
        time_units: of time and period.
        units: of the series.
        period_range: as in :func:`plot_coherence`.

    Returns:
        The figure; save it by its ``savefig``.

    Raises:
        TypeError: time isn't made of numbers.
        ValueError: time, the scales, the levels or the period range don't fit.
    """
    t = _time(time, transform.coi.size)
    period = _periods(transform.freqs)
    power = np.abs(transform.W) ** 2
    figure, axes = _figure()
    # Power spans decades: octaves below the largest value, the faintest at 2⁻⁸ of it.
    top = math.ceil(math.log2(float(power.max())))
    octaves = np.log2(np.maximum(power, 2.0 ** (top - 12)))
    mesh = _mesh(axes, t, period, octaves, limits=(top - 8, top))
    if signif is not None:
        level = checks.positives(signif, "signif")
        if level.size != period.size:
            raise ValueError(f"signif must have {period.size} levels, not {level.size}")
        _contour(axes, t, period, power / level[:, None])
    _frame(axes, t, period, transform.coi, period_range)
    colour_bar = figure.colorbar(mesh, ax=axes, pad=0.015, aspect=28, extend="min")
    colour_bar.set_label(f"Power ({units}²)")
    colour_bar.set_ticks(list(range(top - 8, top + 1, 2)))
    colour_bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda x, _: _number(2.0**x)))
    _words(axes, time_units, title)
    return figure


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9.0, 4.6), dpi=150, layout="constrained")
    return figure, figure.add_subplot()


def _time(time: ArrayLike, n: int) -> NDArray[np.float64]:
    t = checks.series(time, "time")
    if t.size != n:
        raise ValueError(f"time must have {n} samples, not {t.size}")
    steps = np.diff(t)
    if steps.min() <= 0 or steps.max() - steps.min() > 1e-3 * steps.mean():
        raise ValueError("time must increase evenly")
    return t


def _periods(freqs: NDArray[np.float64]) -> NDArray[np.float64]:
    period: NDArray[np.float64] = 1 / freqs
    if period.size < 2 or (np.diff(period) <= 0).any():
        raise ValueError("a figure needs at least two scales, in increasing order")
    return period


def _mesh(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    values: NDArray[np.floating],
    *,
    limits: tuple[float, float],
) -> QuadMesh:
    return axes.pcolormesh(
        t,
        np.log2(period),
        values,
        cmap=_COLOURS,
        vmin=limits[0],
        vmax=limits[1],
        shading="gouraud",
        rasterized=True,
    )


def _contour(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    ratio: NDArray[np.float64],
) -> None:
    """Enclose what reaches its level; white under black shows on any colour."""
    filled = np.nan_to_num(ratio, nan=0.0)
    if filled.min() < 1 < filled.max():
        for width, colour in ((3.0, "white"), (1.5, "black")):
            axes.contour(t, np.log2(period), filled, [1.0], colors=colour, linewidths=width)


def _frame(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    coi: NDArray[np.float64],
    period_range: tuple[float, float] | None,
    *,
    light: bool = False,
) -> tuple[float, float]:
    """Limits, period ticks and the cone of influence; gives the limits as log2 of the period."""
    if period_range is None:
        low, high = float(period.min()), float(min(period.max(), max(coi.max(), 2 * period.min())))
    else:
        low = checks.positive(period_range[0], "period_range")
        high = checks.positive(period_range[1], "period_range")
        if low >= high:
            raise ValueError(f"period_range must increase, not {period_range}")
    bottom, top = math.log2(low), math.log2(high)
    edge = np.clip(np.log2(coi), bottom, top)
    shade, hatch, line = (0.2, "/", "0.6") if light else (0.55, "///", "0.35")
    axes.fill_between(
        t, edge, top, facecolor=(1, 1, 1, shade), edgecolor=line, hatch=hatch, linewidth=0
    )
    axes.plot(t, edge, color="white", linewidth=1.2)
    # Short periods on top, as in the literature.
    axes.set_ylim(top, bottom)
    axes.set_xlim(t[0], t[-1])
    powers = range(math.ceil(bottom - 1e-9), math.floor(top + 1e-9) + 1)
    step = max(1, math.ceil(len(powers) / 9))
    axes.yaxis.set_major_locator(FixedLocator([float(k) for k in powers[::step]]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _number(2.0**y)))
    return bottom, top


def _arrows(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    coherence: Coherence,
    limits: tuple[float, float],
) -> None:
    """Phase arrows on an even grid of the picture, where the coherence is worth it."""
    y = np.log2(period)
    columns = _evenly(t, t[0], t[-1], _ARROWS[0])
    rows = _evenly(y, *limits, _ARROWS[1])
    grid = np.ix_(rows, columns)
    chosen = coherence.WCT[grid] >= _ARROW_COHERENCE
    at_t, at_y = np.broadcast_arrays(t[columns][None, :], y[rows][:, None])
    phase = coherence.aWCT[grid][chosen]
    axes.quiver(
        at_t[chosen],
        at_y[chosen],
        np.cos(phase),
        np.sin(phase),
        angles="uv",
        pivot="mid",
        units="height",
        scale=24,
        width=0.0045,
        headwidth=4,
        headlength=4.5,
        headaxislength=4,
        color="black",
        edgecolor="white",
        linewidth=0.4,
    )


def _evenly(
    values: NDArray[np.floating], first: float, last: float, count: int
) -> NDArray[np.int64]:
    """Indices of the values nearest to the middles of ``count`` even cells of a span."""
    middles = first + (np.arange(count) + 0.5) * (last - first) / count
    nearest: NDArray[np.int64] = np.unique(
        np.abs(values[None, :] - middles[:, None]).argmin(axis=1)
    )
    return nearest


def _words(axes: Axes, time_units: str, title: str) -> None:
    axes.set_xlabel(f"Time ({time_units})")
    axes.set_ylabel(f"Period ({time_units})")
    axes.figure.suptitle(title, fontweight="bold", fontsize="large")


def _number(value: float) -> str:
    """A power of two as people write it: 0.25, 8, 4096."""
    if value >= 1:
        return f"{value:.0f}"
    return f"{value:.6f}".rstrip("0") if value >= 1e-5 else f"{value:.0e}"
