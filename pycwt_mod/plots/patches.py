"""The maps of the tests of patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.plots.frame import Block, TimeScale, contour
from pycwt_mod.plots.maps import plot_coherence, plot_scalogram
from pycwt_mod.results.kinds import Coherence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pycwt_mod.analysis.areawise import AreawiseTest
    from pycwt_mod.results.patches import PatchTest


def plot_patches(test: PatchTest | AreawiseTest, *, ax: Axes | None = None, **how: Any) -> Figure:
    """The map that was tested; see :meth:`pycwt_mod.results.patches.PatchTest.plot`.

    Args:
        test: of a transform or a coherence.
        ax: axes to draw into; None makes a figure.
        how: of the map.

    Returns:
        The figure.

    Raises:
        ValueError: p-values were tested, of which no map is known.
    """
    source = test.source
    if source is None:
        raise ValueError("there is no map to draw: the test knows no result of cwt or wct")
    if isinstance(source, Coherence):
        bare = source._replace(sig=np.zeros(1), monte_carlo=None, level_map=None)
        figure = plot_coherence(bare, ax=ax, **how)
    else:
        figure = plot_scalogram(source, ax=ax, **how)
    axes = figure.axes[0] if ax is None else ax
    order, block = np.argsort(source.periods), Block(source.n)
    scale = TimeScale(source, how.get("time"), how.get("time_units"))
    place = block.thin(scale.t), source.periods[order]
    outline, found = (
        block.thin(mask[order].astype(np.float64)) for mask in (test.pointwise, test.significant)
    )
    if outline.min() < 0.5 < outline.max():
        log2 = np.log2(place[1])
        axes.contour(place[0], log2, outline, levels=[0.5], colors="0.2", linewidths=0.6)
    contour(axes, *place, 2 * found)
    return figure
