"""Wavelet coherence of series of different spans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pycwt_mod import checks
from pycwt_mod.analysis.cross import coherence_of, matrix_of, told
from pycwt_mod.analysis.planes import Plane
from pycwt_mod.gaps import filled
from pycwt_mod.results.labels import positions, read, unlabelled
from pycwt_mod.transform import cone_of_influence, cwt, scale_grid
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.gaps import FilledSeries, Gaps
    from pycwt_mod.results.kinds import Coherence
    from pycwt_mod.results.labels import Labelled, Labels

#: Time axes may miss their grid by this share of the sampling interval: months in rounded years.
_TIME_TOLERANCE = 0.01


class Overlap(NamedTuple):
    """What :func:`wct_overlap` gives."""

    #: The common part of the time axes, numbers or datetime64, shape (N,).
    time: NDArray[Any]
    #: Coherence there, without levels.
    coherence: Coherence


def wct_overlap(  # noqa: PLR0917 - series and their axes, then the grid in the order of wct
    time1: ArrayLike | Labels,
    y1: ArrayLike | Labels,
    time2: ArrayLike | None = None,
    y2: ArrayLike | Labels | None = None,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    wavelet: str | Wavelet = "morlet",
    *,
    gaps: Gaps | None = None,
    time_units: str = "auto",
) -> Overlap:
    """Wavelet coherence of two series of different spans, over the time that they share.

    Called as ``wct_overlap(time1, y1, time2, y2)``, or as ``wct_overlap(y1, y2)`` with series
    that bring their time axes along, see :func:`pycwt_mod.cwt`.

    Either series is transformed over its full span, so that the end of the shared time is an
    end for the transforms only of a series that really ends there. The transforms are cut and
    their three products smoothed over the shared time. An auto spectrum smoothed over more
    than that would see what no cross spectrum sees, and R² of equal series would fall below 1
    near the ends. The cone of influence is that of the shared time: at either end of it one of
    the series ends.

    Args:
        time1: of the first series, evenly spaced, shape (N₁,); or the first of two series with
            time axes.
        y1: N₁ real samples, not constant; or the second of them.
        time2: of the second, with the same spacing and in step with the first, shape (N₂,).
        y2: N₂ real samples, not constant.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one; −1 goes by the length of the shared time.
        wavelet: name or instance.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`.
        time_units: of the time axes; see :func:`pycwt_mod.results.labels.read`.

    Returns:
        The shared time, and the coherence without levels.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, a time axis isn't evenly spaced, or the axes
            don't fit each other or share fewer than four samples.
    """
    mother = find_wavelet(wavelet)
    both, axes, dt, known = _timed(time1, y1, time2, y2, gaps=gaps, time_units=time_units)
    start1, start2, shared = _shared(*axes, dt)
    sj = scale_grid(shared, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    coi = cone_of_influence(shared, dt, mother)
    planes = []
    for x, start in zip(both, (start1, start2), strict=True):
        full = cwt(x.with_gaps, dt, dj, float(sj[0]), sj.size - 1, mother, gaps=gaps)
        part = slice(start, start + shared)
        # What gaps beyond the shared time do within it, they do within the cone of its ends.
        there = None if x.present is None or x.present[part].all() else x.present[part]
        planes.append(Plane(full.W[:, part], sj, full.freqs, coi, dt, mother, there))
    found = coherence_of(matrix_of(planes, dj), 0, 1, planes)
    at = slice(start1, start1 + shared)
    if known is None:
        return Overlap(axes[0][at], found)
    # The axis is that of the first series.
    axis = None if known.axis is None else replace(known.axis, values=known.axis.values[at])
    time = axes[0][at] if axis is None else axis.values
    return Overlap(time, told(found, replace(known, axis=axis), (0, 1)))


def _timed(
    time1: Any, y1: Any, time2: Any, y2: Any, *, gaps: Gaps | None, time_units: str
) -> tuple[
    tuple[FilledSeries, FilledSeries],
    tuple[NDArray[np.float64], NDArray[np.float64]],
    float,
    Labelled | None,
]:
    """Two series, their times in numbers, the step, and the labels of the first."""
    if (time2 is None) != (y2 is None):
        raise TypeError("time2 and y2 must be given both, or neither: two series with time axes")
    if y2 is not None:
        both = _filled(y1, gaps, "y1"), _filled(y2, gaps, "y2")
        sizes = [x.values.size for x in both]
        times = (_axis(time1, sizes[0], "time1"), _axis(time2, sizes[1], "time2"))
        return both, times, (times[0][-1] - times[0][0]) / (sizes[0] - 1), None
    first = read(None, time_units, y1=time1)
    units = first.time_units if first.axis is not None and _dated(first) else time_units
    second = read(None, units, y2=y1)
    if first.axis is None or second.axis is None or _dated(first) != _dated(second):
        raise ValueError("y1 and y2 must have time axes of one kind, both of dates or of numbers")
    both = filled(first.values[0], gaps, "y1"), filled(second.values[0], gaps, "y2")
    origin = first.axis.values[0]
    starts = [float(positions(one.axis, origin)[0]) for one in (first, second) if one.axis]
    # From the step on, as calendar months aren't of one length.
    t1, t2 = (
        start + one.dt * np.arange(x.values.size, dtype=np.float64)
        for start, one, x in zip(starts, (first, second), both, strict=True)
    )
    names = (*first.names, *second.names)
    known = replace(first, names=names, units=(*first.units, *second.units))
    steps = (first.steps or ((),)) + (second.steps or ((),))
    return both, (t1, t2), first.dt, replace(known, steps=steps if any(steps) else ())


def _dated(known: Labelled) -> bool:
    return known.axis is not None and known.axis.values.dtype.kind == "M"


def _filled(series: Any, gaps: Gaps | None, name: str) -> FilledSeries:
    """A series that may have labels, which aren't looked at."""
    return filled(unlabelled(**{name: series})[0], gaps, name)


def _axis(time: ArrayLike, n: int, name: str) -> NDArray[np.float64]:
    axis = checks.series(time, name)
    if axis.size != n:
        raise ValueError(f"{name} must have as many samples as its series, {n}, not {axis.size}")
    even = np.linspace(axis[0], axis[-1], n)
    if even[1] <= even[0] or np.abs(axis - even).max() > _TIME_TOLERANCE * (even[1] - even[0]):
        raise ValueError(f"{name} must increase in equal steps")
    return axis


def _shared(
    time1: NDArray[np.float64], time2: NDArray[np.float64], dt: float
) -> tuple[int, int, int]:
    """First samples of the shared time in either series, and its length."""
    dt2 = (time2[-1] - time2[0]) / (time2.size - 1)
    if abs(dt2 - dt) * min(time1.size, time2.size) > _TIME_TOLERANCE * dt:
        raise ValueError(f"time1 and time2 must have the same step, not {dt:g} and {dt2:g}")
    offset = (time2[0] - time1[0]) / dt
    whole = round(offset)
    if abs(offset - whole) > _TIME_TOLERANCE:
        raise ValueError(f"time1 and time2 must be in step; they are {offset:g} steps apart")
    start1, start2 = max(0, whole), max(0, -whole)
    shared = min(time1.size - start1, time2.size - start2)
    if shared < checks.MIN_LENGTH:
        raise ValueError(
            f"time1 and time2 must share at least {checks.MIN_LENGTH} samples, not {max(0, shared)}"
        )
    return start1, start2, shared
