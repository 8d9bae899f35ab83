"""Lines with their levels, and the maps of unevenly sampled series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod.plots.frame import (
    BLUE,
    VERMILION,
    contour,
    figure_with,
    hatched,
    headline,
    mesh,
    period_axis,
)
from pycwt_mod.uneven_spectra import UnevenCoherence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pycwt_mod.analysis.filters import BandCorrelation
    from pycwt_mod.analysis.spectra import GlobalSpectrum, ScaleAverage
    from pycwt_mod.uneven_spectra import WWZ


def plot_spectrum(spectrum: GlobalSpectrum, *, ax: Axes | None = None) -> Figure:
    """Mean power over period, with level and background; period runs downwards.

    Args:
        spectrum: from :func:`pycwt_mod.global_spectrum`.
        ax: axes to draw into; None makes a figure.
    """
    figure, axes = figure_with(ax, (4.6, 4.6))
    y = -np.log2(spectrum.freqs)
    axes.plot(spectrum.power, y, color=BLUE, label="global spectrum")
    axes.plot(spectrum.level, y, color=VERMILION, linestyle="--", label="level")
    axes.plot(spectrum.background, y, color="0.5", linestyle=":", label="AR(1) noise")
    axes.set_xlim(left=0)
    axes.set_xlabel("Power")
    period_axis(axes, float(y.min()), float(y.max()))
    axes.set_ylabel("Period")
    axes.legend(fontsize="small", frameon=False)
    headline(axes, "Global wavelet spectrum", ax)
    return figure


def plot_average(average: ScaleAverage, *, ax: Axes | None = None) -> Figure:
    """The variance of a band over time, thin where the ends or gaps reach, with its level.

    Args:
        average: from :func:`pycwt_mod.scale_average`.
        ax: axes to draw into; None makes a figure.
    """
    figure, axes = figure_with(ax, (9.0, 3.2))
    axes.plot(average.time, average.power, color=BLUE, linewidth=0.6)
    sure = np.where(average.outside, average.power, np.nan)
    axes.plot(average.time, sure, color=BLUE, linewidth=1.6)
    axes.axhline(average.level, color=VERMILION, linestyle="--", label="level")
    axes.axhline(average.background, color="0.5", linestyle=":", label="noise")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Time")
    axes.set_ylabel("Variance")
    axes.legend(fontsize="small", frameon=False)
    headline(axes, "Scale-averaged wavelet power", ax)
    return figure


def plot_lags(found: BandCorrelation, *, ax: Axes | None = None) -> Figure:
    """Correlation over lag, with its interval.

    Args:
        found: from :func:`pycwt_mod.band_correlation`.
        ax: axes to draw into; None makes a figure.
    """
    figure, axes = figure_with(ax, (6.0, 3.6))
    order = np.argsort(found.lags)
    lags = found.lags[order]
    axes.fill_between(lags, found.low[order], found.high[order], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(lags, found.r[order], color=BLUE, marker="o" if lags.size < 30 else None)
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_ylim(-1, 1)
    axes.set_xlabel("Lag: the first series leads at positive ones")
    axes.set_ylabel("Correlation")
    headline(axes, "Correlation of bands", ax)
    return figure


def plot_uneven(found: WWZ | UnevenCoherence, *, ax: Axes | None = None) -> Figure:
    """The map of an unevenly sampled series, hatched where ends and gaps reach.

    Args:
        found: from :func:`pycwt_mod.wwz` or :func:`pycwt_mod.wwz_coherence`.
        ax: axes to draw into; None makes a figure.

    Raises:
        ValueError: there are fewer than two times or frequencies.
    """
    if found.tau.size < 2 or found.freqs.size < 2:
        raise ValueError("a figure needs at least two times and two frequencies")
    figure, axes = figure_with(ax)
    order = np.argsort(-found.freqs)
    values, name, top = _shown(found)
    values, period = np.nan_to_num(values[order]), 1 / found.freqs[order]
    colours = mesh(axes, found.tau, period, values, limits=(0.0, top or float(values.max())))
    levels = found.signif[order, None]
    if np.isfinite(levels).any():
        contour(axes, found.tau, period, values / levels)
    hatched(axes, found.tau, period, found.outside[order])
    period_axis(axes, float(np.log2(period[0])), float(np.log2(period[-1])))
    figure.colorbar(colours, ax=axes, pad=0.015, aspect=28).set_label(name)
    axes.set_xlabel("Time")
    axes.set_ylabel("Period")
    headline(axes, "Unevenly sampled series", ax)
    return figure


def _shown(found: WWZ | UnevenCoherence) -> tuple[NDArray[np.float64], str, float | None]:
    """Values of the map, what they are, and the largest where it is known."""
    if isinstance(found, UnevenCoherence):
        return found.WCT, "Squared coherence R²", 1.0
    return found.Z, "Z", None
