"""The levels that a job has found so far, read without getting in its way."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pycwtd.engine import spans
from pycwtd.engine.device import NUMERICS
from pycwtd.engine.steps import parts_of
from pycwtd.hosts.host import HostError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from pycwtd.engine.active import ActiveJob
    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool
    from pycwtd.store.records import Job

    Read = Callable[[], Awaitable[dict[str, Any]]]

#: Jobs whose levels are remembered.
_REMEMBERED = 64
#: Chunks are added up, and their files removed, while they are read; so often in a row is more
#: than chance.
_TRIES = 5


class NoLevelsError(Exception):
    """There are none, or none yet; the text says why."""


class Interim:
    """Has levels read by host processes: of each job by one at a time, of each count once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._found: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def of_running(self, job: ActiveJob) -> dict[str, Any]:
        """The levels by the realisations that are counted; perhaps those of a moment ago.

        Raises:
            NoLevelsError: nothing is counted yet, or its workload has no levels.
            HostDiedError: the process is gone.
        """
        if not (done := spans.done(job.chunks)):
            raise NoLevelsError("no realisation of it is counted yet; its first chunk isn't done")
        return await self._once(job.record.id, done, lambda: self._read(job))

    async def of_completed(self, record: Job, folder: Path) -> dict[str, Any]:
        """The levels in the result.

        Raises:
            NoLevelsError: there are none in it.
            HostDiedError: the process is gone.
        """

        async def read() -> dict[str, Any]:
            arguments = {"folder": str(folder), "realisations": record.total}
            return await _ask(self._pool.numerics(), "levels_of_result", arguments)

        return await self._once(record.id, record.total, read)

    async def _once(self, job_id: str, done: int, read: Read) -> dict[str, Any]:
        known = self._found.get(job_id)
        if known and known["realisations"] == done:
            self._found.move_to_end(job_id)
            return known
        if (task := self._reading.get(job_id)) is None:
            task = self._reading[job_id] = asyncio.ensure_future(self._keep(job_id, read))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # A call that is cancelled takes its process with it: a client that leaves mustn't.
        return await asyncio.shield(task)

    async def _keep(self, job_id: str, read: Read) -> dict[str, Any]:
        try:
            found = await read()
            self._found[job_id] = found
            self._found.move_to_end(job_id)
            while len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
            return found
        finally:
            del self._reading[job_id]

    async def _read(self, job: ActiveJob) -> dict[str, Any]:
        for left in reversed(range(_TRIES)):
            arguments = {
                **{"folder": str(job.folder), "kind": job.record.kind, "seed": job.record.seed},
                **{"parts": parts_of(job.chunks), "realisations": spans.done(job.chunks)},
            }
            try:
                return await _ask(self._home(job), "levels", arguments)
            except HostError as error:
                if not left or job.ended.is_set():
                    raise NoLevelsError(
                        f"its counts can't be read at the moment: {error}"
                    ) from None
        raise AssertionError

    def _home(self, job: ActiveJob) -> Device:
        """The process that knows its workload, the idlest one."""
        if job.pool == NUMERICS:
            return self._pool.numerics()
        homes = [one for one in self._pool.devices.values() if one.pool == job.pool]
        if not homes:
            raise NoLevelsError(f"no workload with the kind {job.record.kind} is installed")
        return min(homes, key=lambda one: one.host.busy)


async def _ask(device: Device, op: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The levels, or what keeps them from being read.

    Raises:
        NoLevelsError: there are none.
        HostError: a file is being replaced, or damaged.
    """
    try:
        answer = await device.host.call(op, arguments)
    except HostError as error:
        if error.kind == "damaged":
            raise
        raise NoLevelsError(str(error)) from None
    names = ("realisations", "level", "periods", "levels", "errors")
    return {name: answer[name] for name in names}
