"""The wavelet analyses, as the daemon knows them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pycwtd import __version__
from pycwtd.workloads.interface import Kind, MonteCarlo, Route, Workload
from pycwtd.workloads.wavelet.coming_in import COHERENCE
from pycwtd.workloads.wavelet.requests import TYPES, Analysis, plan
from pycwtd.workloads.wavelet.results import CwtResult, SignificanceResult, WctResult, XwtResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pycwtd.workloads.wavelet.fields import Kind as Name

_WAVE = [round(0.1 * ((7 * i) % 11) - 0.5, 1) for i in range(32)]
_LATER = [round(0.1 * ((7 * i + 4) % 11) - 0.5, 1) for i in range(32)]
_GRID: dict[str, Any] = {"dt": 1.0, "dj": 0.5}
_SINGLE = {"data": _WAVE, **_GRID}
_SIGNALS = {"signal1": _WAVE, "signal2": _LATER, **_GRID}
_PAIR = {"data1": _WAVE, "data2": _LATER, **_GRID}
_NOISE: dict[str, Any] = {"mc_count": 100, "estimator": "cascade"}

_SCALES: dict[str, Any] = {"scales": [1.936, 3.872], "freqs": [0.5, 0.25]}
_CONE: dict[str, Any] = {"coi": [1.0, 2.0, 1.0]}
_MAP = [[0.41, 0.52, 0.47], [0.63, 0.66, 0.61]]
_COMPLEX = [[[0.12, -0.4], [0.3, 0.1], [-0.2, 0.25]], [[0.5, 0.02], [0.44, -0.3], [0.1, -0.5]]]
_LEVELS: dict[str, Any] = {
    **_SCALES,
    **{"signif": [0.71, 0.74], "sig95": [0.71, 0.74], "signif_error": [0.004, 0.006]},
    **{"significance_level": 0.95, "seed": 1, "mc_count": 300, "estimator": "cascade"},
    **{"backend_used": "joblib", "computation_time": 0.04},
}

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


def _kind(
    name: Name,
    summary: str,
    result: type[Any],
    examples: tuple[dict[str, Any], dict[str, Any]],
    result_example: dict[str, Any],
) -> Kind:
    """A kind in both spellings, each with its path."""
    wavelet, analysis = TYPES[name]
    routes = (
        Route(f"wavelet/{name}", wavelet),
        Route(f"analysis/{name}", analysis, example=examples[1]),
    )
    return Kind(
        name=name,
        summary=summary,
        requests=TYPES[name],
        stored=Analysis,
        plan=partial(plan, name),
        result=result,
        example=examples[0],
        result_example=result_example,
        axes=AXES,
        routes=routes,
        monte_carlo=MonteCarlo("mc_count") if name == "wct" else None,
    )


_SIGNIFICANCE = Kind(
    name="significance",
    summary="Levels of coherence against red noise",
    requests=TYPES["significance"],
    stored=Analysis,
    plan=partial(plan, "significance"),
    result=SignificanceResult,
    example={**_SIGNALS, **_NOISE},
    result_example=_LEVELS,
    axes=AXES,
    monte_carlo=MonteCarlo("mc_count"),
    routes=(
        Route(
            "analysis/significance",
            TYPES["significance"][1],
            waits=False,
            summary="Levels of coherence against red noise, as a job",
            example={**_PAIR, **_NOISE},
        ),
    ),
)

WORKLOAD = Workload(
    name="wavelet",
    title="Wavelet transforms, cross spectra, coherence and their significance",
    version=__version__,
    compute="pycwtd.workloads.wavelet.compute",
    streams=(COHERENCE,),
    kinds=(
        _kind(
            "cwt",
            "Continuous wavelet transform",
            CwtResult,
            (_SINGLE, _SINGLE),
            {
                **{"wave": _COMPLEX, **_SCALES, **_CONE},
                **{"fft": [[0.1, 0.2]], "fftfreqs": [0.33], "computation_time": 0.001},
            },
        ),
        _kind(
            "xwt",
            "Cross-wavelet spectrum",
            XwtResult,
            (_SIGNALS, _PAIR),
            {
                **{"xwt": _COMPLEX, "amplitude": _MAP, "phase": _MAP, **_CONE},
                **{**_SCALES, "computation_time": 0.001},
            },
        ),
        _kind(
            "wct",
            "Wavelet coherence, with its Monte Carlo significance where asked",
            WctResult,
            (_SIGNALS, _PAIR),
            {"WCT": _MAP, "aWCT": _MAP, **_CONE, **_LEVELS},
        ),
        _SIGNIFICANCE,
    ),
)
