"""The wavelet analyses as a numerics process does them: prepare, merge, finish, render.

Every operation works on files in the job's folder; the answer tells the daemon what it needs
to know. Needs numpy, so the daemon's own process never imports this module.
"""

from __future__ import annotations

import math
import time
import warnings
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
from pycwtd.worker.files import (
    load_array,
    load_arrays,
    load_task,
    save_array,
    save_arrays,
    save_task,
)
from pycwtd.workloads.wavelet.requests import Analysis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pycwt_mod.wavelets import Wavelet
    from pycwtd.worker.control import Operation, TaskControl

    Arrays = dict[str, Any]

#: Values above a level from which its standard error can still be believed.
_FEW = 5
_TOO_FEW = (
    "{} realisations are few for a level of {:g}: at some scales hardly any independent value "
    "lies above it, and its standard error is itself uncertain"
)
_BELOW_NYQUIST = "scales with periods below 2·dt are cut off at the Nyquist frequency"


def prepare(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """Everything but the Monte Carlo: to ``result.npz``, or to ``prepared.npz`` and a task."""
    folder = Path(message["folder"])
    started = time.perf_counter()
    request = msgspec.json.decode((folder / "request.json").read_bytes(), type=Analysis)
    series = [np.asarray(values) for values in request.series]
    wavelet = wavelet_of(request.family, request.order, request.shape)
    task = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        usual = default_s0(request.dt, request.family, request.order, request.shape)
        if request.s0 < 0.99 * usual:
            warnings.warn(_BELOW_NYQUIST, stacklevel=1)
        arrays = _ANALYSES[request.kind](request, series, wavelet)
        if request.simulates:
            al1, al2 = (pycwt_mod.ar1(values)[0] for values in series)
            grid = (request.dt, request.dj, request.s0, request.J)
            task = coherence_task(
                *(al1, al2, *grid, wavelet),
                estimator=request.estimator,
                n=request.length() if request.edges else None,
                edges=request.edges,
            )
    arrays["computation_time"] = time.perf_counter() - started
    if caught:
        arrays["warnings"] = sorted({str(warning.message) for warning in caught})
    if request.kind == "wct" and task is None:
        arrays |= {"seed": message["seed"], "mc_count": 0, "backend_used": "none"}
    if task is None:
        digest = save_arrays(folder / "result.npz", arrays)
        return {"simulate": False, "sha256": digest}
    save_arrays(folder / "prepared.npz", arrays)
    # Last, because its presence tells that the preparation is complete.
    save_task(folder / "task.json", task)
    return {"simulate": True}


def _cwt(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    (data,) = series
    if request.normalize:
        data = (data - data.mean()) / data.std()
    wave, scales, freqs, coi, fft, fftfreqs = pycwt_mod.cwt(
        data, request.dt, request.dj, request.s0, request.J, wavelet
    )
    arrays: Arrays = {
        "wave": wave,
        "scales": scales,
        "freqs": freqs,
        "coi": coi,
        "fft": fft,
        "fftfreqs": fftfreqs,
    }
    if request.test:
        alpha = pycwt_mod.ar1(series[0])[0]
        arrays["signif"], _ = pycwt_mod.significance(
            data.var(), request.dt, scales, 0, alpha, request.level, wavelet=wavelet
        )
    return arrays


def _xwt(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    first, second = series
    cross, coi, freqs, signif = pycwt_mod.xwt(
        first,
        second,
        request.dt,
        request.dj,
        request.s0,
        request.J,
        request.level,
        wavelet,
        request.normalize,
    )
    arrays: Arrays = {
        "xwt": cross,
        "amplitude": np.abs(cross),
        "phase": np.angle(cross),
        "coi": coi,
        "freqs": freqs,
        "scales": _scales(freqs, wavelet),
    }
    if request.test:
        arrays["signif"] = signif
    return arrays


def _wct(request: Analysis, series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    first, second = series
    coherence, phase, coi, freqs, _ = pycwt_mod.wct(
        first,
        second,
        request.dt,
        request.dj,
        request.s0,
        request.J,
        sig=False,
        wavelet=wavelet,
        normalize=request.normalize,
    )
    return {
        "WCT": coherence,
        "aWCT": phase,
        "coi": coi,
        "freqs": freqs,
        "scales": _scales(freqs, wavelet),
    }


def _significance(request: Analysis, _series: list[NDArray[Any]], wavelet: Wavelet) -> Arrays:
    scales = request.s0 * 2 ** (np.arange(request.J + 1) * request.dj)
    return {"scales": scales, "freqs": 1 / (wavelet.flambda() * scales)}


def _scales(freqs: NDArray[np.float64], wavelet: Wavelet) -> NDArray[np.float64]:
    return 1 / (wavelet.flambda() * freqs)


_ANALYSES = {"cwt": _cwt, "xwt": _xwt, "wct": _wct, "significance": _significance}


def merge(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """Add up the histograms of several chunks into one file."""
    folder = Path(message["folder"])
    return {"sha256": save_array(folder / message["out"], _sum(folder, message["parts"]))}


def _sum(folder: Path, parts: list[dict[str, str]]) -> NDArray[np.int64]:
    first, *others = parts
    total: NDArray[np.int64] = load_array(folder / first["file"], first["sha256"])
    for part in others:
        total = total + load_array(folder / part["file"], part["sha256"])
    return total


def finish(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """Read the levels off the histogram; ask for more where they aren't precise enough yet."""
    folder = Path(message["folder"])
    facts = message["facts"]
    started = time.perf_counter()
    request = msgspec.json.decode((folder / "request.json").read_bytes(), type=Analysis)
    histogram = _sum(folder, message["parts"])
    task = load_task(folder / "task.json")
    independent = independent_values(task, facts["mc_count"])
    # With nodes, theirs behind those of the scales.
    level, error = levels(histogram, request.level, independent)
    if request.precision is not None:
        worst = float(np.nanmax(error))
        if worst > request.precision and facts["mc_count"] < LAST_STAGE:
            return {"more": min(2 * facts["mc_count"], LAST_STAGE)}
    arrays: Arrays = load_arrays(folder / "prepared.npz")
    elapsed = arrays.pop("computation_time") + facts["compute_seconds"]
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
        "computation_time": elapsed + time.perf_counter() - started,
    }
    if task.edge_nodes:
        mapped = point_levels(task, level, error)
        arrays |= {"level_map": mapped.levels, "level_map_error": mapped.standard_errors}
    if (independent * (1 - request.level) < _FEW).any():
        known = arrays["warnings"].tolist() if "warnings" in arrays else []
        arrays["warnings"] = sorted({*known, _TOO_FEW.format(facts["mc_count"], request.level)})
    if facts["fallback_reason"]:
        arrays["fallback_reason"] = facts["fallback_reason"]
    return {"sha256": save_arrays(folder / "result.npz", arrays)}


def render(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """The result as JSON, in ``result.json``, unless it has more numbers than allowed."""
    folder = Path(message["folder"])
    arrays = load_arrays(folder / "result.npz")
    # The whole null distribution is for programs that read npz.
    arrays.pop("histogram", None)
    numbers = sum(a.size * (2 if np.iscomplexobj(a) else 1) for a in arrays.values())
    if numbers > message["limit"]:
        return {"too_large": numbers}
    body = msgspec.json.encode({name: plain(array) for name, array in arrays.items()})
    path = folder / "result.json"
    path.write_bytes(body)
    return {"file": path.name}


def plain(array: NDArray[Any]) -> Any:
    """An array as nested lists; complex numbers as ``[re, im]``; what isn't finite as null."""
    if array.dtype.kind in "US":
        return array.item() if array.ndim == 0 else array.tolist()
    if np.iscomplexobj(array):
        array = np.stack([array.real, array.imag], axis=-1)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return _with_nulls(array.tolist())
    return array.tolist()


def _with_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_nulls(element) for element in value]
    return value if math.isfinite(value) else None


#: What a numerics process is asked for, by name.
OPERATIONS: Mapping[str, Operation] = {
    "prepare": prepare,
    "merge": merge,
    "finish": finish,
    "render": render,
}
