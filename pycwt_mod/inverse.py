"""Back from a wavelet transform to the series.

Two ways: the least squares of the dual frame, which gives back what was transformed, and the sum
over scales of Torrence & Compo (1998, TC98), eq. 11, which approximates it.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from scipy import fft as sp_fft

from pycwt_mod import checks
from pycwt_mod.own_grid import spacing
from pycwt_mod.results.cautions import CautionWarning
from pycwt_mod.results.kinds import Transform
from pycwt_mod.transform import MAX_DJ, daughters, padded_length
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

#: How a series is reconstructed.
Method = Literal["dual", "classical"]

#: A frequency is covered where the scales see this share of the power that they see at best.
_COVERED = 1e-4
#: The preconditioner amplifies nothing that they see less of than this share: elsewhere a
#: solution that isn't finished yet would be swamped by what it has of no consequence to W.
_WEAK = 1e-2
#: Padded complex values worked on at a time.
_BLOCK = 4_000_000
#: The solution stands once the residual has fallen by this factor, or no longer falls.
_TOLERANCE = 1e-14
_MOST_STEPS = 300
_PATIENCE = 40


class CoverageWarning(CautionWarning):
    """The scales don't see all frequencies of the series."""


def icwt(
    W: ArrayLike | Transform,
    sj: ArrayLike | None = None,
    dt: float | None = None,
    dj: float | None = None,
    wavelet: str | Wavelet | None = None,
    *,
    method: Method = "dual",
) -> NDArray[np.float64]:
    """Reconstruct a series from its transform, without its mean.

    ``dual`` finds the series without mean whose :func:`pycwt_mod.cwt` comes closest to W, each
    scale weighted with 1/s (the frame of Daubechies 1992, *Ten Lectures on Wavelets*, section
    3.2, with the padding and the cut ends of this library's transform). From an unchanged
    complex128 W it gives the series back to 1e−12 of its size, if the scales cover its
    frequencies; they may be spaced in any way. It solves the normal equations by conjugate
    gradients; each of some 15 to 30 steps (more where frequencies are missing) costs two
    transforms.

    ``classical`` is TC98's eq. 11, as pycwt has it, for scales spaced evenly by ``dj``: within
    1 to 3 % where the scales reach from 2·dt to the length of the series. With some scales alone
    it is a band-pass filter (eq. 29), which ``dual`` isn't: that recovers, from a few scales too,
    all that they see at all.

    Args:
        W: what :func:`pycwt_mod.cwt` gave, with which all but ``method`` comes; or its
            coefficients alone, shape (scales, N), with what follows, as pycwt has it.
        sj: their scales.
        dt: sampling interval.
        dj: spacing of the scales in octaves, for ``classical`` alone; None takes 1/12.
        wavelet: name or instance that they were made with; None takes the Morlet wavelet.
        method: "dual" or "classical".

    Returns:
        The series, shape (N,). It lacks what lies at frequencies that no scale covers.

    Raises:
        TypeError: an argument isn't a number, or is missing.
        ValueError: a transform is of a series with gaps, whose filling would come back;
            comes with another ``sj``, ``dt``, ``dj`` or ``wavelet``, was put
            together by hand, or isn't this library's (``compat``) but to be inverted by ``dual``;
            or its scales aren't even, which ``classical`` needs. Shapes don't fit, W isn't finite,
            an argument is out of range, or the wavelet is an odd derivative of a Gaussian, which
            eq. 11 can't invert.

    Warns:
        CoverageWarning: ``dual`` can't recover some of the series' frequencies k/(N·dt); the
            text says how many.
    """
    checks.one_of(method, "method", get_args(Method))
    if isinstance(W, Transform):
        given: dict[str, object] = {"sj": sj, "dt": dt, "dj": dj, "wavelet": wavelet}
        W, sj, dt, dj, wavelet = _known(W, given, method)
    if sj is None or dt is None:
        raise TypeError("sj and dt must be given, unless W is a result of cwt")
    mother = find_wavelet("morlet" if wavelet is None else wavelet)
    coefficients = np.asarray(W)
    scales = checks.positives(sj, "sj")
    dt = checks.positive(dt, "dt")
    dj = checks.within(1 / 12 if dj is None else dj, "dj", 0, MAX_DJ)
    if coefficients.ndim != 2 or coefficients.shape[0] != scales.size:
        raise ValueError(
            f"W must have one row for each of the {scales.size} scales in sj, "
            f"not the shape {coefficients.shape}"
        )
    if method == "dual":
        return _dual(coefficients, scales / dt, mother)
    total = (coefficients.real / np.sqrt(scales)[:, None]).sum(axis=0)
    series: NDArray[np.float64] = dj * math.sqrt(dt) / (mother.cdelta * mother.psi0) * total
    return series


def _known(
    transform: Transform, given: dict[str, object], method: Method
) -> tuple[NDArray[Any], NDArray[np.float64], float, float | None, Wavelet]:
    """W, sj, dt, dj and wavelet of a transform."""
    if twice := [name for name, value in given.items() if value is not None]:
        raise ValueError(f"{twice[0]} comes with the transform: leave it out, or pass its W alone")
    if transform.gapped:
        count = int((~transform.present).sum())
        raise ValueError(
            f"W is the transform of a series that lacks {count} samples: what comes back for them "
            "is their filling, not the series. To have it, pass W.W with W.sj, W.dt and W.wavelet"
        )
    compat = transform.about.compat if transform.about else None
    if compat and method == "dual":
        raise ValueError(
            f"method='dual' inverts this library's transform, not that of compat={compat!r}: take "
            "method='classical'"
        )
    dj = transform.dj or spacing(transform.sj)
    if dj is None and method == "classical":
        raise ValueError(
            "method='classical' needs scales that are evenly spaced in octaves, which those of "
            "the transform aren't: take method='dual'"
        )
    return transform.W, transform.sj, transform.dt, dj, transform.wavelet


def _dual(
    W: NDArray[np.complexfloating], scales: NDArray[np.float64], wavelet: Wavelet
) -> NDArray[np.float64]:
    if W.shape[1] < checks.MIN_LENGTH:
        raise ValueError(f"W must have at least {checks.MIN_LENGTH} samples, not {W.shape[1]}")
    size = float(np.abs(W).max())
    if not math.isfinite(size):
        raise ValueError("W must be finite")
    frame = _Frame(scales, wavelet, W.shape[1])
    _check_coverage(frame, wavelet)
    if size == 0:
        return np.zeros(W.shape[1])
    unit = 2.0 ** math.frexp(size)[1]
    return unit * _conjugate_gradients(frame, frame.adjoint(W, 1 / unit))


class _Frame:
    """The transform as a linear map of series without mean, its rows over √s.

    Args:
        scales: in samples, shape (scales,).
        wavelet: the mother wavelet.
        size: samples of the series.
    """

    def __init__(self, scales: NDArray[np.float64], wavelet: Wavelet, size: int) -> None:
        self.scales = scales
        self.size = size
        self._wavelet = wavelet
        self._n = padded_length(size)
        self._kept: list[tuple[slice, NDArray[np.complex128]]] = []
        power = np.zeros(self._n)
        for _, rows in self._blocks():
            power += (rows.real**2 + rows.imag**2).sum(axis=0)
        # Of a real series: what both signs of a frequency see.
        power = (power + np.roll(power[::-1], 1)) / 2
        self._inverse = power / (power**2 + (_WEAK * power.max()) ** 2)

    def _blocks(self) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
        """Some scales and their filters at a time; kept where they are few."""
        if self._kept:
            yield from self._kept
            return
        step = max(1, _BLOCK // self._n)
        for start in range(0, self.scales.size, step):
            rows = slice(start, start + step)
            some = self.scales[rows]
            filters = daughters(self._wavelet, some, self._n) / np.sqrt(some)[:, None]
            if step >= self.scales.size:
                self._kept = [(rows, filters)]
            yield rows, filters

    def adjoint(self, W: NDArray[np.complexfloating], unit: float) -> NDArray[np.float64]:
        """The adjoint map of a transform times ``unit``, whose rows aren't yet over √s."""
        total = np.zeros(self._n, np.complex128)
        for rows, filters in self._blocks():
            part = W[rows] * (unit / np.sqrt(self.scales[rows])[:, None])
            total += self._gather(part, filters)
        return self._series(total)

    def normal(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The map and then its adjoint."""
        spectrum = sp_fft.fft(x, self._n)
        total = np.zeros(self._n, np.complex128)
        for _, filters in self._blocks():
            part = sp_fft.ifft(spectrum * filters, axis=1, overwrite_x=True)[:, : self.size]
            total += self._gather(part, filters)
        return self._series(total)

    def preconditioned(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """What would invert :meth:`normal` if W weren't cut at the series' ends."""
        return self._series(sp_fft.fft(x, self._n) * self._inverse)

    def _gather(
        self, part: NDArray[np.complexfloating], filters: NDArray[np.complex128]
    ) -> NDArray[np.complex128]:
        kept = part.real if self._wavelet.is_real else part
        spectra = sp_fft.fft(kept, self._n, axis=1)
        spectra *= filters.conj()
        gathered: NDArray[np.complex128] = spectra.sum(axis=0)
        return gathered

    def _series(self, spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
        x = sp_fft.ifft(spectrum)[: self.size].real
        series: NDArray[np.float64] = x - x.mean()
        return series


def _conjugate_gradients(frame: _Frame, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve frame.normal(x) = b, from zero on."""
    best, x, r = np.zeros_like(b), np.zeros_like(b), b
    z = frame.preconditioned(r)
    p, rho = z, float(r @ z)
    least, wanted, idle = rho, _TOLERANCE**2 * rho, 0
    for _ in range(_MOST_STEPS):
        q = frame.normal(p)
        along = float(p @ q)
        if rho <= wanted or along <= 0 or idle > _PATIENCE:
            break
        alpha = rho / along
        x = x + alpha * p
        r = r - alpha * q
        z = frame.preconditioned(r)
        before, rho = rho, float(r @ z)
        p = z + rho / before * p
        idle += 1
        if rho < least:
            best, least, idle = x, rho, 0
    return best


def _check_coverage(frame: _Frame, wavelet: Wavelet) -> None:
    """Warn of the frequencies of the series that no scale covers."""
    cycles = sp_fft.rfftfreq(frame.size)[1:]
    power = np.zeros(cycles.size)
    for s in frame.scales:
        power += np.abs(wavelet.psi_ft(2 * np.pi * s * cycles)) ** 2
    missing = cycles[power < _COVERED * power.max()]
    if missing.size:
        low, high = 1 / missing[-1], 1 / missing[0]
        warnings.warn(
            f"{missing.size} of the series' {cycles.size} frequencies are covered by no scale: "
            f"what it has at some periods between {low:.4g} and {high:.4g} samples is lost "
            "(take more scales; to filter a band, method='classical')",
            CoverageWarning,
            stacklevel=4,
        )
