"""Wavelet transforms, coherence and their significance: the successor of ``pycwt``.

``import pycwt_mod as pycwt`` keeps pycwt's names, signatures and orders of results. Names are
loaded on first use, so that programs which need the driver contract alone
(:mod:`pycwt_mod.backends`) don't pay for numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycwt_mod.background import significance as significance
    from pycwt_mod.cautions import CautionWarning as CautionWarning
    from pycwt_mod.cautions import ConeWarning as ConeWarning
    from pycwt_mod.cautions import FewRealisationsWarning as FewRealisationsWarning
    from pycwt_mod.cautions import TrendWarning as TrendWarning
    from pycwt_mod.cautions import UnitRootWarning as UnitRootWarning
    from pycwt_mod.coherence import wct as wct
    from pycwt_mod.coherence import xwt as xwt
    from pycwt_mod.datasets import load_dataset as load_dataset
    from pycwt_mod.montecarlo import wct_significance as wct_significance
    from pycwt_mod.noise import ar1 as ar1
    from pycwt_mod.noise import ar1_spectrum as ar1_spectrum
    from pycwt_mod.noise import rednoise as rednoise
    from pycwt_mod.plots import plot_coherence as plot_coherence
    from pycwt_mod.plots import plot_cross as plot_cross
    from pycwt_mod.plots import plot_global as plot_global
    from pycwt_mod.plots import plot_scalogram as plot_scalogram
    from pycwt_mod.results import Coherence as Coherence
    from pycwt_mod.results import CrossTransform as CrossTransform
    from pycwt_mod.results import Significance as Significance
    from pycwt_mod.results import Transform as Transform
    from pycwt_mod.summaries import summarise as summarise
    from pycwt_mod.transform import cwt as cwt
    from pycwt_mod.transform import icwt as icwt
    from pycwt_mod.wavelets import DOG as DOG
    from pycwt_mod.wavelets import MexicanHat as MexicanHat
    from pycwt_mod.wavelets import Morlet as Morlet
    from pycwt_mod.wavelets import Paul as Paul

__version__ = "0.1.0"

_HOME = {
    "CautionWarning": "cautions",
    "Coherence": "results",
    "ConeWarning": "cautions",
    "CrossTransform": "results",
    "DOG": "wavelets",
    "FewRealisationsWarning": "cautions",
    "MexicanHat": "wavelets",
    "Morlet": "wavelets",
    "Paul": "wavelets",
    "Significance": "results",
    "Transform": "results",
    "TrendWarning": "cautions",
    "UnitRootWarning": "cautions",
    "ar1": "noise",
    "ar1_spectrum": "noise",
    "cwt": "transform",
    "icwt": "transform",
    "load_dataset": "datasets",
    "plot_coherence": "plots",
    "plot_cross": "plots",
    "plot_global": "plots",
    "plot_scalogram": "plots",
    "rednoise": "noise",
    "significance": "background",
    "summarise": "summaries",
    "wct": "coherence",
    "wct_significance": "montecarlo",
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
