"""The two backends of the CPU driver."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pycwt_mod.backends import (
    Availability,
    BackendInfo,
    BackendUnavailableError,
    Manifest,
    MonteCarloBackend,
    Reading,
    load_manifest,
)
from pycwtd_drivers.cpu.cores import usable_cores
from pycwtd_drivers.cpu.sensors import temperatures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, SignificanceTask


class CpuBackend(MonteCarloBackend):
    """The C kernel on a number of threads of this process.

    Args:
        info: the entry of the manifest.
        threads: tells how many threads to run, at each call: a quota may change meanwhile.
    """

    def __init__(self, info: BackendInfo, threads: Callable[[], int]) -> None:
        self.info = info
        self._threads = threads

    def probe(self) -> Availability:
        """Whether the kernel's extension module loads, and what it would run on."""
        # Imported on use: the module needs numpy, and its absence is an answer, not a crash.
        try:
            from pycwt_mod.monte_carlo.kernel import instruction_sets  # noqa: PLC0415
        except ImportError as error:
            return Availability(False, f"the C kernel can't be loaded: {error}; reinstall pycwtd")
        threads = self._threads()
        plural = "" if threads == 1 else "s"
        return Availability(True, None, (f"{threads} thread{plural}, {instruction_sets()[-1]}",))

    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        """See :meth:`MonteCarloBackend.run`."""
        try:
            from pycwt_mod.monte_carlo.kernel import KernelError, plan_for  # noqa: PLC0415
        except ImportError as error:
            raise BackendUnavailableError(f"the C kernel can't be loaded: {error}") from error
        try:
            return plan_for(task).run(seed, first, count, self._threads(), control)
        except KernelError as error:
            raise BackendUnavailableError(str(error)) from error

    def readings(self) -> Sequence[Reading]:
        """Temperatures of the processor, as far as the machine has sensors for them."""
        return temperatures()


def backends() -> list[MonteCarloBackend]:
    """``sequential`` and ``joblib``, as the manifest describes them."""
    manifest = _manifest()
    threads: dict[str, Callable[[], int]] = {"sequential": lambda: 1, "joblib": usable_cores}
    return [CpuBackend(info, threads[info.name]) for info in manifest.backends]


@cache
def _manifest() -> Manifest:
    return load_manifest(Path(__file__).with_name("driver.toml"))
