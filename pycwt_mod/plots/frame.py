"""What the figures share: their time axes, period axes, cone, contours and arrows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from matplotlib import dates
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from pycwt_mod import checks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.quiver import Quiver
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.results.base import Result

AnyResult = TypeVar("AnyResult", bound="Result")

#: Perceptually even, and readable with any colour vision.
COLOURS = "viridis"
#: Of lines, from a palette that any colour vision tells apart (Okabe & Ito 2008).
BLUE, VERMILION = "#0072B2", "#D55E00"
#: About how many arrows fit side by side in the width and height of a figure of our own; smaller
#: axes get fewer.
ARROWS = (34, 16)
_FULL = (7.5, 3.7)
#: Elements of results that have a row for each scale.
_BY_SCALE = {"W", "sj", "freqs", "W12", "freq", "signif", "WCT", "aWCT", "sig"}
#: Columns of a map that a picture still shows apart; longer ones are averaged.
COLUMNS = 4000


class MapFigure(Figure):
    """A figure that notebooks show, though no pyplot knows of it."""

    def _repr_png_(self) -> bytes:
        from io import BytesIO  # noqa: PLC0415 - notebooks only

        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Levels:
    levels: NDArray[np.float64]


class TimeScale:
    """The time axis of a figure: plain numbers or dates, and its units."""

    def __init__(self, result: Result, time: ArrayLike | None, units: str | None) -> None:
        """Take the times given, else those of the result.

        Raises:
            TypeError: the times aren't numbers or dates.
            ValueError: they don't fit the result, don't increase evenly, or aren't known.
        """
        values = np.asarray(result.time if time is None else time)
        self.dated = values.dtype.kind == "M"
        self.units = result.time_units if units is None else units
        if self.dated:
            self.t = _days(values)
        else:
            self.t = checks.series(values, "time")
        if self.t.size != result.n:
            raise ValueError(f"time must have {result.n} samples, not {self.t.size}")
        steps = np.diff(self.t)
        # Calendar months differ in length.
        tolerance = 0.15 if self.dated else 1e-3 if time is not None else 0.03
        if steps.min() <= 0 or steps.max() - steps.min() > tolerance * steps.mean():
            raise ValueError("time must increase evenly")

    def label(self, axes: Axes) -> None:
        """Name the axis; dates need ticks of their own."""
        if self.dated:
            locator = dates.AutoDateLocator()
            formatter = dates.ConciseDateFormatter(locator)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(formatter)
            axes.set_xlabel("Time")
        else:
            axes.set_xlabel(named("Time", self.units))


class Block:
    """Columns of a map, averaged so that no more are drawn than a picture shows."""

    def __init__(self, n: int) -> None:
        step = -(-n // COLUMNS)
        self._starts = np.arange(0, n, step)
        self._sizes = np.diff(np.append(self._starts, n))

    def thin(self, values: NDArray[Any]) -> NDArray[Any]:
        """The means of the blocks along the last axis."""
        if self._starts.size == values.shape[-1]:
            return values
        means: NDArray[Any] = np.add.reduceat(values, self._starts, axis=-1) / self._sizes
        return means


def figure_with(ax: Axes | None, size: tuple[float, float] = (9.0, 4.6)) -> tuple[Figure, Axes]:
    """The axes given and their figure, or new ones."""
    if ax is not None:
        return cast("Figure", ax.figure), ax
    figure = MapFigure(figsize=size, dpi=150, layout="constrained")
    return figure, figure.add_subplot()


def ascending(result: AnyResult) -> AnyResult:
    """The result with its rows in the order of their periods.

    Raises:
        ValueError: there are fewer than two, or two of one period.
    """
    order = np.argsort(result.periods, kind="stable")
    if order.size < 2 or (np.diff(result.periods[order]) <= 0).any():
        raise ValueError("a figure needs at least two scales, all of them different")
    if (np.diff(order) > 0).all():
        return result
    rows = {
        name: values[order]
        for name, values in result._asdict().items()
        # ``sig`` of a coherence without levels is no row.
        if name in _BY_SCALE and values.shape[0] == order.size
    }
    if (levels := getattr(result, "level_map", None)) is not None:
        rows["level_map"] = _Levels(levels.levels[order])
    return result._replace(**rows)


def mesh(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    values: NDArray[np.floating],
    *,
    limits: tuple[float, float],
) -> QuadMesh:
    """The coloured map."""
    return axes.pcolormesh(
        t,
        np.log2(period),
        values,
        cmap=COLOURS,
        vmin=limits[0],
        vmax=limits[1],
        shading="gouraud",
        rasterized=True,
    )


def contour(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    ratio: NDArray[np.floating],
) -> None:
    """Enclose what reaches its level; white under black shows on any colour."""
    filled = np.nan_to_num(ratio, nan=0.0)
    if filled.min() < 1 < filled.max():
        for width, colour in ((3.0, "white"), (1.5, "black")):
            axes.contour(t, np.log2(period), filled, [1.0], colors=colour, linewidths=width)


def frame(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    coi: NDArray[np.float64],
    period_range: tuple[float, float] | None,
    *,
    light: bool = False,
    outside_gaps: NDArray[np.bool_] | None = None,
) -> tuple[float, float]:
    """Limits, period ticks and the cones; gives the limits as log2 of the period.

    Args:
        axes: to draw into.
        t: times.
        period: ascending.
        coi: cone of influence in periods.
        period_range: smallest and largest period; None shows those outside the cone.
        light: shades the cone of influence less.
        outside_gaps: points outside the cones of gaps, shape (scales, N); None where there are
            no gaps.
    """
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
    if outside_gaps is not None:
        hatched(axes, t, period, outside_gaps)
    period_axis(axes, bottom, top)
    axes.set_xlim(t[0], t[-1])
    return bottom, top


def hatched(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    outside: NDArray[np.bool_],
) -> None:
    """Hatch what isn't outside, such as the cones around gaps, as that of the ends."""
    block = Block(t.size)
    within = 1 - block.thin(outside.astype(np.float64))
    if not within.any():
        return
    place = block.thin(t), np.log2(period), within
    shade = axes.contourf(*place, levels=[0.5, 2], colors=[(1, 1, 1, 0.55)], hatches=["///"])
    shade.set(edgecolor="0.35", linewidth=0)
    if within.min() < 0.5 < within.max():
        axes.contour(*place, [0.5], colors="white", linewidths=1.2)


def period_axis(axes: Axes, bottom: float, top: float) -> None:
    """Ticks at powers of two, in plain numbers; short periods on top, as in the literature."""
    axes.set_ylim(top, bottom)
    powers = range(math.ceil(bottom - 1e-9), math.floor(top + 1e-9) + 1)
    step = max(1, math.ceil(len(powers) / 9))
    axes.yaxis.set_major_locator(FixedLocator([float(k) for k in powers[::step]]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: number(2.0**y)))


def arrows(
    axes: Axes,
    t: NDArray[np.float64],
    period: NDArray[np.float64],
    phase: NDArray[np.floating],
    *,
    strong: NDArray[np.bool_],
    limits: tuple[float, float],
) -> Quiver:
    """Phase arrows on an even grid of the picture, where it is worth it.

    Args:
        axes: to draw into.
        t: times.
        period: periods.
        phase: in radians, shape (scales, N).
        strong: points that may have an arrow, of the same shape.
        limits: of the picture, as log2 of the period.

    Returns:
        The arrows.
    """
    y = np.log2(period)
    box, inch = axes.get_window_extent(), axes.figure.dpi
    across, down = (
        max(4, round(count * min(1.0, size / inch / full)))
        for count, size, full in zip(ARROWS, (box.width, box.height), _FULL, strict=True)
    )
    columns = _evenly(t, t[0], t[-1], across)
    rows = _evenly(y, *limits, down)
    grid = np.ix_(rows, columns)
    chosen = strong[grid]
    at_t, at_y = np.broadcast_arrays(t[columns][None, :], y[rows][:, None])
    angle = phase[grid][chosen]
    return axes.quiver(
        at_t[chosen],
        at_y[chosen],
        np.cos(angle),
        np.sin(angle),
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
    after = np.clip(np.searchsorted(values, middles), 1, values.size - 1)
    nearer = middles - values[after - 1] <= values[after] - middles
    nearest: NDArray[np.int64] = np.unique(np.where(nearer, after - 1, after))
    return nearest


def headline(axes: Axes, title: str, ax: Axes | None, note: str = "") -> None:
    """The title, above a figure of our own or above axes given, and a small note under it."""
    if ax is None:
        axes.figure.suptitle(title, fontweight="bold", fontsize="large")
    else:
        axes.set_title(title if not note else f"{title}\n", fontweight="bold")
    if note:
        axes.set_title(note, loc="left", fontsize="small", color="0.25")


def _days(times: NDArray[Any]) -> NDArray[np.float64]:
    """Dates as matplotlib counts them."""
    days: NDArray[np.float64] = dates.date2num(times)
    return days


def named(what: str, units: str) -> str:
    """The label of an axis."""
    return f"{what} ({units})" if units else what


def number(value: float) -> str:
    """A power of two as people write it: 0.25, 8, 4096."""
    if value >= 1:
        return f"{value:.0f}"
    return f"{value:.6f}".rstrip("0") if value >= 1e-5 else f"{value:.0e}"
