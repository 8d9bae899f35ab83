"""One module to a screen; :mod:`pycwtd_console.tui.places` has their names and keys."""
