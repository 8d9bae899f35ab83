"""The wavelet analyses as a numerics process does them.

Needs numpy, so the daemon's own process never imports this module.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import pycwt_mod
from pycwt_mod.backends.task import LAST_STAGE
from pycwt_mod.grid import default_s0
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.levelmap import point_levels
from pycwt_mod.monte_carlo.run import coherence_task, independent_values
from pycwt_mod.wavelets import wavelet_of
from pycwtd.worker.files import task_of
from pycwtd.workloads.compute import Completed, Levels, More, Prepared
from pycwtd.workloads.wavelet.requests import Analysis, SeriesFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pycwt_mod import Coherence, CrossTransform, Transform
    from pycwt_mod.backends import SignificanceTask
    from pycwt_mod.wavelets import Wavelet
    from pycwtd.workloads.compute import Job, Series, Task

    Arrays = dict[str, Any]

#: Points of an analysis that is computed during the Monte Carlo: a fifth of a second or so.
_AHEAD_POINTS = 1_000_000
#: Values above a level from which its standard error can still be believed.
_FEW = 5
_TOO_FEW = (
    "{} realisations are few for a level of {:g}: at some scales hardly any independent value "
    "lies above it, and its standard error is itself uncertain"
)
_BELOW_NYQUIST = "scales with periods below 2·dt are cut off at the Nyquist frequency"


def prepare(request: Analysis, _series: Series, job: Job) -> Prepared:
    """The Monte Carlo task where there is one, else the analysis at once."""
    series = [_samples(job.folder, one) for one in request.series]
    wavelet = wavelet_of(request.family, request.order, request.shape)
    if request.simulates:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the analysis tells them
            task = _task(request, series, wavelet).to_dict()
        return Prepared(
            partial(_analyse, request, series, wavelet),
            task,
            ahead=request.samples * (request.J + 1) <= _AHEAD_POINTS,
        )
    if request.kind == "cwt":
        _warn(request)
        wave = job.folder / "wave.npy"
        return Prepared(_cwt(request, series, wavelet, wave), files={"wave": wave})
    arrays = _analyse(request, series, wavelet)
    if request.kind == "wct":
        arrays |= {"seed": job.seed, "mc_count": 0, "backend_used": "none"}
    return Prepared(arrays)


def _task(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> SignificanceTask:
    al1, al2 = (pycwt_mod.ar1(values)[0] for values in series)
    grid = (request.dt, request.dj, request.s0, request.J)
    return coherence_task(
        *(al1, al2, *grid, wavelet),
        estimator=request.estimator,
        n=request.length() if request.edges else None,
        edges=request.edges,
    )


def _analyse(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    """Everything but the Monte Carlo."""
    _warn(request)
    arrays = _ANALYSES[request.kind](request, series, wavelet)
    if request.simulates:
        for values in series:
            pycwt_mod.ar1(values)
    return arrays


def _warn(request: Analysis) -> None:
    usual = default_s0(request.dt, request.family, request.order, request.shape)
    if request.s0 < 0.99 * usual:
        warnings.warn(_BELOW_NYQUIST, stacklevel=1)


def _samples(folder: Path, source: list[float | None] | SeriesFile) -> NDArray[np.float64]:
    """A series of the request, or of an uploaded file that the job holds a link to.

    NaN stands where samples are missing.
    """
    if isinstance(source, SeriesFile):
        values: NDArray[np.float64] = np.load(folder / source.file, allow_pickle=False)
        return values
    return np.asarray(source, dtype=np.float64)


def _cwt(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet, wave: Path) -> Arrays:
    """A transform; ``wave`` goes to a file of its own, row by row."""
    (data,) = series
    if request.normalize:
        there = data[~np.isnan(data)]
        data = (data - there.mean()) / there.std()
    found = pycwt_mod.cwt(
        *(data, request.dt, request.dj, request.s0, request.J, wavelet),
        out=wave,
        gaps=request.gaps,
    )
    _, scales, freqs, coi, fft, fftfreqs = found
    arrays: Arrays = {
        "scales": scales,
        "freqs": freqs,
        "coi": coi,
        "fft": fft,
        "fftfreqs": fftfreqs,
        **_felt(request, found),
    }
    if request.test:
        alpha = pycwt_mod.ar1(series[0])[0]
        arrays["signif"], _ = pycwt_mod.significance(
            float(np.nanvar(data)), request.dt, scales, 0, alpha, request.level, wavelet=wavelet
        )
    return arrays


def _xwt(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    first, second = series
    found = pycwt_mod.xwt(
        first,
        second,
        request.dt,
        request.dj,
        request.s0,
        request.J,
        request.level,
        wavelet,
        request.normalize,
        gaps=request.gaps,
    )
    cross, coi, freqs, signif = found
    arrays: Arrays = {
        "xwt": cross,
        "amplitude": np.abs(cross),
        "phase": np.angle(cross),
        "coi": coi,
        "freqs": freqs,
        "scales": _scales(freqs, wavelet),
        **_felt(request, found),
    }
    if request.test:
        arrays["signif"] = signif
    return arrays


def _felt(request: Analysis, found: Transform | CrossTransform | Coherence) -> Arrays:
    """Where gaps are felt, if the request speaks of any."""
    if request.gaps is None:
        return {}
    return {"coverage": found.coverage, "outside": found.outside}


def _wct(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    first, second = series
    found = pycwt_mod.wct(
        first,
        second,
        request.dt,
        request.dj,
        request.s0,
        request.J,
        sig=False,
        wavelet=wavelet,
        normalize=request.normalize,
        gaps=request.gaps,
    )
    coherence, phase, coi, freqs, _ = found
    return {
        "WCT": coherence,
        "aWCT": phase,
        "coi": coi,
        "freqs": freqs,
        "scales": _scales(freqs, wavelet),
        **_felt(request, found),
    }


def _significance(request: Analysis, _series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    scales = request.s0 * 2 ** (np.arange(request.J + 1) * request.dj)
    return {"scales": scales, "freqs": 1 / (wavelet.flambda() * scales)}


def _scales(freqs: NDArray[np.float64], wavelet: Wavelet) -> NDArray[np.float64]:
    return 1 / (wavelet.flambda() * freqs)


_ANALYSES = {"xwt": _xwt, "wct": _wct, "significance": _significance}


def interim(request: Analysis, task: Task, counts: NDArray[np.int64], job: Job) -> Levels:
    """The levels by the realisations so far."""
    tested = task_of(task.values)
    found, error = levels(counts, request.level, independent_values(tested, job.total))
    scales = len(tested.scales)
    wavelet = wavelet_of(request.family, request.order, request.shape)
    scales_of = request.s0 * 2 ** (np.arange(request.J + 1) * request.dj)
    periods = np.asarray(wavelet.flambda() * scales_of, dtype=np.float64)
    return Levels(request.level, periods, found[:scales], error[:scales])


def finish(
    request: Analysis, task: Task, arrays: Arrays, counts: NDArray[np.int64], job: Job
) -> Completed | More:
    """Read the levels off the histogram; ask for more where they aren't precise enough yet."""
    tested = task_of(task.values)
    independent = independent_values(tested, job.total)
    # With nodes, theirs behind those of the scales.
    level, error = levels(counts, request.level, independent)
    if request.precision is not None:
        worst = float(np.nanmax(error))
        if worst > request.precision and job.total < LAST_STAGE:
            return More(min(2 * job.total, LAST_STAGE))
    scales = len(tested.scales)
    found: Arrays = {
        **arrays,  # what isn't an array becomes one of no dimensions
        "signif": level[:scales],
        "sig95": level[:scales],
        "signif_error": error[:scales],
        "histogram": counts,
        "significance_level": request.level,
        "estimator": tested.estimator,
    }
    if tested.edge_nodes:
        mapped = point_levels(tested, level, error)
        found |= {"level_map": mapped.levels, "level_map_error": mapped.standard_errors}
    if (independent * (1 - request.level) < _FEW).any():
        warnings.warn(_TOO_FEW.format(job.total, request.level), stacklevel=1)
    return Completed(found)
