"""Generalised Morse wavelets: ψ̂₀(x) ∝ x^β exp(−x^γ) at positive frequencies alone.

Olhede & Walden (2002), IEEE Trans. Signal Process. 50, 2661–2670; Lilly & Olhede (2009), ibid.
57, 146–160, and (2012), ibid. 60, 6036–6041. The normalisation is that of Torrence & Compo
(1998, TC98): unit energy.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import scipy
from scipy.special import gammaln

from pycwt_mod import checks, grid
from pycwt_mod.mother import EmpiricalFactors, Wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Complex values worked on at a time.
_BLOCK = 1_000_000


class Morse(Wavelet):
    """A generalised Morse wavelet: ψ̂₀(x) = a H(x) x^β exp(−x^γ).

    With r = (2β + 1)/γ, a² = γ 2^r / Γ(r). It has no mean and no negative frequencies, whatever
    its parameters. γ = 3 makes it the most symmetric, and closest to Morlet's (Lilly & Olhede
    2009); √(βγ)/π is about the number of oscillations in it, 7.7/π by default, where Morlet's of
    ω₀ = 6 has 6/π. γ = 1 is Paul's wavelet of order β, γ = 2 the analytic part of a DOG's.

    A scale s stands for the period 2πs/(β/γ)^(1/γ), that of the peak of ψ̂₀. (TC98 take the peak
    of the power of a cosine over scale, ((β + ½)/γ)^(1/γ), 0.8 % higher by default.) The e-folding
    time is where |ψ₀|² has fallen to e⁻², found numerically. The window over scales of wavelet
    coherence is 0.6 · 6/√(βγ) octaves wide, by the relative bandwidth, as that of Morlet.

    Args:
        gamma: γ, 1 to 10.
        beta: β, 1 to 200.

    Raises:
        TypeError: a parameter isn't a number.
        ValueError: a parameter is out of range.
    """

    family = "morse"
    dofmin = 2
    tabulated: ClassVar[dict[float, EmpiricalFactors]] = {}

    def __init__(
        self, gamma: float = grid.DEFAULT_SHAPE, beta: float = grid.DEFAULT_ORDERS["morse"]
    ) -> None:
        self.shape = checks.positive(gamma, "gamma")
        self.beta = self.order = checks.positive(beta, "beta")
        grid.check_order(self.family, self.order, self.shape)
        self.name = "Morse"

    @property
    def _log_norm(self) -> float:
        r = (2 * self.beta + 1) / self.shape
        return 0.5 * (math.log(self.shape) + r * math.log(2) - float(gammaln(r)))

    def psi_ft(self, f: ArrayLike) -> NDArray[np.float64]:
        """Unit energy: a H(x) x^β exp(−x^γ), with x = sω."""
        x = np.asarray(f, dtype=np.float64)
        positive = np.where(x > 0, x, 1.0)
        exponent = self._log_norm + self.beta * np.log(positive) - positive**self.shape
        return np.where(x > 0, np.exp(exponent), 0.0)

    def psi(self, t: ArrayLike) -> NDArray[np.complex128]:
        """(2π)^(−½) ∫₀^∞ ψ̂₀(x) exp(ixη) dx, to about 1e−14 of ψ₀(0).

        The integral is summed along a ray in the complex plane; see
        :func:`pycwt_mod.grid.morse_contour`.
        """
        eta = np.asarray(t, dtype=np.float64)
        low, step, count, theta = grid.morse_contour(self.beta, self.shape)
        log_x = low + step * np.arange(count) + 1j * theta
        x = np.exp(log_x)
        terms = np.exp(self._log_norm + (self.beta + 1) * log_x - np.exp(self.shape * log_x))
        terms *= step / math.sqrt(2 * math.pi)
        flat = np.abs(eta).ravel()
        wave = np.empty(flat.size, np.complex128)
        rows = max(1, _BLOCK // count)
        for start in range(0, flat.size, rows):
            block = flat[start : start + rows, None]
            wave[start : start + rows] = np.exp(1j * block * x) @ terms
        folded: NDArray[np.complex128] = wave.reshape(eta.shape)
        return np.where(eta < 0, folded.conj(), folded)

    @property
    def psi0(self) -> float:
        """ψ₀(0) = a Γ((β + 1)/γ) / (γ √(2π))."""
        log_gamma = float(gammaln((self.beta + 1) / self.shape))
        return math.exp(self._log_norm + log_gamma) / (self.shape * math.sqrt(2 * math.pi))

    @property
    def smoothing_width(self) -> float:
        """0.6 · 6/√(βγ) octaves."""
        return 0.60 * 6.0 / math.sqrt(self.beta * self.shape)

    @property
    def exact_cdelta(self) -> float:
        """π/ln 2 · Γ(β/γ)/Γ((β + 1)/γ)."""
        beta, gamma = self.beta, self.shape
        return (
            math.pi
            / math.log(2)
            * math.exp(float(gammaln(beta / gamma)) - float(gammaln((beta + 1) / gamma)))
        )

    def __repr__(self) -> str:
        return f"Morse({self.shape:g}, {self.beta:g})"


def morse_window(wavelet: Wavelet, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transform of |ψ₀|, of unit weight, at x = sω ≥ 0; to 1e−8; 1e−5 for β = 2, 3e−4 for 1.

    Args:
        wavelet: of the Morse family.
        x: any shape.
    """
    spline, end = _window(wavelet.order, wavelet.shape)
    return np.where(x < end, spline(np.minimum(x, end)), 0.0)


@lru_cache(maxsize=8)
def _window(beta: float, gamma: float) -> tuple[scipy.interpolate.CubicSpline, float]:
    """The transform by quadrature, and the x beyond which no |W|² has anything left to smooth."""
    wavelet = Morse(gamma, beta)
    peak = grid.morse_peak(beta, gamma)
    width = math.sqrt(beta * gamma) / peak
    # ψ̂₀ is e⁻³⁰ of its peak there, by the same bound as in grid.morse_contour.
    drop = 30 * gamma / beta
    end = peak * math.exp(min(math.sqrt(2 * drop), math.log1p(drop + 2 * math.log1p(drop))) / gamma)
    step = math.pi / (2 * end)
    eta = step * np.arange(math.ceil(400 * width / step))
    size = np.abs(wavelet.psi(eta))
    # Small β leave tails that go as η^−(β+1); the last of them has a closed form at x = 0.
    count = int(np.count_nonzero(size > 1e-12 * size[0]))
    eta, size = eta[:count], size[:count]
    size[0] /= 2
    tail = size[-1] * eta[-1] / beta / step
    x = np.arange(0, end + 3 / width, 1 / (96 * width))
    table = np.array([np.cos(at * eta) @ size for at in x])
    table[0] += tail - size[-1] / 2
    return scipy.interpolate.CubicSpline(x, table / table[0]), float(x[-1])
