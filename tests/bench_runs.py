"""Raw results of a run of the measurements, as tests need them; and a case measured for real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.figures import Figures
from bench.goals import GOALS, judge
from bench.page import losses

ROOT = Path(__file__).parents[1]


def case(first, warm=None, peak_mb=100, **values):
    """A case measured in one process."""
    warm = first if warm is None else warm
    run = {
        "first": first,
        "first_elapsed": first,
        "warm": [warm],
        "warm_elapsed": [warm],
        "before_kib": 1000,
        "peak_kib": peak_mb * 1e6 / 1024,
        "values": values,
    }
    return {"runs": [run]}


def errors(told, points):
    return case(1, told=told, points=points, spread=told, runs=4, many=100, isa="sse2")


def raw_results():
    """A run in which every goal is met, none by far."""
    return {
        "date": "2026-01-01",
        "quick": False,
        "seconds": 1,
        "machine": {
            "processor": "a processor",
            "processors": 2,
            "memory_gb": 16,
            "system": "Linux",
            "python": "3.11",
            "load": [0.1, 0.2],
        },
        "versions": {"ours": {"pycwtd": "1"}, "peers": {"pycwt": "0.5.0b0"}},
        "cases": {
            "errors-full-84": errors(0.02, 9733),
            "errors-cascade-84": errors(0.02, 2101),
            "errors-full-144": errors(0.02, 295312),
            "errors-cascade-144": errors(0.02, 3236),
            "pycwt-typical": case(1, each=0.4),
            "pycwt-144": case(1, each=36),
            "full": case(0.04, count=300),
            "full-two": case(0.021, count=300),
            "cascade": case(0.005, count=300),
            "cascade-two": case(0.0026, count=300),
            "full-turns": case(1, one=[0.04, 0.04], two=[0.021, 0.021]),
            "cascade-turns": case(1, one=[0.005, 0.005], two=[0.0026, 0.0026]),
            "full-beside": case(1, alone=[[0.04, 0.04]], beside=[[0.04, 0.05]]),
            "cascade-large": case(0.015, count=300),
            "precise": case(0.09, error=0.0049, count=4800),
            "precise-largest": case(0.3, error=0.0049, count=4800),
            "c64": case(0.4, peak_mb=950),
            "streamed": case(0.5, peak_mb=200),
            "c128": case(1.0, peak_mb=1800),
            "pycwt": case(16, peak_mb=4000),
            "fcwt": case(3, peak_mb=960),
            "wct32": case(1.4, peak_mb=1150),
            "wct64": case(3.5, peak_mb=2000),
            "small": case(0.05),
            "small-pycwt": case(0.17),
            "one": case(0.001),
            "one-pycwt": case(0.003),
            "rates": case(1, fft={"64": 8.0}, float32=100.0, float64=50.0),
            "fill800": case(0.2),
            "fill1600": case(0.4),
            "ffts64": case(0.1),
            "ffts128": case(0.2),
            "ffts64x2": case(0.2),
        },
    }


#: For each goal: the case that misses it, and what is multiplied there.
MISSES = (
    ("full", "time", 1.3),
    ("full-two", "time", 1.3),
    ("cascade", "time", 1.3),
    ("cascade-two", "time", 1.3),
    ("cascade-large", "time", 1.3),
    ("precise", "time", 1.3),
    ("precise-largest", "time", 1.5),
    ("pycwt", "time", 0.7),
    ("fcwt", "time", 0.6),
    ("c64", "peak", 1.1),
    ("streamed", "peak", 1.6),
    ("c128", "time", 3.1),
    ("wct32", "time", 1.2),
    ("wct64", "time", 1.2),
    ("wct32", "peak", 1.1),
    ("small", "time", 3.5),
)
NUMBERED = list(enumerate(MISSES))


def changed(key, what, factor, kinds=("first", "warm")):
    raw = raw_results()
    # The first call with a short series is a case of its own.
    for name in (key, "one") if key == "small" else (key,):
        run = raw["cases"][name]["runs"][0]
        if what == "peak":
            run["peak_kib"] *= factor
            continue
        if "first" in kinds:
            run["first"] *= factor
            run["first_elapsed"] *= factor
        if "warm" in kinds:
            run["warm"] = [factor * s for s in run["warm"]]
            run["warm_elapsed"] = [factor * s for s in run["warm_elapsed"]]
            if key.endswith("-two"):
                turns = raw["cases"][key.replace("-two", "-turns")]["runs"][0]["values"]
                turns["two"] = [factor * s for s in turns["two"]]
    return raw


def results(raw):
    return [result for *_, result in judge(Figures(raw))]


def lost(raw, number):
    """What is said of a goal that isn't met."""
    lines = losses(Figures(raw)).splitlines()
    (line,) = [line for line in lines if line.startswith(f"- {GOALS[number].text}: ")]
    return line


def child(program=("-m", "bench.child"), **spec):
    done = subprocess.run(
        [sys.executable, *program, json.dumps({"warm": 0, "cpus": 1} | spec)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)
