"""The daemon as a service: its sockets, its signs of life, its state in a line, its reloads."""
