"""What the tests of patches give; see :mod:`pycwt_mod.analysis.cumulative`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pycwt_mod.analysis.pathways import NoisePatches, Per
    from pycwt_mod.results.kinds import Coherence, Transform

#: Patches that a repr lists.
_LISTED = 5


@dataclass(frozen=True, slots=True)
class FoundPatch:
    """A patch at the lowest pointwise level."""

    #: Its number in ``labels``.
    number: int
    #: Smallest p-value of its points.
    p_value: float
    #: Smallest mean of the geometric test's p-values over the pointwise levels.
    mean_p_value: float
    #: p-value of the geometric test at the lowest pointwise level.
    geometric_p_value: float
    #: Area over the square of the scale of its centroid.
    normalised_area: float
    #: Smallest and largest scale in units of time.
    scales: tuple[float, float]
    #: First and last sample.
    samples: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PatchSummary:
    """A test of patches in a few numbers."""

    #: Patches at the lowest pointwise level, and those of them with a significant point.
    patches: int
    found: int
    #: Share of the tested points that pass the lowest pointwise level, and that are significant.
    pointwise_share: float
    significant_share: float
    #: Smallest and largest scale of each patch found, in units of time, the surest first.
    scales: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, repr=False)
class PatchTest:
    """What the geometric and the cumulative area-wise test give."""

    #: Significant points, all of them outside the cones; shape (scales, N).
    significant: NDArray[np.bool_]
    #: Chance of noise to have such a patch, or such a plane; 1 at points below the lowest
    #: pointwise level, NaN where there was no test; shape (scales, N).
    p_values: NDArray[np.float64]
    #: Mean of the geometric test's p-values over the pointwise levels, of the same shape.
    mean_p_values: NDArray[np.float64]
    #: Number of the patch at the lowest pointwise level that holds a point, else 0.
    labels: NDArray[np.int32]
    #: Those patches, the surest first.
    patches: tuple[FoundPatch, ...]
    #: Probability that a patch of noise, or a plane, isn't found.
    level: float
    #: Which of both it is.
    per: Per
    #: The noise that they were compared with; it can be used again.
    noise: NoisePatches
    #: The transform or coherence that was tested; None where p-values were.
    source: Transform | Coherence | None = None

    @property
    def pointwise(self) -> NDArray[np.bool_]:
        """Tested points that pass the lowest pointwise level, shape (scales, N)."""
        passed: NDArray[np.bool_] = self.labels > 0
        return passed

    @property
    def seed(self) -> int | None:
        """Seed of the noise."""
        return self.noise.seed

    @property
    def mc_count(self) -> int:
        """Realisations of the noise."""
        return self.noise.mc_count

    @property
    def found(self) -> tuple[FoundPatch, ...]:
        """The patches that have a significant point, the surest first."""
        numbers = np.unique(self.labels[self.significant])
        return tuple(patch for patch in self.patches if patch.number in numbers)

    def of(self, source: Transform | Coherence) -> PatchTest:
        """The same of a transform or coherence, so that it can be drawn."""
        return replace(self, source=source)

    def summary(self) -> PatchSummary:
        """How much was found, and at which scales."""
        tested = max(1, int(np.isfinite(self.p_values).sum()))
        found = self.found
        return PatchSummary(
            patches=len(self.patches),
            found=len(found),
            pointwise_share=float(self.pointwise.sum() / tested),
            significant_share=float(self.significant.sum() / tested),
            scales=tuple(patch.scales for patch in found),
        )

    def plot(self, *, ax: Axes | None = None, **how: Any) -> Figure:
        """The map with thin contours around the patches and thick ones around what was found.

        Args:
            ax: axes to draw into; None makes a figure.
            how: as :func:`pycwt_mod.plot_scalogram` or :func:`pycwt_mod.plot_coherence` takes it.

        Returns:
            The figure.

        Raises:
            ValueError: p-values were tested, of which no map is known.
        """
        from pycwt_mod.plots.patches import plot_patches

        return plot_patches(self, ax=ax, **how)

    def __repr__(self) -> str:
        levels = self.noise.pointwise_levels
        name = "Geometric test" if len(levels) == 1 else "Cumulative area-wise test"
        told = f"{levels[0]:g}" if len(levels) == 1 else f"{levels[0]:g} to {levels[-1]:g}"
        short = self.summary()
        lines = [
            f"<{name}: {short.found} of {short.patches} patches found>",
            f"  level        {100 * self.level:g} % of noise's {self.per}{_plural(self.per)} have "
            "none",
            f"  pointwise    {told}, the lowest passed by {short.pointwise_share:.1%} of what was "
            "tested",
            f"  significant  {short.significant_share:.1%}",
        ]
        for patch in self.found[:_LISTED]:
            lines.append(f"  patch        {self._place(patch)}, p = {patch.p_value:.2g}")
        if short.found > _LISTED:
            lines.append(f"               and {short.found - _LISTED} more")
        lines.append(f"  noise        {self.mc_count:,} realisations, seed {self.seed}")
        return "\n".join(lines)

    def _place(self, patch: FoundPatch) -> str:
        low, high = patch.scales
        what, units = "scales", ""
        if self.source is not None:
            factor = float(self.source.periods[0] / self.source.scales[0])
            low, high, what = low * factor, high * factor, "periods"
            units = f" {self.source.time_units}" if self.source.time_units else ""
        return f"{what} {low:.3g} to {high:.3g}{units}, samples {'{} to {}'.format(*patch.samples)}"


def _plural(word: str) -> str:
    return "es" if word.endswith("ch") else "s"
