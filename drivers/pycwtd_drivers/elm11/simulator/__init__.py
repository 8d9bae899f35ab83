"""A simulated ELM11: Lua behind a pseudo terminal, with the board's prompt and its failings.

``python -m pycwtd_drivers.elm11.simulator`` prints the terminal's path and serves it until it is
stopped. It needs lupa (``pip install 'pycwtd[elm11-sim]'``).

What it has from the board's documents: the echo, the prompts and their colours, the line buffer,
the interrupt, command mode and its upload, functions that have to be imported. What it can't show:
the board's speed (there is a setting), its soft arithmetic, and what the documents don't say.
"""
