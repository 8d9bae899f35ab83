"""Measure, print the table, and write the page: ``python -m bench``."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from bench import work
from bench.figures import Figures
from bench.page import conditions, goals, losses, page
from bench.picture import draw
from bench.schedule import (
    ROOT,
    Case,
    Runner,
    equal_count,
    error_cases,
    scan_cases,
    significance_cases,
    transform_cases,
)
from bench.table import text


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        "system": f"Linux {platform.release()}",
        "python": platform.python_version(),
        "load": [os.getloadavg()[0]],
    }


def measure(peer_python: Path, minutes: float, *, quick: bool) -> dict[str, Any]:
    """Run all cases; the raw results."""
    about = machine()
    runner = Runner(peer_python, minutes, quick=quick)
    names = ("versions-ours", "versions-peers")
    runner.run([Case(names[0], "ours.versions"), Case(names[1], "peers.versions")])
    versions = {
        name.removeprefix("versions-"): entry["runs"][0]["values"] if entry["runs"] else {}
        for name in names
        if (entry := runner.found.pop(name))
    }
    runner.run(error_cases())
    counts = {J: _count(Figures({"cases": runner.found}), J) for J in (work.TYPICAL, work.LARGE)}
    runner.run([*significance_cases(counts), *transform_cases(), *scan_cases()])
    about["load"].append(os.getloadavg()[0])
    now = datetime.datetime.now(datetime.UTC)
    return {
        "date": now.date().isoformat(),
        "quick": quick,
        "seconds": runner.elapsed,
        "machine": about,
        "versions": versions,
        "cases": runner.found,
    }


def _count(figures: Figures, J: int) -> int:
    """Realisations that make the cascade as certain as pycwt."""
    cascade = figures.value(f"errors-cascade-{J}", "told")
    typical = figures.value(f"errors-full-{work.TYPICAL}", "told")
    full = figures.value(f"errors-full-{J}", "told") or typical
    return equal_count(cascade, full) if cascade and full else work.COUNT


def main() -> None:
    """Measure or read, print, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--peer-python", type=Path, default=ROOT / "build/peer/bin/python")
    parser.add_argument("--raw", type=Path, help="build/bench.json, or build/bench-quick.json")
    parser.add_argument("--minutes", type=float, help="repeat nothing after so long: 12")
    parser.add_argument("--quick", action="store_true", help="two minutes; writes no page")
    parser.add_argument("--render", action="store_true", help="measure nothing, read --raw")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes")
    options = parser.parse_args()
    minutes = options.minutes or (1.8 if options.quick else 12)
    raw_file = options.raw or ROOT / "build" / (
        "bench-quick.json" if options.quick else "bench.json"
    )
    if options.render:
        raw = json.loads(raw_file.read_text(encoding="utf-8"))
    else:
        raw = measure(options.peer_python.absolute(), minutes, quick=options.quick)
        raw_file.parent.mkdir(parents=True, exist_ok=True)
        raw_file.write_text(json.dumps(raw, indent=1), encoding="utf-8")
    figures = Figures(raw)
    print("\n".join((conditions(figures), text(figures), "", goals(figures), "", losses(figures))))
    if raw["quick"]:
        print("\nA quick run: no page is written.", file=sys.stderr)
        return
    draw(figures, options.docs / "images" / "performance.png")
    (options.docs / "performance.md").write_text(page(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
