"""Significance of wavelet coherence by Monte Carlo: the job, who computes it, the levels.

Grinsted et al. (2004), section 3.4: pairs of independent AR(1) series with the coefficients of
the data, whose coherence at each scale is counted outside the cone of influence.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from pycwt_mod import checks, grid
from pycwt_mod.backends import NoControl, SignificanceTask, choose_backend
from pycwt_mod.backends.task import (
    MAX_LENGTH,
    MAX_REALISATIONS,
    estimators_of,
)
from pycwt_mod.monte_carlo.cache import Entry, HistogramCache
from pycwt_mod.monte_carlo.cascade import parts
from pycwt_mod.monte_carlo.edges import default_nodes
from pycwt_mod.monte_carlo.histogram import levels, stages
from pycwt_mod.monte_carlo.levelmap import LevelMap, node_values, point_levels, tails
from pycwt_mod.progress import progress_line
from pycwt_mod.results.cautions import check_realisations
from pycwt_mod.smoothing import scale_weights
from pycwt_mod.transform import MAX_DJ, MAX_J, scale_grid, smallest_scale
from pycwt_mod.wavelets import Wavelet, find_wavelet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pycwt_mod.backends import Control, MonteCarloBackend
    from pycwt_mod.backends.task import Estimator
    from pycwt_mod.grid import Family


@dataclass(frozen=True)
class MonteCarlo:
    """The outcome of a Monte Carlo run, with all that it takes to repeat it."""

    task: SignificanceTask
    seed: int
    mc_count: int
    #: Name of the backend that computed it.
    backend: str
    #: Counts of squared coherence, int64[task.rows, bins].
    histogram: NDArray[np.int64]
    #: Squared coherence that noise stays below outside the cone of influence, per scale.
    levels: NDArray[np.float64]
    #: Monte Carlo standard error of ``levels``.
    standard_errors: NDArray[np.float64]
    #: The probability that ``levels`` belong to.
    significance_level: float = 0.95
    #: Numerics class of the backend: within one, results are bit-identical.
    numerics: str = ""
    #: Realisations that came from the cache.
    cached: int = 0
    #: Scale of the task that each row of the coherence is; None where they are in its order.
    rows: NDArray[np.intp] | None = None
    #: The null hypothesis: what the surrogates keep of the series.
    null: str = "ar1"
    #: Of each row, the share of its points outside the cones of gaps, which is counted.
    share: NDArray[np.float64] | None = None

    def at(self, significance_level: float) -> MonteCarlo:
        """The same run read at another level; nothing is computed anew.

        Raises:
            TypeError: the level isn't a number.
            ValueError: it isn't between 0 and 1.
        """
        level = checks.within(significance_level, "significance_level", 0, 1)
        independent = independent_values(self.task, self.mc_count, self.share)
        both = levels(self.histogram, level, independent)
        found, errors = (part[: len(self.task.scales)] for part in both)
        return replace(self, levels=found, standard_errors=errors, significance_level=level)

    def level_map(self) -> LevelMap:
        """The levels at every point of a series of the task's length, the cone included.

        Outside the cone they are ``levels``; within, they follow the distance from the end. The
        error of an interpolated level is that between the errors of its nodes, which is a little
        more than its own.

        Raises:
            ValueError: the task has no ``edge_nodes``.
        """
        if not self.task.edge_nodes:
            raise ValueError("the task has no edge_nodes: nothing was counted within the cone")
        independent = independent_values(self.task, self.mc_count, self.share)
        both = levels(self.histogram, self.significance_level, independent)
        found = point_levels(self.task, *both)
        return found if self.rows is None else LevelMap(*(part[self.rows] for part in found))

    def p_values(self, coherence: ArrayLike) -> NDArray[np.float64]:
        """How often independent noises are at least as coherent, at the same scale.

        Of a task with ``edge_nodes``, within the cone at the same distance from the end, too;
        of others, as often as outside the cone.

        Args:
            coherence: squared coherence in [0, 1], shape (scales, N) or (scales,).

        Returns:
            p-values of the same shape; NaN at scales where nothing was counted.

        Raises:
            ValueError: the shape doesn't fit, or a value isn't in [0, 1].
        """
        r2 = np.asarray(coherence, dtype=np.float64)
        if self.rows is None or r2.shape[:1] != self.rows.shape:
            return tails(self.task, self.histogram, r2)
        return tails(self.task, self.histogram, r2[np.argsort(self.rows)])[self.rows]

    @property
    def estimator(self) -> Estimator:
        """Which estimator ran."""
        return self.task.estimator

    def __repr__(self) -> str:
        known = self.levels[np.isfinite(self.levels)].tolist() or [float("nan")]
        return (
            f"<MonteCarlo: {self.mc_count:,} realisations, seed {self.seed}, null {self.null}, "
            f"estimator {self.estimator}, backend {self.backend} ({self.numerics}), "
            f"{len(self.task.scales)} scales, {100 * self.significance_level:g} % levels "
            f"R² {min(known):.3f} to {max(known):.3f}>"
        )


def wct_significance(  # noqa: PLR0917 - pycwt's signature
    al1: float,
    al2: float,
    dt: float,
    dj: float,
    s0: float,
    J: float,
    significance_level: float = 0.95,
    wavelet: str | Wavelet = "morlet",
    mc_count: int = 300,
    progress: bool = True,
    cache: bool = True,
    *,
    precision: float | None = None,
    backend: str = "auto",
    seed: int | None = None,
    bins: int = 1000,
    estimator: Estimator | Literal["auto"] = "auto",
    control: Control | None = None,
) -> NDArray[np.float64]:
    """Levels of squared coherence that independent AR(1) noises stay below, per scale.

    Args:
        al1: lag-1 autocorrelation of the first series, between −1 and 1.
        al2: that of the second.
        dt: sampling interval.
        dj: spacing of scales in octaves.
        s0: smallest scale; −1 takes the scale whose period is 2·dt.
        J: number of scales less one.
        significance_level: probability, between 0 and 1.
        wavelet: name or instance.
        mc_count: realisations.
        progress: shows a line of progress where standard error is a terminal.
        cache: looks for an earlier run of the same task in the user's cache directory, and
            keeps this one; see :mod:`pycwt_mod.monte_carlo.cache`.
        precision: in place of ``mc_count``: the standard error that no level shall exceed.
        backend: name of the backend that computes; "auto" takes ``joblib``, else the first
            that can.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.
        bins: bins of the histogram between 0 and 1.
        estimator: ``cascade`` draws short series for every octave of scales, as many as it
            takes for the standard error that ``full`` has at its worst scale; ``full`` draws
            series of six times the largest scale, as pycwt does, and sees them at every scale.
            Both estimate the same levels, ``cascade`` the sooner; see
            :mod:`pycwt_mod.monte_carlo.cascade`. ``auto`` takes ``cascade`` for the wavelets that
            it is calibrated for, and ``full`` for those of Morse.
        control: watches and cancels the run, in place of ``progress``.

    Returns:
        Levels, shape (J + 1,).

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range.
        UnknownBackendError: there is no backend of that name.
        BackendUnavailableError: the backend can't compute now; the text says what to do.

    Warns:
        FewRealisationsWarning: too few for a level at some scale.
    """
    task = coherence_task(al1, al2, dt, dj, s0, J, wavelet, bins=bins, estimator=estimator)
    run = monte_carlo(
        task,
        mc_count,
        precision=precision,
        significance_level=significance_level,
        backend=backend,
        seed=seed,
        control=control or progress_line(progress, mc_count),
        cache=HistogramCache() if cache else None,
    )
    check_realisations(independent_values(task, run.mc_count), significance_level, run.mc_count)
    return run.levels


def coherence_task(  # noqa: PLR0917 - in the order of wct_significance
    al1: float,
    al2: float,
    dt: float,
    dj: float,
    s0: float,
    J: float,
    wavelet: str | Wavelet = "morlet",
    *,
    bins: int = 1000,
    estimator: Estimator | Literal["auto"] = "auto",
    n: int | None = None,
    edges: bool = False,
) -> SignificanceTask:
    """The significance job of a coherence with these parameters.

    Args:
        al1: lag-1 autocorrelation of the first series, between −1 and 1.
        al2: that of the second.
        dt: sampling interval.
        dj: spacing of scales in octaves.
        s0: smallest scale; −1 takes the scale whose period is 2·dt.
        J: number of scales less one.
        wavelet: name or instance.
        bins: bins of the histogram.
        estimator: ``cascade``, ``full`` or ``auto``; see :func:`wct_significance`.
        n: samples of a realisation. None takes six times the largest scale, so that every scale
            has points outside the cone of influence; at least 16 samples.
        edges: counts within the cone, too, at nodes that suit the wavelet; ``n`` should then be
            the length of the data.

    Returns:
        The job, in samples.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, the largest scale too large to simulate, or the
            estimator isn't calibrated for the wavelet.
    """
    mother = wavelet if isinstance(wavelet, str) else find_wavelet(wavelet)
    on = _grid_in_samples(
        checks.positive(dt, "dt"),
        checks.within(dj, "dj", 0, MAX_DJ),
        -1.0 if s0 == -1 else checks.positive(s0, "s0"),
        checks.whole(J, "J", 0, MAX_J),
        mother,
        *(() if isinstance(mother, str) else (mother.smoothing_width, mother.efolding)),
    )
    return SignificanceTask(
        family=on.family,
        order=on.order,
        scales=on.scales,
        scale_weights=on.weights,
        length=on.length if n is None else checks.whole(n, "n", grid.MIN_LENGTH, MAX_LENGTH),
        ar1=(checks.within(al1, "al1", -1, 1), checks.within(al2, "al2", -1, 1)),
        bins=checks.whole(bins, "bins", 2, 65536),
        estimator=estimators_of(on.family)[0] if estimator == "auto" else estimator,
        shape=on.shape,
        edge_nodes=default_nodes(on.family) if edges else (),
    )


class _Grid(NamedTuple):
    """What a task has of a wavelet and its scales, in samples."""

    family: Family
    order: float
    shape: float
    scales: tuple[float, ...]
    #: Of the smoothing over scales.
    weights: tuple[float, ...]
    #: Of a realisation.
    length: int


@lru_cache(maxsize=64)
def _grid_in_samples(
    dt: float, dj: float, s0: float, J: int, wavelet: str | Wavelet, *own: float
) -> _Grid:
    """Many jobs have the same, and to make it takes longer than to check the rest of a job.

    ``own`` is what wavelets that equal each other may differ in.
    """
    del own
    mother = find_wavelet(wavelet)
    s0 = smallest_scale(dt, s0, mother)
    scales = tuple((scale_grid(1, dt, dj=dj, s0=s0, J=J, wavelet=mother) / dt).tolist())
    return _Grid(
        *(mother.family, mother.order, mother.shape, scales, scale_weights(dj, mother)),
        grid.surrogate_length(scales[-1], mother.efolding),
    )


def monte_carlo(
    task: SignificanceTask,
    mc_count: int = 300,
    *,
    precision: float | None = None,
    significance_level: float = 0.95,
    backend: str | MonteCarloBackend = "auto",
    seed: int | None = None,
    control: Control | None = None,
    start: MonteCarlo | None = None,
    cache: HistogramCache | None = None,
    share: NDArray[np.float64] | None = None,
) -> MonteCarlo:
    """Run a significance job in this process.

    Args:
        task: the job.
        mc_count: realisations in all.
        precision: in place of a count: go on, at 300, 600, 1200 … realisations and at most a
            million, until the standard error of every level is below this, those of the nodes
            within the cone included.
        significance_level: probability, between 0 and 1.
        backend: name, "auto", or a backend.
        seed: 0 ≤ seed < 2⁶⁴; None draws one, or takes that of a run in the cache.
        control: watches and cancels the run.
        start: an earlier run of the same task, to be continued: 300 + 700 realisations are the
            same as 1,000. Its seed is used.
        cache: where to look for an earlier run, and to keep this one. A run in the cache that
            is longer than asked for is taken where no seed was given, and its count reported.
        share: of each row, the share of its points that the backend counts; None: all.

    Returns:
        The levels, and what they were made from.

    Raises:
        TypeError: an argument isn't a number.
        ValueError: an argument is out of range, ``start`` is of another task, class or seed, or
            the backend of that name can't compute such a task.
        Cancelled: the control said so.
        UnknownBackendError: there is no backend of that name.
        BackendUnavailableError: the backend can't compute now; the text says what to do.
    """
    count = checks.whole(mc_count, "mc_count", 1, MAX_REALISATIONS)
    level = checks.within(significance_level, "significance_level", 0, 1)
    wanted = None if precision is None else checks.within(precision, "precision", 0, 1)
    if seed is not None:
        seed = checks.whole(seed, "seed", 0, 2**64 - 1)
    chosen = choose_backend(backend, task) if isinstance(backend, str) else backend
    numerics = chosen.info.numerics
    known = _earlier(
        task, numerics, seed, start=start, cache=cache, count=None if wanted else count
    )
    number = known.seed if known else (secrets.randbits(64) if seed is None else seed)
    done = known.mc_count if known else 0
    histogram = known.histogram if known else np.empty((0, task.bins), np.int64)
    for stage in stages(count, wanted, done):
        if stage > done:
            more = chosen.run(task, number, done, stage - done, control or NoControl())
            histogram = histogram + more if done else more
            done = stage
        found, errors = levels(histogram, level, independent_values(task, done, share))
        if wanted is None or np.nanmax(errors) <= wanted:
            break
    found, errors = found[: len(task.scales)], errors[: len(task.scales)]
    fresh = known is None or done > known.mc_count
    if cache and fresh:
        cache.store(task, numerics, Entry(number, done, histogram), any_seed=seed is None)
    return MonteCarlo(
        *(task, number, done, chosen.info.name, histogram, found, errors, level, numerics),
        cached=known.mc_count if known and start is None else 0,
        share=share,
    )


def _earlier(
    task: SignificanceTask,
    numerics: str,
    seed: int | None,
    *,
    start: MonteCarlo | None,
    cache: HistogramCache | None,
    count: int | None,
) -> Entry | None:
    """A run to go on from.

    One with the seed asked for may be continued but not cut, and not where ``precision``
    decides (``count`` None): what a seed gives must not depend on what is in the cache.

    Raises:
        ValueError: ``start`` isn't a run of this task, class and seed.
    """
    if start is not None:
        if (start.task, start.numerics) != (task, numerics) or seed not in {None, start.seed}:
            raise ValueError("start must be a run of the same task, numerics class and seed")
        return Entry(start.seed, start.mc_count, start.histogram)
    if cache is None or (seed is not None and count is None):
        return None
    entry = cache.load(task, numerics, seed)
    if entry and seed is not None and count is not None and entry.mc_count > count:
        return None
    return entry


def independent_values(
    task: SignificanceTask, realisations: int, share: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """How many independent values of R² a number of realisations gives in each row.

    A node has one value for either end.

    Args:
        task: the job.
        realisations: how many were computed, from the first on.
        share: of each row, that of its points which is counted; None: all.

    Returns:
        float64, shape (task.rows,).
    """
    values = _independent_values(task, realisations).copy()
    if share is None:
        return values
    # Few points of a realisation are worth one value still.
    return np.where(share > 0, np.maximum(values * share, np.minimum(values, realisations)), 0.0)


@lru_cache(maxsize=64)
def _independent_values(task: SignificanceTask, realisations: int) -> NDArray[np.float64]:
    all_ = parts(task)
    outside = [part.series(realisations) * np.array(part.independent) for part in all_]
    nodes = [part.series(realisations) * node_values(part) for part in all_]
    return np.concatenate([*outside, np.concatenate(nodes, axis=1).ravel()])
