"""The C code of the plain transforms, typed: one row of a transform from a band of the series.

The formula and the C interface are in ``native/include/pycwt_rows.h``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod._kernel import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

#: Scales whose coherence is made together.
MAX_SCALES = int(lib.PT_MAX_SCALES)
#: Numbers that the C code may read or write behind the end of a row.
SLACK = int(lib.PT_SLACK)


@dataclass(frozen=True, slots=True)
class RowFilter:
    """How one row is made from its band; float32 arrays make complex64 rows, float64 complex128."""

    #: Carrier in radians per sample of the row.
    omega: float
    #: Samples of the row for one of the band, a power of two.
    decimation: int
    #: Filter at the rate of the band: its centre, then the right half of it.
    taps: NDArray[np.floating]
    #: Interpolation, shape (K, decimation); K = 0 for decimation 1.
    window: NDArray[np.floating]

    @property
    def before(self) -> int:
        """Samples of the band that the first output reaches back."""
        reach = int(self.window.shape[0])
        return self.taps.size - 1 + max(0, reach // 2 - 1)

    def length(self, count: int) -> int:
        """Samples of the band that a row of ``count`` samples needs."""
        points, reach = -(-count // self.decimation), int(self.window.shape[0])
        return points + 2 * (self.taps.size - 1) + max(0, reach - 1)


def instruction_sets() -> tuple[str, ...]:
    """Names of the instruction sets that this processor runs, best last."""
    names = []
    number = 0
    while (name := lib.pt_isa_name(number)) != ffi.NULL:
        if lib.pt_isa_supported(number):
            names.append(ffi.string(name).decode())
        number += 1
    return tuple(names)


@lru_cache(maxsize=8)
def _isa_number(name: str | None) -> int:
    if name is None:
        return int(lib.pt_isa_best())
    known = instruction_sets()
    if name not in known:
        raise ValueError(
            f"isa must be one that this processor runs ({', '.join(known)}), not {name!r}"
        )
    number = 0
    while ffi.string(lib.pt_isa_name(number)).decode() != name:
        number += 1
    return number


def make_row(
    band: NDArray[np.complexfloating],
    how: RowFilter,
    out: NDArray[np.complexfloating],
    isa: str | None = None,
) -> None:
    """Fill ``out`` with one row of a transform. The GIL is released meanwhile.

    Args:
        band: the band, contiguous, from ``how.before`` samples before the row on; at least
            ``how.length(out.size)`` samples of the type of ``out``.
        how: filter and interpolation in the same precision.
        out: complex64 or complex128, contiguous.
        isa: one of :func:`instruction_sets`; by default the environment's ``PYCWT_ISA``, or
            else the best of this processor.

    Raises:
        ValueError: types or lengths don't fit, or ``isa`` isn't one that works here.
        MemoryError: there is no memory for the tables.
    """
    single = out.dtype == np.complex64
    row, keep = _row(band, how, np.float32 if single else np.float64)
    function = lib.pt_row_f32 if single else lib.pt_row_f64
    to = ffi.from_buffer("float[]" if single else "double[]", out, require_writable=True)
    _check(function(instruction_set(isa), row, out.size, to), how, band.size, out.size)
    del keep


@dataclass(frozen=True, slots=True)
class Pair:
    """Bands of two series at one scale, and how rows are made from them."""

    first: NDArray[np.complexfloating]
    second: NDArray[np.complexfloating]
    how: RowFilter

    def sums_length(self, count: int) -> int:
        """Numbers that :func:`pair_rows` needs in each row of ``sums``."""
        points = -(-count // self.how.decimation)
        return points + int(self.how.window.shape[0]) + SLACK


def pair_rows(
    pair: Pair, phase: NDArray[np.floating], sums: NDArray[np.floating], isa: str | None = None
) -> None:
    """The phase of W₁·conj(W₂) at every sample, and the four products at the rate of the band.

    Args:
        pair: bands and filter in the precision of ``phase``.
        phase: float32 or float64, contiguous, shape (N,); overwritten.
        sums: of the same type, shape (4, …) with contiguous rows of at least
            ``pair.sums_length(N)``; overwritten from K/2 − 1 points before the first on with
            |W₁|², |W₂|², Re and Im of W₁·conj(W₂), gathered by the interpolation's adjoint.
        isa: see :func:`make_row`.

    Raises:
        ValueError: types or lengths don't fit, or ``isa`` isn't one that works here.
        MemoryError: there is no memory for the tables.
    """
    real = phase.dtype
    if sums.dtype != real or pair.second.dtype != pair.first.dtype:
        raise ValueError("bands, phase and sums must have the same precision")
    if pair.second.size != pair.first.size or sums.shape[1] < pair.sums_length(phase.size):
        raise ValueError("bands must have the same length, and sums room for all points")
    row, keep = _row(pair.first, pair.how, real)
    both = ffi.new("pt_pair *")
    both.first = row[0]
    both.second = ffi.from_buffer(pair.second)
    both.pitch = sums.strides[0] // sums.itemsize
    function = lib.pt_pair_f32 if real == np.float32 else lib.pt_pair_f64
    code = function(instruction_set(isa), both, phase.size, _pointer(phase), _pointer(sums))
    _check(code, pair.how, pair.first.size, phase.size)
    del keep


def smooth(
    x: NDArray[np.floating],
    taps: NDArray[np.floating],
    out: NDArray[np.floating],
    between: NDArray[np.floating] | None = None,
    isa: str | None = None,
) -> None:
    """out[i] = Σ taps[|j|]·x[i + j + h], |j| ≤ h = ``taps.size`` − 1.

    With ``between`` that is out[2i], and out[2i + 1] what lies half a number further on,
    Σ between[j]·(x[i + h − j] + x[i + h + 1 + j]), 0 ≤ j < h.

    Args:
        x: contiguous, at least a number for each result or each two results, 2h more and
            :data:`SLACK` more.
        taps: centre and right half of the filter.
        out: contiguous; its last :data:`SLACK` numbers are not results.
        between: h numbers.
        isa: see :func:`make_row`.

    Raises:
        ValueError: types or lengths don't fit, or ``isa`` isn't one that works here.
        MemoryError: there is no memory for it.
    """
    half = taps.size - 1
    if out.size < SLACK:
        raise ValueError(f"out must have at least {SLACK} numbers, not {out.size}")
    if between is not None and (between.dtype != taps.dtype or between.size != half):
        raise ValueError("between must have the type of taps, and one number less")
    count = (out.size - SLACK) // (1 if between is None else 2)
    if not x.dtype == taps.dtype == out.dtype or x.size < count + SLACK + 2 * half:
        raise ValueError("x, taps and out must have the same type, and x room for the filter")
    function = lib.pt_smooth_f32 if out.dtype == np.float32 else lib.pt_smooth_f64
    filters = _pointer(taps), ffi.NULL if between is None else _pointer(between)
    at = _pointer(x) + half
    code = function(instruction_set(isa), at, *filters, half, count, _pointer(out))
    if code == lib.PT_NO_MEMORY:
        raise MemoryError("no memory for a filter")


def coherence_rows(
    terms: Sequence[NDArray[np.floating]],
    weights: Sequence[Sequence[float]],
    window: NDArray[np.floating],
    *,
    floors: Sequence[tuple[float, float]],
    outs: Sequence[NDArray[np.floating]],
    isa: str | None = None,
) -> None:
    """Squared coherence of one scale, or of two, from the smoothed products of those around.

    Args:
        terms: of each scale around, shape (4, …) with contiguous rows: |W₁|², |W₂|², Re and Im
            of W₁·conj(W₂), smoothed, from K/2 − 1 points before the first on.
        weights: of the terms, for each scale.
        window: interpolation, shape (K, decimation), symmetric.
        floors: for each scale, powers up to which there is nothing to cohere.
        outs: for each scale, float32 or float64, contiguous, shape (N,).
        isa: see :func:`make_row`.

    Raises:
        ValueError: types or lengths don't fit, or ``isa`` isn't one that works here.
        MemoryError: there is no memory for the tables.
    """
    out = outs[0]
    if any(array.dtype != out.dtype for array in (*terms, *outs, window)):
        raise ValueError(f"terms and window must have the type of outs, {out.dtype}")
    if any(other.size != out.size for other in outs):
        raise ValueError("outs must have the same length")
    if not len(outs) == len(weights) == len(floors) or any(len(w) != len(terms) for w in weights):
        raise ValueError("there must be weights of all terms and floors for each of outs")
    reach, decimation = window.shape
    points = -(-out.size // decimation)
    if any(term.shape[1] < points + reach + SLACK for term in terms):
        raise ValueError("terms must have room for all points and what lies around them")
    window = np.ascontiguousarray(window)
    single = out.dtype == np.float32
    keep = (
        ffi.new("double[]", [weight for each in weights for weight in each]),
        ffi.new("void *[]", [_pointer(term) for term in terms]),
        ffi.new("int64_t[]", [term.strides[0] // term.itemsize for term in terms]),
    )
    fields = {
        "scales": len(outs),
        "floors": list(floors),
        "weights": keep[0],
        "terms": keep[1],
        "pitches": keep[2],
        "window": ffi.from_buffer(window) if window.size else ffi.NULL,
        "count": len(terms),
        "decimation": decimation,
        "reach": reach,
    }
    to = ffi.new("float *[]" if single else "double *[]", [_pointer(each) for each in outs])
    function = lib.pt_coherence_f32 if single else lib.pt_coherence_f64
    code = function(instruction_set(isa), ffi.new("pt_window *", fields), out.size, to)
    if code == lib.PT_NO_MEMORY:
        raise MemoryError("no memory for a row of coherence")
    if code != lib.PT_OK:
        raise ValueError(f"the window of shape {window.shape} doesn't fit {out.size} samples")


def _row(
    band: NDArray[np.complexfloating], how: RowFilter, real: DTypeLike
) -> tuple[Any, tuple[Any, ...]]:
    """A C row, and what must outlive it."""
    kind = np.dtype(np.complex64 if np.dtype(real) == np.float32 else np.complex128)
    if band.dtype != kind or {how.taps.dtype, how.window.dtype} != {np.dtype(real)}:
        raise ValueError(f"band and filter must have the precision of the row, {kind}")
    taps, window = np.ascontiguousarray(how.taps), np.ascontiguousarray(how.window)
    fields = {
        "omega": how.omega,
        "band_length": band.size,
        "decimation": how.decimation,
        "reach": window.shape[0],
        "half": taps.size - 1,
        "taps": ffi.from_buffer(taps),
        "window": ffi.from_buffer(window) if window.size else ffi.NULL,
        "band": ffi.from_buffer(band),
    }
    return ffi.new("pt_row *", fields), (taps, window, band, fields)


def instruction_set(name: str | None) -> int:
    """Number of an instruction set, by default that of the environment or the best there is."""
    return _isa_number(name or os.environ.get("PYCWT_ISA") or None)


def _pointer(array: NDArray[np.floating]) -> Any:
    if array.strides[-1] != array.itemsize:
        raise ValueError("arrays must have contiguous rows")
    kind = "float *" if array.dtype == np.float32 else "double *"
    return ffi.cast(kind, array.ctypes.data)


def _check(code: int, how: RowFilter, given: int, count: int) -> None:
    if code == lib.PT_NO_MEMORY:
        raise MemoryError("no memory for the tables of a row")
    if code != lib.PT_OK:
        raise ValueError(
            f"band has {given} samples and the filter {how.taps.size} taps, decimation "
            f"{how.decimation} and reach {how.window.shape[0]}, which don't fit {count} samples"
        )
