"""The backend ``dask``."""

from __future__ import annotations

import concurrent.futures
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pycwt_mod.backends import (
    Availability,
    BackendInfo,
    BackendUnavailableError,
    Cancelled,
    MonteCarloBackend,
    NoControl,
    Reading,
    check_span,
    load_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, Manifest, SignificanceTask
    from pycwtd_drivers.dask.cluster import Connection

#: The contract wants the control to be looked at every 100 ms.
_LOOK_SECONDS = 0.05
#: A cluster that has not answered by then is stuck.
_PROBE_SECONDS = 15.0


class DaskBackend(MonteCarloBackend):
    """The C kernel on the workers of a Dask scheduler, each piece on one thread.

    Args:
        info: the entry of the manifest.
    """

    def __init__(self, info: BackendInfo) -> None:
        self.info = info
        #: Of the last probe or run.
        self._connection: Connection | None = None

    def probe(self) -> Availability:
        """Whether the scheduler answers and has workers of the same version."""
        try:
            from pycwtd_drivers.dask.cluster import connect  # noqa: PLC0415 - loads numpy
        except ImportError as error:
            return Availability(False, f"the C kernel can't be loaded: {error}; reinstall pycwtd")
        try:
            connection = self._connection = connect()
            fleet = connection.fleet
            connection.begin(fleet.look()).result(_PROBE_SECONDS)
        except BackendUnavailableError as error:
            return Availability(False, str(error))
        except TimeoutError:
            return Availability(False, "the Dask cluster doesn't answer; look at its logs")
        if not fleet.threads:
            return Availability(False, fleet.lack())
        workers, threads = len(fleet.threads), fleet.total
        counted = f"{workers} worker{'s' * (workers > 1)}, {threads} thread{'s' * (threads > 1)}"
        refused = (f"refused: {reason}" for reason in fleet.refused())
        return Availability(True, None, (f"{counted} at {connection.address}", *refused))

    def run(
        self,
        task: SignificanceTask,
        seed: int,
        first: int,
        count: int,
        control: Control | None = None,
    ) -> NDArray[np.int64]:
        """See :meth:`MonteCarloBackend.run`."""
        check_span(first, count)
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed must lie between 0 and 2**64 - 1, not {seed}")
        try:
            from pycwtd_drivers.dask.cluster import connect  # noqa: PLC0415
            from pycwtd_drivers.dask.spread import Span, Spread  # noqa: PLC0415
        except ImportError as error:
            raise BackendUnavailableError(f"the C kernel can't be loaded: {error}") from error
        control = control or NoControl()
        connection = self._connection = connect()
        pace = connection.pace(task.fingerprint())
        spread = Spread(connection.client, connection.fleet, Span(task, seed, first, count), pace)
        pending = connection.begin(spread.run())
        try:
            while not concurrent.futures.wait((pending,), timeout=_LOOK_SECONDS).done:
                control.advance(spread.done)
                if control.cancelled():
                    raise Cancelled
            return pending.result()
        finally:
            # However this ends: what isn't done isn't wanted any more.
            pending.cancel()

    def readings(self) -> Sequence[Reading]:
        """Workers, threads and memory as the scheduler has told them last."""
        connection = self._connection
        if connection is None or not connection.alive:
            return ()
        fleet = connection.fleet
        return (
            Reading("workers", len(fleet.threads)),
            Reading("threads", fleet.total),
            Reading("memory", fleet.memory, "B"),
            Reading("memory limit", fleet.memory_limit, "B"),
        )

    def close(self) -> None:
        """Leave the scheduler; a client of the program's own stays as it is."""
        from pycwtd_drivers.dask.cluster import close_all  # noqa: PLC0415

        self._connection = None
        close_all()


def backends() -> list[MonteCarloBackend]:
    """``dask``, as the manifest describes it."""
    return [DaskBackend(info) for info in _manifest().backends]


@cache
def _manifest() -> Manifest:
    return load_manifest(Path(__file__).with_name("driver.toml"))
