"""The global wavelet spectrum: power against period, with its level (TC98, fig. 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.plots.frame import (
    BLUE,
    VERMILION,
    ascending,
    figure_with,
    headline,
    named,
    period_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pycwt_mod.results.kinds import Transform


def plot_global(
    transform: Transform,
    *,
    level: float | None = 0.95,
    units: str | None = None,
    time_units: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """The global wavelet spectrum, with the level and the mean spectrum of AR(1) noise.

    Period runs downwards on a logarithmic axis, as beside a map.

    Args:
        transform: from :func:`pycwt_mod.cwt`.
        level: probability of the dashed line; None draws none.
        units: of the series; None takes those of its labels.
        time_units: of the period; None takes those of the labels.
        title: a heading; None makes one.
        ax: axes to draw into; None makes a figure.

    Returns:
        The figure.

    Raises:
        ValueError: the scales make no axis, the level is out of range, or the wavelet's γ, which
            the level needs, isn't known.
    """
    figure, axes = figure_with(ax, (4.6, 4.6))
    transform = ascending(transform)
    draw_global(axes, transform, level, units or (transform.units or ("",))[0])
    y = np.log2(transform.periods)
    period_axis(axes, float(y[0]), float(y[-1]))
    axes.set_ylabel(named("Period", transform.time_units if time_units is None else time_units))
    axes.legend(fontsize="small", frameon=False)
    headline(axes, title or "Global wavelet spectrum", ax, (transform.names or ("",))[0])
    return figure


def draw_global(axes: Axes, transform: Transform, level: float | None, units: str) -> None:
    """The lines of the global spectrum, over log2 of the period, which must ascend."""
    y = np.log2(transform.periods)
    axes.plot(transform.global_power, y, color=BLUE, label="global spectrum")
    if level is not None:
        test = transform.significance(level, test=1)
        axes.plot(test.signif, y, color=VERMILION, linestyle="--", label=f"{100 * level:g} % level")
        axes.plot(test.fft_theor, y, color="0.5", linestyle=":", label="AR(1) noise")
    axes.set_xlim(left=0)
    axes.set_xlabel(named("Power", f"{units}²" if units else ""))
    axes.grid(axis="y", color="0.9")
