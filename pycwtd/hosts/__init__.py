"""Host processes: everything that computes runs in one, and can take only itself down."""
