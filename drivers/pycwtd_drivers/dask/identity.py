"""Who computes: the version, and a digest of what the kernel of this process computes."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

from pycwt_mod.backends import SignificanceTask
from pycwt_mod.monte_carlo.kernel import Plan

_SCALES = tuple(2 * 2 ** (j / 4) for j in range(20))
_WEIGHTS = (0.3, 0.4, 0.3)
#: Small ones that take every way through the kernel: both estimators, all families, nodes.
_TASKS = (
    SignificanceTask("morlet", 6.0, _SCALES, _WEIGHTS, 300, (0.7, 0.3), 64),
    SignificanceTask("morlet", 6.0, _SCALES, _WEIGHTS, 300, (0.7, 0.3), 64, "cascade"),
    SignificanceTask("paul", 4.0, _SCALES, _WEIGHTS, 200, (0.5, 0.1), 64, "cascade"),
    SignificanceTask("dog", 2.0, _SCALES, _WEIGHTS, 200, (0.5, 0.1), 64),
    SignificanceTask("morse", 20.0, _SCALES, _WEIGHTS, 200, (-0.4, 0.9), 64, shape=3.0),
    SignificanceTask(
        "morlet", 6.0, _SCALES, _WEIGHTS, 300, (0.7, 0.3), 64, "cascade", edge_nodes=(0.0, 0.7)
    ),
)
_REALISATIONS = 20


class Identity(NamedTuple):
    """What two processes must have in common to compute parts of the same histogram."""

    version: str
    kernel: str

    def __str__(self) -> str:
        return f"pycwtd {self.version} with kernel {self.kernel}"


@cache
def identity() -> Identity:
    """The identity of this process.

    The digest is of histograms, not of the library's file: kernels built for other processors
    are other files and count the same, and a kernel that its compiler spoilt is found out.
    """
    digest = hashlib.sha256()
    for number, task in enumerate(_TASKS):
        digest.update(task.fingerprint().encode())
        digest.update(Plan(task).run(number, number, _REALISATIONS).astype("<i8").tobytes())
    morlet = _TASKS[0]
    digest.update(Plan(morlet, path="plain").run(1, 0, _REALISATIONS).astype("<i8").tobytes())
    return Identity(version("pycwtd"), digest.hexdigest()[:16])
