"""The levels of a coherence: which null, who computes it, and what its result is told with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pycwt_mod.monte_carlo.cache import HistogramCache
from pycwt_mod.monte_carlo.gapped import GappedNull, gapped_null
from pycwt_mod.monte_carlo.nulls import Null, null_hypothesis
from pycwt_mod.monte_carlo.run import MonteCarlo, coherence_task, independent_values, monte_carlo
from pycwt_mod.noise import ar1
from pycwt_mod.results.cautions import check_realisations

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control
    from pycwt_mod.backends.task import Estimator
    from pycwt_mod.gaps import FilledSeries
    from pycwt_mod.monte_carlo.surrogate_models import SurrogateModel
    from pycwt_mod.wavelets import Wavelet

#: Points of a map up to which ``estimator="auto"`` makes surrogates with gaps: beyond, each takes
#: half a second and more.
AFFORDABLE = 1 << 20


def coherence_levels(
    series: tuple[FilledSeries, FilledSeries],
    levels_at: tuple[float, float, int],
    dt: float,
    wavelet: Wavelet,
    *,
    null: str | SurrogateModel,
    estimator: Estimator | Literal["auto"],
    edges: bool,
    bins: int,
    backend: str,
    cache: bool,
    mc_count: int,
    precision: float | None,
    significance_level: float,
    seed: int | None,
    control: Control | None,
    rows: NDArray[np.intp] | None,
) -> MonteCarlo:
    """The Monte Carlo run of a coherence; arguments are those of :func:`pycwt_mod.wct`.

    Args:
        series: the two.
        levels_at: dj, s0 and J of the run.
        dt: sampling interval.
        wavelet: the mother wavelet.
        null: what the series are tested against.
        estimator: with gaps, "full" and, where it is affordable, "auto" are surrogates that
            have them.
        edges: whether to count at nodes within the cone of influence.
        bins: of the histogram.
        backend: name, or "auto".
        cache: whether to use it.
        mc_count: realisations.
        precision: in their place.
        significance_level: probability.
        seed: of the run.
        control: watches and cancels it.
        rows: scale of the run that each row of the coherence is.

    Raises:
        ValueError: the backend can't run the null hypothesis, and as for ``wct``.
    """
    points = series[0].values.size * (levels_at[2] + 1)
    affordable = estimator == "auto" and points <= AFFORDABLE
    missing = any(x.present is not None for x in series)
    gapped = missing and (estimator == "full" or affordable)
    if gapped:
        estimator = "full"
    colours = [ar1(x.values, x.present).g for x in series]
    task = coherence_task(
        *(colours[0], colours[1], dt, *levels_at, wavelet),
        bins=bins,
        estimator=estimator,
        n=series[0].values.size if edges else None,
        edges=edges,
    )
    hypothesis: Null
    if gapped:
        hypothesis = gapped_null(null, task, series)
    else:
        hypothesis = null_hypothesis(null, task, [x.values for x in series])
    if hypothesis.backend and backend != "auto":
        what = f"null={hypothesis.name!r}" + (" with gaps" if gapped else "")
        cure = ", or take estimator='cascade', noise without gaps" if gapped else ""
        raise ValueError(
            f"backend={backend!r} can't run {what}, whose surrogates are made in this process: "
            f"leave backend at 'auto'{cure}"
        )
    share = hypothesis.share if isinstance(hypothesis, GappedNull) else None
    run = monte_carlo(
        hypothesis.task,
        mc_count,
        precision=precision,
        significance_level=significance_level,
        backend=hypothesis.backend or backend,
        seed=seed,
        control=control,
        cache=HistogramCache() if cache and not hypothesis.backend else None,
        share=share,
    )
    independent = independent_values(hypothesis.task, run.mc_count, share)
    if share is not None:  # of rows without any there is no level to be unsure of
        independent = independent[share > 0]
    if independent.size:
        check_realisations(independent, significance_level, run.mc_count, depth=1)
    return replace(run, rows=rows, null=hypothesis.name)
