"""Consoles: pure clients of the daemon's API."""
