"""A simulated board on the command line: prints its terminal, and serves it."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

from pycwtd_drivers.elm11.simulator.prompt import SimulatedBoard
from pycwtd_drivers.line.simulator.faults import Faults


def main() -> None:
    """Serve until SIGTERM, Ctrl-C, or the line's own end."""
    parser = argparse.ArgumentParser(description="A simulated ELM11 on a pseudo terminal.")
    parser.add_argument("--link", type=Path, help="symbolic link to the terminal")
    parser.add_argument("--megahertz", type=float, help="speed; as fast as it goes if not given")
    for name, meaning in (
        ("loss", "share of the bytes that are lost"),
        ("duplication", "that come twice"),
        ("flips", "that have a wrong bit"),
        ("delays", "that are held back"),
    ):
        parser.add_argument(f"--{name}", type=float, default=0.0, help=meaning)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that they are")
    parser.add_argument("--single", action="store_true", help="write each byte by itself")
    parser.add_argument("--unplug-after", type=int, help="bytes sent before the line is gone")
    parser.add_argument("--reset-after", type=int, help="bytes sent before a reset")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    arguments = vars(parser.parse_args())
    link, megahertz = arguments.pop("link"), arguments.pop("megahertz")
    board = SimulatedBoard(link, Faults(**arguments), megahertz)

    def leave(_signal: int, _frame: object) -> None:
        # Lua would catch an exception; the symbolic link goes, too.
        board.terminal.close()
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    print(board.terminal.path, flush=True)
    board.serve()


if __name__ == "__main__":
    main()
