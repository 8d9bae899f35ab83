"""Drivers that come with pycwtd, one sub-package each."""
