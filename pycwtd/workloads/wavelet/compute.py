"""The wavelet analyses as a numerics process does them: prepare, merge, finish, render.

Every operation works on files in the job's folder; the answer tells the daemon what it needs
to know. Needs numpy, so the daemon's own process never imports this module.
"""

from __future__ import annotations

import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

import pycwt_mod
from pycwt_mod.backends.task import LAST_STAGE
from pycwt_mod.grid import default_s0
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.levelmap import point_levels
from pycwt_mod.monte_carlo.run import coherence_task, independent_values
from pycwt_mod.wavelets import wavelet_of
from pycwtd.worker.control import Beat
from pycwtd.worker.files import (
    load_array,
    load_task,
    save_array,
    save_arrays,
    save_task,
)
from pycwtd.worker.ingest import ingest
from pycwtd.worker.render import render
from pycwtd.workloads.wavelet.requests import Analysis, SeriesFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pycwt_mod import Coherence, CrossTransform, Transform
    from pycwt_mod.backends import SignificanceTask
    from pycwt_mod.wavelets import Wavelet
    from pycwtd.worker.control import Operation, TaskControl

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


def prepare(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    """The Monte Carlo task, to ``task.json``; of what needs none, ``result.npz`` at once."""
    with Beat(control):
        return _prepare(message, control)


def _prepare(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    folder, sync = Path(message["folder"]), message["sync"]
    request = _request(folder)
    if request.simulates:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the analysis tells them
            save_task(folder / "task.json", _task(request, folder), sync=sync)
        if not sync and request.samples * (request.J + 1) <= _AHEAD_POINTS:
            # Somebody waits, and this process has nothing else to do during the Monte Carlo.
            control.afterwards(partial(_ahead.compute, request, folder))
        return {"simulate": True}
    streamed = folder / "wave.npy"
    arrays = _analyse(request, folder, streamed)
    if request.kind == "wct":
        arrays |= {"seed": message["seed"], "mc_count": 0, "backend_used": "none"}
    files = {"wave": streamed} if request.kind == "cwt" else {}
    digest = save_arrays(folder / "result.npz", arrays, files, sync=sync)
    streamed.unlink(missing_ok=True)
    return {"simulate": False, "sha256": digest}


def _request(folder: Path) -> Analysis:
    return msgspec.json.decode((folder / "request.json").read_bytes(), type=Analysis)


def _task(request: Analysis, folder: Path) -> SignificanceTask:
    series = [_samples(folder, one) for one in request.series]
    al1, al2 = (pycwt_mod.ar1(values)[0] for values in series)
    wavelet = wavelet_of(request.family, request.order, request.shape)
    return coherence_task(
        *(al1, al2, request.dt, request.dj, request.s0, request.J, wavelet),
        estimator=request.estimator,
        n=request.length() if request.edges else None,
        edges=request.edges,
    )


def _analyse(request: Analysis, folder: Path, wave: Path) -> Arrays:
    """Everything but the Monte Carlo; the ``wave`` of a transform goes to its file."""
    started = time.perf_counter()
    series = [_samples(folder, one) for one in request.series]
    wavelet = wavelet_of(request.family, request.order, request.shape)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        usual = default_s0(request.dt, request.family, request.order, request.shape)
        if request.s0 < 0.99 * usual:
            warnings.warn(_BELOW_NYQUIST, stacklevel=1)
        if request.kind == "cwt":
            arrays = _cwt(request, series, wavelet, wave)
        else:
            arrays = _ANALYSES[request.kind](request, series, wavelet)
        if request.simulates:
            for values in series:
                pycwt_mod.ar1(values)
    arrays["computation_time"] = time.perf_counter() - started
    if caught:
        arrays["warnings"] = sorted({str(warning.message) for warning in caught})
    return arrays


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


class _Ahead:
    """The analysis of the job that was prepared last, in case that its end comes next."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._arrays: Arrays = {}

    def compute(self, request: Analysis, folder: Path) -> None:
        self._folder, self._arrays = None, {}
        self._arrays = _analyse(request, folder, folder / "wave.npy")
        self._folder = folder

    def take(self, request: Analysis, folder: Path) -> Arrays:
        if folder != self._folder:
            return _analyse(request, folder, folder / "wave.npy")
        arrays, self._folder, self._arrays = self._arrays, None, {}
        return arrays


_ahead = _Ahead()


def merge(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """Add up the histograms of several chunks into one file."""
    folder = Path(message["folder"])
    total = _sum(folder, message["parts"])
    return {"sha256": save_array(folder / message["out"], total, sync=message["sync"])}


def _sum(folder: Path, parts: list[dict[str, str]]) -> NDArray[np.int64]:
    first, *others = parts
    total: NDArray[np.int64] = load_array(folder / first["file"], first["sha256"])
    for part in others:
        total = total + load_array(folder / part["file"], part["sha256"])
    return total


def finish(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    """Read the levels off the histogram; ask for more where they aren't precise enough yet.

    The rest of the analysis is done here and written once, with them.
    """
    with Beat(control):
        return _finish(message)


def _finish(message: dict[str, Any]) -> dict[str, Any]:
    folder = Path(message["folder"])
    facts = message["facts"]
    started = time.perf_counter()
    request = _request(folder)
    histogram = _sum(folder, message["parts"])
    task = load_task(folder / "task.json")
    independent = independent_values(task, facts["mc_count"])
    # With nodes, theirs behind those of the scales.
    level, error = levels(histogram, request.level, independent)
    if request.precision is not None:
        worst = float(np.nanmax(error))
        if worst > request.precision and facts["mc_count"] < LAST_STAGE:
            return {"more": min(2 * facts["mc_count"], LAST_STAGE)}
    elapsed = facts["compute_seconds"] + time.perf_counter() - started
    arrays = _ahead.take(request, folder)
    arrays |= {  # what isn't an array becomes one of no dimensions
        "signif": level[: len(task.scales)],
        "sig95": level[: len(task.scales)],
        "signif_error": error[: len(task.scales)],
        "histogram": histogram,
        "significance_level": request.level,
        "seed": facts["seed"],
        "mc_count": facts["mc_count"],
        "estimator": task.estimator,
        "backend_used": facts["backend_used"],
        "computation_time": elapsed + arrays["computation_time"],
    }
    if task.edge_nodes:
        mapped = point_levels(task, level, error)
        arrays |= {"level_map": mapped.levels, "level_map_error": mapped.standard_errors}
    if (independent * (1 - request.level) < _FEW).any():
        few = _TOO_FEW.format(facts["mc_count"], request.level)
        arrays["warnings"] = sorted({*arrays.get("warnings", []), few})
    if facts["fallback_reason"]:
        arrays["fallback_reason"] = facts["fallback_reason"]
    return {"sha256": save_arrays(folder / "result.npz", arrays, sync=message["sync"])}


_MAPS = (
    *("wave", "xwt", "amplitude", "phase", "WCT", "aWCT"),
    *("level_map", "level_map_error", "coverage", "outside"),
)
#: Names of the axes of the arrays in a result.
AXES: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(_MAPS, ("scale", "time")),
    **dict.fromkeys(("scales", "freqs", "signif", "sig95", "signif_error"), ("scale",)),
    "coi": ("time",),
    "fft": ("frequency",),
    "fftfreqs": ("frequency",),
    "histogram": ("scale", "bin"),
}


#: What a numerics process is asked for, by name.
OPERATIONS: Mapping[str, Operation] = {
    "prepare": prepare,
    "merge": merge,
    "finish": finish,
    "render": partial(render, axes=AXES),
    "ingest": ingest,
}
