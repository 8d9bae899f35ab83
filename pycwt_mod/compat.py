"""The numbers of pycwt 0.5, for those who have to reproduce them: ``compat="pycwt-0.5"``.

Written from how that release behaves, with SciPy's FFT. What differs from this library:

- The mean isn't removed, and the series is padded to the next power of two alone: one whose
  length is a power of two wraps round its ends.
- ψ̂₀ of Morlet has its negative frequencies; the Nyquist frequency counts as negative.
- Paul's scales whose exp(−sω) overflows at negative frequencies (sω < −709.8) are dropped.
- The cone of influence is half a sample wider.
- Coherence is smoothed over round(2·δj₀/dj) scales, the outer two at half weight: 1.08 octaves in
  place of 0.68 at dj = 1/12, and where that number is even the window is half a step off, towards
  the small scales. R² isn't kept in [0, 1].
- The level of a cross transform is a χ² quantile, not that of a product of two.

Significance of coherence in pycwt is a matter of unseeded chance, and isn't reproduced.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft as sp_fft
from scipy.special import gammaincinv

from pycwt_mod import checks
from pycwt_mod.noise import ar1, ar1_spectrum
from pycwt_mod.results.kinds import Transform
from pycwt_mod.smoothing import Smoother
from pycwt_mod.transform import edge_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.scales import CoherenceGrid
    from pycwt_mod.wavelets import Wavelet

    Reals = NDArray[np.float64]
    Parts = tuple[Reals, Reals, Reals, Reals, Reals]

#: The releases that can be reproduced.
RELEASES = ("pycwt-0.5",)
#: exp(x) of a double overflows above.
_OVERFLOW = 709.782712893384
#: The highest order of Paul whose (2m − 1)! fits pycwt's integers.
_PAUL = 10


def checked(compat: str, **plain: Any) -> None:
    """Refuse what pycwt 0.5 doesn't have.

    Args:
        compat: the release.
        plain: arguments that it doesn't have, by name; they must have their usual values.

    Raises:
        ValueError: the release isn't known, or doesn't have one of the arguments.
    """
    checks.one_of(compat, "compat", RELEASES)
    usual: dict[str, Any] = {
        "dtype": (np.dtype("complex128"), np.dtype("float64")),
        "out": (None,),
        "threads": (1,),
        "phase": ("unsmoothed",),
        "gaps": (None,),
    }
    if plain.pop("sig", False):
        raise ValueError(
            f"compat={compat!r} has no significance of coherence: pass sig=False, and take levels "
            "from a call without compat"
        )
    for name, value in plain.items():
        given = np.dtype(value) if name == "dtype" else value
        if given not in usual[name]:
            raise ValueError(f"{name} must have its default with compat={compat!r}, not {value!r}")


def pycwt_cwt(
    x: NDArray[np.float64], dt: float, sj: NDArray[np.float64], wavelet: Wavelet
) -> Transform:
    """The transform as pycwt 0.5 has it.

    Args:
        x: N samples.
        dt: sampling interval.
        sj: scales in units of time.
        wavelet: Morlet, Paul or DOG.

    Raises:
        ValueError: pycwt has no such wavelet, or drops every scale.
    """
    n = 1 << (x.size - 1).bit_length()
    distance = edge_distance(x.size).astype(np.float64)
    omega = 2 * np.pi * sp_fft.fftfreq(n, dt)
    kept = _kept(sj * float(np.abs(omega).max()), wavelet)
    sj = sj[kept]
    spectrum = sp_fft.fft(x, n)
    rows = np.sqrt(2 * np.pi / dt * sj)[:, None] * _psi_ft(sj[:, None] * omega, wavelet).conj()
    return Transform(
        W=sp_fft.ifft(spectrum * rows, axis=1)[:, : x.size],
        sj=sj,
        freqs=1 / (wavelet.flambda() * sj),
        coi=wavelet.flambda() * wavelet.coi() * dt * (distance + 0.5),
        fft=spectrum[1 : n // 2] / math.sqrt(n),
        fftfreqs=omega[1 : n // 2] / (2 * np.pi),
    )


def _kept(largest: NDArray[np.float64], wavelet: Wavelet) -> NDArray[np.bool_]:
    """Scales that pycwt doesn't drop, from their largest sω."""
    if wavelet.family == "morse":
        raise ValueError("wavelet must be Morlet, Paul or DOG with compat='pycwt-0.5'")
    if wavelet.family != "paul":
        return np.ones(largest.size, np.bool_)
    if wavelet.order > _PAUL:
        raise ValueError(
            f"pycwt 0.5 has no Paul wavelet of order {wavelet.order:g}: above {_PAUL} its norm "
            "overflows"
        )
    kept: NDArray[np.bool_] = largest <= _OVERFLOW
    if not kept.any():
        raise ValueError("pycwt 0.5 drops every one of these scales of the Paul wavelet")
    return kept


def _psi_ft(x: NDArray[np.float64], wavelet: Wavelet) -> NDArray[Any]:
    if wavelet.family == "morlet":
        gauss: NDArray[np.float64] = np.pi**-0.25 * np.exp(-0.5 * (x - wavelet.order) ** 2)
        return gauss
    return np.asarray(wavelet.psi_ft(x))


def pycwt_xwt(  # noqa: PLR0917 - in the order of xwt
    y1: NDArray[np.float64],
    y2: NDArray[np.float64],
    dt: float,
    sj: NDArray[np.float64],
    wavelet: Wavelet,
    level: float,
    normalize: bool,
) -> tuple[NDArray[np.complex128], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """W12, coi, freq and signif of a cross transform as pycwt 0.5 has them."""
    first, second = (pycwt_cwt(_units(y, normalize), dt, sj, wavelet) for y in (y1, y2))
    spectra = ar1_spectrum(first.freqs * dt, ar1(y1).g) * ar1_spectrum(first.freqs * dt, ar1(y2).g)
    nu = wavelet.dofmin
    chi2 = 2 * float(gammaincinv(nu / 2, level))
    deviations = 1.0 if normalize else float(y1.std() * y2.std())
    signif = deviations * np.sqrt(spectra) * chi2 / nu
    return first.W * second.W.conj(), first.coi, first.freqs, signif


def pycwt_wct(  # noqa: PLR0917 - in the order of wct
    y1: NDArray[np.float64],
    y2: NDArray[np.float64],
    dt: float,
    grid: CoherenceGrid,
    wavelet: Wavelet,
    normalize: bool,
) -> Parts:
    """R², phase, coi, freq and [0] of a coherence as pycwt 0.5 has them.

    Raises:
        ValueError: pycwt has no coherence with this wavelet or on this grid.
    """
    if wavelet.family != "morlet" or not wavelet.tabulated.get(wavelet.order):
        raise ValueError(
            f"pycwt 0.5 has coherence with the Morlet wavelet of ω0 = 6 alone, not {wavelet!r}"
        )
    if grid.dj is None or grid.rows is not None:
        raise ValueError("pycwt 0.5 has coherence at the scales of dj, s0 and J alone")
    first, second = (pycwt_cwt(_units(y, normalize), dt, grid.scales, wavelet) for y in (y1, y2))
    window = _pycwt_window(grid.scales.size, grid.dj, wavelet)
    smoother = Smoother(wavelet, grid.scales / dt, window, y1.size)
    s = grid.scales[:, None]
    cross: NDArray[np.complex128] = first.W * second.W.conj()
    s1, s2 = (smoother.real(np.abs(w.W) ** 2 / s) for w in (first, second))
    r2 = np.abs(smoother.complex(cross / s)) ** 2 / (s1 * s2)
    return r2, np.angle(cross), first.coi, first.freqs, np.zeros(1)


def _units(y: NDArray[np.float64], normalize: bool) -> NDArray[np.float64]:
    return (y - y.mean()) / y.std() if normalize else y


def _pycwt_window(scales: int, dj: float, wavelet: Wavelet) -> NDArray[np.float64]:
    """Weights of pycwt's window over scales, a row for each scale.

    Raises:
        ValueError: the window has no scale in it.
    """
    count = round(2 * wavelet.deltaj0 / dj)
    if count < 1:
        raise ValueError(f"pycwt 0.5 has no coherence at dj = {dj:g}: its window is empty")
    weights = np.ones(count)
    weights[[0, -1]] = 0.5
    # The offset of scale k as seen from scale j.
    offset = np.arange(scales) - np.arange(scales)[:, None] + count // 2
    inside = (offset >= 0) & (offset < count)
    return np.where(inside, weights[offset.clip(0, count - 1)] / weights.sum(), 0.0)
