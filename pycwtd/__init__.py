"""The daemon: sockets, store, scheduler and the supervision of drivers."""
