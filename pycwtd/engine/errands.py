"""What host processes do beside jobs: short tasks that a client waits for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.engine.pool import Pool
    from pycwtd.engine.rates import Work


class TaskRefusedError(Exception):
    """A host process finds something wrong with what it was given; the text is for its sender."""

    def __init__(self, code: str, message: str, combination: bool) -> None:
        super().__init__(message)
        #: A word for programs.
        self.code = code
        #: Whether only the whole is wrong, not a part of it.
        self.combination = combination


class Errands:
    """Runs them on the devices of a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def render(self, kind: str, folder: Path, form: str, limit: int) -> dict[str, Any]:
        """Have a result written as ``json`` or ``netcdf``.

        Args:
            kind: of the job.
            folder: of it.
            form: which of the two.
            limit: of numbers in JSON.

        Raises:
            HostError: it can't be written.
            HostDiedError: the process is gone.
        """
        # Of a workload that isn't installed any more, the axes have no names.
        declared = self._pool.workloads.kinds.get(kind)
        axes = {name: list(names) for name, names in (declared.axes if declared else {}).items()}
        arguments = {"folder": str(folder), "form": form, "limit": limit, "axes": axes}
        return await self._ask("render", arguments)

    async def ingest(
        self, folder: Path, column: str | int | None, limit: int, gaps: bool = False
    ) -> dict[str, Any]:
        """Have the samples of an uploaded file read.

        Args:
            folder: that the file is in.
            column: of a table: its name, or its number from 0 on.
            limit: of samples.
            gaps: whether samples may be missing.

        Raises:
            TaskRefusedError: the file isn't a series.
            HostError: the disk is full.
            HostDiedError: the process is gone.
        """
        arguments = {"folder": str(folder), "column": column, "limit": limit, "gaps": gaps}
        answer = await self._ask("ingest", arguments)
        if refused := answer.get("refused"):
            raise TaskRefusedError(refused["code"], refused["message"], refused["combination"])
        return answer

    async def preview(self, folder: Path, points: int) -> dict[str, Any]:
        """Have an uploaded series looked through.

        Args:
            folder: that it is in.
            points: stretches whose extremes are wanted.

        Raises:
            HostError: it can't be read.
            HostDiedError: the process is gone.
        """
        return await self._ask("preview", {"folder": str(folder), "points": points})

    async def _ask(self, order: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Have a numerics process do it, to its end, even if nobody waits for it any more."""
        call = asyncio.ensure_future(self._pool.numerics().host.call(order, arguments))
        call.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Cancelled itself, a call takes its process with it: a client that leaves mustn't.
        return await asyncio.shield(call)

    async def time(self, backend: str, work: Work, samples: int, count: int, tag: str) -> float:
        """Have a backend timed with a Monte Carlo task.

        Args:
            backend: its name.
            work: one realisation of it.
            samples: of the series.
            count: realisations.
            tag: a name that no other task has.

        Returns:
            Seconds that the computation took.

        Raises:
            HostError: the backend can't do it.
            HostDiedError: its process is gone.
            TaskCancelledError: it was stopped.
        """
        device = self._pool.devices[backend]
        arguments = {"estimator": work.estimator, "samples": samples, "count": count}
        task = asyncio.ensure_future(device.host.call("time", arguments, tag=tag))
        try:
            # Cancelled itself, a call takes its process with it.
            answer = await asyncio.shield(task)
        except asyncio.CancelledError:
            device.host.cancel(tag)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        seconds = float(answer["seconds"])
        self._pool.rates.measured(backend, work.times(count), seconds)
        return seconds
