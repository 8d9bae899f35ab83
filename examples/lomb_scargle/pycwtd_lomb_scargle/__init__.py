"""Periodograms of unevenly sampled series: an example of a workload of pycwtd."""
