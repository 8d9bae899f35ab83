"""Verilator's warnings, all of them, for the gateware as it is built and with the stand-in."""

from __future__ import annotations

import subprocess
import sys

import simulate


def main() -> None:
    """Lint every build; one warning is a failure."""
    for stand_in, lanes in ((True, 2), (False, 2), (False, 4)):
        files = map(str, simulate.sources(stand_in=stand_in))
        done = subprocess.run(
            [
                *("verilator", "--lint-only", "-Wall", "-sv", "--top-module", "top"),
                *(f"-I{simulate.RTL}", f"-GLANES={lanes}", *files),
            ],
            check=False,
        )
        if done.returncode:
            sys.exit(f"{'the shell' if stand_in else 'the gateware'} with {lanes} lanes has faults")
    print("the gateware is free of Verilator's warnings")


if __name__ == "__main__":
    main()
