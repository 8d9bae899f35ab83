"""From a result's file to the library's own types, and to a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod import plot_coherence, plot_cross, plot_scalogram
from pycwt_mod.coherence import Coherence
from pycwt_mod.monte_carlo.levelmap import LevelMap
from pycwt_mod.results.kinds import CrossTransform, Transform

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pycwtd.api.types import JobView

#: Kinds of jobs that can be drawn.
DRAWN = ("cwt", "xwt", "wct")


def load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a result saved as ``.npz``."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def coherence_of(arrays: dict[str, NDArray[Any]]) -> Coherence:
    """A ``wct`` result as :func:`pycwt_mod.wct` gives it."""
    signif = arrays.get("signif", np.zeros(1))
    mapped = None
    if "level_map" in arrays:
        mapped = LevelMap(arrays["level_map"], arrays["level_map_error"])
    parts = (arrays["WCT"], arrays["aWCT"], arrays["coi"], arrays["freqs"], signif)
    return Coherence(*parts, level_map=mapped)


def draw(
    job: JobView,
    path: Path,
    *,
    t0: float,
    units: str,
    labels: tuple[str, str],
    title: str | None = None,
) -> Figure:
    """The figure of a ``cwt``, ``xwt`` or ``wct`` job.

    Args:
        job: the job, for its sampling interval.
        path: of its result, ``.npz``.
        t0: time of the first sample.
        units: of time.
        labels: names of the series; a transform uses the first.
        title: a heading; None makes one.
    """
    arrays = load(path)
    time = t0 + job.parameters["dt"] * np.arange(arrays["coi"].size)
    if job.kind == "wct":
        return plot_coherence(
            coherence_of(arrays), time, labels=labels, title=title, time_units=units
        )
    if job.kind == "xwt":
        # Without a test, nothing reaches its level.
        signif = arrays.get("signif", np.full(arrays["freqs"].shape, np.inf))
        cross = CrossTransform(arrays["xwt"], arrays["coi"], arrays["freqs"], signif)
        return plot_cross(cross, time, labels=labels, title=title, time_units=units)
    transform = Transform(
        arrays["wave"],
        arrays["scales"],
        arrays["freqs"],
        arrays["coi"],
        arrays["fft"],
        arrays["fftfreqs"],
    )
    return plot_scalogram(
        transform,
        time,
        signif=arrays.get("signif"),
        title=title or "Wavelet power",
        time_units=units,
        units="σ" if job.parameters["normalize"] else "units",
    )
