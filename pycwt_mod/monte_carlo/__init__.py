"""Monte Carlo significance of coherence: tasks run, histograms read, null models, the kernel."""
