"""The mother wavelets of Torrence & Compo (1998), Bull. Amer. Meteor. Soc. 79, 61–78 (TC98).

Each wavelet knows its transform and its shape in time (Table 1), its Fourier factor and
e-folding time (Table 1), and its empirical factors (Table 2). For orders that Table 2 leaves
out, ``cdelta`` is computed; ``gamma`` and ``deltaj0`` come from Monte Carlo runs of that paper
and are refused.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import scipy
from scipy.special import eval_hermitenorm, gammaln

from pycwt_mod import checks, grid
from pycwt_mod.morse import Morse
from pycwt_mod.mother import EmpiricalFactors, Wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Family

__all__ = [
    "DOG",
    "EmpiricalFactors",
    "MexicanHat",
    "Morlet",
    "Morse",
    "Paul",
    "Wavelet",
    "find_wavelet",
    "wavelet_of",
]

#: exp(x) is zero below, which takes it long to find out.
_UNDERFLOW = -746.0


class Morlet(Wavelet):
    """A plane wave of ``f0`` radians in a Gaussian: ψ₀(η) = π^(−1/4) exp(iω₀η − η²/2).

    Below ω₀ ≈ 5 its mean isn't negligible (exp(−ω₀²/2) of the peak), so that trends and
    means leak into the transform.

    Args:
        f0: ω₀, 2 to 100. The window over scales goes as its relative bandwidth, 1/ω₀.

    Raises:
        TypeError: ω₀ isn't a number.
        ValueError: ω₀ is out of range.
    """

    family = "morlet"
    dofmin = 2
    tabulated: ClassVar[dict[float, EmpiricalFactors]] = {6.0: EmpiricalFactors(0.776, 2.32, 0.60)}

    def __init__(self, f0: float = 6.0) -> None:
        self.f0 = self.order = checks.positive(f0, "f0")
        try:
            grid.check_order(self.family, self.order)
        except ValueError as error:
            raise ValueError(f"f0: {error}") from None
        self.name = "Morlet"

    def psi_ft(self, f: ArrayLike) -> NDArray[np.float64]:
        """π^(−1/4) H(x) exp(−(x − ω₀)²/2), with x = sω and H the Heaviside step."""
        x = np.asarray(f, dtype=np.float64)
        power = -0.5 * (x - self.f0) ** 2
        gauss = np.zeros(x.shape)
        np.exp(power, out=gauss, where=(x > 0) & (power > _UNDERFLOW))
        gauss *= np.pi**-0.25
        return gauss

    def psi(self, t: ArrayLike) -> NDArray[np.complex128]:
        """π^(−1/4) exp(iω₀η − η²/2)."""
        eta = np.asarray(t, dtype=np.float64)
        wave: NDArray[np.complex128] = np.pi**-0.25 * np.exp(1j * self.f0 * eta - eta**2 / 2)
        return wave

    @property
    def smoothing_width(self) -> float:
        """0.6 · 6/ω₀ octaves."""
        return 0.60 * 6.0 / self.f0

    @property
    def exact_cdelta(self) -> float:
        """√(π/2)/(ψ₀(0) ln 2) times the integral of ψ̂₀/x, by quadrature."""

        # The integral diverges, with a factor exp(−ω₀²/2), because the wavelet's mean isn't
        # quite zero; the term that would make it zero is taken off.
        def integrand(x: float) -> float:
            return -math.exp(-0.5 * (x - self.f0) ** 2) * math.expm1(-self.f0 * x) / x

        low, high = max(0.0, self.f0 - 12), self.f0 + 12
        value = scipy.integrate.quad(integrand, low, high, points=[self.f0])[0]
        return math.sqrt(math.pi / 2) / math.log(2) * float(value)


class Paul(Wavelet):
    """ψ₀(η) = 2ᵐ iᵐ m! / √(π (2m)!) · (1 − iη)^−(m+1): sharp in time, broad in period.

    Args:
        m: order, 1 to 40. The window over scales goes as its relative bandwidth, 1/√m.

    Raises:
        TypeError: m isn't a number.
        ValueError: m isn't whole or out of range.
    """

    family = "paul"
    dofmin = 2
    tabulated: ClassVar[dict[float, EmpiricalFactors]] = {4.0: EmpiricalFactors(1.132, 1.17, 1.5)}

    def __init__(self, m: int = 4) -> None:
        self.m = checks.whole(m, "m", 1, 40)
        self.order = float(self.m)
        self.name = "Paul"

    def psi_ft(self, f: ArrayLike) -> NDArray[np.float64]:
        """2ᵐ / √(m (2m − 1)!) · H(x) xᵐ exp(−x), with x = sω."""
        x = np.asarray(f, dtype=np.float64)
        m = self.m
        log_norm = m * math.log(2) - 0.5 * (math.log(m) + float(gammaln(2 * m)))
        positive = np.where(x > 0, x, 1.0)
        return np.where(x > 0, np.exp(log_norm + m * np.log(positive) - positive), 0.0)

    def psi(self, t: ArrayLike) -> NDArray[np.complex128]:
        """2ᵐ iᵐ m! / √(π (2m)!) · (1 − iη)^−(m+1)."""
        m = self.m
        log_norm = m * math.log(2) + float(gammaln(m + 1)) - 0.5 * float(gammaln(2 * m + 1))
        eta = np.asarray(t, dtype=np.float64)
        # 1j**m would leave rounding in the part that is zero.
        phase = (1, 1j, -1, -1j)[m % 4]
        norm = phase * math.exp(log_norm) / math.sqrt(math.pi)
        wave: NDArray[np.complex128] = np.asarray(
            norm * (1 - 1j * eta) ** (-(m + 1.0)), dtype=np.complex128
        )
        return wave

    @property
    def psi0(self) -> float:
        """|ψ₀(0)|: ψ̂₀ of Table 1, and so the transform, lack the factor iᵐ."""
        return float(np.abs(self.psi(0.0)))

    @property
    def smoothing_width(self) -> float:
        """1.5 · √(4/m) octaves."""
        return 1.5 * math.sqrt(4.0 / self.m)

    @property
    def exact_cdelta(self) -> float:
        """π/(m ln 2)."""
        return math.pi / (self.m * math.log(2))


class DOG(Wavelet):
    """Derivative of a Gaussian, order m: ψ₀(η) = (−1)^(m+1) / √Γ(m + ½) · dᵐ/dηᵐ exp(−η²/2).

    Args:
        m: order, 1 to 40. The window over scales goes as the power of m through both orders
            of Table 2.

    Raises:
        TypeError: m isn't a number.
        ValueError: m isn't whole or out of range.
    """

    family = "dog"
    dofmin = 1
    tabulated: ClassVar[dict[float, EmpiricalFactors]] = {
        2.0: EmpiricalFactors(3.541, 1.43, 1.40),
        6.0: EmpiricalFactors(1.966, 1.37, 0.97),
    }

    def __init__(self, m: int = 2) -> None:
        self.m = checks.whole(m, "m", 1, 40)
        self.order = float(self.m)
        self.name = "DOG"

    def psi_ft(self, f: ArrayLike) -> NDArray[np.complex128]:
        """−iᵐ / √Γ(m + ½) · xᵐ exp(−x²/2), with x = sω; real for even m, imaginary for odd m."""
        x = np.asarray(f, dtype=np.float64)
        size = np.where(x == 0, 1.0, np.abs(x))
        log_norm = -0.5 * float(gammaln(self.m + 0.5))
        value = np.where(x == 0, 0.0, np.exp(log_norm + self.m * np.log(size) - 0.5 * x**2))
        sign = np.where(x < 0, (-1.0) ** self.m, 1.0)
        transform: NDArray[np.complex128] = (-1, -1j, 1, 1j)[self.m % 4] * sign * value + 0j
        return transform

    def psi(self, t: ArrayLike) -> NDArray[np.float64]:
        """−He_m(η) exp(−η²/2) / √Γ(m + ½), He_m being the probabilists' Hermite polynomial.

        dᵐ/dηᵐ exp(−η²/2) = (−1)ᵐ He_m(η) exp(−η²/2) turns the sign of Table 1 into a plain minus.
        """
        eta = np.asarray(t, dtype=np.float64)
        norm = math.exp(-0.5 * float(gammaln(self.m + 0.5)))
        wave: NDArray[np.float64] = -norm * eval_hermitenorm(self.m, eta) * np.exp(-(eta**2) / 2)
        return wave

    @property
    def smoothing_width(self) -> float:
        """1.4 · (2/m)^0.334 octaves, which is 1.4 for m = 2 and 0.97 for m = 6."""
        exponent = math.log(1.40 / 0.97) / math.log(6 / 2)
        return float(1.40 * (2.0 / self.m) ** exponent)

    @property
    def exact_cdelta(self) -> float:
        """Of even orders: √(π/2)/ln 2 · 2^(m/2) Γ(m/2)/(m − 1)!!.

        Raises:
            ValueError: the order is odd.
        """
        if self.m % 2:
            raise ValueError(
                f"cdelta isn't defined for {self!r}: ψ(0) is zero for odd orders, so that "
                "eq. 11 of Torrence & Compo (1998) can't reconstruct a series"
            )
        # ∫₀^∞ x^(m−1) exp(−x²/2) dx = 2^(m/2 − 1) Γ(m/2), over |He_m(0)| = (m − 1)!!
        half = self.m / 2
        log_integral = half * math.log(2) + float(gammaln(half))
        log_he0 = float(gammaln(self.m + 1)) - half * math.log(2) - float(gammaln(half + 1))
        return math.sqrt(math.pi / 2) / math.log(2) * math.exp(log_integral - log_he0)


class MexicanHat(DOG):
    """The Mexican hat, DOG of order 2."""

    def __init__(self) -> None:
        super().__init__(2)
        self.name = "Mexican Hat"

    def __repr__(self) -> str:
        return "MexicanHat()"


_NAMES: dict[str, type[Morlet | Paul | DOG | Morse]] = {
    "morlet": Morlet,
    "paul": Paul,
    "dog": DOG,
    "mexicanhat": MexicanHat,
    "morse": Morse,
}


def find_wavelet(wavelet: str | Wavelet) -> Wavelet:
    """The wavelet of that name, in any case, with its usual order; an instance as it is.

    Raises:
        TypeError: it is neither a name nor a wavelet.
        ValueError: no wavelet has that name.
    """
    if isinstance(wavelet, Wavelet):
        return wavelet
    if not isinstance(wavelet, str):
        raise TypeError(f"wavelet must be a name or a wavelet's instance, not {wavelet!r}")
    key = wavelet.lower().replace(" ", "").replace("_", "")
    if key not in _NAMES:
        raise ValueError(f"wavelet must be one of {', '.join(_NAMES)}, not {wavelet!r}")
    return _NAMES[key]()


def wavelet_of(family: Family, order: float, shape: float = grid.DEFAULT_SHAPE) -> Wavelet:
    """The wavelet that a significance task means.

    Args:
        family: its family.
        order: ω₀ of Morlet, m of Paul and DOG, β of Morse.
        shape: γ of Morse.

    Raises:
        ValueError: the family has no such order.
    """
    if family == "morlet":
        return Morlet(order)
    if family == "morse":
        return Morse(shape, order)
    m = checks.whole(order, "order", 1, 40)
    return Paul(m) if family == "paul" else DOG(m)
