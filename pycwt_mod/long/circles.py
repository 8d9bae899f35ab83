"""The C code of long FFTs, typed. Lengths are powers of two.

The C interface is in ``native/include/pycwt_rows.h``.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.long.rows import instruction_set

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.long.buffers import Buffers

#: Shorter FFTs are scipy's.
MIN_FFT = int(lib.PT_MIN_FFT)


@dataclass(frozen=True, slots=True)
class Circle:
    """What of a signal that goes round a circle is wanted."""

    #: Samples in all, a power of two.
    length: int
    #: Samples before the first one, up to ``length``.
    before: int
    #: Samples from the first one on, up to ``length``.
    after: int


def real_fft(x: NDArray[np.float64], n: int, isa: str | None = None) -> NDArray[np.complex128]:
    """Bins 0 … n/2 of a real series padded with zeros to length ``n``.

    Args:
        x: at most ``n`` numbers, contiguous.
        n: a power of two.
        isa: see :func:`pycwt_mod.long.rows.make_row`.

    Raises:
        ValueError: ``x`` is longer than ``n``.
        MemoryError: there is no memory for it.
    """
    if x.size > n:
        raise ValueError(f"x has {x.size} samples, more than n = {n}")
    if n < 2 * MIN_FFT:
        short: NDArray[np.complex128] = sp_fft.rfft(x, n)
        return short
    even = np.append(x, 0.0) if x.size % 2 else np.ascontiguousarray(x)
    out = np.empty(n // 2 + 1, np.complex128)
    to = ffi.from_buffer("double[]", out, require_writable=True)
    _check(
        lib.pt_forward_f64(
            instruction_set(isa), ffi.from_buffer("double[]", even), even.size, n // 2, to
        )
    )
    return out


def band_signal(
    bins: NDArray[np.complex128],
    first: int,
    circle: Circle,
    scale: float,
    dtype: type[np.complexfloating],
    *,
    isa: str | None = None,
    buffers: Buffers | None = None,
) -> NDArray[Any]:
    """A signal from some of its bins: scale·Σ bins[i]·exp(2πi·(first + i)·t/length).

    Args:
        bins: contiguous, at most as many as the circle is long.
        first: number of the first bin, round the circle.
        circle: times t that are wanted.
        scale: of the result.
        dtype: complex64 or complex128.
        isa: see :func:`pycwt_mod.long.rows.make_row`.
        buffers: where memory comes from that is needed on the way.

    Returns:
        Of ``dtype``, shape (before + after,).

    Raises:
        ValueError: lengths don't fit.
        MemoryError: there is no memory for it.
    """
    n = circle.length
    if n < MIN_FFT:
        folded = np.zeros(n, np.complex128)
        folded[(first + np.arange(bins.size)) % n] = bins * (scale * n)
        whole = sp_fft.ifft(folded).astype(dtype)
        return np.concatenate([whole[n - circle.before :], whole[: circle.after]])
    out = np.empty(circle.before + circle.after, dtype)
    fields = {
        "bins": ffi.from_buffer("double[]", bins),
        "count": bins.size,
        "first": first,
        "length": n,
        "scale": scale,
        "before": circle.before,
        "after": circle.after,
    }
    single = out.dtype == np.complex64
    function = lib.pt_inverse_f32 if single else lib.pt_inverse_f64
    to = ffi.from_buffer("float[]" if single else "double[]", out, require_writable=True)
    with buffers.room(n * out.itemsize + lib.PT_ROOM) if buffers else nullcontext() as room:
        fields["room"] = ffi.NULL if room is None else ffi.from_buffer(room)
        _check(function(instruction_set(isa), ffi.new("pt_circle *", fields), to))
    return out


def _check(code: int) -> None:
    if code == lib.PT_NO_MEMORY:
        raise MemoryError("no memory for a long FFT")
    if code != lib.PT_OK:
        raise ValueError("lengths of a long FFT don't fit")
