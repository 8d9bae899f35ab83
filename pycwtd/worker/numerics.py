"""What a process for numerics does: the jobs of our own workloads, uploads, other formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd.worker.ingest import ingest
from pycwtd.worker.interim import levels_of_result
from pycwtd.worker.jobs import Jobs
from pycwtd.worker.preview import preview
from pycwtd.worker.render import render
from pycwtd.workloads.registry import ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycwtd.worker.control import Operation


def operations() -> Mapping[str, Operation]:
    """What it is asked for, by name."""
    jobs = Jobs(ours())
    jobs.load()
    return {
        **{**jobs.operations(), "render": render, "ingest": ingest},
        "levels_of_result": levels_of_result,
        "preview": preview,
    }
