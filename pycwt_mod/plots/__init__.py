"""Figures of scalograms, spectra and coherence, for print and for the daemon's reports.

They are made with matplotlib's Figure alone, without pyplot: no global state, no window.
"""

from pycwt_mod.plots.maps import plot_coherence, plot_cross, plot_scalogram
from pycwt_mod.plots.spectrum import plot_global

__all__ = ["plot_coherence", "plot_cross", "plot_global", "plot_scalogram"]
