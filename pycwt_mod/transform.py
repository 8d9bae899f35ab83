"""The continuous wavelet transform (Torrence & Compo 1998, TC98)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod import checks, grid
from pycwt_mod.gaps import filled, masks_of
from pycwt_mod.long.fast import MIN_FFT, morlet_rows
from pycwt_mod.long.store import opened
from pycwt_mod.own_grid import own_scales, spacing
from pycwt_mod.progress import row_progress
from pycwt_mod.results import labels
from pycwt_mod.results.cautions import check_scales, check_trend
from pycwt_mod.results.kinds import About, Transform
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from pycwt_mod.gaps import Gaps
    from pycwt_mod.long.fast import Emit, Fill
    from pycwt_mod.long.store import Destination
    from pycwt_mod.results.labels import Labels

#: Most scales of one transform, less one.
MAX_J = 10_000
#: Coarsest spacing of scales in octaves; beyond it nothing is sampled any more.
MAX_DJ = 4.0
#: Padded complex values worked on at a time, to keep temporary arrays near 64 MiB.
_BLOCK = 4_000_000
#: The same where they shall stay in the processor's cache, and rows that are worked on together
#: all the same.
_IN_CACHE, _SIDE_BY_SIDE = 1 << 14, 8
#: Values in the tables of ψ̂ that are kept for the next call on the same grid, 4 MiB each.
_CACHED = 1 << 20
#: Series whose unit is 2^±this at most are scaled by it in one step.
_EXACT_RANGE = 900
#: Series whose unit lies beyond 2^±this have no transform in single precision.
_SINGLE_RANGE = 80


def cwt(  # noqa: PLR0917 - pycwt's signature
    signal: ArrayLike | Labels,
    dt: float | None = None,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    wavelet: str | Wavelet = "morlet",
    freqs: ArrayLike | None = None,
    *,
    periods: ArrayLike | None = None,
    gaps: Gaps | None = None,
    compat: str | None = None,
    dtype: DTypeLike = "complex128",
    out: Destination = None,
    threads: int = 1,
    time_units: str = "auto",
    progress: bool = True,
) -> Transform:
    """Continuous wavelet transform of a series (TC98, eq. 4), in pycwt's order.

    The mean is removed and the series padded with zeros to :func:`padded_length`, as in TC98's
    programs. |W|² is in units of the series squared (eq. 6). Every scale asked for comes back.
    Long series take the way of :mod:`pycwt_mod.long.fast` with the Morlet wavelet, whose errors are
    told there.

    Args:
        signal: N real samples, at least 4, not constant. A pandas Series, an xarray DataArray
            or one of :func:`pycwt_mod.load_dataset` brings its time axis along; what
            :func:`pycwt_mod.detrend` and the like give tells what was done.
        dt: sampling interval; None takes that of the time axis.
        dj: spacing of scales in octaves.
        s0: smallest scale; −1 takes the scale whose period is 2·dt.
        J: number of scales less one; −1 takes round(log2(N·dt/s0)/dj), so that the largest
            scale is about N·dt (with Morse wavelets, the longest period). The scales are
            s0·2^(j·dj).
        wavelet: name or instance.
        freqs: Fourier frequencies in 1/time to use instead of ``dj``, ``s0`` and ``J``, in any
            order, which the results keep.
        periods: Fourier periods instead, likewise.
        gaps: how missing samples, NaN or masked, are taken: "mask" gives them no weight, "linear"
            bridges them by straight lines (:mod:`pycwt_mod.gaps`). The result's ``coverage`` then
            tells how much of each wavelet falls on samples that are there, and its ``outside``
            leaves out the cones around gaps, too. None refuses them.
        compat: "pycwt-0.5" gives that release's numbers; see :mod:`pycwt_mod.compat`.
        dtype: of W: complex128 or complex64.
        out: what W is written to: an array of its shape and type, or the path of a ``.npy``
            file, which is written scale by scale and comes back as a read-only mapping; None
            makes an array.
        threads: scales of a long series computed at the same time.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.
        progress: shows a line of progress on a terminal, where it takes long.

    Returns:
        W, sj, freqs, coi, fft, fftfreqs; see :class:`Transform`. ``fft`` is X_k/√N of the
        *unpadded* series without its mean, k = 1 … ⌈N/2⌉ − 1, so that |fft|² compares with the
        background spectrum of :func:`pycwt_mod.significance`; with ``gaps`` of the filled series.

    Raises:
        TypeError: an argument isn't a number, or the series isn't made of real numbers.
        ValueError: an argument is out of range or doesn't go with another, or the time axis isn't
            even; the text says it.
        OSError: the file can't be written.

    Warns:
        TrendWarning: the series is mostly a straight line.
        ConeWarning: nearly all of the map lies within the cone of influence.
    """
    mother = find_wavelet(wavelet)
    known = labels.read(dt, time_units, signal=signal)
    series = filled(known.values[0], gaps, "signal")
    x, dt = series.values, known.dt
    sj = own_scales(freqs, periods, mother)
    own = sj is not None
    if sj is None:
        sj = scale_grid(x.size, dt, dj=dj, s0=s0, J=J, wavelet=mother)
    unit = unit_series(x, series.present)
    about = About.of(
        *(known, mother, spacing(sj) if own else dj, unit),
        compat=compat,
        gaps=gaps,
        present=masks_of([series]),
    )
    if compat is not None:
        from pycwt_mod.compat import checked, pycwt_cwt  # noqa: PLC0415 - it needs this module

        checked(compat, dtype=dtype, out=out, threads=threads, gaps=gaps)
        return pycwt_cwt(x, dt, sj, mother)._replace(about=about)
    kind = checks.complex_type(dtype, "dtype")
    threads = checks.whole(threads, "threads", 1, 1024)
    check_scales(sj, x.size, mother, dt, about.present)
    centred, exponent = unit
    check_trend(centred, "signal")
    if kind == np.complex64 and abs(exponent) > _SINGLE_RANGE:
        raise ValueError(
            f"signal has deviations of about 2^{exponent}, beyond the range of complex64: "
            "scale it, or take dtype='complex128'"
        )
    with opened(out, (sj.size, x.size), kind) as store:
        # Samples of unit size can't overflow on the way; the scaling is exact.
        emit = row_progress("transform", sj.size, store.emit) if progress else store.emit
        _rows(
            *(centred, exponent, sj / dt, mother),
            dtype=kind,
            emit=emit,
            result=store.fresh,
            threads=threads,
        )
    spectrum = sp_fft.rfft(centred)[1 : (x.size + 1) // 2]
    spectrum /= math.sqrt(x.size)
    return Transform(
        W=store.result(),
        sj=sj,
        freqs=1 / (mother.flambda() * sj),
        coi=cone_of_influence(x.size, dt, mother),
        fft=_times_power_of_two(spectrum, exponent),
        fftfreqs=sp_fft.rfftfreq(x.size, dt)[1 : (x.size + 1) // 2],
        about=about,
    )


def scale_grid(
    n: int, dt: float, *, dj: float, s0: float, J: float, wavelet: Wavelet
) -> NDArray[np.float64]:
    """The scales s0·2^(j·dj), j = 0 … J (TC98, eq. 9), with the defaults of :func:`cwt`.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, or the series is too short for any scale.
    """
    dj = checks.within(dj, "dj", 0, MAX_DJ)
    s0 = smallest_scale(dt, s0, wavelet)
    if J == -1:
        largest = grid.largest_scale(n * dt, wavelet.family, wavelet.order, wavelet.shape)
        J = grid.default_count(largest, dj, s0)
        if J < 0:
            raise ValueError(f"s0 = {s0:g} is too large for {n} samples at dt = {dt:g}")
    J = checks.whole(J, "J", 0, MAX_J)
    if math.log2(s0 / dt) + J * dj > 64:
        raise ValueError(f"J = {J} at dj = {dj:g} reaches scales beyond 2^64 samples")
    scales: NDArray[np.float64] = s0 * np.exp2(np.arange(J + 1) * dj)
    return scales


def smallest_scale(dt: float, s0: float, wavelet: Wavelet) -> float:
    """``s0``, or for −1 the scale whose Fourier period is 2·dt.

    Raises:
        TypeError: it isn't a number.
        ValueError: it is neither −1 nor positive.
    """
    if s0 == -1:
        return grid.default_s0(dt, wavelet.family, wavelet.order, wavelet.shape)
    return checks.positive(s0, "s0")


def padded_length(n: int) -> int:
    """Length after padding with zeros: 2^(⌊log2 n + 0.4999⌋ + 1), as in TC98's programs.

    At least √2·n: what wraps round the end stays within the cone of influence there.
    """
    return 1 << (math.floor(math.log2(n) + 0.4999) + 1)


def edge_distance(n: int) -> NDArray[np.int64]:
    """Samples from each point to the nearer end of the series, min(i, n − 1 − i)."""
    i = np.arange(n)
    distance: NDArray[np.int64] = np.minimum(i, n - 1 - i)
    return distance


def cone_of_influence(n: int, dt: float, wavelet: Wavelet) -> NDArray[np.float64]:
    """The longest Fourier period free of edge effects at each point (TC98, section 3g).

    Returns:
        Periods in units of ``dt``, shape (n,); at the two end points 1e−5 of a sample stands
        for zero, so that plots on logarithmic axes have something to draw.
    """
    distance = np.maximum(edge_distance(n), 1e-5)
    periods: NDArray[np.float64] = wavelet.flambda() * wavelet.coi() * dt * distance
    return periods


def outside_cone(scales: NDArray[np.float64], n: int, wavelet: Wavelet) -> NDArray[np.bool_]:
    """Points free of edge effects: scale · e-folding time ≤ distance to the end, in samples.

    Args:
        scales: in samples.
        n: length of the series.
        wavelet: whose e-folding time counts.

    Returns:
        bool, shape (scales, n).
    """
    outside: NDArray[np.bool_] = (scales * wavelet.efolding)[:, None] <= edge_distance(n)
    return outside


def unit_series(
    x: NDArray[np.float64], present: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], int]:
    """The series without its mean and an exponent e: series = mean + unit series · 2^e.

    The largest sample of the unit series is below 2 in size, so that squares neither overflow
    nor vanish.

    Args:
        x: finite, shape (N,).
        present: samples whose mean is taken off, bool[N]; None takes all.
    """
    first = _exponent(x)
    small = _scaled(x, -first)
    small = small - (small if present is None else small[present]).mean()
    second = _exponent(small)
    return _scaled(small, -second), first + second


def _exponent(x: NDArray[np.float64]) -> int:
    """The least e such that all of ``x`` is below 2^e in size."""
    return math.frexp(max(float(x.max()), -float(x.min())))[1]


def _scaled(x: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    """``x`` times 2^exponent, exactly: by a product, which is far faster, where that is a float."""
    if abs(exponent) > _EXACT_RANGE:
        return np.ldexp(x, exponent)
    return x * math.ldexp(1.0, exponent)


def daughters(wavelet: Wavelet, scales: NDArray[np.float64], n: int) -> NDArray[np.complex128]:
    """√(2πs) ψ̂₀*(sω) at the frequencies of an FFT of length ``n`` (TC98, eq. 6).

    The Nyquist frequency counts as positive (TC98, eq. 5).

    Args:
        wavelet: the mother wavelet.
        scales: in samples, shape (scales,).
        n: length of the FFT, even.

    Returns:
        complex128, shape (scales, n).
    """
    omega = 2 * np.pi * sp_fft.fftfreq(n)
    omega[n // 2] = np.pi
    transform_ = np.asarray(wavelet.psi_ft(scales[:, None] * omega), dtype=np.complex128)
    rows: NDArray[np.complex128] = np.sqrt(2 * np.pi * scales)[:, None] * transform_.conj()
    return rows


def transform(
    x: NDArray[np.float64], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.complex128]:
    """The transform of a series whose mean is removed already, at scales in samples.

    Args:
        x: shape (N,).
        scales: in samples, shape (scales,).
        wavelet: the mother wavelet.

    Returns:
        complex128, shape (scales, N); the imaginary part is exactly zero for real wavelets.
    """
    n = padded_length(x.size)
    out = np.empty((scales.size, x.size), dtype=np.complex128)
    if not wavelet.is_real:
        for start, block in _analytic_blocks(sp_fft.rfft(x, n), scales, wavelet):
            out[start : start + len(block)] = block[:, : x.size]
        return out
    spectrum = sp_fft.fft(x, n)
    step = max(1, _BLOCK // n)
    for start in range(0, scales.size, step):
        rows = slice(start, start + step)
        block = sp_fft.ifft(spectrum * daughters(wavelet, scales[rows], n), axis=1)
        # The real part also takes off what the lone Nyquist bin adds for odd derivatives.
        out[rows] = block[:, : x.size].real
    return out


def _rows(
    x: NDArray[np.float64],
    exponent: int,
    scales: NDArray[np.float64],
    wavelet: Wavelet,
    *,
    dtype: np.dtype[Any],
    emit: Emit,
    result: NDArray[Any] | None,
    threads: int,
) -> None:
    """Have the rows of a transform emitted, times 2^exponent."""
    n = padded_length(x.size)
    # Powers of two near the ends of the floats' range don't fit into one factor.
    if wavelet.is_real or abs(exponent) > _EXACT_RANGE:
        step = max(1, _BLOCK // n)
        for start in range(0, scales.size, step):
            block = transform(x, scales[start : start + step], wavelet)
            for j, row in enumerate(_times_power_of_two(block, exponent), start):
                emit(j, _copier(row))
        return
    unit = math.ldexp(1.0, exponent)
    if wavelet.family == "morlet" and n >= MIN_FFT:
        morlet_rows(
            *(x, n, scales, wavelet),
            dtype=dtype,
            unit=unit,
            emit=emit,
            result=result,
            threads=threads,
        )
    else:
        _analytic_rows(sp_fft.rfft(x, n) * unit, scales, wavelet, emit, x.size)


def _analytic_rows(
    spectrum: NDArray[np.complex128],
    scales: NDArray[np.float64],
    wavelet: Wavelet,
    emit: Emit,
    size: int,
) -> None:
    for start, block in _analytic_blocks(spectrum, scales, wavelet):
        for j, row in enumerate(block, start):
            emit(j, _copier(row[:size]))


def _analytic_blocks(
    spectrum: NDArray[np.complex128], scales: NDArray[np.float64], wavelet: Wavelet
) -> Iterator[tuple[int, NDArray[np.complex128]]]:
    """:func:`transform` from bins 0 … n/2, for wavelets that have no others, block by block.

    Yields:
        The number of the first scale, and the padded rows from it on, until the next are asked for.
    """
    n = 2 * (spectrum.size - 1)
    kept = scales.size * n <= _CACHED
    table = _cached_weights(wavelet, scales.tobytes(), n) if kept else None
    memory: NDArray[np.complex128] | None = None
    for rows in _few_rows(scales.size, n):
        weights = _weights(wavelet, scales[rows], n) if table is None else table[rows]
        if memory is None:
            memory = np.empty((len(weights), n), np.complex128)
        block = memory[: len(weights)]
        block[:, 0] = block[:, n // 2 + 1 :] = 0
        np.multiply(weights, spectrum[1:], out=block[:, 1 : n // 2 + 1])
        yield rows.start, sp_fft.ifft(block, axis=1, overwrite_x=True)


def _few_rows(count: int, n: int) -> Iterator[slice]:
    """Rows of length ``n``, as many at a time as are worked on best.

    Temporary arrays that fit into the processor's cache are found again there: fresh memory takes
    longer to find than to compute in. Several FFTs at once take less than one after the other.
    """
    step = max(1, min(_BLOCK // n, max(_SIDE_BY_SIDE, _IN_CACHE // n)))
    for start in range(0, count, step):
        yield slice(start, start + step)


def _weights(wavelet: Wavelet, scales: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """√(2πs) ψ̂₀(sω) at bins 1 … n/2, shape (scales, n/2)."""
    omega = 2 * np.pi / n * np.arange(1, n // 2 + 1)
    weights = np.empty((scales.size, omega.size))
    for rows in _few_rows(scales.size, n):
        s = scales[rows, None]
        np.multiply(np.sqrt(2 * np.pi * s), np.real(wavelet.psi_ft(s * omega)), out=weights[rows])
    return weights


@lru_cache(maxsize=4)
def _cached_weights(wavelet: Wavelet, scales: bytes, n: int) -> NDArray[np.float64]:
    weights = _weights(wavelet, np.frombuffer(scales), n)
    weights.flags.writeable = False
    return weights


def _copier(row: NDArray[np.complex128]) -> Fill:
    def fill(out: NDArray[np.complexfloating]) -> None:
        out[:] = row

    return fill


def _times_power_of_two(z: NDArray[np.complex128], exponent: int) -> NDArray[np.complex128]:
    return _scaled(np.ascontiguousarray(z).view(np.float64), exponent).view(np.complex128)
