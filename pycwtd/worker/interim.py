"""Significance levels while a job runs, and out of its result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwtd.store.npz import members
from pycwtd.worker.files import load_array, load_arrays
from pycwtd.worker.render import plain
from pycwtd.workloads.compute import Levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pycwtd.worker.control import TaskControl

_IN_RESULT = ("freqs", "signif", "signif_error", "significance_level")


class RunningSum:
    """The counts of the job that was asked for last: only what is new is read."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._files: set[str] = set()
        self._total: NDArray[np.int64] | None = None

    def add(self, folder: Path, parts: Sequence[dict[str, str]]) -> NDArray[np.int64]:
        """The sum of all parts of a job.

        Raises:
            DamagedFileError: one of them can't be read, or is gone.
        """
        files = {part["file"] for part in parts}
        if folder != self._folder or not self._files <= files:
            # Of another job, or its parts have been merged.
            self._folder, self._files, self._total = folder, set(), None
        total, known = self._total, set(self._files)
        for name in sorted(files - known):
            counts = load_array(folder / name, None)
            total = counts if total is None else total + counts
        assert total is not None
        self._files, self._total = files, total
        return total


def levels_told(found: Levels, realisations: int) -> dict[str, Any]:
    """Levels as an answer; what isn't finite is null."""
    return {
        "realisations": realisations,
        "level": found.level,
        "periods": plain(found.periods),
        "levels": plain(found.levels),
        "errors": plain(found.errors),
    }


def levels_of_result(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """The levels in a job's ``result.npz``."""
    path = Path(message["folder"]) / "result.npz"
    known = members(path)
    if not {"freqs", "signif"} <= set(known):
        raise ValueError("its result has no significance levels")
    arrays = load_arrays(path, [name for name in _IN_RESULT if name in known])
    signif = arrays["signif"]
    found = Levels(
        # Earlier versions wrote neither.
        float(arrays.get("significance_level", 0.95)),
        1 / arrays["freqs"],
        signif,
        arrays.get("signif_error", np.full(signif.shape, np.nan)),
    )
    return levels_told(found, message["realisations"])
