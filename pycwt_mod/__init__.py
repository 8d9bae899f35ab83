"""Wavelet transforms, coherence and their significance: the successor of ``pycwt``.

``import pycwt_mod as pycwt`` keeps pycwt's names, signatures and orders of results. Names are
loaded on first use, so that programs which need the driver contract alone
(:mod:`pycwt_mod.backends`) don't pay for numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycwt_mod.analysis.areawise import areawise_calibration as areawise_calibration
    from pycwt_mod.analysis.areawise import areawise_kernel_level as areawise_kernel_level
    from pycwt_mod.analysis.areawise import areawise_test as areawise_test
    from pycwt_mod.analysis.cross import coherence_matrix as coherence_matrix
    from pycwt_mod.analysis.cross import wct_from as wct_from
    from pycwt_mod.analysis.cumulative import cumulative_areawise_test as cumulative_areawise_test
    from pycwt_mod.analysis.cumulative import geometric_test as geometric_test
    from pycwt_mod.analysis.cumulative import patch_test as patch_test
    from pycwt_mod.analysis.filters import band_correlation as band_correlation
    from pycwt_mod.analysis.filters import bandpass as bandpass
    from pycwt_mod.analysis.filters import bandpass_from as bandpass_from
    from pycwt_mod.analysis.filters import bandpass_response as bandpass_response
    from pycwt_mod.analysis.multiple_testing import false_discovery as false_discovery
    from pycwt_mod.analysis.multivariate import multiple_coherence as multiple_coherence
    from pycwt_mod.analysis.multivariate import partial_coherence as partial_coherence
    from pycwt_mod.analysis.overlap import wct_overlap as wct_overlap
    from pycwt_mod.analysis.patches import areawise_opening as areawise_opening
    from pycwt_mod.analysis.patches import critical_patch as critical_patch
    from pycwt_mod.analysis.patches import reproducing_kernel as reproducing_kernel
    from pycwt_mod.analysis.pathways import noise_patches as noise_patches
    from pycwt_mod.analysis.pathways import pointwise_patches as pointwise_patches
    from pycwt_mod.analysis.phases import coherence_phase as coherence_phase
    from pycwt_mod.analysis.phases import phase_statistics as phase_statistics
    from pycwt_mod.analysis.ridge import ridges as ridges
    from pycwt_mod.analysis.spectra import global_spectrum as global_spectrum
    from pycwt_mod.analysis.spectra import power_p_values as power_p_values
    from pycwt_mod.analysis.spectra import rectified_power as rectified_power
    from pycwt_mod.analysis.spectra import scale_average as scale_average
    from pycwt_mod.background import significance as significance
    from pycwt_mod.coherence import wct as wct
    from pycwt_mod.coherence import xwt as xwt
    from pycwt_mod.datasets import load_dataset as load_dataset
    from pycwt_mod.inverse import CoverageWarning as CoverageWarning
    from pycwt_mod.inverse import icwt as icwt
    from pycwt_mod.monte_carlo.run import wct_significance as wct_significance
    from pycwt_mod.monte_carlo.surrogate_models import surrogates as surrogates
    from pycwt_mod.noise import ar1 as ar1
    from pycwt_mod.noise import ar1_spectrum as ar1_spectrum
    from pycwt_mod.noise import rednoise as rednoise
    from pycwt_mod.plots import plot_coherence as plot_coherence
    from pycwt_mod.plots import plot_cross as plot_cross
    from pycwt_mod.plots import plot_global as plot_global
    from pycwt_mod.plots import plot_scalogram as plot_scalogram
    from pycwt_mod.preprocess import detrend as detrend
    from pycwt_mod.preprocess import normalise as normalise
    from pycwt_mod.preprocess import remove_cycle as remove_cycle
    from pycwt_mod.preprocess import standardise as standardise
    from pycwt_mod.results.cautions import CautionWarning as CautionWarning
    from pycwt_mod.results.cautions import ConeWarning as ConeWarning
    from pycwt_mod.results.cautions import FewRealisationsWarning as FewRealisationsWarning
    from pycwt_mod.results.cautions import TrendWarning as TrendWarning
    from pycwt_mod.results.cautions import UnitRootWarning as UnitRootWarning
    from pycwt_mod.results.kinds import Coherence as Coherence
    from pycwt_mod.results.kinds import CrossTransform as CrossTransform
    from pycwt_mod.results.kinds import Significance as Significance
    from pycwt_mod.results.kinds import Transform as Transform
    from pycwt_mod.results.summaries import summarise as summarise
    from pycwt_mod.streaming import RunningTransform as RunningTransform
    from pycwt_mod.transform import cwt as cwt
    from pycwt_mod.uneven_spectra import wwz as wwz
    from pycwt_mod.uneven_spectra import wwz_coherence as wwz_coherence
    from pycwt_mod.wavelets import DOG as DOG
    from pycwt_mod.wavelets import MexicanHat as MexicanHat
    from pycwt_mod.wavelets import Morlet as Morlet
    from pycwt_mod.wavelets import Morse as Morse
    from pycwt_mod.wavelets import Paul as Paul

__version__ = "0.1.0"

_HOME = {
    "CautionWarning": "results.cautions",
    "Coherence": "results.kinds",
    "ConeWarning": "results.cautions",
    "CoverageWarning": "inverse",
    "CrossTransform": "results.kinds",
    "DOG": "wavelets",
    "FewRealisationsWarning": "results.cautions",
    "MexicanHat": "wavelets",
    "Morlet": "wavelets",
    "Morse": "wavelets",
    "Paul": "wavelets",
    "RunningTransform": "streaming",
    "Significance": "results.kinds",
    "Transform": "results.kinds",
    "TrendWarning": "results.cautions",
    "UnitRootWarning": "results.cautions",
    "ar1": "noise",
    "ar1_spectrum": "noise",
    "areawise_calibration": "analysis.areawise",
    "areawise_kernel_level": "analysis.areawise",
    "areawise_opening": "analysis.patches",
    "areawise_test": "analysis.areawise",
    "band_correlation": "analysis.filters",
    "bandpass": "analysis.filters",
    "bandpass_from": "analysis.filters",
    "bandpass_response": "analysis.filters",
    "coherence_matrix": "analysis.cross",
    "coherence_phase": "analysis.phases",
    "critical_patch": "analysis.patches",
    "cumulative_areawise_test": "analysis.cumulative",
    "cwt": "transform",
    "icwt": "inverse",
    "detrend": "preprocess",
    "false_discovery": "analysis.multiple_testing",
    "geometric_test": "analysis.cumulative",
    "global_spectrum": "analysis.spectra",
    "load_dataset": "datasets",
    "multiple_coherence": "analysis.multivariate",
    "noise_patches": "analysis.pathways",
    "normalise": "preprocess",
    "partial_coherence": "analysis.multivariate",
    "patch_test": "analysis.cumulative",
    "phase_statistics": "analysis.phases",
    "plot_coherence": "plots",
    "plot_cross": "plots",
    "plot_global": "plots",
    "plot_scalogram": "plots",
    "pointwise_patches": "analysis.pathways",
    "power_p_values": "analysis.spectra",
    "rectified_power": "analysis.spectra",
    "rednoise": "noise",
    "remove_cycle": "preprocess",
    "reproducing_kernel": "analysis.patches",
    "ridges": "analysis.ridge",
    "scale_average": "analysis.spectra",
    "significance": "background",
    "standardise": "preprocess",
    "summarise": "results.summaries",
    "surrogates": "monte_carlo.surrogate_models",
    "wct": "coherence",
    "wct_from": "analysis.cross",
    "wct_overlap": "analysis.overlap",
    "wct_significance": "monte_carlo.run",
    "wwz": "uneven_spectra",
    "wwz_coherence": "uneven_spectra",
    "xwt": "coherence",
}

__all__ = [*sorted(_HOME), "__version__"]  # noqa: PLE0604 - all of them strings


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
