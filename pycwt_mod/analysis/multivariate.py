"""Partial and multiple wavelet coherence: more than two series.

At every point of the plane stands the matrix S of the smoothed spectra (see
:mod:`pycwt_mod.analysis.spectral_matrix`), and on it the theory of partial and multiple correlation
in its complex form (Koopmans 1995, *The spectral analysis of time series*, chapter 5; Ng & Chan
2012, J. Atmos. Oceanic Technol. 29, 1845–1853; Hu & Si 2016, Hydrol. Earth Syst. Sci. 20,
3183–3191; Hu & Si 2021, ibid. 25, 321–331, who keep the phase that the squared form of 2012 loses):

- multiple, of y with x₁ … x_q: R² = 1 − det S / (S_yy · det S_xx);
- partial, of y with x without z₁ … z_q: γ = S_yx|z / √(S_yy|z · S_xx|z), where
  S_ij|z = S_ij − S_iz S_zz⁻¹ S_zj; the same as −P_yx/√(P_yy·P_xx) with P = S⁻¹.

Both come from eliminating one series after the other; no determinant is formed. A point where a
series is all but a linear combination of those eliminated before it, to one part in 10⁸ of its
power, has no answer: NaN.

The smoothing averages over few independent values. The more series, the higher R² is of
unrelated ones; the levels say how high, and from about five series on they come close to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwt_mod.analysis.elimination import multiple_of, partial_of
from pycwt_mod.analysis.multivariate_noise import MultivariateMonteCarlo, NoiseModel, noise_levels
from pycwt_mod.analysis.spectral_matrix import (
    ReadSeries,
    SpectralMatrix,
    listed,
    read_series,
    transforms_of,
)
from pycwt_mod.gaps import coverage, masks_of, outside_ends, outside_gaps
from pycwt_mod.noise import ar1
from pycwt_mod.progress import progress_line
from pycwt_mod.results.base import About
from pycwt_mod.results.several import MultipleCoherence, PartialCoherence
from pycwt_mod.smoothing import Smoother, scale_weights
from pycwt_mod.transform import cone_of_influence, scale_grid
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.analysis.multivariate_noise import Kind
    from pycwt_mod.analysis.spectral_matrix import Several
    from pycwt_mod.backends import Control
    from pycwt_mod.gaps import Gaps
    from pycwt_mod.results.labels import Labels


def partial_coherence(  # noqa: PLR0917 - in the order of wct
    y: ArrayLike | Labels,
    x: ArrayLike | Labels,
    exclude: Several,
    dt: float | None = None,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    sig: bool = True,
    significance_level: float = 0.95,
    wavelet: str | Wavelet = "morlet",
    *,
    mc_count: int = 300,
    progress: bool = True,
    seed: int | None = None,
    bins: int = 1000,
    gaps: Gaps | None = None,
    time_units: str = "auto",
    control: Control | None = None,
) -> PartialCoherence:
    """Wavelet coherence of two series after what either shares with others is taken off.

    n series need n² planes of complex128, shape (scales, N), at a time.

    Args:
        y: N real samples, not constant; may bring a time axis along, see :func:`pycwt_mod.cwt`,
            as the others may.
        x: as many.
        exclude: one series at least of that length, by name or in a row.
        dt: sampling interval; None takes that of the time axis.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1; see :func:`pycwt_mod.cwt`.
        J: number of scales less one, or −1; see :func:`pycwt_mod.cwt`.
        sig: whether to compute significance levels: R² of as many independent AR(1) noises
            with the coefficients of the series; see :mod:`pycwt_mod.analysis.multivariate_noise`.
        significance_level: probability, between 0 and 1.
        wavelet: name or instance.
        mc_count: realisations.
        progress: shows a line of progress on a terminal.
        seed: 0 ≤ seed < 2⁶⁴, makes the levels reproducible; None draws one.
        bins: of the histogram.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`. The noises then have the
            length and the gaps of the series.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.
        control: watches and cancels the run, in place of ``progress``.

    Returns:
        γ with R² and phase, cone of influence, frequencies, levels.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, lengths differ, or the series are linearly
            dependent everywhere.
        Cancelled: the control said so.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
    """
    parts = {"y": y, "x": x, **listed(exclude, "exclude", 1)[1]}
    grid = _Grid.of(parts, dt, time_units, gaps, dj=dj, s0=s0, J=J, wavelet=wavelet)
    coherency = partial_of(grid.coherency())
    _refuse_dependent(coherency.real, grid.outside, "y, x and exclude")
    run = None
    if sig:
        watch = control or progress_line(progress, mc_count)
        model = grid.noise("partial", bins)
        run = noise_levels(model, mc_count, significance_level, seed=seed, control=watch)
    return PartialCoherence(coherency=coherency, **grid.told(run, significance_level))


def multiple_coherence(  # noqa: PLR0917 - in the order of wct
    y: ArrayLike | Labels,
    predictors: Several,
    dt: float | None = None,
    dj: float = 1 / 12,
    s0: float = -1,
    J: float = -1,
    sig: bool = True,
    significance_level: float = 0.95,
    wavelet: str | Wavelet = "morlet",
    *,
    mc_count: int = 300,
    progress: bool = True,
    seed: int | None = None,
    bins: int = 1000,
    gaps: Gaps | None = None,
    time_units: str = "auto",
    control: Control | None = None,
) -> MultipleCoherence:
    """Squared wavelet coherence of a series with several others taken together.

    With one predictor it is the R² of :func:`pycwt_mod.wct`.

    Args:
        y: N real samples, not constant.
        predictors: one series at least of that length, by name or in a row.
        dt: sampling interval, and the following: see :func:`partial_coherence`.
        dj: spacing of scales in octaves.
        s0: smallest scale, or −1.
        J: number of scales less one, or −1.
        sig: whether to compute significance levels.
        significance_level: probability, between 0 and 1.
        wavelet: name or instance.
        mc_count: realisations.
        progress: shows a line of progress on a terminal.
        seed: makes the levels reproducible.
        bins: of the histogram.
        gaps: how missing samples are taken; see :func:`pycwt_mod.cwt`. The noises then have the
            length and the gaps of the series.
        time_units: of dt; see :func:`pycwt_mod.results.labels.read`.
        control: watches and cancels the run.

    Returns:
        R², cone of influence, frequencies, levels.

    Raises:
        TypeError: an argument isn't a number, or a series isn't made of real numbers.
        ValueError: an argument is out of range, lengths differ, or the predictors are linearly
            dependent everywhere.
        Cancelled: the control said so.

    Warns:
        UnitRootWarning: a series is redder than an AR(1) process; see :func:`pycwt_mod.ar1`.
    """
    parts = {"y": y, **listed(predictors, "predictors", 1)[1]}
    grid = _Grid.of(parts, dt, time_units, gaps, dj=dj, s0=s0, J=J, wavelet=wavelet)
    r2 = multiple_of(grid.coherency())
    _refuse_dependent(r2, grid.outside, "predictors")
    run = None
    if sig:
        watch = control or progress_line(progress, mc_count)
        model = grid.noise("multiple", bins)
        run = noise_levels(model, mc_count, significance_level, seed=seed, control=watch)
    return MultipleCoherence(r2=r2, **grid.told(run, significance_level))


@dataclass(frozen=True, slots=True)
class _Grid:
    """Several series, and where they are looked at."""

    series: ReadSeries
    dj: float
    sj: NDArray[np.float64]
    weights: tuple[float, ...]
    wavelet: Wavelet
    #: Of each series the samples that are there; empty where none is missing.
    present: tuple[NDArray[np.bool_], ...]

    @classmethod
    def of(
        cls,
        parts: dict[str, ArrayLike | Labels],
        dt: float | None,
        time_units: str,
        gaps: Gaps | None,
        *,
        dj: float,
        s0: float,
        J: float,
        wavelet: str | Wavelet,
    ) -> _Grid:
        series = read_series(dt, parts, None, gaps=gaps, time_units=time_units)
        mother, size = find_wavelet(wavelet), series.values[0].values.size
        sj = scale_grid(size, series.known.dt, dj=dj, s0=s0, J=J, wavelet=mother)
        return cls(series, dj, sj, scale_weights(dj, mother), mother, masks_of(series.values))

    @property
    def size(self) -> int:
        return self.series.values[0].values.size

    @property
    def dt(self) -> float:
        return self.series.known.dt

    @property
    def freqs(self) -> NDArray[np.float64]:
        return 1 / (self.wavelet.flambda() * self.sj)

    @property
    def coi(self) -> NDArray[np.float64]:
        return cone_of_influence(self.size, self.dt, self.wavelet)

    @property
    def outside(self) -> NDArray[np.bool_]:
        outside = outside_ends(1 / self.freqs[:, None], self.coi)
        if self.present:
            outside &= outside_gaps(self.present, self.sj / self.dt, self.wavelet)
        return outside

    @property
    def coverage(self) -> NDArray[np.float64]:
        if not self.present:
            return np.ones((self.sj.size, self.size))
        return coverage(self.present, self.sj / self.dt, self.wavelet)

    def coherency(self) -> NDArray[np.complex128]:
        scales = self.sj / self.dt
        smoother = Smoother(self.wavelet, scales, self.weights, self.size)
        transforms = transforms_of(self.series.values, scales, self.wavelet)
        return SpectralMatrix(transforms, smoother).coherency(len(self.series.values))

    def noise(self, kind: Kind, bins: int) -> NoiseModel:
        values = self.series.values
        lag1 = tuple(ar1(x.values, x.present).g for x in values)
        return NoiseModel.on_grid(
            kind,
            lag1,
            dt=self.dt,
            dj=self.dj,
            sj=self.sj,
            wavelet=self.wavelet,
            bins=bins,
            gapped=values if self.present else (),
        )

    def told(self, run: MultivariateMonteCarlo | None, level: float) -> dict[str, Any]:
        """What both results have in common."""
        about = About.of(
            *(self.series.known, self.wavelet, self.dj),
            significance_level=level if run else None,
            gaps=self.series.gaps,
            present=self.present,
        )
        return {
            "coi": self.coi,
            "freqs": self.freqs,
            "monte_carlo": run,
            "outside": self.outside,
            "coverage": self.coverage,
            "about": about,
        }


def _refuse_dependent(values: NDArray[np.float64], outside: NDArray[np.bool_], names: str) -> None:
    where = outside if outside.any() else np.ones_like(outside)
    if np.isnan(values[where]).all():
        raise ValueError(
            f"{names}: one of the series is a linear combination of the others at every point"
        )
