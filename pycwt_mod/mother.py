"""What every mother wavelet offers: its shape, its Fourier factor, its empirical factors."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pycwt_mod import grid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Family


@dataclass(frozen=True, slots=True)
class EmpiricalFactors:
    """A row of TC98's Table 2."""

    #: C_δ, the reconstruction factor.
    cdelta: float
    #: γ, the decorrelation factor for averages over time.
    gamma: float
    #: δj₀, the decorrelation factor for averages over scale.
    deltaj0: float


class Wavelet(abc.ABC):
    """What every mother wavelet offers; η = t/s is time over scale, dimensionless."""

    family: ClassVar[Family]
    #: Degrees of freedom of a point of the power spectrum: 2 for complex, 1 for real wavelets.
    dofmin: ClassVar[int]
    #: Orders of TC98's Table 2.
    tabulated: ClassVar[dict[float, EmpiricalFactors]]
    name: str
    #: ω₀ of the Morlet wavelet, m of Paul and DOG, β of Morse.
    order: float
    #: The second parameter of a family that has two: γ of Morse.
    shape: float = 0.0

    @abc.abstractmethod
    def psi_ft(self, f: ArrayLike) -> NDArray[np.complex128] | NDArray[np.float64]:
        """The wavelet's Fourier transform ψ̂₀ at the angular frequencies ``f`` = sω (Table 1)."""

    @abc.abstractmethod
    def psi(self, t: ArrayLike) -> NDArray[np.complex128] | NDArray[np.float64]:
        """The wavelet ψ₀ at the dimensionless times ``t`` = η (Table 1)."""

    @property
    def efolding(self) -> float:
        """e-folding time of the wavelet power over scale (Table 1)."""
        return grid.cone_factor(self.family, self.order, self.shape)

    def flambda(self) -> float:
        """Fourier factor: the period that a scale stands for, over that scale (Table 1)."""
        return grid.fourier_factor(self.family, self.order, self.shape)

    @property
    @abc.abstractmethod
    def smoothing_width(self) -> float:
        """Width in octaves of the smoothing over scales in wavelet coherence.

        It is δj₀ where TC98 tabulates it. Other orders follow the wavelet's bandwidth, as each
        class says; that is a rule of this library, not a published figure.
        """

    def coi(self) -> float:
        """Scale over distance from the series' end where edge effects set in (Table 1)."""
        return 1.0 / self.efolding

    @property
    def is_real(self) -> bool:
        """Whether the transform of a real series is real."""
        return self.dofmin == 1

    @property
    def psi0(self) -> float:
        """ψ₀(0), which takes the energy scaling out of the reconstruction (TC98, eq. 11).

        It is negative for DOG of orders 4, 8, …, whose ψ̂₀ is negative too.
        """
        return float(np.real(self.psi(0.0)))

    @property
    def cdelta(self) -> float:
        """Reconstruction factor C_δ: as published in Table 2, else :attr:`exact_cdelta`.

        Raises:
            ValueError: the wavelet is odd, so ψ₀(0) = 0 and eq. 11 can't invert it.
        """
        factors = self.tabulated.get(self.order)
        return factors.cdelta if factors else self.exact_cdelta

    @property
    @abc.abstractmethod
    def exact_cdelta(self) -> float:
        """C_δ of eq. 13 with its sum over scales as an integral.

        C_δ = √(π/2) / (ψ₀(0) ln 2) · ∫₀^∞ Re[ψ̂₀(x) + ψ̂₀(−x)] dx/x. The published figures were
        summed over finite grids; they lie within 0.4 % (Morlet, Paul) and 2.2 % (DOG) of it.

        Raises:
            ValueError: the wavelet is odd, so ψ₀(0) = 0 and eq. 11 can't invert it.
        """

    @property
    def gamma(self) -> float:
        """Decorrelation factor γ of averages over time (Table 2).

        Raises:
            ValueError: TC98 doesn't give it for this order.
        """
        return self._factors("gamma").gamma

    @property
    def deltaj0(self) -> float:
        """Decorrelation factor δj₀ of averages over scale (Table 2).

        Raises:
            ValueError: TC98 doesn't give it for this order.
        """
        return self._factors("deltaj0").deltaj0

    def _factors(self, wanted: str) -> EmpiricalFactors:
        if self.order not in self.tabulated:
            orders = ", ".join(f"{order:g}" for order in self.tabulated)
            known = f"for order {orders}" if orders else "for no wavelet of this family"
            raise ValueError(
                f"{wanted} isn't known for {self!r}: Torrence & Compo (1998) give it {known}"
            )
        return self.tabulated[self.order]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.order:g})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Wavelet):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, float, float]:
        return self.family, self.order, self.shape
