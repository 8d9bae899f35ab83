"""What an earlier run of the daemon has left: taken up where that one was."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

import msgspec

from pycwtd.engine import spans
from pycwtd.engine.active import ActiveJob, Phase
from pycwtd.engine.device import NOWHERE, way_out
from pycwtd.engine.lifecycle import Drained, Quarantined
from pycwtd.store.database import Database
from pycwtd.store.devices import kept_devices
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.engine.active import Place
    from pycwtd.engine.ledger import Ledger
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)


async def recover(
    store: Store, ledger: Ledger, place: Place, progress: Callable[[], None]
) -> list[ActiveJob]:
    """The jobs that haven't ended, oldest first; what was running is queued again.

    Args:
        store: their rows and folders.
        ledger: takes note of the changes.
        place: tells where a job is at home.
        progress: called while it gets on.
    """
    unfinished = await store(Database.unfinished)
    jobs = [ActiveJob(*place(record), chunks=chunks) for record, chunks in unfinished]
    await asyncio.to_thread(_look_into_folders, jobs, progress)
    for job in jobs:
        progress()
        if job.pool == NOWHERE:
            log.warning(
                "job %s waits for a workload with the kind %s", job.record.id, job.record.kind
            )
        if job.record.status == "running":
            await _requeue(job, store, ledger)
            log.info("job %s taken up again with %d done", job.record.id, spans.done(job.chunks))
    await store.clear_unclaimed()
    return jobs


async def kept_states(store: Store) -> dict[str, Quarantined | Drained]:
    """The states of devices that an operator has still to decide about, by their ids."""
    kept: dict[str, Quarantined | Drained] = {}
    for one in await store(kept_devices):
        if one.state == "drained":
            kept[one.id] = Drained(one.data["by"], since=one.since)
        else:
            kept[one.id] = Quarantined(one.data["reason"], way_out(one.id), since=one.since)
    return kept


async def _requeue(job: ActiveJob, store: Store, ledger: Ledger) -> None:
    changes = {"status": "queued"}
    data = {"reason": "restart"}
    try:
        job.record = await store(
            Database.change_job, job.record, "job.queued", data, time.time(), changes
        )
    except StoreError as error:
        # A full disk doesn't keep the daemon from starting; the row says so when the job runs.
        ledger.refused(job, str(error))
        job.record = msgspec.structs.replace(job.record, status="queued")
    ledger.events.ring()


def _look_into_folders(jobs: list[ActiveJob], progress: Callable[[], None]) -> None:
    for job in jobs:
        progress()
        with contextlib.suppress(OSError):
            job.bytes = (job.folder / "request.json").stat().st_size
        if (job.folder / "task.json").exists():
            job.phase = Phase.SIMULATE
            job.advance()
