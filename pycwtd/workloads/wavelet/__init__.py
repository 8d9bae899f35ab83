"""Wavelet transforms, cross spectra, coherence and their significance."""
