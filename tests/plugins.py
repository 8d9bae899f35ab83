"""Small workloads, right and wrong, as pip leaves them behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DECLARATION = """
from msgspec import Struct
from pycwtd.workloads.interface import Kind, MonteCarlo, Workload

class NewJob(Struct, forbid_unknown_fields=True):  # a name that the daemon has, too
    values: list[float]
    rounds: int = 0
    how: str = "well"

class Sum(Struct):
    total: float
    computation_time: float

def kind(name, **others):
    usual = dict(
        summary="Adds up", requests=(NewJob,), result=Sum, example={"values": [1.0, 2.0]},
        result_example={"total": 3.0, "computation_time": 0.1}, series=("values",),
        monte_carlo=MonteCarlo("rounds"),
    )
    return Kind(name=name, **{**usual, **others})

def workload(name, *kinds, **others):
    usual = dict(title="Sums", version="1", compute=f"{name}_compute", kinds=kinds)
    return Workload(name=name, **{**usual, **others})
"""

#: Entry point → what follows the text above, and the reason that it is refused for.
WRONG = {
    "heavy": ("import numpy\nWORKLOAD = 1", "may not import numpy"),
    "raising": ("WORKLOAD = {}['none']", "KeyError: 'none'"),
    "leaving": ("raise SystemExit(3)", "SystemExit: 3"),
    "crooked": ("WORKLOAD = (", "SyntaxError"),
    "empty": ("", "has no attribute 'WORKLOAD'"),
    "number": ("WORKLOAD = 7", "must be a Workload, not a int"),
    "later": ("WORKLOAD = workload('later', kind('later'), api=2)", "version 2 of the interface"),
    "none": ("WORKLOAD = workload('none')", "declares no kinds"),
    "loud": ("WORKLOAD = workload('LOUD', kind('loud'))", "small letters"),
    "wavelet": ("WORKLOAD = workload('wavelet', kind('ours'))", "pycwtd has a workload wavelet"),
    "greedy": ("WORKLOAD = workload('greedy', kind('wct'))", "wavelet has one of that name"),
    "batches": ("WORKLOAD = workload('batches', kind('batch'))", "one of the daemon's own"),
    "other": ("WORKLOAD = workload('another', kind('another'))", "called another, not other"),
    "twice": ("WORKLOAD = workload('twice', kind('one'), kind('one'))", "twice has one"),
    "mistaken": (
        "WORKLOAD = workload('mistaken', kind('mistaken', example={'values': 'x'}))",
        "kind mistaken: example: Expected `array`",
    ),
    "vague": (
        "WORKLOAD = workload('vague', kind('vague', series=('samples',)))",
        "samples: its requests have no such field",
    ),
    "typeless": (
        "WORKLOAD = workload('typeless', kind('typeless', requests=(int,)))",
        "kind typeless: ",
    ),
    "kindless": ("WORKLOAD = workload('kindless', 'cwt')", "has no attribute 'name'"),
    "elsewhere": (
        "from pycwtd.workloads.interface import Route\n"
        "WORKLOAD = workload('elsewhere', kind('elsewhere', routes=(Route('jobs/x', NewJob),)))",
        "its path is analyses/elsewhere",
    ),
}

#: A computation that does what its request says.
ROGUE = """
import os
import numpy as np
from pycwtd.workloads.compute import Completed, More, Prepared

def prepare(request, series, job):
    if request.how == "raise":
        return {}[job.kind]
    if request.how == "refuse":
        raise ValueError("values: not these")
    if request.how == "lie":
        return {"total": 3.0}
    if request.how == "lose":
        open("/nowhere/at/all")
    if request.how == "die":
        os.abort()
    arrays = {"total": series["values"].sum()}
    return Prepared(arrays, {"how": request.how} if request.rounds else None)

def chunk(task, seed, first, count):
    if task["how"] == "floats":
        return np.ones(1)
    if task["how"] == "shapes":
        return np.ones(first + 1, dtype=np.int64)
    if task["how"] == "fail":
        return 1 // 0
    return np.array([sum(range(first, first + count)), count])

def finish(request, task, arrays, counts, job):
    if request.how == "less":
        return More(job.total)
    if request.how == "more" and job.total < 100:
        return More(100)
    assert job.total == counts[1]
    return Completed({"total": counts[0]})
"""


def write(folder: Path, name: str, declaration: str, compute: str | None = None) -> None:
    """A module with an entry point in a folder for ``PYTHONPATH``."""
    (folder / f"{name}.py").write_text(DECLARATION + declaration)
    if compute is not None:
        (folder / f"{name}_compute.py").write_text(compute)
    announce(folder, name, "pycwtd.workloads", f"{name} = {name}:WORKLOAD")


def announce(folder: Path, name: str, group: str, entry: str) -> None:
    """The metadata of a distribution with one entry point, beside its modules."""
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
