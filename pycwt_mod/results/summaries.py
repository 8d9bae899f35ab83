"""Results in a few numbers, and in a few lines."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.results.cautions import CautionWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.results.base import Result
    from pycwt_mod.results.kinds import Coherence, CrossTransform, Transform

#: Maps of more points are told about without counting in them: a repr must be quick.
_QUICK = 4_000_000


@dataclass(frozen=True, slots=True)
class CoherenceSummary:
    """A coherence in a few numbers, all of them from outside the cones of ends and gaps."""

    #: Periods where the mean R² peaks, the strongest first, three at most.
    peak_periods: tuple[float, ...]
    #: Share of the points that lie above the level (0.05 for noise at the 95 % level).
    significant_share: float
    #: Circular mean of the phase over those points in radians, NaN where there are none.
    mean_phase: float


@dataclass(frozen=True, slots=True)
class TransformSummary:
    """A transform in a few numbers, all of them from outside the cones of ends and gaps."""

    #: Periods where the mean power peaks, the strongest first, three at most.
    peak_periods: tuple[float, ...]
    #: Share of the points that lie above the level (0.05 for noise at the 95 % level).
    significant_share: float
    #: Lag-1 autocorrelation of the noise that the level belongs to.
    alpha: float
    #: The probability of that level.
    level: float


def summarise(coherence: Coherence) -> CoherenceSummary:
    """Peaks, significant share and mean phase of a coherence, outside the cone of influence.

    Peaks are sought among the periods of which at least half the series lies outside the cone;
    a rise that goes on beyond them is no peak.

    Args:
        coherence: from :func:`pycwt_mod.wct`, with ``sig``.

    Returns:
        The summary.

    Raises:
        ValueError: the coherence has no significance levels.
    """
    outside = coherence.outside
    above = outside & coherence.significant
    vectors = np.exp(1j * coherence.aWCT[above])
    return CoherenceSummary(
        peak_periods=peaks(coherence.periods, coherence.WCT, outside),
        significant_share=float(above.sum() / max(1, outside.sum())),
        mean_phase=float(np.angle(vectors.mean())) if vectors.size else float("nan"),
    )


def summarise_transform(transform: Transform, level: float = 0.95) -> TransformSummary:
    """Peaks and significant share of a transform's power, outside the cone of influence.

    Args:
        transform: from :func:`pycwt_mod.cwt`.
        level: probability of the level against AR(1) noise.

    Returns:
        The summary. Peaks are sought as in :func:`summarise`.

    Raises:
        TypeError: the level isn't a number.
        ValueError: it isn't between 0 and 1, or the transform doesn't come from ``cwt``.

    Warns:
        UnitRootWarning: the series is redder than an AR(1) process.
    """
    test = transform.significance(level)
    power, outside = transform.power, transform.outside
    above = outside & (power >= test.signif[:, None])
    return TransformSummary(
        peak_periods=peaks(transform.periods, power, outside),
        significant_share=float(above.sum() / max(1, outside.sum())),
        alpha=test.alpha if test.alpha is not None else float("nan"),
        level=level,
    )


def peaks(
    periods: NDArray[np.float64], values: NDArray[Any], outside: NDArray[np.bool_]
) -> tuple[float, ...]:
    """Periods where the mean over time peaks, the strongest first, three at most.

    Sought among the periods of which at least half the series lies outside the cone, and at
    least half an octave apart.

    Args:
        periods: in any order, shape (scales,).
        values: of the map, shape (scales, N).
        outside: points to be counted, of the same shape.

    Returns:
        The periods.
    """
    count = outside.sum(axis=1)
    order = np.argsort(periods, kind="stable")
    usable = order[count[order] >= values.shape[1] / 2]
    mean = np.where(outside, values, 0).sum(axis=1)[usable] / count[usable]
    walled = np.concatenate([[np.inf], mean, [np.inf]])
    tops = np.flatnonzero((mean > walled[:-2]) & (mean >= walled[2:]))
    strongest: list[float] = []
    for candidate in periods[usable[tops[np.argsort(-mean[tops], kind="stable")]]].tolist():
        # Half an octave apart: closer ones are dents in one peak.
        if all(abs(np.log2(candidate / other)) >= 0.5 for other in strongest):
            strongest.append(candidate)
    return tuple(strongest[:3])


def mean_power(
    W: NDArray[np.complexfloating], where: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Mean of |W|² over time, scale by scale: W may be a file that memory doesn't hold.

    Args:
        W: shape (scales, N).
        where: points to be averaged, of the same shape; None takes all.

    Returns:
        float64, shape (scales,); NaN where there are no points.
    """
    means = np.full(W.shape[0], np.nan)
    for j, row in enumerate(W):
        some = row if where is None else row[where[j]]
        if some.size:
            means[j] = float(np.mean(some.real**2 + some.imag**2))
    return means


def tell_transform(transform: Transform) -> str:
    """The repr of a transform."""
    lines = _head(transform, "Wavelet transform", transform.W)
    if transform.about is None or not transform.about.parts or not _countable(transform.W):
        return "\n".join(lines)
    with warnings.catch_warnings():
        # A look at a result mustn't warn, nor fail where warnings are errors.
        warnings.simplefilter("ignore", CautionWarning)
        found = summarise_transform(transform)
    lines.append(_peaks(found.peak_periods, "power", transform.time_units))
    noise = f"AR(1) noise, α = {found.alpha:.2f}"
    lines.append(_share(found.significant_share, found.level, noise))
    return "\n".join(lines)


def tell_cross(cross: CrossTransform) -> str:
    """The repr of a cross transform."""
    lines = _head(cross, "Cross wavelet transform", cross.W12)
    if _countable(cross.W12):
        outside = cross.outside
        share = float((outside & cross.significant).sum() / max(1, outside.sum()))
        lines.append(_peaks(peaks(cross.periods, cross.power, outside), "|W|", cross.time_units))
        lines.append(_share(share, cross.significance_level, "unrelated AR(1) noises"))
    return "\n".join(lines)


def tell_coherence(coherence: Coherence) -> str:
    """The repr of a coherence."""
    lines = _head(coherence, "Wavelet coherence", coherence.WCT)
    if not coherence.tested:
        return "\n".join([*lines, "  levels       none: call wct with sig=True"])
    run = coherence.monte_carlo
    if _countable(coherence.WCT):
        found = summarise(coherence)
        lines.append(_peaks(found.peak_periods, "R²", coherence.time_units))
        level = run.significance_level if run else None
        noise = f"the null {run.null}" if run and run.null != "ar1" else "unrelated AR(1) noises"
        lines.append(_share(found.significant_share, level, noise))
        if not math.isnan(found.mean_phase):
            degrees = math.degrees(found.mean_phase)
            first, second = coherence.names or ("", "")
            relation = _relation(degrees, first or "y1", second or "y2")
            lines.append(f"  mean phase   {degrees:+.0f}° there, {relation}")
    if coherence.level_map is not None and _countable(coherence.WCT):
        inside = ~coherence.outside & coherence.outside_gaps
        share = float((inside & coherence.significant).sum() / max(1, inside.sum()))
        lines.append(f"  within       {share:.1%} of the cone, by levels that know the ends")
    if run:
        lines.append(
            f"  Monte Carlo  {run.mc_count:,} realisations, estimator {run.estimator}, "
            f"backend {run.backend}, seed {run.seed}"
        )
    return "\n".join(lines)


def _relation(degrees: float, first: str, second: str) -> str:
    if abs(degrees) <= 15:
        return "in phase"
    if abs(degrees) >= 165:
        return "in anti-phase"
    return f"{first if degrees > 0 else second} leads"


def _countable(values: NDArray[Any]) -> bool:
    return values.size <= _QUICK


def _head(result: Result, what: str, values: NDArray[Any]) -> list[str]:
    units = f" {result.time_units}" if result.time_units else ""
    named = " and ".join(name for name in result.names if name)
    lines = [
        f"<{what}{' of ' + named if named else ''}: {values.shape[0]} scales × "
        f"{values.shape[1]:,} samples, {values.dtype}>"
    ]
    if result.about is not None:
        lines.append(f"  time         {_times(result)}every {result.about.dt:.6g}{units}")
    periods = result.periods
    spacing = ""
    if result.about is not None and result.about.dj:
        per_octave = 1 / result.about.dj
        spacing = f", {per_octave:.3g} an octave"
    lines.append(f"  periods      {periods.min():.4g} to {periods.max():.4g}{units}{spacing}")
    if result.about is not None:
        lines.append(f"  wavelet      {result.about.wavelet!r}")
        if result.gapped:
            lines.append(_gaps(result))
        lines += [f"  prepared     {'; '.join(steps)}" for steps in result.about.steps if steps]
        if result.about.compat:
            lines.append(f"  numbers      those of {result.about.compat}")
    return lines


def _gaps(result: Result) -> str:
    missing = int((~result.present).sum())
    return (
        f"  gaps         {missing:,} samples missing ({missing / result.n:.1%}), whose cones count "
        "as the ends'"
    )


def _times(result: Result) -> str:
    if result.axis is None:
        return ""
    first, last = result.axis.values[0], result.axis.values[-1]
    if result.axis.values.dtype.kind == "M":
        day = np.timedelta64(1, "D")
        exact = "datetime64[D]" if result.axis.values[1] - first >= day else "datetime64[s]"
        first, last = (t.astype(exact) for t in (first, last))
        return f"{first} to {last}, "
    return f"{first:g} to {last:g}, "


def _peaks(found: tuple[float, ...], what: str, units: str) -> str:
    if not found:
        return f"  peaks        none of {what}"
    listed = ", ".join(f"{period:.3g}" for period in found)
    return f"  peaks        {what} at periods of {listed}{' ' + units if units else ''}"


def _share(share: float, level: float | None, noise: str) -> str:
    which = "the" if level is None else f"the {100 * level:g} %"
    return f"  significant  {share:.1%} of what lies outside the cone, {which} level of {noise}"
