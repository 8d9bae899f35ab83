"""The C code of the plain transforms, typed: one row of a transform from a band of the series.

The formula and the C interface are in ``native/include/pycwt_rows.h``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod._kernel import ffi, lib

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Largest decimation of a band, and most points that an interpolation reaches over.
MAX_DECIMATION = int(lib.PT_MAX_DECIMATION)
MAX_REACH = int(lib.PT_MAX_REACH)


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
    real = np.dtype(np.float32 if out.dtype == np.complex64 else np.float64)
    if band.dtype != out.dtype or {how.taps.dtype, how.window.dtype} != {real}:
        raise ValueError(f"band and filter must have the precision of out, {out.dtype}")
    taps, window = np.ascontiguousarray(how.taps), np.ascontiguousarray(how.window)
    row = ffi.new(
        "pt_row *",
        {
            "omega": how.omega,
            "band_length": band.size,
            "decimation": how.decimation,
            "reach": window.shape[0],
            "half": taps.size - 1,
            "taps": ffi.from_buffer(taps),
            "window": ffi.from_buffer(window) if window.size else ffi.NULL,
            "band": ffi.from_buffer(band),
        },
    )
    number = _isa_number(isa or os.environ.get("PYCWT_ISA") or None)
    single = out.dtype == np.complex64
    function = lib.pt_row_f32 if single else lib.pt_row_f64
    to = ffi.from_buffer("float[]" if single else "double[]", out, require_writable=True)
    code = function(number, row, out.size, to)
    if code == lib.PT_NO_MEMORY:
        raise MemoryError("no memory for the tables of a row")
    if code != lib.PT_OK:
        raise ValueError(
            f"band has {band.size} samples and the filter {taps.size} taps, decimation "
            f"{how.decimation} and reach {window.shape[0]}, which don't fit {out.size} samples"
        )
