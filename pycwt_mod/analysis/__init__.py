"""What is computed from transforms and coherences: spectra, bands, ridges, phases, tests."""
