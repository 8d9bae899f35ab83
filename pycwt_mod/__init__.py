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
    from pycwt_mod.coherence import summarise as summarise
    from pycwt_mod.coherence import wct as wct
    from pycwt_mod.coherence import xwt as xwt
    from pycwt_mod.datasets import load_dataset as load_dataset
    from pycwt_mod.inverse import icwt as icwt
    from pycwt_mod.montecarlo import wct_significance as wct_significance
    from pycwt_mod.noise import ar1 as ar1
    from pycwt_mod.noise import ar1_spectrum as ar1_spectrum
    from pycwt_mod.noise import rednoise as rednoise
    from pycwt_mod.plots import plot_coherence as plot_coherence
    from pycwt_mod.plots import plot_scalogram as plot_scalogram
    from pycwt_mod.transform import cwt as cwt
    from pycwt_mod.wavelets import DOG as DOG
    from pycwt_mod.wavelets import MexicanHat as MexicanHat
    from pycwt_mod.wavelets import Morlet as Morlet
    from pycwt_mod.wavelets import Morse as Morse
    from pycwt_mod.wavelets import Paul as Paul

__version__ = "0.1.0"

_HOME = {
    "DOG": "wavelets",
    "MexicanHat": "wavelets",
    "Morlet": "wavelets",
    "Morse": "wavelets",
    "Paul": "wavelets",
    "ar1": "noise",
    "ar1_spectrum": "noise",
    "cwt": "transform",
    "icwt": "inverse",
    "load_dataset": "datasets",
    "plot_coherence": "plots",
    "plot_scalogram": "plots",
    "rednoise": "noise",
    "significance": "background",
    "summarise": "coherence",
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
