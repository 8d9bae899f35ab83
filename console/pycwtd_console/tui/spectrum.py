"""The global spectrum: the mean of a map over time at each period, with its level.

Needs numpy, so it is imported when a spectrum is shown.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.special import gammaincinv

from pycwt_mod.wavelets import wavelet_of
from pycwtd_console.tui.drawing.chart import Axis, Chart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.grid import Family
    from pycwtd_console.tui.drawing.chart import Line
    from pycwtd_console.tui.result import Part, ResultMap


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A map's mean over time.

    Attributes:
        periods: ascending.
        values: one for each.
        level: of the mean, or of single points where ``of_points``; None without a test.
        of_points: whether the level is one of single points.
        words: what is shown, in a sentence.
    """

    periods: NDArray[np.float64]
    values: NDArray[np.float64]
    level: NDArray[np.float64] | None
    of_points: bool
    words: str


def spectrum(result: ResultMap, part: Part) -> Spectrum:
    """The mean over time of a whole map.

    Power is averaged over all times (TC98, eq. 22), coherence outside the cone of influence;
    where the map was fetched in steps, so is the mean.

    Args:
        result: whose map it is.
        part: all rows and samples of it.
    """
    values = part.values
    if result.kind == "wct":
        inside = result.periods[:, None] > part.coi[None, :]
        values = np.where(inside if part.within is None else part.within, np.nan, values)
    with warnings.catch_warnings():
        # Periods that are nowhere outside the cone have no mean.
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(values, axis=1)
    words = {"wct": "mean R² outside the cone", "xwt": "mean cross power", "cwt": "mean power"}
    text = f"{words[result.kind]}, by period"
    if part.step > 1:
        text += f"; of every {part.step:,}th sample"
    level = global_level(result) if result.kind == "cwt" else None
    of_points = level is None and result.levels is not None
    if of_points:
        level = result.levels
    if level is not None:
        share = f"{100 * (result.probability or 0.95):g} % level"
        text += f"; dashed: {share}{' of single points' if of_points else ' of the mean'}"
    return Spectrum(result.periods, mean, level, of_points, text)


def global_level(result: ResultMap) -> NDArray[np.float64] | None:
    """The level of the mean power, from that of single points (TC98, eqs. 18 and 23).

    At scale s the mean is one of N − s/dt points, as in section 5a.

    Returns:
        One for each period; None where nothing was tested, or TC98 gives no γ for the wavelet.
    """
    if result.levels is None or result.probability is None:
        return None
    try:
        mother = wavelet_of(cast("Family", result.family), result.order, result.gamma)
        decorrelation = mother.gamma
    except ValueError:
        return None
    scales = result.periods / mother.flambda()
    points = np.maximum(result.samples - scales / result.dt, 1.0)
    freedom = mother.dofmin * np.hypot(1.0, points * result.dt / (decorrelation * scales))
    ratio = _quantile(result.probability, freedom) / _quantile(result.probability, mother.dofmin)
    return np.asarray(result.levels * ratio)


def _quantile(level: float, dof: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Of χ² over its degrees of freedom."""
    nu = np.asarray(dof, dtype=np.float64)
    return np.asarray(2.0 * gammaincinv(nu / 2.0, level) / nu)


def draw(found: Spectrum, width: int, height: int) -> list[Line]:
    """The spectrum over the period; power by decades, coherence evenly from 0 to 1."""
    points = [
        (float(p), float(v)) for p, v in zip(found.periods, found.values, strict=True) if v > 0
    ]
    if not points:
        return []
    level = [] if found.level is None else [float(v) for v in found.level]
    coherent = max(v for _, v in points) <= 1.0 and found.of_points
    highest = max([v for _, v in points] + level)
    lowest = min([v for _, v in points] + level)
    y = Axis(0.0, 1.0) if coherent else Axis(lowest / 1.1, highest * 1.1, "decades")
    low, high = float(found.periods[0]), float(found.periods[-1])
    chart = Chart(width, height, Axis(low, high, "octaves"), y)
    if level:
        line = list(zip(found.periods.tolist(), level, strict=True))
        chart.line(line, "level", dashed=True)
    chart.line(points, "main")
    return chart.lines()
