"""Wavelet transforms, coherence and their significance: the successor of ``pycwt``.

Names are loaded on first use, so that programs which need the driver contract alone
(:mod:`pycwt_mod.backends`) don't pay for numpy.
"""

from __future__ import annotations

__version__ = "0.1.0"
