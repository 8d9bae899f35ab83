"""Transforms and coherence of long series with the Morlet wavelet, in C, band by band."""
