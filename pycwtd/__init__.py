"""The daemon: sockets, store, scheduler and the supervision of drivers."""

__version__ = "0.1.0"
