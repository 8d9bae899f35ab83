"""The time–scale plane of a transform, with all that an analysis of it needs to know."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from pycwt_mod import checks
from pycwt_mod.gaps import outside_ends, outside_gaps
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

#: Scales that a list of periods or a rounded file gives miss their grid by less than this.
_GRID_TOLERANCE = 1e-6


class TransformLike(Protocol):
    """What is read of a transform: the results of :func:`pycwt_mod.cwt` have it.

    Attributes ``wavelet`` and ``series`` are used too where there are any.
    """

    @property
    def W(self) -> NDArray[np.complexfloating]:  # noqa: N802 - the field's name
        """Wavelet coefficients, shape (scales, N)."""

    @property
    def sj(self) -> NDArray[np.float64]:
        """Scales in units of time, shape (scales,)."""

    @property
    def freqs(self) -> NDArray[np.float64]:
        """Their Fourier frequencies, shape (scales,)."""

    @property
    def coi(self) -> NDArray[np.float64]:
        """Cone of influence in periods, shape (N,)."""

    @property
    def fftfreqs(self) -> NDArray[np.float64]:
        """Positive frequencies of the series' FFT, the first of them 1/(N·dt)."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A checked transform, its sampling interval and its wavelet."""

    W: NDArray[np.complexfloating]
    sj: NDArray[np.float64]
    freqs: NDArray[np.float64]
    coi: NDArray[np.float64]
    dt: float
    wavelet: Wavelet
    #: Samples of the series that are there, bool[N]; None where none is missing.
    present: NDArray[np.bool_] | None = None

    @property
    def size(self) -> int:
        """Number of samples N."""
        return int(self.W.shape[1])

    @property
    def scales(self) -> NDArray[np.float64]:
        """Scales in samples, shape (scales,)."""
        return self.sj / self.dt

    @property
    def periods(self) -> NDArray[np.float64]:
        """Fourier periods of the scales, shape (scales,)."""
        return 1 / self.freqs

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Points outside the cones of the ends and of gaps, shape (scales, N)."""
        outside = outside_ends(self.periods[:, None], self.coi)
        return outside if self.present is None else outside & self.outside_gaps

    @property
    def outside_gaps(self) -> NDArray[np.bool_]:
        """Points outside the cones of gaps, shape (scales, N)."""
        if self.present is None:
            return np.ones(self.W.shape, bool)
        return outside_gaps(self.present, self.scales, self.wavelet)

    @property
    def gaps(self) -> Literal["mask"] | None:
        """How a test must take the series: with missing samples where it has some."""
        return None if self.present is None else "mask"

    @property
    def dj(self) -> float:
        """Spacing of the scales in octaves.

        Raises:
            ValueError: there is one scale alone, or they aren't evenly spaced and ascending.
        """
        return octave_spacing(self.sj)

    def unit(self) -> NDArray[np.complex128]:
        """W over a power of two that brings its largest coefficient below 1, as complex128."""
        top = max(float(np.abs(row).max()) for row in self.W)
        factor = math.ldexp(1.0, -max(-1000, min(1000, math.frexp(top)[1])))
        scaled: NDArray[np.complex128] = self.W.astype(np.complex128) * factor
        return scaled


def plane_of(
    transform: TransformLike, wavelet: str | Wavelet | None = None, name: str = "transform"
) -> Plane:
    """Check a transform and find its sampling interval and wavelet.

    The sampling interval is that of ``fftfreqs``.

    Args:
        transform: as :func:`pycwt_mod.cwt` gives it.
        wavelet: name or instance that it was made with; None takes the transform's own
            ``wavelet``, or the Morlet wavelet where it has none.
        name: of the argument, for messages.

    Returns:
        The plane.

    Raises:
        TypeError: it isn't a transform.
        ValueError: its shapes don't fit each other, it isn't finite, or its frequencies aren't
            those of the wavelet.
    """
    missing = [
        field
        for field in ("W", "sj", "freqs", "coi", "fftfreqs")
        if getattr(transform, field, None) is None
    ]
    if missing:
        raise TypeError(
            f"{name} must be a result of cwt; {type(transform).__name__} has no {missing[0]}"
        )
    mother = wavelet_known(transform, wavelet)
    W = np.asarray(transform.W)
    sj = checks.positives(transform.sj, f"{name}.sj")
    freqs = checks.positives(transform.freqs, f"{name}.freqs")
    coi = np.asarray(transform.coi, dtype=np.float64)
    if W.ndim != 2 or (sj.size, coi.size) != W.shape or freqs.size != sj.size:
        raise ValueError(
            f"{name} doesn't fit itself: W has the shape {W.shape}, sj {sj.shape}, freqs "
            f"{freqs.shape}, coi {coi.shape}"
        )
    if not all(np.isfinite(row).all() for row in W):
        raise ValueError(f"{name}.W must be finite")
    if not np.allclose(freqs * sj * mother.flambda(), 1, rtol=_GRID_TOLERANCE, atol=0):
        raise ValueError(
            f"wavelet must be that of {name}: its frequencies aren't those of {mother!r}"
        )
    dt = 1 / (W.shape[1] * float(np.asarray(transform.fftfreqs)[0]))
    return Plane(W, sj, freqs, coi, dt, mother, _present(transform))


def _present(transform: TransformLike) -> NDArray[np.bool_] | None:
    there: NDArray[np.bool_] | None = getattr(transform, "present", None)
    return None if there is None or there.all() else there


def series_of(transform: TransformLike, signal: ArrayLike | None) -> ArrayLike:
    """What a test is to take the variance of: ``signal``, or the transform's own ``series``.

    Of a transform with gaps that has NaN where samples are missing.

    Raises:
        ValueError: there is neither.
    """
    own: ArrayLike | None = _known(transform, "series") if signal is None else signal
    if own is None:
        raise ValueError("signal must be given: this transform doesn't know its series")
    return own


def times_of(transform: TransformLike, plane: Plane) -> NDArray[Any]:
    """Times of a transform's samples: those of its labels, else 0, dt, 2·dt, …."""
    own: NDArray[Any] | None = _known(transform, "time")
    return plane.dt * np.arange(plane.size) if own is None else own


def _known(result: object, name: str) -> Any:
    """An attribute of a result, None where it has none or doesn't know it."""
    try:
        return getattr(result, name, None)
    except ValueError:  # put together by hand
        return None


def interval_of(result: object, dt: float | None, name: str) -> float:
    """The sampling interval: ``dt``, or the result's own.

    Raises:
        TypeError: it isn't a number.
        ValueError: it isn't positive, or there is neither.
    """
    own = _known(result, "dt") if dt is None else dt
    if own is None:
        raise ValueError(f"dt must be given: this {name} doesn't know it")
    return checks.positive(own, "dt")


def wavelet_known(result: object, wavelet: str | Wavelet | None) -> Wavelet:
    """The wavelet: ``wavelet``, or the result's own, or the Morlet wavelet.

    Raises:
        TypeError: it is neither a name nor a wavelet.
        ValueError: no wavelet has that name.
    """
    own = _known(result, "wavelet") or "morlet"
    return find_wavelet(own if wavelet is None else wavelet)


def same_grid(planes: Sequence[Plane], names: Sequence[str]) -> None:
    """Refuse planes of different scales, lengths, sampling intervals or wavelets.

    Raises:
        ValueError: two of them differ; the message says which and in what.
    """
    first = planes[0]
    for plane, name in zip(planes[1:], names[1:], strict=True):
        if plane.wavelet != first.wavelet:
            what = f"wavelet: {first.wavelet!r} and {plane.wavelet!r}"
        elif plane.W.shape != first.W.shape:
            what = f"shape: {first.W.shape} and {plane.W.shape}"
        elif not math.isclose(plane.dt, first.dt, rel_tol=_GRID_TOLERANCE):
            what = f"sampling interval: {first.dt:g} and {plane.dt:g}"
        elif not np.allclose(plane.sj, first.sj, rtol=_GRID_TOLERANCE, atol=0):
            what = "scales"
        else:
            continue
        raise ValueError(f"{names[0]} and {name} must have the same {what}")


def octave_spacing(sj: NDArray[np.float64], name: str = "scales") -> float:
    """Spacing in octaves of ascending, evenly spaced scales.

    Raises:
        ValueError: there are fewer than two, or they aren't so spaced.
    """
    if sj.size < 2:
        raise ValueError(f"{name} must be at least two, to have a spacing")
    steps = np.diff(np.log2(sj))
    dj = float(steps.mean())
    if dj <= 0 or np.abs(steps - dj).max() > _GRID_TOLERANCE:
        raise ValueError(f"{name} must ascend in equal parts of an octave")
    return dj


def band_limits(band: ArrayLike, name: str) -> tuple[float, float]:
    """Lower and upper limit of a band.

    Raises:
        TypeError: they aren't numbers.
        ValueError: they aren't two, aren't positive or don't increase.
    """
    limits: NDArray[Any] = np.asarray(band)
    if limits.shape != (2,):
        raise ValueError(f"{name} must be a lower and an upper limit, not {band!r}")
    low, high = (checks.positive(limit, name) for limit in limits.tolist())
    if low >= high:
        raise ValueError(f"{name} must increase, not {band!r}")
    return low, high


def rows_within(values: NDArray[np.float64], band: ArrayLike, name: str) -> NDArray[np.bool_]:
    """Which periods or scales lie in a band, its limits included.

    Raises:
        TypeError: the limits aren't numbers.
        ValueError: it isn't a band, or nothing lies in it.
    """
    low, high = band_limits(band, name)
    # A scale computed as a power of two may miss a limit of the same name by its last digits.
    inside: NDArray[np.bool_] = (values >= low * (1 - 1e-9)) & (values <= high * (1 + 1e-9))
    if not inside.any():
        raise ValueError(
            f"{name}: nothing lies in {low:g} to {high:g}; there are {values.min():g} to "
            f"{values.max():g}"
        )
    return inside


def checked_scales(sj: ArrayLike) -> NDArray[np.float64]:
    """Two or more scales, all different.

    Raises:
        TypeError: they aren't numbers.
        ValueError: they are fewer, not positive, or two are the same.
    """
    scales = checks.positives(sj, "sj")
    if scales.size < 2 or np.unique(scales).size != scales.size:
        raise ValueError("sj must be at least two scales, all of them different")
    return scales


def checked_mask(where: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask of the tested points.

    Raises:
        ValueError: it isn't a mask of the shape.
    """
    if where is None:
        return np.ones(shape, bool)
    mask = np.asarray(where)
    if mask.dtype != np.bool_ or mask.shape != shape or mask.ndim != 2:
        raise ValueError(f"where must be a mask of shape {shape}, not {mask.dtype} {mask.shape}")
    return mask


def checked_plane(p: NDArray[np.float64], name: str, shape: tuple[int, ...]) -> None:
    """Refuse what isn't a plane of p-values.

    Raises:
        ValueError: the shape is another, or a value isn't between 0 and 1.
    """
    if p.shape != shape or p.ndim != 2:
        raise ValueError(f"{name} must be of shape (scales, N) = {shape}, not {p.shape}")
    if ((p < 0) | (p > 1)).any():
        raise ValueError(f"{name} must be p-values, between 0 and 1")
