"""Are the levels what they say? Noise of another generator, judged by the library's levels.

Independent AR(1) pairs are drawn by NumPy and SciPy, not by our streams. Their squared coherence
must exceed the 95 % level at 5 % of the points: outside the cone of influence scale by scale,
and within it by the distance from the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

import pycwt_mod as pycwt
from pycwt_mod.monte_carlo.nulls import null_hypothesis
from pycwt_mod.monte_carlo.run import MonteCarlo, coherence_task, independent_values, monte_carlo
from pycwt_mod.monte_carlo.surrogate_models import Autoregressive

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 500
REALISATIONS = 20_000
#: Of the file: the chance that any test here fails although every level is right.
FALSE_ALARM = 1e-4
#: The level within the cone is interpolated with errors below 0.005, some 0.003 of a share.
INTERPOLATED = 0.003
#: Distances from the end, in parts of the cone's.
RINGS = ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1))


@dataclass(frozen=True)
class Case:
    ar1: tuple[float, float]
    n: int
    wavelet: pycwt.wavelets.Wavelet
    estimator: str
    seed: int


#: 256 samples fill the circle that the smoothing goes round: there the ends are quite different.
CASES = {
    "morlet": Case((0.6, 0.2), 200, pycwt.Morlet(), "full", 1),
    "morlet, cascade": Case((0.9, -0.4), 400, pycwt.Morlet(), "cascade", 2),
    "morlet, full circle": Case((0.95, 0.95), 256, pycwt.Morlet(), "cascade", 3),
    "paul": Case((0.9, 0.5), 200, pycwt.Paul(4), "cascade", 4),
    "dog": Case((0.5, 0.8), 230, pycwt.DOG(2), "full", 5),
}
GRID = (1, 0.25, 2, 20)  # dt, dj, s0, J: up to 64 samples
#: Comparisons of the file: every scale, every ring and two sums in each case and one more of
#: another null, four p-values.
COMPARISONS = (len(CASES) + 1) * (GRID[3] + 1 + len(RINGS) + 2) + 4
#: In standard errors, for the whole file to have its rate of false alarms.
ALLOWED = float(stats.norm.isf(FALSE_ALARM / COMPARISONS / 2))


def noise(rng: np.random.Generator, alpha: float, n: int) -> np.ndarray:
    """An AR(1) series: the filter has forgotten its start after 500 samples."""
    return lfilter([1], [1, -alpha], rng.standard_normal(n + 500))[500:]


@cache
def levels_of(case: Case) -> MonteCarlo:
    task = coherence_task(
        *case.ar1, *GRID, case.wavelet, estimator=case.estimator, n=case.n, edges=True
    )
    return monte_carlo(task, REALISATIONS, seed=case.seed, backend="joblib")


@cache
def coherences(case: Case) -> list[np.ndarray]:
    rng = np.random.default_rng([2004, case.seed])
    pairs = ([noise(rng, a, case.n) for a in case.ar1] for _ in range(PAIRS))
    return [pycwt.wct(x, y, *GRID, sig=False, wavelet=case.wavelet).WCT for x, y in pairs]


def within_cone(case: Case, run: MonteCarlo) -> np.ndarray:
    distance = np.minimum(np.arange(case.n), case.n - 1 - np.arange(case.n))
    return distance < case.wavelet.efolding * np.array(run.task.scales)[:, None]


@pytest.mark.parametrize("name", CASES)
def test_five_per_cent_of_noise_is_significant(name, measured):
    """Every scale outside the cone, every ring within, and either zone as a whole.

    A share's error is that of its spread over the pairs, and that of the level it is measured
    with: √(p(1 − p)/n) for n independent values. Shares are near to normal: a scale with few
    points outside has some 25 pairs that exceed. All comparisons together fail once in 10⁴
    choices of the seeds.
    """
    case = CASES[name]
    check_zones(levels_of(case), coherences(case), case.wavelet.efolding, measured)


def check_zones(
    run: MonteCarlo, noises: list[np.ndarray], cone: float, measured: Callable[..., None]
) -> None:
    levels = run.level_map().levels
    exceeds = [r2 >= levels for r2 in noises]
    scales, last = np.array(run.task.scales), run.task.length - 1
    distance = np.minimum(np.arange(last + 1), last - np.arange(last + 1)) / scales[:, None]
    counted = np.flatnonzero((distance >= cone).any(axis=1))
    zones = {f"scale {scales[j]:.3g}": (distance >= cone) & (scales == scales[j])[:, None]
             for j in counted}  # fmt: skip
    zones |= {f"ring {a}": (distance >= a * cone) & (distance < b * cone) for a, b in RINGS}
    zones |= {"outside": distance >= cone, "within": distance < cone}
    independent = independent_values(run.task, run.mc_count).reshape(-1, scales.size)
    for zone, points in zones.items():
        shares = [above[points].mean() for above in exceeds]
        within = zone == "within" or zone.startswith("ring")
        if zone in {"within", "outside"}:
            measured(f"points of R² {zone} the cone", shares)
        rows = points.any(axis=1)
        # Nodes and scales share their noise: the error of one is taken for all.
        n = independent[1:].max() if within else independent[0][rows].max()
        error = np.hypot(np.std(shares) / np.sqrt(len(noises)), np.sqrt(0.05 * 0.95 / n))
        assert abs(np.mean(shares) - 0.05) < ALLOWED * error + INTERPOLATED * within, zone
        # With so many pairs, a rate of twice as much or of none can't pass.
        assert ALLOWED * error < 0.05


def test_five_per_cent_of_oscillations_exceed_the_levels_of_their_null(measured):
    """AR(2) noise of period 12 against null="ar": judged as the cases are.

    The model is fitted to a long series, so that its coefficients' errors don't count.
    """
    rng, wavelet = np.random.default_rng(2005), pycwt.Morlet()
    series = oscillation(rng, 2 * 100_000).reshape(2, -1)
    task = coherence_task(0.85, 0.85, *GRID, wavelet, n=200, edges=True)
    null = null_hypothesis(Autoregressive(2), task, series)
    run = monte_carlo(null.task, 10_000, seed=6, backend=null.backend)
    pairs = ([oscillation(rng, 200) for _ in range(2)] for _ in range(2 * PAIRS))
    noises = [pycwt.wct(x, y, *GRID, sig=False, wavelet=wavelet).WCT for x, y in pairs]
    check_zones(run, noises, wavelet.efolding, measured)


def oscillation(rng: np.random.Generator, n: int) -> np.ndarray:
    return lfilter([1], [1, -1.55, 0.81], rng.standard_normal(n + 500))[500:]


def test_the_level_outside_misleads_within(measured):
    """What the level of the points outside does at the ends, and that levels there cure it.

    Where the smoothing finds nothing beyond the end, up to a tenth of the length here, three
    times as much noise exceeds it as should. The share's spread over 500 pairs is 0.004: the
    bounds are five and more of its errors off.
    """
    case = CASES["morlet"]
    run = levels_of(case)
    levels = run.level_map().levels
    points = within_cone(case, run) & (np.array(run.task.scales) <= case.n / 10)[:, None]
    usual = np.repeat(run.levels[:, None], case.n, axis=1)
    outer, own = (
        np.mean([(r2 >= level)[points].mean() for r2 in coherences(case)])
        for level in (usual, levels)
    )
    measured("within the cone, the level of outside", outer, of=PAIRS)
    assert outer > 0.13
    assert 0.03 < own < 0.07


def test_p_values_of_noise_are_even(measured):
    """Within the cone, too: shares below 0.5, 0.2, 0.05 and 0.01, with the errors of above."""
    case = CASES["dog"]
    run = levels_of(case)
    within = within_cone(case, run)
    limits = np.array([0.5, 0.2, 0.05, 0.01])
    p = [run.p_values(r2)[within] for r2 in coherences(case)[:200]]
    shares = np.array([[(values <= limit).mean() for limit in limits] for values in p])
    measured("p ≤ 0.05 within the cone", shares[:, 2])
    error = np.hypot(shares.std(axis=0) / np.sqrt(200), np.sqrt(limits / (2 * REALISATIONS)))
    assert (np.abs(shares.mean(axis=0) - limits) < ALLOWED * error + INTERPOLATED).all()
