"""Devices in the database: events of them, and the states that outlive a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pycwtd.store.records import Job, KeptDevice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.store.database import Database
    from pycwtd.store.records import DeviceChange


def write_changes(database: Database, changes: Sequence[DeviceChange]) -> None:
    """Write what devices have come to, each with its event, in one transaction."""
    with database.transaction() as db:
        for change in changes:
            database.tell(change.event, change.data, change.time)
            database.testify(change.witness)
            if change.forget:
                db.execute("DELETE FROM devices WHERE id = ?", (change.device,))
            if change.state is not None:
                db.execute(
                    "INSERT INTO devices (id, state, since, data) VALUES (?, ?, ?, ?)",
                    (
                        change.device,
                        change.state,
                        change.since,
                        msgspec.json.encode(change.kept).decode(),
                    ),
                )


def kept_devices(database: Database) -> list[KeptDevice]:
    """The devices that wait for an operator."""
    with database.transaction() as db:
        rows = db.execute("SELECT id, state, since, data FROM devices ORDER BY id").fetchall()
    return [
        KeptDevice(row["id"], row["state"], row["since"], msgspec.json.decode(row["data"]))
        for row in rows
    ]


def self_tests(database: Database, device: str, limit: int) -> list[Job]:
    """The self-tests of a device that were ordered and have come to an end, newest first."""
    with database.reading() as db:
        rows = db.execute(
            "SELECT id FROM jobs WHERE kind = 'self_test' AND backend = ?"
            " AND status IN ('completed', 'failed') ORDER BY number DESC LIMIT ?",
            (device, limit),
        ).fetchall()
    return [job for row in rows if (job := database.job(row["id"]))]
